package finding

import (
	"fmt"
	"strings"
)

// OfCode says that a report is about source code: then it has no grades, and its
// runs are no attacks and have no matrix.
func (r *Report) OfCode() bool { return r.Command == "lint" }

// code writes a report about source code, as compilers do: each finding begins
// with file:line:column, which editors and terminals make a link of, and is
// followed by the path through the code and by what would close it, said once a
// weakness.
func (p *page) code(r *Report) {
	explained := map[string]bool{}
	for i, f := range Sorted(r.Findings) {
		if i > 0 {
			p.line("")
		}
		p.place(f)
		p.indent("    ", Escape(f.Message))
		p.path(f)
		for _, e := range f.Evidence {
			p.indent("    ", "evidence: "+Escape(e))
		}
		p.aside(f, "    ")
		if id := string(f.ID); !explained[id] && f.Implied == "" && f.Suppressed == nil {
			explained[id] = true
			p.fixes(f, "    ")
		}
	}
	if len(r.Findings) == 0 {
		p.line(p.o.Bold("No findings"))
	} else {
		p.line("")
		p.line(p.o.Bold("Findings: " + Tally(r)))
	}
	p.list("Notes", r.Notes)
}

// place is the first line of a finding in code.
func (p *page) place(f Finding) {
	at, id := f.Location, Escape(string(f.ID))
	where := Escape(fmt.Sprintf("%s:%d:%d", at.Path, max(at.Line, 1), max(at.Column, 1)))
	if at.Path == "" {
		where = Escape(at.String())
	}
	p.line(p.o.Bold(where) + ": " + p.o.paint(severityStyle[f.Severity], id+" ("+f.Severity.String()+")"))
}

// path writes the places of a finding below each other, the lines of its own file
// without the name of the file.
func (p *page) path(f Finding) {
	width := 0
	at := make([]string, len(f.Related))
	for i, r := range f.Related {
		at[i] = fmt.Sprintf("%s:%d", r.Path, r.Line)
		if r.Path == f.Location.Path || r.Path == "" {
			at[i] = fmt.Sprintf(":%d", r.Line)
		}
		at[i] = Escape(at[i])
		if n := columns(at[i]); n <= p.o.Columns()/2 {
			width = max(width, n)
		}
	}
	for i, r := range f.Related {
		lead := "      " + pad(at[i], width) + "  "
		for j, l := range Wrap(Escape(r.Message), max(p.o.Columns()-columns(lead), 24)) {
			if j == 0 {
				p.line(p.o.paint(dim, lead) + l)
			} else {
				p.line(strings.Repeat(" ", width+8) + l)
			}
		}
	}
}

// indent writes wrapped text behind a margin.
func (p *page) indent(margin, text string) {
	for _, l := range Wrap(text, p.o.Columns()-len(margin)) {
		p.line(margin + l)
	}
}
