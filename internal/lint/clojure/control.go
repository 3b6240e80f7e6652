package clojure

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// ifForm lowers (if test then else).
func ifForm(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 {
		b.nothing(f, d)
		return
	}
	b.branch(f, d, func() ir.Expr { return b.value(args[0]) },
		func(d dest) { b.into(args[1], d) }, otherwise(b, f, args, 2))
}

// otherwise is the else of a form whose argument i it is, if there is one.
func otherwise(b *body, f *form, args []*form, i int) func(dest) {
	if i < len(args) {
		return func(d dest) { b.into(args[i], d) }
	}
	return func(d dest) { b.none(f, d) }
}

// none is a way that gives nil; where nobody asks for a value, no statement.
func (b *body) none(f *form, d dest) {
	if d.how != drop || d.label != "" {
		b.nothing(f, d)
	}
}

// branch makes an If.
func (b *body) branch(f *form, d dest, test func() ir.Expr, then, otherwise func(dest)) {
	d, end := b.ways(f, d)
	s := &ir.If{Span: b.span(f)}
	s.Cond = test()
	s.Then = b.block(func() { then(d) })
	s.Else = b.block(func() { otherwise(d) })
	b.emit(s)
	end()
}

func ifNot(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 {
		b.nothing(f, d)
		return
	}
	b.branch(f, d, func() ir.Expr { return b.op(args[0], ir.Not, b.value(args[0])) },
		func(d dest) { b.into(args[1], d) }, otherwise(b, f, args, 2))
}

func when(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	b.branch(f, d, func() ir.Expr { return b.value(args[0]) },
		func(d dest) { b.all(f, args[1:], d) }, func(d dest) { b.none(f, d) })
}

func whenNot(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	b.branch(f, d, func() ir.Expr { return b.op(args[0], ir.Not, b.value(args[0])) },
		func(d dest) { b.all(f, args[1:], d) }, func(d dest) { b.none(f, d) })
}

// ifLet lowers if-let, when-let, if-some and when-some: of a value that is bound
// where it is there.
func ifLet(some, whole bool) special {
	return func(b *body, f *form, args []*form, d dest) {
		if len(args) == 0 || args[0].kind != vector || len(args[0].kids) < 2 {
			b.all(f, args, d)
			return
		}
		if len(args[0].kids) > 2 { // if-let* and the like: one within the other
			inner := append([]*form{{kind: symbol, text: f.kids[0].text, start: f.start, end: f.start}, {kind: vector, start: args[0].start, end: args[0].end, kids: args[0].kids[2:]}}, args[1:]...)
			first := &form{kind: vector, start: args[0].start, end: args[0].end, kids: args[0].kids[:2]}
			rest := &form{kind: list, start: f.start, end: f.end, kids: inner}
			all := []*form{first, rest}
			if !whole {
				all = append(all, args[min(2, len(args)):]...)
			}
			ifLet(some, whole)(b, f, all, d)
			return
		}
		pattern, init := args[0].kids[0], args[0].kids[1]
		name := ""
		if pattern.kind == symbol {
			name = pattern.text
		}
		b.nested(func() {
			v := b.temp(pattern, name, b.named(name, init))
			test := func() ir.Expr {
				if some {
					return b.op(init, ir.NotEqual, b.use(v, pattern), b.null(pattern))
				}
				return b.use(v, pattern)
			}
			then := func(d dest) {
				b.takeApart(pattern, v)
				if whole {
					b.all(f, args[1:], d)
				} else if len(args) > 1 {
					b.into(args[1], d)
				} else {
					b.none(f, d)
				}
			}
			other := func(d dest) { b.none(f, d) }
			if !whole {
				other = otherwise(b, f, args, 2)
			}
			b.branch(f, d, test, then, other)
		})
	}
}

