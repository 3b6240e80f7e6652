package javascript

import (
	"iter"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// hoist declares what the statements of a block declare, before any of them is read,
// because functions are called above where they stand. Its var statements belong to
// the function, whose block says outer.
func (l *lowerer) hoist(list iter.Seq[ecma.Node], s scope, outer bool) {
	for n := range list {
		l.hoistOne(n, s, outer)
	}
}

func (l *lowerer) hoistOne(n ecma.Node, s scope, outer bool) {
	switch n.Kind() {
	case ecma.ExportNamedDeclaration, ecma.ExportDefaultDeclaration:
		if d := n.Child(ecma.RoleDeclaration); d.OK() {
			l.hoistOne(d, s, outer)
		}
	case ecma.VariableDeclaration:
		if !n.Has(ecma.Declare) && (outer || !n.Has(ecma.Var)) {
			l.hoistVariables(n, s)
		}
	case ecma.FunctionDeclaration:
		if !n.Body().OK() || n.Name() == "" {
			return // an overload, or export default function () {}
		}
		b, _ := l.declare(n.Name(), s)
		f := l.newFunc(n, n.Name())
		b.is, b.ref = thing{kind: function, f: f}, nil
		l.m.functions[n.Index()] = f
	case ecma.ClassDeclaration, ecma.TSInterfaceDeclaration, ecma.TSTypeAliasDeclaration:
		if n.Name() == "" {
			return
		}
		b, fresh := l.declare(n.Name(), s)
		if !fresh && n.Kind() != ecma.ClassDeclaration {
			if b.is.kind == class {
				l.m.byNode[n.Index()] = b.is.c // merged with the class of that name
			}
			return // a type that shares its name with a value
		}
		c := l.newClass(n, n.Name())
		c.Interface = n.Kind() == ecma.TSInterfaceDeclaration
		b.is, b.ref = thing{kind: class, c: c}, nil
	case ecma.TSEnumDeclaration:
		if n.Name() != "" {
			l.variable(n.Child(ecma.RoleID), n.Name(), s)
		}
	case ecma.TSModuleDeclaration:
		if id := n.Child(ecma.RoleID); id.Is(ecma.Identifier) && n.Body().OK() && !n.Has(ecma.Declare) {
			if b := l.names[id.Name()]; b == nil {
				l.variable(id, id.Name(), s)
			}
		}
	case ecma.ImportDeclaration:
		target := l.m.target(n.Source())
		for spec := range n.All(ecma.RoleSpecifiers) {
			b, _ := l.declare(spec.Child(ecma.RoleLocal).Name(), s)
			b.ref = &ref{base: target}
			if name := spec.Imported(); name != "*" {
				b.ref.path = []string{name}
			}
		}
	case ecma.TSImportEqualsDeclaration:
		if r, ok := l.static(n.Child(ecma.RoleReference)); ok {
			b, _ := l.declare(n.Name(), s)
			b.ref = &r
		}
	case ecma.LabeledStatement:
		l.hoistOne(n.Body(), s, outer)
	}
}

func (l *lowerer) hoistVariables(n ecma.Node, s scope) {
	for d := range n.All(ecma.RoleDeclarations) {
		id := d.Child(ecma.RoleID)
		if r, ok := l.required(d.Init()); ok && l.bindRequired(n, id, r, s) {
			continue
		}
		l.hoistPattern(id, s)
	}
}

// hoistPattern declares the names of a pattern.
func (l *lowerer) hoistPattern(n ecma.Node, s scope) {
	switch n.Kind() {
	case ecma.Identifier:
		v := l.variable(n, n.Name(), s)
		if t := n.Type(); t.OK() && v.Type == nil {
			l.m.typed = append(l.m.typed, typedVar{v, t})
		}
	case ecma.ObjectPattern:
		for p := range n.All(ecma.RoleProperties) {
			if p.Is(ecma.RestElement) {
				l.hoistPattern(p.Child(ecma.RoleArgument), s)
				continue
			}
			l.hoistPattern(p.Child(ecma.RoleValue), s)
		}
	case ecma.ArrayPattern:
		for e := range n.All(ecma.RoleElements) {
			l.hoistPattern(e, s)
		}
	case ecma.AssignmentPattern:
		l.hoistPattern(n.Child(ecma.RoleLeft), s)
	case ecma.RestElement:
		l.hoistPattern(n.Child(ecma.RoleArgument), s)
	}
}

// hoistVar declares the var statements within blocks, which belong to the function.
func (l *lowerer) hoistVar(n ecma.Node, s scope) {
	switch n.Kind() {
	case ecma.VariableDeclaration:
		if n.Has(ecma.Var) {
			l.hoistVariables(n, s)
		}
	case ecma.BlockStatement, ecma.IfStatement, ecma.ForStatement, ecma.ForInStatement, ecma.ForOfStatement, ecma.WhileStatement,
		ecma.DoWhileStatement, ecma.TryStatement, ecma.CatchClause, ecma.SwitchStatement, ecma.SwitchCase, ecma.LabeledStatement,
		ecma.WithStatement:
		for c := range n.Children() {
			l.hoistVar(c, s)
		}
	}
}

// hoistBody declares what a function, or a module, holds.
func (l *lowerer) hoistBody(body ecma.Node, s scope) {
	l.hoist(body.Statements(), s, true)
	if l.m.vars {
		for n := range body.Statements() {
			if !n.Is(ecma.VariableDeclaration) {
				l.hoistVar(n, s)
			}
		}
	}
}

// bindRequired makes the names of const x = require("y"), const {a, b: c} =
// require("y") and the like names of imports. It declines patterns that say more.
func (l *lowerer) bindRequired(decl, id ecma.Node, r ref, s scope) bool {
	constant := func(name string) bool { return decl.Has(ecma.Const) || !l.m.assigned[name] }
	bind := func(name string, path ...string) {
		b, _ := l.declare(name, s)
		b.is, b.ref = thing{}, &ref{base: r.base, from: r.from, path: append(append([]string(nil), r.path...), path...)}
	}
	switch id.Kind() {
	case ecma.Identifier:
		if !constant(id.Name()) {
			return false
		}
		bind(id.Name())
		return true
	case ecma.ObjectPattern:
		for p := range id.All(ecma.RoleProperties) {
			if v := p.Child(ecma.RoleValue); !v.Is(ecma.Identifier) || p.Key().Name() == "" || !constant(v.Name()) {
				return false
			}
		}
		for p := range id.All(ecma.RoleProperties) {
			bind(p.Child(ecma.RoleValue).Name(), p.Key().Name())
		}
		return true
	}
	return false
}

// required answers what require("x"), its members and await import("x") stand for.
func (l *lowerer) required(n ecma.Node) (ref, bool) {
	n = n.Plain()
	switch n.Kind() {
	case ecma.MemberExpression:
		if n.Property() == "" {
			return ref{}, false
		}
		r, ok := l.required(n.Object())
		if ok {
			r.path = append(r.path, n.Property())
		}
		return r, ok
	case ecma.CallExpression:
		return l.requireCall(n)
	case ecma.AwaitExpression:
		if x := n.Child(ecma.RoleArgument).Plain(); x.Is(ecma.ImportExpression) && x.Arg(0).Is(ecma.StringLiteral) {
			return ref{base: l.m.target(x.Arg(0).Value())}, true
		}
	case ecma.TSExternalModuleReference:
		if x := n.Child(ecma.RoleExpression); x.Is(ecma.StringLiteral) {
			return ref{base: l.m.target(x.Value())}, true
		}
	}
	return ref{}, false
}

// requireCall reads require("x") and the wrappers that compilers put around it.
func (l *lowerer) requireCall(n ecma.Node) (ref, bool) {
	callee, arg := n.Callee().Plain(), n.Arg(0).Plain()
	if !callee.Is(ecma.Identifier) {
		if !callee.Is(ecma.MemberExpression, ecma.SequenceExpression) || !strings.HasPrefix(callee.Property(), "__import") {
			return ref{}, false
		}
	} else {
		switch callee.Name() {
		case "require":
			spec := ""
			switch arg.Kind() {
			case ecma.StringLiteral, ecma.TemplateLiteral:
				spec = arg.Value()
			case ecma.CallExpression:
				spec = l.fixed(arg)
			}
			if spec == "" || arg.Next().OK() || l.names["require"] != nil {
				return ref{}, false
			}
			return ref{base: l.m.target(spec)}, true
		case "__importDefault", "__importStar", "_interopRequireDefault", "_interopRequireWildcard", "__toESM":
		default:
			return ref{}, false
		}
	}
	if arg.Is(ecma.CallExpression) && arg.Callee().Name() == "require" {
		return l.requireCall(arg)
	}
	return ref{}, false
}

// static answers what a name or chain of members stands for, where every step of it
// is known before anything runs.
func (l *lowerer) static(n ecma.Node) (ref, bool) {
	n = n.Plain()
	switch n.Kind() {
	case ecma.Identifier:
		b := l.names[n.Name()]
		if b == nil {
			return ref{base: thing{kind: outside, sym: "js:" + n.Name()}}, n.Name() != "undefined" && n.Name() != "exports" && n.Name() != "module"
		}
		return ref{from: b}, true
	case ecma.MemberExpression:
		r, ok := l.static(n.Object())
		if !ok || n.Property() == "" || r.from != nil && r.from.ref == nil {
			return ref{}, false
		}
		r.path = append(r.path, n.Property())
		return r, true
	}
	return l.required(n)
}

// newFunc makes a function that is to be filled in.
func (l *lowerer) newFunc(n ecma.Node, name string) *ir.Func {
	f := &ir.Func{Span: l.span(n), Name: name, Module: l.m.ir, Outer: l.fn, Class: nil}
	return f
}

func (l *lowerer) newClass(n ecma.Node, name string) *ir.Class {
	c := &ir.Class{Span: l.span(n), Name: name, Module: l.m.ir}
	l.m.byNode[n.Index()] = c
	l.m.classes = append(l.m.classes, c)
	return c
}
