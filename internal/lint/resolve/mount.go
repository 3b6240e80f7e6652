package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// route takes a call that mounts handlers.
func (r *Resolver) route(c *ir.Call, t Target, env *Env) {
	n := r.parentOf(c, t, env)
	path, rest := r.pathOf(c, t, env)
	m := &mounted{Span: named(c), symbol: t.Symbol, path: path, at: r.where(c, r.within[c], env), call: c}
	if c.File != nil && c.File.Generated {
		if at, ok := m.at.written(); ok {
			m.Span = at
		}
	}
	m.methods = r.methodsOf(c, t, env)
	if verb, p, ok := strings.Cut(path, " "); ok && verb == strings.ToUpper(verb) && (strings.HasPrefix(p, "/") || strings.Contains(p, ".")) {
		m.methods, m.path = []string{verb}, strings.TrimLeft(p, " ")
	}
	if !t.Row.Chain.Set() {
		rest = nil
	}
	opts, given := r.optionsOf(c, t)
	if given {
		m.chain = append(m.chain, r.hooks(opts, t, env)...)
	}
	if t.Row.First && len(rest) > 1 { // e.GET("/me", handler, middlewares...)
		rest = append(rest[1:len(rest):len(rest)], rest[0])
	}
	if !t.Row.Path.Set() && t.Row.HTTP == "" && r.service(n, m, rest, env) {
		return
	}
	for _, a := range rest {
		if given && a == opts && r.isOptions(a, env) {
			continue
		}
		m.chain = append(m.chain, r.links(a, env, t.Row, 0)...)
	}
	if given && t.Row.Handler != "" {
		m.chain = append(m.chain, r.byOption(opts, t.Row.Handler, t, env)...)
	}
	if len(m.chain) == 0 {
		if len(rest) == 0 && t.Row.Chain.Set() {
			return // app.get('setting'): nothing is mounted
		}
		n.routes = append(n.routes, m)
		return
	}
	m.known = true
	for _, l := range m.chain {
		m.known = m.known && (l.Func != nil || l.Symbol != "")
	}
	if sub := r.subrouter(rest, env); sub != nil && sub != n { // http.Handle("/api/", router)
		sub.edges = append(sub.edges, edge{n, strings.TrimSuffix(m.path, "/"), m.at, noRouters(m.chain)})
		return
	}
	n.routes = append(n.routes, m)
}

// named is where a call says what it does: of a chain of calls over several lines,
// each has its own.
func named(c *ir.Call) ir.Span {
	if m, ok := c.Fun.(*ir.Member); ok && m.Of.File == c.File && m.Of.File != nil && m.Of.Start > c.Start {
		return ir.Span{File: c.File, Start: m.Of.Start, End: c.End}
	}
	return c.Span
}

// service takes an object whose methods are called from afar: RegisterService(desc,
// server). Which these are its declared interface says; else they are those that
// take a context first.
func (r *Resolver) service(n *node, m *mounted, args []ir.Expr, env *Env) bool {
	found := false
	for _, a := range args {
		var iface *ir.Class
		if x, ok := a.(*ir.Name); ok && x.Var.Type != nil && x.Var.Type.Class != nil && x.Var.Type.Class.Interface {
			iface = x.Var.Type.Class
		}
		for _, v := range r.eval(a, 0, env).vals {
			if v.Of == nil || v.Of.Interface || v.Of.Module == nil || v.Of.Module.Language != ir.Go {
				continue
			}
			name := v.Of.Name
			var methods []string
			if iface != nil {
				name = strings.TrimSuffix(iface.Name, "Server")
				for _, k := range r.line(iface) {
					methods = append(methods, slices.Collect(maps.Keys(k.Methods))...)
				}
			} else {
				for s, f := range v.Of.Methods {
					if f.Exported && len(f.Params) > 0 && f.Params[0].Type != nil && f.Params[0].Type.Symbol == "go:context.Context" {
						methods = append(methods, s)
					}
				}
			}
			slices.Sort(methods)
			for _, s := range slices.Compact(methods) {
				f, by := r.method(v.Of, s, 0)
				if f == nil || by.Interface || f.File != nil && f.File.Generated || !f.Exported {
					continue
				}
				one := *m
				one.methods, one.known = []string{""}, true
				one.path = "/" + name + "/" + s
				one.chain = []Link{{Span: a.At(), Func: f}}
				n.routes = append(n.routes, &one)
				found = true
			}
		}
	}
	return found
}

