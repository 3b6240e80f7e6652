package flow

import (
	"strconv"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

func (w *walker) language() ir.Language {
	if w.f != nil && w.f.fn != nil && w.f.fn.Module != nil {
		return w.f.fn.Module.Language
	}
	return ir.Go
}

// evals evaluates a list, from left to right.
func (w *walker) evals(st *state, list []ir.Expr, k func(*state, []*value)) {
	switch len(list) {
	case 0:
		k(st, nil)
		return
	case 1:
		w.eval(st, list[0], func(st *state, v *value) { k(st, []*value{v}) })
		return
	}
	w.evalsFrom(st, list, nil, k)
}

func (w *walker) evalsFrom(st *state, list []ir.Expr, done []*value, k func(*state, []*value)) {
	if len(done) == len(list) {
		k(st, done)
		return
	}
	w.eval(st, list[len(done)], func(st *state, v *value) {
		w.evalsFrom(st, list, append(done[:len(done):len(done)], v), k)
	})
}

// eval evaluates an expression and calls k for every way in which it may end with
// a value. Exceptions go to the frame.
func (w *walker) eval(st *state, e ir.Expr, k func(*state, *value)) {
	if e == nil {
		k(st, nil)
		return
	}
	w.fuel--
	w.nesting++
	defer func() { w.nesting-- }()
	if w.fuel < 0 || w.nesting > maxNesting {
		if w.fuel == -1 || w.nesting > maxNesting {
			w.facts.Stats.Cut++
		}
		return
	}
	switch e := e.(type) {
	case *ir.Name:
		k(st, w.name(st, e))
	case *ir.Const:
		k(st, constant(e))
	case *ir.FuncRef:
		k(st, w.closure(st, e.Func, e.Literal))
	case *ir.This:
		k(st, st.this)
	case *ir.Extern:
		w.extern(st, e, k)
	case *ir.Member:
		w.member(st, e, k)
	case *ir.Index:
		w.eval(st, e.X, func(st *state, x *value) {
			w.eval(st, e.Key, func(st *state, key *value) { w.indexed(st, e, x, key, k) })
		})
	case *ir.Call:
		w.call(st, e, k)
	case *ir.Object:
		w.object(st, e, k)
	case *ir.List:
		w.evals(st, e.Elems, func(st *state, vals []*value) {
			k(st, mk(value{is: thing, tuple: vals, list: true, dep: anyDep(vals)}))
		})
	case *ir.Op:
		w.op(st, e, k)
	case *ir.Cond:
		w.conditional(st, e, k)
	case *ir.Await:
		w.eval(st, e.X, k)
	case *ir.Convert:
		w.eval(st, e.X, k)
	case *ir.Assign:
		w.eval(st, e.Right, func(st *state, v *value) {
			w.assign(st, e.Left, v, func(st *state) { k(st, v) })
		})
	case *ir.Unknown:
		w.evals(st, e.Parts, func(st *state, vals []*value) { k(st, blend(vals)) })
	default:
		k(st, nil)
	}
}

// blend is what is known of a value that is made of others in a way that is not
// known: what they say of the failure, and what they hold.
func blend(vals []*value) *value {
	var c value
	for _, v := range vals {
		if v != nil {
			c.fail = c.fail || v.deepFails(2)
			c.dep = c.dep || v.deepDeps(2)
			c.marks |= v.deepMarks(2)
			if c.from.File == nil {
				c.from = v.from
			}
		}
	}
	if !c.fail && !c.dep && c.marks == 0 {
		return nil
	}
	return mk(c)
}

func anyDep(vals []*value) bool {
	for _, v := range vals {
		if v.deps() {
			return true
		}
	}
	return false
}

func constant(c *ir.Const) *value {
	switch c.Kind {
	case ir.Nil:
		return vNull
	case ir.Bool:
		if c.Text == "true" {
			return vYes
		}
		return vNo
	case ir.Number:
		if n, err := strconv.ParseInt(c.Text, 0, 64); err == nil {
			return mk(value{is: number, n: n})
		}
	case ir.String, ir.Keyword:
		return mk(value{is: text, s: c.Text})
	}
	return nil
}

func (w *walker) name(st *state, e *ir.Name) *value {
	if e.Var == nil {
		return nil
	}
	if v := st.env.of(e.Var); v != nil {
		return v
	}
	if w.index.moduleVar(e.Var) {
		return w.global(e)
	}
	return nil
}

// global is what the whole program says of a variable of a module, or of a field.
func (w *walker) global(e ir.Expr) *value {
	if v, ok := w.index.globals[e]; ok {
		return v
	}
	w.index.globals[e] = nil
	v := w.valueOf(e)
	w.index.globals[e] = v
	return v
}

func (w *walker) valueOf(e ir.Expr) *value {
	list := w.r.Values(e)
	if len(list) != 1 {
		return nil
	}
	v := list[0]
	switch {
	case v.Const != nil:
		return constant(v.Const)
	case v.Func != nil:
		return mk(value{is: thing, fn: &closure{f: v.Func}})
	case v.Call != nil && v.Symbol != "":
		if row := w.lib.Find(strings.TrimSuffix(v.Symbol, "()")); row != nil && makesError(row) {
			return w.errorOf(row, v.Call, nil)
		}
	}
	return nil
}

func (w *walker) closure(st *state, f *ir.Func, literal bool) *value {
	if f == nil {
		return nil
	}
	c := &closure{f: f}
	if literal {
		c.env = w.captured(st.env, f)
	}
	return mk(value{is: thing, fn: c})
}

// captured are the facts about variables that a function uses of those around it.
func (w *walker) captured(e env, f *ir.Func) env {
	if len(e) == 0 {
		return nil
	}
	free := w.index.free(f)
	if len(free) == 0 {
		return nil
	}
	var out env
	for _, x := range e {
		if _, ok := free[x.v]; ok {
			out = append(out, x)
		}
	}
	return out
}

func (w *walker) extern(st *state, e *ir.Extern, k func(*state, *value)) {
	row, symbol := w.rowOf(e)
	if code := statusOf(e); code != 0 && strings.Contains(strings.ToLower(e.Symbol), "status") {
		k(st, mk(value{is: number, n: int64(code)}))
		return
	}
	if row == nil {
		k(st, nil)
		return
	}
	w.valueRow(st, e, row, symbol, nil, k)
}

func (w *walker) member(st *state, e *ir.Member, k func(*state, *value)) {
	if row, symbol := w.rowOf(e); row != nil && !callable(row) {
		w.eval(st, e.X, func(st *state, x *value) { w.valueRow(st, e, row, symbol, x, k) })
		return
	}
	w.eval(st, e.X, func(st *state, x *value) {
		if v, ok := x.field(e.Name); ok {
			k(st, v)
			return
		}
		if v := st.reads(e.Name); v != nil && (x == nil || x.is == anything) {
			k(st, v)
			return
		}
		if x == nil {
			if w.index.stable(e) {
				if v := w.global(e); v != nil {
					k(st, v)
					return
				}
			}
			if code := statusOf(e); code != 0 && strings.Contains(strings.ToLower(e.X.At().Text()), "status") {
				k(st, mk(value{is: number, n: int64(code)}))
				return
			}
			k(st, nil)
			return
		}
		if x.is == null && w.language() == ir.Clojure {
			k(st, x) // what nil holds is nil
			return
		}
		k(st, memberOf(st, x, e.Name))
	})
}

// memberOf is what is known of a member of a value.
func memberOf(st *state, x *value, name string) *value {
	if x.fn != nil && len(x.fields) == 0 && x.marks == 0 && !x.dep {
		return nil
	}
	if x.miss {
		return memberOfMiss(x, name)
	}
	if x.marks&Record != 0 {
		if namesToken(name) {
			return mk(value{marks: Token, from: x.from, dep: x.dep})
		}
		x = x.with(func(c *value) { c.marks &^= Record })
	}
	if x.is == empty {
		if name == "length" {
			return mk(value{is: number, n: 0, dep: x.dep})
		}
		return x
	}
	if x.list && name == "length" {
		return mk(value{is: number, n: int64(len(x.tuple)), dep: x.dep})
	}
	c := value{marks: x.marks, from: x.from, fail: x.fail, dep: x.dep, op: x.op}
	if x.err && (name == "message" || name == "name" || name == "code" || name == "stack" || name == "cause" || name == "Error" || name == "toString") {
		c.is = thing
	}
	if x.err && (name == "status" || name == "statusCode" || name == "Code" || name == "code") && x.status != 0 {
		return mk(value{is: number, n: int64(x.status), dep: x.dep, fail: x.fail})
	}
	if x.op != nil && !x.err {
		switch name {
		case "Valid", "valid", "isValid":
			if x.dep {
				return mk(value{is: no, dep: true})
			}
			return vYes
		}
	}
	if !x.fail && !x.dep && x.marks == 0 && x.op == nil {
		return nil
	}
	switch {
	case x.marks&Headers != 0:
		c.marks &^= Headers
	case x.marks&(Claim|Claimed) != 0:
		switch strings.ToLower(strings.ReplaceAll(name, "_", "")) {
		case "sub", "subject", "userid", "uid", "id", "email", "username", "user", "login", "name", "account", "accountid":
			c.marks |= Subject
		case "", "exp", "iat", "nbf", "iss", "aud", "role", "roles", "scope", "scopes", "type", "typ", "claims", "payload", "data", "header", "valid", "iserror",
			"issuer", "audience", "expiresat", "issuedat", "notbefore", "registeredclaims", "standardclaims", "permissions", "admin", "isadmin":
		default:
			c.marks |= ID // what else a token says of itself: jti, session, family, key
		}
	case x.marks&Token != 0 && (name == "length" || name == "split"):
		c.marks = 0
	}
	return mk(c)
}

func (w *walker) indexed(st *state, e *ir.Index, x, key *value, k func(*state, *value)) {
	if x == nil {
		k(st, nil)
		return
	}
	if key.kind() == text {
		if v, ok := x.field(key.s); ok {
			k(st, v)
			return
		}
	}
	if x.list && key.kind() == number {
		if key.n >= 0 && key.n < int64(len(x.tuple)) {
			k(st, x.tuple[key.n])
			return
		}
		if x.dep {
			k(st, mk(value{is: null, dep: true}))
			return
		}
	}
	name := ""
	if key.kind() == text {
		name = key.s
	}
	k(st, memberOf(st, x, name))
}

func (w *walker) object(st *state, e *ir.Object, k func(*state, *value)) {
	exprs := make([]ir.Expr, 0, len(e.Fields))
	for _, f := range e.Fields {
		if f.Key != nil {
			exprs = append(exprs, f.Key)
		}
		exprs = append(exprs, f.Value)
	}
	w.evals(st, exprs, func(st *state, vals []*value) {
		v := value{is: thing}
		if e.Type != nil {
			v.class = e.Type.Class
			v.err = isError(v.class, 0)
		}
		i := 0
		for _, f := range e.Fields {
			name := f.Name
			if f.Key != nil {
				if name == "" && vals[i].kind() == text {
					name = vals[i].s
				}
				i++
			}
			x := vals[i]
			i++
			switch {
			case x == nil:
			case name == "" && f.Key == nil: // a spread
				v.fields = append(v.fields, x.fields...)
				v.marks |= x.marks
				v.dep = v.dep || x.dep
				v.fail = v.fail || x.fail
			case len(v.fields) < maxFields:
				v.fields = append(v.fields, member{name, x})
			}
			if x != nil && v.from.File == nil {
				v.from = x.from
			}
		}
		k(st, mk(v))
	})
}

// op evaluates what is neither a call nor a member.
func (w *walker) op(st *state, e *ir.Op, k func(*state, *value)) {
	switch e.Kind {
	case ir.And, ir.Or:
		if len(e.Args) == 2 {
			w.shortcut(st, e, k)
			return
		}
	case ir.Not, ir.Equal, ir.NotEqual, ir.Less, ir.LessEqual, ir.Greater, ir.GreaterEqual, ir.InstanceOf:
		w.evals(st, e.Args, func(st *state, vals []*value) {
			truth, known := w.compare(st, e, vals)
			v := value{dep: anyDep(vals)}
			if known {
				v.is = no
				if truth {
					v.is = yes
				}
			}
			k(st, mk(v))
		})
		return
	}
	w.evals(st, e.Args, func(st *state, vals []*value) {
		v := blend(vals)
		switch e.Kind {
		case ir.Add, ir.Template:
			if v == nil {
				v = vThing
			}
		case ir.Slice:
			if len(vals) > 0 && vals[0].mark()&Token != 0 {
				v = w.sliced(vals)
			} else if len(vals) > 0 && vals[0].kind() == empty {
				v = vals[0]
			}
		case ir.Mul, ir.Div, ir.Sub:
			if v.mark()&Millis != 0 {
				if e.Kind == ir.Div {
					v = v.with(func(c *value) { c.marks &^= Millis })
				}
			}
		}
		k(st, v)
	})
}

// sliced is a piece of a token: all of it behind a short prefix ("Bearer "), or
// only its beginning.
func (w *walker) sliced(vals []*value) *value {
	x := vals[0]
	if len(vals) == 2 || len(vals) >= 3 && vals[2].kind() == null {
		return x
	}
	return x.with(func(c *value) { c.marks = c.marks&^Token | Prefix })
}

// shortcut evaluates a && b and a || b for their values.
func (w *walker) shortcut(st *state, e *ir.Op, k func(*state, *value)) {
	w.eval(st, e.Args[0], func(st *state, a *value) {
		truth, known := a.truth(w.language())
		if known {
			if truth == (e.Kind == ir.And) {
				w.eval(st, e.Args[1], k)
			} else {
				k(st, a)
			}
			return
		}
		if w.quiet(e.Args[1]) {
			w.eval(st, e.Args[1], func(st *state, b *value) { k(st, join(a, b)) })
			return
		}
		w.eval(w.refined(st, e.Args[0], e.Kind == ir.And), e.Args[1], k)
		k(w.refined(st, e.Args[0], e.Kind != ir.And), a)
	})
}

func (w *walker) conditional(st *state, e *ir.Cond, k func(*state, *value)) {
	if w.quiet(e) {
		w.eval(st, e.Test, func(st *state, t *value) {
			truth, known := t.truth(w.language())
			switch {
			case known && truth:
				w.eval(st, e.Then, k)
			case known:
				w.eval(st, e.Else, k)
			default:
				w.eval(st, e.Then, func(st *state, a *value) {
					w.eval(st, e.Else, func(st *state, b *value) {
						v := join(a, b)
						if t.deps() {
							v = v.depends()
						}
						k(st, v)
					})
				})
			}
		})
		return
	}
	w.cond(st, e.Test, func(st *state, truth, by bool) {
		before := st.decided
		if by {
			st = w.decide(st, e, e.Span, nil)
		}
		arm := e.Else
		if truth {
			arm = e.Then
		}
		w.eval(st, arm, func(st *state, v *value) {
			if by {
				v = v.depends()
			}
			if st.decided == any(e) {
				st = st.with(func(c *state) { c.decided = before })
			}
			k(st, v)
		})
	})
}

// quiet says that an expression does nothing: it calls nothing and writes nothing.
func (w *walker) quiet(e ir.Expr) bool {
	if q, ok := w.quiets[e]; ok {
		return q
	}
	q := true
	var visit func(ir.Expr)
	visit = func(x ir.Expr) {
		switch x := x.(type) {
		case *ir.Call, *ir.Assign, *ir.Await:
			q = false
		case *ir.Member:
			if row, _ := w.rowOf(x); row != nil && !callable(row) {
				q = false
			}
		}
		if q {
			ir.Parts(x, func(ir.Stmt) { q = false }, visit)
		}
	}
	visit(e)
	w.quiets[e] = q
	return q
}

// set runs an assignment.
func (w *walker) set(st *state, s *ir.Set, k func(*state)) {
	if len(s.Right) == 1 && len(s.Left) > 1 {
		w.eval(st, s.Right[0], func(st *state, v *value) {
			w.assignAll(st, s.Left, parts(v, len(s.Left), s.Right[0]), k)
		})
		return
	}
	w.evals(st, s.Right, func(st *state, vals []*value) { w.assignAll(st, s.Left, vals, k) })
}

// parts takes several results apart.
func parts(v *value, n int, from ir.Expr) []*value {
	out := make([]*value, n)
	if v == nil {
		return out
	}
	if v.tuple != nil && (len(v.tuple) == n || v.list) {
		copy(out, v.tuple)
		return out
	}
	if v.err && !v.miss && v.is == thing { // the error alone is known
		out[n-1] = v
		return out
	}
	// A value and whether it is there: a conversion, a map.
	out[0] = v
	if v.miss {
		out[n-1] = missErr(v.op)
		return out
	}
	if n == 2 {
		if v.is == null || v.is == empty {
			out[1] = mk(value{is: no, dep: v.dep})
		} else if v.dep {
			out[1] = vDep
		}
	}
	return out
}

func (w *walker) assignAll(st *state, left []ir.Expr, vals []*value, k func(*state)) {
	for i, l := range left {
		if l == nil {
			continue
		}
		var v *value
		if i < len(vals) {
			v = vals[i]
		}
		ok := false
		w.assign(st, l, v, func(next *state) {
			if !ok {
				st, ok = next, true
			}
		})
		if !ok {
			return
		}
	}
	k(st)
}

// assign gives a place a value. It goes one way only.
func (w *walker) assign(st *state, left ir.Expr, v *value, k func(*state)) {
	if st.decided != nil && st.tracks() {
		v = v.depends()
	}
	switch l := left.(type) {
	case *ir.Name:
		if l.Var == nil {
			break
		}
		if v != nil && v.miss && w.language() == ir.Go && (l.Var.Name == "err" || strings.HasSuffix(l.Var.Name, "Err")) {
			v = missErr(v.op)
		}
		st = st.set(l.Var, v)
	case *ir.Member:
		st = w.setField(st, l.X, l.Name, v)
	case *ir.Index:
		w.eval(st, l.Key, func(next *state, key *value) {
			st = next
			if key.kind() == text {
				st = w.setField(st, l.X, key.s, v)
			}
		})
	case *ir.List: // a pattern that was left
		for i, x := range l.Elems {
			var part *value
			if v != nil && i < len(v.tuple) {
				part = v.tuple[i]
			}
			w.assign(st, x, part, func(next *state) { st = next })
		}
	}
	k(st)
}

// setField changes what is known of an object that a variable holds.
func (w *walker) setField(st *state, x ir.Expr, name string, v *value) *state {
	switch x := x.(type) {
	case *ir.Name:
		if x.Var == nil {
			return st
		}
		old := st.env.of(x.Var)
		if v == nil {
			if _, ok := old.field(name); !ok {
				return st
			}
		}
		return st.set(x.Var, old.withField(name, v))
	case *ir.This:
		if v == nil && st.this == nil {
			return st
		}
		return st.with(func(c *state) { c.this = c.this.withField(name, v) })
	case *ir.Member: // a.b.c = v
		if v == nil {
			return st
		}
		if n, ok := x.X.(*ir.Name); ok && n.Var != nil {
			old := st.env.of(n.Var)
			inner, _ := old.field(x.Name)
			return st.set(n.Var, old.withField(x.Name, inner.withField(name, v)))
		}
	}
	return st
}

// reads is what is known of the answer by those who look at it afterwards.
func (s *state) reads(name string) *value {
	if !s.resumed || s.flight != nil && s.flight.err != nil || !s.answered || s.status == 0 {
		return nil
	}
	switch name {
	case "status", "statusCode", "Status", "StatusCode":
		return mk(value{is: number, n: int64(s.status), dep: true})
	}
	return nil
}
