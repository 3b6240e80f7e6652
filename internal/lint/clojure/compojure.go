package clojure

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// compojures are the namespaces whose macros make routes.
var compojures = words("compojure.core compojure.api.sweet compojure.api.core")

var verbs = words("GET POST PUT DELETE HEAD OPTIONS PATCH ANY context let-routes rfn let-request")

// request is the type of what ring handlers are given.
const request = "clj:ring/Request"

// compojureRoute lowers (GET path bindings body…): a call with the path and a
// function of the request, and what :middleware puts around it; (context path bindings
// routes…) with its routes. let-routes is its routes within a let.
func (b *body) compojureRoute(f, head *form, full string, args []*form) ir.Expr {
	_, verb := split(full)
	call := &ir.Call{Span: b.span(f), Fun: b.extern(head, "clj:"+full)}
	if verb == "let-routes" {
		if len(args) > 0 {
			b.bindings(args[0])
			call.Fun = b.extern(head, "clj:compojure.core/routes")
			call.Args = b.values(args[1:])
		}
		return call
	}
	if verb != "rfn" && verb != "let-request" {
		if len(args) == 0 {
			return call
		}
		call.Args = append(call.Args, b.value(args[0]))
		args = args[1:]
	}
	var bindings *form
	if len(args) > 0 {
		bindings, args = args[0], args[1:]
	}
	var options []*form
	if strings.HasPrefix(full, "compojure.api") {
		for len(args) > 1 && args[0].kind == keyword {
			options = append(options, args[0], args[1])
			args = args[2:]
		}
		if len(args) > 1 && args[0].kind == table {
			options = append(options, args[0].kids...)
			args = args[1:]
		}
	}
	if verb == "context" {
		b.nested(func() {
			b.free(orElse(bindings, f), options)
			call.Args = append(call.Args, b.values(args)...)
		})
	} else {
		call.Args = append(call.Args, b.handler(f, bindings, options, args))
	}
	return b.wrapped(call, options)
}

// wrapped puts the middlewares of :middleware [a [b arg]] around a route.
func (b *body) wrapped(route ir.Expr, options []*form) ir.Expr {
	for i := 0; i+1 < len(options); i += 2 {
		if !options[i].key("middleware") {
			continue
		}
		around := options[i+1].kids
		for j := len(around) - 1; j >= 0 && len(around) <= maxDepth; j-- {
			m, args := around[j], []*form(nil)
			if m.kind == vector && len(m.kids) > 0 {
				m, args = m.kids[0], m.kids[1:]
			}
			if m.kind == symbol || m.kind == lambda || m.kind == list {
				route = &ir.Call{Span: b.span(around[j]), Fun: b.value(m), Args: append([]ir.Expr{route}, b.values(args)...)}
			}
		}
	}
	return route
}

// free binds the names of a context's bindings to variables of which nothing is
// known: its routes are made once, the names are bound for each request.
func (b *body) free(bindings *form, options []*form) {
	req := b.variable("request", bindings)
	req.Type = &ir.Type{Symbol: request}
	b.fromRequest(bindings, req)
	b.fromOptions(options, req)
}

// handler is the function of the request that a route runs. A route whose body is
// nothing but a function is that function.
func (b *body) handler(f, bindings *form, options, forms []*form) ir.Expr {
	if len(forms) == 1 && len(options) == 0 && b.callable(forms[0]) {
		return b.value(forms[0])
	}
	at := f
	x := b.r.newFunc(b.span(at), b.closureName("", ""), b.sp.module, b.fn)
	c := b.child(x)
	v := &ir.Var{Span: b.span(orElse(bindings, f)), Name: "request", Func: x, Type: &ir.Type{Symbol: request}}
	x.Params = []*ir.Var{v}
	c.fromRequest(bindings, v)
	c.fromOptions(options, v)
	if n := len(forms); n > 0 && c.makesHandler(forms[n-1]) {
		// What a route's body gives is called with the request, if it is a function.
		for _, s := range forms[:n-1] {
			c.into(s, dest{})
		}
		last := forms[n-1]
		call := &ir.Call{Span: c.span(last), Fun: c.value(last), Args: []ir.Expr{c.use(v, last)}}
		c.give(last, call, dest{how: ret})
	} else {
		c.all(f, forms, dest{how: ret})
	}
	x.Body = c.out
	return &ir.FuncRef{Span: b.span(at), Func: x, Literal: true}
}

// orElse is p, or f where there is none.
func orElse(p, f *form) *form {
	if p != nil {
		return p
	}
	return f
}

