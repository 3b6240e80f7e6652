package clojure

import (
	"strconv"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// newFunc adds a function to the program.
func (r *reading) newFunc(at ir.Span, name string, m *ir.Module, outer *ir.Func) *ir.Func {
	f := &ir.Func{Span: at, Name: name, Module: m, Outer: outer}
	r.p.Funcs = append(r.p.Funcs, f)
	return f
}

// closureName is the name of a function written here: its own, that of what it is
// the value of, or func1 within the one around it.
func (b *body) closureName(own, naming string) string {
	if own != "" {
		return own
	}
	if naming != "" {
		return naming
	}
	b.closures++
	outer := b.fn.Name
	if b.fn == b.sp.module.Body {
		outer = b.within
	}
	if outer != "" {
		outer += "."
	}
	return outer + "func" + strconv.Itoa(b.closures)
}

// child is a body for a function within this one.
func (b *body) child(fn *ir.Func) *body {
	return &body{r: b.r, sp: b.sp, file: b.file, fn: fn, scope: &scope{up: b.scope}, depth: b.depth}
}

// arities splits the end of a defn or fn into its arities, each a list that begins
// with the vector of parameters.
func arities(args []*form) (found [][]*form) {
	for i, a := range args {
		if a.kind == vector {
			return [][]*form{args[i:]}
		}
		if a.kind == list && len(a.kids) > 0 && a.kids[0].kind == vector {
			found = append(found, a.kids)
		}
	}
	return found
}

// params makes the parameters of a function; what patterns take apart comes first
// in its body, which is why prelude has to be called there.
func (b *body) params(v *form) (prelude func()) {
	fn := b.fn
	var patterns []*form
	var vars []*ir.Var
	add := func(p *form) {
		x := b.variable(patternName(p), p)
		x.Param = len(fn.Params)
		fn.Params = append(fn.Params, x)
		if p.kind == symbol {
			b.bind(p.text, local{v: x})
			return
		}
		patterns = append(patterns, p)
		vars = append(vars, x)
	}
	for i := 0; i < len(v.kids); i++ {
		switch k := v.kids[i]; {
		case k.is("&") && i+1 < len(v.kids):
			fn.Variadic = true
			add(v.kids[i+1])
			i++
		case k.key("-"): // of schema: x :- Type
			i++
		case k.key("as"), k.is("=>"):
			i = len(v.kids)
		default:
			add(k)
		}
	}
	return func() {
		for i, p := range patterns {
			b.takeApart(p, vars[i])
		}
	}
}

// run lowers the body of a function whose parameters are bound: conditions first,
// the last form as what it returns.
func (b *body) run(at *form, prelude func(), forms []*form) {
	prelude()
	for len(forms) > 1 && forms[0].key("-") { // :- Type
		forms = forms[2:]
	}
	if len(forms) > 1 && forms[0].kind == table {
		b.conditions(forms[0])
		forms = forms[1:]
	}
	b.all(at, forms, dest{how: ret})
	b.fn.Body = b.out
}

// conditions lowers {:pre [test …]}: what does not hold is thrown.
func (b *body) conditions(m *form) {
	for i := 0; i+1 < len(m.kids); i += 2 {
		if !m.kids[i].key("pre") || m.kids[i+1].kind != vector {
			continue
		}
		for _, t := range m.kids[i+1].kids {
			s := &ir.If{Span: b.span(t)}
			s.Cond = b.op(t, ir.Not, b.value(t))
			s.Then = []ir.Stmt{&ir.Throw{Span: b.span(t), X: &ir.Call{Span: b.span(t), Fun: b.extern(t, "java:java.lang.AssertionError"), New: true}}}
			b.emit(s)
		}
	}
}

// fn lowers (fn name? [params] body…) with one arity or several; of several, the
// value is the one that asValue picks.
func fn(b *body, f *form, args []*form, d dest) {
	naming := b.naming
	b.naming = ""
	own := ""
	if len(args) > 0 && args[0].kind == symbol {
		own = args[0].text
		args = args[1:]
	}
	name := b.closureName(own, naming)
	var funcs []*ir.Func
	var todo []func()
	for _, a := range arities(args) {
		x := b.r.newFunc(b.span(f), name, b.sp.module, b.fn)
		funcs = append(funcs, x)
		todo = append(todo, func() {
			c := b.child(x)
			if own != "" {
				c.bind(own, local{funcs: funcs})
				c.scope = &scope{up: c.scope}
			}
			c.run(f, c.params(a[0]), a[1:])
		})
	}
	for _, t := range todo {
		t()
	}
	if len(funcs) == 0 {
		b.give(f, &ir.Unknown{Span: b.span(f)}, d)
		return
	}
	b.give(f, &ir.FuncRef{Span: b.span(f), Func: asValue(funcs), Literal: true}, d)
}

// lambda lowers #(f % %2 %&).
func (b *body) lambda(f *form, naming string) ir.Expr {
	x := b.r.newFunc(b.span(f), b.closureName("", naming), b.sp.module, b.fn)
	c := b.child(x)
	n, rest := placeholders(f, 0)
	for i := 1; i <= n; i++ {
		v := &ir.Var{Span: b.span(f), Name: "%" + strconv.Itoa(i), Func: x, Param: i - 1}
		x.Params = append(x.Params, v)
		c.bind(v.Name, local{v: v})
		if i == 1 {
			c.bind("%", local{v: v})
		}
	}
	if rest {
		v := &ir.Var{Span: b.span(f), Name: "%&", Func: x, Param: n}
		x.Params, x.Variadic = append(x.Params, v), true
		c.bind("%&", local{v: v})
	}
	call := *f
	call.kind = list
	c.into(&call, dest{how: ret})
	x.Body = c.out
	return &ir.FuncRef{Span: b.span(f), Func: x, Literal: true}
}

// placeholders says how many arguments a #() takes.
func placeholders(f *form, n int) (int, bool) {
	rest := false
	for _, k := range f.kids {
		if k.kind == symbol && strings.HasPrefix(k.text, "%") {
			switch i, err := strconv.Atoi(k.text[1:]); {
			case k.text == "%":
				n = max(n, 1)
			case k.text == "%&":
				rest = true
			case err == nil && i > 0 && i <= 20:
				n = max(n, i)
			}
		}
		m, r := placeholders(k, n)
		n, rest = max(n, m), rest || r
	}
	return n, rest
}

// closure makes a function of n parameters that returns what give makes of them.
func (b *body) closure(f *form, n int, variadic bool, give func(c *body, params []ir.Expr) ir.Expr) ir.Expr {
	naming := b.naming
	b.naming = ""
	x := b.r.newFunc(b.span(f), b.closureName("", naming), b.sp.module, b.fn)
	x.Variadic = variadic
	c := b.child(x)
	var params []ir.Expr
	for i := range n {
		v := &ir.Var{Span: b.span(f), Name: "%" + strconv.Itoa(i+1), Func: x, Param: i}
		x.Params = append(x.Params, v)
		params = append(params, c.use(v, f))
	}
	c.give(f, give(c, params), dest{how: ret})
	x.Body = c.out
	return &ir.FuncRef{Span: b.span(f), Func: x, Literal: true}
}

// partial lowers (partial f a b). What f takes beside, where it is known, is what
// the closure takes.
func partial(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	naming := b.naming
	b.naming = ""
	list := b.values(args)
	var vars []*ir.Var
	for i, e := range list {
		if i == 0 || inert(e) {
			vars = append(vars, nil)
			continue
		}
		vars = append(vars, b.temp(args[i], "", e))
	}
	n, variadic := 1, true
	if r, ok := list[0].(*ir.FuncRef); ok && !r.Func.Variadic && len(r.Func.Params) >= len(list)-1 {
		n, variadic = len(r.Func.Params)-(len(list)-1), false
	}
	b.naming = naming
	b.give(f, b.closure(f, n, variadic, func(c *body, params []ir.Expr) ir.Expr {
		call := &ir.Call{Span: b.span(f), Fun: list[0], Spread: variadic}
		for i, e := range list[1:] {
			if v := vars[i+1]; v != nil {
				e = c.use(v, args[i+1])
			}
			call.Args = append(call.Args, e)
		}
		call.Args = append(call.Args, params...)
		return call
	}), d)
}

// comp lowers (comp f g): f of g of the argument.
func comp(b *body, f *form, args []*form, d dest) {
	b.naming = ""
	list := b.values(args)
	b.give(f, b.closure(f, 1, false, func(c *body, params []ir.Expr) ir.Expr {
		e := params[0]
		if len(list) > maxDepth {
			return &ir.Unknown{Span: b.span(f), Parts: append(list, e)}
		}
		for i := len(list) - 1; i >= 0; i-- {
			if k, ok := list[i].(*ir.Const); ok && k.Kind == ir.Keyword {
				e = &ir.Member{Span: k.Span, X: e, Name: k.Text, Of: k.Span}
				continue
			}
			e = &ir.Call{Span: b.span(args[i]), Fun: list[i], Args: []ir.Expr{e}}
		}
		return e
	}), d)
}

// constantly lowers (constantly x).
func constantly(b *body, f *form, args []*form, d dest) {
	naming := b.naming
	b.naming = ""
	if len(args) != 1 {
		b.nothing(f, d)
		return
	}
	e := b.value(args[0])
	b.naming = naming
	b.give(f, b.closure(f, 1, true, func(*body, []ir.Expr) ir.Expr { return e }), d)
}

// letfn lowers (letfn [(name [params] body…) …] body…).
func letfn(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	b.nested(func() {
		var todo []func()
		for _, k := range args[0].kids {
			if k.kind != list || len(k.kids) < 2 || k.kids[0].kind != symbol {
				continue
			}
			var funcs []*ir.Func
			for _, a := range arities(k.kids[1:]) {
				x := b.r.newFunc(b.span(k), k.kids[0].text, b.sp.module, b.fn)
				funcs = append(funcs, x)
				todo = append(todo, func() {
					c := b.child(x)
					c.run(k, c.params(a[0]), a[1:])
				})
			}
			if len(funcs) > 0 {
				b.bind(k.kids[0].text, local{funcs: funcs})
			}
		}
		for _, t := range todo {
			t()
		}
		b.all(f, args[1:], d)
	})
}
