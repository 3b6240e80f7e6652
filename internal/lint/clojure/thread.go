package clojure

import "github.com/jotsight/jotsight/internal/lint/ir"

// thread lowers -> and ->>: what came before is the first or the last argument of
// the next step.
func thread(last bool) special {
	return func(b *body, f *form, args []*form, d dest) {
		if len(args) == 0 {
			b.nothing(f, d)
			return
		}
		x := args[0]
		for i, step := range args[1:] {
			e := b.value(x)
			if i%16 == 15 { // keeps expressions shallow
				e = b.use(b.temp(x, "", e), x)
			}
			x = insert(step, done(x, e), last)
		}
		b.into(x, d)
	}
}

// insert puts x into a step.
func insert(step, x *form, last bool) *form {
	if step.kind != list || len(step.kids) == 0 {
		return &form{kind: list, start: step.start, end: step.end, kids: []*form{step, x}}
	}
	n := *step
	n.kids = nil
	if last {
		n.kids = append(append(n.kids, step.kids...), x)
	} else {
		n.kids = append(append(n.kids, step.kids[0], x), step.kids[1:]...)
	}
	return &n
}

// threadSome lowers some-> and some->>: each step only if the one before gave
// something.
func threadSome(last bool) special {
	return func(b *body, f *form, args []*form, d dest) {
		if len(args) == 0 {
			b.nothing(f, d)
			return
		}
		d, end := b.ways(f, d)
		b.some(f, args[0], args[1:], last, d)
		end()
	}
}

func (b *body) some(f, x *form, steps []*form, last bool, d dest) {
	if len(steps) == 0 {
		b.into(x, d)
		return
	}
	if b.depth++; b.depth > maxDepth { // nobody writes so many
		thread(last)(b, f, append([]*form{x}, steps...), d)
		b.depth--
		return
	}
	defer func() { b.depth-- }()
	v := b.temp(x, "", b.value(x))
	step := steps[0]
	b.branch(step, d, func() ir.Expr { return b.op(step, ir.NotEqual, b.use(v, step), b.null(step)) },
		func(d dest) { b.some(f, insert(step, done(step, b.use(v, step)), last), steps[1:], last, d) },
		func(d dest) { b.none(step, d) })
}

// threadCond lowers cond-> and cond->>: each step only if its test holds.
func threadCond(last bool) special {
	return func(b *body, f *form, args []*form, d dest) {
		if len(args) == 0 {
			b.nothing(f, d)
			return
		}
		v := b.temp(args[0], "", b.value(args[0]))
		for i := 1; i+1 < len(args); i += 2 {
			test, step := args[i], args[i+1]
			s := &ir.If{Span: ir.Span{File: b.file, Start: test.start, End: step.end}}
			s.Cond = b.value(test)
			s.Then = b.block(func() {
				b.into(insert(step, done(step, b.use(v, step)), last), dest{how: put, v: v})
			})
			b.emit(s)
		}
		b.give(f, b.use(v, f), d)
	}
}

// threadAs lowers (as-> x name step…).
func threadAs(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 || args[1].kind != symbol {
		b.all(f, args, d)
		return
	}
	b.nested(func() {
		x := args[0]
		for _, step := range args[2:] {
			v := b.temp(x, args[1].text, b.value(x))
			b.bind(args[1].text, local{v: v})
			x = step
		}
		b.into(x, d)
	})
}

// doto lowers (doto x (f a)…).
func doto(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	v := b.temp(args[0], "", b.value(args[0]))
	for _, step := range args[1:] {
		b.into(insert(step, done(args[0], b.use(v, args[0])), false), dest{})
	}
	b.give(f, b.use(v, f), d)
}
