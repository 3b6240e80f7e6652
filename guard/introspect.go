package guard

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// An Introspection says how a token stands (RFC 7662 section 2.2). Of one that
// is not active it says nothing else: to tell expired from forged would help
// whoever guesses.
type Introspection struct {
	Active    bool     `json:"active"`
	Scope     string   `json:"scope,omitempty"` // values separated by spaces
	ClientID  string   `json:"client_id,omitempty"`
	TokenType string   `json:"token_type,omitempty"` // Bearer or DPoP; empty for a refresh token
	Expires   int64    `json:"exp,omitempty"`        // Unix seconds, as the next two
	IssuedAt  int64    `json:"iat,omitempty"`
	NotBefore int64    `json:"nbf,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  []string `json:"aud,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
	TokenID   string   `json:"jti,omitempty"`
	// Confirm is the claim cnf as it is written: the key that whoever brings the
	// token must hold (RFC 8705 section 3.2, RFC 9449 section 6.2). To check that
	// is for whoever asks.
	Confirm json.RawMessage `json:"cnf,omitempty"`
}

// Introspect says how an access or refresh token of this Issuer stands now
// (RFC 7662): the Store is asked for revocations, and for the family of a
// refresh token, whatever was known before. m.ClientID and m.Actor are who asks.
//
// A refresh token is active for the client that it was issued to alone. A
// resource server that is given one in place of an access token, and asks, must
// not be told that it is good.
//
// A token that is not active is no error. The error, an *Error, means that the
// question has no answer: the Store or the keys cannot be asked, or there were
// too many tokens that never were ours. These are counted against m.ClientID or,
// where that is empty, against m.Address.
func (i *Issuer) Introspect(ctx context.Context, raw string, m Meta) (Introspection, error) {
	q := &inquiry{i: i, raw: raw, m: &m, now: i.g.now()}
	if m.ClientID == "" && i.g.blocked(m.Address.Unmap(), q.now) > 0 {
		i.g.recordLimited(&origin{meta: &m, addr: m.Address.Unmap()}, q.now)
		return Introspection{}, refuse(event.ReasonRateLimited)
	}
	// What kind of token it is shows in its form, so that token_type_hint has
	// nothing to add (RFC 7662 section 2.1 lets a server ignore it).
	if strings.Count(raw, ".") == 2 {
		return q.access(ctx)
	}
	return q.refresh(ctx)
}

// An inquiry is one introspection, with what is known of the token so far.
type inquiry struct {
	i       *Issuer
	raw     string
	m       *Meta
	now     time.Time
	token   *Token // an access token whose signature held
	family  Family // of a refresh token whose MAC held; only ID is set until the Store knew it
	counter uint64
}

func (q *inquiry) access(ctx context.Context) (Introspection, error) {
	g := q.i.g
	c, e := g.judgeToken(ctx, q.raw, q.now)
	if c.entry != nil {
		q.token = &Token{c.entry, q.raw}
	}
	switch {
	case e != nil:
		return q.fail(e.Reason)
	case q.token.Issuer() != q.i.issuer:
		return q.fail(event.ReasonBadIssuer) // the guard takes others too, but we cannot speak for them
	}
	if why := q.revokedNow(ctx); why != 0 {
		return q.fail(why)
	}
	t := q.token
	in := Introspection{
		Active: true, Scope: strings.Join(t.Scopes(), " "), ClientID: t.ClientID(), TokenType: "Bearer",
		Expires: t.expires, IssuedAt: t.issued, NotBefore: t.notBefore,
		Subject: t.Subject(), Audience: slices.Clone(t.Audience()), Issuer: t.Issuer(), TokenID: t.ID(),
	}
	if cnf, ok := t.member("cnf"); ok {
		in.Confirm = json.RawMessage(cnf)
		if _, ok := member(cnf, "jkt"); ok {
			in.TokenType = "DPoP" // RFC 9449 section 6.2
		}
	}
	q.record(0)
	return in, nil
}

// revokedNow asks the Store about an access token that is good otherwise: what is
// forged costs no question. A request may rely on a copy of the revocations that
// is a second old; whoever asks expressly may not.
func (q *inquiry) revokedNow(ctx context.Context) event.Reason {
	g := q.i.g
	if g.replica == nil {
		return q.familyRevoked(ctx, q.token.SessionID())
	}
	within, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	if g.replica.sync(within, q.now) != nil && g.outage == FailClosed {
		return event.ReasonStoreUnavailable
	}
	return g.replica.check(q.token.entry, q.raw)
}

// familyRevoked looks at the family of an access token, for a guard to which
// nobody tells what is revoked.
func (q *inquiry) familyRevoked(ctx context.Context, id string) event.Reason {
	r, ok := q.i.store.(FamilyReader)
	if !ok || id == "" {
		return 0
	}
	switch f, _, err := r.Family(ctx, id); {
	case err != nil:
		return event.ReasonStoreUnavailable
	case f.Revoked:
		return event.ReasonFamilyRevoked
	}
	return 0
}

