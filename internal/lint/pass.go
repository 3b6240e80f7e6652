package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// A pass is one check at work on one program.
type pass struct {
	*subject

	check  Check
	faults []fault
	looked bool // there was something that the check looks at
}

// A fault is a finding in the making.
type fault struct {
	at      ir.Span
	fn      *ir.Func
	route   *resolve.Route // of findings about a route
	message string
	// what tells faults of one function apart, together with their order: the name of
	// the operation or callee.
	what       string
	severity   catalog.Severity // None: that of the catalogue
	confidence finding.Confidence
	related    []place // in the order of the path
	evidence   string  // at most one line; nothing that could hold a secret
}

// A place is one stop of a path, with what happens there.
type place struct {
	ir.Span
	fn   *ir.Func
	what string
}

// looks notes that the program has what the check looks at, so that finding
// nothing is a pass.
func (p *pass) looks() { p.looked = true }

// report adds a fault. Without a place in the source it is none; one that goes by a
// heuristic is for the strict profile.
func (p *pass) report(f fault) {
	p.looked = true
	if f.at.File == nil || f.confidence == finding.Tentative && !p.strict {
		return
	}
	p.faults = append(p.faults, f)
}

// findings turns faults into findings: one a place, in the order of the source,
// with fingerprints that survive moved lines.
func (p *pass) findings() []finding.Finding {
	slices.SortStableFunc(p.faults, func(a, b fault) int {
		return cmp.Or(
			a.at.Compare(b.at),
			strings.Compare(name(a.fn), name(b.fn)), strings.Compare(routeOf(a.route), routeOf(b.route)),
			strings.Compare(a.what, b.what), strings.Compare(a.message, b.message))
	})
	p.faults = slices.CompactFunc(p.faults, func(a, b fault) bool {
		return a.at.File == b.at.File && a.at.Line() == b.at.Line() && a.fn == b.fn && routeOf(a.route) == routeOf(b.route) && (a.what == b.what || a.message == b.message)
	})
	w, _ := catalog.WeaknessOf(p.check.ID)
	var references []string
	for _, c := range w.CWE {
		references = append(references, fmt.Sprintf("CWE-%d", c))
	}
	for _, a := range w.Refs.ASVS {
		references = append(references, "OWASP ASVS 5.0.0 "+a)
	}
	references = append(references, w.Refs.RFC...)
	ordinals := map[string]int{}
	list := make([]finding.Finding, 0, len(p.faults))
	for _, f := range p.faults {
		out := finding.Finding{
			ID: p.check.ID, Severity: f.severity, Confidence: f.confidence, Message: f.message,
			Location: location(f.at, f.fn), References: references,
		}
		if out.Severity == catalog.None {
			out.Severity = w.Severity
		}
		if out.Confidence == "" {
			out.Confidence = finding.Certain
		}
		if f.route != nil {
			out.Location.Method, out.Location.Route = f.route.Method, f.route.Path
		}
		if f.evidence != "" {
			out.Evidence = []string{f.evidence}
		}
		var last place
		for _, r := range f.related {
			if r.File == nil || r.Span == last.Span && r.what == last.what {
				continue
			}
			last = r
			out.Related = append(out.Related, finding.Related{Location: location(r.Span, r.fn), Message: r.what})
		}
		detail := f.what
		key := strings.Join([]string{out.Location.Path, out.Location.Function, out.Location.Method, out.Location.Route, detail}, "\x00")
		if ordinals[key]++; ordinals[key] > 1 {
			detail = fmt.Sprintf("%s#%d", detail, ordinals[key])
		}
		out.Fingerprint = finding.Fingerprint(&out, detail)
		list = append(list, out)
	}
	return list
}

func location(s ir.Span, fn *ir.Func) finding.Location {
	line, column := s.Position()
	return finding.Location{Path: s.File.Path, Line: line, Column: column, Function: name(fn)}
}

// name is that of a function as its frontend gives it: Authenticator.func1 for a
// closure, as in the stack traces of Go.
func name(fn *ir.Func) string {
	if fn == nil {
		return ""
	}
	return fn.Name
}

// routeOf writes a route as in "POST /refresh"; nothing for nil.
func routeOf(r *resolve.Route) string {
	switch {
	case r == nil:
		return ""
	case r.Method == "":
		return r.Path
	}
	return strings.TrimSpace(r.Method + " " + r.Path)
}

// where begins a message: the route through which a root is reached, or the name
// of the function where none is known.
func where(root *flow.Root, fn *ir.Func) string {
	if root == nil || len(root.Routes) == 0 {
		return name(fn)
	}
	at := routeOf(root.Routes[0])
	if at == "" {
		return name(fn)
	}
	switch more := len(root.Routes) - 1; {
	case more == 1:
		at += " and one more route"
	case more > 1:
		at += fmt.Sprintf(" and %d more routes", more)
	}
	return at
}

// line is "line 47", or "file.go:47" where the place is not in the file of home.
func line(at, home ir.Span) string {
	if at.File == home.File {
		return fmt.Sprintf("line %d", at.Line())
	}
	return fmt.Sprintf("%s:%d", at.File.Path, at.Line())
}
