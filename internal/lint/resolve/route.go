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

// ellipsis stands for what of a path is not known.
const ellipsis = "…"

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

// scope is the family of packages that a symbol is of: npm:@nestjs, or the package.
func scope(sym string) string {
	p := pkg(sym)
	if strings.HasPrefix(p, "npm:@") {
		p, _, _ = strings.Cut(p, "/")
	}
	return p
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

// pathOf reads the path of a call that mounts, and gives the arguments after it.
func (r *Resolver) pathOf(c *ir.Call, t Target, env *Env) (path string, rest []ir.Expr) {
	row := t.Row
	args := c.Args
	if t.Skip <= len(args) {
		args = args[t.Skip:]
	}
	from := 0
	if row.Chain.Set() {
		from, _ = row.Chain.Index(len(args))
	}
	if row.Path.Set() {
		i, ok := row.Path.Index(len(args))
		switch {
		case !ok:
		case row.Path.Field != "":
			path = r.option(args[i], row.Path.Field, env)
		default:
			s, isPath := r.pathText(args[i], env)
			if isPath {
				path = s
			}
			if isPath && from == i {
				from = i + 1
			}
			switch {
			case isPath || i >= from:
			case strings.HasPrefix(t.Symbol, "go:"):
				path = ellipsis
			case row.Chain.Set():
				from = i // the path was left out
			}
		}
	}
	if from >= 0 && from < len(args) {
		rest = args[from:]
	}
	return path, rest
}

// option reads the text of a field of an object.
func (r *Resolver) option(e ir.Expr, name string, env *Env) string {
	for _, v := range r.eval(e, 0, env).vals {
		if v.Object == nil {
			continue
		}
		for i := range v.Object.Fields {
			if f := &v.Object.Fields[i]; f.Name == name && f.Value != nil {
				if s, ok := r.text(f.Value, v.Env); ok {
					return s
				}
				return ellipsis
			}
		}
	}
	return ""
}

// pathText reads a path: text, a list of texts, or a regular expression. What is
// no function and no router but cannot be told either is taken for a path too, an
// unknown one.
func (r *Resolver) pathText(e ir.Expr, env *Env) (string, bool) {
	if s, ok := r.partial(e, env, 6); ok {
		return s, true
	}
	of := r.eval(e, 0, env)
	for _, v := range of.vals {
		switch {
		case v.Const != nil && v.Const.Kind == ir.Regexp:
			return ellipsis, true
		case v.List != nil && len(v.List.Elems) > 0:
			if s, ok := r.partial(v.List.Elems[0], v.Env, 4); ok {
				return s, true
			}
			return "", false
		case v.Func != nil, v.Of != nil, v.Object != nil, v.Module != nil, v.Class != nil:
			return "", false
		}
	}
	switch e := e.(type) {
	case *ir.Call:
		return "", false
	case *ir.Member, *ir.Name:
		for _, v := range of.vals {
			if v.Is && !strings.HasSuffix(v.Symbol, "string") || v.Call != nil || v.Symbol != "" && r.row(v.Symbol) != nil {
				return "", false
			}
		}
		if n, ok := e.(*ir.Name); ok && len(of.vals) == 0 && n.Var.Type == nil {
			return "", false
		}
		return ellipsis, true
	case *ir.Op:
		return ellipsis, true
	}
	return "", false
}

// partial is a text with ellipses for what of it is not known; false if nothing is.
func (r *Resolver) partial(e ir.Expr, env *Env, depth int) (string, bool) {
	if s, ok := r.text(e, env); ok {
		return s, true
	}
	if n, ok := e.(*ir.Name); ok && n.Var.Param < 0 {
		if src := r.sources[n.Var]; len(src) == 1 && src[0].kind == whole && src[0].i == 0 && depth > 0 {
			return r.partial(src[0].x, env.in(n.Var.Func), depth-1)
		}
	}
	if op, ok := e.(*ir.Op); ok && depth > 0 && (op.Kind == ir.Add || op.Kind == ir.Template) {
		out, any := "", false
		for _, a := range op.Args {
			s, ok := r.partial(a, env, depth-1)
			if any = any || ok; !ok {
				s = ellipsis
			}
			if out += s; len(out) > textLimit {
				return "", false
			}
		}
		return out, any
	}
	return "", false
}

// joined puts paths one behind the other.
func joined(a, b string) string {
	switch {
	case b == "" || b == "/":
		if a == "" {
			return b
		}
		return a
	case a == "" || a == "/":
		if !strings.HasPrefix(b, "/") && b != ellipsis && !strings.HasPrefix(b, ellipsis) {
			return "/" + b
		}
		return b
	}
	a = strings.TrimSuffix(strings.TrimSuffix(a, "/*"), "/")
	if !strings.HasPrefix(b, "/") && !strings.HasPrefix(b, ellipsis) {
		b = "/" + b
	}
	return a + b
}

// covers says whether middleware at path runs for a route at rel.
func covers(path, rel string) bool {
	path = strings.TrimSuffix(strings.TrimSuffix(path, "*"), "/")
	if path == "" || strings.HasPrefix(path, "(") {
		return true
	}
	if strings.Contains(path, ellipsis) || strings.HasPrefix(rel, ellipsis) {
		return true
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if !strings.HasPrefix(rel, "/") {
		rel = "/" + rel
	}
	return rel == path || strings.HasPrefix(rel, path+"/")
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
