package flow

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// callable says that a row is about a call, not about reading a member.
func callable(r *library.Row) bool {
	switch r.Does {
	case library.Extract, library.Value, library.Check, library.Find:
		return false
	}
	return true
}

func makesError(r *library.Row) bool { return r.Does == library.Err || r.Does == library.Throw }

// A site is one call of a library, or one use of a member, with its values.
type site struct {
	x      ir.Expr
	call   *ir.Call // nil for a member
	row    *library.Row
	symbol string
	recv   *value
	args   []*value
	guess  bool
}

// at finds what an Arg says: the value, and the expression if it is one.
func (s *site) at(a library.Arg) (v *value, e ir.Expr) {
	switch a.Kind {
	case library.Nowhere, library.OwnName:
		return nil, nil
	case library.This:
		v = s.recv
		if m, ok := s.fun().(*ir.Member); ok {
			e = m.X
		}
	case library.Assigned:
		if len(s.args) > 0 {
			v = s.args[0]
		}
	default:
		i, ok := a.Index(len(s.args))
		if !ok {
			return nil, nil
		}
		v = s.args[i]
		if s.call != nil && i < len(s.call.Args) {
			e = s.call.Args[i]
		}
	}
	if a.Field != "" {
		f, _ := v.field(a.Field)
		var fe ir.Expr
		if o, ok := e.(*ir.Object); ok {
			for _, x := range o.Fields {
				if x.Name == a.Field {
					fe = x.Value
				}
			}
		}
		return f, fe
	}
	return v, e
}

func (s *site) fun() ir.Expr {
	if s.call != nil {
		return s.call.Fun
	}
	return s.x
}

// name is the constant text of an argument, or the last name of the symbol.
func (s *site) name(a library.Arg) string {
	if a.Kind == library.OwnName {
		return lastName(s.symbol)
	}
	v, e := s.at(a)
	if v.kind() == text {
		return v.s
	}
	switch e := e.(type) {
	case *ir.Const:
		return e.Text
	case *ir.Name: // a constant of which only the name is known
		if e.Var != nil {
			return e.Var.Name
		}
	case *ir.Extern:
		return lastName(e.Symbol)
	}
	return ""
}

func lastName(symbol string) string {
	return symbol[strings.LastIndexAny(symbol, "./#:")+1:]
}

// row does what a row says of a call.
func (w *walker) row(st *state, c *ir.Call, t resolve.Target, recv *value, args []*value, k func(*state, *value)) {
	if t.Skip > 0 {
		args = args[min(t.Skip, len(args)):]
	}
	if t.Guessed && !st.guessed {
		st = st.with(func(s *state) { s.guessed = true })
	}
	s := &site{c, c, t.Row, t.Symbol, recv, args, t.Guessed}
	r := t.Row
	if recv != nil && recv.miss && r.Does != library.Next && !isRecord(r.Does) {
		w.onMiss(st, s, lastName(t.Symbol), k)
		return
	}
	if r.When != "" && !w.when(s) {
		w.plain(st, s, k)
		return
	}
	switch r.Does {
	case library.Verify:
		if !s.checks() {
			w.decode(st, s, k)
			return
		}
		w.verify(st, s, k)
	case library.Decode:
		w.decode(st, s, k)
	case library.Issue, library.Refresh:
		w.issue(st, s, k)
	case library.Revoke:
		w.revoke(st, s, k)
	case library.Check:
		w.check(st, s, k)
	case library.Extract:
		w.extract(st, s, k)
	case library.Secret:
		w.password(st, s, k)
	case library.Hash:
		v := mk(value{is: thing})
		for _, a := range append([]*value{recv}, args...) {
			if a.mark()&(Token|Prefix|Hashed|ID) != 0 {
				v = mk(value{is: thing, marks: Hashed, from: a.from})
			}
		}
		k(st, w.shape(s, v))
	case library.Log, library.Metric, library.Audit, library.Span, library.Report:
		w.observe(st, s, k)
	case library.With:
		v := blend(append([]*value{recv}, args...))
		if r.Marks != "" {
			v = v.marked(markOf(r.Marks), s.x.At())
		}
		if c.Fun != nil {
			v = v.with(func(x *value) { x.marks |= w.fieldMarks(s) })
		}
		k(st, v)
	case library.Write:
		w.write(st, s, k)
	case library.Respond, library.Status, library.Abort:
		w.respond(st, s, k)
	case library.Next:
		w.next(st, s, k)
	case library.Collect:
		w.collect(st, s, k)
	case library.Throw, library.Err:
		w.makeError(st, s, k)
	case library.Wrap:
		v, _ := s.at(r.Chain)
		if v == nil && len(args) > 0 {
			v = args[0]
		}
		k(st, v)
	case library.Limit:
		w.limit(st, s, k)
	case library.Exit:
		if st.tracks() && st.decided != nil {
			// the program ends with what it wrote
			return
		}
	case library.Find, library.Save:
		if auditing(c) {
			st = w.audited(st, c, args)
		}
		if w.lookup(st, s, lastName(t.Symbol), k) {
			return
		}
		if v, ok := s.returned(); ok && t.Row.Does == library.Save {
			k(st, v) // the record as it was written
			return
		}
		w.plain(st, s, k)
	case library.Value:
		w.valueCall(st, s, k)
	case library.Guard:
		w.guarded(st, s, k)
	default:
		w.plain(st, s, k)
	}
}