// written is where a person wrote what comes to a place: not in generated code.
func (p place) written() (ir.Span, bool) {
	for i := len(p) - 1; i >= 0; i-- {
		if s := p[i].At(); s.File != nil && !s.File.Generated {
			return s, true
		}
	}
	return ir.Span{}, false
}

// noRouters leaves out the routers themselves, and what of a chain says nothing.
func noRouters(chain []Link) []Link {
	var out []Link
	for _, l := range chain {
		if l.Func != nil || l.Row != nil && !mounting(l.Row.Does) || l.Row == nil && l.Symbol != "" {
			out = append(out, l)
		}
	}
	return out
}

// subrouter finds a router among handlers, or within what is around one.
func (r *Resolver) subrouter(args []ir.Expr, env *Env) *node {
	for _, a := range args {
		if n := r.routerIn(a, env, 10); n != nil {
			return n
		}
	}
	return nil
}

func (r *Resolver) routerIn(a ir.Expr, env *Env, depth int) *node {
	if depth == 0 {
		return nil
	}
	a, env = r.latest(a, env)
	for _, v := range r.eval(a, 0, env).vals {
		switch {
		case v.Func != nil && v.Env != nil:
			if _, arg, up := r.wrapped(v); arg != nil {
				if n := r.routerIn(arg, up, depth-1); n != nil {
					return n
				}
			}
		case v.Symbol != "" && v.Call == nil && !v.Is: // http.DefaultServeMux
			if row := r.row(v.Symbol); row != nil && len(row.Returns) > 0 && r.isRouter(row.Returns[0]) {
				return r.nodeAt(pkg(v.Symbol), nil, v.Symbol)
			}
		case v.Call != nil && v.Symbol != "":
			if n := r.nodeOf(v); n != nil && r.isRouterValue(v) {
				return n
			}
			for _, x := range v.Call.Args {
				if _, ok := x.(*ir.Const); ok {
					continue
				}
				if n := r.routerIn(x, v.Env, min(depth-1, 3)); n != nil {
					return n
				}
			}
		}
	}
	return nil
}

// isRouterValue says whether v was made to mount routes on.
func (r *Resolver) isRouterValue(v Value) bool {
	for _, t := range r.known[v.Call] {
		if t.Row != nil && (t.Row.Does == library.Router || t.Row.Does == library.Group) {
			return true
		}
	}
	return false
}

// methodsOf are the HTTP methods of a route.
func (r *Resolver) methodsOf(c *ir.Call, t Target, env *Env) []string {
	if t.Row.HTTP != "" {
		return []string{t.Row.HTTP}
	}
	if !t.Row.Method.Set() {
		return []string{""}
	}
	i, ok := t.Row.Method.Index(len(c.Args))
	if !ok {
		return []string{""}
	}
	var out []string
	read := func(e ir.Expr, env *Env) {
		if s, ok := r.text(e, env); ok {
			out = append(out, strings.ToUpper(s))
			return
		}
		for _, v := range r.eval(e, 0, env).vals {
			switch {
			case v.List != nil && len(v.List.Elems) <= 16:
				for _, x := range v.List.Elems {
					if s, ok := r.text(x, v.Env); ok {
						out = append(out, strings.ToUpper(s))
					}
				}
			case v.Symbol != "": // http.MethodPost
				name := v.Symbol[strings.LastIndexAny(v.Symbol, ".#/")+1:]
				if m, ok := strings.CutPrefix(name, "Method"); ok && m != "" {
					out = append(out, strings.ToUpper(m))
				}
			}
		}
	}
	if f := t.Row.Method.Field; f != "" {
		for _, v := range r.eval(c.Args[i], 0, env).vals {
			if v.Object == nil {
				continue
			}
			for j := range v.Object.Fields {
				if x := &v.Object.Fields[j]; x.Name == f && x.Value != nil {
					read(x.Value, v.Env)
				}
			}
		}
	} else {
		read(c.Args[i], env)
		if !t.Row.Chain.Set() { // Methods("GET", "POST")
			for _, a := range c.Args[i+1:] {
				read(a, env)
			}
		}
	}
	if len(out) == 0 {
		out = []string{""}
	}
	return out
}

