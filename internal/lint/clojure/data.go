package clojure

import "github.com/jotsight/jotsight/internal/lint/ir"

// unary lowers a function of one argument to an operation.
func unary(make func(b *body, f *form, x ir.Expr) ir.Expr) special {
	return func(b *body, f *form, args []*form, d dest) {
		if len(args) != 1 {
			b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
			return
		}
		b.give(f, make(b, f, b.value(args[0])), d)
	}
}

func isNil(b *body, f *form, x ir.Expr) ir.Expr { return b.op(f, ir.Equal, x, b.null(f)) }

func isSome(b *body, f *form, x ir.Expr) ir.Expr { return b.op(f, ir.NotEqual, x, b.null(f)) }

func not(b *body, f *form, x ir.Expr) ir.Expr { return b.op(f, ir.Not, x) }

// same is a function that only changes the form of what it is given: (seq x) and
// (boolean x) hold where x does.
func same(_ *body, _ *form, x ir.Expr) ir.Expr { return x }

func isBool(text string) func(*body, *form, ir.Expr) ir.Expr {
	return func(b *body, f *form, x ir.Expr) ir.Expr {
		return b.op(f, ir.Equal, x, &ir.Const{Span: b.span(f), Kind: ir.Bool, Text: text})
	}
}

// operation lowers a function of any number of arguments to an operation.
func operation(k ir.OpKind) special {
	return func(b *body, f *form, args []*form, d dest) {
		if len(args) == 0 {
			b.give(f, b.constant(&form{kind: text, start: f.start, end: f.end}), d)
			return
		}
		b.give(f, b.op(f, k, b.values(args)...), d)
	}
}

// get lowers (get m k) and (get m k otherwise).
func get(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 {
		b.nothing(f, d)
		return
	}
	e := b.entry(f, b.value(args[0]), args[1])
	if len(args) > 2 {
		e = b.op(f, ir.Or, e, b.value(args[2]))
	}
	b.give(f, e, d)
}

// entry is what a map or set holds under a key: a member where the key is known,
// a look-up in what lives longer than the function, else an index.
func (b *body) entry(f *form, x ir.Expr, key *form) ir.Expr {
	if _, ok := b.constKey(key); ok || !b.lasts(x) {
		return b.member(f, x, key)
	}
	return b.asks(f, x, "get", key)
}

// asks is a call of a method that looks something up.
func (b *body) asks(f *form, x ir.Expr, name string, key *form) ir.Expr {
	at := b.span(f)
	return &ir.Call{Span: at, Fun: &ir.Member{Span: at, X: x, Name: name, Of: at}, Args: []ir.Expr{b.value(key)}}
}

// lasts says that a value is that of an atom, or of a var.
func (b *body) lasts(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.Await:
		return true
	case *ir.Name:
		return e.Var.Func == b.sp.module.Body
	}
	return false
}

// contains lowers (contains? m k).
func contains(b *body, f *form, args []*form, d dest) {
	if len(args) != 2 {
		b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
		return
	}
	x := b.value(args[0])
	if _, ok := b.constKey(args[1]); ok {
		b.give(f, b.op(f, ir.NotEqual, b.member(f, x, args[1]), b.null(f)), d)
		return
	}
	b.give(f, b.asks(f, x, "contains", args[1]), d)
}

// someOf lowers (some #{x} list), which asks whether it is in there.
func someOf(b *body, f *form, args []*form, d dest) {
	if len(args) == 2 && args[0].kind == set && len(args[0].kids) == 1 {
		b.give(f, b.asks(f, b.value(args[1]), "includes", args[0].kids[0]), d)
		return
	}
	b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
}

// getIn lowers (get-in m [:a k] otherwise).
func getIn(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 || args[1].kind != vector || len(args[1].kids) == 0 {
		b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
		return
	}
	e := b.value(args[0])
	for i, k := range args[1].kids {
		at := k
		if i == len(args[1].kids)-1 {
			at = f
		}
		e = b.member(at, e, k)
	}
	if len(args) > 2 {
		e = b.op(f, ir.Or, e, b.value(args[2]))
	}
	b.give(f, e, d)
}

// assoc lowers (assoc m :a x :b y): a map like m with other fields.
func assoc(b *body, f *form, args []*form, d dest) {
	if len(args) < 3 || len(args)%2 == 0 {
		b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
		return
	}
	o := &ir.Object{Span: b.span(f)}
	values := []*form{args[0]}
	for i := 1; i+1 < len(args); i += 2 {
		values = append(values, args[i+1])
	}
	for i, e := range b.values(values) {
		if i == 0 {
			o.Fields = append(o.Fields, ir.Field{Span: b.span(args[0]), Value: e})
			continue
		}
		o.Fields = append(o.Fields, b.field(args[2*i-1], e))
	}
	b.give(f, b.answer(f, o), d)
}

// assocIn lowers (assoc-in m [:a :b] x).
func assocIn(b *body, f *form, args []*form, d dest) {
	if len(args) != 3 || args[1].kind != vector || len(args[1].kids) == 0 {
		b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
		return
	}
	m := b.temp(args[0], "", b.value(args[0]))
	b.give(f, b.replaced(f, m, args[1].kids, b.value(args[2])), d)
}

