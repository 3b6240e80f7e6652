package clojure

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// defName is the name that a definition gives; in a definition that is written in a
// function, or by a macro, it may be new.
func (b *body) define(name *form) *def {
	d := b.sp.defs[name.text]
	if d == nil {
		d = &def{from: b.sp, file: b.file}
		b.sp.defs[name.text] = d
	}
	return d
}

// variableOf gives the variable of a def.
func (b *body) variableOf(d *def, name *form) *ir.Var {
	if d.v == nil {
		d.v = &ir.Var{Span: b.span(name), Name: name.text, Func: b.sp.module.Body, Param: -1}
	}
	return d.v
}

// defining runs do as the definition of name, after which closures are called.
func (b *body) defining(name *form, do func()) {
	within, closures := b.within, b.closures
	b.within, b.closures = name.text, 0
	do()
	b.within, b.closures = within, closures
}

// def_ lowers (def name "doc"? value).
func def_(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 || args[0].kind != symbol {
		b.all(f, args, d)
		return
	}
	x := b.define(args[0])
	rest := args[1:]
	if len(rest) > 1 && rest[0].kind == text {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		b.none(f, d)
		return
	}
	if len(x.arities) > 0 && fnHeads[rest[0].head()] { // (def f (fn …)): declared as a function
		b.functions(f, x.arities, arities(rest[0].kids[1:]))
		b.none(f, d)
		return
	}
	v := b.variableOf(x, args[0])
	b.defining(args[0], func() {
		b.emit(&ir.Set{Span: b.span(f), Left: []ir.Expr{b.use(v, args[0])}, Right: []ir.Expr{b.named(args[0].text, rest[0])}, Declare: true})
	})
	b.none(f, d)
}

// defLike lowers what a macro that we do not know defines: a function where it
// looks like defn, else a variable with the value of the call.
func defLike(b *body, f *form, args []*form, d dest) {
	name := args[0]
	if x := b.sp.defs[name.text]; x != nil && len(x.arities) > 0 {
		defn(b, f, args, d)
		return
	}
	v := b.variableOf(b.define(name), name)
	b.defining(name, func() {
		call := b.apply(f, b.symbol(f.kids[0]), args[1:])
		b.emit(&ir.Set{Span: b.span(f), Left: []ir.Expr{b.use(v, name)}, Right: []ir.Expr{call}, Declare: true})
	})
	b.none(f, d)
}

// defn lowers (defn name "doc"? {…}? [params] body…) with one arity or several.
func defn(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 || args[0].kind != symbol {
		b.all(f, args, d)
		return
	}
	x := b.define(args[0])
	list := arities(args[1:])
	if len(list) == 0 {
		b.none(f, d)
		return
	}
	if len(x.arities) != len(list) || x.arities[0].Start != f.start || x.arities[0].File != b.file {
		x.arities = nil
		for range list {
			x.arities = append(x.arities, b.r.newFunc(b.span(f), args[0].text, b.sp.module, b.fn))
		}
	}
	b.functions(f, x.arities, list)
	b.none(f, d)
}

// functions lowers the bodies of declared functions.
func (b *body) functions(f *form, funcs []*ir.Func, bodies [][]*form) {
	for i, a := range bodies {
		if i >= len(funcs) || funcs[i].Body != nil {
			continue
		}
		c := b.child(funcs[i])
		c.run(f, c.params(a[0]), a[1:])
	}
}

// declare makes what the top level of a file defines known, before anything is
// lowered: forms may name what stands further down, or in other files.
func (b *body) declare(f *form, depth int) {
	head := f.head()
	_, name := split(head)
	if head == "" || depth > 8 {
		return
	}
	args := f.kids[1:]
	switch name {
	case "do", "let", "when", "if", "when-not", "if-not", "binding", "letfn", "locking":
		for _, a := range args {
			b.declare(a, depth+1)
		}
		return
	}
	if len(args) == 0 || args[0].kind != symbol {
		return
	}
	id := args[0]
	m := b.global(head)
	full := m.extern
	if space, rest := split(head); space != "" {
		full = b.qualified(space, rest).extern
	}
	switch {
	case full == "clojure.core/defmacro":
		b.sp.defs[id.text] = &def{macro: true}
	case full == "clojure.core/defmulti":
		b.declareMulti(f, id, args)
	case full == "clojure.core/defprotocol":
		b.declareProtocol(f, id, args)
	case full == "clojure.core/defrecord", full == "clojure.core/deftype":
		b.declareRecord(f, id, args)
	case full == "clojure.core/defmethod", full == "clojure.core/declare", name == "ns":
	case full == "liberator.core/defresource":
		b.declareResource(f, id, args)
	case defns[name], strings.HasPrefix(name, "def") && full != "clojure.core/def" && full != "clojure.core/defonce" && looksLikeDefn(args):
		b.declareFunc(f, id, arities(args[1:]))
	case strings.HasPrefix(name, "def"):
		rest := args[1:]
		if len(rest) > 1 && rest[0].kind == text {
			rest = rest[1:]
		}
		if len(rest) == 1 && rest[0].head() == "fn" && (name == "def" || name == "defonce") {
			inner := rest[0].kids[1:]
			b.declareFunc(f, id, arities(inner))
			return
		}
		d := b.define(id)
		b.variableOf(d, id)
		if len(rest) > 0 && (name == "def" || name == "defonce") {
			d.init = rest[0]
			switch rest[0].kind {
			case text, number, table, vector, set, regex, keyword, char:
				d.plain = true
			}
		}
	}
}

// looksLikeDefn says whether a macro of another name defines a function: a name,
// perhaps a text and a map, then parameters and a body, or lists of these.
func looksLikeDefn(args []*form) bool {
	rest := args[1:]
	if len(rest) > 0 && rest[0].kind == text {
		rest = rest[1:]
	}
	if len(rest) > 1 && rest[0].kind == table {
		rest = rest[1:]
	}
	if len(rest) < 2 || rest[0].kind != vector {
		return false
	}
	for _, k := range rest[0].kids {
		if k.kind != symbol && k.kind != table && k.kind != vector {
			return false
		}
	}
	return rest[1].kind == list || len(rest) == 2
}

func (b *body) declareFunc(f, id *form, bodies [][]*form) {
	d := &def{from: b.sp, file: b.file}
	b.sp.defs[id.text] = d
	for _, a := range bodies {
		x := b.r.newFunc(b.span(f), id.text, b.sp.module, b.sp.module.Body)
		x.Exported = !id.flagged("private") && !strings.HasSuffix(f.kids[0].text, "-")
		x.Doc = b.r.doc(b.file, f)
		d.arities = append(d.arities, x)
		for _, k := range a[0].kids { // so that calls find the arity
			if k.is("&") {
				x.Variadic = true
			}
		}
		if len(a) > 1 {
			d.yields = d.yields || gives(a[len(a)-1])
		}
	}
	if len(d.arities) == 0 {
		b.variableOf(d, id)
	}
}

// gives says whether a form is a function: it is written so, or is one wrapped.
func gives(f *form) bool {
	if f.kind == lambda {
		return true
	}
	switch h := f.head(); h {
	case "fn", "partial", "comp", "constantly":
		return true
	case "let", "do", "when":
		return len(f.kids) > 1 && gives(f.kids[len(f.kids)-1])
	}
	return false
}
