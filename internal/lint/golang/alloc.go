package golang

import "github.com/jotsight/jotsight/internal/lint/ir"

// A slab allocates many values at once: a program has millions of nodes, and they
// live and die together.
type slab[T any] struct {
	free []T
	size int
}

func (s *slab[T]) get() *T {
	if len(s.free) == 0 {
		s.size = min(max(2*s.size, 16), 256)
		s.free = make([]T, s.size)
	}
	x := &s.free[0]
	s.free = s.free[1:]
	return x
}

// nodes are the slabs of one package.
type nodes struct {
	name     slab[ir.Name]
	member   slab[ir.Member]
	call     slab[ir.Call]
	constant slab[ir.Const]
	op       slab[ir.Op]
	variable slab[ir.Var]
	exprs    []ir.Expr
}

// list makes a list of n expressions.
func (a *nodes) list(n int) []ir.Expr {
	if n > 64 {
		return make([]ir.Expr, n)
	}
	if n > len(a.exprs) {
		a.exprs = make([]ir.Expr, 512)
	}
	list := a.exprs[:n:n]
	a.exprs = a.exprs[n:]
	return list
}