// cond lowers (cond test value …).
func cond(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 {
		b.none(f, d)
		return
	}
	if k := args[0]; k.kind == keyword || k.is("true") {
		b.into(args[1], d)
		return
	}
	d, end := b.ways(f, d)
	out := &b.out
	var outer []func()
	for i := 0; i+1 < len(args); i += 2 {
		test, value := args[i], args[i+1]
		if test.kind == keyword || test.is("true") {
			b.into(value, d)
			args = nil
			break
		}
		s := &ir.If{Span: ir.Span{File: b.file, Start: test.start, End: value.end}}
		s.Cond = b.value(test)
		s.Then = b.block(func() { b.into(value, d) })
		b.emit(s)
		if i > 2*maxDepth {
			continue // nobody writes so many: what follows stands beside it
		}
		saved := *out
		*out = nil
		outer = append(outer, func() { s.Else = *out; *out = saved })
	}
	if args != nil {
		b.none(f, d)
	}
	for i := len(outer) - 1; i >= 0; i-- {
		outer[i]()
	}
	end()
}

// condp lowers (condp pred x value result … default).
func condp(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 {
		b.nothing(f, d)
		return
	}
	v := b.temp(args[1], "", b.value(args[1]))
	var clauses []*form
	rest := args[2:]
	for len(rest) >= 2 {
		test := &form{kind: list, start: rest[0].start, end: rest[0].end,
			kids: []*form{args[0], rest[0], done(args[1], b.use(v, args[1]))}}
		if len(rest) > 2 && rest[1].key(">>") {
			clauses = append(clauses, test, &form{kind: list, start: rest[2].start, end: rest[2].end, kids: []*form{rest[2], done(rest[0], &ir.Unknown{Span: b.span(rest[0])})}})
			rest = rest[3:]
			continue
		}
		clauses = append(clauses, test, rest[1])
		rest = rest[2:]
	}
	if len(rest) == 1 {
		clauses = append(clauses, &form{kind: keyword, text: "else", start: rest[0].start, end: rest[0].end}, rest[0])
	}
	cond(b, f, clauses, d)
}

// caseForm lowers (case x a 1 (b c) 2 default).
func caseForm(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	d, end := b.ways(f, d)
	s := &ir.Switch{Span: b.span(f), Tag: b.value(args[0])}
	rest := args[1:]
	for ; len(rest) >= 2; rest = rest[2:] {
		c := &ir.Case{Span: ir.Span{File: b.file, Start: rest[0].start, End: rest[1].end}}
		tests := []*form{rest[0]}
		if rest[0].kind == list {
			tests = rest[0].kids
		}
		for _, t := range tests {
			c.Values = append(c.Values, b.quoted(t, 0))
		}
		value := rest[1]
		c.Body = b.block(func() { b.into(value, d) })
		s.Cases = append(s.Cases, c)
	}
	if len(rest) == 1 {
		c := &ir.Case{Span: b.span(rest[0])}
		c.Body = b.block(func() { b.into(rest[0], d) })
		s.Cases = append(s.Cases, c)
	}
	b.emit(s)
	end()
}

// logic lowers and, or. As long as what follows the first needs no statements, it
// is one operation; else each argument is asked for where the one before lets it.
func logic(k ir.OpKind) special {
	return func(b *body, f *form, args []*form, d dest) {
		if len(args) == 0 {
			b.give(f, &ir.Const{Span: b.span(f), Kind: ir.Bool, Text: map[bool]string{true: "true", false: "nil"}[k == ir.And]}, d)
			return
		}
		if len(args) == 1 {
			b.into(args[0], d)
			return
		}
		parts := []ir.Expr{b.value(args[0])}
		for i, a := range args[1:] {
			var e ir.Expr
			made := b.block(func() { e = b.value(a) })
			if len(made) == 0 {
				parts = append(parts, e)
				continue
			}
			if b.depth++; b.depth > 2*maxDepth {
				b.depth--
				b.give(f, &ir.Unknown{Span: b.span(f), Parts: append(parts, e)}, d)
				return
			}
			defer func() { b.depth-- }()
			first := parts[0]
			if len(parts) > 1 {
				first = b.pairs(f, k, parts)
			}
			b.rest(f, k, first, made, e, args[i+2:], d)
			return
		}
		b.give(f, b.pairs(f, k, parts), d)
	}
}

