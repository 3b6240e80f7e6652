package flow

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// A job is one root with the surroundings in which it runs.
type job struct {
	root *Root
	f    *ir.Func // what is executed: the root, or the outermost wrapper around it
	in   *resolve.Env
	// loose says that it is mounted, but before no route that is known.
	loose bool
	// inner is the function that the root calls as a wrapper: login of asyncHandler(login).
	inner  *ir.Func
	inners []*ir.Func // all that are called so, one within the other
	// before are the links that run before it and may see what comes of it, the
	// nearest first.
	before []resolve.Link
}

// walkAll walks from every place where requests arrive, then from whatever holds
// an op that was not reached.
func (w *walker) walkAll() {
	for _, j := range w.mounted() {
		w.walkRoot(j)
	}
	for _, g := range w.guards() {
		w.walkGuard(g)
	}
	for _, l := range w.r.Middlewares() {
		if l.Func != nil && !w.entered[l.Func] {
			w.walkRoot(&job{f: l.Func, root: &Root{Func: l.Func, Link: true}, in: l.Env, loose: true})
		}
	}
	for _, f := range w.loners() {
		if w.entered[f] && !w.unreached(f) {
			continue
		}
		for _, top := range w.tops(f) {
			w.walkRoot(&job{f: top, root: &Root{Func: top}, loose: takesRequest(top)})
		}
		if !w.entered[f] { // a function that another one makes, for somebody whom we do not see
			w.walkRoot(&job{f: f, root: &Root{Func: f}, loose: takesRequest(f)})
		}
	}
}

// mounted makes one job of every function of a chain of routes.
func (w *walker) mounted() []*job {
	type key struct {
		f  *ir.Func
		in *resolve.Env
	}
	at := map[key]*job{}
	var list []*job
	for _, route := range w.facts.Routes {
		for i, l := range route.Chain {
			if l.Func == nil || generated(l.Func) || i > 0 && route.Chain[i-1].Wraps {
				continue
			}
			k := key{l.Func, l.Env}
			j := at[k]
			if j == nil {
				j = &job{f: l.Func, root: &Root{Func: l.Func, Link: i < len(route.Chain)-1 && !l.Wraps}, in: l.Env}
				j.before = backwards(route.Chain[:i])
				for n := i; n+1 < len(route.Chain) && route.Chain[n].Wraps; n++ {
					j.inner = route.Chain[n+1].Func
					j.inners = append(j.inners, j.inner)
				}
				if j.inner != nil {
					j.root.Func = j.inner
				}
				at[k] = j
				list = append(list, j)
			}
			if len(j.root.Routes) < 64 {
				j.root.Routes = append(j.root.Routes, route)
			}
		}
	}
	return list
}

// loners are the functions that hold an op, or call what holds one and answer
// requests, in the order of the source.
func (w *walker) loners() []*ir.Func {
	var list []*ir.Func
	for _, f := range w.p.Funcs {
		if isBody(f) || len(f.Body) == 0 || starts(f) || generated(f) {
			continue
		}
		if len(w.index.sites[f]) > 0 || w.index.reach(f)&(doesToken|doesAnswer) == doesToken|doesAnswer && w.index.near[f] {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b *ir.Func) int {
		return a.Span.Compare(b.Span)
	})
	return list
}

// unreached says that an op in a function was not met by any walk.
func (w *walker) unreached(f *ir.Func) bool {
	for _, e := range w.index.sites[f] {
		if !w.reached[e] {
			return true
		}
	}
	return false
}

// tops are the functions that come to f and that nobody calls.
func (w *walker) tops(f *ir.Func) (list []*ir.Func) {
	seen := map[*ir.Func]bool{}
	var climb func(f *ir.Func, depth int)
	climb = func(f *ir.Func, depth int) {
		if seen[f] || depth > 30 || len(list) > 64 {
			return
		}
		seen[f] = true
		// A literal that a library is given is called for requests, with what they hold.
		if w.index.given[f] && f.Module != nil && f.Module.Language == ir.Go {
			if !w.entered[f] {
				list = append(list, f)
			}
			return
		}
		up := 0
		for _, g := range w.index.callers[f] {
			if g == f || isBody(g) || starts(g) || generated(g) {
				continue
			}
			up++
			climb(g, depth+1)
		}
		if up == 0 && !isBody(f) && !w.entered[f] && (w.index.reach(f)&doesAnswer != 0 || w.index.sites[f] != nil) {
			list = append(list, f)
		}
	}
	climb(f, 0)
	return list
}

