package flow

import (
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// An env holds what is known of variables. It is never changed in place, and
// holds nothing of which nothing is known: it stays short.
type env []entry

type entry struct {
	v    *ir.Var
	val  *value
	hash uint64 // of v
}

func (e env) of(v *ir.Var) *value {
	for i := range e {
		if e[i].v == v {
			return e[i].val
		}
	}
	return nil
}

// maxEnv bounds the facts of one state.
const maxEnv = 96

func (e env) with(v *ir.Var, val *value) env {
	for i := range e {
		if e[i].v == v {
			if e[i].val.sum() == val.sum() {
				return e
			}
			c := make(env, len(e), len(e)+2)
			copy(c, e)
			if val == nil {
				c[i] = c[len(c)-1]
				return c[:len(c)-1]
			}
			c[i].val = val
			return c
		}
	}
	if val == nil || len(e) >= maxEnv {
		return e
	}
	c := make(env, len(e)+1)
	copy(c, e)
	c[len(e)] = entry{v, val, varHash(v)}
	return c
}

// hash does not depend on the order of entries.
func (e env) hash() uint64 {
	var h uint64
	for i := range e {
		h ^= mix(e[i].hash, e[i].val.sum())
	}
	return h
}

func varHash(v *ir.Var) uint64 {
	return mix(spanHash(v.Span), stringHash(v.Name)+uint64(int64(v.Param)))
}

// A state is one way so far, at one point of the program. States are copied, not
// changed, once they are handed on.
type state struct {
	env  env
	this *value

	op      *Op // that is tracked; nil while nothing has happened to a token
	outcome Outcome
	// decided is the statement whose branch was chosen by the outcome, or nil.
	decided any

	pending   int // status that was set, not sent
	answered  bool
	status    int
	at        ir.Span
	atFunc    *ir.Func
	verbose   bool // the error's text is in the answer
	served    bool // passed on
	dropped   bool // at the end of a root: what it returns does not hold the error
	servedAt  place
	overruled bool   // passed on after it had been answered
	thrown    *value // handed to the central handler by a call, such as c.Error(err)
	thrownAt  place
	escaped   bool
	again     bool    // another token had been verified before the one that failed
	flight    *flight // what comes of passing the request on, if this is walked again after that
	resumed   bool
	collected bool // an error was kept for those who look for it after the handler
	guessed   bool
	central   bool

	uses      uses
	used      *Op // the last verify, look-up or extraction that went well
	defers    *deferred
	panicking *value // what recover gives
	settled   *settled
	rec       record
}

// uses remember what happened to tokens before an op.
type uses uint16

const (
	useRefresh  uses = 1 << iota // a refresh token was verified or looked up
	useVerified                  // a token was verified
	useKnown                     // who asks is known: what a guard leaves behind was there

	// What the functions that are being walked are called.
	inRefresh    // a refresh
	inDenylist   // a look-up of what was revoked
	inOtherUse   // a reset of a password, a confirmation of a mail
	inExchange   // a refresh, by its verb: refreshTokens, not createRefreshToken
	inStore      // a question to a store of sessions or tokens: GetSession, findByToken
	flagsOfNames = inRefresh | inDenylist | inOtherUse | inExchange | inStore
)

// named are the flags of a function's name.
func named(f *ir.Func) (u uses) {
	last := strings.ToLower(f.Name[strings.LastIndexByte(f.Name, '.')+1:])
	if namesRefresh(f.Name) {
		u |= inRefresh
	}
	if denies(last) {
		u |= inDenylist
	}
	if namesOther(f.Name) {
		u |= inOtherUse
	}
	if asksOfTokens(last) {
		u |= inStore
	}
	if strings.HasPrefix(last, "refresh") && !strings.Contains(last, "generat") && f.Name != "RefreshToken" {
		u |= inExchange
	}
	return u
}

type place struct {
	at ir.Span
	fn *ir.Func
}

// A record is what was observed, and where the way went.
type record struct {
	tier    Tier
	level   string
	envOnly bool
	seen    *trail
	steps   *trail
}

// A trail is a list that grows at its end, and shares its beginning. An item is an
// observation, a step, or another trail that was walked in a call.
type trail struct {
	prev *trail
	obs  *Observation
	step *Step
	mark ir.Span // of a branch, with its function in step
	sub  *trail
	n    int
}

const maxTrail = 64

func (t *trail) add(x trail) *trail {
	x.prev = t
	x.n = 1
	if t != nil {
		x.n += t.n
	}
	if x.sub != nil {
		x.n += x.sub.n
	}
	return &x
}

func (t *trail) each(visit func(*trail)) {
	var list []*trail
	for x := t; x != nil && len(list) < 4*maxTrail; x = x.prev {
		list = append(list, x)
	}
	slices.Reverse(list)
	for _, x := range list {
		if x.sub != nil {
			x.sub.each(visit)
		} else {
			visit(x)
		}
	}
}

func (r record) join(o record) record {
	if o.tier > r.tier {
		r.tier = o.tier
		r.level = o.level
	}
	r.envOnly = r.envOnly || o.envOnly
	if o.seen != nil {
		r.seen = r.seen.add(trail{sub: o.seen})
	}
	if o.steps != nil {
		r.steps = r.steps.add(trail{sub: o.steps})
	}
	return r
}

// A deferred is a call that runs when its function ends.
type deferred struct {
	prev *deferred
	call ir.Expr
	env  env
}

// A settled promise holds with what it was settled.
type settled struct {
	of     *ir.Call
	reject bool
	val    *value
}

func (s *state) with(change func(*state)) *state {
	c := *s
	change(&c)
	return &c
}

func (s *state) set(v *ir.Var, val *value) *state {
	if v == nil {
		return s
	}
	e := s.env.with(v, val)
	if len(e) == len(s.env) && (len(e) == 0 || &e[0] == &s.env[0]) {
		return s
	}
	c := *s
	c.env = e
	return &c
}

func (s *state) step(at ir.Span, f *ir.Func, what string) *state {
	if s.rec.steps != nil && s.rec.steps.n > maxTrail {
		return s
	}
	c := *s
	c.rec.steps = c.rec.steps.add(trail{step: &Step{Span: at, Func: f, What: what}})
	return &c
}

// tracks says that an op has failed, been missed or hit, and its record counts.
func (s *state) tracks() bool { return s.op != nil && s.outcome != Succeeded }

func (s *state) key() uint64 {
	h := s.env.hash()
	h = mix(h, s.this.sum())
	if s.op != nil {
		h = mix(h, uint64(s.op.seq)*4+uint64(s.outcome)+1)
	}
	if s.flight != nil {
		h = mix(h, s.flight.err.sum()+5)
	}
	b := uint64(s.pending)<<32 | uint64(s.status)<<16 | uint64(s.uses)<<48
	for i, x := range []bool{s.answered, s.served, s.escaped, s.guessed, s.central, s.decided != nil, s.verbose, s.resumed, s.overruled, s.again} {
		if x {
			b |= 1 << i
		}
	}
	h = mix(h, b)
	if s.at.File != nil {
		h = mix(h, spanHash(s.at))
	}
	if s.thrown != nil {
		h = mix(h, s.thrown.hash)
	}
	if s.used != nil {
		h = mix(h, uint64(s.used.seq)+3)
	}
	for d := s.defers; d != nil; d = d.prev {
		h = mix(h, spanHash(d.call.At()))
	}
	if s.settled != nil {
		h = mix(mix(h, spanHash(s.settled.of.Span)), s.settled.val.sum()+1)
	}
	return h
}

// worse says that s was recorded less than o: of states that are alike it is the
// one to keep.
func (s *state) worse(o *state) bool {
	if s.rec.tier != o.rec.tier {
		return s.rec.tier < o.rec.tier
	}
	return s.rec.steps.len() < o.rec.steps.len()
}

func (t *trail) len() int {
	if t == nil {
		return 0
	}
	return t.n
}

// maxStates is how many states are carried on from one point.
const maxStates = 64

// merge keeps one of states that are alike, the one that was recorded least.
func (w *walker) merge(list []*state) []*state {
	if len(list) < 2 {
		return list
	}
	if len(list) <= 4 {
		// few are compared as they come
		out := list[:0:0]
		var keys [4]uint64
	next:
		for _, s := range list {
			k := s.key()
			for i := range out {
				if keys[i] == k {
					if w.keeps(s, out[i]) {
						out[i] = s
					}
					continue next
				}
			}
			keys[len(out)] = k
			out = append(out, s)
		}
		return out
	}
	at := make(map[uint64]int, len(list))
	out := make([]*state, 0, len(list))
	for _, s := range list {
		k := s.key()
		if i, ok := at[k]; ok {
			if w.keeps(s, out[i]) {
				out[i] = s
			}
			continue
		}
		at[k] = len(out)
		out = append(out, s)
	}
	if len(out) > maxStates {
		w.facts.Stats.Cut++
		out = out[:maxStates]
	}
	return out
}

func isRecord(r library.Role) bool {
	switch r {
	case library.Log, library.Metric, library.Audit, library.Span, library.Report:
		return true
	}
	return false
}
