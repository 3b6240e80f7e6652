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
