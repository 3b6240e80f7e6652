package javascript

import (
	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// Before there were classes, a function with a prototype was one.

// prototype tells X.prototype, and X.prototype.m with the name of the method.
func prototype(n ecma.Node) (x ecma.Node, method string) {
	if n.Property() != "prototype" {
		method = n.Property()
		if n = n.Object().Plain(); method == "" || !n.Is(ecma.MemberExpression) || n.Property() != "prototype" {
			return ecma.Node{}, ""
		}
	}
	if x = n.Object().Plain(); !x.Is(ecma.Identifier) {
		return ecma.Node{}, ""
	}
	return x, method
}

// classOf makes a class of a function of the top level.
func (l *lowerer) classOf(x ecma.Node) {
	b := l.names[x.Name()]
	if b == nil || b.ref != nil || b.is.kind != function || b.is.f.Class != nil {
		return
	}
	f := b.is.f
	c := &ir.Class{Span: f.Span, Name: f.Name, Module: l.m.ir, Methods: map[string]*ir.Func{"constructor": f}}
	f.Class = c
	l.m.classes = append(l.m.classes, c)
	b.is = thing{kind: class, c: c}
}

// assignPrototype lowers X.prototype.m = function and X.prototype = {…}, and reports
// whether it was one of these.
func (l *lowerer) assignPrototype(left, right ecma.Node) bool {
	if !left.Is(ecma.MemberExpression) {
		return false
	}
	x, name := prototype(left)
	if !x.OK() {
		return false
	}
	b := l.names[x.Name()]
	if b == nil || b.resolve().kind != class || b.is.c.Module != l.m.ir || b.is.c.Interface {
		return false
	}
	c := b.is.c
	if c.Methods == nil {
		c.Methods = map[string]*ir.Func{}
	}
	switch {
	case name != "" && right.Is(ecma.FunctionExpression):
		l.prototypeMethod(c, name, right)
		return true
	case name == "" && right.Is(ecma.ObjectExpression):
		for p := range right.All(ecma.RoleProperties) {
			if v := p.Child(ecma.RoleValue).Plain(); v.Is(ecma.FunctionExpression) && p.Key().Name() != "" {
				l.prototypeMethod(c, p.Key().Name(), v)
			}
		}
		return true
	case name == "" && right.Is(ecma.CallExpression) && right.Callee().Path() == "Object.create":
		if base, _ := prototype(right.Arg(0)); right.Arg(0).Is(ecma.MemberExpression) && base.OK() && base.Name() != c.Name {
			c.Embeds = append(c.Embeds, l.superTypes(base)...)
		}
		return true
	}
	return false
}

func (l *lowerer) prototypeMethod(c *ir.Class, name string, n ecma.Node) {
	f := l.newFunc(n, c.Name+"."+name)
	f.Class, f.Doc = c, l.doc(n)
	if name != "constructor" {
		c.Methods[name] = f
	}
	owner := l.class
	l.class = c
	l.function(n, f, nil)
	l.class = owner
}
