package lint

import (
	"slices"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// mentions reports whether a function, or one within it, names a field, key,
// method or text of those asked for.
func (s *subject) mentions(fn *ir.Func, names ...string) (found bool) {
	if fn == nil {
		return false
	}
	var look func(fn *ir.Func, deep int)
	look = func(fn *ir.Func, deep int) {
		ir.Walk(fn.Body, nil, func(e ir.Expr) bool {
			switch e := e.(type) {
			case *ir.Member:
				found = found || slices.Contains(names, e.Name)
			case *ir.Const:
				found = found || (e.Kind == ir.String || e.Kind == ir.Keyword) && slices.Contains(names, e.Text)
			case *ir.Object:
				for _, f := range e.Fields {
					found = found || slices.Contains(names, f.Name)
				}
			case *ir.Call:
				found = found || slices.Contains(names, callee(e))
			case *ir.FuncRef:
				if e.Literal && deep > 0 {
					look(e.Func, deep-1)
				}
			}
			return !found
		})
	}
	look(fn, 8)
	return found
}
