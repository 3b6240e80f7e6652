package resolve

import (
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// A Route is a place where requests arrive.
type Route struct {
	ir.Span
	Framework string // the symbol's package: npm:express, go:github.com/go-chi/chi/v5
	Method    string // GET, or "" for any
	// Path has the prefixes of the routers around it. What of it is not known is an
	// ellipsis; "" is not known at all.
	Path  string
	Chain []Link // in the order in which they run; the last one is the handler
	Known bool   // path and chain are complete
	// Router is the row of the application, which says what the framework does with
	// errors by itself; nil where it is not known.
	Router  *library.Row
	central []Link
}

// A Link is one middleware or handler of a route.
type Link struct {
	ir.Span
	Func *ir.Func // of the program
	Env  *Env     // its surroundings: what the function that made it was given
	// Symbol is what it is outside the program; Row is nil where the catalogue does not
	// know it.
	Symbol string
	Row    *library.Row
	Call   *ir.Call // that made it, where there is one, with its options
	// Wraps says that the function calls the next link itself, through a variable that
	// it was given, as in asyncHandler(login): who walks it comes to the next one.
	Wraps bool
	// Class is one of the program that extends the library's: its methods may be hooks.
	Class *ir.Class
}

// Routes lists every route of the program that could be told, in the order of the
// source.
func (r *Resolver) Routes() []*Route { return r.mounts().routes }

// Central lists the handlers for errors that an application of the framework has,
// in the order in which they are asked, for a route of it.
func (r *Resolver) Central(route *Route) []Link { return route.central }

// Middlewares lists what is mounted before routes, whether or not any route was
// found that it stands before.
func (r *Resolver) Middlewares() []Link { return r.mounts().middlewares }

// Handlers lists every handler for errors of the program.
func (r *Resolver) Handlers() []Link { return r.mounts().central }

// A table is all that is mounted.
type table struct {
	nodes       map[any]*node
	under       map[any]bool // nodes that are being made
	order       []*node
	routes      []*Route
	middlewares []Link
	central     []Link
}

// A node is a router, or a part of one.
type node struct {
	key     any
	row     *library.Row // that made it
	symbol  string       // of that
	edges   []edge
	uses    []use
	routes  []*mounted
	central []Link
	stands  []*node // for these: see unite
	methods []string
	prefix  string
	busy    bool
}

// An edge says where a router is mounted.
type edge struct {
	parent *node
	path   string
	at     place
	chain  []Link
}

// A use is middleware of a router.
type use struct {
	path  string
	paths []string // if any, one of these
	call  *ir.Call
	at    place
	late  bool
	links []Link
}

// A mounted is a route as its router has it.
type mounted struct {
	ir.Span
	symbol  string
	methods []string
	path    string
	at      place
	chain   []Link
	known   bool
	call    *ir.Call
	central []Link // for this route alone
}

// A place is where something is mounted, for order: the calls through which the
// program comes there, the outermost first.
type place []ir.Expr

// mounts reads the whole program for routers, once.
func (r *Resolver) mounts() *table {
	r.prepare()
	if r.table != nil {
		return r.table
	}
	r.table = &table{nodes: map[any]*node{}, under: map[any]bool{}}
	contexts := map[*ir.Func][]*Env{}
	r.decorated()
	var later []func()
	for _, c := range r.calls {
		if r.decorators[c] {
			continue
		}
		for _, t := range r.known[c] {
			if strings.HasPrefix(t.Symbol, "clj:") {
				break // see rings
			}
			if t.Row == nil || !mounting(t.Row.Does) || t.Recv == nil && !t.Row.To.Set() && r.scopes[scope(t.Symbol)] != nil {
				continue
			}
			for _, env := range r.contexts(r.within[c], contexts, 0) {
				r.steps = 0
				switch t.Row.Does {
				case library.Route:
					if !t.Row.Path.Set() && !t.Row.Chain.Set() && t.Row.Method.Set() {
						later = append(later, func() { r.narrow(c, t, env) })
						continue
					}
					r.route(c, t, env)
				case library.Mount:
					if !t.Row.Chain.Set() && t.Row.Path.Set() {
						later = append(later, func() { r.confine(c, t, env) })
						continue
					}
					r.mount(c, t, env)
				case library.Central:
					r.centrals(c, t, env)
				case library.Group, library.Router:
					if t.Row.Does == library.Group && len(t.Row.Returns) == 0 && !t.Row.Call.Set() && t.Recv != nil {
						// It makes none, but says where this one is: router.prefix("/api").
						if n := r.parentOf(c, t, env); n != nil {
							n.prefix, _ = r.pathOf(c, t, env)
						}
						continue
					}
					r.router(c, t, env)
				}
			}
			break
		}
	}
	r.rings()
	r.structs(contexts)
	r.tags()
	for _, f := range later {
		f()
	}
	r.unite()
	for _, n := range r.table.order {
		for _, m := range n.routes {
			r.publish(n, m)
		}
	}
	return r.table
}

func mounting(does library.Role) bool {
	switch does {
	case library.Route, library.Mount, library.Central, library.Group, library.Router:
		return true
	}
	return false
}

// contexts lists the ways in which f is come to, as far as that may matter.
func (r *Resolver) contexts(f *ir.Func, seen map[*ir.Func][]*Env, depth int) []*Env {
	if f == nil || depth > maxFrames {
		return []*Env{nil}
	}
	if found, ok := seen[f]; ok {
		return found
	}
	any := []*Env{nil}
	seen[f] = any // a cycle
	if f.Outer == nil {
		return any
	}
	var out []*Env
	outer := r.contexts(f.Outer, seen, depth+1)
	if len(f.Params) == 0 && f.Recv == nil || len(r.mounted[f]) > 0 {
		out = outer
	} else {
		for _, s := range r.callers[f] {
			for _, up := range r.contexts(r.within[s.call], seen, depth+1) {
				if len(out) >= maxContexts {
					break
				}
				around := up.in(f.Outer)
				e := Env{Func: f, Call: s.call, Skip: s.skip, Elem: s.elem, Up: up, Out: around}
				out = append(out, r.enter(e))
			}
		}
		if len(out) == 0 {
			out = outer
		}
	}
	seen[f] = out
	return out
}

// where is the place of x, which stands in env.
func (r *Resolver) where(x ir.Expr, f *ir.Func, env *Env) place {
	p := place{x}
	for e := env; ; {
		switch {
		case e != nil && e.Call != nil:
			p = append(p, e.Call)
			f, e = r.within[e.Call], e.Up
		case f != nil && f.Outer != nil && len(r.callers[f]) == 1 && len(p) < 8:
			c := r.callers[f][0].call
			p = append(p, c)
			f, e = r.within[c], nil
		case f != nil && f.Outer != nil && len(r.callers[f]) == 0 && len(r.mounted[f]) == 1 && r.mounted[f][0].call != nil && len(p) < 8:
			c := r.mounted[f][0].call
			p = append(p, c)
			f, e = r.within[c], nil
		default:
			for i, j := 0, len(p)-1; i < j; i, j = i+1, j-1 {
				p[i], p[j] = p[j], p[i]
			}
			return p
		}
	}
}

// before reports whether p runs before q, where that can be told; else it does.
func (r *Resolver) before(p, q place) bool {
	for i := 0; i < len(p) && i < len(q); i++ {
		if p[i] == q[i] {
			continue
		}
		a, b := p[i].At(), q[i].At()
		if a.File != b.File || r.function(p[i]) != r.function(q[i]) {
			return true
		}
		return a.Start < b.Start || a.Start == b.Start && a.End < b.End
	}
	return true
}

func (r *Resolver) function(e ir.Expr) *ir.Func {
	if c, ok := e.(*ir.Call); ok {
		return r.within[c]
	}
	return nil
}

// publish makes routes of one that is mounted: one for each way to its router.
func (r *Resolver) publish(n *node, m *mounted) {
	out := &r.table.routes
	const most = 8
	made := 0
	var up func(n *node, rel string, at place, chain, central []Link, router *library.Row, depth int)
	methods := m.methods
	up = func(n *node, rel string, at place, chain, central []Link, router *library.Row, depth int) {
		if n.row != nil && n.row.Does == library.Router {
			router = n.row
		}
		if len(methods) == 1 && methods[0] == "" && n.methods != nil {
			methods = n.methods
		}
		if made >= most || depth > 16 || n.busy {
			return
		}
		n.busy = true
		defer func() { n.busy = false }()
		var before []Link
		for _, u := range n.uses {
			if (u.late || r.before(u.at, at)) && covers(u.path, rel) && (len(u.paths) == 0 || slices.ContainsFunc(u.paths, func(p string) bool { return covers(p, rel) })) {
				before = append(before, u.links...)
			}
		}
		chain = append(before[:len(before):len(before)], chain...)
		if n.prefix != "" {
			rel = joined(n.prefix, rel)
		}
		central = append(central[:len(central):len(central)], n.central...)
		done := false
		for _, e := range n.edges {
			if e.parent.busy {
				continue
			}
			done = true
			up(e.parent, joined(e.path, rel), e.at, append(e.chain[:len(e.chain):len(e.chain)], chain...), central, router, depth+1)
		}
		if done {
			return
		}
		for _, method := range methods {
			made++
			if !strings.HasPrefix(rel, "/") && !strings.HasPrefix(rel, ellipsis) {
				rel = "/" + rel
			}
			rt := &Route{Span: m.Span, Framework: pkg(m.symbol), Method: method, Path: rel, Chain: chain, central: central, Router: router, Known: m.known && router != nil && router.Uncaught != "" && !strings.Contains(rel, ellipsis)}
			for _, old := range *out {
				if old.Span == rt.Span && old.Method == rt.Method && old.Path == rt.Path && sameLinks(old.Chain, rt.Chain) {
					return
				}
			}
			*out = append(*out, rt)
		}
	}
	path := m.path
	if !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, ellipsis) {
		path = "/" + path
	}
	up(n, path, m.at, m.chain, m.central, nil, 0)
}
