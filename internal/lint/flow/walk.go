package flow

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// The bounds of a walk. What is beyond them is not reported, and counted in
// Stats.Cut.
const (
	maxDepth   = 20      // calls within each other
	maxNesting = 400     // expressions and statements within each other
	maxFuel    = 60_000  // expressions evaluated from one root
	maxAll     = 400_000 // and from all, for a start
	maxEach    = 100     // and for each function of the program
	maxTargets = 12      // functions behind one call
)

// A walker executes functions on states.
type walker struct {
	p     *ir.Program
	r     *resolve.Resolver
	lib   *library.Set
	facts *Facts
	index *index

	f         *frame
	memo      map[memoKey]*summary
	ops       map[opKey]*Op
	quiets    map[ir.Expr]bool
	makers    map[*ir.Func]*value // see made
	ways      map[wayKey]*Way
	leaks     map[leakKey]*Leak
	entered   map[*ir.Func]bool // by some walk
	reached   map[ir.Expr]bool  // ops that some walk came to
	job       *job
	centralOf map[*resolve.Route][]resolve.Link
	defaults  map[string]string // by framework
	fuel      int
	all       int // what all roots have left
	nesting   int
	depth     int
}

// A frame is one function that is being executed.
type frame struct {
	fn      *ir.Func
	up      *frame
	in      *resolve.Env
	returns *[]exit
	throws  *[]exit // of the function, or of the try around the statement
	jumps   []jump

	recorder bool // it does nothing but write records
}

type exit struct {
	st  *state
	val *value
	at  ir.Span
}

type jump struct {
	st *state
	to *ir.Jump
}

// list runs statements one after the other and answers with the states that fall
// out of the end.
func (w *walker) list(body []ir.Stmt, in []*state) []*state {
	for _, s := range body {
		if len(in) == 0 {
			return nil
		}
		in = w.merge(w.forget(w.stmt(s, in), s))
	}
	return in
}

// forget drops what is known of variables that are not read any more, so that more
// states are alike.
func (w *walker) forget(list []*state, s ir.Stmt) []*state {
	if len(list) < 2 {
		return list
	}
	life := w.index.lives(w.f.fn)
	at, last := life.at[s], life.last
	for i, st := range list {
		keep := 0
		for _, e := range st.env {
			if w.alive(last, e, at) {
				keep++
			}
		}
		if keep == len(st.env) {
			continue
		}
		c := *st
		c.env = make(env, 0, keep)
		for _, e := range st.env {
			if w.alive(last, e, at) {
				c.env = append(c.env, e)
			}
		}
		list[i] = &c
	}
	return list
}

func (w *walker) alive(last map[*ir.Var]int32, e entry, at int32) bool {
	if e.v.Func != w.f.fn {
		return true // belongs to a function around this one
	}
	if last[e.v] > at {
		return true
	}
	return (e.v.Param >= 0 || e.v == w.f.fn.Recv) && e.val != nil && len(e.val.fields) > 0 // the caller sees it
}

