package resolve

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// In Clojure nothing is mounted: routes are values, routers are lists of them, and
// middlewares are functions that are put around. So they are read from the outside:
// from each expression that is part of no other, through what it is put around, to
// the routes within. Besides calls of routes (compojure) there are routes that are
// data: vectors of a path, a map and more vectors (reitit, pedestal).

// A ring is one walk through such values.
type ring struct {
	r *Resolver
	// part are the calls that were come to from another one; in the first of two
	// passes they are noted, in the second the rest is read.
	part    map[*ir.Call]bool
	publish bool
	steps   int
	hits    int               // routes that were come to
	busy    map[*ir.Call]bool // calls within which the walk is
	gave    bool              // something is known now of what functions are called with
}

// A around is what stands around a value.
type around struct {
	path   string
	chain  []Link
	router *library.Row
	// of is the symbol of what holds data: its package is the framework.
	of    string
	holds *ir.Call // the call of that
	call  *ir.Call // that is looked into
	depth int
}

const (
	maxAround = 40      // values within each other
	maxRing   = 200_000 // steps of one pass
)

// rings finds the routes of Clojure.
func (r *Resolver) rings() {
	var calls []*ir.Call
	for _, c := range r.calls {
		if f := r.within[c]; f != nil && f.Module != nil && f.Module.Language == ir.Clojure && r.holdsRoutes(c) {
			calls = append(calls, c)
		}
	}
	if len(calls) == 0 {
		return
	}
	g := &ring{r: r, part: map[*ir.Call]bool{}, busy: map[*ir.Call]bool{}}
	for _, c := range calls {
		g.call(c, nil, around{}, true)
	}
	if g.gave {
		clear(r.memo)
	}
	g.publish, g.steps = true, 0
	for _, c := range calls {
		if !g.part[c] {
			g.call(c, nil, around{}, true)
		}
	}
}

// holdsRoutes says whether a call may have routes in it.
func (r *Resolver) holdsRoutes(c *ir.Call) bool {
	for _, t := range r.known[c] {
		switch {
		case t.Row != nil:
			return ringed(t.Row)
		case t.Func != nil:
			for _, v := range r.eval(c, 0, nil).vals {
				if v.Func != nil && v.Env != nil {
					if arg, _ := madeFor(v); arg != nil {
						return true
					}
					if _, arg, _ := r.wrapped(v); arg != nil {
						return true
					}
				}
			}
			return false
		case strings.HasPrefix(t.Symbol, "clj:"):
			return strings.Contains(t.Symbol, "/wrap-")
		}
	}
	return false
}

// ringed says whether a row is about routes, or is put around them.
func ringed(row *library.Row) bool {
	switch row.Does {
	case library.Route, library.Group, library.Router, library.Mount:
		return true
	case library.Wrap, library.Guard, library.Limit, library.Access, library.Report, library.Metric:
		return row.Chain.Set()
	}
	return false
}

// expr follows an expression to the routes in it.
func (g *ring) expr(e ir.Expr, env *Env, at around) {
	if at.depth++; at.depth > maxAround || g.steps > maxRing {
		return
	}
	g.steps++
	r := g.r
	switch x := e.(type) {
	case *ir.Call:
		g.call(x, env, at, false)
		return
	case *ir.List:
		g.data(x, env, at)
		return
	case *ir.Await:
		g.expr(x.X, env, at)
		return
	case *ir.Name:
		if x.Var.Param < 0 && len(r.sources[x.Var]) > 0 {
			// Of x = routes, x = wrap(x) the last one is what x comes to.
			all := before(r.sources[x.Var], at.call)
			for i, hits := len(all)-1, g.hits; i >= 0 && g.hits == hits; i-- {
				if src := all[i]; src.kind == whole && src.i == 0 {
					g.expr(src.x, env.in(x.Var.Func), at)
				}
			}
			return
		}
	}
	for _, v := range r.eval(e, 0, env).vals {
		g.value(v, e, at)
	}
}

