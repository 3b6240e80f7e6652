package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/sim"
)

// WriteText tells the result as a story: what the attackers got, how the two
// banks are graded, what was seen of each attack of the scan, and which alerts
// arrived.
func WriteText(w io.Writer, res *Result, o finding.TextOptions) error {
	t := &teller{w: w}
	t.say("One bank API, twice: blind, as one finds it, and the same handlers behind guard.")
	t.say("")
	t.say("What the attackers got                blind bank          behind guard")
	t.say("")
	for _, attack := range attacks {
		t.say("  %-34s  %-18s  %s", attack.title, got(res.Day.Blind, attack.name), got(res.Day.Guarded, attack.name))
	}
	t.say("")
	t.check(finding.WriteCards(w, []finding.Card{
		{Title: "The blind bank", Report: res.Blind}, {Title: "The bank behind guard", Report: res.Guarded},
	}, o))
	for _, part := range []struct {
		title  string
		report *finding.Report
	}{{"Attacks on the blind bank, and what was seen of them", res.Blind}, {"The same attacks on the bank behind guard", res.Guarded}} {
		t.say("")
		t.say("%s", part.title)
		t.say("")
		t.check(finding.WriteMatrix(w, part.report.Runs, o))
	}
	t.say("")
	t.alerts(res.Alerts)
	return t.err
}

// attacks are those of package sim, in the order in which they are tried.
var attacks = []struct{ name, title string }{
	{"guessed signature", "guessed signatures"},
	{"alg none", "tokens without signature (alg none)"},
	{"token after logout", "a token, used after logout"},
	{"stolen refresh token", "a stolen refresh token, used again"},
	{"hasty refresh", "refreshing without pause"},
	{"scope not granted", "doors that the scope does not open"},
}

// got says how many of the tries were answered as if all were well.
func got(t sim.Tally, attack string) string {
	in, of := 0, 0
	for status, n := range t[attack] {
		of += n
		if status/100 == 2 {
			in += n
		}
	}
	if in == 0 {
		return fmt.Sprintf("0 of %d", of)
	}
	return fmt.Sprintf("%d of %d GOT IN", in, of)
}

// A teller writes lines and remembers the first error.
type teller struct {
	w   io.Writer
	err error
}

func (t *teller) check(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *teller) say(format string, args ...any) {
	_, err := fmt.Fprintf(t.w, format+"\n", args...)
	t.check(err)
}

// alerts lists them by rule: one line a rule, with the group of the first.
func (t *teller) alerts(list []detect.Alert) {
	t.say("Alerts that arrived: %d, all from the bank behind guard; the blind bank has nothing to raise one with", len(list))
	t.say("")
	byRule := map[string][]detect.Alert{}
	for _, a := range list {
		byRule[a.Rule] = append(byRule[a.Rule], a)
	}
	for _, rule := range slices.Sorted(maps.Keys(byRule)) {
		first := byRule[rule][0]
		var group []string
		for _, l := range first.Group {
			group = append(group, l.Key+"="+l.Value)
		}
		more := ""
		if n := len(byRule[rule]) - 1; n > 0 {
			more = fmt.Sprintf(", and %d more", n)
		}
		t.say("  %-9s %-22s %s%s", first.Severity, rule, finding.Escape(strings.Join(group, " ")), more)
	}
}
