package resolve

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// scope is the family of packages that a symbol is of: npm:@nestjs, or the package.
func scope(sym string) string {
	p := pkg(sym)
	if strings.HasPrefix(p, "npm:@") {
		p, _, _ = strings.Cut(p, "/")
	}
	return p
}

// node finds the router that x stands for.
func (r *Resolver) node(x ir.Expr, env *Env) *node {
	var floating *node
	for _, v := range r.eval(x, 0, env).vals {
		if n := r.nodeOf(v); n != nil {
			return n
		}
		if v.Of != nil {
			if n := r.embedded(v.Of); n != nil {
				return n
			}
		}
		if v.Symbol != "" && floating == nil && (v.Is || v.Call == nil) {
			floating = r.floating(x, v)
		}
	}
	return floating
}

// embedded is the router that a struct of the program embeds.
func (r *Resolver) embedded(c *ir.Class) *node {
	for _, k := range r.line(c) {
		for _, f := range k.Fields {
			if f == nil || !f.Embedded || f.Type == nil || !r.isRouter(symbol(f.Type.Symbol)) {
				continue
			}
			for _, v := range r.field(Value{Of: k}, f.Name).vals {
				if n := r.nodeOf(v); n != nil {
					return n
				}
			}
			return r.nodeAt(field{k, f.Name}, nil, symbol(f.Type.Symbol))
		}
	}
	return nil
}

// floating is a router of which only the type is known.
func (r *Resolver) floating(x ir.Expr, v Value) *node {
	var k any = v.Symbol
	switch x := x.(type) {
	case *ir.Name:
		k = x.Var
	case *ir.Member:
		for _, o := range r.eval(x.X, 0, nil).vals {
			if o.Of != nil {
				k = field{o.Of, x.Name}
			}
		}
	}
	row := r.row(v.Symbol)
	if row != nil && row.Does != library.Router {
		row = nil
	}
	return r.nodeAt(k, row, v.Symbol)
}

// nodeAt gives the node of a key, new or old.
func (r *Resolver) nodeAt(k any, row *library.Row, sym string) *node {
	n := r.table.nodes[k]
	if n == nil {
		n = &node{key: k, row: row, symbol: sym}
		r.table.nodes[k] = n
		r.table.order = append(r.table.order, n)
	}
	return n
}

// A made router is known by the call that made it.
type origin struct {
	call *ir.Call
	env  *Env
}

// nodeOf is the router that v is; nil if it is none.
func (r *Resolver) nodeOf(v Value) *node {
	if v.Call == nil || v.Symbol == "" {
		return nil
	}
	c, env := v.Call, v.Env
	k := origin{c, env}
	if n := r.table.nodes[k]; n != nil {
		return n
	}
	var t Target
	for _, t = range r.known[c] {
		if t.Row != nil && mounting(t.Row.Does) {
			break
		}
	}
	if t.Row == nil || r.table.under[k] {
		return nil
	}
	r.table.under[k] = true // r = r.Group("/x") hangs on itself
	defer delete(r.table.under, k)
	switch t.Row.Does {
	case library.Router:
		var n *node
		if s := scope(t.Symbol); r.scopes[s] != nil {
			// Its routes are declared by decorators.
			n = r.scopes[s]
			n.row, r.table.nodes[k] = t.Row, n
		} else {
			n = r.nodeAt(k, t.Row, t.Symbol)
		}
		if t.Row.Path.Set() {
			n.prefix, _ = r.pathOf(c, t, env)
		}
		if i := t.Row.To.N; t.Row.To.Kind == library.Argument && i < len(c.Args) {
			if parent := r.node(c.Args[i], env); parent != nil && parent != n {
				n.edges = append(n.edges, edge{parent, "", r.where(c, r.within[c], env), nil})
			}
		}
		r.options(n, c, t, env)
		r.optional(n, c, t, env)
		return n
	case library.Group:
	case library.Mount, library.Route:
		if v.Given {
			break
		}
		// What it gives stands for the router on which it was called.
		if t.Recv == nil {
			return nil
		}
		return r.node(t.Recv, env)
	default:
		return nil
	}
	var parent *node
	if t.Recv != nil {
		parent = r.node(t.Recv, env)
	}
	if parent == nil {
		parent = r.nodeAt(pkg(t.Symbol), nil, t.Symbol)
	}
	if t.Row.Does == library.Mount && r.through(c, t, env) {
		r.table.nodes[k] = parent
		return parent
	}
	n := r.nodeAt(k, t.Row, t.Symbol)
	if t.Row.Method.Set() {
		n.methods = r.methodsOf(c, t, env)
	}
	path, rest := r.pathOf(c, t, env)
	var chain []Link
	if t.Row.Chain.Set() && t.Row.Does == library.Group {
		for _, a := range rest {
			if r.buildsRouter(a, env) {
				continue
			}
			chain = append(chain, r.links(a, env, t.Row, 0)...)
		}
	}
	n.edges = append(n.edges, edge{parent, path, r.where(c, r.within[c], env), chain})
	return n
}

// buildsRouter says whether a is the function in which the routes of a group are
// mounted.
func (r *Resolver) buildsRouter(a ir.Expr, env *Env) bool {
	for _, v := range r.eval(a, 0, env).vals {
		if v.Func == nil {
			continue
		}
		for _, h := range r.mounted[v.Func] {
			if h.row != nil && h.row.Does == library.Group && h.row.Call.Set() {
				return true
			}
			if h.row != nil && len(h.row.Params) > 0 && r.isRouter(h.row.Params[0]) {
				return true
			}
		}
	}
	return false
}

