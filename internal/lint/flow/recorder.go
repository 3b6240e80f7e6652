package flow

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// recorder says that a function does nothing but write records: it gives nothing
// back, and neither answers, throws nor touches a token. What it asks before it
// writes (a level, a setting, the type of an argument) is how the project keeps its
// log, and not a way on which a failure is forgotten. One that writes because
// something of its own went wrong is none.
func (x *index) recorder(f *ir.Func) bool {
	does := x.bits[f] &^ doesExit
	if f.Module != nil && f.Module.Language == ir.Go {
		does &^= doesThrow // an error that it makes stays in it
	}
	if does != doesRecord || len(f.Results) > 0 {
		return false
	}
	if is, known := x.recorders[f]; known {
		return is
	}
	is := true
	ir.Walk(f.Body, func(s ir.Stmt) bool {
		switch s := s.(type) {
		case *ir.Return:
			is = is && (len(s.Values) == 0 || len(s.Values) == 1 && x.writes(s.Values[0]))
		case *ir.Try:
			is = false
		case *ir.If:
			is = is && !asksOwnError(f, s.Cond)
		}
		return is
	}, func(e ir.Expr) bool {
		if c, ok := e.(*ir.Call); ok {
			for _, t := range x.w.r.Targets(c) {
				is = is && (t.Row == nil || t.Row.Does != library.Save && t.Row.Does != library.Find)
			}
		}
		return is
	})
	x.recorders[f] = is
	return is
}

// writes says that an expression is a call that writes a record.
func (x *index) writes(e ir.Expr) bool {
	c, ok := e.(*ir.Call)
	if !ok {
		return false
	}
	for _, t := range x.w.r.Targets(c) {
		if t.Row != nil && isRecord(t.Row.Does) {
			return true
		}
	}
	return false
}

// asksOwnError says that a condition is about an error that the function was not
// given.
func asksOwnError(f *ir.Func, cond ir.Expr) (found bool) {
	ir.Walk([]ir.Stmt{&ir.Do{Span: cond.At(), X: cond}}, func(ir.Stmt) bool { return true }, func(e ir.Expr) bool {
		n, ok := e.(*ir.Name)
		if ok && n.Var != nil && n.Var.Param < 0 {
			found = found || n.Var.Name == "err" || n.Var.Name == "error" || n.Var.Type != nil && looksLikeError(n.Var.Type.Symbol)
		}
		return !found
	})
	return found
}

// recorded are the ways out of a recorder on which it wrote; all, if it never did.
func recorded(list []exit) []exit {
	var wrote []exit
	for _, x := range list {
		if x.st.rec.tier > None {
			wrote = append(wrote, x)
		}
	}
	if wrote == nil {
		return list
	}
	return wrote
}

// keeps says that of two states that are alike s is the one to keep, and not o: the
// one that was recorded least, but in a recorder the one that it wrote for.
func (w *walker) keeps(s, o *state) bool {
	if w.f != nil && w.f.recorder {
		return o.worse(s)
	}
	return s.worse(o)
}
