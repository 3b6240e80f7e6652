package flow

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// cond evaluates a condition. It calls k for true, for false, or both, with by
// saying that the outcome of the tracked op has chosen.
func (w *walker) cond(st *state, e ir.Expr, k func(st *state, truth, by bool)) {
	if e == nil {
		k(st, true, false)
		return
	}
	if op, ok := e.(*ir.Op); ok {
		switch {
		case op.Kind == ir.Not && len(op.Args) == 1:
			w.cond(st, op.Args[0], func(st *state, truth, by bool) { k(st, !truth, by) })
			return
		case op.Kind == ir.And && len(op.Args) == 2:
			w.cond(st, op.Args[0], func(st *state, truth, by bool) {
				if !truth {
					k(st, false, by)
					return
				}
				w.cond(st, op.Args[1], func(st *state, truth, by2 bool) { k(st, truth, by2 || by && truth) })
			})
			return
		case op.Kind == ir.Or && len(op.Args) == 2:
			w.cond(st, op.Args[0], func(st *state, truth, by bool) {
				if truth {
					k(st, true, by)
					return
				}
				w.cond(st, op.Args[1], func(st *state, truth, by2 bool) { k(st, truth, by2 || by && !truth) })
			})
			return
		case len(op.Args) == 2:
			w.evals(st, op.Args, func(st *state, vals []*value) {
				by := anyDep(vals)
				truth, known := w.compare(st, op, vals)
				if known {
					k(st, truth, by)
					return
				}
				bad, is := w.errorTest(st, op)
				if !is || !bad {
					k(w.refineCompare(st, op, vals, true), true, by)
				}
				if !is || bad {
					k(w.refineCompare(st, op, vals, false), false, by)
				}
			})
			return
		}
	}
	w.eval(st, e, func(st *state, v *value) {
		if truth, known := v.truth(w.language()); known {
			k(st, truth, v.deps())
			return
		}
		if st.op == nil || st.outcome != Succeeded || !namesError(e) {
			k(w.refined(st, e, true), true, v.deps())
		}
		k(w.refined(st, e, false), false, v.deps())
	})
}

// errorTest says, on a way on which all goes well, that a comparison asks for an
// error, and that it holds if there is one.
func (w *walker) errorTest(st *state, op *ir.Op) (bad, is bool) {
	if st.op == nil || st.outcome != Succeeded || op.Kind != ir.NotEqual && op.Kind != ir.Equal {
		return false, false
	}
	for i := range 2 {
		if c, ok := op.Args[i].(*ir.Const); ok && c.Kind == ir.Nil && namesError(op.Args[1-i]) {
			return op.Kind == ir.NotEqual, true
		}
	}
	return false, false
}

// namesError says that an expression is a variable for an error.
func namesError(e ir.Expr) bool {
	n, ok := e.(*ir.Name)
	if !ok || n.Var == nil {
		return false
	}
	if t := n.Var.Type; t != nil && t.Symbol == "go:builtin.error" {
		return true
	}
	name := strings.ToLower(n.Var.Name)
	return name == "e" || strings.HasPrefix(name, "err") || strings.HasSuffix(name, "err") || strings.HasSuffix(name, "error")
}

// refined is a state that knows that an expression is true, or not.
func (w *walker) refined(st *state, e ir.Expr, truth bool) *state {
	switch e := e.(type) {
	case *ir.Name:
		if e.Var == nil || w.index.moduleVar(e.Var) {
			return st
		}
		old := st.env.of(e.Var)
		if old.kind() != anything {
			return st
		}
		return st.set(e.Var, old.with(func(c *value) {
			switch {
			case w.language() == ir.Go && truth:
				c.is = yes
			case w.language() == ir.Go:
				c.is = no
			case truth:
				c.is = thing
			case c.marks&Token != 0:
				c.is = empty
			default:
				c.is = null
			}
		}))
	case *ir.Assign:
		return w.refined(st, e.Left, truth)
	case *ir.Op:
		if e.Kind == ir.Not && len(e.Args) == 1 {
			return w.refined(st, e.Args[0], !truth)
		}
	}
	return st
}

