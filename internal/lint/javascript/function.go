package javascript

import (
	"strconv"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// literal lowers a function that is written as an expression, and names it after what
// it is the value of, after itself, or after the function around it.
func (l *lowerer) literal(n ecma.Node, name string) ir.Expr {
	own := n.Child(ecma.RoleID).Name()
	if name == "" {
		name = own
	}
	if name == "" {
		l.closures++
		name = l.fn.Name + ".func" + strconv.Itoa(l.closures)
	}
	f := l.newFunc(n, name)
	f.Doc = l.doc(n)
	s := l.enter()
	if own != "" {
		b, _ := l.declare(own, s)
		b.is = thing{kind: function, f: f}
	}
	owner := l.class
	if !n.Is(ecma.ArrowFunctionExpression) {
		l.class = nil
	}
	l.function(n, f, nil)
	l.class = owner
	l.leave(s)
	return &ir.FuncRef{Span: l.span(n), Func: f, Literal: true}
}

// function lowers the parameters and the body of f. What prologue emits comes between
// the two.
func (l *lowerer) function(n ecma.Node, f *ir.Func, prologue func()) {
	l.m.funcs = append(l.m.funcs, f)
	outer, closures := l.fn, l.closures
	l.fn, l.closures = f, 0
	s := l.enter()
	mark := len(l.stmtStack)
	f.Async = n.Has(ecma.Async)
	if t := n.Type(); t.OK() {
		if r := l.typeOf(t); r != nil {
			f.Results = []*ir.Type{r}
		}
	}
	l.parameters(n, f, s)
	if prologue != nil {
		prologue()
	}
	if body := n.Body(); body.Is(ecma.BlockStatement) {
		l.hoistBody(body, s)
		l.annotate()
		for c := range body.Statements() {
			l.statement(c)
		}
	} else if body.OK() {
		l.giveBack(body, l.span(body))
	}
	f.Body = l.taken(mark)
	l.leave(s)
	l.fn, l.closures = outer, closures
}

// parameters declares them all, then emits their defaults and takes patterns apart.
func (l *lowerer) parameters(n ecma.Node, f *ir.Func, s scope) {
	for p := range n.All(ecma.RoleParams) {
		id, rest := parameter(p)
		if id.Is(ecma.Identifier) && id.Name() == "this" {
			continue
		}
		var v *ir.Var
		if id.Is(ecma.Identifier) {
			v = l.variable(id, id.Name(), s)
		} else {
			v = l.temporary(id)
			l.hoistPattern(id, s)
		}
		v.Param = len(f.Params)
		v.Type = l.typeOf(p.Type())
		v.Decorators = l.decorators(p)
		f.Params = append(f.Params, v)
		f.Variadic = f.Variadic || rest
	}
	i := 0
	for p := range n.All(ecma.RoleParams) {
		id, _ := parameter(p)
		if id.Is(ecma.Identifier) && id.Name() == "this" {
			continue
		}
		v := f.Params[i]
		i++
		at := l.span(p)
		if d := p.Init(); d.OK() && p.Is(ecma.AssignmentPattern, ecma.TSParameterProperty) {
			l.set(at, l.name(at, v), l.op(at, ir.Or, l.name(at, v), l.expr(d)), false)
		}
		if !id.Is(ecma.Identifier) {
			l.takeApart(id, source{v: v}, true)
		}
	}
}

// parameter is the name or pattern within a parameter.
func parameter(p ecma.Node) (id ecma.Node, rest bool) {
	for {
		switch p.Kind() {
		case ecma.TSParameterProperty:
			p = p.Child(ecma.RoleParameter)
		case ecma.AssignmentPattern:
			p = p.Child(ecma.RoleLeft)
		case ecma.RestElement:
			p, rest = p.Child(ecma.RoleArgument), true
		default:
			return p, rest
		}
	}
}

// decorators are those of a class, a member or a parameter, as calls.
func (l *lowerer) decorators(n ecma.Node) (list []*ir.Call) {
	for d := range n.Decorators() {
		x := l.expr(d.Child(ecma.RoleExpression))
		c, ok := x.(*ir.Call)
		if !ok {
			c = &ir.Call{Span: l.span(d), Fun: x}
		}
		list = append(list, c)
	}
	return list
}