// generated says that a tool wrote a function: what it answers is for that tool.
func generated(f *ir.Func) bool { return f.File != nil && f.File.Generated }

// starts says that a function runs when the program starts, for no request.
func starts(f *ir.Func) bool {
	return f.Module != nil && f.Module.Language == ir.Go && (f.Name == "main" || f.Name == "init")
}

func isBody(f *ir.Func) bool { return f.Module != nil && f == f.Module.Body }

// walkRoot executes one function as a request would, and gathers its ways.
func (w *walker) walkRoot(j *job) {
	f := j.f
	if len(f.Body) == 0 || w.entered[f] && len(j.root.Routes) == 0 {
		return
	}
	w.entered[f] = true
	if w.index.reach(f)&doesToken == 0 && !w.reachesIn(f, j.in, 2) {
		return
	}
	w.job = j
	w.fuel, w.nesting, w.depth = min(maxFuel, w.all), 0, 0
	given := w.fuel
	st := &state{uses: w.namedAs(j)}
	if f.Class != nil && f.Recv == nil {
		st.this = mk(value{is: thing, class: f.Class})
	}
	st.env = w.captured(nil, f)
	w.f = nil
	sum := w.execute(f, j.in, st)
	for _, x := range sum.returns {
		w.end(j, x, false)
	}
	for _, x := range sum.throws {
		w.end(j, x, true)
	}
	w.all -= given - max(w.fuel, 0)
	w.job = nil
}

// reachesIn asks the same of what is called where the surroundings are known:
// through a variable that holds too many functions to tell them otherwise.
func (w *walker) reachesIn(f *ir.Func, in *resolve.Env, depth int) (found bool) {
	if in == nil {
		return false
	}
	ir.Walk(f.Body, func(ir.Stmt) bool { return !found }, func(e ir.Expr) bool {
		switch e := e.(type) {
		case *ir.Call:
			for _, t := range w.r.TargetsIn(e, in) {
				if t.Func != nil && (w.index.reach(t.Func)&doesToken != 0 || depth > 0 && t.Func != f && w.reachesIn(t.Func, t.Env, depth-1)) {
					found = true
				}
			}
		case *ir.FuncRef:
			if e.Literal && e.Func != nil && depth > 0 && w.reachesIn(e.Func, in, depth-1) {
				found = true
			}
		}
		return !found
	})
	if found {
		w.index.bits[f] |= doesToken | doesRecord | doesAnswer | doesThrow
	}
	return found
}

// end follows a way out of its root: to the central handler, through the
// middlewares around it, to the framework.
func (w *walker) end(j *job, x exit, thrown bool) {
	st := x.st
	if st.op == nil {
		return
	}
	f := j.f
	err := x.val
	at := place{x.at, f}
	switch {
	case thrown:
	case st.thrown != nil:
		thrown, err, at = true, st.thrown, st.thrownAt
		st = st.with(func(c *state) { c.thrown = nil })
	case !st.answered && !st.served && goError(f, x.val):
		thrown, err = true, errorIn(x.val)
	}
	if !thrown {
		if !st.tracks() || st.served || len(j.before) == 0 {
			w.settleWay(j, st, at, x.val)
			return
		}
		for _, o := range w.outward(j, st, nil, at, false) {
			w.settleWay(j, o.st, at, x.val)
		}
		return
	}
	if !st.tracks() {
		return // an error after an op that went well is no end of that
	}
	if at.at.File == nil {
		at.at = st.op.Span
	}
	at = j.leftAt(st, at)
	if len(j.root.Routes) == 0 && !j.loose && !(err != nil && err.thrown && err.is == thing && f.Module != nil && f.Module.Language == ir.JavaScript) {
		if st.answered {
			w.settleWay(j, st, at, nil)
			return
		}
		w.way(j, st, Escapes, at)
		return
	}
	for _, x := range w.outward(j, st, err, at, true) {
		w.central(j, x.st, x.val, at)
	}
}

// handles says that a function is a handler or middleware that wrappers of the job
// call.
func (j *job) handles(f *ir.Func) bool { return slices.Contains(j.inners, f) }

// leftAt is the place at which a failure left the handler, if what passed it on is a
// wrapper around all of them.
func (j *job) leftAt(st *state, at place) place {
	if j.inner == nil || within(at.fn, j.inner) {
		return at
	}
	st.rec.steps.each(func(t *trail) {
		if t.step != nil && t.step.Span.File != nil && t.step.Func == j.inner {
			at = place{t.step.Span, j.inner}
		}
	})
	return at
}

