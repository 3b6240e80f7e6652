package javascript

import (
	"strconv"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A source is what a pattern takes apart: a variable, an expression that may be
// written again because it does nothing (req.body), one that is used once, or a part
// of another source.
type source struct {
	v      *ir.Var
	n      ecma.Node
	x      ir.Expr
	parent *source
	name   string
	key    ecma.Node // computed
	index  int
	depth  int
}

// maxPath bounds how often an outer pattern is written again for an inner one.
const maxPath = 8

func (l *lowerer) from(s *source, at ir.Span) (thing, ir.Expr) {
	switch {
	case s.v != nil:
		return thing{}, l.name(at, s.v)
	case s.x != nil:
		return thing{}, s.x
	case s.parent == nil:
		return l.eval(s.n)
	}
	t, x := l.from(s.parent, at)
	if s.name != "" {
		return l.memberOf(t, x, s.name, at, at)
	}
	x = l.made(t, x, at)
	if s.key.OK() {
		return thing{}, &ir.Index{Span: at, X: x, Key: l.expr(s.key)}
	}
	return thing{}, &ir.Index{Span: at, X: x, Key: l.constant(at, ir.Number, strconv.Itoa(s.index))}
}

// takeApart emits one Set for each name of a pattern.
func (l *lowerer) takeApart(p ecma.Node, s source, declare bool) {
	switch p.Kind() {
	case ecma.ObjectPattern:
		for e := range p.All(ecma.RoleProperties) {
			at := l.span(e)
			if e.Is(ecma.RestElement) {
				o := l.objects.take()
				o.Span = at
				o.Fields = []ir.Field{{Span: at, Value: l.made2(l.from(&s, at))(at)}}
				l.set(at, l.left(e.Child(ecma.RoleArgument)), o, declare)
				continue
			}
			part := source{parent: &s, name: e.Key().Name(), depth: s.depth + 1}
			if part.name == "" {
				part.key = e.Child(ecma.RoleKey)
			}
			l.takePart(e.Child(ecma.RoleValue), part, at, declare)
		}
	case ecma.ArrayPattern:
		i := 0
		for e := range p.All(ecma.RoleElements) {
			at := l.span(e)
			switch e.Kind() {
			case ecma.Hole:
			case ecma.RestElement:
				l.set(at, l.left(e.Child(ecma.RoleArgument)), l.op(at, ir.Slice, l.made2(l.from(&s, at))(at)), declare)
			default:
				l.takePart(e, source{parent: &s, index: i, depth: s.depth + 1}, at, declare)
			}
			i++
		}
	}
}

// takePart gives one element of a pattern its value, or its default.
func (l *lowerer) takePart(p ecma.Node, s source, at ir.Span, declare bool) {
	var otherwise ecma.Node
	if p.Is(ecma.AssignmentPattern) {
		otherwise = p.Child(ecma.RoleRight)
		p = p.Child(ecma.RoleLeft)
	}
	nested := p.Is(ecma.ObjectPattern, ecma.ArrayPattern)
	if nested && !otherwise.OK() && s.depth < maxPath && !s.key.OK() {
		l.takeApart(p, s, declare)
		return
	}
	var left ir.Expr
	var v *ir.Var
	if nested {
		v = l.temporary(p)
		left = l.name(at, v)
	} else if left = l.left(p); left == nil {
		return
	}
	x := l.made2(l.from(&s, at))(at)
	if otherwise.OK() {
		x = l.op(at, ir.Or, x, l.exprNamed(otherwise, p.Name()))
	}
	l.set(at, left, x, declare)
	if nested {
		l.takeApart(p, source{v: v}, declare)
	}
}

// takeApartExpr takes the value of an expression apart.
func (l *lowerer) takeApartExpr(p, init ecma.Node, declare bool) {
	init = init.Plain()
	if pure(init, 6) {
		l.takeApart(p, source{n: init}, declare)
		return
	}
	x := l.expr(init)
	if leaves(p, 0) == 1 {
		l.takeApart(p, source{x: x}, declare)
		return
	}
	v := l.temporary(init)
	l.set(l.span(init), l.name(l.span(p), v), x, true)
	l.takeApart(p, source{v: v}, declare)
}

// pure reports whether an expression is a short chain of names.
func pure(n ecma.Node, depth int) bool {
	switch n.Kind() {
	case ecma.Identifier, ecma.ThisExpression:
		return true
	case ecma.MemberExpression:
		return depth > 0 && n.Property() != "" && pure(n.Object().Plain(), depth-1)
	}
	return false
}

// leaves counts the names of a pattern, and stops at two.
func leaves(p ecma.Node, n int) int {
	switch p.Kind() {
	case ecma.ObjectPattern, ecma.ArrayPattern:
		for c := range p.Children() {
			if c.Role() == ecma.RoleTypeAnnotation {
				continue
			}
			if c.Is(ecma.Property) {
				if c.Has(ecma.Computed) {
					return 2
				}
				c = c.Child(ecma.RoleValue)
			}
			if n = leaves(c, n); n > 1 {
				return n
			}
		}
		return n
	case ecma.AssignmentPattern:
		if l := p.Child(ecma.RoleLeft); l.Is(ecma.Identifier) {
			return n + 1
		}
		return 2
	case ecma.Hole:
		return n
	}
	return n + 1
}

// left lowers what is assigned to, or answers nil for what takes nothing.
func (l *lowerer) left(n ecma.Node) ir.Expr {
	n = n.Plain()
	at := l.span(n)
	switch n.Kind() {
	case ecma.Identifier:
		b := l.names[n.Name()]
		switch {
		case b == nil:
			return l.member(at, l.extern(at, "js:globalThis"), n.Name(), at)
		case b.ref == nil && b.is.kind == variable:
			return l.name(at, b.is.v)
		}
	case ecma.MemberExpression:
		if name, ok := l.exportTarget(n); ok {
			if v := l.m.exported(name); v != nil {
				return l.name(at, v)
			}
			return nil
		}
		x := l.expr(n.Object())
		if name := n.Property(); name != "" {
			return l.member(at, x, name, l.span(n.Child(ecma.RoleProperty)))
		}
		return &ir.Index{Span: at, X: x, Key: l.expr(n.Child(ecma.RoleProperty))}
	case ecma.AssignmentPattern:
		return l.left(n.Child(ecma.RoleLeft))
	case ecma.ObjectPattern, ecma.ArrayPattern:
		v := l.temporary(n)
		return l.name(at, v)
	}
	return nil
}

// assignment emits one.
func (l *lowerer) assignment(n ecma.Node, at ir.Span) {
	left, right := n.Child(ecma.RoleLeft), n.Child(ecma.RoleRight)
	plain := left.Plain()
	if n.Operator() != "=" {
		l.set(at, l.left(left), l.combined(n), false)
		return
	}
	if plain.Is(ecma.ObjectPattern, ecma.ArrayPattern) {
		l.takeApartExpr(plain, right, false)
		return
	}
	if name, ok := l.exportTarget(plain); ok {
		l.assignExport(name, right, at)
		return
	}
	if l.assignPrototype(plain, right.Plain()) {
		return
	}
	name := plain.Name()
	if plain.Is(ecma.MemberExpression) && plain.Object().Is(ecma.ThisExpression) && l.class != nil && name != "" {
		l.field(l.class, name, l.span(plain))
	}
	x := l.exprNamed(right, name)
	l.set(at, l.left(left), x, false)
}

// combined is the value of a += b and the like.
func (l *lowerer) combined(n ecma.Node) ir.Expr {
	kind := ir.Other
	switch n.Operator() {
	case "||=", "??=":
		kind = ir.Or
	case "&&=":
		kind = ir.And
	case "+=":
		kind = ir.Add
	case "-=":
		kind = ir.Sub
	case "*=":
		kind = ir.Mul
	case "/=":
		kind = ir.Div
	}
	left := n.Child(ecma.RoleLeft)
	old := l.again(left)
	return l.op(l.span(n), kind, old, l.exprNamed(n.Child(ecma.RoleRight), left.Plain().Name()))
}

// again reads what is assigned to, which is lowered twice then and must be short.
func (l *lowerer) again(n ecma.Node) ir.Expr {
	n = n.Plain()
	if pure(n, 6) {
		return l.expr(n)
	}
	if key := n.Child(ecma.RoleProperty); n.Is(ecma.MemberExpression) && pure(n.Object().Plain(), 6) && (pure(key, 6) || key.Is(ecma.StringLiteral, ecma.NumericLiteral)) {
		return l.expr(n)
	}
	return &ir.Unknown{Span: l.span(n)}
}

// stepped is the value of i++ and i--.
func (l *lowerer) stepped(n ecma.Node) ir.Expr {
	at, kind := l.span(n), ir.Add
	if n.Operator() == "--" {
		kind = ir.Sub
	}
	return l.op(at, kind, l.again(n.Child(ecma.RoleArgument)), l.constant(at, ir.Number, "1"))
}

// assignExport emits an assignment to module.exports ("") or a member of it. What
// the export merely names needs none.
func (l *lowerer) assignExport(name string, right ecma.Node, at ir.Span) {
	right = right.Plain()
	for right.Is(ecma.AssignmentExpression) && right.Operator() == "=" {
		inner, ok := l.exportTarget(right.Child(ecma.RoleLeft))
		if !ok {
			break
		}
		if inner != "" && inner != name {
			if v := l.m.exported(inner); v != nil {
				name = inner
			}
		}
		right = right.Child(ecma.RoleRight).Plain()
	}
	hint := name
	if name == "" {
		hint = "module.exports"
	}
	v := l.m.exported(name)
	if v == nil {
		if _, ok := l.static(right); !ok && !right.Is(ecma.UnaryExpression) {
			l.do(at, l.exprNamed(right, hint))
		}
		return
	}
	var x ir.Expr
	if name == "" && right.Is(ecma.ObjectExpression) {
		x = l.object(right, true)
	} else {
		x = l.exprNamed(right, hint)
	}
	l.set(at, l.name(at, v), x, false)
}
