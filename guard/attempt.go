package guard

import (
	"context"
	"net/http"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Attempt judges the token of each request as Verify does, with the limiter and
// the events, and lets every request through: for services, and for adapters of
// libraries, that verify in one middleware and refuse in another. What came of it
// is for Verdict to tell; Enforce refuses what Verify would have refused at once.
// A route without Enforce stays open to everybody, and FromContext gives a token
// on it only when Verify would have.
//
// find is where tokens are looked for; nil is Config.Extract. A refusal is
// recorded without a status, because the answer is somebody else's. A request
// that brings no token is recorded when it is answered 401.
func (g *Guard) Attempt(find Extractor) func(http.Handler) http.Handler {
	if find == nil {
		find = g.extract
	}
	return func(next http.Handler) http.Handler {
		return &door{g: g, next: next, find: find, lenient: true}
	}
}

// Enforce stands behind Attempt and answers as Verify does when Attempt found no
// good token: 401, 429 for an address over its limit, and so on. Without an
// Attempt or Verify outside it, it lets nobody through.
func Enforce(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o := outcomeOf(r.Context()); o != nil {
			o.g.answer(w, r, o.err, o.wait)
			return
		}
		if _, ok := FromContext(r.Context()); !ok {
			Deny(w, r, refuse(event.ReasonMissing))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Verdict says what the innermost Attempt made of the request: a good token, or
// why there is none. A token beside an Error was signed with our keys and is not
// good: expired, for example. It may explain a refusal and must not admit anybody.
func Verdict(ctx context.Context) (*Token, *Error) {
	if o := outcomeOf(ctx); o != nil {
		if o.token.entry == nil {
			return nil, o.err
		}
		return &o.token, o.err
	}
	if t, ok := FromContext(ctx); ok {
		return t, nil
	}
	return nil, refuse(event.ReasonMissing)
}

// An outcome is a refusal that was not answered.
type outcome struct {
	g     *Guard
	token Token // without an entry when the signature did not hold
	err   *Error
	wait  time.Duration
}

type outcomeKey struct{}

func outcomeOf(ctx context.Context) *outcome {
	o, _ := ctx.Value(outcomeKey{}).(*outcome)
	return o
}

// refuse answers a request that was refused, or leaves that to Enforce. t is the
// token when its signature held.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, t Token, e *Error, wait time.Duration) {
	if c, _ := r.Context().Value(carrierKey{}).(*carrier); c != nil && c.g == d.g {
		c.asked.Store(true) // it is recorded
	}
	if !d.lenient {
		d.g.answer(w, r, e, wait)
		return
	}
	ctx := context.WithValue(r.Context(), outcomeKey{}, &outcome{d.g, t, e, wait})
	d.next.ServeHTTP(w, r.WithContext(ctx))
}

// absent serves a request that brought no token and records it when somebody
// further in refuses it for that.
func (d *door) absent(w http.ResponseWriter, r *http.Request, o *origin, now time.Time) {
	x := &exchange{Context: r.Context(), w: w, g: d.g, start: now.Sub(d.g.began)}
	e := refuse(event.ReasonMissing)
	d.refuse((*response)(x), r, Token{}, e, 0)
	if x.status == http.StatusUnauthorized {
		o.open = false
		d.g.recordAbsent(o, e, now)
	}
}

// admitted is the context of a request that passed: what an Attempt further out
// refused counts no longer.
func (d *door) admitted(x *exchange) context.Context {
	if d.lenient && outcomeOf(x.Context) != nil {
		x.Context = context.WithValue(x.Context, outcomeKey{}, nil)
	}
	return (*scope)(x)
}
