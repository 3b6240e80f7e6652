package javascript

import (
	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// statement lowers one, and emits what comes of it.
func (l *lowerer) statement(n ecma.Node) {
	at := l.span(n)
	switch n.Kind() {
	case ecma.ExpressionStatement:
		l.effect(n.Child(ecma.RoleExpression), at)
	case ecma.VariableDeclaration:
		if !n.Has(ecma.Declare) {
			for d := range n.All(ecma.RoleDeclarations) {
				l.declarator(d)
			}
		}
	case ecma.FunctionDeclaration:
		l.functionStatement(n)
	case ecma.ClassDeclaration:
		if c := l.m.byNode[n.Index()]; c != nil && !n.Has(ecma.Declare) {
			l.classBody(n, c)
		}
	case ecma.TSInterfaceDeclaration, ecma.TSTypeAliasDeclaration:
		if c := l.m.byNode[n.Index()]; c != nil {
			l.describe(n, c)
		}
	case ecma.TSEnumDeclaration:
		l.enum(n)
	case ecma.TSModuleDeclaration:
		if n.Body().OK() && !n.Has(ecma.Declare) {
			l.emit(&ir.Block{Span: at, Body: l.block(n.Body())})
		}
	case ecma.ExportNamedDeclaration:
		if d := n.Child(ecma.RoleDeclaration); d.OK() {
			l.statement(d)
		}
	case ecma.ExportDefaultDeclaration:
		l.exportDefault(n)
	case ecma.TSExportAssignment:
		l.assignExport("", n.Child(ecma.RoleExpression), at)
	case ecma.BlockStatement:
		l.emit(&ir.Block{Span: at, Body: l.block(n)})
	case ecma.IfStatement:
		l.branch(at, l.expr(n.Child(ecma.RoleTest)), l.block(n.Child(ecma.RoleConsequent)), l.block(n.Child(ecma.RoleAlternate)))
	case ecma.ReturnStatement:
		if arg := n.Child(ecma.RoleArgument); arg.OK() {
			l.giveBack(arg, at)
		} else {
			l.emit(&ir.Return{Span: at})
		}
	case ecma.ThrowStatement:
		l.emit(&ir.Throw{Span: at, X: l.exprOrNil(n.Child(ecma.RoleArgument))})
	case ecma.TryStatement:
		l.try(n)
	case ecma.SwitchStatement:
		l.switchOf(n)
	case ecma.ForStatement, ecma.ForInStatement, ecma.ForOfStatement, ecma.WhileStatement, ecma.DoWhileStatement:
		l.loop(n, "")
	case ecma.LabeledStatement:
		body := n.Body()
		if body.Is(ecma.ForStatement, ecma.ForInStatement, ecma.ForOfStatement, ecma.WhileStatement, ecma.DoWhileStatement) {
			l.loop(body, n.Name())
		} else {
			l.emit(&ir.Block{Span: at, Label: n.Name(), Body: l.block(body)})
		}
	case ecma.BreakStatement:
		l.emit(&ir.Jump{Span: at, Kind: "break", Label: n.Name()})
	case ecma.ContinueStatement:
		l.emit(&ir.Jump{Span: at, Kind: "continue", Label: n.Name()})
	case ecma.WithStatement:
		l.do(at, l.expr(n.Child(ecma.RoleObject)))
		l.emit(&ir.Block{Span: at, Body: l.block(n.Body())})
	}
}

func (l *lowerer) exprOrNil(n ecma.Node) ir.Expr {
	if !n.OK() {
		return nil
	}
	return l.expr(n)
}

func (l *lowerer) branch(at ir.Span, cond ir.Expr, then, other []ir.Stmt) {
	s := l.ifs.take()
	s.Span, s.Cond, s.Then, s.Else = at, cond, then, other
	l.emit(s)
}

// effect lowers an expression whose value nobody wants.
func (l *lowerer) effect(n ecma.Node, at ir.Span) {
	n = n.Plain()
	switch n.Kind() {
	case ecma.SequenceExpression:
		for x := range n.All(ecma.RoleExpressions) {
			l.effect(x, l.span(x))
		}
	case ecma.LogicalExpression:
		cond := l.expr(n.Child(ecma.RoleLeft))
		if n.Operator() != "&&" {
			cond = l.op(cond.At(), ir.Not, cond)
		}
		l.branch(at, cond, l.effectOf(n.Child(ecma.RoleRight)), nil)
	case ecma.ConditionalExpression:
		cond := l.expr(n.Child(ecma.RoleTest))
		l.branch(at, cond, l.effectOf(n.Child(ecma.RoleConsequent)), l.effectOf(n.Child(ecma.RoleAlternate)))
	case ecma.AssignmentExpression:
		l.assignment(n, at)
	case ecma.UpdateExpression:
		arg := n.Child(ecma.RoleArgument)
		l.set(at, l.left(arg), l.stepped(n), false)
	case ecma.StringLiteral, ecma.NumericLiteral: // a directive
	default:
		l.do(at, l.expr(n))
	}
}

func (l *lowerer) effectOf(n ecma.Node) []ir.Stmt {
	mark := len(l.stmtStack)
	l.effect(n, l.span(n))
	return l.taken(mark)
}

// giveBack lowers the return of an expression.
func (l *lowerer) giveBack(n ecma.Node, at ir.Span) {
	n = n.Plain()
	switch n.Kind() {
	case ecma.ConditionalExpression:
		cond := l.expr(n.Child(ecma.RoleTest))
		mark := len(l.stmtStack)
		l.giveBack(n.Child(ecma.RoleConsequent), l.span(n.Child(ecma.RoleConsequent)))
		then := l.taken(mark)
		l.giveBack(n.Child(ecma.RoleAlternate), l.span(n.Child(ecma.RoleAlternate)))
		l.branch(at, cond, then, l.taken(mark))
	case ecma.SequenceExpression:
		for x := range n.All(ecma.RoleExpressions) {
			if x.Next().OK() {
				l.effect(x, l.span(x))
			} else {
				l.giveBack(x, at)
			}
		}
	default:
		r := l.returns.take()
		r.Span, r.Values = at, l.one(l.expr(n))
		l.emit(r)
	}
}

func (l *lowerer) functionStatement(n ecma.Node) {
	f := l.m.functions[n.Index()]
	if f == nil {
		return
	}
	owner := l.class
	l.class = f.Class // of a constructor as it was written before there were classes
	f.Doc = l.doc(n)
	l.function(n, f, nil)
	l.class = owner
}

func (l *lowerer) exportDefault(n ecma.Node) {
	d := n.Child(ecma.RoleDeclaration)
	if d.Is(ecma.FunctionDeclaration, ecma.ClassDeclaration, ecma.TSInterfaceDeclaration) {
		l.statement(d)
		return
	}
	at := l.span(n)
	if v := l.m.exported("default"); v != nil {
		l.set(at, l.name(at, v), l.exprNamed(d, "default"), true)
	}
}

func (l *lowerer) enum(n ecma.Node) {
	b := l.names[n.Name()]
	if b == nil || b.is.kind != variable || n.Has(ecma.Declare) {
		return
	}
	o := &ir.Object{Span: l.span(n)}
	for m := range n.Members() {
		x := l.exprOrNil(m.Child(ecma.RoleInit))
		if x == nil {
			x = l.constant(l.span(m), ir.Number, "")
		}
		o.Fields = append(o.Fields, ir.Field{Span: l.span(m), Name: m.Name(), Value: x})
	}
	l.set(o.Span, l.name(o.Span, b.is.v), o, true)
}

func (l *lowerer) try(n ecma.Node) {
	t := &ir.Try{Span: l.span(n), Body: l.block(n.Child(ecma.RoleBlock))}
	if h := n.Child(ecma.RoleHandler); h.OK() {
		c := &ir.Catch{Span: l.span(h)}
		s := l.enter()
		mark := len(l.stmtStack)
		if p := h.Child(ecma.RoleParam); p.Is(ecma.Identifier) {
			c.Bind = l.variable(p, p.Name(), s)
		} else if p.OK() {
			c.Bind = l.temporary(p)
			l.hoistPattern(p, s)
			l.takeApart(p, source{v: c.Bind}, true)
		}
		body := l.block(h.Body())
		l.stmtStack = append(l.stmtStack, body...)
		c.Body = l.taken(mark)
		l.leave(s)
		t.Catches = []*ir.Catch{c}
	}
	t.Finally = l.block(n.Child(ecma.RoleFinalizer))
	l.emit(t)
}

// switchOf lowers one whose cases share a scope.
func (l *lowerer) switchOf(n ecma.Node) {
	w := &ir.Switch{Span: l.span(n), Tag: l.expr(n.Child(ecma.RoleDiscriminant))}
	if k, ok := w.Tag.(*ir.Const); ok && k.Kind == ir.Bool && k.Text == "true" {
		w.Tag = nil
	}
	s := l.enter()
	for c := range n.All(ecma.RoleCases) {
		l.hoist(c.Statements(), s, false)
	}
	l.annotate()
	for c := range n.All(ecma.RoleCases) {
		arm := &ir.Case{Span: l.span(c)}
		if test := c.Child(ecma.RoleTest); test.OK() {
			arm.Values = l.one(l.expr(test))
		}
		mark := len(l.stmtStack)
		for x := range c.Statements() {
			l.statement(x)
		}
		arm.Body = l.taken(mark)
		arm.Fallthrough = c.Next().OK() && !ends(arm.Body)
		if n := len(arm.Body); n > 0 {
			if j, ok := arm.Body[n-1].(*ir.Jump); ok && j.Kind == "break" && j.Label == "" {
				arm.Body = arm.Body[:n-1]
			}
		}
		w.Cases = append(w.Cases, arm)
	}
	l.leave(s)
	l.emit(w)
}

// ends reports whether nothing runs behind a list of statements.
func ends(list []ir.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	switch last := list[len(list)-1].(type) {
	case *ir.Return, *ir.Throw, *ir.Jump:
		return true
	case *ir.Block:
		return ends(last.Body)
	case *ir.If:
		return ends(last.Then) && ends(last.Else)
	}
	return false
}

func (l *lowerer) loop(n ecma.Node, label string) {
	o := &ir.Loop{Span: l.span(n), Label: label}
	s := l.enter()
	switch n.Kind() {
	case ecma.ForInStatement, ecma.ForOfStatement:
		o.Over = l.expr(n.Child(ecma.RoleRight))
		mark := len(l.stmtStack)
		o.Each = l.each(n.Child(ecma.RoleLeft), n.Is(ecma.ForInStatement), s)
		l.stmtStack = append(l.stmtStack, l.block(n.Body())...)
		o.Body = l.taken(mark)
	case ecma.ForStatement:
		if init := n.Child(ecma.RoleInit); init.Is(ecma.VariableDeclaration) {
			l.hoistOne(init, s, false)
			l.annotate()
			l.statement(init)
		} else if init.OK() {
			l.effect(init, l.span(init))
		}
		o.Cond = l.exprOrNil(n.Child(ecma.RoleTest))
		o.Body = l.block(n.Body())
		if u := n.Child(ecma.RoleUpdate); u.OK() {
			o.Body = append(o.Body, l.effectOf(u)...)
		}
	case ecma.WhileStatement:
		o.Cond = l.expr(n.Child(ecma.RoleTest))
		o.Body = l.block(n.Body())
	case ecma.DoWhileStatement:
		o.Body = l.block(n.Body())
		o.Cond = l.expr(n.Child(ecma.RoleTest))
	}
	l.leave(s)
	l.emit(o)
}

// each is what takes the elements of a loop: the second place, keys being the first.
func (l *lowerer) each(left ecma.Node, keys bool, s scope) []ir.Expr {
	id := left
	if left.Is(ecma.VariableDeclaration) {
		l.hoistOne(left, s, false)
		l.annotate()
		id = left.Child(ecma.RoleDeclarations).Child(ecma.RoleID)
	}
	var x ir.Expr
	if id.Is(ecma.ObjectPattern, ecma.ArrayPattern) {
		v := l.temporary(id)
		x = l.name(l.span(id), v)
		l.takeApart(id, source{v: v}, left.Is(ecma.VariableDeclaration))
	} else {
		x = l.left(id)
	}
	if keys {
		return []ir.Expr{x}
	}
	return []ir.Expr{nil, x}
}

// declarator lowers one variable of a declaration, imports excepted.
func (l *lowerer) declarator(d ecma.Node) {
	id, init := d.Child(ecma.RoleID), d.Init()
	if !init.OK() {
		return
	}
	at := l.span(d)
	if !id.Is(ecma.Identifier) {
		if _, ok := l.required(init); ok && l.imported(id) {
			return
		}
		l.takeApartExpr(id, init, true)
		return
	}
	b := l.names[id.Name()]
	if b == nil || b.ref != nil || b.is.kind != variable {
		return
	}
	l.set(at, l.name(l.span(id), b.is.v), l.exprNamed(init, id.Name()), true)
}

// imported reports whether the names of a pattern were bound as imports.
func (l *lowerer) imported(id ecma.Node) bool {
	for p := range id.All(ecma.RoleProperties) {
		b := l.names[p.Child(ecma.RoleValue).Name()]
		return b != nil && b.ref != nil
	}
	return true
}