// goError says that a function hands its error back to the framework.
func goError(f *ir.Func, v *value) bool {
	if f.Module == nil || f.Module.Language != ir.Go || len(f.Results) == 0 {
		return false
	}
	return errorIn(v) != nil
}

func errorIn(v *value) *value {
	if v == nil {
		return nil
	}
	if v.tuple != nil && !v.list {
		return errorIn(v.tuple[len(v.tuple)-1])
	}
	if v.err && v.is == thing {
		return v
	}
	return nil
}

// central runs the handlers for errors that the application has, one after the
// other, as long as each passes the error on; then the framework answers.
func (w *walker) central(j *job, st *state, err *value, at place) {
	route := w.routeOf(j)
	list := []*state{st}
	links := w.centrals(route)
	if len(links) == 0 {
		links = w.nearest(j.f, w.r.Handlers())
	}
	for _, l := range links {
		var rest []*state
		for _, st := range list {
			if l.Func == nil {
				if l.Row != nil && isRecord(l.Row.Does) {
					st = w.observed(st, &Observation{Span: l.Span, Role: l.Row.Does, Level: l.Row.Level, Tier: Typed, Fields: []string{"reason"}})
				}
				rest = append(rest, st)
				continue
			}
			rest = append(rest, w.handle(j, l, st, err, at)...)
		}
		list = w.merge(rest)
	}
	for _, st := range list {
		w.uncaught(j, route, st, err, at)
	}
}

// nearest keeps those of the program's handlers for errors whose files share most of
// their path with a function: in a repository of several applications, its own.
func (w *walker) nearest(f *ir.Func, list []resolve.Link) (out []resolve.Link) {
	best := -1
	for _, l := range list {
		file := l.File
		if l.Func != nil {
			file = l.Func.File
		}
		if file == nil || f.File == nil || file.Language != f.File.Language {
			continue
		}
		n := 0
		a, b := strings.Split(file.Path, "/"), strings.Split(f.File.Path, "/")
		for n < len(a)-1 && n < len(b)-1 && a[n] == b[n] {
			n++
		}
		if n > best {
			best, out = n, out[:0]
		}
		if n == best {
			out = append(out, l)
		}
	}
	return out
}

// routeOf is the route of a job, or where none is known, any of the program: its
// framework is the same.
func (w *walker) routeOf(j *job) *resolve.Route {
	if len(j.root.Routes) > 0 {
		return j.root.Routes[0]
	}
	var route *resolve.Route
	for _, r := range w.facts.Routes {
		if route != nil && r.Framework != route.Framework {
			return &resolve.Route{}
		}
		route = r
	}
	if route == nil {
		return &resolve.Route{}
	}
	return route
}

// takesRequest says that a function that nobody calls is written as a handler.
func takesRequest(f *ir.Func) bool {
	if f.Module == nil || f.Module.Language != ir.JavaScript {
		return false
	}
	for _, p := range f.Params {
		switch p.Name {
		case "req", "res", "ctx", "request", "reply", "_req", "_res":
			return true
		}
	}
	return false
}

func (w *walker) centrals(route *resolve.Route) []resolve.Link {
	if list, ok := w.centralOf[route]; ok {
		return list
	}
	list := w.r.Central(route)
	w.centralOf[route] = list
	return list
}

// handle runs one central handler, and answers with the states that it passes on.
func (w *walker) handle(j *job, l resolve.Link, st *state, err *value, at place) (on []*state) {
	f := l.Func
	n := errorParam(f)
	if n < 0 || len(f.Body) == 0 {
		return []*state{st}
	}
	answered := st.answered
	in := *st
	in.env, in.defers, in.this = nil, nil, nil
	in.decided = inherited
	in.central = true
	in.rec.steps = in.rec.steps.add(trail{step: &Step{Span: l.Span, Func: f, What: "the handler for errors gets it"}})
	if f.Class != nil && f.Recv == nil {
		in.this = mk(value{is: thing, class: f.Class})
	}
	in.env = in.env.with(f.Params[n], err)
	sum := w.apart(f, l.Env, &in)
	for _, x := range sum.returns {
		s := x.st
		switch {
		case s.thrown != nil && !s.answered, s.served && !s.answered:
			on = append(on, s.with(func(c *state) { c.thrown, c.served = nil, false }))
		case goError(f, x.val) && !s.answered:
			on = append(on, s)
		default:
			s = w.answeredBy(s, answered, at)
			for _, o := range w.outward(j, s, nil, at, false) {
				w.way(j, o.st, Responds, at)
			}
		}
	}
	for _, x := range sum.throws {
		on = append(on, x.st)
	}
	return on
}