// guarded is a library's middleware that is made, and told of failures, within a
// function of the program.
func (w *walker) guarded(st *state, s *site, k func(*state, *value)) {
	fn, e, ok := w.calledBack(s)
	if !ok || st.op != nil || isBody(w.f.fn) || w.excepted(resolve.Link{Row: s.row, Call: s.call, Env: w.f.in}) {
		w.plain(st, s, k)
		return
	}
	op := w.opAt(s, library.Verify)
	err := mk(value{is: thing, err: true, fail: true, dep: true, op: op, marks: Reason, from: s.x.At()})
	failed := st.with(func(c *state) {
		c.op, c.outcome = op, Failed
		c.rec = record{}
		c.decided = nil
	})
	args := []*value{err, mk(value{is: no, dep: true}), err}
	w.callback(failed, s, fn, e, args, k)
	w.callback(st, s, fn, e, []*value{vNull, mk(value{is: thing, marks: Claim, op: op}), vNull}, k)
}

// when asks whether the option that a row depends on is there.
func (w *walker) when(s *site) bool {
	name, not := strings.CutPrefix(s.row.When, "!")
	v, e := s.at(s.row.Options)
	_, has := v.field(name)
	if o, ok := e.(*ir.Object); ok {
		for _, f := range o.Fields {
			has = has || f.Name == name
		}
	}
	return has != not
}

// plain is a call that does nothing of what we look at, but may call back.
func (w *walker) plain(st *state, s *site, k func(*state, *value)) {
	if fn, _ := s.at(s.row.Call); fn != nil && fn.fn != nil {
		w.invoke(st, fn, nil, s.call, func(st *state, v *value) { k(st, nil) })
		return
	}
	if fn, e, ok := w.calledBack(s); ok {
		w.callback(st, s, fn, e, []*value{vNull, nil}, k)
		return
	}
	k(st, w.shape(s, nil))
}

// shape gives a value the form of what a row returns: with Fails "result N" there
// are several, and the error is nil.
func (w *walker) shape(s *site, v *value) *value {
	n, isTuple := w.results(s.row)
	if !isTuple {
		return v
	}
	t := make([]*value, n)
	t[0] = v
	if s.row.Fails.Result.Kind == library.Argument && s.row.Fails.Result.N < n && s.row.Fails.Result.N > 0 {
		t[s.row.Fails.Result.N] = nil
	}
	return mk(value{tuple: t})
}

func (w *walker) results(r *library.Row) (n int, several bool) {
	n = len(r.Returns)
	if r.Fails.Result.Kind == library.Argument {
		n = max(n, r.Fails.Result.N+1)
	}
	if r.Fails.False.Kind == library.Argument {
		n = max(n, r.Fails.False.N+1)
	}
	return n, n > 1
}

