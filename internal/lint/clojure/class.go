package clojure

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A multi is a multimethod: a function that chooses one of its methods.
type multi struct {
	fn      *ir.Func
	form    *form
	file    *ir.File
	sp      *space
	methods []method
}

type method struct {
	value []*form // the dispatch value; empty: the default
	file  *ir.File
	sp    *space
	fn    *ir.Func
}

func (b *body) declareMulti(f, id *form, args []*form) {
	fn := b.r.newFunc(b.span(f), id.text, b.sp.module, b.sp.module.Body)
	fn.Exported = true
	m := &multi{fn: fn, form: f, file: b.file, sp: b.sp}
	b.sp.defs[id.text] = &def{multi: m, from: b.sp, file: b.file}
	b.r.multis = append(b.r.multis, m)
}

// defmethod lowers (defmethod name value [params] body…): a method of a multimethod
// of the program, else a function that is handed to the library's.
func defmethod(b *body, f *form, args []*form, d dest) {
	if len(args) < 3 || args[0].kind != symbol {
		b.none(f, d)
		return
	}
	name := args[0].base()
	if k := args[1]; k.kind == keyword {
		name += " " + k.text
	}
	list := arities(args[2:])
	if len(list) == 0 {
		b.none(f, d)
		return
	}
	var funcs []*ir.Func
	for range list {
		funcs = append(funcs, b.r.newFunc(b.span(f), name, b.sp.module, b.fn))
	}
	b.functions(f, funcs, list)
	m := b.resolve(args[0].text)
	if m.def != nil && m.def.multi != nil {
		x := method{file: b.file, sp: b.sp, fn: asValue(funcs)}
		if !args[1].key("default") {
			x.value = args[1:2]
		}
		m.def.multi.methods = append(m.def.multi.methods, x)
	} else {
		b.emit(&ir.Do{Span: b.span(f), X: &ir.Call{Span: b.span(f), Fun: b.extern(f.kids[0], "clj:clojure.core/defmethod"),
			Args: []ir.Expr{b.symbol(args[0]), b.value(args[1]), &ir.FuncRef{Span: b.span(f), Func: asValue(funcs), Literal: true}}}})
	}
	b.none(f, d)
}

// finish writes the body of a multimethod, when all its methods are known: a
// switch over what its dispatch function gives.
func (m *multi) finish(r *reading) {
	n := 0
	for _, x := range m.methods {
		n = max(n, len(x.fn.Params))
	}
	b := &body{r: r, sp: m.sp, file: m.file, fn: m.fn, scope: &scope{}}
	params := func(count int) (list []ir.Expr) {
		for _, v := range m.fn.Params[:min(count, len(m.fn.Params))] {
			list = append(list, b.use(v, m.form))
		}
		return list
	}
	for i := range n {
		m.fn.Params = append(m.fn.Params, &ir.Var{Span: b.span(m.form), Name: "", Func: m.fn, Param: i})
	}
	s := &ir.Switch{Span: b.span(m.form)}
	s.Tag = &ir.Unknown{Span: b.span(m.form), Parts: params(n)}
	args := m.form.kids[2:]
	for len(args) > 1 && (args[0].kind == text || args[0].kind == table) {
		args = args[1:]
	}
	if len(args) > 0 {
		var forms []*form
		for _, p := range params(n) {
			forms = append(forms, done(m.form, p))
		}
		call := &form{kind: list, start: args[0].start, end: args[0].end, kids: append([]*form{args[0]}, forms...)}
		if args[0].kind != keyword || n > 0 {
			s.Tag = b.value(call)
		}
	}
	for _, x := range m.methods {
		c := &ir.Case{Span: x.fn.Span}
		for _, v := range x.value {
			in := &body{r: r, sp: x.sp, file: x.file, fn: m.fn, scope: &scope{}}
			c.Values = append(c.Values, in.quoted(v, 0))
		}
		c.Body = []ir.Stmt{&ir.Return{Span: x.fn.Span, Values: []ir.Expr{
			&ir.Call{Span: x.fn.Span, Fun: &ir.FuncRef{Span: x.fn.Span, Func: x.fn}, Args: params(len(x.fn.Params))}}}}
		s.Cases = append(s.Cases, c)
	}
	b.emit(s)
	m.fn.Body = b.out
}

// A protocol is one function of a protocol: it chooses by the class of its first
// argument.
type protocol struct {
	fn     *ir.Func
	class  *ir.Class
	name   string
	params int
	form   *form
	file   *ir.File
	sp     *space
}

