package lint

import (
	"slices"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A taint is the variables of one function that hold what comes from a source, or a
// part of it.
type taint struct {
	is   func(ir.Expr) bool // whether an expression is the source
	free []string           // members of it that do no harm
	vars map[*ir.Var]bool
	from ir.Span // the first source; nowhere if there is none
}

// headerParameter is the source of a parameter of a token's header.
func headerParameter(names ...string) func(ir.Expr) bool {
	return func(e ir.Expr) bool { return parameter(e, names...) != "" }
}

// tainted follows a source through the variables of a function. Members with one of
// the names in free are not followed.
func tainted(fn *ir.Func, is func(ir.Expr) bool, free ...string) *taint {
	t := &taint{is: is, free: free, vars: map[*ir.Var]bool{}}
	ir.Walk(fn.Body, nil, func(e ir.Expr) bool {
		if t.from.File == nil && is(e) {
			t.from = e.At()
		}
		return true
	})
	if t.from.File != nil {
		t.spread(fn)
	}
	return t
}

// spread takes in the variables that are set to something tainted, through a few others.
func (t *taint) spread(fn *ir.Func) {
	for range 4 {
		before := len(t.vars)
		ir.Walk(fn.Body, func(st ir.Stmt) bool {
			set, ok := st.(*ir.Set)
			if !ok || len(set.Right) == 0 {
				return true
			}
			for i, left := range set.Left {
				n, ok := left.(*ir.Name)
				if !ok || len(set.Left) > len(set.Right) && i > 0 { // the ok of kid, ok := x.(string), the err of a call
					continue
				}
				if t.in(set.Right[min(i, len(set.Right)-1)]) {
					t.vars[n.Var] = true
				}
			}
			return true
		}, nil)
		if len(t.vars) == before {
			break
		}
	}
}

// in reports whether an expression holds what is tainted. What a file or store
// gives is not what it was asked for.
func (t *taint) in(e ir.Expr) (found bool) {
	var look func(e ir.Expr)
	look = func(e ir.Expr) {
		if found || e == nil {
			return
		}
		switch x := e.(type) {
		case *ir.Name:
			found = t.vars[x.Var]
		case *ir.Member:
			if slices.Contains(t.free, x.Name) {
				return
			}
		case *ir.Index:
			if c, ok := x.Key.(*ir.Const); ok && slices.Contains(t.free, c.Text) {
				return
			}
		case *ir.Call:
			if _, known := sinks[callee(x)]; known && !t.is(e) {
				return
			}
		}
		found = found || t.is(e)
		if !found {
			ir.Parts(e, func(ir.Stmt) {}, look)
		}
	}
	look(e)
	return found
}