// refineCompare does the same for a comparison with a constant.
func (w *walker) refineCompare(st *state, op *ir.Op, vals []*value, truth bool) *state {
	if op.Kind != ir.Equal && op.Kind != ir.NotEqual {
		return st
	}
	same := truth == (op.Kind == ir.Equal)
	for i := range 2 {
		n, ok := op.Args[i].(*ir.Name)
		if !ok || n.Var == nil || w.index.moduleVar(n.Var) {
			continue
		}
		other := vals[1-i]
		old := st.env.of(n.Var)
		if old.kind() != anything {
			continue
		}
		switch {
		case other.kind() == null && same:
			return st.set(n.Var, old.with(func(c *value) { c.is = null }))
		case other.kind() == null:
			return st.set(n.Var, old.with(func(c *value) { c.is = thing }))
		case same && other != nil && (other.is == yes || other.is == no || other.is == number || other.is == text):
			return st.set(n.Var, old.with(func(c *value) { c.is, c.n, c.s = other.is, other.n, other.s }))
		}
	}
	return st
}

// compare answers a comparison or negation.
func (w *walker) compare(st *state, op *ir.Op, vals []*value) (truth, known bool) {
	switch op.Kind {
	case ir.Not:
		truth, known = vals[0].truth(w.language())
		return !truth, known
	case ir.Equal, ir.NotEqual:
		if len(vals) != 2 {
			return false, false
		}
		truth, known = equal(vals[0], vals[1], w.language())
		return truth == (op.Kind == ir.Equal), known
	case ir.InstanceOf:
		if len(op.Args) != 2 {
			return false, false
		}
		return w.isA(vals[0], op.Args[1])
	}
	if len(vals) != 2 || !vals[0].counts() || !vals[1].counts() {
		return false, false
	}
	a, b := vals[0].n, vals[1].n
	switch op.Kind {
	case ir.Less:
		return a < b, true
	case ir.LessEqual:
		return a <= b, true
	case ir.Greater:
		return a > b, true
	case ir.GreaterEqual:
		return a >= b, true
	}
	return false, false
}

// equal compares two values as far as they are known.
func equal(a, b *value, language ir.Language) (truth, known bool) {
	ka, kb := a.kind(), b.kind()
	if ka == anything || kb == anything {
		return false, false
	}
	if kb == empty || kb == null && ka != empty {
		a, b, ka, kb = b, a, kb, ka
	}
	switch ka {
	case empty: // nil or "": equal to either, and to nothing else
		return kb == null || kb == empty || kb == text && b.s == "", true
	case null:
		if kb == number && a.miss {
			return b.n == 0, true
		}
		return kb == null, kb != anything
	case yes, no:
		if kb == yes || kb == no {
			return ka == kb, true
		}
	case number:
		if kb == number {
			return a.n == b.n, true
		}
	case text:
		if kb == text {
			return a.s == b.s, true
		}
	}
	return false, false
}

// environment asks whether a condition is about where the program runs, and
// whether what it guards runs for developers alone.
func (w *walker) environment(e ir.Expr) (developers, about bool) {
	text := strings.ToLower(e.At().Text())
	if len(text) > 160 {
		return false, false
	}
	not := false
	for {
		op, ok := e.(*ir.Op)
		if !ok {
			break
		}
		switch op.Kind {
		case ir.Not:
			not, e = !not, op.Args[0]
			continue
		case ir.NotEqual, ir.Equal:
			not = not != (op.Kind == ir.NotEqual)
		default:
			return false, false
		}
		break
	}
	about = strings.Contains(text, "node_env") || strings.Contains(text, "gin.mode") || strings.Contains(text, "app_env") ||
		strings.Contains(text, "environment") || strings.Contains(text, ".env") || strings.Contains(text, "isdev") ||
		strings.Contains(text, "isprod")
	if !about {
		return false, false
	}
	switch {
	case strings.Contains(text, "dev"), strings.Contains(text, "'test'"), strings.Contains(text, `"test"`), strings.Contains(text, "debug"), strings.Contains(text, "local"):
		return !not, true
	case strings.Contains(text, "prod"), strings.Contains(text, "release"):
		return not, true
	}
	return false, false
}

// counts says that the value is a number: what was not found is none.
func (v *value) counts() bool { return v != nil && (v.is == number || v.miss) }