// finish writes the body of a function of a protocol, when all classes are known: a
// switch over those that have it.
func (p *protocol) finish(r *reading) {
	b := &body{r: r, sp: p.sp, file: p.file, fn: p.fn, scope: &scope{}}
	for i := range max(p.params, 1) {
		p.fn.Params = append(p.fn.Params, &ir.Var{Span: b.span(p.form), Func: p.fn, Param: i})
	}
	s := &ir.Switch{Span: b.span(p.form), Tag: b.use(p.fn.Params[0], p.form), Types: true}
	for _, c := range r.p.Classes {
		m := c.Methods[p.name]
		if m == nil || c.Interface || !embeds(c, p.class) {
			continue
		}
		at := m.Span
		call := &ir.Call{Span: at, Fun: &ir.Member{Span: at, X: &ir.Convert{Span: at, Type: &ir.Type{Class: c}, X: b.use(p.fn.Params[0], p.form)}, Name: p.name, Of: at}}
		for _, v := range p.fn.Params[1:] {
			if len(call.Args) < len(m.Params) {
				call.Args = append(call.Args, b.use(v, p.form))
			}
		}
		s.Cases = append(s.Cases, &ir.Case{Span: at, Values: []ir.Expr{&ir.ClassRef{Span: at, Class: c}},
			Body: []ir.Stmt{&ir.Return{Span: at, Values: []ir.Expr{call}}}})
	}
	if len(s.Cases) > 0 {
		p.fn.Body = []ir.Stmt{s}
	}
}

func embeds(c, up *ir.Class) bool {
	for _, t := range c.Embeds {
		if t.Class == up {
			return true
		}
	}
	return false
}

func (b *body) newClass(f *form, name string) *ir.Class {
	c := &ir.Class{Span: b.span(f), Name: name, Module: b.sp.module, Methods: map[string]*ir.Func{}}
	b.r.p.Classes = append(b.r.p.Classes, c)
	return c
}

func (b *body) declareProtocol(f, id *form, args []*form) {
	c := b.newClass(f, id.text)
	c.Interface = true
	b.sp.defs[id.text] = &def{class: c, from: b.sp, file: b.file}
	for _, m := range args[1:] {
		if m.kind != list || len(m.kids) < 2 || m.kids[0].kind != symbol {
			continue
		}
		fn := b.r.newFunc(b.span(m), m.kids[0].text, b.sp.module, b.sp.module.Body)
		fn.Exported = true
		c.Methods[m.kids[0].text] = fn
		p := &protocol{fn: fn, class: c, name: m.kids[0].text, form: m, file: b.file, sp: b.sp}
		for _, v := range m.kids[1:] {
			if v.kind == vector {
				p.params = max(p.params, len(v.kids))
			}
		}
		b.r.protocols = append(b.r.protocols, p)
		b.sp.defs[m.kids[0].text] = &def{arities: []*ir.Func{fn}, from: b.sp, file: b.file}
	}
}

func (b *body) declareRecord(f, id *form, args []*form) {
	c := b.newClass(f, id.text)
	b.r.records[strings.ReplaceAll(b.sp.name, "-", "_")+"."+id.text] = c
	b.sp.defs[id.text] = &def{class: c, from: b.sp, file: b.file}
	b.sp.defs["->"+id.text] = &def{class: c, maker: true}
	b.sp.defs["map->"+id.text] = &def{class: c, maker: true, whole: true}
	b.sp.defs[id.text+"."] = &def{class: c, maker: true}
	if len(args) > 1 && args[1].kind == vector {
		for _, k := range args[1].kids {
			v := b.variable(k.text, k)
			v.Func, v.Class = nil, c
			c.Fields = append(c.Fields, v)
		}
	}
}

// defrecord lowers the methods of a defrecord or deftype.
func defrecord(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 || args[0].kind != symbol {
		b.none(f, d)
		return
	}
	x := b.define(args[0])
	if x.class == nil {
		b.declareRecord(f, args[0], args)
		x = b.sp.defs[args[0].text]
	}
	var fields []string
	if args[1].kind == vector {
		for _, k := range args[1].kids {
			fields = append(fields, k.text)
		}
	}
	b.methods(x.class, args[min(2, len(args)):], fields)
	b.none(f, d)
}

// methods adds Protocol (name [this …] body…)… to a class.
func (b *body) methods(c *ir.Class, forms []*form, fields []string) {
	for _, m := range forms {
		if m.kind == symbol {
			if d := b.resolve(m.text).def; d != nil && d.class != nil {
				c.Embeds = append(c.Embeds, &ir.Type{Class: d.class})
			} else if t := b.typeOf(m.text); t != nil {
				c.Embeds = append(c.Embeds, t)
			} else if e := b.resolve(m.text).extern; e != "" {
				c.Embeds = append(c.Embeds, &ir.Type{Symbol: "clj:" + e})
			}
			continue
		}
		if m.kind != list || len(m.kids) < 2 || m.kids[0].kind != symbol {
			continue
		}
		bodies := arities(m.kids[1:])
		for _, a := range bodies {
			b.method1(c, m, a, fields, len(bodies) > 1)
		}
	}
}