// pairs makes one operation of two operands after the other.
func (b *body) pairs(f *form, k ir.OpKind, parts []ir.Expr) ir.Expr {
	if len(parts) > maxDepth {
		return b.op(f, k, parts...)
	}
	e := parts[len(parts)-1]
	for i := len(parts) - 2; i >= 0; i-- {
		e = b.op(f, k, parts[i], e)
	}
	return e
}

// rest lowers the end of an and or or: first is what stands before, made and e the
// argument that needs statements, args those after it.
func (b *body) rest(f *form, k ir.OpKind, first ir.Expr, made []ir.Stmt, e ir.Expr, args []*form, d dest) {
	d, end := b.ways(f, d)
	v := b.temp(f, "", first)
	s := &ir.If{Span: b.span(f)}
	s.Cond = b.use(v, f)
	more := b.block(func() {
		b.out = made
		if len(args) == 0 {
			b.give(f, e, d)
			return
		}
		next := append([]*form{done(f, e)}, args...)
		logic(k)(b, f, next, d)
	})
	stay := b.block(func() {
		if d.how != drop || d.label != "" {
			b.give(f, b.use(v, f), d)
		}
	})
	if k == ir.And {
		s.Then, s.Else = more, stay
	} else {
		s.Then, s.Else = stay, more
	}
	b.emit(s)
	end()
}

// try lowers try, and slingshot's try+.
func try(b *body, f *form, args []*form, d dest) {
	d, end := b.ways(f, d)
	d.loop = nil
	s := &ir.Try{Span: b.span(f)}
	n := len(args)
	for i, a := range args {
		if h := a.head(); h == "catch" || h == "finally" || h == "else" && i > 0 {
			n = i
			break
		}
	}
	s.Body = b.block(func() { b.all(f, args[:n], d) })
	for _, a := range args[n:] {
		rest := a.kids[min(1, len(a.kids)):]
		switch a.head() {
		case "catch":
			s.Catches = append(s.Catches, b.catch(a, rest, d))
		case "finally":
			s.Finally = b.block(func() {
				for _, x := range rest {
					b.into(x, dest{})
				}
			})
		}
	}
	b.emit(s)
	end()
}

// catch lowers (catch Class e …), and of try+ also keys, predicates and patterns.
func (b *body) catch(f *form, args []*form, d dest) *ir.Catch {
	c := &ir.Catch{Span: b.span(f)}
	if len(args) < 2 {
		return c
	}
	if sel := args[0]; sel.is("Throwable") || sel.is("Object") || sel.is(":default") || sel.key("default") || sel.is("_") {
		// everything
	} else if sel.kind == symbol {
		c.Types = []ir.Expr{b.symbol(sel)}
	} else {
		b.nested(func() {
			b.bind("%", local{v: b.variable("%", sel)})
			c.Types = []ir.Expr{b.quoted(sel, 0)}
		})
	}
	c.Body = b.block(func() {
		c.Bind = b.variable(args[1].text, args[1])
		if args[1].kind == symbol {
			b.bind(args[1].text, local{v: c.Bind})
		} else {
			c.Bind.Name = "thrown"
			b.takeApart(args[1], c.Bind)
		}
		b.all(f, args[2:], d)
	})
	return c
}

// throw lowers throw and throw+.
func throw(b *body, f *form, args []*form, d dest) {
	t := &ir.Throw{Span: b.span(f)}
	if len(args) > 0 {
		t.X = b.value(args[0])
	} else {
		t.X = &ir.Unknown{Span: b.span(f)}
	}
	b.emit(t)
	if d.how == keep {
		*d.hold = &ir.Unknown{Span: b.span(f)}
	}
}
