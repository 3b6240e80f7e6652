package finding

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
)

// WriteText writes r for a person at a terminal, who reads it top to bottom: the
// two grades with every deduction, the coverage matrix, the findings with the
// worst first, what came to no verdict and what it needs, and what to do next.
// Every text of the target is escaped.
func WriteText(w io.Writer, r *Report, o TextOptions) error {
	p := &page{o: o}
	if name, target := "jotsight "+Escape(r.Command), Escape(r.Target); columns(name)+2+columns(target) <= o.Columns() {
		p.line(strings.TrimRight(o.Bold(name)+"  "+target, " "))
	} else {
		p.line(o.Bold(o.fit(name, o.Columns())))
		p.lines(Wrap(target, o.Columns()))
	}
	p.lines(o.dimmed(Wrap(Escape(summary(r)), o.Columns())))
	if r.Partial != "" {
		for _, l := range Wrap("not whole: "+Escape(r.Partial), o.Columns()) {
			p.line(o.paint(yellow, l))
		}
	}
	p.line("")
	if r.OfCode() {
		p.code(r)
		p.list("Next", Next(r))
		_, err := io.WriteString(w, p.b.String())
		return err
	}
	half := o.half()
	p.lines(o.beside([][]string{
		o.box("Protection: were attacks refused?", o.gradeInFull(r.Grades.Protection, half-4), half),
		o.box("Visibility: were they seen?", o.gradeInFull(r.Grades.Visibility, half-4), half),
	}))
	if len(r.Runs) > 0 {
		p.heading("Coverage")
		p.lines(o.matrix(r.Runs))
	}
	p.findings(r)
	p.reasons("Inconclusive: these are no passes", ByReason(r.Runs, Inconclusive))
	p.reasons("Skipped: these are no passes either", ByReason(r.Runs, Skipped))
	p.list("Next", Next(r))
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
	if g.Assessed && g.Basis != "" {
		lines = append(lines, o.dimmed(Wrap(Escape(g.Basis), width))...)
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
	for _, x := range []struct {
		what string
		s    *Spread
	}{{"recorded", r.Stats.TimeToRecord}, {"alerted", r.Stats.TimeToAlert}} {
		if x.s != nil {
			parts = append(parts, fmt.Sprintf("%s after %.0f ms, at most %.0f ms", x.what, x.s.MedianMS, x.s.MaxMS))
		}
	}
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

func (o TextOptions) dimmed(lines []string) (out []string) {
	for _, l := range lines {
		out = append(out, o.paint(dim, l))
	}
	return out
}

func (p *page) line(s string) { p.b.WriteString(s + "\n") }

func (p *page) lines(list []string) {
	for _, l := range list {
		p.line(l)
	}
}

func (p *page) heading(s string) {
	p.line("")
	for _, l := range Wrap(s, p.o.Columns()) {
		p.line(p.o.Bold(l))
	}
	p.line("")
}

// margin stands before what belongs to a finding: as wide as the longest severity
// and two columns more, where there is room for that.
func (o TextOptions) margin() string {
	if o.Columns() < 60 {
		return "    "
	}
	return "            "
}

// para writes wrapped text behind the margin, with a lead-in word.
func (p *page) para(lead, text string) {
	if text == "" {
		return
	}
	if lead != "" {
		text = lead + " " + text
	}
	p.indent(p.o.margin(), text)
}

var severityStyle = map[catalog.Severity]style{catalog.Critical: red, catalog.High: red, catalog.Medium: yellow}

func (p *page) findings(r *Report) {
	if len(r.Findings) == 0 {
		p.line("")
		p.line(p.o.Bold("No findings"))
	} else {
		p.heading("Findings: " + Tally(r))
	}
	for i, f := range Sorted(r.Findings) {
		if i > 0 {
			p.line("")
		}
		p.title(f)
		p.para("", Escape(f.Message))
		for _, r := range f.Related {
			p.para("", Escape(r.Location.String()+": "+r.Message))
		}
		for _, e := range f.Evidence {
			p.para("evidence:", Escape(e))
		}
		p.aside(f, p.o.margin())
		if f.Implied == "" { // who follows from another is fixed with it
			p.fixes(f, p.o.margin())
		}
	}
	p.list("Notes", r.Notes)
}

// aside says why a finding may count for less.
func (p *page) aside(f Finding, margin string) {
	if f.Implied != "" {
		p.indent(margin, "follows from "+Escape(string(f.Implied))+" and does not count again")
	}
	if s := f.Suppressed; s != nil {
		until := ""
		if s.Until != "" {
			until = " until " + s.Until
		}
		p.indent(margin, "suppressed by "+Escape(s.By+until+": "+s.Reason))
	}
	if f.Confidence != Certain {
		p.indent(margin, "confidence: "+Escape(string(f.Confidence)))
	}
}

// fixes says what closes a finding, and which standards that supports.
func (p *page) fixes(f Finding, margin string) {
	w, known := catalog.WeaknessOf(f.ID)
	if !known {
		return
	}
	anybody, ours := w.Fixes()
	p.indent(margin, "fix: "+anybody)
	if ours != "" {
		p.indent(margin, "with "+Ours(ours)+": "+ours)
	}
	if refs := strings.Join(f.References, ", "); refs != "" {
		p.indent(margin, "supports: "+Escape(refs))
	}
}

// title is the first line of a finding, or two of them where one is too short.
func (p *page) title(f Finding) {
	id, at := Escape(string(f.ID)), Escape(f.Location.String())
	lead := "  " + p.o.paint(severityStyle[f.Severity], f.Severity.String())
	lead = pad(lead, max(12, columns(lead)+2))
	if columns(lead)+columns(id)+2+columns(at) <= p.o.Columns() {
		p.line(strings.TrimRight(lead+p.o.Bold(id)+"  "+at, " "))
		return
	}
	p.line(lead + p.o.Bold(p.o.fit(id, p.o.Columns()-columns(lead))))
	p.para("", at)
}

// Tally counts the findings: how many, how many of them are set aside, and how
// many are new against the baseline.
func Tally(r *Report) string {
	var implied, suppressed int
	for _, f := range r.Findings {
		switch aside(f) {
		case 1:
			implied++
		case 2:
			suppressed++
		}
	}
	text := fmt.Sprint(len(r.Findings))
	var parts []string
	if implied > 0 {
		parts = append(parts, fmt.Sprintf("%d implied by others", implied))
	}
	if suppressed > 0 {
		parts = append(parts, fmt.Sprintf("%d suppressed", suppressed))
	}
	if b := r.Baseline; b != nil {
		parts = append(parts, fmt.Sprintf("against the baseline %d new, %d known, %d gone", b.New, b.Known, b.Gone))
	}
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, "; ") + ")"
	}
	return text
}

// Ours names what the second part of a fix is about: the library, or the tool.
func Ours(fix string) string {
	for _, s := range []string{"guard", "`g.", "`Issuer.", "`event."} {
		if strings.Contains(fix, s) {
			return "guard"
		}
	}
	return "jotsight"
}

// reasons lists why checks came to no verdict, each reason once.
func (p *page) reasons(heading string, list []Reason) {
	if len(list) == 0 {
		return
	}
	p.heading(heading)
	for _, r := range list {
		p.hang(Escape(r.Why) + ": " + Escape(strings.Join(r.Names, ", ")))
	}
}

func (p *page) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	p.heading(heading)
	for _, item := range items {
		p.hang(Escape(item))
	}
}

// hang writes a text with its further lines indented.
func (p *page) hang(text string) {
	for i, l := range Wrap(text, p.o.Columns()-4) {
		p.line("  " + strings.Repeat("  ", min(i, 1)) + l)
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
