package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.FailOpen,
	Counts: "One verification refuses some failures, and lets the request go on after others: an error of the key source, of the store, or of " +
		"a kind that nobody thought of. It is mounted, no other link before it refuses bad tokens, and it is not called optional. A verification that refuses nothing at all may be meant so, for pages that guests see too; the strict profile names it.",
	Run: func(p *pass) {
		refuses, refuser := map[asked]bool{}, map[asked]bool{}
		for _, w := range p.Ways {
			if w.Outcome != flow.Succeeded && w.Exit == flow.Responds {
				a := askedBy(w)
				refuses[a] = true
				refuser[asked{op: a.op, root: a.root}] = true
			}
		}
		for _, w := range worst(p.Ways, func(w *flow.Way) bool {
			if w.Op.Kind != library.Verify && w.Op.Kind != library.Check || w.Outcome != flow.Failed {
				return false
			}
			p.looks()
			return w.Exit == flow.Serves && !w.Denied && !refusedBefore(w, refuser) &&
				(p.strict || refuses[askedBy(w)] && !w.Again && !optional(w) && !p.byPolicy(w.Func) && w.Root != nil && len(w.Root.Routes) > 0)
		}) {
			p.report(fault{
				at: answers(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: a failed verification lets the request go on at %s", where(w.Root, w.Func), by(w)),
			})
		}
	},
})

// asked is one use of an operation: many share the helper that holds it, and what one
// of them refuses says nothing of another.
type asked struct {
	op   *flow.Op
	root *ir.Func
	at   ir.Span // in the root
}

// refusedBefore reports whether on every route something that runs earlier refuses
// what this way lets through.
func refusedBefore(w *flow.Way, refuser map[asked]bool) bool {
	if w.Root == nil || len(w.Root.Routes) == 0 {
		return false
	}
	for _, r := range w.Root.Routes {
		found := false
		for _, l := range r.Chain {
			if l.Func == w.Root.Func {
				break
			}
			found = found || refuser[asked{op: w.Op, root: l.Func}]
		}
		if !found {
			return false
		}
	}
	return true
}

func askedBy(w *flow.Way) asked {
	a := asked{op: w.Op}
	if w.Root == nil {
		return a
	}
	a.root = w.Root.Func
	for _, s := range w.Steps {
		if s.Func == a.root {
			a.at = s.Span
			break
		}
	}
	return a
}

// optional reports whether a function on the way says by its name that who asks may
// be nobody.
func optional(w *flow.Way) bool {
	for fn := w.Func; fn != nil; fn = fn.Outer {
		if mayBeNobody(fn.Name) {
			return true
		}
	}
	return false
}

func mayBeNobody(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"optional", "anonymous", "guest", "maybe", "public", "unprotected", "allowlist", "whitelist"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}

// byPolicy reports whether fn, or a function that it calls, asks by name whether
// this request needs a token at all: then letting one without go on is meant.
func (p *pass) byPolicy(fn *ir.Func) bool {
	if fn == nil {
		return false
	}
	if asksForNobody(fn) {
		return true
	}
	found := false
	ir.Walk(fn.Body, nil, func(x ir.Expr) bool {
		if c, ok := x.(*ir.Call); ok && !found {
			for _, t := range p.resolver.Targets(c) {
				found = found || t.Func != nil && asksForNobody(t.Func)
			}
		}
		return !found
	})
	return found
}

// asksForNobody looks for such a name in the conditions of a function.
func asksForNobody(fn *ir.Func) bool {
	found := false
	var named func(x ir.Expr)
	named = func(x ir.Expr) {
		switch x := x.(type) {
		case *ir.Name:
			found = found || x.Var != nil && mayBeNobody(x.Var.Name)
		case *ir.Member:
			found = found || mayBeNobody(x.Name)
		case *ir.FuncRef:
			found = found || mayBeNobody(x.Func.Name)
		case *ir.Extern:
			found = found || mayBeNobody(x.Symbol)
		}
		ir.Parts(x, func(ir.Stmt) {}, named)
	}
	ir.Walk(fn.Body, func(s ir.Stmt) bool {
		if i, ok := s.(*ir.If); ok && i.Cond != nil {
			named(i.Cond)
		}
		return !found
	}, func(ir.Expr) bool { return false })
	return found
}
