package guard

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Verify lets requests through whose token is good, with the token in their
// context (FromContext, Claims), and answers all others.
func (g *Guard) Verify(next http.Handler) http.Handler {
	return &door{g: g, next: next}
}

// Optional lets requests through that bring no token, without one in their
// context. A request that brings one is judged as by Verify: a bad token is
// never taken for none.
func (g *Guard) Optional(next http.Handler) http.Handler {
	return &door{g: g, next: next, optional: true}
}

// Require lets requests through whose token satisfies every rule, and answers
// others with 403. It verifies the token itself where no Verify of the same
// guard stands outside it.
func (g *Guard) Require(rules ...Rule) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		inner := &ruled{g: g, next: next, rules: rules}
		return &door{g: g, next: inner, within: inner}
	}
}

// A door is a middleware of a guard.
type door struct {
	g        *Guard
	next     http.Handler
	find     Extractor // nil is the guard's
	optional bool
	lenient  bool         // see Attempt
	within   http.Handler // where to go when the request is inside already
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := d.g
	if d.within != nil {
		if x, _ := r.Context().Value(exchangeKey{}).(*exchange); x != nil && x.g == g {
			d.within.ServeHTTP(w, r)
			return
		}
	}
	now := g.now()
	o := origin{r: r, open: d.lenient}
	o.addr, o.port = g.address(r)
	raw, e := g.find(&o, d.find)
	absent := e != nil && e.Reason == event.ReasonMissing
	if absent && d.optional {
		d.next.ServeHTTP(w, r)
		return
	}
	if absent && d.lenient {
		d.absent(w, r, &o, now)
		return
	}
	if wait := g.blocked(o.addr, now); wait > 0 && !absent { // nothing to try, nothing to limit
		g.recordLimited(&o, now)
		g.rec.metrics.Time(PathLimited, g.now().Sub(now))
		d.refuse(w, r, Token{}, refuse(event.ReasonRateLimited), wait)
		return
	}
	if e != nil {
		g.recordAbsent(&o, e, now)
		g.rec.metrics.Time(PathRefused, g.now().Sub(now))
		d.refuse(w, r, Token{}, e, 0)
		return
	}
	c, e := g.judgeToken(r.Context(), raw, now)
	if e == nil {
		e = g.confirm(r.Context(), &o, raw, c.entry, now)
	}
	if o.nonce != "" {
		w.Header().Set("DPoP-Nonce", o.nonce)
	}
	if e != nil {
		g.recordRefusal(&o, raw, c, e, now)
		g.rec.metrics.Time(PathRefused, g.now().Sub(now))
		d.refuse(w, r, Token{c.entry, raw}, e, 0)
		return
	}
	x := &exchange{Context: r.Context(), w: w, g: g, token: Token{c.entry, raw}, start: now.Sub(g.began)}
	g.recordUse(&o, c, now)
	if g.timing {
		g.rec.metrics.Time(c.path(), g.now().Sub(now))
	}
	r = r.WithContext(d.admitted(x))
	defer x.end(r, &o)
	d.next.ServeHTTP((*response)(x), r)
}

// find finds the token of a request, where extract or else Config.Extract says,
// and sets where it was. A token in the URL is refused unless that asked for it.
func (g *Guard) find(o *origin, extract Extractor) (raw string, e *Error) {
	if extract == nil {
		extract = g.extract
	}
	var err error
	if extract == nil {
		raw, o.from, o.dpop, err = authorization(o.r)
	} else {
		raw, o.from, err = extract(o.r)
		o.dpop = o.from == event.Header && isDPoP(o.r)
	}
	if o.from != event.Query && queryToken(o.r) {
		o.from = event.Query
		if reasonOf(err) == event.ReasonMissing {
			return "", refuse(event.ReasonTokenInQuery)
		}
		return "", refuse(event.ReasonMultipleTokens) // RFC 6750 section 2
	}
	if err != nil {
		return "", refuse(reasonOf(err))
	}
	return raw, nil
}

