package flow

import (
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// A memoKey tells calls apart that may go differently.
type memoKey struct {
	f    *ir.Func
	in   *resolve.Env
	hash uint64
}

// A summary is what came of one call: every way out, with records that begin at
// its beginning.
type summary struct {
	returns, throws []exit
}

// A branchMark stands for the decision of a caller, which no statement of the
// function ends.
type branchMark struct{ _ int }

var inherited = &branchMark{}

func (w *walker) call(st *state, c *ir.Call, k func(*state, *value)) {
	if w.chained(st, c, k) || w.promise(st, c, k) {
		return
	}
	w.callee(st, c, func(st *state, recv, fun *value) {
		if fun != nil && fun.settle != nil {
			w.evals(st, c.Args, func(st *state, args []*value) { k(w.settleWith(st, fun.settle, args), nil) })
			return
		}
		targets := w.r.TargetsIn(c, w.f.in)
		w.evals(st, c.Args, func(st *state, args []*value) { w.dispatch(st, c, targets, recv, fun, args, k) })
	})
}

// callee evaluates what is called: the receiver of a method, and the function
// where the state knows it.
func (w *walker) callee(st *state, c *ir.Call, k func(st *state, recv, fun *value)) {
	switch f := c.Fun.(type) {
	case *ir.Member:
		w.eval(st, f.X, func(st *state, x *value) {
			fun, _ := x.field(f.Name)
			k(st, x, fun)
		})
	case *ir.Extern, *ir.ClassRef, *ir.ModuleRef, nil:
		k(st, nil, nil)
	default:
		w.eval(st, f, func(st *state, v *value) { k(st, nil, v) })
	}
}

// dispatch goes on with each thing that a call may reach.
func (w *walker) dispatch(st *state, c *ir.Call, targets []resolve.Target, recv, fun *value, args []*value, k func(*state, *value)) {
	if fun != nil && fun.fn != nil && !strings.Contains(fun.fn.f.Doc, "jotsight:observes") {
		in := w.f.in
		for _, t := range targets {
			if t.Func == fun.fn.f {
				in = t.Env
			}
		}
		w.enter(st, fun.fn.f, in, fun.fn.env, args, recv, c, k)
		return
	}
	if w.handsOn(c, targets) {
		w.next(st, &site{x: c, call: c, row: noRow, args: args}, k)
		return
	}
	funcs := 0
	for _, t := range targets {
		if t.Row != nil && !t.Guessed {
			w.row(st, c, t, recv, args, k)
			return
		}
		if t.Func != nil {
			funcs++
		}
	}
	if funcs == 0 || funcs > maxTargets {
		for _, t := range targets {
			if t.Row != nil {
				w.row(st, c, t, recv, args, k)
				return
			}
		}
		w.unknown(st, c, targets, recv, args, k)
		return
	}
	for _, t := range targets {
		if t.Func == nil {
			continue
		}
		next := st
		if t.Guessed && !st.guessed {
			next = st.with(func(s *state) { s.guessed = true })
		}
		a := args
		if t.Skip > 0 {
			a = args[min(t.Skip, len(args)):]
		}
		var captured env
		if t.Func.Outer != nil && t.Func.Outer.Module != nil && t.Func.Outer != t.Func.Outer.Module.Body {
			captured = w.captured(next.env, t.Func)
		}
		if c.New {
			w.construct(next, t, captured, a, c, k)
			continue
		}
		w.enter(next, t.Func, t.Env, captured, a, recv, c, k)
	}
}

var noRow = &library.Row{}

// handsOn says that a middleware of Clojure calls the handler that it was put
// around, where that is not a function of the program which can be walked: routes,
// or what a library made.
func (w *walker) handsOn(c *ir.Call, targets []resolve.Target) bool {
	n, ok := c.Fun.(*ir.Name)
	if !ok || w.language() != ir.Clojure || n.Var.Param < 0 || n.Var.Func == nil || n.Var.Func == w.f.fn || len(c.Args) == 0 || w.job == nil || !w.job.root.Link {
		return false
	}
	for _, t := range targets {
		if t.Func != nil {
			return false
		}
	}
	return within(w.f.fn, n.Var.Func)
}

// construct runs a constructor: its value is the object. A call of super goes on
// with the object that is being made.
func (w *walker) construct(st *state, t resolve.Target, captured env, args []*value, c *ir.Call, k func(*state, *value)) {
	super := strings.HasPrefix(c.Span.Text(), "super")
	obj := st.this
	if !super {
		obj = w.instance(c, t.Func.Class, args)
	}
	if len(t.Func.Body) == 0 || w.depth >= maxDepth || w.running(t.Func) {
		k(st, obj)
		return
	}
	inner := w.inside(st, t.Func, obj)
	inner.env = w.bind(captured, t.Func, args)
	key := memoKey{t.Func, t.Env, inner.key() + 1}
	sum, ok := w.memo[key]
	if !ok {
		sum = w.execute(t.Func, t.Env, inner)
		w.memo[key] = sum
	}
	for _, x := range sum.throws {
		*w.f.throws = append(*w.f.throws, exit{w.leave(st, x.st, t.Func, c, c.Span), x.val, x.at})
	}
	for _, x := range sum.returns {
		out := w.leave(st, x.st, t.Func, c, c.Span)
		if super {
			out = out.with(func(s *state) { s.this = x.st.this })
		}
		k(out, x.st.this)
	}
}

// instance is a new object of a class, before its constructor ran.
func (w *walker) instance(c *ir.Call, class *ir.Class, args []*value) *value {
	if r, ok := c.Fun.(*ir.ClassRef); ok && r.Class != nil {
		class = r.Class
	} else {
		for _, v := range w.r.ValuesIn(c.Fun, w.f.in) {
			if v.Class != nil {
				class = v.Class
			}
		}
	}
	obj := value{is: thing, class: class, err: isError(class, 0)}
	if b := blend(args); b != nil && obj.err {
		obj.fail, obj.dep, obj.marks = b.fail, b.dep, b.marks&Reason
	}
	return mk(obj)
}

// isError says that a class descends from an error of the language or a library.
func isError(c *ir.Class, depth int) bool {
	if c == nil || depth > 20 {
		return false
	}
	for _, e := range c.Embeds {
		if e == nil {
			continue
		}
		if e.Class != nil && isError(e.Class, depth+1) {
			return true
		}
		if looksLikeError(e.Symbol) {
			return true
		}
	}
	if m := c.Methods["Error"]; m != nil && len(m.Params) == 0 && c.Module != nil && c.Module.Language == ir.Go {
		return true
	}
	return false
}

// enter walks into a function of the program.
func (w *walker) enter(st *state, f *ir.Func, in *resolve.Env, captured env, args []*value, this *value, c *ir.Call, k func(*state, *value)) {
	var at ir.Span
	if c != nil {
		at = c.Span
	}
	if st.tracks() && w.job != nil && w.job.handles(f) {
		// A wrapper passes the request on, though the token was refused or missing.
		k(st.with(func(c *state) {
			c.served, c.overruled = true, c.overruled || c.answered
			c.servedAt = place{at, w.frameFunc()}
		}), nil)
		return
	}
	if len(f.Body) == 0 || w.depth >= maxDepth || w.running(f) {
		if w.depth >= maxDepth {
			w.facts.Stats.Cut++
		}
		k(st, blend(args))
		return
	}
	if w.index.logs(f) && !w.index.recorder(f) {
		// What a logger of the program's own does with levels is no way out in silence.
		s := &site{x: c, call: c, args: args, row: ownLogger(f), symbol: f.Name}
		if c != nil {
			w.observe(st, s, func(st *state, _ *value) { k(st, nil) })
			return
		}
	}
	if !w.matters(st, f, captured, args, this) {
		k(st, w.made(f))
		return
	}
	inner := w.inside(st, f, this)
	lean := st.op == nil && w.index.reach(f)&doesToken == 0
	if lean {
		// What no token comes to is walked for its records alone.
		captured, args = telling(captured), tellingArgs(args)
		if !tells(inner.this) {
			inner.this = nil
		}
	}
	inner.env = w.bind(captured, f, args)
	if f.Recv != nil && inner.this != nil {
		inner.env = inner.env.with(f.Recv, this)
	}
	key := memoKey{f, in, inner.key()}
	sum, ok := w.memo[key]
	if !ok {
		sum = w.execute(f, in, inner)
		if lean {
			for i, x := range sum.returns {
				switch {
				case tells(x.val):
				case x.val.isErr() && x.val.is == thing:
					sum.returns[i].val = vErr // errors.Unauthorized(…), made beforehand
				default:
					sum.returns[i].val = w.made(f)
				}
			}
			sum.returns, sum.throws = w.mergeExits(sum.returns), sum.throws[:min(1, len(sum.throws))]
			if !w.index.recorder(f) && !journals(f.Name) && !slices.ContainsFunc(args, func(a *value) bool { return a != nil && a.fn != nil }) {
				// What a store or a mailer writes of its own work says nothing of a login.
				for i, x := range sum.returns {
					sum.returns[i].st = x.st.with(func(c *state) { c.rec = record{} })
				}
			}
		}
		if w.fuel >= 0 {
			if len(w.memo) > maxMemo {
				clear(w.memo)
			}
			w.memo[key] = sum
		}
	}
	for _, x := range sum.throws {
		*w.f.throws = append(*w.f.throws, exit{w.leave(st, x.st, f, c, at), x.val, x.at})
	}
	for _, x := range sum.returns {
		k(w.leave(st, x.st, f, c, at), x.val)
	}
}

// maxMemo bounds the calls whose outcome is remembered.
const maxMemo = 100_000

// inside is the state in which a function begins: that of the caller, without what
// cannot matter in it, so that calls from many places are one.
func (w *walker) inside(st *state, f *ir.Func, this *value) *state {
	in := *st
	in.env, in.this, in.defers, in.rec = nil, this, nil, record{}
	in.decided = nil
	if st.decided != nil {
		in.decided = inherited
	}
	in.uses |= w.index.named(f)
	does := w.index.reach(f)
	if does&doesAnswer == 0 {
		in.pending, in.answered, in.status, in.at, in.atFunc, in.verbose = 0, false, 0, ir.Span{}, nil, false
		in.served, in.servedAt, in.thrown, in.thrownAt, in.collected, in.overruled = false, place{}, nil, place{}, false, false
	}
	if does&doesToken == 0 {
		in.uses, in.used = in.uses&flagsOfNames, nil
		if in.outcome == Succeeded {
			in.op = nil
		}
	}
	return &in
}

// tells says that a value holds something that must not get into a record, or is a
// function.
func tells(v *value) bool { return v != nil && (v.fn != nil || v.settle != nil || v.deepMarks(2) != 0) }

func telling(e env) (out env) {
	for _, x := range e {
		if tells(x.val) {
			out = append(out, x)
		}
	}
	return out
}

func tellingArgs(args []*value) []*value {
	var out []*value
	for i, a := range args {
		if a != nil && !tells(a) {
			if out == nil {
				out = append(out, args...)
			}
			out[i] = nil
		}
	}
	if out == nil {
		return args
	}
	return out
}

// bind gives parameters their arguments.
func (w *walker) bind(e env, f *ir.Func, args []*value) env {
	for i, p := range f.Params {
		switch {
		case f.Variadic && i == len(f.Params)-1:
			if i < len(args) {
				if b := blend(args[i:]); b != nil || len(args) > i {
					e = e.with(p, mk(value{is: thing, tuple: args[i:len(args):len(args)], list: true, dep: b.deps()}))
				}
			}
		case i < len(args):
			e = e.with(p, args[i])
		case f.Module != nil && f.Module.Language == ir.JavaScript:
			e = e.with(p, nil)
		}
	}
	return e
}

// execute runs a function on one state.
func (w *walker) execute(f *ir.Func, in *resolve.Env, st *state) *summary {
	w.entered[f] = true
	var returns, throws []exit
	up, nesting := w.f, w.nesting
	w.f = &frame{fn: f, up: up, in: in, returns: &returns, throws: &throws, recorder: w.index.recorder(f)}
	w.nesting = 0
	w.depth++
	for _, s := range w.list(f.Body, []*state{st}) {
		returns = append(returns, exit{s, w.bare(s, f), ir.Span{File: f.File, Start: f.End, End: f.End}})
	}
	returns, throws = w.deferring(returns, throws)
	if w.f.recorder {
		returns = recorded(returns)
	}
	sum := &summary{w.mergeReturns(returns), w.mergeExits(throws)}
	w.depth--
	w.f, w.nesting = up, nesting
	return sum
}

// mergeReturns forgets the locals of a function, and where it returned.
func (w *walker) mergeReturns(list []exit) []exit {
	for i := range list {
		list[i].at = ir.Span{}
	}
	return w.mergeExits(list)
}

// bare is what a function gives that falls out of its end: nothing.
func (w *walker) bare(st *state, f *ir.Func) *value {
	if f.Module != nil && f.Module.Language == ir.JavaScript {
		if st.tracks() && st.decided != nil {
			return vNull.depends()
		}
		return vNull
	}
	return nil
}

// deferring runs what was deferred, on every way out.
func (w *walker) deferring(returns, throws []exit) (r, t []exit) {
	again := false
	for _, x := range append(returns[:len(returns):len(returns)], throws...) {
		again = again || x.st.defers != nil
	}
	if !again {
		return returns, throws
	}
	run := func(list []exit, panicking bool) {
		for _, x := range list {
			if x.st.defers == nil {
				if panicking {
					t = append(t, x)
				} else {
					r = append(r, x)
				}
				continue
			}
			d := x.st.defers
			st := x.st.with(func(c *state) {
				c.defers = d.prev
				if c.decided != any(inherited) {
					c.decided = nil
				}
				c.panicking = nil
				if panicking {
					c.panicking = x.val
					if c.panicking == nil {
						c.panicking = vErr
					}
				}
			})
			var thrown []exit
			old := w.f.throws
			w.f.throws = &thrown
			w.eval(st, d.call, func(st *state, _ *value) {
				switch {
				case panicking && st.panicking == nil:
					r = append(r, exit{st, nil, x.at})
				case panicking:
					t = append(t, exit{st, x.val, x.at})
				default:
					r = append(r, exit{st, x.val, x.at})
				}
			})
			w.f.throws = old
			t = append(t, thrown...)
		}
	}
	run(w.mergeExits(returns), false)
	run(w.mergeExits(throws), true)
	return w.deferring(r, t)
}

// leave composes the state of a caller with what its call came to.
func (w *walker) leave(st, x *state, f *ir.Func, c *ir.Call, at ir.Span) *state {
	out := *x
	out.env = st.env
	out.uses = x.uses&^flagsOfNames | st.uses
	does := w.index.reach(f)
	if does&doesAnswer == 0 {
		out.pending, out.answered, out.status, out.at, out.atFunc, out.verbose = st.pending, st.answered, st.status, st.at, st.atFunc, st.verbose
		if !x.served { // a wrapper serves by calling what it wraps
			out.served, out.servedAt = st.served, st.servedAt
		}
		out.overruled = st.overruled || x.served && !st.served && st.answered
		out.thrown, out.thrownAt, out.collected = st.thrown, st.thrownAt, st.collected
	}
	if does&doesToken == 0 {
		out.used = st.used
		if st.op != nil && st.outcome == Succeeded {
			out.op, out.outcome = st.op, st.outcome
		}
	}
	for _, e := range x.env {
		if e.v.Func != f && !within(e.v.Func, f) {
			out.env = out.env.with(e.v, e.val)
		}
	}
	// What a variable of the outside lost inside is lost outside.
	if free := w.index.free(f); len(free) > 0 {
		for _, e := range st.env {
			if _, ok := free[e.v]; ok && x.env.of(e.v) == nil {
				out.env = out.env.with(e.v, nil)
			}
		}
	}
	if c != nil {
		out.env = w.writeBack(out.env, x.env, f, c)
	}
	if x.answered && !st.answered && st.decided != nil && c != nil && !within(f, w.frameFunc()) {
		// What was decided here is answered here, whatever helper writes it.
		out.at, out.atFunc = at, w.frameFunc()
	}
	out.this = st.this
	if st.this != nil && x.this != nil && x.this.class == st.this.class && w.sameThis(c) {
		out.this = x.this
	}
	out.defers = st.defers
	out.decided = st.decided
	inner := x.rec
	began := st.op == nil && x.op != nil
	if began && x.outcome != Succeeded {
		out.rec = inner
		out.rec.steps = out.rec.steps.add(trail{step: &Step{Span: at, Func: w.frameFunc(), What: "called from here"}})
		return &out
	}
	if began || inner.steps != nil || inner.seen != nil {
		if x.op != nil && c != nil {
			inner.steps = (&trail{step: &Step{Span: at, Func: w.frameFunc(), What: "calls " + f.Name}, n: 1}).add(trail{sub: inner.steps})
			if x.rec.steps == nil {
				inner.steps = inner.steps.prev
			}
		}
	}
	out.rec = st.rec.join(inner)
	return &out
}

func (w *walker) frameFunc() *ir.Func {
	if w.f == nil {
		return nil
	}
	return w.f.fn
}

// sameThis says that a call is of a method of the same object: this.check().
func (w *walker) sameThis(c *ir.Call) bool {
	if c == nil {
		return false
	}
	if m, ok := c.Fun.(*ir.Member); ok {
		_, ok := m.X.(*ir.This)
		return ok
	}
	return false
}

// writeBack gives the caller's variable what a callee did to the object in it.
func (w *walker) writeBack(e, inner env, f *ir.Func, c *ir.Call) env {
	give := func(x ir.Expr, p *ir.Var) env {
		n, ok := x.(*ir.Name)
		if op, isOp := x.(*ir.Op); isOp && len(op.Args) == 1 { // &v
			n, ok = op.Args[0].(*ir.Name)
		}
		if !ok || n.Var == nil || p == nil {
			return e
		}
		now := inner.of(p)
		if now.mark()&Token != 0 && len(now.fields) == 0 && e.of(n.Var).mark()&(Token|Record) == 0 && now.fn == nil {
			return e.with(n.Var, e.of(n.Var).marked(Token, now.from)) // it was verified as a token
		}
		if now == nil || len(now.fields) == 0 || e.of(n.Var).sum() == now.sum() {
			return e
		}
		return e.with(n.Var, now)
	}
	for i, p := range f.Params {
		if i < len(c.Args) {
			e = give(c.Args[i], p)
		}
	}
	if m, ok := c.Fun.(*ir.Member); ok && f.Recv != nil {
		e = give(m.X, f.Recv)
	}
	return e
}

// within says that g is f or a function in it.
func within(g, f *ir.Func) bool {
	for ; g != nil; g = g.Outer {
		if g == f {
			return true
		}
	}
	return false
}

func (w *walker) running(f *ir.Func) bool {
	for x := w.f; x != nil; x = x.up {
		if x.fn == f {
			return true
		}
	}
	return false
}

// matters says that walking into a function can tell anything.
func (w *walker) matters(st *state, f *ir.Func, captured env, args []*value, this *value) bool {
	bits := w.index.reach(f)
	if bits&(doesToken|doesLimit|doesPassword) != 0 {
		return true
	}
	if bits&doesRecord != 0 || st.tracks() && bits&(doesAnswer|doesThrow) != 0 {
		return true
	}
	interesting := func(v *value) bool {
		return v != nil && (v.dep || v.fail || v.marks != 0 || v.fn != nil || v.settle != nil)
	}
	for _, a := range args {
		if interesting(a) || a.deepDeps(1) || a.deepMarks(1) != 0 {
			return true
		}
	}
	for _, e := range captured {
		if interesting(e.val) {
			return true
		}
	}
	// A small function may answer a constant: a status, an error.
	return st.op != nil && len(f.Body) <= 3 || interesting(this)
}

// invoke calls a function value with arguments, as a library would.
func (w *walker) invoke(st *state, fn *value, args []*value, c *ir.Call, k func(*state, *value)) {
	if fn == nil || fn.fn == nil {
		k(st, nil)
		return
	}
	w.enter(st, fn.fn.f, w.f.in, fn.fn.env, args, nil, c, k)
}

// chained runs p.then(f, g), p.catch(g) and p.finally(h): what p throws is a
// rejection.
func (w *walker) chained(st *state, c *ir.Call, k func(*state, *value)) bool {
	m, ok := c.Fun.(*ir.Member)
	if !ok || w.language() != ir.JavaScript || len(c.Args) == 0 {
		return false
	}
	switch m.Name {
	case "then", "catch", "finally":
	default:
		return false
	}
	var thrown []exit
	var fulfilled []exit
	old := w.f.throws
	w.f.throws = &thrown
	w.eval(st, m.X, func(st *state, v *value) { fulfilled = append(fulfilled, exit{st, v, c.Span}) })
	w.f.throws = old
	handler := func(i int, x exit, args []*value, rejected bool) {
		w.eval(x.st, c.Args[i], func(st *state, fn *value) {
			if rejected {
				st = w.decide(st, c, c.Args[i].At(), nil)
			}
			call := func(st *state, v *value) {
				if rejected && st.decided == any(c) {
					st = st.with(func(s *state) { s.decided = nil })
				}
				if m.Name == "finally" && rejected {
					w.throw(st, x.val, x.at)
					return
				}
				if m.Name == "finally" {
					v = x.val
				}
				k(st, v)
			}
			if fn != nil && fn.fn != nil {
				w.invoke(st, fn, args, c, call)
				return
			}
			w.callValue(st, c.Args[i], args, c, call)
		})
	}
	for _, x := range w.mergeExits(fulfilled) {
		switch m.Name {
		case "then":
			handler(0, x, []*value{x.val}, false)
		case "finally":
			handler(0, x, nil, false)
		default:
			k(x.st, x.val)
		}
	}
	for _, x := range w.mergeExits(thrown) {
		switch {
		case m.Name == "catch":
			handler(0, x, []*value{x.val}, true)
		case m.Name == "then" && len(c.Args) > 1:
			handler(1, x, []*value{x.val}, true)
		case m.Name == "finally":
			handler(0, x, nil, true)
		default:
			*w.f.throws = append(*w.f.throws, x)
		}
	}
	return true
}

// callValue calls what an expression stands for with given values: a function that
// is handed over by name, next, res.json.
func (w *walker) callValue(st *state, e ir.Expr, args []*value, c *ir.Call, k func(*state, *value)) {
	for _, v := range w.r.ValuesIn(e, w.f.in) {
		switch {
		case v.Func != nil:
			w.enter(st, v.Func, v.Env, nil, args, nil, c, k)
			return
		case v.Symbol != "":
			if row := w.lib.Find(v.Symbol); row != nil {
				w.row(st, c, resolve.Target{Row: row, Symbol: v.Symbol, Guessed: v.Guessed}, nil, args, k)
				return
			}
		}
	}
	if blend(args).fails() {
		st = st.with(func(s *state) { s.escaped = true })
	}
	k(st, nil)
}

// promise runs new Promise((resolve, reject) => …).
func (w *walker) promise(st *state, c *ir.Call, k func(*state, *value)) bool {
	e, ok := c.Fun.(*ir.Extern)
	if !ok || !c.New || e.Symbol != "js:Promise" || len(c.Args) != 1 {
		return false
	}
	w.eval(st, c.Args[0], func(st *state, fn *value) {
		resolve := mk(value{is: thing, settle: &settlement{false, c}})
		reject := mk(value{is: thing, settle: &settlement{true, c}})
		w.invoke(st, fn, []*value{resolve, reject}, c, func(st *state, _ *value) {
			s := st.settled
			if s == nil || s.of != c {
				k(st, nil)
				return
			}
			st = st.with(func(x *state) { x.settled = nil })
			if s.reject {
				w.throw(st, s.val, c.Span)
				return
			}
			k(st, s.val)
		})
	})
	return true
}

func (w *walker) settleWith(st *state, s *settlement, args []*value) *state {
	var v *value
	if len(args) > 0 {
		v = args[0]
	}
	if s.reject {
		v = v.with(func(c *value) {
			c.err = true
			if c.is == anything {
				c.is = thing
			}
		})
	}
	if st.tracks() && st.decided != nil {
		v = v.depends()
	}
	return st.with(func(x *state) { x.settled = &settled{s.of, s.reject, v} })
}

// unknown is a call of which nothing is known but its arguments.
func (w *walker) unknown(st *state, c *ir.Call, targets []resolve.Target, recv *value, args []*value, k func(*state, *value)) {
	w.facts.Stats.Calls++
	symbol := ""
	if len(targets) > 0 {
		symbol = targets[0].Symbol
	}
	name := calleeName(c)
	if v, done := w.builtin(st, c, symbol, args, k); done {
		return
	} else if v != nil {
		k(st, v)
		return
	}
	if symbol == "" {
		w.facts.Stats.Unresolved++
	}
	if auditing(c) {
		st = w.audited(st, c, args)
	}
	if c.New {
		if obj := w.instance(c, nil, args); obj.class != nil {
			k(st, obj)
			return
		}
	}
	if st.tracks() && looksLikeRecord(c) {
		st = w.guess(st, c, args)
	}
	if v := st.reads(name); v != nil && recv.kind() == anything {
		k(st, v)
		return
	}
	if w.lookup(st, &site{x: c, call: c, symbol: symbol, recv: recv, args: args}, name, k) {
		return
	}
	if v, ok := textual(name, recv, args); ok {
		k(st, v)
		return
	}
	// A failure that is handed to code which we do not see may be recorded there.
	if st.tracks() && symbol == "" && !st.answered {
		for _, a := range args {
			if a.deepFails(2) && !harmless(name) {
				st = st.with(func(s *state) { s.escaped = true })
				break
			}
		}
	}
	// Functions that are handed over run, once, at some time.
	for i, a := range c.Args {
		if fn, ok := a.(*ir.FuncRef); ok && fn.Literal && i < len(args) && args[i] != nil {
			w.handed(st, fn.Func, args[i], c, func(st *state, v *value) { k(st, v) })
			return
		}
	}
	v := blend(args).with(func(c *value) {
		if !dumps(name) {
			c.marks &^= Token | Prefix | Headers | Key | User | Record
		}
		c.marks &^= Millis
		if recv != nil {
			c.dep = c.dep || recv.dep
			c.fail = c.fail || recv.fail && errorMethod(name)
		}
	})
	v = stores(v, name, recv, args, c)
	if !v.dep && !v.fail && v.marks == 0 {
		v = nil
	}
	k(st, v)
}

// stores says that a call gives back a record that holds a token, which it was
// given to store.
func stores(v *value, name string, recv *value, args []*value, c *ir.Call) *value {
	switch name {
	case "save", "create", "insert", "update", "upsert", "findOneAndUpdate", "findByIdAndUpdate", "Create", "Save":
		if recv.deepMarks(2)&Token != 0 && len(recv.fields) > 0 || blend(args).mark()&Token != 0 {
			return v.marked(Record, c.Span)
		}
	}
	return v
}

// handed runs a literal that a call of an unknown function is given.
func (w *walker) handed(st *state, f *ir.Func, v *value, c *ir.Call, k func(*state, *value)) {
	if w.index.reach(f)&(doesToken|doesRecord|doesAnswer|doesThrow|doesLimit|doesPassword) == 0 {
		k(st, nil)
		return
	}
	if w.language() == ir.Go && w.index.given[f] {
		k(st, nil) // a handler that is registered: it does not run here
		return
	}
	w.enter(st, f, w.f.in, v.fn.env, nil, nil, c, k)
}