// narrow sets the methods of a route that was mounted without: .Methods("POST").
func (r *Resolver) narrow(c *ir.Call, t Target, env *Env) {
	if t.Recv == nil {
		return
	}
	methods := r.methodsOf(c, t, env)
	x, ok := t.Recv.(*ir.Call)
	for depth := 0; ok && depth < 8; depth++ {
		for _, n := range r.table.order {
			for _, m := range n.routes {
				if m.call == x {
					m.methods = methods
				}
			}
		}
		f, is := x.Fun.(*ir.Member)
		if !is {
			return
		}
		x, ok = f.X.(*ir.Call)
	}
}

// confine keeps middleware to the paths that a later call names: .forRoutes("users").
// Where one of them cannot be told, it stands before all routes.
func (r *Resolver) confine(c *ir.Call, t Target, env *Env) {
	if t.Recv == nil {
		return
	}
	var paths []string
	for _, a := range c.Args {
		found := false
		for _, v := range r.eval(a, 0, env).vals {
			switch {
			case v.Class != nil:
				if n := r.table.nodes[v.Class]; n != nil {
					for _, e := range n.edges {
						paths, found = append(paths, e.path), true
					}
				}
			case v.Object != nil:
				if p := r.option(a, "path", env); p != "" {
					paths, found = append(paths, strings.TrimSuffix(p, "*")), true
				}
			case v.Const != nil:
				paths, found = append(paths, strings.TrimSuffix(v.Const.Text, "*")), true
			}
		}
		if !found {
			return
		}
	}
	x, ok := t.Recv.(*ir.Call)
	for depth := 0; ok && depth < 4; depth++ {
		for _, n := range r.table.order {
			for i := range n.uses {
				if n.uses[i].call == x {
					n.uses[i].paths = paths
				}
			}
		}
		m, is := x.Fun.(*ir.Member)
		if !is {
			return
		}
		x, ok = m.X.(*ir.Call)
	}
}

// optionsOf is the argument that holds options.
func (r *Resolver) optionsOf(c *ir.Call, t Target) (ir.Expr, bool) {
	if !t.Row.Options.Set() {
		return nil, false
	}
	i, ok := t.Row.Options.Index(len(c.Args))
	if !ok {
		return nil, false
	}
	return c.Args[i], true
}

// isOptions says whether a is an object and no handler.
func (r *Resolver) isOptions(a ir.Expr, env *Env) bool {
	for _, v := range r.eval(a, 0, env).vals {
		if v.Object != nil {
			return true
		}
	}
	return false
}

// hooks are the middlewares in an object of options.
func (r *Resolver) hooks(opts ir.Expr, t Target, env *Env) []Link {
	var out []Link
	for _, name := range t.Row.Before {
		out = append(out, r.byOption(opts, name, t, env)...)
	}
	return out
}

func (r *Resolver) byOption(opts ir.Expr, name string, t Target, env *Env) []Link {
	var out []Link
	for _, v := range r.eval(opts, 0, env).vals {
		if v.Object == nil {
			continue
		}
		for i := range v.Object.Fields {
			if f := &v.Object.Fields[i]; f.Name == name && f.Value != nil {
				out = append(out, r.links(f.Value, v.Env, t.Row, 0)...)
			}
		}
	}
	return out
}

// mount takes a call that mounts middlewares, routers, or both.
func (r *Resolver) mount(c *ir.Call, t Target, env *Env) {
	n := r.parentOf(c, t, env)
	path, rest := r.pathOf(c, t, env)
	at := r.where(c, r.within[c], env)
	for _, a := range rest {
		// A server of its own: http.ListenAndServe(address, limit(mux)).
		if n.key == any(pkg(t.Symbol)) && r.routerIn(a, env, 10) != nil {
			n = r.nodeAt(origin{c, env}, nil, t.Symbol)
		}
	}
	var chain []Link
	opts, given := r.optionsOf(c, t)
	if given {
		chain = append(chain, r.hooks(opts, t, env)...)
	}
	for _, a := range rest {
		if given && a == opts && r.isOptions(a, env) {
			continue
		}
		if r.buildsRouter(a, env) {
			// Its parameter is a router, mounted by this call: see nodeOf.
			continue
		}
		chain = r.mountOne(n, a, env, t, path, at, chain, 0)
	}
	if len(chain) > 0 {
		n.uses = append(n.uses, use{path: path, call: c, at: at, late: t.Row.Late, links: chain})
		r.table.middlewares = append(r.table.middlewares, chain...)
	}
}

