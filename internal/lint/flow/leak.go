package flow

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
)

type leakKey struct {
	at   ir.Span
	into string
	what Mark
}

func (w *walker) leak(at ir.Span, what Mark, into string, v *value, o *Observation) *Leak {
	k := leakKey{at, into, what}
	if l := w.leaks[k]; l != nil {
		return l
	}
	l := &Leak{Span: at, Func: w.f.fn, What: what, Into: into, Obs: o}
	if v != nil {
		l.From, l.Op = v.from, v.op
	}
	if l.From.File == nil {
		l.From = at
	}
	w.leaks[k] = l
	return l
}

// logLeaks looks for what must not be in a log among what gets into one.
func (w *walker) logLeaks(st *state, s *site, o *Observation, vals []*value) {
	for _, v := range vals {
		if x := v.holding(Record, 2); x != nil {
			w.leak(s.x.At(), Token, "log", x, o)
		}
		for _, m := range []Mark{Token, Prefix, Key, Headers, User} {
			if x := v.holding(m, 3); x != nil {
				w.leak(s.x.At(), m, "log", x, o)
			}
		}
	}
}

// holding finds what within a value carries a mark.
func (v *value) holding(m Mark, depth int) *value {
	if v == nil || v.err { // an error says what went wrong, and not what it was made of
		return nil
	}
	if v.marks&m != 0 {
		return v
	}
	if depth > 0 {
		for _, f := range v.fields {
			if x := f.val.holding(m, depth-1); x != nil {
				return x
			}
		}
		for _, t := range v.tuple {
			if x := t.holding(m, depth-1); x != nil {
				return x
			}
		}
	}
	return nil
}

// builtin does what the language itself has.
func (w *walker) builtin(st *state, c *ir.Call, symbol string, args []*value, k func(*state, *value)) (v *value, done bool) {
	switch symbol {
	case "go:builtin.panic":
		v := vErr
		if len(args) > 0 {
			v = args[0].with(func(c *value) {
				c.err = true
				if c.is == anything {
					c.is = thing
				}
			})
		}
		w.throw(st, v, c.Span)
		return nil, true
	case "go:builtin.recover":
		p := st.panicking
		if p == nil {
			k(st, vNull)
			return nil, true
		}
		k(st.with(func(s *state) { s.panicking = nil }), p)
		return nil, true
	case "go:builtin.len", "go:builtin.append", "go:builtin.string", "go:builtin.new", "go:builtin.make", "go:builtin.copy", "go:builtin.delete", "go:builtin.cap":
		if symbol == "go:builtin.len" {
			if st.collected && len(args) > 0 && args[0].mark()&Reason != 0 { // an error was kept there
				k(st, mk(value{is: number, n: 1, dep: true}))
				return nil, true
			}
			return nil, false
		}
		v := blend(args)
		if len(args) > 0 && symbol == "go:builtin.string" {
			v = args[0]
		}
		k(st, v)
		return nil, true
	}
	return nil, false
}
