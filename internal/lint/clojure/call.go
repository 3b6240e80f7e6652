package clojure

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A special lowers a call of a special form or macro.
type special func(b *body, f *form, args []*form, d dest)

// call lowers a list: a special form, a macro or a call.
func (b *body) call(f *form, d dest) {
	head, args := f.kids[0], f.kids[1:]
	switch head.kind {
	case keyword:
		b.naming = ""
		b.lookup(f, head, args, d)
		return
	case symbol:
		b.callNamed(f, head, args, d)
		return
	case deref, table, set:
		if len(args) == 1 {
			b.give(f, b.entry(f, b.value(head), args[0]), d)
			return
		}
	case vector:
		if len(args) == 1 {
			b.give(f, b.member(f, b.value(head), args[0]), d)
			return
		}
	}
	b.naming = ""
	b.give(f, b.apply(f, b.value(head), args), d)
}

// lookup lowers (:key x) and (:key x otherwise).
func (b *body) lookup(f, key *form, args []*form, d dest) {
	if len(args) == 0 {
		b.give(f, b.constant(key), d)
		return
	}
	e := b.member(f, b.value(args[0]), key)
	if len(args) > 1 {
		e = b.op(f, ir.Or, e, b.value(args[1]))
	}
	b.give(f, e, d)
}

// apply makes a call of fun with args.
func (b *body) apply(f *form, fun ir.Expr, args []*form) ir.Expr {
	return &ir.Call{Span: b.span(f), Fun: fun, Args: b.values(args)}
}

func (b *body) callNamed(f, head *form, args []*form, d dest) {
	name := head.text
	if len(name) > 1 {
		switch {
		case name[0] == '.' && name != "..":
			b.give(f, b.method(f, head, args), d)
			return
		case name[len(name)-1] == '.' && name != "..":
			b.give(f, b.construct(f, head, strings.TrimSuffix(name, "."), args), d)
			return
		}
	}
	if s := specialForms[name]; s != nil {
		if _, shadowed := b.scope.find(name); !shadowed {
			s(b, f, args, d)
			return
		}
	}
	m := b.resolve(name)
	switch {
	case m.extern != "":
		b.callExtern(f, head, m.extern, args, d)
	case m.local != nil:
		b.naming = ""
		b.give(f, b.callLocal(f, head, m.local, args), d)
	case m.def != nil:
		b.callDef(f, head, m.def, args, d)
	default:
		b.naming = ""
		if m.class == "" && strings.HasPrefix(name, "def") && len(args) > 1 && args[0].kind == symbol {
			defLike(b, f, args, d)
			return
		}
		b.give(f, b.apply(f, b.symbol(head), args), d)
	}
}

// callExtern lowers a call of a var outside of the program: a macro that we know,
// one that binds or defines as its form tells, or else a function.
func (b *body) callExtern(f, head *form, full string, args []*form, d dest) {
	if s := macros[full]; s != nil {
		s(b, f, args, d)
		return
	}
	b.naming = ""
	space, name := split(full)
	switch {
	case name == "if-let*" || name == "if-lets":
		ifLet(false, false)(b, f, args, d)
		return
	case name == "when-let*" || name == "when-lets":
		ifLet(false, true)(b, f, args, d)
		return
	case compojures[space] && verbs[name]:
		b.give(f, b.compojureRoute(f, head, full, args), d)
		return
	case defns[name] && len(args) > 1 && args[0].kind == symbol:
		defn(b, f, args, d)
		return
	case strings.HasPrefix(name, "def") && space != "clojure.core" && len(args) > 1 && args[0].kind == symbol:
		defLike(b, f, args, d)
		return
	case space != "clojure.core" && b.binds(args):
		b.bindingMacro(f, head, full, args, d)
		return
	}
	if strings.HasPrefix(name, "with-") && space != "clojure.core" {
		n := 0
		for n < len(args) && args[n].kind != list {
			n++
		}
		if n > 0 && n < len(args) {
			b.bodyMacro(f, head, full, args, n, d)
			return
		}
	}
	b.give(f, b.apply(f, b.extern(head, "clj:"+full), args), d)
}

// bodyMacro lowers a macro whose first n arguments say with what its body runs:
// (with-channel request channel …). Names among them that nothing binds it binds.
func (b *body) bodyMacro(f, head *form, full string, args []*form, n int, d dest) {
	b.nested(func() {
		for _, a := range args[:n] {
			if a.kind == symbol && b.resolve(a.text) == (meaning{}) && a.text != "nil" && a.text != "true" && a.text != "false" {
				b.bind(a.text, local{v: b.variable(a.text, a)})
			}
		}
		b.give(f, b.apply(f, b.extern(head, "clj:"+full), args[:n]), dest{})
		b.all(f, args[n:], d)
	})
}

// defns are macros that define functions as defn does.
var defns = words("defn defn- defnk defn-traced defn-spec >defn >defn- defnp defn-memo defhandler defresource-fn")

func (b *body) callLocal(f, head *form, l *local, args []*form) ir.Expr {
	switch {
	case len(l.funcs) > 0:
		return b.apply(f, &ir.FuncRef{Span: b.span(head), Func: arity(l.funcs, len(args))}, args)
	case !l.field && len(args) == 1 && args[0].kind == keyword:
		return b.member(f, b.use(l.v, head), args[0])
	}
	return b.apply(f, b.localValue(head, l), args)
}

