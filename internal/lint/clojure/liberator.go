package clojure

import "github.com/jotsight/jotsight/internal/lint/ir"

// A decision is one question that liberator asks on the way to an answer, with
// what it answers if the answer is not the good one.
type decision struct {
	key     string
	good    bool // what lets the request go on
	handler string
	status  string
}

// decisions stand in the order in which liberator asks them. Those about forms of
// content are left out: they do not look at who is asking.
var decisions = []decision{
	{"service-available?", true, "handle-service-not-available", "503"},
	{"method-allowed?", true, "handle-method-not-allowed", "405"},
	{"malformed?", false, "handle-malformed", "400"},
	{"authorized?", true, "handle-unauthorized", "401"},
	{"allowed?", true, "handle-forbidden", "403"},
	{"valid-content-header?", true, "handle-not-implemented", "501"},
	{"processable?", true, "handle-unprocessable-entity", "422"},
	{"exists?", true, "handle-not-found", "404"},
	{"conflict?", false, "handle-conflict", "409"},
}

// actions are what is done when all questions are answered, and the handler of each.
var actions = []struct{ key, handler, status string }{
	{"put!", "handle-created", "201"},
	{"post!", "handle-created", "201"},
	{"patch!", "handle-ok", "200"},
	{"delete!", "handle-no-content", "204"},
}

// An entry is one key of a resource with where it was written.
type entry struct {
	key, value *form
	file       *ir.File
	sp         *space
}

// declareResource makes known that a resource is a function of the request, or,
// with parameters, one that gives such a function.
func (b *body) declareResource(f, id *form, args []*form) {
	x := b.r.newFunc(b.span(f), id.text, b.sp.module, b.sp.module.Body)
	x.Exported = true
	d := &def{arities: []*ir.Func{x}, from: b.sp, file: b.file}
	for _, a := range args[1:] {
		if a.kind == vector {
			d.yields = true
		}
		if a.kind == vector || a.kind == keyword {
			break
		}
	}
	b.sp.defs[id.text] = d
}

// defresource lowers (defresource name [params]? base… :key value…).
func defresource(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 || args[0].kind != symbol {
		b.none(f, d)
		return
	}
	x := b.define(args[0])
	if len(x.arities) != 1 {
		b.declareResource(f, args[0], args)
		x = b.sp.defs[args[0].text]
	}
	rest := args[1:]
	for len(rest) > 1 && rest[0].kind == text {
		rest = rest[1:]
	}
	fn := x.arities[0]
	c := b.child(fn)
	if x.yields {
		prelude := func() {}
		if len(rest) > 0 && rest[0].kind == vector {
			prelude = c.params(rest[0])
			rest = rest[1:]
		}
		prelude()
		inner := b.r.newFunc(b.span(f), args[0].text, b.sp.module, fn)
		c.child(inner).resource(f, rest)
		c.give(f, &ir.FuncRef{Span: b.span(f), Func: inner, Literal: true}, dest{how: ret})
		fn.Body = c.out
	} else {
		c.resource(f, rest)
	}
	b.none(f, d)
}

// resource lowers (resource :key value…), a value.
func resource(b *body, f *form, args []*form, d dest) {
	naming := b.naming
	b.naming = ""
	x := b.r.newFunc(b.span(f), b.closureName("", naming), b.sp.module, b.fn)
	b.child(x).resource(f, args)
	b.give(f, &ir.FuncRef{Span: b.span(f), Func: x, Literal: true}, d)
}

// resource writes the body of the function that a resource is.
func (b *body) resource(f *form, forms []*form) {
	req := &ir.Var{Span: b.span(f), Name: "request", Func: b.fn, Type: &ir.Type{Symbol: request}}
	b.fn.Params = []*ir.Var{req}
	ctx := b.temp(f, "ctx", &ir.Object{Span: b.span(f), Fields: []ir.Field{{Span: b.span(f), Name: "request", Value: b.use(req, f)}}})
	ctx.Type = &ir.Type{Symbol: "clj:liberator.core/Context"}
	entries := b.entries(forms, nil, 0)
	for _, d := range decisions {
		e := find(entries, d.key)
		if e == nil {
			continue
		}
		answer := b.ask(e, ctx)
		s := &ir.If{Span: b.spanOf(e), Cond: answer}
		if d.good {
			s.Cond = &ir.Op{Span: answer.At(), Kind: ir.Not, Args: []ir.Expr{answer}}
		}
		s.Then = b.block(func() { b.respond(f, e, find(entries, d.handler), ctx, d.status) })
		b.emit(s)
	}
	handled := false
	for _, a := range actions {
		e := find(entries, a.key)
		if e == nil {
			continue
		}
		s := &ir.If{Span: b.spanOf(e), Cond: b.op(e.key, ir.Equal, &ir.Member{Span: b.spanOf(e), X: b.use(req, e.key), Name: "request-method", Of: b.spanOf(e)},
			&ir.Const{Span: b.spanOf(e), Kind: ir.Keyword, Text: a.key[:len(a.key)-1]})}
		s.Then = b.block(func() {
			b.emit(&ir.Do{Span: b.spanOf(e), X: b.ask(e, ctx)})
			b.respond(f, e, find(entries, a.handler), ctx, a.status)
		})
		b.emit(s)
		handled = true
	}
	ok := find(entries, "handle-ok")
	if ok != nil || !handled {
		b.respond(f, &entry{key: f, value: f, file: b.file, sp: b.sp}, ok, ctx, "200")
	}
	b.fn.Body = b.out
}