// method1 lowers one method; of several arities the first of a name stands in the class.
func (b *body) method1(c *ir.Class, m *form, a []*form, fields []string, several bool) {
	name := m.kids[0].base()
	fn := b.r.newFunc(b.span(m), c.Name+"."+name, b.sp.module, b.fn)
	fn.Class, fn.Exported = c, true
	if c.Methods[name] == nil {
		c.Methods[name] = fn
	}
	x := b.child(fn)
	prelude := x.params(a[0])
	if len(fn.Params) > 0 {
		fn.Recv = fn.Params[0]
		fn.Recv.Type = &ir.Type{Class: c}
		fn.Recv.Param = -1
		fn.Params = fn.Params[1:]
		for i, p := range fn.Params {
			p.Param = i
		}
		// Fields are seen by their names, unless a parameter has the same.
		in := &scope{up: x.scope.up}
		x.scope.up = in
		for _, n := range fields {
			in.names = append(in.names, n)
			in.locals = append(in.locals, local{v: fn.Recv, field: true})
		}
	}
	x.run(m, prelude, a[1:])
}

// extendType lowers (extend-type Type Protocol (name [this] …)…).
func extendType(b *body, f *form, args []*form, d dest) {
	if len(args) > 1 {
		b.methods(b.extended(f, args[0]), args[1:], nil)
	}
	b.none(f, d)
}

// extendProtocol lowers (extend-protocol Protocol Type (name [this] …)… Type …).
func extendProtocol(b *body, f *form, args []*form, d dest) {
	var c *ir.Class
	for i := 1; i < len(args); i++ {
		if a := args[i]; a.kind == list && c != nil {
			b.methods(c, args[i:i+1], nil)
		} else if a.kind == symbol {
			c = b.extended(f, a)
			b.methods(c, args[:1], nil)
		}
	}
	b.none(f, d)
}

// extended is the class of the program that a name means, or one that stands for a
// class outside.
func (b *body) extended(f, name *form) *ir.Class {
	if d := b.resolve(name.text).def; d != nil && d.class != nil && !d.class.Interface {
		return d.class
	}
	c := b.newClass(f, name.text)
	if t := b.typeOf(name.text); t != nil {
		c.Embeds = append(c.Embeds, t)
	}
	return c
}

// reify lowers (reify Protocol (name [this] …)…): an instance of a class without name.
func reify(b *body, f *form, args []*form, d dest) {
	naming := b.naming
	b.naming = ""
	c := b.newClass(f, b.closureName("", naming))
	b.methods(c, args, nil)
	b.give(f, &ir.Call{Span: b.span(f), Fun: &ir.ClassRef{Span: b.span(f), Class: c}, New: true}, d)
}

// proxy lowers (proxy [Class] [args] (name [params] …)…), whose methods have no
// parameter for their object.
func proxy(b *body, f *form, args []*form, d dest) {
	naming := b.naming
	b.naming = ""
	c := b.newClass(f, b.closureName("", naming))
	if len(args) > 1 {
		b.methods(c, args[0].kids, nil)
		for _, m := range args[2:] {
			if m.kind != list || len(m.kids) < 2 || m.kids[0].kind != symbol {
				continue
			}
			for _, a := range arities(m.kids[1:]) {
				fn := b.r.newFunc(b.span(m), c.Name+"."+m.kids[0].text, b.sp.module, b.fn)
				fn.Class = c
				c.Methods[m.kids[0].text] = fn
				x := b.child(fn)
				x.run(m, x.params(a[0]), a[1:])
			}
		}
	}
	b.give(f, &ir.Call{Span: b.span(f), Fun: &ir.ClassRef{Span: b.span(f), Class: c}, New: true}, d)
}

// defstate lowers mount's (defstate name :start x :stop y).
func defstate(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 || args[0].kind != symbol {
		b.none(f, d)
		return
	}
	v := b.variableOf(b.define(args[0]), args[0])
	rest := args[1:]
	if len(rest) > 0 && rest[0].kind == text {
		rest = rest[1:]
	}
	for i := 0; i+1 < len(rest); i += 2 {
		if rest[i].key("start") {
			b.emit(&ir.Set{Span: b.span(f), Left: []ir.Expr{b.use(v, args[0])}, Right: []ir.Expr{b.value(rest[i+1])}, Declare: true})
		}
	}
	b.none(f, d)
}
