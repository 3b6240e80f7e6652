package scan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// TestOracles holds what the clock and the words of answers tell, and that a
// sound service tells nothing.
func TestOracles(t *testing.T) {
	for _, tt := range []struct {
		name    string
		s       switches
		want    string
		check   string
		verdict finding.Verdict
		why     string
	}{
		{"one answer for all users", switches{}, "", "login-oracle", finding.Pass, "answered alike"},
		{"a word for known users", switches{users: "word"}, "verbose-error", "login-oracle", finding.Fail, "answered differently"},
		{"a status for known users", switches{users: "status"}, "verbose-error", "login-oracle", finding.Fail, "status 401 against status 404"},
		{"time for known users", switches{users: "time"}, "timing-oracle", "login-oracle", finding.Fail, "a known user takes +1"},
		{"one time for all tokens", switches{}, "", "timing-oracle", finding.Pass, "noise floor of"},
		{"time for what parses", switches{slow: true}, "timing-oracle", "timing-oracle", finding.Fail, "what is no token against a bad signature: -"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(tt.name, "time") { // a clock wants the machine for itself
				t.Parallel()
			}
			tt.s.limit, tt.s.refreshLimit = 20, 10
			r := runTarget(t, newTarget(t, tt.s), "")
			got := slices.DeleteFunc(timedIDs(r), func(id string) bool { return finding.CountsForVisibility(catalog.ID(id)) })
			if fmt.Sprint(got) != "["+tt.want+"]" {
				t.Errorf("findings %s, want %s", got, tt.want)
			}
			if run := runOf(t, r, tt.check); run.Verdict != tt.verdict || !strings.Contains(run.Why, tt.why) {
				t.Errorf("%s: %s, %q; want %s, %q", tt.check, run.Verdict, run.Why, tt.verdict, tt.why)
			}
		})
	}
}

// TestCompare holds when a difference is called one.
func TestCompare(t *testing.T) {
	ms := func(of ...float64) (d []time.Duration) {
		for _, x := range of {
			d = append(d, time.Duration(x*float64(time.Millisecond)))
		}
		return d
	}
	for _, tt := range []struct {
		name        string
		a, again, b []time.Duration
		want        bool
	}{
		{"equal", ms(1, 1.1, 0.9), ms(1, 1, 1.1), ms(1, 0.9, 1.1), false},
		{"slower", ms(1, 1.1, 0.9), ms(1, 1, 1.1), ms(9, 8, 10), true},
		{"faster", ms(9, 9.1, 8.9), ms(9, 9, 9.1), ms(1, 1.2, 1), true},
		{"slower, by less than anybody can claim", ms(1, 1, 1), ms(1, 1, 1), ms(2.5, 2.5, 2.5), false},
		{"one straggler", ms(1, 1, 1), ms(1, 1, 1), ms(1, 50, 1), false},
		{"as far apart as equals are", ms(1, 1, 1), ms(6, 6, 6), ms(12, 12, 12), false},
		{"a noisy machine", ms(1, 30, 2), ms(40, 1, 3), ms(50, 30, 60), false},
		{"two samples", ms(2, 3), ms(2, 2), ms(70, 65), true},
		{"nothing", nil, nil, nil, false},
	} {
		if got := compare(tt.a, tt.again, tt.b, 2*time.Millisecond); got.clear != tt.want {
			t.Errorf("%s: %+v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestNobody makes names that have the form of the known one.
func TestNobody(t *testing.T) {
	for known, form := range map[string]string{"alice": "letters", "alice@shop.test": "@shop.test", "+4366412345": "digits", "": "letters"} {
		got := nobody(known)
		ok := got != known && len(got) >= 10
		switch form {
		case "letters":
			ok = ok && strings.Trim(got, "abcdefghijklmnopqrstuvwxyz") == ""
		case "digits":
			ok = ok && strings.Trim(got, "0123456789") == ""
		default:
			ok = ok && strings.HasSuffix(got, form)
		}
		if !ok || nobody(known) == got {
			t.Errorf("%q for %q, want another of the form %s", got, known, form)
		}
	}
}
