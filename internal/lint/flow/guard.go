package flow

import (
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// A guard is a middleware of a library that verifies tokens: an op at the place
// where it is mounted.
type guard struct {
	link   resolve.Link
	routes []*resolve.Route
	before []resolve.Link
}

// guards lists them, each once, in the order of the source.
func (w *walker) guards() (list []*guard) {
	at := map[any]*guard{}
	note := func(l resolve.Link, route *resolve.Route, before []resolve.Link) {
		if l.Row == nil || l.Row.Does != library.Guard || l.Row.Fails.Context && len(l.Row.Hook) == 0 || w.excepted(l) {
			return
		}
		var k any = l.Span
		switch {
		case l.Call != nil:
			k = l.Call
		case l.Class != nil: // wherever it is mounted
			k, l.Span = l.Class, classHead(l.Class)
		}
		g := at[k]
		if g == nil {
			g = &guard{link: l}
			at[k] = g
			list = append(list, g)
		}
		if route != nil && len(g.routes) < 64 {
			if len(g.routes) == 0 {
				g.before = before
			}
			g.routes = append(g.routes, route)
		}
	}
	for _, route := range w.facts.Routes {
		for i, l := range route.Chain {
			note(l, route, backwards(route.Chain[:i]))
		}
	}
	for _, l := range w.r.Middlewares() {
		note(l, nil, nil)
	}
	return list
}

// classHead is the name of a class where it is declared.
func classHead(c *ir.Class) ir.Span {
	s := c.Span
	if i := strings.Index(s.Text(), "class "+c.Name); i >= 0 {
		s.Start += int32(i + len("class "))
		s.End = s.Start + int32(len(c.Name))
	}
	return s
}

// excepted says that a link is of a kind that verifies no tokens of ours, by the name
// that it is given.
func (w *walker) excepted(l resolve.Link) bool {
	if l.Call == nil || len(l.Row.Except) == 0 {
		return false
	}
	i, ok := l.Row.Name.Index(len(l.Call.Args))
	if !ok {
		return false
	}
	named, other := 0, 0
	for _, v := range w.r.ValuesIn(l.Call.Args[i], l.Env) {
		texts := []ir.Expr{v.Const}
		if v.List != nil {
			texts = v.List.Elems
		}
		for _, x := range texts {
			if k, ok := x.(*ir.Const); ok && k != nil && k.Kind == ir.String {
				named++
				if slices.ContainsFunc(l.Row.Except, func(e string) bool { return strings.HasPrefix(strings.ToLower(k.Text), e) }) {
					other++
				}
			}
		}
	}
	return named > 0 && named == other
}

func backwards(list []resolve.Link) []resolve.Link {
	out := make([]resolve.Link, len(list))
	for i, l := range list {
		out[len(list)-1-i] = l
	}
	return out
}

// walkGuard follows a bad and a missing token through a library's middleware: to
// the functions that it was given to be told, or to what it does by itself.
func (w *walker) walkGuard(g *guard) {
	l := g.link
	f := w.around(l)
	if f == nil {
		return
	}
	span := l.Span
	if l.Call != nil {
		span = l.Call.Span
	}
	s := &site{row: l.Row, call: l.Call}
	if l.Call != nil {
		s.x = l.Call
	} else {
		s.x = &ir.Extern{Span: span}
	}
	w.f = &frame{fn: f}
	verify, extract := w.opAt(s, library.Verify), w.opAt(s, library.Extract)
	w.f = nil
	text := span.Text()
	if l.Class != nil {
		text = l.Class.Span.Text()
	}
	if len(text) < 400 && namesRefresh(text) {
		verify.Use, extract.Use = "refresh", "refresh"
	}
	hooks := w.hooks(l)
	j := &job{f: f, root: &Root{Func: f, Routes: g.routes, Link: true}, before: g.before, loose: true}
	w.job = j
	defer func() { w.job = nil }()
	for _, op := range []*Op{verify, extract} {
		if op == verify && l.Row.From == "state" {
			continue // it looks at what another guard has left
		}
		outcome := Failed
		if op == extract {
			outcome = Absent
		}
		st := &state{op: op, outcome: outcome, decided: inherited}
		err := mk(value{is: thing, err: true, fail: true, dep: true, op: op, marks: Reason, from: span, status: l.Row.Code, thrown: l.Row.Code != 0})
		if len(hooks) == 0 {
			w.unhooked(j, l, st, err, place{span, f})
			continue
		}
		for _, h := range hooks {
			w.hooked(j, l, h, st, err, place{span, f})
		}
	}
}

// around is the function in which a link is mounted.
func (w *walker) around(l resolve.Link) (found *ir.Func) {
	if l.Call != nil {
		if f := w.r.Around(l.Call); f != nil {
			return f
		}
	}
	look := func(f *ir.Func) {
		if f != nil && f.File == l.File && f.Start <= l.Start && l.End <= f.End && (found == nil || f.End-f.Start <= found.End-found.Start) {
			found = f
		}
	}
	for _, f := range w.p.Funcs {
		look(f)
	}
	if found == nil {
		for _, m := range w.p.Modules {
			if m.Body != nil && len(m.Files) > 0 && m.Files[0] == l.File {
				found = m.Body
			}
		}
	}
	return found
}

// unhooked is what the library does by itself.
func (w *walker) unhooked(j *job, l resolve.Link, st *state, err *value, at place) {
	if l.Row.Fails.Throws || l.Row.Fails.Next {
		for _, x := range w.outward(j, st, err, at, true) {
			w.central(j, x.st, x.val, at)
		}
		return
	}
	if !l.Row.Silent || recordsError(l.Row) {
		st = w.observed(st, &Observation{Span: at.at, Func: at.fn, Role: library.Log, Level: "error", Tier: Typed, Fields: []string{"reason"}})
	}
	st = st.with(func(c *state) { c.answered, c.status, c.at, c.atFunc = true, l.Row.Code, at.at, at.fn })
	for _, o := range w.outward(j, st, nil, at, false) {
		w.way(j, o.st, Responds, at)
	}
}

func recordsError(r *library.Row) bool {
	for _, x := range r.Records {
		if x == "error" {
			return true
		}
	}
	return false
}

// A hook is a function that a library tells of failures.
type hook struct {
	f  *ir.Func
	in *resolve.Env
}

// hooks finds the functions of the program at the options that the row names:
// fields of an object, or arguments of functions that set options.
func (w *walker) hooks(l resolve.Link) (list []hook) {
	if l.Class != nil {
		for _, name := range l.Row.Hook {
			if f := l.Class.Methods[name]; f != nil {
				list = append(list, hook{f, nil})
			}
		}
		return list
	}
	if l.Call == nil || len(l.Row.Hook) == 0 {
		return nil
	}
	names := map[string]bool{}
	for _, h := range l.Row.Hook {
		names[h] = true
	}
	add := func(e ir.Expr, in *resolve.Env) {
		for _, v := range w.r.ValuesIn(e, in) {
			if v.Func != nil {
				list = append(list, hook{v.Func, v.Env})
			}
		}
	}
	var look func(e ir.Expr, in *resolve.Env, depth int)
	look = func(e ir.Expr, in *resolve.Env, depth int) {
		if depth > 4 || e == nil {
			return
		}
		switch e := e.(type) {
		case *ir.Object:
			for _, f := range e.Fields {
				if names[f.Name] {
					add(f.Value, in)
				}
			}
			return
		case *ir.Call:
			name := calleeName(e)
			if names[name] {
				for _, a := range e.Args {
					add(a, in)
				}
				return
			}
		case *ir.FuncRef:
			return
		}
		for _, v := range w.r.ValuesIn(e, in) {
			switch {
			case v.Object != nil && ir.Expr(v.Object) != e:
				look(v.Object, v.Env, depth+1)
			case v.Call != nil && ir.Expr(v.Call) != e:
				look(v.Call, v.Env, depth+1)
			}
		}
	}
	for _, a := range l.Call.Args {
		look(a, l.Env, 0)
	}
	if m, ok := l.Call.Fun.(*ir.Member); ok {
		look(m.X, l.Env, 1) // jwtmiddleware.New(…, WithErrorHandler(h)).CheckJWT
	}
	return list
}

// hooked walks into a hook.
func (w *walker) hooked(j *job, l resolve.Link, h hook, st *state, err *value, at place) {
	f := h.f
	if len(f.Body) == 0 {
		return
	}
	w.entered[f] = true
	n := hookParam(f)
	in := *st
	if n >= 0 {
		in.env = in.env.with(f.Params[n], err)
	}
	w.fuel, w.nesting, w.depth = maxFuel, 0, 0
	w.f = nil
	sum := w.execute(f, h.in, &in)
	hj := &job{f: f, root: &Root{Func: f, Routes: j.root.Routes, Link: true}, before: j.before, loose: true}
	for _, x := range sum.returns {
		s := x.st
		if !s.answered && !s.served && s.thrown == nil && errorIn(x.val) == nil {
			// the library answers
			s = s.with(func(c *state) { c.answered, c.status, c.at, c.atFunc = true, l.Row.Code, at.at, at.fn })
			if x.val != nil && x.val.is != null && (l.Row.Fails.Throws || l.Row.Fails.Next) {
				s = x.st
			}
		}
		w.end(hj, exit{s, x.val, x.at}, false)
	}
	for _, x := range sum.throws {
		w.end(hj, x, true)
	}
}

// hookParam is the parameter of a hook that holds the error.
func hookParam(f *ir.Func) int {
	for i, p := range f.Params {
		if p.Type != nil && (p.Type.Symbol == "go:builtin.error" || p.Type.Class == nil && looksLikeError(p.Type.Symbol)) {
			return i
		}
	}
	for i, p := range f.Params {
		n := strings.ToLower(p.Name)
		if n == "e" || n == "ex" || strings.Contains(n, "err") || strings.Contains(n, "exception") {
			return i
		}
	}
	if f.Module != nil && len(f.Params) > 0 {
		switch f.Module.Language {
		case ir.JavaScript:
			return 0
		case ir.Clojure:
			return len(f.Params) - 1
		}
	}
	return -1
}
