package guard

import (
	"net/http"

	"github.com/jotsight/jotsight/guard/event"
)

// Observe watches authentication that somebody else does inside it: a token goes
// in, a status comes out, and the event says what could be seen of both, marked
// as not verified. It verifies, limits and refuses nothing, so that it can be
// mounted on an existing service without risk.
//
// What it records of an answer: 401 is a token refused or missing, 403 a scope
// denied, 5xx a failure, everything else a request. A reason is given where the
// token shows it by itself, an unsigned one for example.
func (g *Guard) Observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{Context: r.Context(), w: w, g: g, start: g.now().Sub(g.began)}
		defer func() {
			p := recover()
			g.observed(x, r, p != nil)
			if p != nil {
				panic(p)
			}
		}()
		next.ServeHTTP((*response)(x), r)
	})
}

func (g *Guard) observed(x *exchange, r *http.Request, panicked bool) {
	o := origin{r: r}
	raw, e := g.find(&o, nil)
	status := int(x.status)
	switch {
	case panicked && status == 0:
		status = http.StatusInternalServerError
	case status == 0:
		status = http.StatusOK
	}
	absent := e != nil && e.Reason == event.ReasonMissing
	if absent && status < 400 {
		return // a route for everybody
	}
	reason := event.Reason(0)
	switch {
	case e != nil:
		reason = e.Reason
	default:
		reason = g.visible(raw)
	}
	kind := event.Request
	switch {
	case panicked || status >= 500:
		kind = event.RequestFailed
	case absent && status == http.StatusUnauthorized:
		kind = event.Missing
	case absent:
		return // refused or not found, but not for its token
	case status == http.StatusUnauthorized:
		kind = event.VerificationFailed
	case status == http.StatusForbidden:
		kind = event.ScopeDenied
	}
	if absent && kind != event.Missing {
		reason = 0
	}
	now := g.now()
	addr, port := g.address(r)
	rec := g.rec.flood(kind, reason, addr, now)
	if rec == nil {
		return
	}
	at := &origin{r: r, addr: addr, port: port, from: o.from}
	g.describe(at, &rec.Event)
	if raw != "" {
		g.claimed(raw, &rec.Event)
		if g.canaries.marks(rec.TokenID) {
			g.recordCanary(at, raw, nil, status, "", now)
		}
	}
	switch {
	case status >= 400:
		rec.Outcome = event.Failure
	default:
		rec.Outcome = event.UnknownOutcome // nobody here can tell whether the token was looked at
	}
	rec.Status, rec.Duration = status, now.Sub(g.began)-x.start
	g.rec.send(rec)
}

// visible says what is wrong with a token as far as that can be seen without
// keys.
func (g *Guard) visible(raw string) event.Reason {
	header, _, signature, why := split(raw, g.maxBytes)
	if why != 0 {
		return why
	}
	j := judge{allowed: g.judge.allowed}
	if len(j.allowed) == 0 {
		j.allowed = algorithms
	}
	h, why := j.read(header)
	if why == 0 && h.alg.family == famECDSA {
		if sig, err := strict.DecodeString(signature); err == nil && psychic(sig) {
			return event.ReasonPsychicSignature
		}
	}
	return why
}
