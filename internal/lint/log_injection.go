package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.LogInjection,
	Counts: "A claim of a token that was decoded and not verified, or a parameter of its header, becomes part of a line of plain text. Structured loggers escape their " +
		"attributes. The strict profile also names other text of a request, such as a header or a name.",
	Run: func(p *pass) {
		if p.logged() {
			p.looks()
		}
		for _, op := range p.Ops {
			if op.Kind != library.Decode || op.Call == nil || op.Func == nil || op.Guessed {
				continue
			}
			t := p.claimsOfDecode(op)
			ir.Walk(op.Func.Body, nil, func(e ir.Expr) bool {
				if call, ok := e.(*ir.Call); ok && p.prints(call) && anyIn(t, call.Args) {
					p.report(fault{
						at: call.Span, fn: op.Func, what: callee(call),
						related: []place{{op.Span, op.Func, does(op)}, {call.Span, op.Func, "writes it as plain text"}},
						message: fmt.Sprintf("%s: a claim that nobody has verified is written into a line of plain text, and may forge others", name(op.Func)),
					})
				}
				return true
			})
		}
		if !p.strict {
			return
		}
		for _, l := range p.leaks(flow.User, "log") {
			if l.Obs == nil || !l.Obs.Print {
				continue
			}
			p.report(fault{
				at: l.Span, fn: l.Func, what: "log", related: carried(l, "writes it as plain text"),
				message: fmt.Sprintf("%s: text of the request is written into a line of plain text, and may forge others", name(l.Func)),
			})
		}
	},
})

func anyIn(t *taint, list []ir.Expr) bool {
	for _, e := range list {
		if t.in(e) {
			return true
		}
	}
	return false
}

// prints reports whether a call writes a line of plain text.
func (s *subject) prints(call *ir.Call) bool {
	for _, t := range s.resolver.Targets(call) {
		if t.Row != nil && t.Row.Does == library.Log && t.Row.Plain && !t.Guessed {
			return true
		}
	}
	return false
}