// succeed gives the value of a call that went well.
func (w *walker) succeed(s *site, v *value) *value {
	n, several := w.results(s.row)
	f := s.row.Fails
	if !several {
		if f.Result.Kind == library.Argument && f.Result.N == 0 {
			return vNull
		}
		if f.False.Kind == library.Argument && v.kind() == anything {
			return v.with(func(c *value) { c.is = thing; c.s = "" })
		}
		return v
	}
	t := make([]*value, n)
	t[0] = v
	if f.Result.Kind == library.Argument {
		t[f.Result.N] = vNull
		if f.Result.N == 0 && n > 1 {
			t[1] = v
		}
	}
	if f.False.Kind == library.Argument {
		t[f.False.N] = vYes
	}
	return mk(value{tuple: t})
}

// fail runs a call that did not go well, in each of the ways that the row names and
// the call allows.
func (w *walker) fail(st *state, s *site, err *value, k func(*state, *value)) {
	f := s.row.Fails
	if f.Callback.Set() {
		if fn, e := s.at(f.Callback); e != nil && (fn != nil && fn.fn != nil || w.isFunction(e)) {
			w.callback(st, s, fn, e, []*value{err, vDep}, k)
			return
		}
	}
	n, several := w.results(s.row)
	switch {
	case f.Result.Kind == library.Argument && !several:
		k(st, err)
	case f.Result.Kind == library.Argument:
		t := make([]*value, n)
		for i := range t {
			t[i] = mk(value{dep: true, op: st.op})
		}
		t[f.Result.N] = err
		k(st, mk(value{tuple: t}))
	case f.False.Kind == library.Argument && several:
		t := make([]*value, n)
		for i := range t {
			t[i] = vDep
		}
		t[f.False.N] = mk(value{is: no, dep: true})
		k(st, mk(value{tuple: t}))
	case f.False.Kind == library.Argument && !f.Throws:
		k(st, mk(value{is: null, dep: true}))
	case f.Throws:
		w.throw(st, err, s.x.At())
	case f.Next:
		w.throw(st, err, s.x.At())
	default:
		k(st, mk(value{dep: true}))
	}
}

// isFunction says that an argument which may be a callback is one.
func (w *walker) isFunction(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.FuncRef:
		return true
	case *ir.Name:
		if e.Var != nil {
			switch e.Var.Name {
			case "cb", "callback", "done", "next", "fn":
				return true
			}
		}
	case *ir.Member, *ir.Call:
	default:
		return false
	}
	for _, v := range w.r.ValuesIn(e, w.f.in) {
		if v.Func != nil {
			return true
		}
		if v.Symbol != "" && !v.Is {
			if row := w.lib.Find(v.Symbol); row != nil && row.Does == library.Next {
				return true
			}
		}
	}
	return false
}

// callback calls the function that a library was given.
func (w *walker) callback(st *state, s *site, fn *value, e ir.Expr, args []*value, k func(*state, *value)) {
	if fn != nil && fn.fn != nil {
		w.invoke(st, fn, args, s.call, func(st *state, _ *value) { k(st, nil) })
		return
	}
	w.callValue(st, e, args, s.call, func(st *state, _ *value) { k(st, nil) })
}

// checks says that a verifier is told what it needs to check a signature: jwt.Parse
// of jwx v1 only reads without a key. Options that are not written out may be any.
func (s *site) checks() bool {
	from, ok := s.row.Options.Index(len(s.args))
	if len(s.row.Needs) == 0 || s.call == nil || s.call.Spread {
		return true
	}
	if !ok {
		return false
	}
	for _, a := range s.call.Args[from:] {
		c, ok := a.(*ir.Call)
		if !ok || slices.Contains(s.row.Needs, calleeName(c)) {
			return true
		}
	}
	return false
}

// calledBack says that the outcome goes to a callback of this call.
func (w *walker) calledBack(s *site) (fn *value, e ir.Expr, ok bool) {
	if !s.row.Fails.Callback.Set() {
		return nil, nil, false
	}
	fn, e = s.at(s.row.Fails.Callback)
	return fn, e, e != nil && (fn != nil && fn.fn != nil || w.isFunction(e))
}

// finish goes on with the value of a call that went well, by result or callback.
func (w *walker) finish(st *state, s *site, v *value, k func(*state, *value)) {
	if fn, e, ok := w.calledBack(s); ok {
		w.callback(st, s, fn, e, []*value{vNull, v}, k)
		return
	}
	k(st, w.succeed(s, v))
}

