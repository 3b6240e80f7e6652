package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

var _ = add(Check{
	ID:     catalog.UntrustedKeyHeader,
	Counts: "jku, x5u, jwk or x5c of a token's header is fetched, parsed, or made the key. Comparing it with a list first, or refusing tokens that have it, is right.",
	Run: func(p *pass) {
		names := headerParameter("jku", "x5u", "jwk", "x5c")
		for _, fn := range p.program.Funcs {
			where := tainted(fn, names)
			if where.from.File == nil {
				continue
			}
			p.looks()
			if p.screens(fn, where) {
				continue
			}
			report := func(at ir.Span, how string) {
				p.report(fault{
					at: at, fn: fn, what: how, confidence: finding.Firm,
					related: []place{{where.from, fn, "reads where the key is from the header of the token"}, {at, fn, how}},
					message: fmt.Sprintf("%s: the token itself says with which key it is verified", name(fn)),
				})
			}
			said := false
			ir.Walk(fn.Body, func(st ir.Stmt) bool {
				if r, ok := st.(*ir.Return); ok && !said {
					for _, v := range r.Values {
						if _, isCall := v.(*ir.Call); !isCall && where.in(v) && parameterish(v) {
							said = true
							report(r.Span, "becomes the key")
						}
					}
				}
				return true
			}, func(e ir.Expr) bool {
				call, ok := e.(*ir.Call)
				if !ok || said {
					return true
				}
				for _, a := range call.Args {
					if where.in(a) {
						said = true
						report(call.Span, "is handed to "+callee(call))
						break
					}
				}
				return true
			})
		}
	},
})

// parameterish: the value itself, and not a comparison with it.
func parameterish(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.Op:
		return e.Kind == ir.Or || e.Kind == ir.Add || e.Kind == ir.Template
	}
	return true
}