func (q *inquiry) refresh(ctx context.Context) (Introspection, error) {
	id, counter, why := q.i.refresh.read(q.raw)
	if why != 0 {
		return q.fail(why)
	}
	q.family.ID, q.counter = id, counter
	if q.i.g.canaries.marks(id) {
		return q.fail(event.ReasonCanary)
	}
	r, ok := q.i.store.(FamilyReader)
	if !ok {
		return q.fail(event.ReasonStoreUnavailable)
	}
	f, found, err := r.Family(ctx, id)
	switch {
	case err != nil:
		return q.fail(event.ReasonStoreUnavailable)
	case !found:
		return q.fail(event.ReasonUnknownToken)
	}
	q.family = f
	if q.m.ClientID != f.ClientID {
		return q.fail(event.ReasonBindingMismatch)
	}
	if state := f.peek(counter, q.now); state != Rotated {
		return q.fail(state.reason())
	}
	in := Introspection{
		Active: true, Scope: strings.Join(f.Scope, " "), ClientID: f.ClientID,
		Expires: f.ends().Unix(), IssuedAt: f.since().Unix(),
		Subject: f.Subject, Audience: f.Audience, Issuer: q.i.issuer,
	}
	if cnf := claimOf(f.Confirm); cnf != nil {
		in.Confirm, _ = json.Marshal(cnf)
	}
	q.record(0)
	return in, nil
}

// fail records a token that is not active, or could not be looked at, and counts
// it. A caller who has authenticated is a resource server, which passes on what
// strangers send it: it must not be shut off by them. Only tokens that never were
// ours count against it, and only they are refused when there are too many.
func (q *inquiry) fail(why event.Reason) (Introspection, error) {
	g, e := q.i.g, refuse(why)
	answer := error(nil)
	switch {
	case e.Status >= 500:
		answer = e
	case q.m.ClientID == "" || g.limit == nil:
		g.charge(q.m.Address.Unmap(), e, q.now)
	case q.token == nil && q.family.ID == "" && why != event.ReasonMissing:
		if g.limit.take(g.limit.text("introspection by "+q.m.ClientID), q.now) > 0 {
			g.recordLimited(&origin{meta: q.m, addr: q.m.Address.Unmap()}, q.now)
			return Introspection{}, refuse(event.ReasonRateLimited)
		}
	}
	q.record(why)
	return Introspection{}, answer
}

// record writes what came of it. Who asks often is folded, good answers too.
func (q *inquiry) record(why event.Reason) {
	g := q.i.g
	if why != 0 {
		q.i.recordFailure(event.Introspected, refuse(why), q.m, q.now, func(e *event.Event) {
			e.ClientID = "" // of the token, not of who asks: that is the actor
			q.describe(e)
			e.Detail = q.detail(why)
		})
	} else if rec := g.rec.flood(event.Introspected, 0, q.m.Address, q.now); rec != nil {
		q.m.describe(&rec.Event)
		q.describe(&rec.Event)
		g.rec.send(rec)
	}
}

// detail says more about a reason, where there is more to say.
func (q *inquiry) detail(why event.Reason) string {
	_, readable := q.i.store.(FamilyReader)
	switch {
	case why == event.ReasonExpired && q.family.Subject != "":
		return q.family.lapse(q.now)
	case why == event.ReasonStoreUnavailable && q.family.ID != "" && !readable:
		return "the Store is no FamilyReader: refresh tokens cannot be introspected"
	}
	return ""
}

// describe writes what is known of the token into e.
func (q *inquiry) describe(e *event.Event) {
	g := q.i.g
	switch {
	case q.token != nil:
		q.token.describe(e)
	case q.family.ID != "":
		e.Verified, e.Use = true, event.Refresh
		e.Fingerprint, e.Family = g.rec.prints.Text(q.raw), g.rec.prints.Text(q.family.ID)
		e.Generation, e.Issuer = int64(q.counter), q.i.issuer
		e.UserID, e.ClientID = event.Scrub(q.family.Subject), event.Scrub(q.family.ClientID)
		e.Scope = event.ScrubAll(q.family.Scope)
	case q.raw != "":
		g.claimed(q.raw, e)
	}
}

// IntrospectionHandler answers POST by saying how the token in the body stands
// (RFC 7662), to whoever auth knows. Callers are resource servers: auth must be
// strict, as Clients.Authenticate is, because whoever may ask may try tokens
// (RFC 7662 section 4). A nil auth panics. The answer is never to be stored; 503
// says that nobody can tell now, which is no reason to take a token for bad.
func (i *Issuer) IntrospectionHandler(auth ClientAuth) http.Handler {
	mustAuthenticate("IntrospectionHandler", auth)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := i.receive(w, r, event.Introspected)
		if c == nil || !c.authenticate(auth) {
			return
		}
		raw := c.form.Get("token")
		if raw == "" {
			c.invalid("no token")
			return
		}
		answer, err := i.Introspect(r.Context(), raw, c.m)
		if err != nil {
			i.refused(w, err, "")
			return
		}
		writeJSON(w, http.StatusOK, answer)
	})
}