// verify forks: the token was good, or it was not.
func (w *walker) verify(st *state, s *site, k func(*state, *value)) {
	op := w.opAt(s, library.Verify)
	token, te := s.at(s.row.Token)
	w.useOf(op, s, te)
	if st.op != nil {
		if st.tracks() && (st.op == op || token.deepDeps(1) && (token.kind() == empty || token.kind() == null)) {
			// what is not there cannot be right
			w.fail(st, s, mk(value{is: thing, err: true, fail: true, dep: true, op: op}), k)
			return
		}
		w.untracked(st, s, mk(value{marks: Claim, op: op}), k)
		return
	}
	err := mk(value{is: thing, err: true, fail: true, dep: true, op: op, marks: Reason, from: s.x.At()})
	if n, ok := te.(*ir.Name); ok && n.Var != nil && !w.index.moduleVar(n.Var) {
		st = st.set(n.Var, st.env.of(n.Var).marked(Token, te.At())) // whatever it is called
	}
	failed := st.with(func(c *state) {
		c.op, c.outcome = op, Failed
		c.again = c.uses&useVerified != 0
		c.rec = record{}
		c.decided = nil
	})
	w.fail(failed, s, err, k)
	good := st.with(func(c *state) {
		c.uses |= useVerified
		if op.Use == "refresh" {
			c.uses |= useRefresh
		}
		c.used = op
	})
	w.finish(good, s, mk(value{is: thing, op: op, marks: Claim, from: s.x.At()}), k)
}

// untracked is an op that meets a state in which another one is followed: its
// outcome is not known, and both ways are gone.
func (w *walker) untracked(st *state, s *site, v *value, k func(*state, *value)) {
	f := s.row.Fails
	if st.op != nil && (st.outcome == Succeeded || st.outcome == Hit) {
		// A token that was revoked is a good one otherwise.
		w.finish(st, s, v, k)
		return
	}
	if fn, e, ok := w.calledBack(s); ok {
		w.callback(st, s, fn, e, []*value{nil, v}, k)
		return
	}
	if f.Result.Kind == library.Argument || f.False.Kind == library.Argument {
		n, several := w.results(s.row)
		if !several {
			k(st, nil)
			return
		}
		t := make([]*value, n)
		t[0] = v
		k(st, mk(value{tuple: t}))
		return
	}
	if f.Throws {
		w.throw(st, vErr, s.x.At())
	}
	k(st, v)
}

func (w *walker) decode(st *state, s *site, k func(*state, *value)) {
	op := w.opAt(s, library.Decode)
	token, te := s.at(s.row.Token)
	w.useOf(op, s, te)
	if st.tracks() && (token.kind() == empty || token.kind() == null) {
		w.fail(st, s, mk(value{is: thing, err: true, fail: true, dep: true, op: op}), k)
		return
	}
	v := mk(value{marks: Claimed, op: op, from: s.x.At()})
	w.untracked(st, s, v, k)
}

// issue follows a token that was signed, and goes on without following it, for
// what comes after.
func (w *walker) issue(st *state, s *site, k func(*state, *value)) {
	op := w.opAt(s, library.Issue)
	if s.row.Does == library.Refresh {
		op = w.opAt(s, library.Refresh)
	}
	if op.Kind == library.Refresh {
		op.Use = "refresh"
	} else {
		op.used = true // what is made for a refresh is no use of one
	}
	v := mk(value{is: thing, marks: Token, from: s.x.At()})
	if st.op == nil {
		if op.Kind == library.Issue && (st.uses&useRefresh != 0 || w.refreshing(st)) {
			w.finish(w.began(st, w.refreshed(s)), s, v, k)
		}
		w.finish(w.began(st, op), s, v, k)
	}
	w.finish(st, s, v, k)
}

// began is a state in which an op that went well is followed.
func (w *walker) began(st *state, op *Op) *state {
	return st.with(func(c *state) { c.op, c.outcome = op, Succeeded })
}

