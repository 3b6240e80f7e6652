package resolve

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

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
