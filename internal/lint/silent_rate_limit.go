package lint

import (
	"fmt"
	"slices"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

var _ = add(Check{
	ID:     catalog.SilentRateLimit,
	Strict: true, // most limiters of libraries are silent, and what stands in front may record
	Counts: "A limiter of a library is mounted without the hook by which one learns that it refuses, or a function that answers 429 records nothing " +
		"in itself or in what it calls.",
	Run: func(p *pass) {
		seen := map[ir.Span]bool{}
		for _, r := range p.Routes {
			for _, link := range r.Chain {
				if link.Row == nil || link.Row.Does != library.Limit || seen[link.Span] {
					continue
				}
				seen[link.Span] = true
				p.looks()
				if !link.Row.Silent || link.Call == nil {
					continue
				}
				var o settings
				p.optionsOf(&o, link.Call, link.Row, 3)
				if _, hooked := o.get(link.Row.Hook...); hooked && p.hookRecords(o, link.Row.Hook) || o.open {
					continue
				}
				p.report(fault{
					at: link.Call.Span, fn: p.around(link.Call.Span), what: callee(link.Call), related: []place{{link.Span, p.around(link.Span), "is mounted here"}},
					message: fmt.Sprintf("%s: the limiter refuses and records nothing", callee(link.Call)),
				})
			}
		}
		for i := range p.deeds() {
			if i == len(p.program.Funcs) {
				break
			}
			fn, d := p.program.Funcs[i], &p.does[i]
			if !d.refuses || !p.mounted(fn) {
				continue
			}
			p.looks()
			recorded := false
			p.reach([]*ir.Func{fn}, func(_ *ir.Func, d *deed) { recorded = recorded || len(d.records) > 0 })
			if !recorded {
				p.report(fault{
					at: p.refusal(fn), fn: fn, what: "429", confidence: finding.Firm,
					message: fmt.Sprintf("%s: requests are refused with 429 and nothing records it", name(fn)),
				})
			}
		}
	},
})

// hookRecords reports whether a function that is given as a hook writes a record. A hook
// that cannot be read is trusted.
func (s *subject) hookRecords(o settings, hooks []string) bool {
	set, _ := o.get(hooks...)
	if set.value == nil {
		return true
	}
	known, records := false, false
	for _, v := range s.resolver.Values(set.value) {
		if v.Func != nil {
			known = true
			s.reach([]*ir.Func{v.Func}, func(_ *ir.Func, d *deed) { records = records || len(d.records) > 0 })
		}
	}
	return records || !known
}

// mounted reports whether a function is a link of a route, or stands within one that makes links.
func (s *subject) mounted(fn *ir.Func) bool {
	return slices.ContainsFunc(s.Routes, func(r *resolve.Route) bool {
		return slices.ContainsFunc(r.Chain, func(l resolve.Link) bool { return l.Func == fn })
	}) || slices.ContainsFunc(s.Ways, func(w *flow.Way) bool { return w.Func == fn })
}

// refusal is the place of the 429 in a function.
func (s *subject) refusal(fn *ir.Func) (at ir.Span) {
	at = head(fn)
	found := false
	ir.Walk(fn.Body, nil, func(e ir.Expr) bool {
		c, isConst := e.(*ir.Const)
		m, isMember := e.(*ir.Member)
		x, isExtern := e.(*ir.Extern)
		if !found && (isConst && c.Text == "429" || isMember && tooMany(m.Name) || isExtern && tooMany(x.Symbol)) {
			found, at = true, e.At()
		}
		return !found
	})
	return at
}