func (w *walker) revoke(st *state, s *site, k func(*state, *value)) {
	op := w.opAt(s, library.Revoke)
	if st.op == nil {
		w.finish(w.began(st, op), s, nil, k)
	}
	w.untracked(st, s, nil, k)
}

// check forks at a question about a token: it still stands, or it does not. Which
// answer means what is told by what the program does: a way that serves after
// either is dropped when ways are gathered.
func (w *walker) check(st *state, s *site, k func(*state, *value)) {
	op := w.opAt(s, library.Check)
	_, te := s.at(s.row.Token)
	w.useOf(op, s, te)
	if st.op != nil {
		w.untracked(st, s, nil, k)
		return
	}
	hit := st.with(func(c *state) {
		c.op, c.outcome = op, Hit
		c.rec = record{}
		c.decided = nil
	})
	f := s.row.Fails
	if f.Set() {
		w.fail(hit, s, mk(value{is: thing, err: true, fail: true, dep: true, op: op}), k)
	} else {
		k(hit, vDep)
	}
	fine := st.with(func(c *state) {
		c.used = op
		if op.Use == "refresh" {
			c.uses |= useRefresh
		}
	})
	w.finish(fine, s, nil, k)
}

// password goes on from a comparison, whose outcome has nothing to do with tokens.
func (w *walker) password(st *state, s *site, k func(*state, *value)) {
	w.opAt(s, library.Secret)
	w.untracked(st, s, nil, k)
}

// extract reads something of a request. Where its name says that it is a token, it
// is there, or it is not.
func (w *walker) extract(st *state, s *site, k func(*state, *value)) {
	marks := markOf(s.row.Marks)
	name := s.name(s.row.Name)
	if _, e := s.at(s.row.Name); e != nil && !namesToken(name) {
		for _, v := range w.r.ValuesIn(e, w.envNow()) {
			if v.Const != nil && namesToken(v.Const.Text) {
				name = v.Const.Text
			}
		}
	}
	if s.row.Name.Kind == library.Nowhere && name == "" {
		name = lastName(s.symbol)
	}
	token := marks&Token != 0 || namesToken(name)
	if !token && !leftByGuard(s.row) {
		v := mk(value{marks: marks | User, from: s.x.At()})
		k(st, w.untrackedValue(s, v))
		return
	}
	op := w.opAt(s, library.Extract)
	op.From = s.row.From
	if namesRefresh(name) {
		op.Use = "refresh"
	}
	holds := Token
	if !token {
		holds = Claim
	}
	there := mk(value{is: thing, marks: holds, from: s.x.At()})
	gone := mk(value{is: empty, dep: true})
	if w.language() == ir.Clojure {
		gone = mk(value{is: null, dep: true})
	}
	_, many := w.results(s.row)
	switch {
	case st.op == op && st.outcome == Absent && !many && !s.row.Fails.Set():
		k(st, gone) // asked for again
		return
	case !token && st.uses&useKnown != 0:
		k(st, w.untrackedValue(s, there))
		return
	case st.op != nil:
		k(st, w.untrackedValue(s, mk(value{marks: holds, from: s.x.At()})))
		return
	}
	absent := st.with(func(c *state) {
		c.op, c.outcome = op, Absent
		c.rec = record{}
		c.decided = nil
	})
	if s.row.Fails.Set() {
		w.fail(absent, s, mk(value{is: thing, err: true, fail: true, dep: true, op: op}), k)
	} else {
		n, several := w.results(s.row)
		if several {
			t := make([]*value, n)
			t[0] = gone
			t[n-1] = mk(value{is: no, dep: true})
			k(absent, mk(value{tuple: t}))
		} else {
			k(absent, gone)
		}
	}
	if op.Use == "refresh" {
		st = st.with(func(c *state) { c.used = op })
	}
	if !token {
		st = st.with(func(c *state) { c.uses |= useKnown })
	}
	w.finish(st, s, there, k)
}

// untrackedValue is a value in the form of the row's results, the rest unknown.
func (w *walker) untrackedValue(s *site, v *value) *value {
	if n, several := w.results(s.row); several {
		t := make([]*value, n)
		t[0] = v
		return mk(value{tuple: t})
	}
	return v
}

