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
	ID: catalog.UnawaitedVerify,
	Counts: "A verification that answers with a promise, a library's or an async function of the program, is called and nobody waits for it: it stands " +
		"alone, in a condition, or in a variable that is never awaited, returned or handed on. A promise is true whatever comes of it.",
	Run: func(p *pass) {
		promised := p.promised()
		for _, fn := range p.program.Funcs {
			if fn.Module == nil || fn.Module.Language != ir.JavaScript {
				continue
			}
			p.unawaited(fn, promised)
		}
	},
})

// promised lists the functions of the program that verify a token and are async.
func (s *subject) promised() map[*ir.Func]*flow.Op {
	list := map[*ir.Func]*flow.Op{}
	for _, op := range s.Ops {
		if op.Kind == library.Verify && op.Func != nil && op.Func.Async && len(op.Func.Results) == 0 {
			list[op.Func] = op
		}
	}
	return list
}

func (p *pass) unawaited(fn *ir.Func, promised map[*ir.Func]*flow.Op) {
	report := func(call *ir.Call, how string) {
		fault := fault{
			at: call.Span, fn: fn, what: callee(call), confidence: finding.Firm,
			related: []place{{call.Span, fn, how}},
			message: fmt.Sprintf("%s: the promise of %s is used as if it were its result", name(fn), callee(call)),
		}
		p.report(fault)
	}
	waited := p.waited(fn)
	verifies := func(e ir.Expr) *ir.Call {
		call, ok := e.(*ir.Call)
		if !ok {
			return nil
		}
		for _, t := range p.resolver.Targets(call) {
			if t.Func != nil && promised[t.Func] != nil || t.Row != nil && t.Row.Does == library.Verify && t.Row.Promise {
				p.looks()
				if t.Row != nil && t.Row.Fails.Callback.Set() && len(call.Args) > 0 {
					if f, ok := call.Args[len(call.Args)-1].(*ir.FuncRef); ok && f.Literal {
						return nil // it has a callback
					}
				}
				return call
			}
		}
		return nil
	}
	condition := func(e ir.Expr) {
		for {
			op, ok := e.(*ir.Op)
			if !ok || op.Kind != ir.Not {
				break
			}
			e = op.Args[0]
		}
		if call := verifies(e); call != nil {
			report(call, "is a condition: a promise is always true")
		}
	}
	ir.Walk(fn.Body, func(st ir.Stmt) bool {
		switch st := st.(type) {
		case *ir.Do:
			if call := verifies(st.X); call != nil {
				report(call, "nobody waits for what comes of it")
			}
		case *ir.If:
			condition(st.Cond)
		case *ir.Set:
			if len(st.Left) == 1 && len(st.Right) == 1 {
				n, ok := st.Left[0].(*ir.Name)
				if call := verifies(st.Right[0]); call != nil && ok && n.Var.Func != nil && !waited[n.Var] {
					report(call, "is kept and never awaited")
				}
			}
		}
		return true
	}, nil)
}

// waited lists the variables of a function that are awaited, returned, or handed on.
func (s *subject) waited(fn *ir.Func) map[*ir.Var]bool {
	list := map[*ir.Var]bool{}
	note := func(e ir.Expr) {
		if n, ok := e.(*ir.Name); ok {
			list[n.Var] = true
		}
	}
	var all func(fn *ir.Func, deep int)
	all = func(fn *ir.Func, deep int) {
		ir.Walk(fn.Body, func(st ir.Stmt) bool {
			if r, ok := st.(*ir.Return); ok {
				for _, v := range r.Values {
					note(v)
				}
			}
			return true
		}, func(e ir.Expr) bool {
			switch e := e.(type) {
			case *ir.Await:
				note(e.X)
			case *ir.Call:
				for _, a := range e.Args {
					note(a)
				}
				if m, ok := e.Fun.(*ir.Member); ok && (m.Name == "then" || m.Name == "catch" || m.Name == "finally") {
					note(m.X)
				}
			case *ir.List:
				for _, a := range e.Elems {
					note(a)
				}
			case *ir.FuncRef:
				if e.Literal && deep > 0 {
					all(e.Func, deep-1)
				}
			}
			return true
		})
	}
	all(fn, 6)
	return list
}
