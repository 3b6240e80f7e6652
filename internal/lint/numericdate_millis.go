package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.NumericdateMillis,
	Counts: "exp, iat or nbf of a token is made from a time in milliseconds that nothing divides. NumericDate counts seconds: the token lives for tens of " +
		"thousands of years, and every verifier is content.",
	Run: func(p *pass) {
		issues := map[*ir.Func]*flow.Op{}
		for _, op := range p.Ops {
			if op.Kind != library.Issue {
				continue
			}
			p.looks()
			if op.Func != nil && !op.Guessed {
				issues[op.Func] = op
			}
			claims, _ := p.fieldsOf(op)
			for _, c := range claims {
				p.millis(op, op.Func, c.name, c.Span, c.value)
			}
		}
		for _, fn := range p.program.Funcs { // claims that are put together beside the call
			op := issues[fn]
			if op == nil {
				continue
			}
			ir.Walk(fn.Body, func(st ir.Stmt) bool {
				set, ok := st.(*ir.Set)
				if !ok || len(set.Left) != len(set.Right) {
					return true
				}
				for i, left := range set.Left {
					switch l := left.(type) {
					case *ir.Member:
						p.millis(op, fn, l.Name, set.Span, set.Right[i])
					case *ir.Index:
						if c, ok := l.Key.(*ir.Const); ok {
							p.millis(op, fn, c.Text, set.Span, set.Right[i])
						}
					}
				}
				return true
			}, func(e ir.Expr) bool {
				x, ok := e.(*ir.Object)
				if !ok {
					return true
				}
				for _, f := range x.Fields {
					p.millis(op, fn, f.Name, f.Span, f.Value)
				}
				return true
			})
		}
		for _, l := range p.leaks(flow.Millis, "claim") {
			p.report(fault{
				at: l.Span, fn: l.Func, what: "millis", related: carried(l, "becomes a time of the token"),
				message: fmt.Sprintf("%s: a time of the token is in milliseconds, where seconds are meant", name(l.Func)),
			})
		}
	},
})

func (p *pass) millis(op *flow.Op, fn *ir.Func, claim string, at ir.Span, value ir.Expr) {
	if claim != "exp" && claim != "iat" && claim != "nbf" || value == nil {
		return
	}
	from := p.milliseconds(value, fn, 4)
	if from.File == nil {
		return
	}
	if home := p.around(at); home != nil {
		fn = home
	}
	p.report(fault{
		at: at, fn: fn, what: claim,
		related: []place{{from, fn, "a time in milliseconds"}, {op.Span, op.Func, does(op)}},
		message: fmt.Sprintf("%s: %s is in milliseconds, where seconds are meant", name(fn), claim),
	})
}

// milliseconds finds the source of a time in milliseconds in an expression that
// nothing scales down.
func (s *subject) milliseconds(e ir.Expr, fn *ir.Func, deep int) (from ir.Span) {
	if e == nil || deep == 0 {
		return from
	}
	switch e := e.(type) {
	case *ir.Op:
		if e.Kind == ir.Div || e.Kind == ir.Slice || e.Kind == ir.Other {
			return from
		}
		for _, a := range e.Args {
			if from = s.milliseconds(a, fn, deep); from.File != nil {
				return from
			}
		}
	case *ir.Call:
		if s.isMillis(e) {
			return e.Span
		}
		switch callee(e) { // what neither scales nor changes
		case "floor", "round", "ceil", "trunc", "Number", "parseInt", "int64", "float64", "long", "+", "valueOf":
			for _, a := range e.Args {
				if from = s.milliseconds(a, fn, deep-1); from.File != nil {
					return from
				}
			}
		}
	case *ir.Convert:
		return s.milliseconds(e.X, fn, deep)
	case *ir.Cond:
		if from = s.milliseconds(e.Then, fn, deep); from.File == nil {
			from = s.milliseconds(e.Else, fn, deep)
		}
	case *ir.Name:
		if fn == nil || e.Var.Func == nil {
			return from
		}
		ir.Walk(e.Var.Func.Body, func(st ir.Stmt) bool {
			if set, ok := st.(*ir.Set); ok && len(set.Left) == len(set.Right) {
				for i, left := range set.Left {
					if n, ok := left.(*ir.Name); ok && n.Var == e.Var && from.File == nil {
						from = s.milliseconds(set.Right[i], fn, deep-1)
					}
				}
			}
			return true
		}, nil)
	}
	return from
}

func (s *subject) isMillis(call *ir.Call) bool {
	for _, t := range s.resolver.Targets(call) {
		if t.Row != nil && t.Row.Marks == library.Millis {
			return true
		}
	}
	switch callee(call) { // what no type is known of
	case "UnixMilli", "getTime", "currentTimeMillis", "toEpochMilli":
		return true
	case "now":
		m, ok := call.Fun.(*ir.Member)
		if !ok {
			x, ok := call.Fun.(*ir.Extern)
			return ok && x.Symbol == "js:Date.now"
		}
		x, ok := m.X.(*ir.Extern)
		return ok && x.Symbol == "js:Date"
	}
	return false
}