// apart executes a function that is no part of what was walked, within what is left.
func (w *walker) apart(f *ir.Func, in *resolve.Env, st *state) *summary {
	given := min(maxFuel/8, max(w.all, 0))
	w.fuel, w.nesting, w.depth, w.f = given, 0, 0, nil
	sum := w.execute(f, in, st)
	w.all -= given - max(w.fuel, 0)
	return sum
}

// answeredBy keeps the answer of a central handler, and the place that led to it.
func (w *walker) answeredBy(st *state, before bool, at place) *state {
	if before {
		return st
	}
	return st.with(func(c *state) {
		if c.answered {
			c.rec.steps = c.rec.steps.add(trail{step: &Step{Span: c.at, Func: c.atFunc, What: "answers for every error"}})
		}
		c.answered, c.at, c.atFunc = true, at.at, at.fn
	})
}

// errorParam is the parameter of a handler for errors that holds the error.
func errorParam(f *ir.Func) int {
	if len(f.Params) == 0 {
		return -1
	}
	for i, p := range f.Params {
		if p.Type != nil && (p.Type.Symbol == "go:builtin.error" || p.Type.Class == nil && looksLikeError(p.Type.Symbol)) {
			return i
		}
	}
	if f.Module != nil && f.Module.Language == ir.Go {
		return -1
	}
	return 0
}

// uncaught is what the framework makes of an error that nobody handled.
func (w *walker) uncaught(j *job, route *resolve.Route, st *state, err *value, at place) {
	how, span := w.defaultOf(route)
	logs := false
	switch how {
	case "log":
		logs = true
	case "log 500":
		logs = err == nil || err.status == 0 || err.status >= 500
	case "log other":
		logs = err == nil || !err.thrown
	case "":
		if err != nil && err.thrown {
			break // made for the framework, which answers it and asks for no log
		}
		if !st.answered {
			w.way(j, st, Escapes, at)
			return
		}
	}
	if logs {
		st = w.observed(st, &Observation{Span: span, Role: library.Log, Level: "error", Tier: Typed, Fields: []string{"reason"}, Print: true})
	}
	if !st.answered {
		st = st.with(func(c *state) {
			c.answered, c.at, c.atFunc = true, at.at, at.fn
			if err != nil {
				c.status = err.status
			}
		})
	}
	for _, o := range w.outward(j, st, nil, at, false) {
		w.way(j, o.st, Responds, at)
	}
}

// defaultOf says what the framework of a route does with errors.
func (w *walker) defaultOf(route *resolve.Route) (how string, at ir.Span) {
	if d, ok := w.defaults[route.Framework]; ok {
		return d, route.Span
	}
	how = w.lib.Uncaught(route.Framework)
	if how != "silent" && how != "" && w.switchedOff(route.Framework) {
		how = "silent"
	}
	w.defaults[route.Framework] = how
	return how, route.Span
}

// switchedOff reports whether what a framework writes of errors hangs on an option
// that no application of the program sets. Options that are not written out may be
// set.
func (w *walker) switchedOff(framework string) bool {
	made, on := false, false
	for _, f := range w.p.Funcs {
		ir.Walk(f.Body, nil, func(x ir.Expr) bool {
			c, ok := x.(*ir.Call)
			if !ok || on {
				return !on
			}
			for _, t := range w.r.Targets(c) {
				if t.Row == nil || t.Row.Does != library.Router || t.Row.When == "" || !strings.HasPrefix(t.Symbol, framework+"#") {
					continue
				}
				made = true
				i, has := t.Row.Options.Index(len(c.Args))
				if !has {
					continue
				}
				o, written := c.Args[i].(*ir.Object)
				if !written {
					on = true
					continue
				}
				for _, field := range o.Fields {
					off, isConst := field.Value.(*ir.Const)
					on = on || field.Name == "" || field.Name == t.Row.When && !(isConst && (off.Kind == ir.Nil || off.Text == "false"))
				}
			}
			return true
		})
	}
	return made && !on
}