// entries lists the keys of a resource, those of what it builds on included, a
// later one before an earlier one.
func (b *body) entries(forms []*form, list []entry, depth int) []entry {
	for len(forms) > 0 && depth < 8 {
		k := forms[0]
		if k.kind == keyword && len(forms) > 1 {
			list = append(list, entry{k, forms[1], b.file, b.sp})
			forms = forms[2:]
			continue
		}
		forms = forms[1:]
		switch {
		case k.kind == table:
			list = b.entries(k.kids, list, depth+1)
		case k.kind == symbol:
			if d := b.resolve(k.text).def; d != nil && d.init != nil && d.init.kind == table {
				in := &body{r: b.r, sp: d.from, file: d.file, fn: b.fn, scope: &scope{}}
				list = in.entries(d.init.kids, list, depth+1)
			}
		}
	}
	return list
}

func find(list []entry, key string) *entry {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].key.key(key) {
			return &list[i]
		}
	}
	return nil
}

func (b *body) spanOf(e *entry) ir.Span {
	return ir.Span{File: e.file, Start: e.key.start, End: e.value.end}
}

// where runs do as if in the file in which e was written.
func (b *body) where(e *entry, do func()) {
	file, sp := b.file, b.sp
	b.file, b.sp = e.file, e.sp
	do()
	b.file, b.sp = file, sp
}

// ask gives the answer to a decision: the value of a function of the context, or
// the value itself.
func (b *body) ask(e *entry, ctx *ir.Var) (answer ir.Expr) {
	b.where(e, func() {
		switch v := e.value; {
		case v.head() != "" && b.resolve(v.head()).extern == "liberator.core/by-method" && len(v.kids) > 1:
			answer = b.byMethod(e, v, ctx)
		case v.kind == keyword:
			answer = &ir.Member{Span: b.span(v), X: b.use(ctx, v), Name: b.keyword(v.text), Of: b.span(v)}
		case b.callable(v):
			fun := b.named(b.fn.Name+"."+e.key.text, v)
			answer = &ir.Call{Span: b.spanOf(e), Fun: fun, Args: []ir.Expr{b.use(ctx, v)}}
		default:
			answer = b.value(v)
		}
	})
	return answer
}

// byMethod asks what (by-method {:get f :post g}) gives for the method of the request.
func (b *body) byMethod(e *entry, f *form, ctx *ir.Var) ir.Expr {
	pairs := f.kids[1:]
	if len(pairs) == 1 && pairs[0].kind == table {
		pairs = pairs[0].kids
	}
	v := b.temp(f, "", b.null(f))
	for i := 0; i+1 < len(pairs) && i < maxDepth; i += 2 {
		if pairs[i].key("options") {
			continue // liberator answers these itself, before anything is done
		}
		s := &ir.If{Span: ir.Span{File: b.file, Start: pairs[i].start, End: pairs[i+1].end}}
		method := &ir.Member{Span: s.Span, X: b.use(b.fn.Params[0], f), Name: "request-method", Of: s.Span}
		s.Cond = b.op(pairs[i], ir.Equal, method, b.quoted(pairs[i], 0))
		s.Then = b.block(func() {
			answer := b.ask(&entry{pairs[i], pairs[i+1], e.file, e.sp}, ctx)
			b.emit(&ir.Set{Span: s.Span, Left: []ir.Expr{b.use(v, f)}, Right: []ir.Expr{answer}})
		})
		b.emit(s)
	}
	return b.use(v, f)
}

// respond returns what a handler answers, as a map with its status.
func (b *body) respond(f *form, asked, h *entry, ctx *ir.Var, status string) {
	at := b.spanOf(asked)
	o := &ir.Object{Span: at}
	o.Fields = append(o.Fields, ir.Field{Span: at, Name: "status", Value: &ir.Const{Span: at, Kind: ir.Number, Text: status}})
	if h != nil {
		o.Span = b.spanOf(h)
		o.Fields = append(o.Fields, ir.Field{Span: o.Span, Name: "body", Value: b.ask(h, ctx)})
	}
	b.emit(&ir.Return{Span: o.Span, Values: []ir.Expr{b.answer(f, o)}})
}
