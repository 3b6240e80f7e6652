package resolve

import (
	"maps"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// links are the edges of one round: who calls whom, and what is given to libraries.
type links struct {
	callers map[*ir.Func][]site
	mounted map[*ir.Func][]hand
	added   map[string][]source
	shapes  map[string]int // lists of parameter types that libraries give to functions
	edges   int
}

// A site is one call of a function.
type site struct {
	call *ir.Call
	skip int
	elem ir.Expr // the function is called with this, by a method of a list
}

// A hand is one call that gives a function to a library.
type hand struct {
	call *ir.Call
	arg  int
	row  *library.Row // nil where the catalogue does not know the library's function
}

// rounds is how often all calls are asked anew. The first round sees direct calls,
// the second what functions are passed, the third what those pass on.
const rounds = 3

// prepare finds who calls whom.
func (r *Resolver) prepare() {
	if r.ready {
		return
	}
	r.ready = true
	edges := -1
	for range rounds {
		r.next = links{callers: map[*ir.Func][]site{}, mounted: map[*ir.Func][]hand{}, shapes: map[string]int{}, added: map[string][]source{}}
		r.known = make(map[*ir.Call][]Target, len(r.calls))
		for _, t := range r.typedFuncs {
			if row := r.row(t.sym); row != nil && len(row.Params) > 0 {
				r.give(t.fn, hand{nil, 0, row})
			}
		}
		for _, c := range r.calls {
			r.steps = 0
			t := r.targets(c, nil)
			r.known[c] = t
			r.link(c, t)
		}
		r.addSets()
		r.callers, r.mounted = r.next.callers, r.next.mounted
		r.shapes, r.added = r.next.best(), r.next.added
		clear(r.memo)
		if r.next.edges == edges {
			break
		}
		edges = r.next.edges
	}
	r.count()
}

func (l *links) best() []string {
	best, n := "", 0
	for s, k := range l.shapes {
		if k > n || k == n && s < best {
			best, n = s, k
		}
	}
	if best == "" {
		return nil
	}
	return strings.Split(best, "\n")
}

// link writes down what a call reaches.
func (r *Resolver) link(c *ir.Call, targets []Target) {
	for _, t := range targets {
		switch {
		case t.Func != nil:
			r.next.callers[t.Func] = append(r.next.callers[t.Func], site{c, t.Skip, nil})
			r.next.edges++
		case t.Symbol != "":
			r.hand(c, t)
			if t.Row != nil && t.Row.Adds.Set() {
				r.add(c, t.Row)
			}
		}
	}
	if m, ok := c.Fun.(*ir.Member); ok && len(c.Args) > 0 {
		r.each(m, c)
	}
}

// add writes down what a call makes a member of something of a library: what it is
// given with a name, or all fields of an object.
func (r *Resolver) add(c *ir.Call, row *library.Row) {
	x, given := row.Adds.Index(len(c.Args))
	n, named := row.Name.Index(len(c.Args))
	if named && given {
		if name, ok := r.text(c.Args[n], nil); ok {
			r.next.added[name] = append(r.next.added[name], source{x: c.Args[x]})
		}
		return
	}
	if n < len(c.Args) && row.Name.Set() {
		r.addFields(c.Args[n])
	}
}

// addFields adds what the fields of a literal object hold.
func (r *Resolver) addFields(x ir.Expr) {
	o, ok := x.(*ir.Object)
	if !ok {
		return
	}
	for i := range o.Fields {
		if f := &o.Fields[i]; f.Name != "" && f.Value != nil {
			r.next.added[f.Name] = append(r.next.added[f.Name], source{x: f.Value})
		}
	}
}

// addSets writes down what assignments make members of things of a library, where a
// row says that what is assigned adds: schema.methods.sign = f, schema.methods = {…}.
func (r *Resolver) addSets() {
	for _, name := range slices.Sorted(maps.Keys(r.sets)) {
		for _, s := range r.sets[name] {
			switch value := s.source.x.(type) {
			case *ir.FuncRef:
				if m, ok := s.x.(*ir.Member); ok {
					if row := r.adds(m.X, m.Name); row != nil {
						r.next.added[name] = append(r.next.added[name], s.source)
						r.bind(value, row)
					}
				}
			case *ir.Object:
				if row := r.adds(s.x, name); row != nil {
					r.addFields(value)
					for i := range value.Fields {
						r.bind(value.Fields[i].Value, row)
					}
				}
			}
		}
	}
}

// adds gives the row which says that what is assigned to this member of x adds.
func (r *Resolver) adds(x ir.Expr, name string) *library.Row {
	r.steps = 0
	for _, v := range r.eval(x, 0, nil).vals {
		if v.Symbol == "" {
			continue
		}
		if row := r.row(r.under(v.Symbol, name)); row != nil && row.Adds.Kind == library.Assigned {
			return row
		}
	}
	return nil
}

// bind makes a function a method of the type that a row returns.
func (r *Resolver) bind(x ir.Expr, row *library.Row) {
	if f, ok := x.(*ir.FuncRef); ok && len(row.Returns) == 1 && isType(row.Returns[0]) {
		r.bound[f.Func] = row.Returns[0]
	}
}

// hand writes down the functions that a call gives to a library.
func (r *Resolver) hand(c *ir.Call, t Target) {
	row := t.Row
	if row == nil {
		for n, a := range c.Args {
			if ref, ok := a.(*ir.FuncRef); ok {
				r.give(ref.Func, hand{c, n, nil})
			}
		}
		return
	}
	if !row.Call.Set() && !row.Chain.Set() && len(row.Params) == 0 && row.Handler == "" && len(row.Before) == 0 && !row.Adds.Set() {
		return
	}
	if row.Does == library.Wrap {
		if len(row.Params) == 0 {
			return
		}
	}
	for n, a := range c.Args {
		r.steps = 0
		for _, f := range r.functions(a, nil, row, maxNesting) {
			h := hand{c, n, row}
			r.give(f, h)
			if len(row.Params) > 0 && !r.isRouter(row.Params[0]) {
				r.next.shapes[strings.Join(row.Params, "\n")]++
			}
		}
	}
}

func (r *Resolver) give(f *ir.Func, h hand) {
	for _, old := range r.next.mounted[f] {
		if old == h || old.row == h.row && len(r.next.mounted[f]) > maxCallers {
			return
		}
	}
	r.next.mounted[f] = append(r.next.mounted[f], h)
	r.next.edges++
}

// functions lists the functions that e holds: itself, in a list, or in an object.
func (r *Resolver) functions(e ir.Expr, env *Env, row *library.Row, depth int) []*ir.Func {
	switch e.(type) {
	case *ir.Const, *ir.Op:
		return nil
	}
	var out []*ir.Func
	for _, v := range r.eval(e, 0, env).vals {
		switch {
		case v.Func != nil:
			out = append(out, v.Func)
		case depth == 0:
		case v.List != nil:
			for _, x := range v.List.Elems {
				out = append(out, r.functions(x, v.Env, row, depth-1)...)
			}
		case v.Object != nil:
			for i := range v.Object.Fields {
				if x := v.Object.Fields[i].Value; x != nil && !middlewareOf(row, v.Object.Fields[i].Name) {
					out = append(out, r.functions(x, v.Env, row, depth-1)...)
				}
			}
		}
	}
	return out
}

// maxNesting bounds how deep a function may stand in what is given to a library.
const maxNesting = 10

// middlewareOf says whether a field holds what is around handlers and no handler.
func middlewareOf(row *library.Row, name string) bool {
	return (row.Does == library.Group || row.Does == library.Router) && (name == "middleware" || name == "interceptors")
}

// each writes down what methods of lists and promises pass to their callback.
func (r *Resolver) each(m *ir.Member, c *ir.Call) {
	switch m.Name {
	case "forEach", "map", "filter", "some", "every", "find", "flatMap":
	case "then":
		for n, a := range c.Args {
			if ref, ok := a.(*ir.FuncRef); ok && n == 0 {
				r.next.callers[ref.Func] = append(r.next.callers[ref.Func], site{c, 0, m.X})
			}
		}
		return
	default:
		return
	}
	ref, ok := c.Args[0].(*ir.FuncRef)
	if !ok {
		return
	}
	for _, v := range r.eval(m.X, 0, nil).vals {
		if v.List == nil || len(v.List.Elems) > 2*maxCallers {
			continue
		}
		for _, x := range v.List.Elems {
			r.next.callers[ref.Func] = append(r.next.callers[ref.Func], site{c, 0, x})
		}
	}
}

// isRouter says whether a type is one on which routes are mounted.
func (r *Resolver) isRouter(sym string) bool {
	is, ok := r.routers[sym]
	if !ok {
		for _, name := range []string{"get", "Get", "GET", "post", "Post", "POST", "Handle", "HandleFunc", "route", "all"} {
			if row := r.row(r.under(sym, name)); row != nil && row.Does == library.Route {
				is = true
			}
		}
		r.routers[sym] = is
	}
	return is
}

// byShape tells the parameters of a JavaScript function that nobody is seen to
// mount by their names.
func (r *Resolver) byShape(v *ir.Var) set {
	var s set
	f := v.Func
	if f.Module != nil && f.Module.Language == ir.Clojure {
		return r.ringShape(v)
	}
	if len(r.shapes) == 0 || f.Module == nil || f.Module.Language != ir.JavaScript || v.Type != nil || len(r.mounted[f]) > 0 {
		return s
	}
	want := ""
	switch strings.TrimPrefix(v.Name, "_") {
	case "req", "request":
		want = "Request"
	case "res", "response", "reply":
		want = "Res"
	case "next":
		want = "Next"
	case "ctx":
		want = "Context"
	default:
		return s
	}
	for _, p := range r.shapes {
		name := p[strings.LastIndexAny(p, "#.")+1:]
		if strings.Contains(name, want) || want == "Res" && strings.Contains(name, "Reply") {
			s.add(Value{Symbol: p, Is: true, Guessed: true})
			return s
		}
	}
	return s
}

// ringShape tells the parameters of Clojure's middleware by what it is: a function
// that gives a function of a request, which calls what the first was given.
func (r *Resolver) ringShape(v *ir.Var) set {
	var s set
	if v.Param != 0 || v.Type != nil {
		return s
	}
	f := v.Func
	for _, c := range r.callsOf(f, v) {
		in := r.within[c]
		if in == f || in.Outer != f || len(c.Args) == 0 || len(in.Params) == 0 {
			continue
		}
		s.add(Value{Symbol: "clj:ring/Handler", Is: true})
		return s
	}
	if o := f.Outer; o != nil && len(o.Params) > 0 {
		for _, c := range r.callsOf(f, o.Params[0]) {
			if len(c.Args) > 0 {
				s.add(Value{Symbol: "clj:ring/Request", Is: true})
				return s
			}
		}
	}
	return s
}

// count fills the statistics.
func (r *Resolver) count() {
	r.stats = Stats{Calls: len(r.calls), UnknownOf: map[string]int{}}
	for _, c := range r.calls {
		t := r.known[c]
		switch {
		case len(t) == 0:
			r.stats.Unknown++
			r.stats.UnknownOf[kind(c.Fun)]++
		case t[0].Func != nil:
			r.stats.Program++
		default:
			r.stats.Library++
		}
	}
}

// kind is what a call calls, for people.
func kind(e ir.Expr) string {
	switch e.(type) {
	case *ir.Name:
		return "name"
	case *ir.Member:
		return "member"
	case *ir.Call:
		return "call"
	case *ir.Index:
		return "index"
	}
	return "other"
}
