package clojure

import (
	"strconv"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// let lowers (let [pattern value …] body…).
func let(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	b.nested(func() {
		b.bindings(args[0])
		b.all(f, args[1:], d)
	})
}

// bindings lowers [pattern value …] into the scope at hand.
func (b *body) bindings(v *form) {
	for i := 0; i+1 < len(v.kids); i += 2 {
		b.binding(v.kids[i], v.kids[i+1])
	}
}

func (b *body) binding(pattern, value *form) {
	if pattern.kind != symbol {
		v := b.temp(pattern, alias(pattern), b.value(value))
		b.takeApart(pattern, v)
		return
	}
	if pattern.text == "_" {
		b.into(value, dest{})
		return
	}
	v := b.variable(pattern.text, pattern)
	if value.kind == list && !fnHeads[value.head()] || value.kind == lambda {
		// Straight into the variable, so that each way sets it where it ends.
		set := &ir.Set{Span: ir.Span{File: b.file, Start: pattern.start, End: value.end}, Left: []ir.Expr{b.use(v, pattern)}, Declare: true}
		before := len(b.out)
		b.naming = pattern.text
		var e ir.Expr
		b.into(value, dest{how: keep, hold: &e})
		if t, ok := e.(*ir.Name); ok && t.Var.Name == "" && t.Var.Func == b.fn && len(b.out) > before {
			t.Var.Name, t.Var.Span = v.Name, v.Span // the temporary of a form of several ways
			if t.Var.Type == nil {
				t.Var.Type = v.Type
			}
			b.bind(pattern.text, local{v: t.Var})
			return
		}
		if e == nil {
			e = &ir.Unknown{Span: b.span(value)}
		}
		set.Right = []ir.Expr{e}
		b.emit(set)
	} else {
		b.emit(&ir.Set{Span: ir.Span{File: b.file, Start: pattern.start, End: value.end}, Left: []ir.Expr{b.use(v, pattern)},
			Right: []ir.Expr{b.named(pattern.text, value)}, Declare: true})
	}
	b.bind(pattern.text, local{v: v})
}

// alias is the name that a pattern gives to the whole: {:keys [a] :as whole}.
func alias(p *form) string {
	for i := 0; i+1 < len(p.kids); i++ {
		if p.kids[i].key("as") && p.kids[i+1].kind == symbol {
			return p.kids[i+1].text
		}
	}
	return ""
}

// takeApart binds the names of a pattern to the parts of v.
func (b *body) takeApart(p *form, v *ir.Var) {
	switch p.kind {
	case symbol:
		b.bind(p.text, local{v: v})
	case vector:
		b.takeList(p, v)
	case table:
		b.takeMap(p, v)
	}
}

func (b *body) takeList(p *form, v *ir.Var) {
	for i, n := 0, 0; i < len(p.kids); i++ {
		k := p.kids[i]
		switch {
		case k.is("&") && i+1 < len(p.kids):
			rest := p.kids[i+1]
			b.part(rest, &ir.Op{Span: b.span(rest), Kind: ir.Slice, Args: []ir.Expr{b.use(v, rest), index(b, rest, n)}})
			i++
		case k.key("as") && i+1 < len(p.kids):
			b.bind(p.kids[i+1].text, local{v: v})
			i++
		case k.is("_"):
			n++
		default:
			b.part(k, &ir.Index{Span: b.span(k), X: b.use(v, k), Key: index(b, k, n)})
			n++
		}
	}
}

func index(b *body, at *form, n int) ir.Expr {
	return &ir.Const{Span: b.span(at), Kind: ir.Number, Text: strconv.Itoa(n)}
}

// takeMap takes {:keys [a] :strs [b] c :c :or {a 1} :as whole} apart.
func (b *body) takeMap(p *form, v *ir.Var) {
	var or *form
	for i := 0; i+1 < len(p.kids); i += 2 {
		switch k, x := p.kids[i], p.kids[i+1]; {
		case k.key("or"):
			or = x
		case k.key("as") && x.kind == symbol:
			b.bind(x.text, local{v: v})
		}
	}
	for i := 0; i+1 < len(p.kids); i += 2 {
		k, x := p.kids[i], p.kids[i+1]
		if k.kind != keyword {
			b.part(k, b.fallback(k, or, b.member(k, b.use(v, k), x)))
			continue
		}
		prefix, which := "", k.text
		if i := strings.LastIndexByte(which, '/'); i >= 0 {
			prefix, which = which[:i+1], which[i+1:]
		}
		which = strings.TrimPrefix(which, ":")
		if which != "keys" && which != "strs" && which != "syms" {
			continue
		}
		for _, name := range x.kids {
			b.key(name, prefix, v, or)
		}
	}
}

// key binds one name of :keys, which may have a namespace itself.
func (b *body) key(name *form, prefix string, v *ir.Var, or *form) {
	if name.kind != symbol && name.kind != keyword {
		return
	}
	key := name.text
	if prefix != "" {
		key = prefix + key
	}
	key = b.keyword(key)
	local := &form{kind: symbol, start: name.start, end: name.end, text: strings.TrimPrefix(name.base(), ":"), meta: name.meta}
	m := &ir.Member{Span: b.span(name), X: b.use(v, name), Name: key, Of: b.span(name)}
	b.part(local, b.fallback(local, or, m))
}

// fallback is e, or what :or says instead.
func (b *body) fallback(name, or *form, e ir.Expr) ir.Expr {
	if or != nil {
		for i := 0; i+1 < len(or.kids); i += 2 {
			if or.kids[i].is(name.text) {
				return b.op(name, ir.Or, e, b.value(or.kids[i+1]))
			}
		}
	}
	return e
}

// part binds a pattern to an expression.
func (b *body) part(p *form, e ir.Expr) {
	if p.kind == symbol {
		v := b.variable(p.text, p)
		b.emit(&ir.Set{Span: b.span(p), Left: []ir.Expr{b.use(v, p)}, Right: []ir.Expr{e}, Declare: true})
		b.bind(p.text, local{v: v})
		return
	}
	b.takeApart(p, b.temp(p, alias(p), e))
}

// loopForm lowers (loop [name init …] body…).
func loopForm(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 || args[0].kind != vector {
		b.nothing(f, d)
		return
	}
	d, end := b.ways(f, d)
	b.nested(func() {
		l := &loop{label: b.label()}
		for i := 0; i+1 < len(args[0].kids); i += 2 {
			p := args[0].kids[i]
			v := b.temp(p, patternName(p), b.value(args[0].kids[i+1]))
			l.vars = append(l.vars, v)
			if p.kind == symbol {
				b.bind(p.text, local{v: v})
			}
		}
		s := &ir.Loop{Span: b.span(f), Label: l.label}
		inner := d
		inner.loop = l
		if inner.label == "" {
			inner.label = l.label
		}
		s.Body = b.block(func() {
			for i := 0; i+1 < len(args[0].kids); i += 2 {
				if p := args[0].kids[i]; p.kind != symbol {
					b.takeApart(p, l.vars[i/2])
				}
			}
			b.all(f, args[1:], inner)
			if inner.how == drop {
				b.emit(&ir.Jump{Span: b.span(f), Kind: "break", Label: inner.label})
			}
		})
		b.emit(s)
	})
	end()
}

func patternName(p *form) string {
	if p.kind == symbol {
		return p.text
	}
	return alias(p)
}

// recur goes to the loop or function around it.
func recur(b *body, f *form, args []*form, d dest) {
	list := b.values(args)
	at := b.span(f)
	l := d.loop
	if l == nil {
		b.emit(&ir.Return{Span: at, Values: []ir.Expr{&ir.Call{Span: at, Fun: &ir.FuncRef{Span: at, Func: b.fn}, Args: list}}})
		return
	}
	set := &ir.Set{Span: at}
	for i, v := range l.vars {
		if i < len(list) {
			set.Left = append(set.Left, b.use(v, f))
			set.Right = append(set.Right, list[i])
		}
	}
	if len(set.Left) > 0 {
		b.emit(set)
	}
	b.emit(&ir.Jump{Span: at, Kind: "continue", Label: l.label})
}

// each lowers doseq, for and dotimes: loops within loops. Only for has a value.
func each(collects bool) special {
	return func(b *body, f *form, args []*form, d dest) {
		if len(args) == 0 || args[0].kind != vector {
			b.nothing(f, d)
			return
		}
		if !collects {
			b.over(f, args[0].kids, args[1:], func() { b.all(f, args[1:], dest{}) })
			b.none(f, dest{how: d.how, v: d.v, hold: d.hold, label: d.label})
			return
		}
		v := b.temp(f, "", &ir.List{Span: b.span(f)})
		b.over(f, args[0].kids, args[1:], func() {
			var e ir.Expr
			b.all(f, args[1:], dest{how: keep, hold: &e})
			if e == nil {
				return
			}
			b.emit(&ir.Set{Span: b.span(f), Left: []ir.Expr{b.use(v, f)}, Right: []ir.Expr{
				&ir.Call{Span: b.span(f), Fun: b.extern(f, "clj:clojure.core/conj"), Args: []ir.Expr{b.use(v, f), e}}}})
		})
		b.give(f, b.use(v, f), d)
	}
}

// over makes the loops of [pattern list :let […] :when test …] around do.
func (b *body) over(f *form, clauses, rest []*form, do func()) {
	if len(clauses) < 2 {
		do()
		return
	}
	p, x := clauses[0], clauses[1]
	more := func() { b.over(f, clauses[2:], rest, do) }
	switch {
	case p.key("let"):
		b.nested(func() {
			b.bindings(x)
			more()
		})
	case p.key("when"), p.key("while"):
		s := &ir.If{Span: b.span(x)}
		s.Cond = b.value(x)
		s.Then = b.block(more)
		b.emit(s)
	default:
		s := &ir.Loop{Span: b.span(f)}
		s.Over = b.value(x)
		b.nested(func() {
			v := b.variable(patternName(p), p)
			s.Each = []ir.Expr{b.use(v, p)}
			s.Body = b.block(func() {
				b.takeApart(p, v)
				more()
			})
		})
		b.emit(s)
	}
}

// while lowers (while test body…).
func while(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	s := &ir.Loop{Span: b.span(f)}
	s.Body = b.block(func() {
		test := &ir.If{Span: b.span(args[0])}
		test.Cond = b.op(args[0], ir.Not, b.value(args[0]))
		test.Then = []ir.Stmt{&ir.Jump{Span: b.span(args[0]), Kind: "break"}}
		b.emit(test)
		for _, a := range args[1:] {
			b.into(a, dest{})
		}
	})
	b.emit(s)
	b.none(f, d)
}
