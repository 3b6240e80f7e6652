package finding

import (
	"fmt"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
)

// Day is how dates stand in suppressions and baselines: the last day counts.
const Day = "2006-01-02"

// A Rule suppresses findings of one weakness. What is suppressed stays in every
// report, marked, and in the grade; it does not fail a run.
type Rule struct {
	ID     catalog.ID
	Route  string    // "GET /me" or "/me", a * at the end stands for any rest; empty: everywhere
	Path   string    // a file, or a folder for all below it; empty: everywhere
	Reason string    // never empty
	Until  time.Time // the last day; zero: no end
	Where  string    // file:line, for notes
}

// Suppress marks what the rules mean, as of today. A rule that has ended marks
// nothing, and a note says so; one that matches nothing is noted too, unless the
// report is partial. A finding that follows from suppressed ones alone goes with
// them.
func Suppress(r *Report, rules []Rule, today time.Time) {
	for _, rule := range rules {
		matched := false
		for i := range r.Findings {
			f := &r.Findings[i]
			if f.ID != rule.ID || !rule.means(f.Location) {
				continue
			}
			matched = true
			if f.Suppressed == nil && !ended(rule.Until, today) {
				f.Suppressed = &Suppression{Reason: rule.Reason, By: "configuration", Until: day(rule.Until)}
			}
		}
		switch {
		case matched && ended(rule.Until, today):
			r.Notes = append(r.Notes, fmt.Sprintf("%s: suppress %s ended on %s, and the finding counts again", rule.Where, rule.ID, day(rule.Until)))
		case !matched && r.Partial == "":
			r.Notes = append(r.Notes, fmt.Sprintf("%s: suppress %s matches no finding", rule.Where, rule.ID))
		}
	}
	followers(r)
}

func (rule Rule) means(l Location) bool {
	if rule.Path != "" && l.Path != rule.Path && !strings.HasPrefix(l.Path, rule.Path+"/") {
		return false
	}
	if rule.Route == "" {
		return true
	}
	for _, route := range []string{l.Route, l.Method + " " + l.Route} {
		if rest, ok := strings.CutSuffix(rule.Route, "*"); rule.Route == route || ok && strings.HasPrefix(route, rest) {
			return true
		}
	}
	return false
}

// followers suppresses what follows from suppressed findings alone.
func followers(r *Report) {
	cause := map[catalog.ID]*Suppression{}
	for _, f := range r.Findings {
		if _, seen := cause[f.ID]; f.Implied == "" && (!seen || f.Suppressed == nil) {
			cause[f.ID] = f.Suppressed
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if c := cause[f.Implied]; f.Implied != "" && f.Suppressed == nil && c != nil {
			f.Suppressed = &Suppression{Reason: "follows from " + string(f.Implied) + ": " + c.Reason, By: c.By, Until: c.Until}
		}
	}
}

func ended(until, today time.Time) bool {
	return !until.IsZero() && today.UTC().Format(Day) > until.Format(Day)
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(Day)
}
