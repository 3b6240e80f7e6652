package finding

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
)

// WriteText writes r for a person at a terminal: the two grades, the findings
// with the worst first, the coverage matrix, and what could not be assessed.
// Every text of the target is escaped.
func WriteText(w io.Writer, r *Report, o TextOptions) error {
	p := &page{o: o}
	p.line(o.Bold("jotsight "+Escape(r.Command)) + "  " + Escape(r.Target))
	p.line(o.paint(dim, summary(r)))
	p.line("")
	half := o.half()
	p.lines(o.beside([][]string{
		o.box("Protection: were attacks refused?", o.gradeInFull(r.Grades.Protection, half-4), half),
		o.box("Visibility: were they seen?", o.gradeInFull(r.Grades.Visibility, half-4), half),
	}))
	p.findings(r.Findings)
	p.coverage(r.Runs)
	_, err := io.WriteString(w, p.b.String())
	return err
}

// A Card is one service in a comparison.
type Card struct {
	Title  string
	Report *Report
}

// WriteCards writes one card a service, side by side where the width allows:
// both grades, each with the three weaknesses that cost most.
func WriteCards(w io.Writer, cards []Card, o TextOptions) error {
	half := o.half()
	blocks := make([][]string, 0, len(cards))
	tall := 0
	for _, c := range cards {
		g := c.Report.Grades
		lines := append([]string{o.Bold("Protection")}, o.gradeCard(g.Protection, half-4)...)
		for len(lines) < 5 { // so that the second grades stand side by side too
			lines = append(lines, "")
		}
		lines = append(lines, "", o.Bold("Visibility"))
		lines = append(lines, o.gradeCard(g.Visibility, half-4)...)
		blocks = append(blocks, lines)
		tall = max(tall, len(lines))
	}
	for i, lines := range blocks {
		for len(lines) < tall {
			lines = append(lines, "")
		}
		blocks[i] = o.box(Escape(cards[i].Title), lines, half)
	}
	_, err := io.WriteString(w, strings.Join(o.beside(blocks), "\n")+"\n")
	return err
}

// half is the width of a card: half of the screen, or all of it where half would
// cut the names of weaknesses.
func (o TextOptions) half() int {
	if half := (min(o.Columns(), 100) - 2) / 2; half >= 38 {
		return half
	}
	return o.Columns()
}

// gradeCard gives the letter and score, then the three worst deductions and how
// many more there are.
func (o TextOptions) gradeCard(g Grade, width int) []string {
	lines := o.gradeHead(g, width)
	const most = 3
	for i, d := range g.Deductions[:min(len(g.Deductions), most)] {
		more := ""
		if i == most-1 && len(g.Deductions) > most {
			more = fmt.Sprintf("  and %d more", len(g.Deductions)-most)
		}
		line := o.fit(fmt.Sprintf("-%-3d %s", d.Points, Escape(string(d.ID))), width-len(more))
		lines = append(lines, line+o.paint(dim, more))
	}
	return lines
}

// gradeInFull gives every deduction with its reason.
func (o TextOptions) gradeInFull(g Grade, width int) []string {
	lines := o.gradeHead(g, width)
	for _, d := range g.Deductions {
		line, why := fmt.Sprintf("-%-3d %s", d.Points, Escape(string(d.ID))), Escape(d.Why)
		if columns(line)+2+columns(why) <= width {
			lines = append(lines, line+"  "+o.paint(dim, why))
			continue
		}
		lines = append(lines, o.fit(line, width))
		for _, l := range Wrap(why, width-5) {
			lines = append(lines, "     "+o.paint(dim, l))
		}
	}
	return lines
}

func (o TextOptions) gradeHead(g Grade, width int) []string {
	if !g.Assessed {
		return append([]string{o.paint(yellow, "not assessed")}, Wrap(Escape(g.Why), width)...)
	}
	colour := red
	switch g.Letter {
	case "A", "B":
		colour = green
	case "C", "D":
		colour = yellow
	}
	return []string{o.paint(colour, g.Letter) + fmt.Sprintf("  %d of 100", g.Score)}
}