func (w *walker) stmt(s ir.Stmt, in []*state) []*state {
	w.nesting++
	defer func() { w.nesting-- }()
	if w.nesting > maxNesting {
		w.facts.Stats.Cut++
		return nil
	}
	var out []*state
	switch s := s.(type) {
	case *ir.Do:
		for _, st := range in {
			w.eval(st, s.X, func(st *state, _ *value) { out = append(out, st) })
		}
	case *ir.Set:
		for _, st := range in {
			w.set(st, s, func(st *state) { out = append(out, st) })
		}
	case *ir.If:
		return w.branch(s, in)
	case *ir.Switch:
		return w.choose(s, in)
	case *ir.Loop:
		return w.loop(s, in)
	case *ir.Try:
		return w.try(s, in)
	case *ir.Return:
		for _, st := range in {
			w.evals(st, s.Values, func(st *state, vals []*value) {
				var v *value
				switch {
				case len(vals) == 1:
					v = vals[0]
				case len(vals) > 1:
					v = mk(value{tuple: vals})
				}
				v = w.errorResult(v)
				if st.decided != nil && st.op != nil {
					v = v.depends()
				}
				*w.f.returns = append(*w.f.returns, exit{st, v, s.Span})
			})
		}
	case *ir.Throw:
		for _, st := range in {
			w.eval(st, s.X, func(st *state, v *value) {
				if v.kind() == anything {
					v = v.with(func(c *value) { c.is, c.err = thing, true })
				}
				if st.tracks() {
					st = st.step(s.Span, w.f.fn, "throws")
				}
				w.throw(st, v, s.Span)
			})
		}
	case *ir.Defer:
		for _, st := range in {
			out = append(out, st.with(func(c *state) { c.defers = &deferred{c.defers, s.X, c.env} }))
		}
	case *ir.Spawn:
		for _, st := range in {
			w.eval(st, s.X, func(st *state, _ *value) { out = append(out, st) })
		}
	case *ir.Block:
		base := len(w.f.jumps)
		out = w.list(s.Body, in)
		if s.Label != "" {
			out = append(out, w.land(base, s.Label, true)...)
		}
	case *ir.Jump:
		for _, st := range in {
			w.f.jumps = append(w.f.jumps, jump{st, s})
		}
	}
	return out
}

// errorResult knows that what is returned as an error, and is there, is one.
func (w *walker) errorResult(v *value) *value {
	f := w.f.fn
	n := len(f.Results)
	if v == nil || n == 0 || f.Results[n-1] == nil || f.Results[n-1].Symbol != "go:builtin.error" {
		return v
	}
	if n == 1 {
		if v.is == thing && !v.err {
			return v.with(func(c *value) { c.err = true })
		}
		return v
	}
	if len(v.tuple) != n || v.tuple[n-1].kind() != thing || v.tuple[n-1].err {
		return v
	}
	return v.with(func(c *value) {
		t := append([]*value(nil), c.tuple...)
		t[n-1] = t[n-1].with(func(x *value) { x.err = true })
		c.tuple = t
	})
}

// throw ends a way by an exception.
func (w *walker) throw(st *state, v *value, at ir.Span) {
	if st.op != nil && st.outcome == Succeeded {
		return // what went well is followed where all goes well
	}
	if st.tracks() && st.decided != nil {
		v = v.with(func(c *value) { c.err = true }).depends()
	}
	*w.f.throws = append(*w.f.throws, exit{st, v, at})
}

// land takes the jumps since base that end at a loop, switch or block of a label.
func (w *walker) land(base int, label string, labelled bool) []*state {
	var out []*state
	kept := w.f.jumps[:base]
	for _, j := range w.f.jumps[base:] {
		mine := j.to.Label != "" && j.to.Label == label || j.to.Label == "" && !labelled
		if mine && j.to.Kind != "goto" {
			out = append(out, j.st)
		} else {
			kept = append(kept, j)
		}
	}
	w.f.jumps = kept
	return out
}

// branch runs an if.
func (w *walker) branch(s *ir.If, in []*state) []*state {
	var then, other []*state
	for _, st := range in {
		w.cond(st, s.Cond, func(st *state, truth, by bool) {
			if by {
				st = w.decide(st, s, s.Span, untaken(s, truth))
			}
			if truth {
				then = append(then, st)
			} else {
				other = append(other, st)
			}
		})
	}
	// What only developers see is no record in production.
	if dev, isEnv := w.environment(s.Cond); isEnv {
		all := append(then, other...)
		if dev {
			then, other = nil, w.notice(s.Then, all)
		} else {
			then, other = w.notice(s.Else, all), nil
		}
	}
	out := w.undecide(s, w.list(s.Then, w.merge(then)), terminates(s.Else))
	return append(out, w.undecide(s, w.list(s.Else, w.merge(other)), terminates(s.Then))...)
}

func untaken(s *ir.If, truth bool) []ir.Stmt {
	if truth {
		return s.Else
	}
	return s.Then
}

// decide notes that the outcome of the op chose a branch. What the other branch
// would have assigned is as it is for the same reason.
func (w *walker) decide(st *state, by any, at ir.Span, untaken []ir.Stmt) *state {
	if !st.tracks() {
		return st
	}
	c := *st
	if c.decided == nil {
		c.decided = by
	}
	c.rec.steps = c.rec.steps.add(trail{mark: at, step: &Step{Span: at, Func: w.f.fn}})
	if len(untaken) > 0 {
		c.env = implicit(c.env, untaken)
	}
	return &c
}