// Check judges a token that did not come with an HTTP request of a middleware:
// for gRPC, WebSockets, queues. It limits, records and refuses as Verify does;
// the error is an *Error. A token that is bound to a key is refused without what
// shows it in m (Meta.Proof, Meta.Certificate). The Token must not be kept beyond the call or stream
// that it was checked for, because nothing tells it when it is revoked.
func (g *Guard) Check(ctx context.Context, raw string, m Meta) (*Token, error) {
	o := origin{meta: &m, ctx: ctx, addr: m.Address.Unmap(), port: m.Port, from: m.Source, dpop: !m.Proof.IsZero()}
	t, e := g.check(ctx, raw, &o, nil)
	if e != nil {
		return nil, e
	}
	return t, nil
}

// check is Check for any origin. valid is asked about a token that is good so
// far, and its error refuses it with the reason bad_claim. The Token is given
// beside an Error too, when its signature held.
func (g *Guard) check(ctx context.Context, raw string, o *origin, valid func(*Token) error) (*Token, *Error) {
	now := g.now()
	if g.blocked(o.addr, now) > 0 {
		g.recordLimited(o, now)
		return nil, refuse(event.ReasonRateLimited)
	}
	if raw == "" {
		e := refuse(event.ReasonMissing)
		g.recordAbsent(o, e, now)
		return nil, e
	}
	c, e := g.judgeToken(ctx, raw, now)
	if e == nil {
		e = g.confirm(ctx, o, raw, c.entry, now)
	}
	var t *Token
	if c.entry != nil {
		t = &Token{c.entry, raw}
	}
	if e == nil && valid != nil {
		if err := valid(t); err != nil {
			bad := *refuse(event.ReasonBadClaim)
			bad.Err = err
			e = &bad
		}
	}
	if e != nil {
		g.recordRefusal(o, raw, c, e, now)
		return t, e
	}
	g.recordUse(o, c, now)
	return t, nil
}

// A checked is what judgeToken found out. entry is set, also beside an error,
// when the signature held.
type checked struct {
	entry *entry
	seen  bool
	took  time.Duration // to verify; zero when it was seen before
}

func (c checked) path() Path {
	if c.seen {
		return PathSeen
	}
	return PathUnseen
}

// judgeToken says whether the token is good now. A token from the cache was
// verified before; what can have changed since is looked at on every hit.
func (g *Guard) judgeToken(ctx context.Context, raw string, now time.Time) (checked, *Error) {
	switch {
	case g.watching:
		return checked{}, refuse(event.ReasonKeyUnavailable)
	case len(raw) > g.maxBytes:
		return checked{}, refuse(event.ReasonOversized)
	}
	var sum uint64
	if g.cache != nil {
		sum = g.sieve.sum(raw)
	}
	c := checked{entry: g.recall(raw, sum, now)}
	c.seen = c.entry != nil
	if !c.seen {
		var why event.Reason
		c.entry, why = g.verifySafely(ctx, raw, now)
		c.took = g.now().Sub(now)
		if why != 0 {
			return c, refuse(why)
		}
	}
	if why := g.unrevoked(ctx, c.entry, raw, now); why != 0 {
		return c, refuse(why)
	}
	if !c.seen {
		g.remember(sum, c.entry, now)
	}
	return c, nil
}

// verifySafely keeps a KeySource that panics from taking the request with it.
func (g *Guard) verifySafely(ctx context.Context, raw string, now time.Time) (e *entry, why event.Reason) {
	defer func() {
		if p := recover(); p != nil {
			g.logPanic(ctx, "verification panicked", p)
			e, why = nil, event.ReasonInternalError
		}
	}()
	return g.verify(ctx, raw, now)
}

// blocked says how long an address is over its limit. One that is not known
// cannot be limited.
func (g *Guard) blocked(addr netip.Addr, now time.Time) time.Duration {
	if g.limit == nil || !addr.IsValid() {
		return 0
	}
	return g.limit.wait(g.limit.addr(network(addr)), now)
}

// charge counts a failure against its address.
func (g *Guard) charge(addr netip.Addr, e *Error, now time.Time) {
	if g.limit == nil || !addr.IsValid() {
		return
	}
	tenths := int64(10)
	switch {
	case e.Reason == event.ReasonMissing, e.Status >= 500:
		return // nothing was tried, or the fault is ours
	case e.Reason.Class() == event.ClassBenign:
		tenths = 1
	}
	g.limit.charge(g.limit.addr(network(addr)), tenths, now)
}
