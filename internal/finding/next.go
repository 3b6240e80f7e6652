package finding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
)

// Next says what to do after reading r, most useful first. It names flags and
// fields of the recipe; nothing in it is escaped.
func Next(r *Report) (steps []string) {
	say := func(format string, args ...any) { steps = append(steps, fmt.Sprintf(format, args...)) }
	if r.Partial != "" {
		say("Run it again to the end: %s.", r.Partial)
	}
	var open []catalog.ID
	for _, f := range Sorted(r.Findings) {
		if f.Suppressed == nil && f.Implied == "" && !slices.Contains(open, f.ID) {
			open = append(open, f.ID)
		}
	}
	const most = 3
	if n := len(open); n > 0 {
		first := make([]string, 0, most)
		for _, id := range open[:min(n, most)] {
			first = append(first, string(id))
		}
		rest := ""
		if n > most {
			rest = fmt.Sprintf(", then the other %d", n-most)
		}
		say("Fix %s first%s: `jotsight explain %s` says why and how. Then run this again, which shows that it is closed.", strings.Join(first, ", "), rest, open[0])
	}
	if r.Command == "scan" && len(r.Runs) > 0 {
		attacks := func(side func(Run) bool) bool {
			return slices.ContainsFunc(r.Runs, func(run Run) bool { return run.Verdict != Skipped && side(run) })
		}
		seen := func(run Run) bool { return run.Seen.Assessed }
		if attacks(func(Run) bool { return true }) && !attacks(seen) && r.Partial == "" {
			say("Name the log of the service, with --logs FILE or logs in the recipe: nobody knows yet whether these attacks were seen.")
		}
		if attacks(seen) && !attacks(func(run Run) bool { return run.Alerted.Assessed }) && r.Partial == "" {
			say("Say in the recipe where alerts arrive (alerts), and the time from attack to alert is measured.")
		}
	}
	if n := len(ByReason(r.Runs, Inconclusive)); n > 0 && r.Partial == "" {
		say("Look at what was inconclusive, and run it again: without a verdict nothing is proven.")
	}
	if b := r.Baseline; b != nil && b.Gone > 0 {
		say("%s of the baseline %s gone: write it anew with --write-baseline, so that a return is new.", count(b.Gone, "finding"), isAre(b.Gone))
	}
	if r.OfCode() && len(r.Runs) > 0 && !slices.ContainsFunc(r.Runs, func(run Run) bool { return run.Verdict != Skipped }) {
		say("Nothing in this code handles tokens, as far as could be seen. If something does, through a library that is not known or behind a wrapper that is not here, teach it in .jotsight.yaml.")
	}
	if len(steps) == 0 && len(r.Runs) > 0 {
		say("Keep it so: run the same command for every change, with --report sarif=FILE or junit=FILE for your CI.")
	}
	return steps
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// A Reason is one reason why checks came to no verdict, with their names.
type Reason struct {
	Why   string
	Names []string
}

// ByReason puts the runs of one verdict together by their reason, in the order in
// which the reasons came.
func ByReason(runs []Run, v Verdict) (list []Reason) {
	for _, run := range runs {
		if run.Verdict != v {
			continue
		}
		i := slices.IndexFunc(list, func(r Reason) bool { return r.Why == run.Why })
		if i < 0 {
			i = len(list)
			list = append(list, Reason{Why: run.Why})
		}
		list[i].Names = append(list[i].Names, run.Name())
	}
	return list
}

// Summary is one line about what was looked at: the counts of verdicts, of
// requests or files, and the time that it took.
func Summary(r *Report) string { return summary(r) }
