package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
)

// A scanRow is one report.
type scanRow struct {
	Target     string
	Command    string
	At         stamp
	Age        string
	Protection gradeView
	Visibility gradeView
	Worst      []findingView
	More       int // findings that Worst leaves out
	Runs       []runView
	Took       string
}

type gradeView struct {
	Name     string
	Assessed bool
	Letter   string
	Score    int
	Why      string
}

type findingView struct {
	ID       string
	Severity severityView
	Message  string
}

// A runView is a line of the coverage matrix.
type runView struct {
	Check    string
	Verdict  string
	Refused  string
	Recorded string
	Reason   string
	Alerted  string
}

const worstShown = 3

func scanRowOf(r finding.Report, now time.Time) scanRow {
	s := scanRow{Target: visible(r.Target), Command: visible(r.Command), At: stampOf(r.Ended, now), Age: age(r.Ended, now),
		Protection: gradeOf("Protection", r.Grades.Protection), Visibility: gradeOf("Visibility", r.Grades.Visibility),
		Took: r.Ended.Sub(r.Started).Round(time.Second / 10).String()}
	worst := worstOf(r.Findings)
	s.More = max(0, len(worst)-worstShown)
	for _, f := range worst[:min(len(worst), worstShown)] {
		s.Worst = append(s.Worst, findingView{visible(string(f.ID)), severityOf(f.Severity.String()), visible(f.Message)})
	}
	for _, run := range r.Runs {
		s.Runs = append(s.Runs, runViewOf(run))
	}
	return s
}

func gradeOf(name string, g finding.Grade) gradeView {
	return gradeView{Name: name, Assessed: g.Assessed, Letter: visible(g.Letter), Score: g.Score, Why: visible(g.Why)}
}

func runViewOf(r finding.Run) runView {
	v := runView{Check: visible(r.Check), Verdict: visible(string(r.Verdict)), Refused: "yes", Recorded: "not assessed", Reason: "–", Alerted: "not assessed"}
	switch {
	case r.Accepted && r.Verdict == finding.Pass:
		v.Refused = "taken" // as it may be
	case r.Accepted:
		v.Refused = "no"
	}
	if r.Verdict == finding.Skipped || r.Verdict == finding.Inconclusive {
		v.Refused = "–"
	}
	if r.Seen.Assessed {
		v.Recorded = visible(string(r.Seen.Tier))
		if r.Seen.Reason != "" {
			v.Reason = visible(r.Seen.Reason)
			if ok := r.Seen.ReasonCorrect; ok != nil && !*ok {
				v.Reason += " (wrong)"
			}
		}
	}
	if r.Alerted.Assessed {
		v.Alerted = "no"
		if r.Alerted.Fired {
			v.Alerted = "yes"
		}
	}
	return v
}

// worstOf gives the findings that count, the most severe first: without the
// suppressed ones and those that follow from another.
func worstOf(all []finding.Finding) []finding.Finding {
	var list []finding.Finding
	for _, f := range all {
		if f.Suppressed == nil && f.Implied == "" {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b finding.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return list
}