// implicit marks the variables that statements which were not run assign.
func implicit(e env, body []ir.Stmt) env {
	ir.Walk(body, func(s ir.Stmt) bool {
		if set, ok := s.(*ir.Set); ok {
			for _, l := range set.Left {
				if n, ok := l.(*ir.Name); ok && n.Var != nil && !set.Declare {
					e = e.with(n.Var, e.of(n.Var).depends())
				}
			}
		}
		return true
	}, func(x ir.Expr) bool {
		if a, ok := x.(*ir.Assign); ok {
			if n, ok := a.Left.(*ir.Name); ok && n.Var != nil {
				e = e.with(n.Var, e.of(n.Var).depends())
			}
		}
		return true
	})
	return e
}

// undecide ends what a branch had decided, unless the other one never gets here.
func (w *walker) undecide(by any, list []*state, otherEnds bool) []*state {
	if otherEnds {
		return list
	}
	for i, st := range list {
		if st.decided == by {
			list[i] = st.with(func(c *state) { c.decided = nil })
		}
	}
	return list
}

// terminates says that statements never fall out of their end.
func terminates(body []ir.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	switch s := body[len(body)-1].(type) {
	case *ir.Return, *ir.Throw, *ir.Jump:
		return true
	case *ir.Block:
		return terminates(s.Body)
	case *ir.If:
		return terminates(s.Then) && terminates(s.Else)
	case *ir.Try:
		if terminates(s.Finally) {
			return true
		}
		if !terminates(s.Body) {
			return false
		}
		for _, c := range s.Catches {
			if !terminates(c.Body) {
				return false
			}
		}
		return true
	case *ir.Switch:
		whole := false
		for _, c := range s.Cases {
			whole = whole || len(c.Values) == 0
			if !terminates(c.Body) {
				return false
			}
			if j, ok := c.Body[len(c.Body)-1].(*ir.Jump); ok && j.Kind == "break" && j.Label == "" {
				return false
			}
		}
		return whole
	}
	return false
}

// choose runs a switch.
func (w *walker) choose(s *ir.Switch, in []*state) []*state {
	base := len(w.f.jumps)
	arms := make([][]*state, len(s.Cases))
	var none []*state
	def := -1
	for i, c := range s.Cases {
		if len(c.Values) == 0 {
			def = i
		}
	}
	start := func(st *state, tag *value, have bool) {
		w.arms(st, s, tag, have, 0, 0, func(st *state, i int) {
			if i < 0 {
				i = def
			}
			if i < 0 {
				none = append(none, st)
				return
			}
			if c := s.Cases[i]; c.Bind != nil {
				st = st.set(c.Bind, tag)
			}
			arms[i] = append(arms[i], st)
		})
	}
	for _, st := range in {
		if s.Tag != nil {
			w.eval(st, s.Tag, func(st *state, tag *value) { start(st, tag, true) })
		} else {
			start(st, nil, false)
		}
	}
	ends := def >= 0
	for i, c := range s.Cases {
		ends = ends && (terminates(c.Body) || c.Fallthrough && i+1 < len(s.Cases))
	}
	var out, fall []*state
	for i, c := range s.Cases {
		list := w.list(c.Body, w.merge(append(fall, arms[i]...)))
		fall = nil
		if c.Fallthrough {
			fall = list
		} else {
			out = append(out, list...)
		}
	}
	out = append(append(out, fall...), none...)
	out = append(out, w.landBreaks(base)...)
	return w.undecide(s, out, false)
}

// landBreaks takes the plain breaks since base; a continue belongs to a loop.
func (w *walker) landBreaks(base int) []*state {
	var out []*state
	kept := w.f.jumps[:base]
	for _, j := range w.f.jumps[base:] {
		if j.to.Kind == "break" && j.to.Label == "" {
			out = append(out, j.st)
		} else {
			kept = append(kept, j)
		}
	}
	w.f.jumps = kept
	return out
}