func (r *Resolver) mountOne(n *node, a ir.Expr, env *Env, t Target, path string, at place, chain []Link, depth int) []Link {
	if depth > 3 {
		return chain
	}
	vals := r.eval(a, 0, env).vals
	wrapped := slices.ContainsFunc(vals, func(v Value) bool { return v.Func != nil })
	mounted := false // one router, or several where a name made at run time may be any
	for _, v := range vals {
		switch {
		case v.List != nil:
			for _, x := range v.List.Elems {
				chain = r.mountOne(n, x, v.Env, t, path, at, chain, depth+1)
			}
			return chain
		case v.Module != nil:
			if d := v.Module.Exports["default"]; d != nil {
				return r.mountOne(n, d, nil, t, path, at, chain, depth+1)
			}
		case v.Call != nil && v.Symbol != "":
			if sub := r.nodeOf(v); sub != nil && r.isRouterValue(v) && !wrapped {
				if sub != n {
					sub.edges = append(sub.edges, edge{n, path, at, chain})
				}
				mounted = true
				continue
			}
			// koa-router's router.routes()
			if m, ok := v.Call.Fun.(*ir.Member); ok {
				for _, o := range r.eval(m.X, 0, v.Env).vals {
					if sub := r.nodeOf(o); sub != nil && sub != n && r.isRouterValue(o) {
						for _, e := range sub.edges {
							if e.parent == n && e.path == path {
								return chain // allowedMethods()
							}
						}
						sub.edges = append(sub.edges, edge{n, path, at, chain})
						return chain
					}
				}
			}
		}
	}
	if mounted {
		return chain
	}
	if sub := r.routerIn(a, env, 10); sub != nil && sub != n { // with something around it
		sub.edges = append(sub.edges, edge{n, path, at, append(chain[:len(chain):len(chain)], noRouters(r.links(a, env, t.Row, 0))...)})
		return chain
	}
	links := r.links(a, env, t.Row, 0)
	if k := len(t.Row.ErrorParams); k > len(t.Row.Params) {
		var rest []Link
		for _, l := range links {
			if l.Func != nil && len(l.Func.Params) == k {
				r.addCentral(n, []Link{l})
			} else if l.Row != nil && l.Row.Does == library.Central {
				r.addCentral(n, []Link{l})
			} else {
				rest = append(rest, l)
			}
		}
		links = rest
	}
	return append(chain, links...)
}

