package finding

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/jotsight/jotsight/internal/catalog"
)

// Rubric names the rules of GradeReport. Whoever changes a figure below, or what
// counts, gives it a new number: grades of different rubrics do not compare.
const Rubric = "jotsight-rubric/2"

// points is what one weakness costs, by severity and confidence. A confirmed
// critical costs so much that nothing but an F is left.
var points = map[catalog.Severity]map[Confidence]int{
	catalog.Critical: {Certain: 50, Firm: 35, Tentative: 15},
	catalog.High:     {Certain: 20, Firm: 14, Tentative: 6},
	catalog.Medium:   {Certain: 8, Firm: 6, Tentative: 2},
	catalog.Low:      {Certain: 3, Firm: 2, Tentative: 1},
}

// GradeReport fills r.Grades from r.Runs and r.Findings. It is deterministic and
// changes nothing else.
//
// A weakness costs points once, by its worst finding; findings that another
// implies cost nothing. A suppressed finding costs what it costs: who accepts a
// risk still has it. Both grades begin at 100:
//
//   - Protection asks whether attacks were refused. It is assessed when at least
//     half of its checks that ran, and a quarter of all with those that were
//     skipped, came to a verdict; or when a critical weakness is certain, because
//     that one stands however little else could be tried.
//   - Visibility asks whether they were seen. It is assessed when the log side was
//     read for at least one attack, and is never above the share of attacks that
//     left a record of their own, of which a flawed one counts for 85 in 100: an A
//     says that attacks are seen for what they are.
//
// Of a partial report neither is assessed, unless a critical weakness is certain.
func GradeReport(r *Report) {
	r.Grades = Grades{Rubric: Rubric, Protection: protection(r), Visibility: visibility(r)}
}

// CountsForVisibility says to which grade a weakness belongs: true for
// Visibility, false for Protection.
func CountsForVisibility(id catalog.ID) bool {
	if id == catalog.TokenInURL {
		return false // proven at the door, without any log
	}
	w, _ := catalog.WeaknessOf(id)
	return w.Group == "Visibility" || w.Group == "What the log gives away"
}

func protection(r *Report) Grade {
	var verdicts, inconclusive, skipped int
	for _, run := range r.Runs {
		if CountsForVisibility(run.Weakness) {
			continue
		}
		switch run.Verdict {
		case Pass, Fail:
			verdicts++
		case Inconclusive:
			inconclusive++
		case Skipped:
			skipped++
		}
	}
	list, critical := deductions(r.Findings, false)
	all := verdicts + inconclusive + skipped
	switch {
	case critical:
	case r.Partial != "":
		return Grade{Why: r.Partial}
	case verdicts == 0 && inconclusive == 0:
		return Grade{Why: "no check ran"}
	case verdicts < inconclusive || verdicts == 0:
		return Grade{Why: fmt.Sprintf("%d of %d checks came to no verdict", inconclusive, verdicts+inconclusive)}
	case verdicts*4 < all:
		return Grade{Why: fmt.Sprintf("only %d of %s came to a verdict", verdicts, count(all, "check"))}
	}
	g := grade(list)
	if all > 0 {
		g.Basis = fmt.Sprintf("%d of %s came to a verdict", verdicts, count(all, "check"))
	}
	return g
}

// flawed is what a record is worth, in hundredths, that leaves out who, what,
// where or why, or says it wrongly: a B, if all are so.
const flawed = 85

func visibility(r *Report) Grade {
	var attacks, recorded, wrong, partial int
	why := "no log source was read"
	for _, run := range r.Runs {
		seen := run.Seen
		switch {
		case seen.Assessed && run.Verdict != Skipped:
			attacks++
			if seen.Tier != TierPartial && seen.Tier != TierComplete {
				continue
			}
			recorded++
			if seen.ReasonCorrect != nil && !*seen.ReasonCorrect {
				wrong++
			} else if seen.Tier == TierPartial {
				partial++
			}
		case seen.Why != "" && run.Verdict != Skipped:
			why = seen.Why
		}
	}
	list, critical := deductions(r.Findings, true)
	switch {
	case attacks == 0:
		return Grade{Why: why}
	case r.Partial != "" && !critical:
		return Grade{Why: r.Partial}
	}
	g := grade(list)
	basis := fmt.Sprintf("%d of %s left a record of their own", recorded, count(attacks, "attack"))
	if wrong+partial > 0 {
		basis += fmt.Sprintf(", %d of these incomplete or with the wrong reason", wrong+partial)
	}
	if most := (100*(recorded-wrong-partial) + flawed*(wrong+partial)) / attacks; g.Score > most {
		share := Deduction{ID: catalog.SilentVerifyFailure, Points: g.Score - most, Why: basis + "; the grade is not above what they are worth"}
		switch {
		case recorded < attacks:
		case wrong > partial:
			share.ID = catalog.WrongReason
		default:
			share.ID = catalog.IncompleteEvent
		}
		if i := slices.IndexFunc(list, func(d Deduction) bool { return d.ID == share.ID }); i >= 0 {
			list[i].Points += share.Points
			list[i].Why += "; " + share.Why
		} else {
			list = append(list, share)
		}
		g = grade(list)
	}
	g.Basis = basis
	if !slices.ContainsFunc(r.Runs, func(run Run) bool { return run.Alerted.Assessed }) {
		g.Basis += "; whether anybody was alerted is not assessed"
	}
	return g
}

// deductions gives what the findings of one grade cost, and whether a critical
// one among them is certain.
func deductions(findings []Finding, visibility bool) (list []Deduction, critical bool) {
	type worst struct {
		Finding
		points, places int
	}
	byID := map[catalog.ID]*worst{}
	for _, f := range Sorted(findings) { // of equal costs the same one is named every time
		if f.Implied != "" || CountsForVisibility(f.ID) != visibility {
			continue
		}
		w := byID[f.ID]
		if w == nil {
			w = &worst{points: -1}
			byID[f.ID] = w
		}
		w.places++
		if p := points[f.Severity][f.Confidence]; p > w.points {
			w.Finding, w.points = f, p
		}
		critical = critical || f.Severity == catalog.Critical && f.Confidence == Certain
	}
	for id, w := range byID {
		if w.points == 0 {
			continue
		}
		why := w.Severity.String()
		if w.Confidence != Certain {
			why += fmt.Sprintf(", %s confidence", w.Confidence)
		}
		if w.places > 1 {
			why += fmt.Sprintf(", %d places", w.places)
		}
		if w.Suppressed != nil {
			why += ", suppressed"
		}
		list = append(list, Deduction{ID: id, Points: w.points, Why: why})
	}
	return list, critical
}

func grade(list []Deduction) Grade {
	slices.SortFunc(list, func(a, b Deduction) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Why, b.Why))
	})
	g := Grade{Assessed: true, Score: 100, Deductions: list}
	for _, d := range list {
		g.Score -= d.Points
	}
	g.Score = max(g.Score, 0)
	g.Letter = letter(g.Score)
	return g
}

func letter(score int) string {
	switch {
	case score >= 90:
		return "A"
	case score >= 80:
		return "B"
	case score >= 70:
		return "C"
	case score >= 60:
		return "D"
	}
	return "F"
}