// arms finds the cases that a state may run, in the order of the source.
func (w *walker) arms(st *state, s *ir.Switch, tag *value, have bool, i, n int, k func(*state, int)) {
	for i < len(s.Cases) && n >= len(s.Cases[i].Values) {
		i, n = i+1, 0
	}
	if i >= len(s.Cases) {
		k(st, -1)
		return
	}
	c := s.Cases[i]
	next := func(st *state) { w.arms(st, s, tag, have, i, n+1, k) }
	take := func(st *state, by bool) {
		if by {
			st = w.decide(st, s, c.Span, nil)
		}
		k(st, i)
	}
	if !have {
		w.cond(st, c.Values[n], func(st *state, truth, by bool) {
			if truth {
				take(st, by)
			} else {
				if by {
					st = w.decide(st, s, c.Span, nil)
				}
				next(st)
			}
		})
		return
	}
	if s.Types {
		by := tag.deps()
		truth, known := w.isA(tag, c.Values[n])
		if !known || truth {
			take(st, by)
		}
		if !known || !truth {
			if by {
				st = w.decide(st, s, c.Span, nil)
			}
			next(st)
		}
		return
	}
	w.eval(st, c.Values[n], func(st *state, v *value) {
		by := tag.deps() || v.deps()
		truth, known := equal(tag, v, w.language())
		if !known || truth {
			take(st, by)
		}
		if !known || !truth {
			if by {
				st = w.decide(st, s, c.Span, nil)
			}
			next(st)
		}
	})
}

// loop runs a body not at all, and once.
func (w *walker) loop(s *ir.Loop, in []*state) []*state {
	base := len(w.f.jumps)
	var enter, out []*state
	for _, st := range in {
		switch {
		case s.Over != nil:
			w.eval(st, s.Over, func(st *state, over *value) {
				var each *value
				if kept := st.collected && over.mark()&Reason != 0; kept { // there is one at least
					over = over.with(func(c *value) { c.fail, c.dep = true, true })
				} else {
					out = append(out, st)
				}
				if m := over.mark() | over.deepMarks(1); m != 0 {
					each = mk(value{marks: m, from: over.from})
				}
				if over.deps() {
					each = each.depends()
				}
				if over.fails() {
					each = each.with(func(c *value) { c.fail = true })
				}
				for i, l := range s.Each {
					v := each
					if i == 0 && len(s.Each) > 1 {
						v = nil
					}
					w.assign(st, l, v, func(next *state) { st = next })
				}
				enter = append(enter, st)
			})
		case s.Cond != nil:
			w.cond(st, s.Cond, func(st *state, truth, by bool) {
				if truth {
					enter = append(enter, st)
				} else {
					out = append(out, st)
				}
			})
		default:
			enter = append(enter, st)
		}
	}
	end := w.list(s.Body, w.merge(enter))
	if s.Over != nil || s.Cond != nil {
		out = append(out, end...)
	}
	var kept []jump
	for _, j := range w.f.jumps[base:] {
		switch {
		case j.to.Kind == "goto" || j.to.Label != "" && j.to.Label != s.Label:
			kept = append(kept, j)
		case j.to.Kind == "continue" && s.Over == nil && s.Cond == nil:
			// round again, for ever: a way out was seen in the first round
		default:
			out = append(out, j.st)
		}
	}
	w.f.jumps = append(w.f.jumps[:base], kept...)
	return out
}