// structs takes what is mounted without a call: a field of a library's struct that
// is set, http.Server{Handler: h} and e.HTTPErrorHandler = h.
func (r *Resolver) structs(contexts map[*ir.Func][]*Env) {
	for _, l := range r.literals {
		sym := symbol(l.object.Type.Symbol)
		whole := r.row(sym)
		for i := range l.object.Fields {
			f := &l.object.Fields[i]
			if f.Name == "" || f.Value == nil {
				continue
			}
			row := r.row(r.under(sym, f.Name))
			if row == nil && whole != nil && (slices.Contains(whole.Before, f.Name) || whole.Handler == f.Name) {
				row = whole
			}
			if row == nil || row.Does != library.Mount && row.Does != library.Central {
				continue
			}
			for _, env := range r.contexts(l.fn, contexts, 0) {
				r.assignedTo(r.nodeAt(l.object, nil, sym), f.Value, row, sym, env)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.sets)) {
		for _, s := range r.sets[name] {
			for _, v := range r.eval(s.x, 0, nil).vals {
				if v.Symbol == "" || !v.Is && v.Call == nil {
					continue
				}
				row := r.row(r.under(v.Symbol, name))
				if whole := r.row(v.Symbol); row == nil && whole != nil && whole.Does == library.Mount && slices.Contains(whole.Before, name) {
					row = whole
				}
				if row == nil || row.Does != library.Mount && row.Does != library.Central {
					continue
				}
				if n := r.node(s.x, nil); n != nil {
					r.assignedTo(n, s.source.x, row, v.Symbol, nil)
				}
			}
		}
	}
}

// tags takes objects that say by a symbol what they are for, and mount something
// by another field: {provide: APP_GUARD, useClass: AuthGuard}.
func (r *Resolver) tags() {
	for _, l := range r.tagged {
		for i := range l.object.Fields {
			x, ok := l.object.Fields[i].Value.(*ir.Extern)
			if !ok {
				continue
			}
			sym := symbol(x.Symbol)
			row := r.row(sym)
			if row == nil || row.Options.Kind != library.This || row.Does != library.Mount && row.Does != library.Central {
				continue
			}
			n := r.scopes[scope(sym)]
			if n == nil {
				n = r.nodeAt(pkg(sym), nil, sym)
			}
			for j := range l.object.Fields {
				if f := &l.object.Fields[j]; f.Value != nil && (slices.Contains(row.Before, f.Name) || f.Name == row.Handler) {
					r.assignedTo(n, f.Value, row, sym, nil)
				}
			}
		}
	}
}

func (r *Resolver) assignedTo(n *node, x ir.Expr, row *library.Row, sym string, env *Env) {
	r.steps = 0
	if row.Does == library.Central {
		r.addCentral(n, r.links(x, env, row, 0))
		return
	}
	t := Target{Row: row, Symbol: sym}
	at := place{x}
	if sub := r.subrouter([]ir.Expr{x}, env); sub != nil {
		sub.edges = append(sub.edges, edge{n, "", at, noRouters(r.links(x, env, row, 0))})
		return
	}
	if links := r.mountOne(n, x, env, t, "", at, nil, 0); len(links) > 0 {
		n.uses = append(n.uses, use{at: at, late: row.Late, links: links})
		r.table.middlewares = append(r.table.middlewares, links...)
	}
}

// centrals takes a call that sets the handler for errors.
func (r *Resolver) centrals(c *ir.Call, t Target, env *Env) {
	if !t.Row.Chain.Set() && !t.Row.Call.Set() {
		return
	}
	n := r.parentOf(c, t, env)
	from, ok := t.Row.Chain.Index(len(c.Args))
	if !ok {
		if from, ok = t.Row.Call.Index(len(c.Args)); !ok {
			return
		}
	}
	for _, a := range c.Args[from:] {
		r.addCentral(n, r.links(a, env, t.Row, 0))
	}
}

// mostLinks bounds what one argument may be looked into: wrappers around wrappers,
// each of which may be several, multiply.
const mostLinks = 500

// links tells what runs when a, an argument of a call that mounts, is reached: the
// function itself, with those around it first.
func (r *Resolver) links(a ir.Expr, env *Env, row *library.Row, depth int) []Link {
	if depth == 0 {
		r.linked = 0
	}
	if r.linked++; depth > 8 || r.linked > mostLinks {
		return nil
	}
	a, env = r.latest(a, env)
	of := r.eval(a, 0, env)
	var out []Link
	var ways [][]Link
	for _, v := range of.vals {
		if len(of.vals) > 1 && v.Call == nil && v.Symbol != "" && (v.Is || r.row(v.Symbol) == nil) {
			continue // what is declared says less than what is there
		}
		ways = append(ways, r.linksOf(v, a, row, depth))
	}
	if heads := sameEnd(ways); heads != nil {
		return heads
	}
	for i, w := range ways {
		if !within(w, ways[:i]) && !within(w, ways[i+1:]) {
			out = append(out, w...)
		}
	}
	if len(out) == 0 && len(ways) > 0 {
		out = ways[0]
	}
	if len(out) == 0 {
		if _, ok := a.(*ir.Const); !ok {
			out = append(out, Link{Span: a.At()}) // something, of which nothing is known
		}
	}
	return out
}

// around is what a middleware of the kind func(next) handler makes of what comes
// next: the function that runs for a request.
func (r *Resolver) around(v Value) (made Value, ok bool) {
	f := v.Func
	if f.Module == nil || f.Module.Language == ir.JavaScript || len(f.Params) == 0 {
		return made, false
	}
	if f.Module.Language == ir.Go {
		if len(f.Params) != 1 || len(f.Results) != 1 {
			return made, false
		}
		if t := f.Results[0]; t.Func == nil && t.Class == nil && (t.Symbol == "" || strings.HasPrefix(t.Symbol, "go:builtin.")) {
			return made, false
		}
	}
	for _, x := range r.results(f, 0, r.enter(Env{Func: f, Out: v.Env})).vals {
		if x.Func == nil {
			continue
		}
		for o := x.Func.Outer; o != nil; o = o.Outer {
			if o == f {
				return x, true
			}
		}
	}
	return made, false
}

// passesOn says whether what f does with p is to pass the request on by a call that
// a row knows, so that whoever walks f does not come to the next link.
func (r *Resolver) passesOn(f *ir.Func, p *ir.Var) bool {
	for _, c := range r.callsOf(f, p) {
		for _, t := range r.known[c] {
			if t.Row != nil && t.Row.Does == library.Next {
				return true
			}
		}
	}
	return false
}

// latest follows a variable that is wrapped step by step, h = mw(h), to what it was
// given last before a, and a call of a function that does so to what it gives back.
func (r *Resolver) latest(a ir.Expr, env *Env) (ir.Expr, *Env) {
	for range 4 {
		switch e := a.(type) {
		case *ir.Name:
			var last ir.Expr
			wraps := false
			for _, src := range r.sources[e.Var] {
				x := src.x.At()
				if src.kind != whole || src.i != 0 || x.File != e.File {
					return a, env
				}
				if x.Start < e.Start && x.End <= e.Start && (last == nil || x.Start > last.At().Start) {
					last = src.x
				}
				wraps = wraps || gives(src.x, e.Var)
			}
			if fr := env.frame(e.Var.Func); wraps && last == nil && e.Var.Param >= 0 && fr != nil && fr.Call != nil && fr.Elem == nil {
				if n := e.Var.Param + fr.Skip; n < len(fr.Call.Args) {
					a, env = fr.Call.Args[n], fr.Up // what it was before the first step
					continue
				}
			}
			if !wraps || last == nil {
				return a, env
			}
			return last, env.in(e.Var.Func)
		case *ir.Call:
			t := r.targets(e, env)
			if len(t) != 1 || t[0].Func == nil {
				return a, env
			}
			rets := r.returns[t[0].Func]
			if len(rets) != 1 || len(rets[0].Values) == 0 {
				return a, env
			}
			n, ok := rets[0].Values[0].(*ir.Name)
			if !ok {
				return a, env
			}
			next, in := r.latest(n, t[0].Env)
			if next == ir.Expr(n) {
				return a, env
			}
			a, env = next, in
		default:
			return a, env
		}
	}
	return a, env
}

// gives says whether v is handed to a call, x.
func gives(x ir.Expr, v *ir.Var) bool {
	c, ok := x.(*ir.Call)
	if !ok {
		return false
	}
	for _, a := range c.Args {
		if n, ok := a.(*ir.Name); ok && n.Var == v {
			return true
		}
		if gives(a, v) {
			return true
		}
	}
	return false
}

// sameEnd joins ways that differ in the wrapper alone: of h = m(h), for each m of a
// list, all run.
func sameEnd(ways [][]Link) []Link {
	if len(ways) < 2 {
		return nil
	}
	var out []Link
	first := ways[0]
	for _, w := range ways {
		if len(w) != len(first) || len(w) < 2 || w[0].Func == nil || !sameLinks(w[1:], first[1:]) {
			return nil
		}
		out = append(out, w[0])
	}
	return append(out, first[1:]...)
}

// within says whether w is the end of a longer way: a middleware that gives its
// handler back where there is nothing to do.
func within(w []Link, ways [][]Link) bool {
	for _, l := range ways {
		if len(w) == 0 || len(l) > len(w) && l[len(l)-len(w)].Func == w[0].Func && w[0].Func != nil {
			return true
		}
	}
	return false
}

func (r *Resolver) linksOf(v Value, a ir.Expr, row *library.Row, depth int) []Link {
	switch {
	case v.Func != nil:
		if l, ok := r.methodOf(v, a, row); ok {
			plain := v
			plain.As = nil
			return append([]Link{l}, r.linksOf(plain, a, row, depth+1)...)
		}
		l := Link{Span: a.At(), Func: v.Func, Env: v.Env, Call: v.Through}
		if call, ok := a.(*ir.Call); ok && l.Call == nil && v.Env != nil && v.Env.Call == call {
			l.Call = call
		}
		if p, arg, up := r.wrapped(v); p != nil {
			if r.unwrapping[v.Func] {
				return nil // who passes it to itself is another way of getting there
			}
			r.unwrapping[v.Func] = true
			inner := r.links(arg, up, row, depth+1)
			delete(r.unwrapping, v.Func)
			if next := r.passesOn(v.Func, p); len(inner) > 0 && (inner[0].Func != nil || next) {
				l.Wraps = !next
				return append([]Link{l}, inner...)
			}
		}
		if made, ok := r.around(v); ok {
			l.Func, l.Env = made.Func, made.Env
		}
		return []Link{l}
	case v.List != nil:
		var out []Link
		for _, x := range v.List.Elems {
			out = append(out, r.links(x, v.Env, row, depth+1)...)
		}
		return out
	case v.Module != nil:
		if d := v.Module.Exports["default"]; d != nil {
			return r.links(d, nil, row, depth+1)
		}
	case v.Of != nil, v.Class != nil:
		c := v.Of
		if c == nil {
			c = v.Class
		}
		return r.classLinks(c, a, row)
	case v.Symbol != "":
		l := Link{Span: a.At(), Symbol: v.Symbol, Row: r.row(v.Symbol), Call: v.Call}
		if v.Call == nil {
			return []Link{l}
		}
		if made := r.maker(v.Call); made != nil {
			l.Row = made
		}
		out := []Link{l}
		// What a middleware of a library is put around comes after it.
		for _, x := range v.Call.Args {
			switch x.(type) {
			case *ir.Const, *ir.Object, *ir.Op:
				continue
			}
			for _, w := range r.eval(x, 0, v.Env).vals {
				if w.Func != nil && r.handlerLike(w.Func) {
					out = append(out, r.linksOf(w, x, row, depth+1)...)
				}
			}
		}
		return out
	}
	return nil
}

// handlerLike says whether a function that is given to a library takes requests.
func (r *Resolver) handlerLike(f *ir.Func) bool {
	for _, p := range f.Params {
		if p.Type == nil {
			continue
		}
		if row := r.row(symbol(p.Type.Symbol)); p.Type.Symbol != "" && row == nil && strings.Contains(p.Type.Symbol, "http.Request") {
			return true
		}
		if strings.HasPrefix(p.Type.Symbol, "go:net/http.") {
			return true
		}
	}
	return false
}

// maker is the row of the call that made a middleware: of limit(opts), or of
// limit(opts)(handler).
func (r *Resolver) maker(c *ir.Call) *library.Row {
	for depth := 0; depth < 3; depth++ {
		for _, t := range r.known[c] {
			if t.Row != nil {
				return t.Row
			}
		}
		fun := c.Fun
		if m, ok := fun.(*ir.Member); ok { // jwt(opts).unless(paths)
			fun = m.X
		}
		next, ok := fun.(*ir.Call)
		if !ok {
			return nil
		}
		c = next
	}
	return nil
}

// classLinks are the methods that are called of a class that is handed over.
func (r *Resolver) classLinks(c *ir.Class, a ir.Expr, row *library.Row) []Link {
	try := func(row *library.Row) []Link {
		var out []Link
		if row == nil {
			return nil
		}
		for _, name := range row.Member {
			if m, by := r.method(c, name, 0); m != nil && !by.Interface {
				l := Link{Span: a.At(), Func: m}
				if made, ok := r.around(Value{Func: m}); ok { // WrapUnary(next) of an interceptor
					l.Func, l.Env = made.Func, made.Env
				}
				out = append(out, l)
				break
			}
		}
		return out
	}
	if out := try(row); len(out) > 0 {
		return append(out, r.inherited(c, out[0].Func, a)...)
	}
	for _, sym := range r.outside(c, 0) {
		up := r.row(sym)
		if out := try(up); len(out) > 0 {
			return append(out, r.inherited(c, out[0].Func, a)...)
		}
		if up != nil {
			return []Link{{Span: a.At(), Symbol: sym, Row: up, Class: c}}
		}
	}
	for _, sym := range []string{"go:net/http.Handler"} {
		if c.Module != nil && c.Module.Language == ir.Go {
			if out := try(r.row(sym)); len(out) > 0 {
				return out
			}
		}
	}
	return nil
}

// inherited is the guard or limiter of a library that a class extends, where its own
// method leaves the rest to it: canActivate(c) { return super.canActivate(c) }.
func (r *Resolver) inherited(c *ir.Class, f *ir.Func, a ir.Expr) []Link {
	name := f.Name[strings.LastIndexByte(f.Name, '.')+1:]
	for _, sym := range r.outside(c, 0) {
		up := r.row(sym)
		if up == nil || up.Does != library.Guard && up.Does != library.Limit {
			continue
		}
		found := false
		ir.Walk(f.Body, nil, func(e ir.Expr) bool {
			if call, ok := e.(*ir.Call); ok {
				if m, ok := call.Fun.(*ir.Member); ok && m.Name == name {
					_, own := m.X.(*ir.This)
					found = found || !own
				}
			}
			return !found
		})
		if found {
			return []Link{{Span: a.At(), Symbol: sym, Row: up, Class: c}}
		}
	}
	return nil
}

// methodOf is the method of a function type that a library calls: of appHandler(login)
// it is appHandler.ServeHTTP, which calls login.
func (r *Resolver) methodOf(v Value, a ir.Expr, row *library.Row) (Link, bool) {
	if v.As == nil {
		return Link{}, false
	}
	names := row.Member
	if h := r.row("go:net/http.Handler"); h != nil {
		names = append(names[:len(names):len(names)], h.Member...)
	}
	for _, name := range names {
		if m, _ := r.method(v.As, name, 0); m != nil {
			self := v
			return Link{Span: a.At(), Func: m, Env: r.enter(Env{Func: m, Recv: &self}), Wraps: true}, true
		}
	}
	return Link{}, false
}

// wrapped finds what a closure was put around: an argument of the call that made
// it, which the closure calls.
func (r *Resolver) wrapped(v Value) (*ir.Var, ir.Expr, *Env) {
	for f := v.Func; f != nil; f = f.Outer {
		fr := v.Env.frame(f)
		if fr == nil {
			continue
		}
		if fr.Recv != nil && f.Recv != nil {
			continue
		}
		if fr.Call == nil || fr.Elem != nil {
			continue
		}
		for _, p := range f.Params {
			i := p.Param + fr.Skip
			if i >= len(fr.Call.Args) {
				continue
			}
			if f != v.Func && len(r.callsOf(v.Func, p)) > 0 && (r.passesOn(v.Func, p) || r.givesFunc(fr.Call.Args[i], fr.Up)) {
				return p, fr.Call.Args[i], fr.Up
			}
		}
	}
	return nil, nil, nil
}

// givesFunc says whether an argument may be a function, or routes.
func (r *Resolver) givesFunc(e ir.Expr, env *Env) bool {
	for _, v := range r.eval(e, 0, env).vals {
		if v.Func != nil || v.Call != nil && v.Symbol != "" && r.routes(v.Call) {
			return true
		}
	}
	return false
}

// callsOf lists the calls of p or of a method of it in f and the closures within.
func (r *Resolver) callsOf(f *ir.Func, p *ir.Var) []*ir.Call {
	if r.calling == nil {
		r.calling = map[*ir.Var][]*ir.Call{}
		for _, c := range r.calls {
			var v *ir.Var
			switch x := c.Fun.(type) {
			case *ir.Name:
				v = x.Var
			case *ir.Member:
				if n, ok := x.X.(*ir.Name); ok {
					v = n.Var
				}
			}
			if v != nil && v.Param >= 0 {
				r.calling[v] = append(r.calling[v], c)
			}
		}
	}
	var out []*ir.Call
	for _, c := range r.calling[p] {
		for g := r.within[c]; g != nil; g = g.Outer {
			if g == f {
				out = append(out, c)
				break
			}
		}
	}
	return out
}
