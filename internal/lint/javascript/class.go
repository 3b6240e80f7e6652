package javascript

import (
	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// classBody fills in a class, and emits what runs when it is made.
func (l *lowerer) classBody(n ecma.Node, c *ir.Class) {
	owner, super := l.class, l.super
	l.class, l.super = c, n.Child(ecma.RoleSuperClass)
	defer func() { l.class, l.super = owner, super }()
	c.Decorators = append(c.Decorators, l.decorators(n)...)
	if l.super.OK() {
		c.Embeds = append(c.Embeds, l.superTypes(l.super)...)
	}
	for t := range n.All(ecma.RoleImplements) {
		if t := l.typeOf(t); t != nil {
			c.Embeds = append(c.Embeds, t)
		}
	}
	if c.Methods == nil {
		c.Methods = map[string]*ir.Func{}
	}
	var constructor ecma.Node
	var starts []ecma.Node
	for m := range n.Members() {
		switch m.Kind() {
		case ecma.MethodDefinition:
			if m.Child(ecma.RoleValue).Body().OK() && m.Key().Name() == "constructor" && !m.Has(ecma.Static) {
				constructor = m
			}
		case ecma.PropertyDefinition:
			if m.Key().Name() != "" && l.property(m, c) {
				starts = append(starts, m)
			}
		}
	}
	l.constructor(n, constructor, starts, c)
	for m := range n.Members() {
		switch m.Kind() {
		case ecma.MethodDefinition:
			if m != constructor {
				l.method(m, c)
			}
		case ecma.PropertyDefinition:
			l.valued(m, c)
		case ecma.StaticBlock:
			l.emit(&ir.Block{Span: l.span(m), Body: l.block(m)})
		}
	}
}

// property declares a field, and reports whether the constructor gives it a value.
func (l *lowerer) property(m ecma.Node, c *ir.Class) bool {
	value := m.Child(ecma.RoleValue).Plain()
	if value.Kind().Function() {
		return false
	}
	v := l.field(c, m.Key().Name(), l.span(m))
	if v.Type == nil {
		v.Type = l.typeOf(m.Type())
	}
	if v.Type == nil && value.Is(ecma.NewExpression) {
		if r, ok := l.static(value.Callee()); ok {
			v.Type = typeOfThing(r.resolve())
		}
	}
	v.Decorators = l.decorators(m)
	return value.OK() && !m.Has(ecma.Static)
}

// maxFields bounds those of one class that are told apart.
const maxFields = 1000

// field is the field of that name, which need not be declared in JavaScript.
func (l *lowerer) field(c *ir.Class, name string, at ir.Span) *ir.Var {
	for _, v := range c.Fields {
		if v.Name == name {
			return v
		}
	}
	v := l.vars.take()
	v.Span, v.Name, v.Class, v.Param = at, name, c, -1
	if len(c.Fields) < maxFields {
		c.Fields = append(c.Fields, v)
	}
	return v
}

// constructor lowers that of c, which sets the fields first.
func (l *lowerer) constructor(n, m ecma.Node, starts []ecma.Node, c *ir.Class) {
	if !m.OK() && len(starts) == 0 {
		return
	}
	at := n
	if m.OK() {
		at = m
	}
	f := l.newFunc(at, c.Name+".constructor")
	f.Class = c
	c.Methods["constructor"] = f
	f.Doc = l.doc(at)
	value := m.Child(ecma.RoleValue)
	l.function(value, f, func() {
		i := 0
		for p := range value.All(ecma.RoleParams) {
			id, _ := parameter(p)
			if id.Is(ecma.Identifier) && id.Name() == "this" || i >= len(f.Params) {
				continue
			}
			param := f.Params[i]
			i++
			if !p.Is(ecma.TSParameterProperty) || !p.Has(ecma.Private|ecma.Protected|ecma.Public|ecma.Readonly|ecma.Override) {
				continue
			}
			v := l.field(c, id.Name(), l.span(p))
			v.Type, v.Decorators = param.Type, param.Decorators
			l.set(l.span(p), l.onThis(l.span(p), id.Name()), l.name(l.span(id), param), false)
		}
		for _, p := range starts {
			x := l.exprNamed(p.Child(ecma.RoleValue), p.Key().Name())
			l.set(l.span(p), l.onThis(l.span(p), p.Key().Name()), x, false)
		}
	})
}

func (l *lowerer) onThis(at ir.Span, name string) ir.Expr {
	return l.member(at, &ir.This{Span: at, Class: l.class}, name, at)
}

// method lowers one, an accessor included.
func (l *lowerer) method(m ecma.Node, c *ir.Class) {
	value := m.Child(ecma.RoleValue)
	name := m.Key().Name()
	if !value.Body().OK() {
		return // an overload, or abstract
	}
	f := l.newFunc(m, c.Name+"."+name)
	f.Class, f.Doc = c, l.doc(m)
	f.Decorators = l.decorators(m)
	if name != "" && !(m.Has(ecma.Setter) && c.Methods[name] != nil) {
		c.Methods[name] = f
	}
	l.function(value, f, nil)
}

// valued lowers fields that are functions, and those of the class itself.
func (l *lowerer) valued(m ecma.Node, c *ir.Class) {
	value, name := m.Child(ecma.RoleValue).Plain(), m.Key().Name()
	switch {
	case !value.OK() || !value.Kind().Function() && !m.Has(ecma.Static) && name != "":
	case value.Kind().Function() && name != "":
		f := l.newFunc(m, c.Name+"."+name)
		f.Class, f.Doc = c, l.doc(m)
		f.Decorators = l.decorators(m)
		c.Methods[name] = f
		l.function(value, f, nil)
	case name != "":
		at := l.span(m)
		left := l.member(at, &ir.ClassRef{Span: at, Class: c}, name, at)
		l.set(at, left, l.exprNamed(value, name), false)
	default:
		l.do(l.span(m), l.expr(value))
	}
}

// superTypes are what a class extends: a class, or what a function such as
// PassportStrategy(Strategy) makes of others.
func (l *lowerer) superTypes(n ecma.Node) (list []*ir.Type) {
	n = n.Plain()
	if !n.Is(ecma.CallExpression) {
		if r, ok := l.static(n); ok {
			if t := typeOfThing(r.resolve()); t != nil {
				list = append(list, t)
			}
		}
		return list
	}
	if r, ok := l.static(n.Callee()); ok {
		if t := typeOfThing(r.resolve()); t != nil && t.Symbol != "" {
			list = append(list, &ir.Type{Symbol: l.intern(t.Symbol, "()", "")})
		}
	}
	for a := range n.Args() {
		if a.Is(ecma.Identifier, ecma.MemberExpression, ecma.CallExpression) && len(list) < 8 {
			list = append(list, l.superTypes(a)...)
		}
	}
	return list
}