// valueRow is the use of a member, or of a name, that the catalogue knows.
func (w *walker) valueRow(st *state, e ir.Expr, row *library.Row, symbol string, recv *value, k func(*state, *value)) {
	s := &site{x: e, row: row, symbol: symbol, recv: recv}
	switch row.Does {
	case library.Extract:
		w.extract(st, s, k)
	case library.Check:
		w.check(st, s, k)
	default:
		v := recv
		if m, ok := e.(*ir.Member); ok && recv != nil {
			if f, has := recv.field(m.Name); has {
				k(st, f)
				return
			}
			v = memberOf(st, recv, m.Name)
		}
		k(st, v.marked(markOf(row.Marks), e.At()))
	}
}

// returned is the receiver or argument that a call gives back, by its row.
func (s *site) returned() (v *value, ok bool) {
	if len(s.row.Returns) != 1 || s.row.Marks != "" {
		return nil, false
	}
	if s.row.Returns[0] == "same" {
		return s.recv, s.recv != nil
	}
	if n, ok := strings.CutPrefix(s.row.Returns[0], "arg "); ok {
		if i, err := strconv.Atoi(n); err == nil && i >= 0 && i < len(s.args) {
			return s.args[i], true
		}
	}
	return nil, false
}

// valueCall is a call that gives a value which the row describes.
func (w *walker) valueCall(st *state, s *site, k func(*state, *value)) {
	if fn, _ := s.at(s.row.Call); fn != nil && fn.fn != nil {
		w.invoke(st, fn, nil, s.call, func(st *state, v *value) { k(st, v) })
		return
	}
	name := lastName(s.symbol)
	if v, ok := textual(name, s.recv, s.args); ok {
		k(st, w.shape(s, v))
		return
	}
	if v, ok := s.returned(); ok && v != s.recv {
		k(st, v)
		return
	}
	v := blend(append([]*value{s.recv}, s.args...))
	if v != nil {
		v = v.with(func(c *value) {
			c.marks &^= Millis
			if !dumps(name) {
				c.marks &^= Headers
			}
		})
	}
	if s.row.Marks != "" {
		v = v.marked(markOf(s.row.Marks), s.x.At())
	}
	// A function that a library calls with what it is about.
	for i, a := range s.args {
		if a != nil && a.fn != nil && s.call != nil && i < len(s.call.Args) {
			if l, ok := s.call.Args[i].(*ir.FuncRef); ok && l.Literal {
				w.handed(st, l.Func, a, s.call, func(st *state, _ *value) { k(st, w.shape(s, v)) })
				return
			}
		}
	}
	k(st, w.shape(s, v))
}

// dumps says that a call writes out all that a value holds.
func dumps(name string) bool {
	switch name {
	case "stringify", "inspect", "Sprintf", "Sprint", "Sprintln", "Marshal", "MarshalIndent", "pr-str", "str", "generate-string", "format", "String", "toString", "entries", "values":
		return true
	}
	return false
}

// makeError makes an error, or throws one.
func (w *walker) makeError(st *state, s *site, k func(*state, *value)) {
	v := w.errorOf(s.row, s.call, s.args)
	if status, _ := s.at(s.row.Status); status.kind() == number {
		v = v.with(func(c *value) { c.status = int(status.n) })
	}
	b := blend(append([]*value{s.recv}, s.args...))
	if b != nil {
		v = v.with(func(c *value) {
			c.fail = c.fail || b.fail
			c.dep = c.dep || b.dep
			c.marks |= b.marks
			c.from = b.from
		})
	}
	if st.tracks() && st.decided != nil {
		v = v.depends()
	}
	if s.call != nil && s.call.New && st.this != nil && strings.HasPrefix(s.call.Span.Text(), "super") {
		k(st.with(func(c *state) {
			c.this = c.this.with(func(t *value) { t.err, t.status, t.thrown = true, v.status, v.thrown })
		}), nil)
		return
	}
	if s.row.Does == library.Throw && s.row.Fails.Throws && s.call != nil && !s.call.New {
		w.throw(st, v, s.x.At())
		return
	}
	k(st, w.shape(s, v))
}

func (w *walker) errorOf(r *library.Row, c *ir.Call, args []*value) *value {
	v := value{is: thing, err: true, status: r.Code, thrown: r.Does == library.Throw}
	return mk(v)
}

