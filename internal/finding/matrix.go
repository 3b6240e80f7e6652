package finding

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Mood says how good a cell of the matrix is, for those who colour it.
type Mood string

const (
	Plain Mood = ""
	Good  Mood = "good"
	Poor  Mood = "poor"
	Bad   Mood = "bad"
)

// A Cell is a text with its mood. The mood repeats what the text says.
type Cell struct {
	Text string
	Mood Mood
}

// A Matrix is the detection-coverage matrix: one row an attack, with whether it
// was refused, how it was recorded, whether for the right reason, whether an alert
// came, and how fast. Skipped runs have no row. A side that was not looked at has
// no columns but a note that says so. No text is escaped.
type Matrix struct {
	Head  []string
	Rows  [][]Cell
	Notes []string
}

// MatrixOf draws up the matrix of runs.
func MatrixOf(runs []Run) Matrix {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Verdict == Skipped })
	if len(runs) == 0 {
		return Matrix{Notes: []string{"No attack ran."}}
	}
	seen := slices.ContainsFunc(runs, func(r Run) bool { return r.Seen.Assessed })
	alerted := slices.ContainsFunc(runs, func(r Run) bool { return r.Alerted.Assessed })
	m := Matrix{Head: []string{"attack", "refused"}}
	if seen {
		m.Head = append(m.Head, "recorded", "reason", "after")
	} else {
		m.Notes = append(m.Notes, "No log was read, so nothing is known of what was recorded.")
	}
	if alerted {
		m.Head = append(m.Head, "alerted", "after")
	} else {
		m.Notes = append(m.Notes, "No alert source was watched, so nothing is known of alerts.")
	}
	for _, run := range runs {
		row := []Cell{{run.Name(), Plain}, refused(run)}
		if seen {
			row = append(row, recorded(run.Seen), rightReason(run.Seen), took(run.Seen.TimeToRecord))
		}
		if alerted {
			row = append(row, alertedCell(run.Alerted), took(run.Alerted.TimeToAlert))
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// Name is the title of the check, or its slug where it has none.
func (r Run) Name() string {
	if r.Title != "" {
		return r.Title
	}
	return r.Check
}

const nothing = "–"

func refused(run Run) Cell {
	switch {
	case run.Verdict == Inconclusive:
		return Cell{"?", Poor}
	case run.Accepted && run.Verdict == Pass:
		return Cell{"taken", Plain} // as it may be
	case run.Accepted:
		return Cell{"NO", Bad}
	}
	return Cell{"yes", Good}
}

func recorded(s Seen) Cell {
	if !s.Assessed {
		return Cell{nothing, Plain}
	}
	c := Cell{"nothing", Bad}
	switch s.Tier {
	case TierAccess:
		c = Cell{"access line", Bad}
	case TierPartial:
		c = Cell{"partial", Poor}
	case TierComplete:
		c = Cell{"complete", Good}
	}
	if s.ForgedLine {
		c = Cell{c.Text + ", FORGED", Bad}
	}
	if s.Leak {
		c = Cell{c.Text + ", LEAK", Bad}
	}
	return c
}

func rightReason(s Seen) Cell {
	switch {
	case !s.Assessed || s.ReasonCorrect == nil:
		return Cell{nothing, Plain}
	case *s.ReasonCorrect:
		return Cell{"right", Good}
	}
	return Cell{"WRONG", Bad}
}

// alertedCell has no mood: one lone bad token should raise no alert.
func alertedCell(a Alerted) Cell {
	switch {
	case !a.Assessed:
		return Cell{nothing, Plain}
	case a.Fired && a.Alerts > 1:
		return Cell{fmt.Sprintf("yes, %d", a.Alerts), Plain}
	case a.Fired:
		return Cell{"yes", Plain}
	}
	return Cell{"no", Plain}
}

func took(ms *float64) Cell {
	switch {
	case ms == nil:
		return Cell{nothing, Plain}
	case *ms < 1:
		return Cell{"<1 ms", Plain}
	case *ms < 1000:
		return Cell{fmt.Sprintf("%.0f ms", *ms), Plain}
	}
	return Cell{fmt.Sprintf("%.1f s", *ms/1000), Plain}
}

// WriteMatrix writes the matrix of runs as text.
func WriteMatrix(w io.Writer, runs []Run, o TextOptions) error {
	_, err := io.WriteString(w, strings.Join(o.matrix(runs), "\n")+"\n")
	return err
}

var moodStyle = map[Mood]style{Good: green, Poor: yellow, Bad: red}

func (o TextOptions) matrix(runs []Run) (lines []string) {
	m := MatrixOf(runs)
	if len(m.Rows) > 0 {
		lines = o.table(m)
	}
	for _, n := range m.Notes {
		lines = append(lines, o.paint(dim, n))
	}
	return lines
}

// table aligns the rows. The first column gives way to the others: its texts are
// wrapped.
func (o TextOptions) table(m Matrix) (lines []string) {
	const gap = 2
	rows := [][]Cell{nil}
	for _, h := range m.Head {
		rows[0] = append(rows[0], Cell{h, "head"})
	}
	rows = append(rows, m.Rows...)
	wide := make([]int, len(m.Head))
	rest := 0
	for i := range wide {
		for _, row := range rows {
			wide[i] = max(wide[i], columns(Escape(row[i].Text)))
		}
		if i > 0 {
			rest += gap + wide[i]
		}
	}
	if rest+min(wide[0], 16) > o.Columns() {
		return o.stack(m)
	}
	wide[0] = max(min(wide[0], o.Columns()-rest), 16)
	paint := func(c Cell, text string) string {
		if text == nothing {
			text = o.dash(nothing, "-")
		}
		if c.Mood == "head" {
			return o.Bold(text)
		}
		return o.paint(moodStyle[c.Mood], text)
	}
	for i, row := range rows {
		for k, part := range Wrap(Escape(row[0].Text), wide[0]) {
			line := pad(paint(row[0], part), wide[0])
			if k == 0 {
				for j, c := range row[1:] {
					line += strings.Repeat(" ", gap) + pad(paint(c, c.Text), wide[j+1])
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

// stack writes the rows one under the other, for a screen that is too narrow for
// the table: the attack, then what is known of it.
func (o TextOptions) stack(m Matrix) (lines []string) {
	for _, row := range m.Rows {
		for _, l := range Wrap(Escape(row[0].Text), o.Columns()) {
			lines = append(lines, o.Bold(l))
		}
		line := " "
		for i, c := range row {
			if i == 0 || c.Text == nothing {
				continue
			}
			part := m.Head[i] + " " + o.paint(moodStyle[c.Mood], c.Text)
			if columns(line)+1+columns(part)+1 > o.Columns() {
				lines, line = append(lines, line), " "
			}
			line += " " + part
			if i < len(row)-1 {
				line += ";"
			}
		}
		lines = append(lines, strings.TrimSuffix(line, ";"))
	}
	return lines
}

func (o TextOptions) dash(fancy, plain string) string {
	if o.ASCII {
		return plain
	}
	return fancy
}