// replaced is a map like m, with e at the end of a path.
func (b *body) replaced(f *form, m *ir.Var, path []*form, e ir.Expr) ir.Expr {
	for i := len(path) - 1; i >= 0; i-- {
		var like ir.Expr = b.use(m, f)
		for _, k := range path[:i] {
			like = b.member(k, like, k)
		}
		e = &ir.Object{Span: b.span(f), Fields: []ir.Field{{Span: b.span(f), Value: like}, b.field(path[i], e)}}
	}
	return e
}

// update lowers (update m :k f args…) and update-in of one constant path: a map
// like m, in which f has been at work.
func update(path bool) special {
	return func(b *body, f *form, args []*form, d dest) {
		keys := []*form{}
		if len(args) > 2 {
			keys = []*form{args[1]}
			if path {
				keys = args[1].kids
			}
		}
		if len(keys) == 0 || path && args[1].kind != vector {
			b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
			return
		}
		m := b.temp(args[0], "", b.value(args[0]))
		old := b.use(m, args[0])
		for _, k := range keys {
			old = b.member(k, old, k)
		}
		call := &form{kind: list, start: f.start, end: f.end, kids: append([]*form{args[2], done(args[0], old)}, args[3:]...)}
		b.give(f, b.replaced(f, m, keys, b.value(call)), d)
	}
}

// selectKeys lowers (select-keys m [:a :b]), where the keys are known.
func selectKeys(b *body, f *form, args []*form, d dest) {
	if len(args) != 2 || !b.known(args[1]) {
		b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
		return
	}
	m := b.temp(args[0], "", b.value(args[0]))
	o := &ir.Object{Span: b.span(f)}
	for _, k := range args[1].kids {
		o.Fields = append(o.Fields, b.field(k, b.member(k, b.use(m, k), k)))
	}
	b.give(f, o, d)
}

// known says whether a vector holds keys alone that are known.
func (b *body) known(f *form) bool {
	for _, k := range f.kids {
		if _, ok := b.constKey(k); !ok {
			return false
		}
	}
	return f.kind == vector && len(f.kids) <= 64
}

// dissoc lowers (dissoc m :a :b): a map like m, in which these are nil.
func dissoc(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 || !b.known(&form{kind: vector, kids: args[1:]}) {
		b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
		return
	}
	o := &ir.Object{Span: b.span(f), Fields: []ir.Field{{Span: b.span(args[0]), Value: b.value(args[0])}}}
	for _, k := range args[1:] {
		o.Fields = append(o.Fields, b.field(k, b.null(k)))
	}
	b.give(f, o, d)
}

// merge lowers (merge a b): the fields of both.
func merge(b *body, f *form, args []*form, d dest) {
	o := &ir.Object{Span: b.span(f)}
	for i, e := range b.values(args) {
		o.Fields = append(o.Fields, ir.Field{Span: b.span(args[i]), Value: e})
	}
	b.give(f, o, d)
}

// again copies a place, since every node stands once in a tree.
func (b *body) again(e ir.Expr) ir.Expr {
	switch e := e.(type) {
	case *ir.Name:
		return &ir.Name{Span: e.Span, Var: e.Var}
	case *ir.Member:
		return &ir.Member{Span: e.Span, X: b.again(e.X), Name: e.Name, Of: e.Of}
	}
	return &ir.Unknown{Span: e.At()}
}

// reset lowers (reset! a x) and set!.
func reset(b *body, f *form, args []*form, d dest) {
	if len(args) != 2 {
		b.give(f, b.apply(f, b.extern(f, "clj:clojure.core/reset!"), args), d)
		return
	}
	place := b.value(args[0])
	switch place.(type) {
	case *ir.Name, *ir.Member:
		b.emit(&ir.Set{Span: b.span(f), Left: []ir.Expr{place}, Right: []ir.Expr{b.value(args[1])}})
		b.give(f, b.again(place), d)
	default:
		b.give(f, b.apply(f, b.extern(f, "clj:clojure.core/reset!"), append([]*form{done(args[0], place)}, args[1:]...)), d)
	}
}

// applyForm lowers (apply f a b list).
func applyForm(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	if len(args) > 1 && args[0].kind == symbol {
		if m := b.resolve(args[0].text); m.extern == "clojure.core/str" {
			b.give(f, b.op(f, ir.Add, b.values(args[1:])...), d)
			return
		} else if m.extern == "clojure.core/merge" {
			merge(b, f, args[1:], d)
			return
		}
	}
	list := b.values(args)
	b.give(f, &ir.Call{Span: b.span(f), Fun: list[0], Args: list[1:], Spread: len(list) > 1}, d)
}

// listOf lowers (list a b), (vector a b).
func listOf(b *body, f *form, args []*form, d dest) {
	b.give(f, &ir.List{Span: b.span(f), Elems: b.values(args)}, d)
}

// mapOf lowers (hash-map k v).
func mapOf(b *body, f *form, args []*form, d dest) {
	m := *f
	m.kids = args
	b.give(f, b.table(&m), d)
}

// instance lowers (instance? Class x).
func instance(b *body, f *form, args []*form, d dest) {
	if len(args) != 2 {
		b.give(f, b.apply(f, b.symbol(f.kids[0]), args), d)
		return
	}
	list := b.values(args)
	b.give(f, b.op(f, ir.InstanceOf, list[1], list[0]), d)
}