// try runs a body with its catches and what comes finally.
func (w *walker) try(s *ir.Try, in []*state) []*state {
	outerThrows, outerReturns := w.f.throws, w.f.returns
	base := len(w.f.jumps)
	var thrown, returned []exit
	if len(s.Finally) > 0 {
		w.f.returns = &returned
	}
	w.f.throws = &thrown
	out := w.list(s.Body, in)

	var escaping []exit
	if len(s.Finally) > 0 {
		w.f.throws = &escaping
	} else {
		w.f.throws = outerThrows
	}
	ends := terminates(s.Body)
	pending := w.mergeExits(thrown)
	for _, c := range s.Catches {
		var enter []*state
		var rest []exit
		for _, x := range pending {
			matched, certain := w.catches(c, x.val)
			if matched {
				st := x.st
				if x.val.deps() || st.decided != nil {
					st = w.decide(st, s, c.Span, s.Body)
				}
				if c.Bind != nil {
					st = st.set(c.Bind, x.val)
				}
				enter = append(enter, st)
			}
			if !certain || !matched {
				rest = append(rest, x)
			}
		}
		out = append(out, w.undecide(s, w.list(c.Body, w.merge(enter)), ends)...)
		pending = rest
	}
	*w.f.throws = append(*w.f.throws, pending...)
	w.f.throws, w.f.returns = outerThrows, outerReturns
	if len(s.Finally) == 0 {
		return out
	}
	// Whatever happened, what is written finally is written always: it decides nothing.
	out = w.list(s.Finally, w.merge(out))
	for _, x := range w.mergeExits(returned) {
		for _, st := range w.list(s.Finally, []*state{x.st}) {
			*w.f.returns = append(*w.f.returns, exit{st, x.val, x.at})
		}
	}
	for _, x := range w.mergeExits(escaping) {
		for _, st := range w.list(s.Finally, []*state{x.st}) {
			*w.f.throws = append(*w.f.throws, exit{st, x.val, x.at})
		}
	}
	if len(w.f.jumps) > base {
		jumps := append([]jump(nil), w.f.jumps[base:]...)
		w.f.jumps = w.f.jumps[:base]
		for _, j := range jumps {
			for _, st := range w.list(s.Finally, []*state{j.st}) {
				w.f.jumps = append(w.f.jumps, jump{st, j.to})
			}
		}
	}
	return out
}

// catches says whether a handler takes a value, and whether that is certain.
func (w *walker) catches(c *ir.Catch, v *value) (matched, certain bool) {
	if len(c.Types) == 0 {
		return true, true
	}
	for _, t := range c.Types {
		if e, ok := t.(*ir.Extern); ok && catchesAll(e.Symbol) {
			return true, true
		}
		truth, known := w.isA(v, t)
		if known && truth {
			return true, true
		}
		if !known {
			matched = true
		}
	}
	return matched, !matched
}

// catchesAll are the roots of what can be thrown.
func catchesAll(symbol string) bool {
	switch symbol {
	case "java:java.lang.Throwable", "java:java.lang.Exception", "java:Throwable", "java:Exception",
		"clj:Exception", "clj:Throwable", "js:Error":
		return true
	}
	return false
}

// mergeExits keeps one of exits that are alike.
func (w *walker) mergeExits(list []exit) []exit {
	if len(list) < 2 {
		return list
	}
	at := make(map[uint64]int, len(list))
	out := list[:0:0]
	for _, x := range list {
		k := mix(mix(x.st.key(), x.val.sum()), spanHash(x.at))
		if i, ok := at[k]; ok {
			if w.keeps(x.st, out[i].st) {
				out[i] = x
			}
			continue
		}
		at[k] = len(out)
		out = append(out, x)
	}
	if len(out) > maxStates {
		w.facts.Stats.Cut++
		out = out[:maxStates]
	}
	return out
}

// isA asks whether a value is an instance of a class.
func (w *walker) isA(v *value, t ir.Expr) (truth, known bool) {
	if v.kind() == null {
		return false, true
	}
	switch t := t.(type) {
	case *ir.ClassRef:
		if t.Class == nil || t.Class.Interface {
			return false, false
		}
		if v != nil && v.class != nil {
			return inherits(v.class, t.Class, 0), true
		}
		if v.fails() && v.op != nil {
			return false, true // a library's own error
		}
	case *ir.Const:
		if t.Kind == ir.Nil {
			if v.kind() == thing {
				return false, true
			}
		}
	}
	return false, false
}

func inherits(c, of *ir.Class, depth int) bool {
	if c == of {
		return true
	}
	if c == nil || depth > 20 {
		return false
	}
	for _, e := range c.Embeds {
		if e != nil && e.Class != nil && inherits(e.Class, of, depth+1) {
			return true
		}
	}
	return false
}