// respond answers the request, or sets the status for who does.
func (w *walker) respond(st *state, s *site, k func(*state, *value)) {
	if err, e := s.at(s.row.Error); e != nil && err.isErr() {
		if err.status == 0 && st.pending != 0 {
			err = err.with(func(c *value) { c.status = st.pending })
		}
		w.next1(st, s, err, e, func(st *state, _ *value) { k(st, s.recv) })
		return
	}
	code := s.row.Code
	if v, e := s.at(s.row.Status); v.kind() == number {
		code = int(v.n)
	} else if e != nil {
		code = max(code, statusOf(e))
	}
	body, _ := s.at(s.row.Body)
	next := st.with(func(c *state) {
		if s.row.Does == library.Status || s.row.Does == library.Abort && code == 0 {
			if code != 0 {
				c.pending = code
			}
			return
		}
		if code == 0 {
			code = c.pending
		}
		if !c.answered {
			c.answered, c.status, c.at, c.atFunc = true, code, s.x.At(), w.f.fn
			c.verbose = st.tracks() && (body.deepMarks(3)|blend(s.args).mark())&Reason != 0
		} else if code != 0 && s.row.Status.Set() && w.language() == ir.Clojure {
			c.status = code // an answer is a value there, and can be given another status
		}
	})
	v := s.recv
	if _, several := w.results(s.row); several {
		v = nil
	}
	if v == nil && len(s.row.Returns) == 1 && strings.HasSuffix(s.row.Returns[0], "builtin.error") {
		v = vNull
	}
	if w.language() == ir.Clojure {
		v = answerValue(st, s, code)
	}
	k(next, v)
}

// answerValue is an answer where it is a value: a map with its status, which
// depends on the outcome that led to it.
func answerValue(st *state, s *site, code int) *value {
	v := mk(value{is: thing})
	if len(s.args) > 0 && s.args[0].kind() == thing && len(s.row.Returns) == 1 && s.row.Returns[0] == "arg 0" {
		v = s.args[0]
	}
	if code != 0 {
		v = v.withField("status", mk(value{is: number, n: int64(code), dep: st.tracks()}))
	}
	return v
}

// next passes a request on; with an error, to the central handler.
func (w *walker) next(st *state, s *site, k func(*state, *value)) {
	if st.flight != nil {
		w.landed(st, s, k)
		return
	}
	err, e := s.at(s.row.Error)
	if s.row.Error.Set() && e != nil && err.kind() != null {
		w.next1(st, s, err, e, k)
		return
	}
	k(st.with(func(c *state) {
		c.served, c.overruled = true, c.overruled || c.answered
		if !c.answered || c.at.File == nil {
			c.servedAt = place{s.x.At(), w.f.fn}
		}
	}), nil)
}

func (w *walker) next1(st *state, s *site, err *value, e ir.Expr, k func(*state, *value)) {
	k(st.with(func(c *state) {
		c.thrown = err.with(func(v *value) {
			v.err = true
			if v.is == anything {
				v.is = thing
			}
		})
		if c.decided != nil && c.tracks() {
			c.thrown = c.thrown.depends()
		}
		c.thrownAt = place{s.x.At(), w.f.fn}
	}), nil)
}

// collect keeps an error for the central handler.
func (w *walker) collect(st *state, s *site, k func(*state, *value)) {
	err, e := s.at(s.row.Error)
	if e == nil && len(s.args) > 0 && s.row.Code == 0 {
		err, e = s.args[0], s.call.Args[0]
	}
	if s.row.Code != 0 { // it makes the error, too
		err = mk(value{is: thing, err: true, thrown: true, status: s.row.Code, dep: st.decided != nil})
	}
	w.next1(st, s, err, e, func(st *state, _ *value) {
		k(st.with(func(c *state) { c.collected = true }), s.recv)
	})
}

// limit asks a limiter: it may refuse, and that has nothing to do with tokens.
func (w *walker) limit(st *state, s *site, k func(*state, *value)) {
	if s.row.Fails.Set() {
		w.untracked(st, s, nil, k)
		return
	}
	w.plain(st, s, k)
}
