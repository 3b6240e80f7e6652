package guard

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// An origin is where a token came from: a request, or what a caller of Check
// said of it. It is described only when a record is written.
type origin struct {
	r     *http.Request
	meta  *Meta
	ctx   context.Context // beside meta; nil where nobody is traced
	addr  netip.Addr
	port  int
	from  event.Source
	dpop  bool   // the token came under the scheme DPoP
	nonce string // that the client is to use in its next proof
	text  string // addr, once it was written
	open  bool   // somebody else answers
}

// status is the one that the event names: none that we do not know.
func (o *origin) status(own int) int {
	if o.open {
		return 0
	}
	return own
}

func (o *origin) agent() string {
	if o.r != nil {
		return o.r.UserAgent()
	}
	return o.meta.UserAgent
}

func (g *Guard) describe(o *origin, e *event.Event) {
	if o.meta != nil {
		o.meta.describe(e)
		if e.TraceID == "" && o.ctx != nil {
			e.TraceID, e.SpanID = g.traceOf(o.ctx)
		}
		return
	}
	g.describeRequest(o, o.r, e)
}

// describeRequest is describe for a request that may be a later copy of o's: its
// router has set the pattern by then.
func (g *Guard) describeRequest(o *origin, r *http.Request, e *event.Event) {
	m := g.meta(r, o.addr, o.port, o.from)
	m.address = o.text
	m.describe(e)
	o.text = e.ClientAddress
}

// recordUse counts the use of a good token and writes it when it is due.
func (g *Guard) recordUse(o *origin, c checked, now time.Time) {
	g.rec.metrics.Count(event.Verified, 0)
	if c.took >= g.slow {
		rec := g.rec.fact(event.SlowVerification, 0, now)
		rec.Duration = c.took
		g.describe(o, &rec.Event)
		c.entry.describe(&rec.Event)
		g.rec.send(rec)
	}
	switch g.successes {
	case SuccessOff:
		return
	case SuccessAll:
		g.writeUse(c.entry, use{o.addr, 1, 0}, now, o, c.took)
		return
	}
	place := g.place(o.addr, o.agent())
	if !c.entry.use.seen(place, now.UnixNano()) {
		return
	}
	here, before := c.entry.use.take(o.addr, place, now.UnixNano())
	if before.count > 0 {
		g.writeUse(c.entry, before, now, nil, 0)
	}
	if here.count > 0 {
		g.writeUse(c.entry, here, now, o, c.took)
	}
}

// recordRefusal records a token that was refused and charges its address.
func (g *Guard) recordRefusal(o *origin, raw string, c checked, e *Error, now time.Time) {
	g.charge(o.addr, e, now)
	if e.Reason == event.ReasonCanary {
		g.recordCanary(o, raw, c.entry, e.Status, "", now)
		return
	}
	kind := event.VerificationFailed
	switch {
	case e.Reason == event.ReasonReplayed:
		kind = event.Replayed
	case e.Reason.Class() == event.ClassState:
		kind = event.RevokedUse
	}
	rec := g.rec.flood(kind, e.Reason, o.addr, now)
	if rec == nil {
		return
	}
	g.describe(o, &rec.Event)
	rec.Detail = e.detail
	switch {
	case c.entry != nil:
		c.entry.describe(&rec.Event)
	case g.rec.detailed(e.Reason):
		g.claimed(raw, &rec.Event)
		if g.canaries.marks(rec.TokenID) {
			g.recordCanary(o, raw, nil, e.Status, "a changed copy: "+e.Reason.String(), now)
		}
	default:
		rec.Use = event.UnknownUse
		rec.Detail = cmp.Or(rec.Detail, "one of a flood: what the token claims was not read")
	}
	rec.Status, rec.Duration = o.status(e.Status), c.took
	if c.took >= g.slow {
		rec.Detail = cmp.Or(e.detail, "verification was slow")
	}
	g.rec.send(rec)
}

// recordAbsent records a request without a token that could be judged.
func (g *Guard) recordAbsent(o *origin, e *Error, now time.Time) {
	g.charge(o.addr, e, now)
	kind := event.VerificationFailed
	if e.Reason == event.ReasonMissing {
		kind = event.Missing
	}
	rec := g.rec.flood(kind, e.Reason, o.addr, now)
	if rec == nil {
		return
	}
	g.describe(o, &rec.Event)
	rec.Status = o.status(e.Status)
	g.rec.send(rec)
}

// recordLimited records that an address is over its limit.
func (g *Guard) recordLimited(o *origin, now time.Time) {
	rec := g.rec.flood(event.RateLimited, event.ReasonRateLimited, o.addr, now)
	if rec == nil {
		return
	}
	g.describe(o, &rec.Event)
	rec.RateLimit, rec.RateWindow = int64(g.limits.Failures), int64(g.limits.Window/time.Second)
	rec.Status = o.status(http.StatusTooManyRequests)
	g.rec.send(rec)
}

// maxClaimed bounds a segment that is read although nobody verified it.
const maxClaimed = 4 << 10

// claimed writes what an unverified token says of itself into e: bounded,
// scrubbed, marked by Verified being false, and its subject apart from verified
// ones. What cannot be read is left out.
func (g *Guard) claimed(raw string, e *event.Event) {
	e.Use = event.UnknownUse
	if len(raw) > 2*maxClaimed {
		return
	}
	e.Fingerprint, e.BodyFingerprint = g.rec.prints.Token(raw)
	header, payload, _, why := split(raw, 2*maxClaimed)
	if why != 0 {
		return
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	text := func(to *string, value string) {
		if v, ok := stringOf(value); ok {
			*to = event.Scrub(event.Clip(v, event.MaxText))
		}
	}
	if h := g.judge.known.get(header); h != nil { // most forgeries keep the header of a good token
		e.Algorithm, e.KeyID, e.Type = h.alg.name, event.Scrub(h.kid), event.Scrub(h.typ)
	} else if b, ok := s.decode(header); ok && len(header) <= maxClaimed {
		eachMember(string(b), func(name, value string) {
			switch name {
			case "alg":
				text(&e.Algorithm, value)
			case "kid":
				text(&e.KeyID, value)
			case "typ":
				text(&e.Type, value)
			}
		})
	}
	if b, ok := s.decode(payload); ok && len(payload) <= maxClaimed {
		eachMember(string(b), func(name, value string) {
			switch name {
			case "iss":
				text(&e.Issuer, value)
			case "sub":
				text(&e.ClaimedSubject, value)
			case "jti":
				text(&e.TokenID, value)
			case "aud":
				if list, ok := stringsOf(value); ok {
					e.Audience = event.ScrubAll(list[:min(len(list), event.MaxValues)])
				}
			case "exp":
				e.Expires, _ = numericDate(value)
			case "iat":
				e.IssuedAt, _ = numericDate(value)
			}
		})
	}
}
