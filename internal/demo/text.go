package demo

import (
	"fmt"
	"io"
	"slices"

	"github.com/jotsight/jotsight/internal/catalog"
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
	t.visits(res.Blind.Visit, res.Guarded.Visit)
	t.say("")
	t.say("Then jotsight scan attacked both, and asked their logs and the monitor's alerts.")
	t.say("")
	t.check(finding.WriteCards(w, []finding.Card{
		{Title: "The blind bank", Report: res.Blind.Report}, {Title: "The bank behind guard", Report: res.Guarded.Report},
	}, o))
	for _, part := range []struct {
		title  string
		report *finding.Report
	}{{"Attacks on the blind bank, and what was seen of them", res.Blind.Report}, {"The same attacks on the bank behind guard", res.Guarded.Report}} {
		t.say("")
		t.say("%s", part.title)
		t.say("")
		t.check(finding.WriteMatrix(w, part.report.Runs, o))
	}
	t.say("")
	t.say("A dash under alerted: none was asked for. One bad token should wake nobody.")
	t.say("")
	t.alerts(res.Alerts)
	if d := res.Blind.Report.Grades.Visibility.Deductions; len(d) > 0 {
		t.say("")
		t.say("What that costs, and how to mend it: jotsight explain %s", d[0].ID)
	}
	return t.err
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

// tries are those of package sim, in the order in which they are made.
var tries = []struct{ name, title string }{
	{"guessed signature", "guessed signatures"},
	{"alg none", "tokens without signature (alg none)"},
	{"token after logout", "uses of a stolen token after logout"},
	{"stolen refresh token", "use of a stolen refresh token"},
	{"hasty refresh", "refreshes without pause"},
	{"scope not granted", "doors that the scope does not open"},
}

func (t *teller) visits(blind, guarded Visit) {
	const row = "  %-45s%-16s%s"
	t.say(row, "What attackers tried, and what got through", "blind bank", "behind guard")
	t.say("")
	for _, try := range tries {
		n := 0
		for _, times := range blind.Attackers[try.name] {
			n += times
		}
		t.say(row, fmt.Sprintf("%3d %s", n, try.title), through(blind.Attackers, try.name), through(guarded.Attackers, try.name))
	}
	t.say(row, "    alerts that this raised", fmt.Sprint(blind.Alerts), fmt.Sprint(guarded.Alerts))
}

// through says how many of the tries were answered as if all were well.
func through(t sim.Tally, try string) string {
	in, of := 0, 0
	for status, n := range t[try] {
		of += n
		if status/100 == 2 {
			in += n
		}
	}
	switch {
	case of == 0:
		return "not tried"
	case in == 0:
		return "none"
	case in == of:
		return fmt.Sprintf("all %d", of)
	}
	return fmt.Sprintf("%d of %d", in, of)
}

// alerts tells of each rule once, worst first: who was caught first, and how
// often it fired.
func (t *teller) alerts(list []detect.Alert) {
	t.say("Alerts that arrived, those of the scan too: %d", len(list))
	t.say("")
	var first []detect.Alert
	times := map[string]int{}
	for _, a := range list {
		if times[a.Rule]++; times[a.Rule] == 1 {
			first = append(first, a)
		}
	}
	slices.SortStableFunc(first, func(a, b detect.Alert) int {
		return severity(b) - severity(a)
	})
	for _, a := range first {
		t.say("  %-9s %-20s %dx  %s", a.Severity, a.Rule, times[a.Rule], finding.Escape(a.Group.String()))
	}
}

func severity(a detect.Alert) int {
	s, _ := catalog.ParseSeverity(a.Severity) // an unknown one counts as none
	return int(s)
}
