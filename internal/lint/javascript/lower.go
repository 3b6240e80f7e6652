package javascript

import (
	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A lowerer translates one module after the other. One goroutine, one lowerer.
type lowerer struct {
	arena
	symbols map[string]string

	m        *module
	names    map[string]*binding
	declared []*binding
	fn       *ir.Func
	class    *ir.Class // of this
	super    ecma.Node // what that extends
	closures int       // without a name, in fn
}

func newLowerer() *lowerer { return &lowerer{symbols: map[string]string{}} }

// begin turns to a module.
func (l *lowerer) begin(m *module) {
	l.m, l.names, l.declared = m, m.names, l.declared[:0]
	l.fn, l.class, l.super, l.closures = m.ir.Body, nil, ecma.Node{}, 0
}

// maxPassedOn bounds what a module exports of others, which may all do the same.
const maxPassedOn = 2000

// lowerModule fills in the body of a module whose names and exports are known.
func (l *lowerer) lowerModule() {
	body := l.m.ir.Body
	l.m.funcs = append(l.m.funcs, body)
	l.annotate()
	mark := len(l.stmtStack)
	for n := range l.m.tree.Program().Statements() {
		l.statement(n)
	}
	l.conventional()
	body.Body = l.taken(mark)
	l.m.ir.Exports = make(map[string]ir.Expr, len(l.m.exports))
	nowhere := ir.Span{File: l.m.file}
	for _, other := range l.m.all {
		for name, b := range other.exports {
			if len(l.m.ir.Exports) < maxPassedOn && l.m.exports[name] == nil && l.m.ir.Exports[name] == nil && name != "default" {
				l.m.ir.Exports[name] = l.bound(b, nowhere)
			}
		}
	}
	for name, b := range l.m.exports {
		l.m.ir.Exports[name] = l.bound(b, nowhere)
		if t := b.is; t.kind == function && t.f.Module == l.m.ir {
			t.f.Exported = true
		} else if t.kind == class && t.c.Module == l.m.ir {
			for _, f := range t.c.Methods {
				f.Exported = true
			}
		}
	}
}

// annotate resolves the types of the variables that a scope declared.
func (l *lowerer) annotate() {
	for _, t := range l.m.typed {
		t.v.Type = l.typeOf(t.n)
	}
	l.m.typed = l.m.typed[:0]
}

func (l *lowerer) span(n ecma.Node) ir.Span {
	return ir.Span{File: l.m.file, Start: int32(n.Start()), End: int32(n.End())}
}

func (l *lowerer) emit(s ir.Stmt) { l.stmtStack = append(l.stmtStack, s) }

// set emits an assignment. A nil on the left takes nothing.
func (l *lowerer) set(at ir.Span, left, right ir.Expr, declare bool) {
	s := l.sets.take()
	s.Span, s.Left, s.Right, s.Declare = at, l.one(left), l.one(right), declare
	l.emit(s)
}

func (l *lowerer) do(at ir.Span, x ir.Expr) {
	s := l.dos.take()
	s.Span, s.X = at, x
	l.emit(s)
}

// block lowers statements in a scope of their own.
func (l *lowerer) block(n ecma.Node) []ir.Stmt {
	if !n.OK() {
		return nil
	}
	s := l.enter()
	mark := len(l.stmtStack)
	if n.Is(ecma.BlockStatement, ecma.StaticBlock, ecma.SwitchCase) {
		l.hoist(n.Statements(), s, n.Is(ecma.StaticBlock))
		l.annotate()
		for c := range n.Statements() {
			l.statement(c)
		}
	} else {
		l.statement(n)
	}
	l.leave(s)
	return l.taken(mark)
}

// taken takes what was emitted since mark.
func (l *lowerer) taken(mark int) []ir.Stmt {
	row := l.stmts.row(l.stmtStack[mark:])
	l.stmtStack = l.stmtStack[:mark]
	return row
}

// name, temporary, constant, op and member make nodes.
func (l *lowerer) name(at ir.Span, v *ir.Var) ir.Expr {
	x := l.arena.names.take()
	x.Span, x.Var = at, v
	return x
}

// temporary is a variable for what has no name; its own cannot be written.
func (l *lowerer) temporary(n ecma.Node) *ir.Var {
	if n.Is(ecma.ArrayPattern) {
		return l.newVar(n, "[]")
	}
	return l.newVar(n, "{}")
}

func (l *lowerer) constant(at ir.Span, k ir.ConstKind, text string) ir.Expr {
	x := l.consts.take()
	x.Span, x.Kind, x.Text = at, k, text
	return x
}

func (l *lowerer) op(at ir.Span, k ir.OpKind, args ...ir.Expr) ir.Expr {
	x := l.ops.take()
	x.Span, x.Kind, x.Args = at, k, l.exprs.row(args)
	return x
}

func (l *lowerer) member(at ir.Span, x ir.Expr, name string, of ir.Span) *ir.Member {
	m := l.members.take()
	m.Span, m.X, m.Name, m.Of = at, x, name, of
	return m
}

func (l *lowerer) extern(at ir.Span, symbol string) ir.Expr {
	x := l.externs.take()
	x.Span, x.Symbol = at, l.intern(symbol, "", "")
	return x
}
