package javascript

import (
	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A thing is what a name, or a chain of members, stands for before anything runs.
type thing struct {
	kind kindOf
	v    *ir.Var
	f    *ir.Func
	c    *ir.Class
	m    *module
	sym  string
}

type kindOf uint8

const (
	unknown  kindOf = iota
	variable        // v
	function        // f
	class           // c
	whole           // m, as import * and require see it
	own             // the name module in a CommonJS module
	pkg             // sym, a package without #: its namespace and its default export
	outside         // sym
)

// A binding is a name of a scope or an export. Those that come from elsewhere have a
// ref, which resolve follows once; that of a module's own names and exports happens in
// link, before several goroutines ask.
type binding struct {
	name  string
	is    thing
	ref   *ref
	state state
	outer *binding // that it hides
	at    int      // among those that are declared
}

type state uint8

const (
	open state = iota
	busy       // asked again while it is being answered: exports in a circle
	done
)

func (b *binding) resolve() thing {
	if b.ref != nil && b.state == open {
		b.state = busy
		b.is = b.ref.resolve()
		b.state = done
	}
	return b.is
}

// A ref is what an import means: a thing or a binding, and the way from there.
type ref struct {
	base thing
	from *binding
	path []string
}

func (r *ref) resolve() thing {
	t := r.base
	if r.from != nil {
		t = r.from.resolve()
	}
	for _, name := range r.path {
		t = t.member(name)
	}
	return t
}

// member is the thing that a member of t stands for, or an unknown one where that is
// a matter of values.
func (t thing) member(name string) thing {
	switch t.kind {
	case pkg:
		if name == "default" {
			return t
		}
		return thing{kind: outside, sym: t.sym + "#" + name}
	case outside:
		if t.global() {
			return thing{kind: outside, sym: "js:" + name}
		}
		return thing{kind: outside, sym: t.sym + "." + name}
	case whole:
		return t.m.export(name)
	case own:
		if name == "exports" {
			return thing{kind: whole, m: t.m}
		}
	}
	return thing{}
}

// global reports whether t is the object that holds what is global.
func (t thing) global() bool {
	switch t.sym {
	case "js:globalThis", "js:window", "js:global", "js:self":
		return true
	}
	return false
}

// scope is a place to return to when names go out of scope.
type scope int

func (l *lowerer) enter() scope { return scope(len(l.declared)) }

func (l *lowerer) leave(s scope) {
	for i := len(l.declared) - 1; i >= int(s); i-- {
		if b := l.declared[i]; b.outer == nil {
			delete(l.names, b.name)
		} else {
			l.names[b.name] = b.outer
		}
	}
	l.declared = l.declared[:s]
}

// declare makes a name known in the current scope. A second declaration of it in the
// same scope, as var allows, answers the first.
func (l *lowerer) declare(name string, s scope) (b *binding, fresh bool) {
	old := l.names[name]
	if old != nil && old.at >= int(s) && old.at < len(l.declared) && l.declared[old.at] == old {
		return old, false
	}
	b = l.bindings.take()
	b.name, b.outer, b.at = name, old, len(l.declared)
	l.names[name] = b
	l.declared = append(l.declared, b)
	return b, true
}

// variable declares a variable of the current function.
func (l *lowerer) variable(n ecma.Node, name string, s scope) *ir.Var {
	b, fresh := l.declare(name, s)
	if !fresh && b.is.kind == variable {
		return b.is.v
	}
	v := l.newVar(n, name)
	b.is, b.ref = thing{kind: variable, v: v}, nil
	return v
}

func (l *lowerer) newVar(n ecma.Node, name string) *ir.Var {
	v := l.vars.take()
	v.Span, v.Name, v.Func, v.Param = l.span(n), name, l.fn, -1
	return v
}

// look answers what a name stands for here; names that nobody declared are global.
func (l *lowerer) look(name string) thing {
	if b := l.names[name]; b != nil {
		return b.resolve()
	}
	switch name {
	case "module":
		return thing{kind: own, m: l.m}
	case "exports":
		return thing{kind: whole, m: l.m}
	}
	return thing{kind: outside, sym: l.intern("js:", name, "")}
}

// intern joins a symbol, which is the same string each time.
func (l *lowerer) intern(a, b, c string) string {
	l.text = append(append(append(l.text[:0], a...), b...), c...)
	if s, ok := l.symbols[string(l.text)]; ok {
		return s
	}
	s := string(l.text)
	l.symbols[s] = s
	return s
}