// through says whether a plugin was wrapped so that it belongs to its parent.
func (r *Resolver) through(c *ir.Call, t Target, env *Env) bool {
	for _, a := range c.Args {
		for _, v := range r.eval(a, 0, env).vals {
			if v.Func != nil && v.Through != nil {
				return true
			}
		}
	}
	return false
}

// router makes sure that one is known, even if nothing is mounted on it.
func (r *Resolver) router(c *ir.Call, t Target, env *Env) {
	v := Value{Symbol: t.Symbol, Call: c, Env: env.in(r.within[c])}
	r.nodeOf(v)
}

// unite gives to the routers that one call made in several surroundings what is
// said of it where the surroundings are not known, as through a field.
func (r *Resolver) unite() {
	for _, n := range r.table.order {
		k, ok := n.key.(origin)
		if !ok || k.env != nil {
			continue
		}
		var others []*node
		for _, o := range r.table.order {
			if ok, is := o.key.(origin); is && o != n && ok.call == k.call {
				others = append(others, o)
			}
		}
		if len(others) == 0 {
			continue
		}
		for _, o := range others {
			o.uses = append(o.uses, n.uses...)
			o.routes = append(o.routes, n.routes...)
			o.central = append(o.central, n.central...)
			for _, e := range n.edges {
				if e.parent != o {
					o.edges = append(o.edges, e)
				}
			}
		}
		n.routes, n.stands = nil, others
	}
	for _, n := range r.table.order {
		for _, e := range n.edges {
			for _, p := range e.parent.stands {
				if p != n {
					e.parent = p
					n.edges = append(n.edges, e)
				}
			}
		}
		kept := n.edges[:0]
		for _, e := range n.edges {
			if len(e.parent.stands) == 0 {
				kept = append(kept, e)
			}
		}
		n.edges = kept
	}
}

func sameLinks(a, b []Link) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Func != b[i].Func || a[i].Row != b[i].Row || a[i].Call != b[i].Call {
			return false
		}
	}
	return true
}

// options takes the handlers that a router is given when it is made.
func (r *Resolver) options(n *node, c *ir.Call, t Target, env *Env) {
	if t.Row.Handler == "" {
		return
	}
	i, ok := t.Row.Options.Index(len(c.Args))
	if !ok {
		return
	}
	for _, v := range r.eval(c.Args[i], 0, env).vals {
		if v.Object == nil {
			continue
		}
		for j := range v.Object.Fields {
			if f := &v.Object.Fields[j]; f.Name == t.Row.Handler && f.Value != nil {
				r.addCentral(n, r.links(f.Value, v.Env, t.Row, 0))
			}
		}
	}
}

// optional takes the middlewares among options that are calls: grpc.NewServer(
// grpc.UnaryInterceptor(log)).
func (r *Resolver) optional(n *node, c *ir.Call, t Target, env *Env) {
	from, ok := t.Row.Options.Index(len(c.Args))
	if !ok {
		return
	}
	for _, a := range c.Args[from:] {
		for _, v := range r.eval(a, 0, env).vals {
			if v.Call == nil || v.Symbol == "" {
				continue
			}
			for _, x := range r.known[v.Call] {
				if x.Row == nil || x.Row.Does != library.Mount || x.Recv != nil && !function(r.eval(x.Recv, 0, v.Env)) {
					continue
				}
				_, rest := r.pathOf(v.Call, x, v.Env)
				for _, l := range rest {
					n.uses = append(n.uses, use{late: true, links: r.links(l, v.Env, x.Row, 0)})
				}
			}
		}
	}
}

func (r *Resolver) addCentral(n *node, links []Link) {
	for _, l := range links {
		known := false
		for _, old := range n.central {
			known = known || old.Func == l.Func && old.Row == l.Row && old.Call == l.Call
		}
		if !known {
			n.central = append(n.central, l)
			r.table.central = append(r.table.central, l)
		}
	}
}

// parentOf is the router on which c mounts something.
func (r *Resolver) parentOf(c *ir.Call, t Target, env *Env) *node {
	if t.Recv != nil {
		of := r.eval(t.Recv, 0, env)
		if !function(of) {
			if n := r.node(t.Recv, env); n != nil {
				if root := r.scopes[scope(t.Symbol)]; root != nil && n.row == nil && n != root {
					return root
				}
				return n
			}
		}
	}
	if root := r.scopes[scope(t.Symbol)]; root != nil {
		return root
	}
	return r.nodeAt(pkg(t.Symbol), nil, t.Symbol)
}

// pkg is the package of a symbol.
func pkg(sym string) string {
	lang, rest, _ := strings.Cut(sym, ":")
	switch lang {
	case "go":
		slash := strings.LastIndexByte(rest, '/')
		if dot := strings.IndexByte(rest[slash+1:], '.'); dot >= 0 {
			rest = rest[:slash+1+dot]
		}
	case "npm":
		rest, _, _ = strings.Cut(rest, "#")
	case "clj":
		rest, _, _ = strings.Cut(rest, "/")
	}
	return lang + ":" + rest
}