func summary(r *Report) string {
	var parts []string
	if n := len(r.Runs); n > 0 {
		counts := map[Verdict]int{}
		for _, run := range r.Runs {
			counts[run.Verdict]++
		}
		parts = append(parts, fmt.Sprintf("%s: %d passed, %d failed, %d inconclusive, %d skipped",
			count(n, "check"), counts[Pass], counts[Fail], counts[Inconclusive], counts[Skipped]))
	}
	if r.Stats.Files > 0 {
		parts = append(parts, count(r.Stats.Files, "file")+", "+count(r.Stats.Lines, "line"))
	}
	if r.Stats.Requests > 0 {
		parts = append(parts, count(r.Stats.Requests, "request"))
	}
	parts = append(parts, (time.Duration(r.Stats.DurationMS) * time.Millisecond).Round(100*time.Millisecond).String())
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// page collects the lines of a text.
type page struct {
	o TextOptions
	b strings.Builder
}

func (p *page) line(s string) { p.b.WriteString(s + "\n") }

func (p *page) lines(list []string) {
	for _, l := range list {
		p.line(l)
	}
}

func (p *page) heading(s string) {
	p.line("")
	p.line(p.o.Bold(s))
	p.line("")
}

const margin = "            " // as wide as the longest severity and two columns more

// para writes wrapped text behind the margin, with a lead-in word.
func (p *page) para(lead, text string) {
	if text == "" {
		return
	}
	if lead != "" {
		text = lead + " " + text
	}
	for _, l := range Wrap(text, p.o.Columns()-len(margin)) {
		p.line(margin + l)
	}
}

var severityStyle = map[catalog.Severity]style{catalog.Critical: red, catalog.High: red, catalog.Medium: yellow}

func (p *page) findings(list []Finding) {
	if len(list) == 0 {
		p.line("")
		p.line(p.o.Bold("No findings"))
		return
	}
	p.heading(fmt.Sprintf("Findings: %d", len(list)))
	for i, f := range Sorted(list) {
		if i > 0 {
			p.line("")
		}
		p.line(pad("  "+p.o.paint(severityStyle[f.Severity], f.Severity.String()), len(margin)) +
			p.o.Bold(Escape(string(f.ID))) + "  " + Escape(f.Location.String()))
		p.para("", Escape(f.Message))
		for _, r := range f.Related {
			p.para("", Escape(r.Location.String()+": "+r.Message))
		}
		for _, e := range f.Evidence {
			p.para("evidence:", Escape(e))
		}
		switch {
		case f.Suppressed != nil:
			p.para("suppressed by", Escape(f.Suppressed.By+": "+f.Suppressed.Reason))
		case f.Implied != "":
			p.para("follows from", Escape(string(f.Implied))+" and does not count again")
		}
		if f.Confidence != Certain {
			p.para("confidence:", Escape(string(f.Confidence)))
		}
		w, _ := catalog.WeaknessOf(f.ID)
		p.para("fix:", firstSentence(w.Fix))
		p.para("", "jotsight explain "+Escape(string(f.ID)))
	}
}

func (p *page) coverage(runs []Run) {
	if len(runs) == 0 {
		return
	}
	p.heading("Coverage")
	p.lines(p.o.matrix(runs))
	for _, v := range []struct {
		verdict Verdict
		heading string
	}{{Inconclusive, "Inconclusive: these are no passes"}, {Skipped, "Skipped"}} {
		first := true
		for _, run := range runs {
			if run.Verdict != v.verdict {
				continue
			}
			if first {
				p.heading(v.heading)
				first = false
			}
			why := Wrap(Escape(title(run))+": "+Escape(run.Why), p.o.Columns()-4)
			for i, l := range why {
				p.line("  " + strings.Repeat("  ", min(i, 1)) + l)
			}
		}
	}
}

// String gives "file:line:column function", or "METHOD route (file:line)".
func (l Location) String() string {
	at := l.Path
	if at != "" && l.Line > 0 {
		at += fmt.Sprintf(":%d", l.Line)
		if l.Column > 0 {
			at += fmt.Sprintf(":%d", l.Column)
		}
	}
	parts := []string{at, l.Function}
	if l.Route != "" {
		if at != "" {
			at = "(" + at + ")"
		}
		parts = []string{l.Method, l.Route, at, l.Function}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// firstSentence is enough of a catalogue text for a list.
func firstSentence(s string) string {
	if i := strings.Index(s, ". "); i >= 0 {
		return s[:i+1]
	}
	return s
}
