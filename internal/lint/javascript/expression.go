package javascript

import (
	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// expr lowers an expression.
func (l *lowerer) expr(n ecma.Node) ir.Expr {
	t, x := l.eval(n)
	return l.made(t, x, l.span(n))
}

// made is x, or else what t stands for as an expression.
func (l *lowerer) made(t thing, x ir.Expr, at ir.Span) ir.Expr {
	if x != nil {
		return x
	}
	t = t.value()
	switch t.kind {
	case variable:
		return l.name(at, t.v)
	case function:
		return &ir.FuncRef{Span: at, Func: t.f}
	case class:
		return &ir.ClassRef{Span: at, Class: t.c}
	case whole:
		return &ir.ModuleRef{Span: at, Module: t.m.ir}
	case pkg:
		return l.extern(at, l.intern(t.sym, "#default", ""))
	case outside:
		return l.extern(at, t.sym)
	case own:
		return l.extern(at, "js:module")
	}
	return &ir.Unknown{Span: at}
}

func (l *lowerer) made2(t thing, x ir.Expr) func(ir.Span) ir.Expr {
	return func(at ir.Span) ir.Expr { return l.made(t, x, at) }
}

// bound is a use of a name.
func (l *lowerer) bound(b *binding, at ir.Span) ir.Expr {
	t, x := l.boundThing(b, at)
	return l.made(t, x, at)
}

// boundThing is what a name stands for; an import that its module does not seem to
// export is a member of that module.
func (l *lowerer) boundThing(b *binding, at ir.Span) (thing, ir.Expr) {
	t := b.resolve()
	if t.kind != unknown || b.ref == nil {
		return t, nil
	}
	t = b.ref.base
	if b.ref.from != nil {
		t = b.ref.from.resolve()
	}
	var x ir.Expr
	for _, name := range b.ref.path {
		t, x = l.memberOf(t, x, name, at, at)
	}
	return t, x
}

// memberOf is a member of a thing, or of an expression.
func (l *lowerer) memberOf(t thing, x ir.Expr, name string, at, of ir.Span) (thing, ir.Expr) {
	if x == nil {
		switch t.kind {
		case pkg:
			if name == "default" {
				return t, nil
			}
			return thing{kind: outside, sym: l.intern(t.sym, "#", name)}, nil
		case outside:
			if t.global() {
				return thing{kind: outside, sym: l.intern("js:", name, "")}, nil
			}
			return thing{kind: outside, sym: l.intern(t.sym, ".", name)}, nil
		}
		if r := t.member(name); r.kind != unknown {
			return r, nil
		}
	}
	return thing{}, l.member(at, l.made(t, x, at), name, of)
}

// eval lowers an expression to a thing, where nothing needs to run to know it, or to
// an expression.
func (l *lowerer) eval(n ecma.Node) (thing, ir.Expr) {
	at := l.span(n)
	switch n.Kind() {
	case ecma.Identifier:
		name := n.Name()
		if b := l.names[name]; b != nil {
			return l.boundThing(b, at)
		}
		if name == "undefined" {
			return thing{}, l.constant(at, ir.Nil, name)
		}
		return l.look(name), nil
	case ecma.MemberExpression:
		return l.evalMember(n, at)
	case ecma.TSNonNullExpression, ecma.TSInstantiationExpression, ecma.TSSatisfiesExpression:
		return l.eval(n.Child(ecma.RoleExpression))
	case ecma.TSAsExpression, ecma.TSTypeAssertion:
		t, x := l.eval(n.Child(ecma.RoleExpression))
		if x == nil && t.kind != variable {
			return t, nil
		}
		if to := l.typeOf(n.Child(ecma.RoleTypeAnnotation)); to != nil {
			return thing{}, &ir.Convert{Span: at, Type: to, X: l.made(t, x, at)}
		}
		return t, x
	case ecma.CallExpression:
		if r, ok := l.requireCall(n); ok {
			return r.resolve(), nil
		}
	case ecma.AwaitExpression:
		if r, ok := l.required(n); ok {
			return r.resolve(), nil
		}
	case ecma.Super:
		if l.super.OK() {
			return l.eval(l.super)
		}
		return thing{kind: outside, sym: "js:super"}, nil
	}
	return thing{}, l.compute(n, at, "")
}

func (l *lowerer) evalMember(n ecma.Node, at ir.Span) (thing, ir.Expr) {
	object, property := n.Object(), n.Child(ecma.RoleProperty)
	if name, ok := l.exportTarget(n); ok && name != "" {
		if v := l.m.exported(name); v != nil {
			return thing{kind: variable, v: v}, nil
		}
	}
	if name := n.Property(); name != "" {
		t, x := l.eval(object)
		return l.memberOf(t, x, name, at, l.span(property))
	}
	return thing{}, &ir.Index{Span: at, X: l.expr(object), Key: l.expr(property)}
}

// exprNamed lowers what is given a name: functions and classes take it.
func (l *lowerer) exprNamed(n ecma.Node, name string) ir.Expr {
	if p := n.Plain(); p.Kind().Function() || p.Is(ecma.ClassExpression) || p.Is(ecma.CallExpression) {
		if p.Is(ecma.CallExpression) {
			if _, ok := l.requireCall(p); ok {
				return l.expr(p)
			}
		}
		return l.compute(p, l.span(p), name)
	}
	return l.expr(n)
}

// compute lowers what is no name, member or import.
func (l *lowerer) compute(n ecma.Node, at ir.Span, name string) ir.Expr {
	switch n.Kind() {
	case ecma.CallExpression, ecma.NewExpression, ecma.TaggedTemplateExpression:
		return l.call(n, at, name)
	case ecma.FunctionExpression, ecma.ArrowFunctionExpression:
		return l.literal(n, name)
	case ecma.ClassExpression:
		if own := n.Name(); own != "" || name == "" {
			name = own
		}
		if name == "" {
			name = "class"
		}
		c := l.newClass(n, name)
		s := l.enter()
		if n.Name() != "" {
			b, _ := l.declare(n.Name(), s)
			b.is = thing{kind: class, c: c}
		}
		l.classBody(n, c)
		l.leave(s)
		return &ir.ClassRef{Span: at, Class: c}
	case ecma.StringLiteral:
		return l.constant(at, ir.String, n.Value())
	case ecma.NumericLiteral, ecma.BigIntLiteral:
		return l.constant(at, ir.Number, n.Text())
	case ecma.BooleanLiteral:
		return l.constant(at, ir.Bool, n.Text())
	case ecma.NullLiteral:
		return l.constant(at, ir.Nil, "null")
	case ecma.RegExpLiteral:
		return l.constant(at, ir.Regexp, n.Text())
	case ecma.TemplateLiteral:
		return l.template(n, at)
	case ecma.ObjectExpression:
		return l.object(n, false)
	case ecma.ArrayExpression:
		return &ir.List{Span: at, Elems: l.rowOf(n, ecma.RoleElements)}
	case ecma.ThisExpression:
		return &ir.This{Span: at, Class: l.class}
	case ecma.UnaryExpression:
		return l.unary(n, at)
	case ecma.UpdateExpression:
		return &ir.Assign{Span: at, Left: l.leftOr(n.Child(ecma.RoleArgument)), Right: l.stepped(n)}
	case ecma.BinaryExpression, ecma.LogicalExpression:
		return l.binary(n, at)
	case ecma.ConditionalExpression:
		return &ir.Cond{Span: at, Test: l.expr(n.Child(ecma.RoleTest)), Then: l.expr(n.Child(ecma.RoleConsequent)), Else: l.expr(n.Child(ecma.RoleAlternate))}
	case ecma.AssignmentExpression:
		return l.assigned(n, at)
	case ecma.SequenceExpression:
		var last ir.Expr
		for x := range n.All(ecma.RoleExpressions) {
			if x.Next().OK() {
				l.effect(x, l.span(x))
			} else {
				last = l.expr(x)
			}
		}
		return last
	case ecma.AwaitExpression, ecma.YieldExpression:
		if arg := n.Child(ecma.RoleArgument); arg.OK() {
			return &ir.Await{Span: at, X: l.expr(arg)}
		}
		return &ir.Unknown{Span: at}
	case ecma.ImportExpression:
		if spec := n.Arg(0); spec.Is(ecma.StringLiteral, ecma.TemplateLiteral) && spec.Value() != "" {
			return l.made(l.m.target(spec.Value()), nil, at)
		}
		if x := l.anyOf(n.Arg(0), at); x != nil {
			return x
		}
		return &ir.Call{Span: at, Fun: l.extern(at, "js:import"), Args: l.rowOf(n, ecma.RoleArguments)}
	case ecma.MetaProperty:
		return l.extern(at, "js:"+n.Text())
	case ecma.Super, ecma.Identifier, ecma.MemberExpression, ecma.TSAsExpression, ecma.TSTypeAssertion, ecma.TSNonNullExpression,
		ecma.TSInstantiationExpression, ecma.TSSatisfiesExpression:
		return l.expr(n)
	}
	return l.mixed(n, at)
}

// mixed is Unknown with what it holds: JSX, and what could not be read.
func (l *lowerer) mixed(n ecma.Node, at ir.Span) ir.Expr {
	u := &ir.Unknown{Span: at}
	mark := len(l.exprStack)
	l.collect(n)
	u.Parts = l.exprs.row(l.exprStack[mark:])
	l.exprStack = l.exprStack[:mark]
	return u
}

// collect pushes the expressions that an element of JSX holds.
func (l *lowerer) collect(n ecma.Node) {
	for c := range n.Children() {
		switch c.Kind() {
		case ecma.JSXAttribute, ecma.JSXElement, ecma.JSXFragment, ecma.JSXExpressionContainer, ecma.JSXSpreadAttribute, ecma.JSXSpreadChild:
			l.collect(c)
		case ecma.JSXName, ecma.JSXText, ecma.Bad, ecma.Type, ecma.PrivateIdentifier:
		case ecma.StringLiteral:
		default:
			x := l.exprNamed(c, n.Name())
			l.exprStack = append(l.exprStack, x)
		}
	}
}

// rowOf lowers a list. A spread element that is not the last of a call is Unknown.
func (l *lowerer) rowOf(n ecma.Node, r ecma.Role) []ir.Expr {
	mark := len(l.exprStack)
	for c := range n.All(r) {
		l.exprStack = append(l.exprStack, l.element(c))
	}
	row := l.exprs.row(l.exprStack[mark:])
	l.exprStack = l.exprStack[:mark]
	return row
}

func (l *lowerer) element(c ecma.Node) ir.Expr {
	switch c.Kind() {
	case ecma.SpreadElement:
		return &ir.Unknown{Span: l.span(c), Parts: l.one(l.expr(c.Child(ecma.RoleArgument)))}
	case ecma.Hole:
		return l.constant(l.span(c), ir.Nil, "undefined")
	}
	return l.expr(c)
}

func (l *lowerer) call(n ecma.Node, at ir.Span, name string) ir.Expr {
	callee := n.Callee()
	if callee.Is(ecma.Identifier) && callee.Name() == "require" && l.names["require"] == nil {
		if x := l.anyOf(n.Arg(0), at); x != nil {
			return x
		}
	}
	c := l.calls.take()
	c.Span, c.New = at, n.Is(ecma.NewExpression)
	c.New = c.New || callee.Is(ecma.Super)
	c.Fun = l.expr(callee)
	if n.Is(ecma.TaggedTemplateExpression) {
		q := n.Child(ecma.RoleQuasi)
		c.Args = l.one(l.template(q, l.span(q)))
		return c
	}
	if k, ok := c.Fun.(*ir.Extern); ok && k.Symbol == "js:Object.assign" && len(l.m.exports) > 0 {
		if target, ok := l.exportTarget(n.Arg(0)); ok && target == "" {
			for a := range n.Args() {
				x := ir.Expr(nil)
				if a.Is(ecma.ObjectExpression) {
					x = l.object(a, true)
				} else {
					x = l.element(a)
				}
				c.Args = append(c.Args, x)
			}
			return c
		}
	}
	mark := len(l.exprStack)
	for a := range n.Args() {
		var x ir.Expr
		switch {
		case a.Is(ecma.SpreadElement) && !a.Next().OK():
			c.Spread = true
			x = l.expr(a.Child(ecma.RoleArgument))
		case name != "" && (a.Kind().Function() || a.Is(ecma.CallExpression)):
			x = l.exprNamed(a, name)
			if a.Kind().Function() {
				name = ""
			}
		default:
			x = l.element(a)
		}
		l.exprStack = append(l.exprStack, x)
	}
	c.Args = l.exprs.row(l.exprStack[mark:])
	l.exprStack = l.exprStack[:mark]
	if m, ok := c.Fun.(*ir.Member); ok && m.Name == "register" {
		l.autoload(n, c)
	}
	return c
}

// template lowers a template literal: pieces that are not empty, and expressions.
func (l *lowerer) template(n ecma.Node, at ir.Span) ir.Expr {
	if q := n.First(); !q.Next().OK() {
		return l.constant(at, ir.String, q.Value())
	}
	mark := len(l.exprStack)
	for c := range n.Children() {
		if c.Is(ecma.TemplateElement) {
			if c.Start() < c.End() {
				l.exprStack = append(l.exprStack, l.constant(l.span(c), ir.String, c.Value()))
			}
			continue
		}
		x := l.expr(c)
		l.exprStack = append(l.exprStack, x)
	}
	x := l.op(at, ir.Template, l.exprStack[mark:]...)
	l.exprStack = l.exprStack[:mark]
	return x
}

// object lowers a literal. Where it is what the module exports, fields that have a
// variable of their own are Sets before.
func (l *lowerer) object(n ecma.Node, exports bool) ir.Expr {
	o := l.objects.take()
	o.Span = l.span(n)
	mark := len(l.fieldStack)
	for p := range n.All(ecma.RoleProperties) {
		f := ir.Field{Span: l.span(p)}
		switch {
		case p.Is(ecma.SpreadElement):
			f.Value = l.expr(p.Child(ecma.RoleArgument))
		default:
			f.Name = p.Key().Name()
			if f.Name == "" && p.Has(ecma.Computed) {
				f.Key = l.expr(p.Child(ecma.RoleKey))
			}
			f.Value = l.propertyValue(p, f.Name)
			if exports && f.Name != "" {
				if v := l.m.exported(f.Name); v != nil {
					l.set(f.Span, l.name(f.Span, v), f.Value, true)
					f.Value = l.name(f.Span, v)
				}
			}
		}
		l.fieldStack = append(l.fieldStack, f)
	}
	o.Fields = l.arena.fields.row(l.fieldStack[mark:])
	clear(l.fieldStack[mark:])
	l.fieldStack = l.fieldStack[:mark]
	return o
}

func (l *lowerer) propertyValue(p ecma.Node, name string) ir.Expr {
	v := p.Child(ecma.RoleValue)
	if v.Is(ecma.AssignmentPattern) { // {a = 1}, which only a pattern may say
		v = v.Child(ecma.RoleLeft)
	}
	return l.exprNamed(v, name)
}

func (l *lowerer) unary(n ecma.Node, at ir.Span) ir.Expr {
	arg := n.Child(ecma.RoleArgument)
	switch n.Operator() {
	case "!":
		return l.op(at, ir.Not, l.expr(arg))
	case "typeof":
		return l.op(at, ir.TypeOf, l.expr(arg))
	case "void":
		if arg.Is(ecma.NumericLiteral) {
			return l.constant(at, ir.Nil, "undefined")
		}
	case "-":
		if arg.Is(ecma.NumericLiteral) {
			return l.constant(at, ir.Number, n.Text())
		}
	case "delete":
		c := l.calls.take()
		c.Span, c.Fun, c.Args = at, l.extern(at, "js:delete"), l.one(l.leftOr(arg))
		return c
	}
	return l.op(at, ir.Other, l.expr(arg))
}

// leftOr is what is assigned to, or Unknown.
func (l *lowerer) leftOr(n ecma.Node) ir.Expr {
	if x := l.left(n); x != nil {
		return x
	}
	return &ir.Unknown{Span: l.span(n)}
}

var binaryOps = map[string]ir.OpKind{
	"&&": ir.And, "||": ir.Or, "??": ir.Or, "==": ir.Equal, "===": ir.Equal, "!=": ir.NotEqual, "!==": ir.NotEqual,
	"<": ir.Less, "<=": ir.LessEqual, ">": ir.Greater, ">=": ir.GreaterEqual, "+": ir.Add, "-": ir.Sub, "*": ir.Mul,
	"/": ir.Div, "instanceof": ir.InstanceOf,
}

func (l *lowerer) binary(n ecma.Node, at ir.Span) ir.Expr {
	left, right := n.Child(ecma.RoleLeft), n.Child(ecma.RoleRight)
	op := n.Operator()
	if op == "in" {
		return &ir.Index{Span: at, X: l.expr(right), Key: l.exprOrName(left)}
	}
	a := l.expr(left)
	return l.op(at, binaryOps[op], a, l.expr(right))
}

// exprOrName lowers the left side of in, which may be a private name.
func (l *lowerer) exprOrName(n ecma.Node) ir.Expr {
	if n.Is(ecma.PrivateIdentifier) {
		return l.constant(l.span(n), ir.String, n.Name())
	}
	return l.expr(n)
}

// assigned lowers an assignment whose value is used.
func (l *lowerer) assigned(n ecma.Node, at ir.Span) ir.Expr {
	left := n.Child(ecma.RoleLeft).Plain()
	right := n.Child(ecma.RoleRight)
	if n.Operator() != "=" {
		return &ir.Assign{Span: at, Left: l.leftOr(left), Right: l.combined(n)}
	}
	if left.Is(ecma.ObjectPattern, ecma.ArrayPattern) {
		v := l.temporary(right)
		l.set(at, l.name(at, v), l.expr(right), true)
		l.takeApart(left, source{v: v}, false)
		return l.name(at, v)
	}
	if name, ok := l.exportTarget(left); ok {
		v := l.m.exported(name)
		if v == nil {
			return l.exprNamed(right, name)
		}
		l.assignExport(name, right, at)
		return l.name(at, v)
	}
	x := l.exprNamed(right, left.Name())
	return &ir.Assign{Span: at, Left: l.leftOr(left), Right: x}
}
