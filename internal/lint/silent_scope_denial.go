package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID:     catalog.SilentScopeDenial,
	Strict: true, // a 403 need not be about rights, and a wrapper may record it
	Counts: "A branch answers 403, in a program that verifies tokens, and neither the branch nor what it calls writes a record. Branches that are taken because a " +
		"token failed belong to other checks. Denials that are thrown are not looked at.",
	Run: func(p *pass) {
		taken := map[ir.Span]bool{} // answers to failures
		for _, w := range p.Ways {
			if w.Outcome != flow.Succeeded {
				taken[w.At] = true
				taken[w.Branch] = true
			}
		}
		for _, fn := range p.program.Funcs {
			ir.Walk(fn.Body, func(st ir.Stmt) bool {
				branch, ok := st.(*ir.If)
				if !ok {
					return true
				}
				for _, body := range [][]ir.Stmt{branch.Then, branch.Else} {
					p.denial(fn, branch, body, taken)
				}
				return true
			}, nil)
		}
	},
})

func (p *pass) denial(fn *ir.Func, branch *ir.If, body []ir.Stmt, taken map[ir.Span]bool) {
	if taken[branch.Span] {
		return
	}
	var at ir.Span
	recorded := false
	ir.Walk(body, func(st ir.Stmt) bool {
		_, nested := st.(*ir.If)
		return !nested
	}, func(e ir.Expr) bool {
		call, ok := e.(*ir.Call)
		if !ok {
			return true
		}
		for _, t := range p.resolver.Targets(call) {
			switch {
			case t.Row != nil && (t.Row.Does == library.Respond || t.Row.Does == library.Status):
				if t.Row.Code == 403 || p.status(call, t.Row) == 403 {
					at = call.Span
				}
			case t.Row != nil && (t.Row.Does == library.Log || t.Row.Does == library.Metric || t.Row.Does == library.Audit || t.Row.Does == library.Span || t.Row.Does == library.Report):
				recorded = true
			case t.Func != nil:
				p.reach([]*ir.Func{t.Func}, func(_ *ir.Func, d *deed) { recorded = recorded || len(d.records) > 0 })
			}
		}
		return true
	})
	if at.File == nil || taken[at] {
		return
	}
	p.looks()
	if recorded {
		return
	}
	p.report(fault{
		at: at, fn: fn, what: "403", confidence: finding.Firm, related: []place{{branch.Span, fn, "decides"}, {at, fn, "answers 403"}},
		message: fmt.Sprintf("%s: a denial leaves by line %d (403) with no log, metric or alert", name(fn), at.Line()),
	})
}

// status is the status that a call answers with, 0 if it is not known.
func (s *subject) status(call *ir.Call, row *library.Row) int {
	for _, e := range s.argOf(call, row.Status, 2) {
		if x, ok := e.(*ir.Extern); ok && forbidden(x.Symbol) {
			return 403
		}
		if m, ok := e.(*ir.Member); ok && forbidden(m.Name) {
			return 403
		}
		for _, c := range s.consts(e) {
			if c.Kind == ir.Number && c.Text == "403" {
				return 403
			}
		}
	}
	return 0
}

func forbidden(name string) bool {
	n := plain(last(name))
	return n == "forbidden" || n == "statusforbidden" || n == "httpforbidden"
}
