package finding

import (
	"fmt"
	"io"
	"strings"
)

// WriteMatrix writes the detection-coverage matrix: one line an attack, with
// whether it was refused, how it was recorded, whether for the right reason,
// whether an alert came, and how fast. Skipped runs have no line.
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
	rows := [][]cell{{{"attack", bold}, {"refused", bold}, {"recorded", bold}, {"reason", bold}, {"alerted", bold}, {"to record", bold}, {"to alert", bold}}}
	for _, run := range runs {
		if run.Verdict == Skipped {
			continue
		}
		rows = append(rows, []cell{
			{Escape(title(run)), ""}, refused(run), recorded(run.Seen), o.rightReason(run.Seen), o.alerted(run.Alerted),
			{o.took(run.Seen.TimeToRecord), ""}, {o.took(run.Alerted.TimeToAlert), ""},
		})
	}
	if len(rows) == 1 {
		return []string{"No attack ran."}
	}
	wide := make([]int, len(rows[0]))
	rest := -2
	for i := range wide {
		for _, row := range rows {
			wide[i] = max(wide[i], columns(row[i].text))
		}
		rest += wide[i] + 2
	}
	wide[0] = max(min(wide[0], o.Columns()-(rest-wide[0])), 16)
	lines := make([]string, 0, len(rows)+1)
	for i, row := range rows {
		var line strings.Builder
		for j, c := range row {
			text := o.fit(c.text, wide[j])
			line.WriteString(pad(o.paint(c.style, text), wide[j]+2))
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
		if i == 0 {
			lines = append(lines, o.paint(dim, strings.Repeat(o.dash("─", "-"), min(columns(line.String())-2, o.Columns()))))
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

func recorded(s Seen) cell {
	if !s.Assessed {
		return cell{"?", ""}
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
		return cell{"?", ""}
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
