package flow

import (
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// bits say what a function can come to, by itself or through what it calls.
type bits uint16

const (
	doesToken    bits = 1 << iota // something to a token
	doesRecord                    // a record
	doesAnswer                    // answers, passes on, aborts
	doesThrow                     // throws, or makes errors
	doesLimit                     // asks a limiter
	doesPassword                  // compares a password
	doesExit
	doesHeaders // reads all headers or cookies of a request
)

// An index is what is known of every function before anything is walked.
type index struct {
	w         *walker
	bits      map[*ir.Func]bits
	own       map[*ir.Func]bits
	frees     map[*ir.Func]map[*ir.Var]struct{}
	globals   map[ir.Expr]*value
	callers   map[*ir.Func][]*ir.Func // functions that call, or hold, a function
	inner     map[*ir.Func][]*ir.Func // literals in a function
	sites     map[*ir.Func][]ir.Expr  // ops that stand in a function
	given     map[*ir.Func]bool       // literals that are handed to code outside
	near      map[*ir.Func]bool       // functions that call one that does something to a token
	names     map[*ir.Func]uses
	life      map[*ir.Func]*life
	recorders map[*ir.Func]bool
}

func newIndex(w *walker) *index {
	x := &index{
		w: w, bits: map[*ir.Func]bits{}, own: map[*ir.Func]bits{}, frees: map[*ir.Func]map[*ir.Var]struct{}{},
		globals: map[ir.Expr]*value{}, callers: map[*ir.Func][]*ir.Func{}, inner: map[*ir.Func][]*ir.Func{}, sites: map[*ir.Func][]ir.Expr{},
		names: map[*ir.Func]uses{}, near: map[*ir.Func]bool{}, given: map[*ir.Func]bool{}, life: map[*ir.Func]*life{}, recorders: map[*ir.Func]bool{},
	}
	for _, f := range w.p.Funcs {
		x.read(f)
	}
	for _, m := range w.p.Modules {
		if m.Body != nil {
			x.read(m.Body)
		}
	}
	x.spread()
	return x
}

// read notes what stands in a function itself.
func (x *index) read(f *ir.Func) {
	if _, done := x.own[f]; done {
		return
	}
	var b bits
	ir.Walk(f.Body, func(s ir.Stmt) bool {
		if _, ok := s.(*ir.Throw); ok {
			b |= doesThrow
		}
		return true
	}, func(e ir.Expr) bool {
		switch e := e.(type) {
		case *ir.Call:
			b |= x.call(f, e)
		case *ir.Member:
			b |= x.reads(f, e, e.Name)
		case *ir.Index:
			if c, ok := e.Key.(*ir.Const); ok {
				b |= x.reads(f, e, c.Text)
			}
		case *ir.FuncRef:
			if e.Literal && e.Func != nil {
				x.inner[f] = append(x.inner[f], e.Func)
				x.callers[e.Func] = append(x.callers[e.Func], f)
			}
		}
		return true
	})
	if b&(doesHeaders|doesRecord) == doesHeaders|doesRecord {
		b |= doesToken // what it reads may get into what it writes
	}
	x.own[f] = b &^ doesHeaders
}

func (x *index) call(f *ir.Func, c *ir.Call) (b bits) {
	if name := calleeName(c); asks(name) || puts(name) {
		for _, a := range c.Args { // a look-up by what names a token
			if nameMark(a, 2) != 0 {
				b |= doesToken
			}
		}
	}
	if auditing(c) {
		b |= doesRecord
	}
	targets := x.w.r.Targets(c)
	if x.named(f)&inStore != 0 && asks(calleeName(c)) && !slices.ContainsFunc(targets, func(t resolve.Target) bool { return t.Func != nil }) {
		b |= doesToken // a question whether a token still stands
	}
	for _, a := range c.Args {
		if l, ok := a.(*ir.FuncRef); ok && l.Literal && l.Func != nil && len(l.Func.Params) >= 2 && !slices.ContainsFunc(targets, func(t resolve.Target) bool { return t.Func != nil }) {
			x.given[l.Func] = true
		}
	}
	for _, t := range targets {
		switch {
		case t.Func != nil:
			x.callers[t.Func] = append(x.callers[t.Func], f)
		case t.Row != nil:
			r := bitsOf(t.Row)
			if t.Row.Does == library.Write {
				r = x.writesTo(c, t)
			}
			if t.Row.Does == library.Extract && x.extractsToken(c, t) {
				r |= doesToken
			}
			if r&doesToken != 0 && t.Row.Does != library.Hash {
				x.sites[f] = append(x.sites[f], c)
			}
			b |= r
		}
	}
	return b
}

// writesTo says what a call does that writes to something.
func (x *index) writesTo(c *ir.Call, t resolve.Target) bits {
	_, e := (&site{x: c, call: c, row: t.Row, args: make([]*value, len(c.Args))}).at(t.Row.To)
	switch x.w.sink(e, nil, 4) {
	case library.Respond:
		return doesAnswer
	case library.Log:
		return doesRecord
	}
	return 0
}

// extractsToken says that a call reads from a request what is called a token.
func (x *index) extractsToken(c *ir.Call, t resolve.Target) bool {
	if t.Row.Marks == library.Token || namesToken(lastName(t.Symbol)) {
		return true
	}
	for _, a := range c.Args {
		switch a := a.(type) {
		case *ir.Const:
			if namesToken(a.Text) {
				return true
			}
		case *ir.Name:
			if a.Var != nil && namesToken(a.Var.Name) {
				return true
			}
			for _, v := range x.w.r.Values(a) {
				if v.Const != nil && namesToken(v.Const.Text) {
					return true
				}
			}
		case *ir.Extern:
			if namesToken(lastName(a.Symbol)) {
				return true
			}
		}
	}
	return false
}

// reads notes members that are read as a token: only those with a telling name
// are asked for, they are many.
func (x *index) reads(f *ir.Func, e ir.Expr, name string) bits {
	all := name == "headers" || name == "cookies" || name == "Header"
	if !all && !namesToken(name) && !strings.EqualFold(name, "status") && !strings.EqualFold(name, "body") && name != "identity" {
		return 0
	}
	row, _ := x.w.r.RowOf(e)
	if row == nil {
		return 0
	}
	if row.Marks == library.Headers {
		return doesHeaders
	}
	b := bitsOf(row)
	if row.Does == library.Extract && (namesToken(name) || leftByGuard(row)) {
		b |= doesToken
		x.sites[f] = append(x.sites[f], e)
	}
	return b
}

// leftByGuard says that a row reads who asks, as a middleware before has left it:
// nobody, where there was no token.
func leftByGuard(r *library.Row) bool { return r.From == "state" && r.Marks == library.Claims }

func bitsOf(r *library.Row) bits {
	switch r.Does {
	case library.Verify, library.Decode, library.Issue, library.Refresh, library.Revoke, library.Check:
		return doesToken
	case library.Extract:
		if leftByGuard(r) {
			return doesToken
		}
		return 0 // the name says it
	case library.Secret:
		return doesPassword
	case library.Log, library.Metric, library.Audit, library.Span, library.Report:
		return doesRecord
	case library.Respond, library.Status, library.Next, library.Abort, library.Collect:
		return doesAnswer
	case library.Throw, library.Err:
		return doesThrow
	case library.Limit:
		return doesLimit
	case library.Exit:
		return doesExit
	}
	return 0
}

// spread carries bits from functions to those that call or hold them.
func (x *index) spread() {
	var work []*ir.Func
	for f, b := range x.own {
		if b != 0 {
			x.bits[f] = b
			work = append(work, f)
		}
	}
	for len(work) > 0 {
		f := work[len(work)-1]
		work = work[:len(work)-1]
		b := x.bits[f]
		for _, g := range x.callers[f] {
			if b&doesToken != 0 {
				x.near[g] = true
			}
			if x.bits[g]&b != b {
				x.bits[g] |= b
				work = append(work, g)
			}
		}
	}
}

func (x *index) reach(f *ir.Func) bits { return x.bits[f] }

// named are the flags of a function's name.
func (x *index) named(f *ir.Func) uses {
	u, ok := x.names[f]
	if !ok {
		u = named(f)
		x.names[f] = u
	}
	return u
}

// A life says how far into a function each variable is read: behind that statement,
// what is known of it does not matter. Statements are numbered as they stand.
type life struct {
	last map[*ir.Var]int32
	at   map[ir.Stmt]int32 // the number of each statement, given at its end
}

// lives makes the life of a function. What is read in a loop is read to its end; what
// a literal reads, that may run later, to the end of the function.
func (x *index) lives(f *ir.Func) *life {
	if l, ok := x.life[f]; ok {
		return l
	}
	l := &life{last: map[*ir.Var]int32{}, at: map[ir.Stmt]int32{}}
	x.life[f] = l
	const never = 1 << 30
	var n int32
	var read []*ir.Var // in order; of loops that are open
	loops := 0
	var depth int
	var expr func(e ir.Expr)
	var stmt func(s ir.Stmt)
	use := func(v *ir.Var, at int32) {
		if v != nil {
			l.last[v] = max(l.last[v], at)
			if loops > 0 {
				read = append(read, v)
			}
		}
	}
	expr = func(e ir.Expr) {
		depth++
		defer func() { depth-- }()
		if depth > maxNesting {
			return
		}
		switch e := e.(type) {
		case *ir.Name:
			use(e.Var, n+1) // in the statement that ends next
		case *ir.FuncRef:
			if e.Literal && e.Func != nil && e.Func != f {
				for v := range x.free(e.Func) {
					use(v, never)
				}
			}
			return
		}
		ir.Parts(e, stmt, expr)
	}
	stmt = func(s ir.Stmt) {
		depth++
		defer func() { depth-- }()
		if depth > maxNesting {
			return
		}
		begin := len(read)
		whole := false
		switch s := s.(type) {
		case *ir.Loop:
			whole = true
		case *ir.Try:
			whole = len(s.Finally) > 0
		}
		if whole {
			loops++
		}
		ir.Parts(s, stmt, expr)
		n++
		l.at[s] = n
		if _, later := s.(*ir.Defer); later {
			ir.Walk([]ir.Stmt{s}, nil, func(e ir.Expr) bool {
				if v, ok := e.(*ir.Name); ok && v.Var != nil {
					l.last[v.Var] = never
				}
				return true
			})
		}
		if whole {
			loops--
			for _, v := range read[begin:] {
				l.last[v] = max(l.last[v], n)
			}
			if loops == 0 {
				read = read[:0]
			}
		}
	}
	for _, s := range f.Body {
		stmt(s)
	}
	return l
}

// free are the variables of functions around f that f or what is in it uses.
func (x *index) free(f *ir.Func) map[*ir.Var]struct{} {
	if v, ok := x.frees[f]; ok {
		return v
	}
	var set map[*ir.Var]struct{}
	if f.Outer != nil && f.Outer.Outer != nil || f.Outer != nil && f.Outer.Module != nil && f.Outer != f.Outer.Module.Body {
		set = map[*ir.Var]struct{}{}
		x.uses(f, f, set, 0)
	}
	x.frees[f] = set
	return set
}

func (x *index) uses(f, within *ir.Func, set map[*ir.Var]struct{}, depth int) {
	if depth > 30 {
		return
	}
	ir.Walk(f.Body, nil, func(e ir.Expr) bool {
		switch e := e.(type) {
		case *ir.Name:
			if v := e.Var; v != nil && v.Func != nil && v.Func != f && !x.moduleVar(v) && !inside(v.Func, within) {
				set[v] = struct{}{}
			}
		case *ir.FuncRef:
			if e.Literal && e.Func != nil && e.Func != f {
				x.uses(e.Func, within, set, depth+1)
			}
		}
		return true
	})
}

func inside(g, f *ir.Func) bool {
	for ; g != nil; g = g.Outer {
		if g == f {
			return true
		}
	}
	return false
}

// moduleVar says that a variable belongs to a module, not to a call.
func (x *index) moduleVar(v *ir.Var) bool {
	return v.Func == nil || v.Func.Module != nil && v.Func == v.Func.Module.Body
}

// stable says that a member is of something that is there once: an enum, a module,
// a constant object.
func (x *index) stable(e *ir.Member) bool {
	switch b := e.X.(type) {
	case *ir.ClassRef, *ir.ModuleRef:
		return true
	case *ir.Name:
		return b.Var != nil && x.moduleVar(b.Var)
	case *ir.Member:
		return x.stable(b)
	}
	return false
}

func (w *walker) rowOf(e ir.Expr) (*library.Row, string) { return w.r.RowIn(e, w.envNow()) }

func (w *walker) envNow() *resolve.Env {
	if w.f == nil {
		return nil
	}
	return w.f.in
}
