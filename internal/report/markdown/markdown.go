// Package markdown writes reports as GitHub-flavoured Markdown, for the summary
// of a CI job or a comment.
package markdown

import (
	"fmt"
	"io"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

const (
	reference = "https://github.com/jotsight/jotsight/blob/main/docs/reference/weaknesses.md#"
	// most bounds findings and rows: a job summary ends at 1 MiB.
	most = 200
)

// Write writes r: grades, findings with a fold for evidence and fix, the matrix,
// what came to no verdict, and what to do next.
func Write(w io.Writer, r *finding.Report) error {
	p := &page{}
	p.line("## jotsight %s: %s", text(r.Command), code(r.Target))
	p.line("%s.", text(finding.Summary(r)))
	if r.Partial != "" {
		p.line("> **Not whole:** %s.", text(r.Partial))
	}
	if r.OfCode() {
		p.findings(r)
	} else {
		p.grades(r.Grades)
		p.findings(r)
		p.matrix(r.Runs)
		p.reasons("Inconclusive: these are no passes", finding.ByReason(r.Runs, finding.Inconclusive))
		p.reasons("Skipped: these are no passes either", finding.ByReason(r.Runs, finding.Skipped))
	}
	p.list("Notes", r.Notes)
	p.list("Next", finding.Next(r))
	_, err := io.WriteString(w, strings.TrimRight(p.b.String(), "\n")+"\n")
	return err
}

type page struct{ b strings.Builder }

// line writes a block with an empty line behind it.
func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n\n", args...) }

func (p *page) grades(g finding.Grades) {
	p.b.WriteString("| | Grade | Why |\n|---|---|---|\n")
	for _, x := range []struct {
		name  string
		grade finding.Grade
	}{{"**Protection**: were attacks refused?", g.Protection}, {"**Visibility**: were they seen?", g.Visibility}} {
		if !x.grade.Assessed {
			fmt.Fprintf(&p.b, "| %s | not assessed | %s |\n", x.name, text(x.grade.Why))
			continue
		}
		why := []string{text(x.grade.Basis)}
		for _, d := range x.grade.Deductions {
			why = append(why, fmt.Sprintf("−%d %s (%s)", d.Points, text(string(d.ID)), text(d.Why)))
		}
		fmt.Fprintf(&p.b, "| %s | **%s** (%d of 100) | %s |\n", x.name, x.grade.Letter, x.grade.Score, strings.Join(why, "<br>"))
	}
	p.b.WriteString("\n")
}

func (p *page) findings(r *finding.Report) {
	if len(r.Findings) == 0 {
		p.line("### No findings")
		return
	}
	p.line("### Findings: %s", text(finding.Tally(r)))
	for i, f := range finding.Sorted(r.Findings) {
		if i == most {
			p.line("… and %d more, in the other formats.", len(r.Findings)-most)
			break
		}
		p.finding(f)
	}
}

func (p *page) finding(f finding.Finding) {
	mark := ""
	switch {
	case f.Suppressed != nil:
		mark = " (suppressed)"
	case f.Implied != "":
		mark = " (implied)"
	}
	at := ""
	if where := f.Location.String(); where != "" {
		at = " at " + code(where)
	}
	p.line("<details><summary><b>%s</b>%s %s%s: %s</summary>", f.Severity, mark, code(string(f.ID)), at, text(f.Message))
	for _, x := range f.Related {
		p.line("- %s: %s", code(x.Location.String()), text(x.Message))
	}
	for _, e := range f.Evidence {
		p.line("- %s", code(e))
	}
	if f.Implied != "" {
		p.line("Follows from %s, and does not count again.", code(string(f.Implied)))
	}
	if s := f.Suppressed; s != nil {
		until := ""
		if s.Until != "" {
			until = " until " + s.Until
		}
		p.line("Suppressed by %s%s: %s.", text(s.By), text(until), text(s.Reason))
	}
	if f.Confidence != finding.Certain {
		p.line("Confidence: %s.", text(string(f.Confidence)))
	}
	if w, ok := catalog.WeaknessOf(f.ID); ok && f.Implied == "" {
		anybody, ours := w.Fixes()
		p.line("**Fix.** %s", anybody)
		if ours != "" {
			p.line("**With %s.** %s", finding.Ours(ours), ours)
		}
		p.line("Supports: %s. [More](%s)", text(strings.Join(w.Standards(), ", ")), reference+string(w.ID))
	}
	p.line("</details>")
}

func (p *page) matrix(runs []finding.Run) {
	m := finding.MatrixOf(runs)
	if len(m.Rows)+len(m.Notes) == 0 {
		return
	}
	p.line("### Coverage")
	if len(m.Rows) > 0 {
		fmt.Fprintf(&p.b, "| %s |\n|%s\n", strings.Join(m.Head, " | "), strings.Repeat("---|", len(m.Head)))
	}
	for i, row := range m.Rows {
		if i == most {
			break
		}
		for _, c := range row {
			cell := text(c.Text)
			if c.Mood == finding.Bad {
				cell = "**" + cell + "**"
			}
			p.b.WriteString("| " + cell + " ")
		}
		p.b.WriteString("|\n")
	}
	p.b.WriteString("\n")
	for _, n := range m.Notes {
		p.line("%s", text(n))
	}
}

func (p *page) reasons(heading string, list []finding.Reason) {
	var items []string
	for _, r := range list {
		items = append(items, r.Why+": "+strings.Join(r.Names, ", "))
	}
	p.list(heading, items)
}

func (p *page) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	p.line("### %s", heading)
	for _, item := range items[:min(len(items), most)] {
		p.b.WriteString("- " + text(item) + "\n")
	}
	p.b.WriteString("\n")
}

// text makes foreign text plain: what HTML or Markdown could take for markup, a
// link or a mention becomes a character reference, which both only show.
func text(s string) string {
	var b strings.Builder
	for _, r := range finding.Escape(s) {
		if strings.ContainsRune("\\`*_{}[]<>#|~&@\"'!$", r) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return links.Replace(b.String())
}

// links keeps addresses from becoming links by themselves.
var links = strings.NewReplacer("://", "&#58;//", "www.", "www&#46;")

// code is text in the letters of code. It is an element, not backquotes, because
// nothing in a text can end it.
func code(s string) string {
	if s = finding.Escape(s); s == "" {
		return ""
	}
	return "<code>" + text(s) + "</code>"
}
