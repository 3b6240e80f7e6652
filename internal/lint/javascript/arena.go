package javascript

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A slab hands out values of one type from blocks, because the nodes of a program are
// many, small, and live equally long.
type slab[T any] struct{ free []T }

const slabSize = 256

func (s *slab[T]) take() *T {
	if len(s.free) == 0 {
		s.free = make([]T, slabSize)
	}
	x := &s.free[0]
	s.free = s.free[1:]
	return x
}

// row copies list to where it can stay.
func (s *slab[T]) row(list []T) []T {
	n := len(list)
	if n == 0 {
		return nil
	}
	if n > len(s.free) {
		if n > slabSize/4 {
			return append([]T(nil), list...)
		}
		s.free = make([]T, 4*slabSize)
	}
	row := s.free[:n:n]
	s.free = s.free[n:]
	copy(row, list)
	return row
}

// An arena makes the nodes of one worker.
type arena struct {
	names    slab[ir.Name]
	externs  slab[ir.Extern]
	consts   slab[ir.Const]
	members  slab[ir.Member]
	calls    slab[ir.Call]
	ops      slab[ir.Op]
	objects  slab[ir.Object]
	dos      slab[ir.Do]
	sets     slab[ir.Set]
	ifs      slab[ir.If]
	returns  slab[ir.Return]
	vars     slab[ir.Var]
	bindings slab[binding]
	exprs    slab[ir.Expr]
	stmts    slab[ir.Stmt]
	fields   slab[ir.Field]

	exprStack  []ir.Expr
	stmtStack  []ir.Stmt
	fieldStack []ir.Field
	text       []byte
}

// one is a row of a single expression.
func (a *arena) one(x ir.Expr) []ir.Expr {
	a.exprStack = append(a.exprStack, x)
	n := len(a.exprStack) - 1
	row := a.exprs.row(a.exprStack[n:])
	a.exprStack = a.exprStack[:n]
	return row
}
