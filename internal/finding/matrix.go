package finding

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteMatrix writes the detection-coverage matrix: one line an attack, with
// whether it was refused, how it was recorded, whether for the right reason,
// whether an alert came, and how fast. Skipped runs have no line, and a side that
// was not looked at has no columns but a line that says so.
func WriteMatrix(w io.Writer, runs []Run, o TextOptions) error {
	_, err := io.WriteString(w, strings.Join(o.matrix(runs), "\n")+"\n")
	return err
}

// A cell is a text with its colour.
type cell struct {
	text  string
	style style
}

func (o TextOptions) matrix(runs []Run) []string {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Verdict == Skipped })
	if len(runs) == 0 {
		return []string{"No attack ran."}
	}
	seen := slices.ContainsFunc(runs, func(r Run) bool { return r.Seen.Assessed })
	alerted := slices.ContainsFunc(runs, func(r Run) bool { return r.Alerted.Assessed })
	head := []cell{{"attack", bold}, {"refused", bold}}
	if seen {
		head = append(head, cell{"recorded", bold}, cell{"reason", bold}, cell{"after", bold})
	}
	if alerted {
		head = append(head, cell{"alerted", bold}, cell{"after", bold})
	}
	rows := [][]cell{head}
	for _, run := range runs {
		row := []cell{{Escape(title(run)), ""}, refused(run)}
		if seen {
			row = append(row, o.recorded(run.Seen), o.rightReason(run.Seen), cell{o.took(run.Seen.TimeToRecord), ""})
		}
		if alerted {
			row = append(row, o.alerted(run.Alerted), cell{o.took(run.Alerted.TimeToAlert), ""})
		}
		rows = append(rows, row)
	}
	lines := o.table(rows)
	if !seen {
		lines = append(lines, o.paint(dim, "No log was read, so nothing is known of what was recorded."))
	}
	if !alerted {
		lines = append(lines, o.paint(dim, "No alert source was watched, so nothing is known of alerts."))
	}
	return lines
}

// table aligns rows, the first of which is the heading. The first column gives
// way to the others: its texts are wrapped.
func (o TextOptions) table(rows [][]cell) (lines []string) {
	const gap = 2
	wide := make([]int, len(rows[0]))
	rest := 0
	for i := range wide {
		for _, row := range rows {
			wide[i] = max(wide[i], columns(row[i].text))
		}
		if i > 0 {
			rest += gap + wide[i]
		}
	}
	wide[0] = max(min(wide[0], o.Columns()-rest), 16)
	for i, row := range rows {
		for k, part := range Wrap(row[0].text, wide[0]) {
			line := pad(o.paint(row[0].style, part), wide[0])
			if k == 0 {
				for j, c := range row[1:] {
					line += strings.Repeat(" ", gap) + pad(o.paint(c.style, c.text), wide[j+1])
				}
			}
			lines = append(lines, strings.TrimRight(line, " "))
		}
		if i == 0 {
			lines = append(lines, o.paint(dim, strings.Repeat(o.dash("─", "-"), wide[0]+rest)))
		}
	}
	return lines
}

func title(run Run) string {
	if run.Title != "" {
		return run.Title
	}
	return run.Check
}

func refused(run Run) cell {
	switch {
	case run.Verdict == Inconclusive:
		return cell{"?", yellow}
	case run.Accepted:
		return cell{"NO", red}
	}
	return cell{"yes", green}
}

func (o TextOptions) recorded(s Seen) cell {
	if !s.Assessed {
		return cell{o.dash("–", "-"), ""}
	}
	c := cell{"nothing", red}
	switch s.Tier {
	case TierAccess:
		c = cell{"access line", red}
	case TierPartial:
		c = cell{"partial", yellow}
	case TierComplete:
		c = cell{"complete", green}
	}
	if s.ForgedLine {
		c = cell{c.text + ", FORGED", red}
	}
	if s.Leak {
		c = cell{c.text + ", LEAK", red}
	}
	return c
}

func (o TextOptions) rightReason(s Seen) cell {
	switch {
	case !s.Assessed || s.ReasonCorrect == nil:
		return cell{o.dash("–", "-"), ""}
	case *s.ReasonCorrect:
		return cell{"right", green}
	}
	return cell{"WRONG", red}
}

// alerted has no colour: one lone bad token should raise no alert.
func (o TextOptions) alerted(a Alerted) cell {
	switch {
	case !a.Assessed:
		return cell{o.dash("–", "-"), ""}
	case a.Fired && a.Alerts > 1:
		return cell{fmt.Sprintf("yes, %d", a.Alerts), ""}
	case a.Fired:
		return cell{"yes", ""}
	}
	return cell{"no", ""}
}

func (o TextOptions) took(ms *float64) string {
	switch {
	case ms == nil:
		return o.dash("–", "-")
	case *ms < 1:
		return "<1 ms"
	case *ms < 1000:
		return fmt.Sprintf("%.0f ms", *ms)
	}
	return fmt.Sprintf("%.1f s", *ms/1000)
}

func (o TextOptions) dash(fancy, plain string) string {
	if o.ASCII {
		return plain
	}
	return fancy
}