func (b *body) callDef(f, head *form, x *def, args []*form, d dest) {
	b.naming = ""
	at := b.span(head)
	switch {
	case x.macro:
		b.ownMacro(f, args, d)
		return
	case x.maker:
		b.give(f, b.record(f, x, args), d)
		return
	}
	var fun ir.Expr
	switch {
	case len(x.arities) > 0:
		fun = &ir.FuncRef{Span: at, Func: arity(x.arities, len(args))}
	case x.plain && len(args) == 1:
		b.give(f, b.entry(f, b.defValue(head, x), args[0]), d)
		return
	default:
		fun = b.defValue(head, x)
	}
	b.give(f, b.apply(f, fun, args), d)
}

// base is the name of a symbol without its namespace.
func (f *form) base() string { _, n := split(f.text); return n }

// method lowers (.name object args…) and (.-field object).
func (b *body) method(f, head *form, args []*form) ir.Expr {
	name := strings.TrimPrefix(strings.TrimPrefix(head.text, "."), "-")
	if len(args) == 0 {
		return &ir.Unknown{Span: b.span(f)}
	}
	list := b.values(args)
	m := &ir.Member{Span: b.span(head), X: list[0], Name: name, Of: b.span(head)}
	if strings.HasPrefix(head.text, ".-") {
		return m
	}
	return &ir.Call{Span: b.span(f), Fun: m, Args: list[1:]}
}

// construct lowers (Class. args…).
func (b *body) construct(f, head *form, class string, args []*form) ir.Expr {
	var fun ir.Expr
	m := b.resolve(class)
	switch {
	case m.def != nil && m.def.class != nil:
		return b.record(f, m.def, args)
	case m.class != "":
		fun = b.extern(head, "java:"+m.class)
	default:
		fun = b.extern(head, "java:"+class)
	}
	return &ir.Call{Span: b.span(f), Fun: fun, Args: b.values(args), New: true}
}

// record lowers (->Record a b), (Record. a b) and (map->Record m).
func (b *body) record(f *form, x *def, args []*form) ir.Expr {
	o := &ir.Object{Span: b.span(f), Type: &ir.Type{Class: x.class}}
	for i, e := range b.values(args) {
		fd := ir.Field{Span: b.span(args[i]), Value: e}
		if m, ok := e.(*ir.Object); ok && x.whole && m.Type == nil {
			o.Fields = append(o.Fields, m.Fields...)
			continue
		}
		if !x.whole && i < len(x.class.Fields) {
			fd.Name = x.class.Fields[i].Name
		}
		o.Fields = append(o.Fields, fd)
	}
	return o
}

// binds says whether the arguments of a macro that we do not know look like those
// of let: a vector of names that nothing binds, each with a value, and a body.
func (b *body) binds(args []*form) bool {
	if len(args) < 2 || args[0].kind != vector || len(args[0].kids) < 2 || len(args[0].kids)%2 != 0 {
		return false
	}
	for i := 0; i < len(args[0].kids); i += 2 {
		k := args[0].kids[i]
		if k.kind != symbol || strings.Contains(k.text, "/") {
			return false
		}
		if m := b.resolve(k.text); m.local != nil || m.def != nil || m.class != "" {
			return false
		}
		if i == 0 && args[0].kids[1].kind == keyword && len(args[0].kids) == 2 {
			return false
		}
	}
	return true
}

// bindingMacro lowers (jdbc/with-db-transaction [tx db] …): the call of the macro
// with the values, then the body, in which the names stand.
func (b *body) bindingMacro(f, head *form, full string, args []*form, d dest) {
	var values []*form
	for i := 1; i < len(args[0].kids); i += 2 {
		values = append(values, args[0].kids[i])
	}
	call := b.apply(f, b.extern(head, "clj:"+full), values)
	b.nested(func() {
		for i := 0; i < len(args[0].kids); i += 2 {
			name := args[0].kids[i]
			v := b.variable(name.text, name)
			right := call
			if i > 0 {
				right = &ir.Unknown{Span: b.span(name)}
			}
			b.emit(&ir.Set{Span: b.span(name), Left: []ir.Expr{b.use(v, name)}, Right: []ir.Expr{right}, Declare: true})
			b.bind(name.text, local{v: v})
		}
		b.all(f, args[1:], d)
	})
}

// ownMacro lowers a call of a macro of the program, whose body we do not run: its
// arguments are evaluated in their order, and the last one is the value.
func (b *body) ownMacro(f *form, args []*form, d dest) {
	if len(args) > 1 && strings.HasPrefix(f.kids[0].base(), "def") && args[0].kind == symbol {
		defLike(b, f, args, d)
		return
	}
	if b.binds(args) {
		b.nested(func() {
			b.bindings(args[0])
			b.all(f, args[1:], d)
		})
		return
	}
	b.nested(func() {
		for _, a := range args {
			if a.kind == vector && len(a.kids) > 0 { // names that the macro may bind
				for _, k := range a.kids {
					if k.kind == symbol && b.resolve(k.text) == (meaning{}) {
						b.bind(k.text, local{v: b.variable(k.text, k)})
					}
				}
			}
		}
		b.all(f, args, d)
	})
}