// callable says whether a form names a function, or is one.
func (b *body) callable(f *form) bool {
	switch f.kind {
	case lambda, varQuote:
		return true
	case list:
		return fnHeads[f.head()] || b.makesHandler(f)
	case symbol:
		m := b.resolve(f.text)
		switch {
		case m.local != nil:
			return len(m.local.funcs) > 0
		case m.def != nil:
			return !m.def.plain && !m.def.macro && m.def.class == nil
		}
		return m.extern != "" && !strings.HasPrefix(m.extern, "clojure.core/*")
	}
	return false
}

// makesHandler says whether a form is the call of a function that gives functions.
func (b *body) makesHandler(f *form) bool {
	if h := f.head(); h != "" && f.kids[0].kind == symbol {
		m := b.resolve(h)
		return m.def != nil && m.def.yields || m.extern == "liberator.core/resource" || strings.HasPrefix(f.kids[0].base(), "wrap-")
	}
	return false
}

// fromRequest binds what a route takes from the request: [a b & rest :as req], a
// map pattern, or a name for the request.
func (b *body) fromRequest(p *form, req *ir.Var) {
	if p == nil {
		return
	}
	switch p.kind {
	case symbol:
		b.bind(p.text, local{v: req})
		req.Name = p.text
	case table:
		b.takeApart(p, req)
	case vector:
		params := func(at *form) ir.Expr {
			return &ir.Member{Span: b.span(at), X: b.use(req, at), Name: "params", Of: b.span(at)}
		}
		for i := 0; i < len(p.kids); i++ {
			switch k := p.kids[i]; {
			case k.is("&") && i+1 < len(p.kids):
				i++
				b.part(p.kids[i], params(p.kids[i]))
			case k.key("as") && i+1 < len(p.kids):
				i++
				b.takeApart(p.kids[i], req)
			case k.key("<<") && i+1 < len(p.kids):
				i++
			case k.kind == symbol:
				b.part(k, &ir.Member{Span: b.span(k), X: params(k), Name: k.text, Of: b.span(k)})
				if i+2 < len(p.kids) && p.kids[i+1].key("<<") { // id :<< as-int
					i += 2
				}
			}
		}
	}
}

// fromOptions binds what the options of compojure-api take: :body [x Schema],
// :query-params [a :- T {b :- T 1}], :current-user user and the like.
func (b *body) fromOptions(options []*form, req *ir.Var) {
	for i := 0; i+1 < len(options); i += 2 {
		k, v := options[i], options[i+1]
		from := func(at *form, name string) ir.Expr {
			return &ir.Member{Span: b.span(at), X: b.use(req, at), Name: name, Of: b.span(at)}
		}
		switch k.text {
		case "body", "query", "headers", "path", "form", "multipart":
			if v.kind == vector && len(v.kids) > 0 {
				b.part(v.kids[0], from(v.kids[0], k.text))
			}
		case "body-params", "query-params", "path-params", "header-params", "form-params", "multipart-params":
			b.params2(v, from, k.text)
		case "components":
			b.params2(v, from, k.text)
		case "return", "summary", "tags", "responses", "middleware", "description", "swagger", "coercion", "name", "operationId", "no-doc", "produces", "consumes", "auth-rules", "roles", "data":
		default: // one's own way of binding
			if v.kind == symbol && b.resolve(v.text) == (meaning{}) || v.kind == table {
				b.part(v, from(v, b.keyword(k.text)))
			}
		}
	}
}

// params2 binds [a :- T, {b :- T default}].
func (b *body) params2(v *form, from func(*form, string) ir.Expr, name string) {
	for i := 0; i < len(v.kids); i++ {
		k := v.kids[i]
		switch {
		case k.key("-"):
			i++
		case k.kind == table && len(k.kids) > 0 && k.kids[0].kind == symbol:
			k = k.kids[0]
			fallthrough
		case k.kind == symbol && !k.is("&"):
			b.part(k, &ir.Member{Span: b.span(k), X: from(k, name), Name: k.text, Of: b.span(k)})
		}
	}
}

// defroutes lowers (defroutes name "doc"? routes…), and defapi.
func defroutes(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 || args[0].kind != symbol {
		b.none(f, d)
		return
	}
	name, rest := args[0], args[1:]
	for len(rest) > 1 && rest[0].kind == text {
		rest = rest[1:]
	}
	space := b.resolve(f.kids[0].text).extern
	fun := "clj:" + strings.Replace(space, "/defroutes", "/routes", 1)
	fun = strings.Replace(fun, "/defapi", "/api", 1)
	v := b.variableOf(b.define(name), name)
	call := &ir.Call{Span: b.span(f), Fun: b.extern(f.kids[0], fun)}
	b.defining(name, func() { call.Args = b.values(rest) })
	b.emit(&ir.Set{Span: b.span(f), Left: []ir.Expr{b.use(v, name)}, Right: []ir.Expr{call}, Declare: true})
	b.none(f, d)
}
