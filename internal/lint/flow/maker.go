package flow

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// made is what a call of a function gives that is not walked, because nothing in it
// matters: an error or object, where each of its returns makes one, as helpers do
// that build the errors of a program.
func (w *walker) made(f *ir.Func) *value {
	v, ok := w.makers[f]
	if !ok {
		if w.makes(f, 0) {
			v = vThing
			if t := f.Results; len(t) == 1 && t[0] != nil && t[0].Symbol == "go:builtin.error" {
				v = vErr
			}
		}
		w.makers[f] = v
	}
	return v
}

func (w *walker) makes(f *ir.Func, depth int) bool {
	if depth > 3 || f.Async {
		return false
	}
	some, all := false, true
	ir.Walk(f.Body, func(s ir.Stmt) bool {
		if r, ok := s.(*ir.Return); ok {
			some = true
			all = all && len(r.Values) == 1 && w.makesOne(r.Values[0], depth)
		}
		return all
	}, func(ir.Expr) bool { return false })
	return some && all
}

func (w *walker) makesOne(e ir.Expr, depth int) bool {
	switch e := e.(type) {
	case *ir.Object:
		return true
	case *ir.Call:
		switch fun := e.Fun.(type) {
		case *ir.FuncRef:
			return w.makes(fun.Func, depth+1)
		case *ir.Extern:
			if len(e.Args) == 0 {
				return false
			}
			switch e.Args[0].(type) {
			case *ir.Const, *ir.Extern: // what wraps another error may give none for none
				row := w.lib.Find(fun.Symbol)
				return row != nil && makesError(row)
			}
		}
	}
	return false
}
