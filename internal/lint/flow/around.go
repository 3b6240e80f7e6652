package flow

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// A flight is what comes back to a middleware out of the call that passed the
// request on.
type flight struct {
	err    *value // nil: the request was answered
	thrown bool   // as an exception; else as the result
}

// outward takes a way to the middlewares that ran before, the nearest first: they
// see the failure if they called what fails, and in any case that the request was
// answered. What it answers with are the states that nobody has settled.
func (w *walker) outward(j *job, st *state, err *value, at place, thrown bool) []exit {
	list := []exit{{st, err, at.at}}
	for _, l := range j.before {
		var rest []exit
		for _, x := range list {
			rest = append(rest, w.back(j, l, x, at, thrown)...)
		}
		list = w.mergeExits(rest)
	}
	return list
}

// back resumes one middleware.
func (w *walker) back(j *job, l resolve.Link, x exit, at place, thrown bool) []exit {
	same := []exit{x}
	if l.Row != nil {
		return []exit{{w.accessLine(l, x), x.val, x.at}}
	}
	f := l.Func
	if f == nil || l.Wraps || w.index.reach(f)&doesRecord == 0 && (x.val == nil || w.index.reach(f)&doesAnswer == 0) || f == j.f {
		return same
	}
	fl := &flight{err: x.val, thrown: thrown}
	if x.val != nil && !seesErrors(f) {
		if x.st.thrown == nil && !x.st.answered {
			return same
		}
		fl.err = nil
	}
	in := *x.st
	in.env, in.defers, in.this, in.decided = nil, nil, nil, nil
	in.flight, in.resumed = fl, true
	if f.Class != nil && f.Recv == nil {
		in.this = mk(value{is: thing, class: f.Class})
	}
	sum := w.apart(f, l.Env, &in)
	var out []exit
	came := false
	for _, r := range sum.returns {
		if r.st.flight != nil {
			continue // it never passed the request on
		}
		came = true
		s := r.st.with(func(c *state) { c.resumed, c.served = false, x.st.served })
		switch {
		case x.val == nil:
			out = append(out, exit{s, nil, x.at})
		case fl.err == nil:
			out = append(out, exit{s, x.val, x.at})
		case errorIn(r.val) != nil && goError(f, r.val):
			out = append(out, exit{s, errorIn(r.val), x.at})
		case s.answered:
			w.way(j, w.answeredBy(s, x.st.answered, at).with(func(c *state) { c.central = true }), Responds, at)
		default:
			w.way(j, s, Returns, at)
		}
	}
	for _, r := range sum.throws {
		if r.st.flight != nil {
			continue
		}
		came = true
		s := r.st.with(func(c *state) { c.resumed, c.served = false, x.st.served })
		if x.val == nil {
			out = append(out, exit{s, nil, x.at})
		} else {
			out = append(out, exit{s, r.val, x.at})
		}
	}
	if !came {
		return same
	}
	return out
}

// seesErrors says that a middleware gets the errors of what it passes requests on
// to: as a result in Go, as an exception where next is awaited.
func seesErrors(f *ir.Func) bool {
	if f.Module == nil {
		return false
	}
	switch f.Module.Language {
	case ir.Go:
		return len(f.Results) > 0
	case ir.JavaScript:
		return len(f.Params) == 2
	}
	return true
}

// accessLine is what a library's middleware writes of every request. If it writes
// those alone that were refused, or the errors that were collected, it is a record.
func (w *walker) accessLine(l resolve.Link, x exit) *state {
	if l.Row.Does != library.Access || l.Row.Silent {
		return x.st
	}
	o := &Observation{Span: l.Span, Role: library.Access, Tier: Access}
	if l.Call != nil {
		o.Span = l.Call.Span
	}
	for _, r := range l.Row.Records {
		switch r {
		case "error":
			if x.val != nil || x.st.collected {
				o.Tier = Typed
				o.Fields = append(o.Fields, "reason")
			}
		case "address", "route", "agent", "subject":
			o.Fields = append(o.Fields, r)
		}
	}
	if o.Tier == Access && l.Call != nil && skipsGood(l.Call) {
		o.Tier = Generic
	}
	return w.observed(x.st, o)
}

// skipsGood says that an access logger is told to leave out answers below 400.
func skipsGood(c *ir.Call) bool {
	text := strings.ToLower(c.Span.Text())
	if len(text) > 2000 || !strings.Contains(text, "skip") {
		return false
	}
	text = strings.Join(strings.Fields(text), "")
	return strings.Contains(text, "status<400") || strings.Contains(text, "statuscode<400") || strings.Contains(text, "status()<400") || strings.Contains(text, "<400") && strings.Contains(text, "status")
}

// landed is the return of the call that passed the request on.
func (w *walker) landed(st *state, s *site, k func(*state, *value)) {
	fl := st.flight
	st = st.with(func(c *state) { c.flight = nil })
	switch {
	case fl.err == nil:
		k(st, nil)
	case fl.thrown && w.language() != ir.Go:
		w.throw(st, fl.err, s.x.At())
	default:
		// In Go the error is the last of the results, as the row has them.
		if n := len(s.row.Returns); w.language() == ir.Go && n > 1 {
			t := make([]*value, n)
			t[n-1] = fl.err
			k(st, mk(value{tuple: t}))
			return
		}
		k(st, fl.err)
	}
}
