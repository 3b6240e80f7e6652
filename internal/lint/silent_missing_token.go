package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.SilentMissingToken,
	Counts: "A record is what it is for a token that fails, and it must stand on the way that a request without a token takes. " +
		"Where one branch answers for missing and bad tokens alike, it belongs to silent-verify-failure.",
	Run: func(p *pass) {
		said := map[ir.Span]bool{}
		for _, w := range p.Ways {
			if w.Op.Kind == library.Verify && w.Outcome == flow.Failed {
				said[answers(w)] = true
				said[w.At] = true
			}
		}
		for _, w := range worst(p.Ways, func(w *flow.Way) bool {
			if w.Outcome != flow.Absent {
				return false
			}
			if w.Exit == flow.Responds && w.Status >= 200 && w.Status < 400 {
				return false // it goes well without a token
			}
			p.looks()
			return ends(w) && silent(w) && refuses(w) && !said[answers(w)] && !said[w.At]
		}) {
			p.report(fault{
				at: answers(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: a request without a token leaves by %s %s", where(w.Root, w.Func), by(w), unseen(w)),
			})
		}
	},
})

// refuses reports whether a way is a refusal: a branch was taken because there was no
// token, and the answer is none of success.
func refuses(w *flow.Way) bool {
	if w.Status != 0 && w.Status < 400 {
		return false
	}
	return w.Branch.File != nil || w.Central || w.Op.Row != nil && w.Op.Row.Does == library.Guard || testsToken(w)
}

// testsToken reports whether the answer stands in a branch that asks for the variable
// that the token was read into: if (!header) return res.sendStatus(401).
func testsToken(w *flow.Way) bool {
	if w.Func == nil || w.Func != w.Op.Func {
		return false
	}
	var inner *ir.If
	holds := func(s ir.Span, in ir.Span) bool { return s.File == in.File && s.Start <= in.Start && in.End <= s.End }
	read := map[*ir.Var]bool{}
	ir.Walk(w.Func.Body, func(st ir.Stmt) bool {
		switch st := st.(type) {
		case *ir.If:
			if holds(st.Span, w.At) {
				inner = st
			}
		case *ir.Set:
			for i, left := range st.Left {
				if n, ok := left.(*ir.Name); ok && i < len(st.Right) && holds(st.Right[i].At(), w.Op.Span) {
					read[n.Var] = true
				}
			}
		}
		return true
	}, nil)
	if inner == nil {
		return false
	}
	found := false
	ir.Walk([]ir.Stmt{&ir.Do{X: inner.Cond}}, nil, func(e ir.Expr) bool {
		op, ok := e.(*ir.Op)
		if !ok || op.Kind != ir.Not && op.Kind != ir.Equal {
			return true
		}
		for i, a := range op.Args {
			n, ok := a.(*ir.Name)
			if !ok || !read[n.Var] {
				continue
			}
			c, isConst := (*ir.Const)(nil), false
			if op.Kind == ir.Equal && len(op.Args) == 2 {
				c, isConst = op.Args[1-i].(*ir.Const)
			}
			found = found || op.Kind == ir.Not || isConst && (c.Kind == ir.Nil || c.Text == "")
		}
		return true
	})
	return found
}