// before keeps the sources that stand before a call, if any does and there are several.
func before(all []source, c *ir.Call) []source {
	if c == nil || len(all) < 2 {
		return all
	}
	var kept []source
	for _, s := range all {
		if x := s.x.At(); x.File == c.File && x.Start < c.Start {
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 {
		return all
	}
	return kept
}

func (g *ring) value(v Value, e ir.Expr, at around) {
	switch {
	case v.List != nil:
		g.data(v.List, v.Env, at)
	case v.Call != nil && v.Symbol != "":
		g.call(v.Call, v.Env, at, false)
	case v.Func != nil && v.Env != nil:
		if _, arg, up := g.r.wrapped(v); arg != nil {
			at.chain = add(at.chain, Link{Span: e.At(), Func: v.Func, Env: v.Env, Call: v.Through, Wraps: g.calls(arg, up)})
			g.expr(arg, up, at)
		} else if arg, up := madeFor(v); arg != nil {
			at.chain = add(at.chain, Link{Span: e.At(), Func: v.Func, Env: v.Env, Call: v.Through})
			g.expr(arg, up, at)
		}
	}
}

// madeFor is the first argument of the call that made a closure: what a middleware
// is put around, though it is not seen to call it.
func madeFor(v Value) (ir.Expr, *Env) {
	for f := v.Func.Outer; f != nil; f = f.Outer {
		if fr := v.Env.frame(f); fr != nil && fr.Call != nil && fr.Elem == nil && len(fr.Call.Args) > fr.Skip && len(f.Params) > 0 {
			return fr.Call.Args[fr.Skip], fr.Up
		}
	}
	return nil, nil
}

// calls says whether what a middleware is put around is a function of the program,
// so that whoever walks the middleware comes to it.
func (g *ring) calls(arg ir.Expr, env *Env) bool {
	for _, v := range g.r.eval(arg, 0, env).vals {
		if v.Func != nil {
			return true
		}
	}
	return false
}

func add(chain []Link, links ...Link) []Link {
	return append(chain[:len(chain):len(chain)], links...)
}

// call follows a call: of a route, of a list of routes, or of a middleware.
func (g *ring) call(c *ir.Call, env *Env, at around, first bool) {
	r := g.r
	if g.busy[c] {
		return
	}
	g.busy[c] = true
	defer delete(g.busy, c)
	if !first {
		g.part[c] = true
	}
	g.steps++
	r.steps = 0
	at.call = c
	targets := r.known[c]
	if env != nil {
		targets = r.targets(c, env)
	}
	for _, t := range targets {
		switch {
		case t.Func != nil:
			for _, v := range r.eval(c, 0, env).vals {
				g.value(v, c, at)
			}
			return
		case t.Row != nil && ringed(t.Row):
			g.row(c, t, env, at)
			return
		case strings.HasPrefix(t.Symbol, "clj:") && len(c.Args) > 0:
			// A middleware that the catalogue does not know.
			at.chain = add(at.chain, Link{Span: c.Span, Symbol: t.Symbol, Row: t.Row, Call: c})
			g.expr(c.Args[0], env, at)
			return
		}
	}
}

func (g *ring) row(c *ir.Call, t Target, env *Env, at around) {
	r := g.r
	path, rest := r.pathOf(c, t, env)
	switch t.Row.Does {
	case library.Route:
		var links []Link
		for _, a := range rest {
			links = append(links, r.links(a, env, t.Row, 0)...)
		}
		for _, m := range r.methodsOf(c, t, env) {
			g.route(c.Span, t.Symbol, m, joined(at.path, path), add(at.chain, links...), at.router, hand{c, 0, t.Row})
		}
		return
	case library.Group, library.Router:
		at.path = joined(at.path, path)
		at.of, at.holds = t.Symbol, c
		if t.Row.Does == library.Router {
			at.router = t.Row
		}
		if opts, ok := r.optionsOf(c, t); ok {
			at.chain = add(at.chain, g.shared(opts, env)...)
		}
		for _, a := range rest {
			g.expr(a, env, at)
		}
		return
	case library.Mount:
		at.router = t.Row
	}
	if t.Row.Does != library.Wrap && t.Row.Does != library.Mount {
		at.chain = add(at.chain, Link{Span: c.Span, Symbol: t.Symbol, Row: t.Row, Call: c, Env: env})
	}
	for i, a := range rest {
		if i == 0 {
			continue
		}
		at.chain = add(at.chain, g.given(a, env, t.Row)...)
		if n, ok := t.Row.Call.Index(len(c.Args)); ok && a == c.Args[n] { // (wrap-routes routes middleware)
			at.chain = add(at.chain, r.links(a, env, t.Row, 0)...)
		}
	}
	if len(rest) > 0 {
		g.expr(rest[0], env, at)
	}
}

// given are the links that a middleware is given beside its handler: a backend of a
// library that verifies tokens, or an object whose methods verify them.
func (g *ring) given(a ir.Expr, env *Env, row *library.Row) (list []Link) {
	r := g.r
	switch a.(type) {
	case *ir.Const, *ir.Op:
		return nil
	}
	for _, v := range r.eval(a, 0, env).vals {
		switch {
		case v.Call != nil && v.Symbol != "":
			for _, t := range r.known[v.Call] {
				switch {
				case t.Row == nil:
				case t.Row.Does == library.Guard || t.Row.Does == library.Limit:
					list = append(list, Link{Span: v.Call.Span, Symbol: t.Symbol, Row: t.Row, Call: v.Call, Env: v.Env})
				case t.Row.Call.Set(): // a function that it asks
					i, ok := t.Row.Call.Index(len(v.Call.Args))
					if !ok {
						continue
					}
					for _, f := range r.functionsAt(v.Call.Args[i], t.Row.Call.Field, v.Env) {
						list = append(list, Link{Span: v.Call.Span, Func: f.Func, Env: f.Env})
					}
				}
			}
		case v.Of != nil:
			for _, name := range row.Member {
				if m := v.Of.Methods[name]; m != nil {
					g.give(m, hand{nil, 0, row})
					list = append(list, Link{Span: a.At(), Func: m})
				}
			}
		case v.List != nil:
			for _, x := range v.List.Elems {
				list = append(list, g.given(x, v.Env, row)...)
			}
		}
	}
	return list
}

// functionsAt are the functions at an argument, or at a field of the object there.
func (r *Resolver) functionsAt(e ir.Expr, field string, env *Env) (list []Value) {
	for _, v := range r.eval(e, 0, env).vals {
		switch {
		case field == "" && v.Func != nil:
			list = append(list, v)
		case field != "" && v.Object != nil:
			if x := fieldOf(v.Object, field); x != nil {
				list = append(list, r.functionsAt(x, "", v.Env)...)
			}
		}
	}
	return list
}

// shared are the middlewares that options of a router set for all routes:
// {:data {:middleware […]}} and {:middleware […]}.
func (g *ring) shared(opts ir.Expr, env *Env) (list []Link) {
	for _, v := range g.r.eval(opts, 0, env).vals {
		if v.Object == nil {
			continue
		}
		list = append(list, g.stack(v.Object, v.Env)...)
		if d := fieldOf(v.Object, "data"); d != nil {
			for _, x := range g.r.eval(d, 0, v.Env).vals {
				if x.Object != nil {
					list = append(list, g.stack(x.Object, x.Env)...)
				}
			}
		}
	}
	return list
}

func fieldOf(o *ir.Object, name string) ir.Expr {
	for i := range o.Fields {
		if o.Fields[i].Name == name {
			return o.Fields[i].Value
		}
	}
	return nil
}

var ringMethods = map[string]string{"get": "GET", "post": "POST", "put": "PUT", "delete": "DELETE", "patch": "PATCH", "head": "HEAD", "options": "OPTIONS", "any": ""}

// data follows a vector: a path with what stands behind it, or several of these.
func (g *ring) data(l *ir.List, env *Env, at around) {
	if at.depth++; at.depth > maxAround || g.steps > maxRing {
		return
	}
	g.steps++
	if len(l.Elems) == 0 {
		return
	}
	path, ok := g.r.partial(l.Elems[0], env, 4)
	if _, isConst := l.Elems[0].(*ir.Const); !ok || !isConst && !strings.HasPrefix(path, "/") {
		for _, x := range l.Elems {
			g.expr(x, env, at)
		}
		return
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		return
	}
	at.path = joined(at.path, path)
	if len(l.Elems) > 2 {
		if k, ok := l.Elems[1].(*ir.Const); ok && k.Kind == ir.Keyword {
			// ["/path" :get handler …] of pedestal
			if m, ok := ringMethods[k.Text]; ok {
				g.handler(l.Elems[2], env, at, m, l.Span)
			}
			return
		}
	}
	for i, x := range l.Elems[1:] {
		switch x := x.(type) {
		case *ir.Const:
			continue
		case *ir.List:
			g.data(x, env, at)
			continue
		default:
			vals := g.r.eval(x, 0, env).vals
			for _, v := range vals {
				switch {
				case v.Object != nil:
					at.chain = add(at.chain, g.stack(v.Object, v.Env)...)
					g.endpoints(v.Object, v.Env, at, l.Span)
				case v.List != nil:
					g.data(v.List, v.Env, at)
				case v.Func != nil && i == 0 || v.Symbol != "" && v.Call == nil && i == 0:
					g.handler(x, env, at, "", l.Span)
				case v.Call != nil:
					g.call(v.Call, v.Env, at, false)
				}
			}
		}
	}
}

// endpoints are the methods that a map of a route names.
func (g *ring) endpoints(o *ir.Object, env *Env, at around, span ir.Span) {
	if h := fieldOf(o, "handler"); h != nil {
		g.handler(h, env, at, "", span)
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		m, ok := ringMethods[f.Name]
		if !ok || f.Value == nil {
			continue
		}
		mine := span
		if f.Span.File != nil {
			mine = f.Span
		}
		objects := false
		for _, v := range g.r.eval(f.Value, 0, env).vals {
			if v.Object == nil {
				continue
			}
			objects = true
			in := at
			in.chain = add(in.chain, g.stack(v.Object, v.Env)...)
			if h := fieldOf(v.Object, "handler"); h != nil {
				g.handler(h, v.Env, in, m, mine)
			}
		}
		if !objects {
			g.handler(f.Value, env, at, m, mine)
		}
	}
}

// handler ends a route that is data. A list is one of interceptors, the last of
// them the handler.
func (g *ring) handler(e ir.Expr, env *Env, at around, method string, span ir.Span) {
	g.route(span, at.of, method, at.path, add(at.chain, g.layer(e, env, true, 0)...), at.router, hand{at.holds, 0, at.router})
}

// give says what a function is called with, unless that is known.
func (g *ring) give(f *ir.Func, h hand) {
	for _, old := range g.r.mounted[f] {
		if old.row != nil && len(old.row.Params) > 0 {
			return
		}
	}
	g.r.mounted[f] = append(g.r.mounted[f], h)
	g.gave = true
}

// stack are the middlewares and interceptors that a map of a route names.
func (g *ring) stack(o *ir.Object, env *Env) (list []Link) {
	for _, name := range []string{"middleware", "interceptors"} {
		if e := fieldOf(o, name); e != nil {
			for _, v := range g.r.eval(e, 0, env).vals {
				if v.List != nil {
					for _, x := range v.List.Elems {
						list = append(list, g.layer(x, v.Env, false, 0)...)
					}
				}
			}
		}
	}
	return list
}

// layer is one middleware of data: a function of the handler, such a function with
// its arguments, a map with :wrap, or an interceptor with :enter. With last it may
// be the handler itself.
func (g *ring) layer(e ir.Expr, env *Env, last bool, depth int) (list []Link) {
	r := g.r
	if depth > 4 {
		return nil
	}
	for _, v := range r.eval(e, 0, env).vals {
		switch {
		case v.Func != nil && last:
			return r.links(e, env, noRow, 0)
		case v.Func != nil:
			for _, made := range r.results(v.Func, 0, v.Env).vals {
				if made.Func != nil {
					return add(list, Link{Span: e.At(), Func: made.Func, Env: made.Env})
				}
				if made.Call != nil && made.Symbol != "" {
					for _, t := range r.known[made.Call] {
						if t.Row != nil {
							return add(list, Link{Span: made.Call.Span, Symbol: t.Symbol, Row: t.Row, Call: made.Call, Env: made.Env})
						}
					}
				}
			}
			return add(list, Link{Span: e.At(), Func: v.Func, Env: v.Env})
		case v.Object != nil:
			for _, name := range []string{"wrap", "enter", "error", "leave"} {
				w := fieldOf(v.Object, name)
				if w == nil {
					continue
				}
				made := g.layer(w, v.Env, name != "wrap", depth+1)
				list = append(list, made...)
				if name == "wrap" {
					return list
				}
				if row := r.row(interceptor); row != nil {
					for _, l := range made {
						if l.Func != nil { // no handler, though it stands among them
							r.mounted[l.Func] = []hand{{nil, 0, row}}
							g.gave = true
						}
					}
				}
			}
			return list
		case v.List != nil && len(v.List.Elems) > 0:
			if last { // interceptors and a handler
				for _, x := range v.List.Elems {
					list = append(list, g.layer(x, v.Env, true, depth+1)...)
				}
				return list
			}
			list = g.layer(v.List.Elems[0], v.Env, false, depth+1)
			row := noRow
			if x, _ := r.RowIn(v.List.Elems[0], v.Env); x != nil {
				row = x
			}
			for _, x := range v.List.Elems[1:] {
				list = append(list, g.given(x, v.Env, row)...)
			}
			return list
		case v.Symbol != "":
			row := r.row(v.Symbol)
			if row != nil && row.Does == library.Wrap {
				return nil
			}
			return add(list, Link{Span: e.At(), Symbol: v.Symbol, Row: row, Call: v.Call, Env: v.Env})
		}
	}
	return []Link{{Span: e.At()}}
}

// interceptor is the row that says what the functions of interceptors are given.
const interceptor = "clj:io.pedestal.interceptor/interceptor"

var noRow = &library.Row{}

// route publishes one. What its functions are given is what the row of h says.
func (g *ring) route(span ir.Span, symbol, method, path string, chain []Link, router *library.Row, h hand) {
	g.hits++
	if h.row != nil && len(h.row.Params) > 0 {
		for _, l := range chain {
			if l.Func != nil {
				g.give(l.Func, h)
			}
		}
	}
	if !g.publish || len(chain) == 0 || len(g.r.table.routes) > 20_000 {
		return
	}
	route := &Route{Span: span, Framework: pkg(symbol), Method: method, Path: path, Chain: chain, Known: true, Router: router}
	for _, l := range chain {
		route.Known = route.Known && (l.Func != nil || l.Symbol != "")
	}
	g.r.table.routes = append(g.r.table.routes, route)
}