// settleWay ends a way that was neither thrown nor handed on as an error.
func (w *walker) settleWay(j *job, st *state, at place, v *value) {
	switch {
	case st.served && st.answered && !st.overruled && st.tracks() && j.root.Func.Module != nil && j.root.Func.Module.Language == ir.Go:
		// What was answered after the request was passed on is the answer to what came of that.
		w.way(j, st, Escapes, at)
	case st.answered && !(st.overruled && st.tracks()):
		w.way(j, st, Responds, at)
	case st.served:
		if st.servedAt.at.File != nil {
			at = st.servedAt
		}
		w.way(j, st, Serves, at)
	case st.answered:
		w.way(j, st, Responds, at)
	default:
		w.way(j, st.with(func(c *state) { c.dropped = c.tracks() && w.told(j.root.Func) && !v.isErr() && !v.deepFails(2) }), Returns, at)
	}
}

// told says that what f returns is for the program to see: it is declared for all,
// and not a callback whose result is the business of a library.
func (w *walker) told(f *ir.Func) bool {
	if f.Name == "main" || f.Name == "init" {
		return false
	}
	return (f.Outer == nil || f.Module != nil && f.Outer == f.Module.Body) && len(w.r.Handed(f)) == 0
}

type wayKey struct {
	op      *Op
	outcome Outcome
	exit    Exit
	root    *ir.Func
	at      ir.Span
	status  int
}

// way keeps one way: of those that end alike, the one that was recorded least.
func (w *walker) way(j *job, st *state, exit Exit, at place) {
	if st.op == nil {
		return
	}
	if st.answered && exit == Responds {
		at = place{st.at, st.atFunc}
	}
	if st.escaped && st.rec.tier < Generic && exit != Serves {
		exit = Escapes
	}
	if at.at.File == nil {
		at = place{st.op.Span, st.op.Func}
	}
	// The question whether a token still stands has no bad answer where the way goes on.
	if st.op.Kind == library.Check && st.outcome == Hit && (exit == Serves || exit == Returns || exit == Responds && st.status < 400 && !st.central) {
		return
	}
	if st.outcome == Succeeded && st.status >= 400 {
		return
	}
	way := &Way{
		Op: st.op, Outcome: st.outcome, Exit: exit, Root: j.root, Status: st.status, At: at.at, Func: at.fn,
		Tier: st.rec.tier, Level: st.rec.level, Central: st.central, Denied: st.overruled && exit == Serves, Again: st.again, Guessed: st.guessed, Error: st.verbose, Dropped: st.dropped,
	}
	way.EnvOnly = st.rec.envOnly && way.Tier < Generic
	k := wayKey{st.op, st.outcome, exit, j.root.Func, at.at, st.status}
	if old := w.ways[k]; old != nil && (old.Tier < way.Tier || old.Tier == way.Tier && !(old.Guessed && !way.Guessed)) {
		return
	}
	st.rec.seen.each(func(t *trail) {
		if t.obs != nil && len(way.Seen) < maxTrail {
			way.Seen = append(way.Seen, *t.obs)
		}
	})
	st.rec.steps.each(func(t *trail) {
		switch {
		case t.mark.File != nil:
			if way.Branch.File == nil && t.step.Func == at.fn {
				way.Branch = t.mark
			}
		case t.step != nil && len(way.Steps) < maxTrail:
			way.Steps = append(way.Steps, *t.step)
		}
	})
	w.ways[k] = way
}

// gather puts what was found in the order of the source.
func (w *walker) gather() {
	for _, op := range w.ops {
		w.facts.Ops = append(w.facts.Ops, op)
	}
	for _, way := range w.ways {
		w.facts.Ways = append(w.facts.Ways, way)
	}
	for _, l := range w.leaks {
		w.facts.Leaks = append(w.facts.Leaks, l)
	}
	slices.SortFunc(w.facts.Ops, func(a, b *Op) int {
		return cmp.Or(a.Span.Compare(b.Span), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	slices.SortFunc(w.facts.Ways, func(a, b *Way) int {
		return cmp.Or(a.Op.Span.Compare(b.Op.Span), strings.Compare(string(a.Op.Kind), string(b.Op.Kind)), a.At.Compare(b.At),
			cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Exit, b.Exit), cmp.Compare(a.Status, b.Status),
			a.Root.Func.Span.Compare(b.Root.Func.Span))
	})
	slices.SortFunc(w.facts.Leaks, func(a, b *Leak) int {
		return cmp.Or(a.Span.Compare(b.Span), strings.Compare(a.Into, b.Into), cmp.Compare(a.What, b.What), a.From.Compare(b.From))
	})
}
