package guard

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Refresh exchanges a refresh token for its successor and a new access token
// (RFC 9700 section 4.14.2). A token that was exchanged already is theft, or its
// cure: the whole family is revoked, its access tokens too. Only the same client
// may present it once more within the grace time, and gets the same successor.
//
// m.ClientID must be the client that the family was issued to, and m.Proof or
// m.Certificate show the key that the family is bound to, where it is. scope
// narrows the new access token to some of the family's values; the refresh token
// keeps them all (RFC 6749 section 6). Asking for more is refused with
// scope_insufficient, and the refresh token stays good. The error is an *Error.
func (i *Issuer) Refresh(ctx context.Context, raw string, m Meta, scope ...string) (Pair, error) {
	g := i.g
	now := g.now()
	a := &attempt{i: i, raw: raw, m: &m, now: now, scope: scope}
	if g.blocked(m.Address.Unmap(), now) > 0 {
		g.recordLimited(&origin{meta: &m, addr: m.Address.Unmap()}, now)
		return Pair{}, refuse(event.ReasonRateLimited)
	}
	family, counter, why := i.refresh.read(raw)
	if why != 0 {
		return Pair{}, a.fail(why)
	}
	a.family, a.counter = family, counter
	if g.canaries.marks(family) {
		return Pair{}, a.fail(event.ReasonCanary)
	}
	if i.limit != nil && i.limit.take(i.limit.text(family), now) > 0 {
		a.limited()
		return Pair{}, refuse(event.ReasonRateLimited)
	}
	shown, e := i.shown(ctx, &m, now)
	if e == nil && g.binding.required && len(shown) == 0 {
		e = badProof(event.ReasonBindingMismatch, "the client showed no key")
	}
	if e != nil {
		return Pair{}, a.refuse(e)
	}
	if _, err := i.signer(now); err != nil { // to be known before the family has moved on
		return Pair{}, a.fail(event.ReasonKeyUnavailable)
	}
	step := Advance{
		Family: family, Counter: counter, ClientID: m.ClientID, Confirm: shown,
		Client: i.refresh.client(m.ClientID, m.UserAgent), Grace: i.grace, Now: now,
	}
	if why := a.reach(ctx, step); why != 0 {
		return Pair{}, a.fail(why)
	}
	out, err := i.store.Advance(ctx, step)
	if err != nil {
		return Pair{}, a.fail(event.ReasonStoreUnavailable)
	}
	a.found = &out.Family
	switch out.State {
	case Rotated, Retried:
	case Reused:
		a.reused()
		return Pair{}, refuse(event.ReasonRefreshReuse)
	case Mismatched:
		return Pair{}, a.refuse(out.Family.mismatch(m.ClientID))
	default:
		return Pair{}, a.fail(out.State.reason())
	}
	if len(scope) > 0 {
		if !within(scope, out.Family.Scope) {
			return Pair{}, a.fail(event.ReasonScopeInsufficient)
		}
		out.Family.Scope = slices.DeleteFunc(slices.Clone(out.Family.Scope), func(s string) bool { return !slices.Contains(scope, s) })
	}
	out.Family.Confirm = out.Family.bind(shown)
	pair, err := i.pair(&out.Family, true, now)
	if err != nil {
		return Pair{}, a.fail(event.ReasonInternalError)
	}
	kind := event.RefreshOK
	if out.State == Retried {
		kind = event.RefreshRetry
	}
	rec := g.rec.fact(kind, 0, now)
	m.describe(&rec.Event)
	i.describe(&rec.Event, &out.Family, pair)
	rec.Use = event.Refresh
	rec.Parent = g.rec.prints.Text(raw)
	rec.Fingerprint = g.rec.prints.Text(pair.Refresh.Reveal())
	g.rec.send(rec)
	return pair, nil
}

// reach looks whether the family's scope reaches as far as is asked, before the
// step is taken: a family's scope never changes, so that nothing can happen in
// between. What else is wrong with the token is for the step to find.
func (a *attempt) reach(ctx context.Context, step Advance) event.Reason {
	r, ok := a.i.store.(FamilyReader)
	if len(a.scope) == 0 || !ok {
		return 0
	}
	f, found, err := r.Family(ctx, step.Family)
	switch {
	case err != nil:
		return event.ReasonStoreUnavailable
	case !found || within(a.scope, f.Scope):
		return 0
	}
	a.found = &f
	after := f
	switch step.Judge(&after) {
	case Rotated, Retried:
		return event.ReasonScopeInsufficient
	}
	return 0
}

// within reports whether all values of scope are among granted.
func within(scope, granted []string) bool {
	return !slices.ContainsFunc(scope, func(s string) bool { return !slices.Contains(granted, s) })
}

// An attempt is a refresh that may fail, with what is known of it so far.
type attempt struct {
	i       *Issuer
	raw     string
	m       *Meta
	now     time.Time
	scope   []string // asked for; empty means all of the family's
	family  string   // set once the MAC held
	counter uint64
	found   *Family // set once the Store was asked; without an ID when it knew none
}

func (a *attempt) describe(e *event.Event) {
	prints := a.i.g.rec.prints
	a.m.describe(e)
	e.Use = event.Refresh
	if a.raw != "" {
		e.Fingerprint = prints.Text(a.raw)
	}
	e.ClientID = event.Scrub(a.m.ClientID)
	if a.family != "" {
		e.Verified = true
		e.Family, e.Generation = prints.Text(a.family), int64(a.counter)
		e.Issuer = a.i.issuer
	}
	if a.found != nil && a.found.ID != "" {
		e.UserID = event.Scrub(a.found.Subject)
		if e.ClientID == "" {
			e.ClientID = event.Scrub(a.found.ClientID)
		}
	}
}

func (a *attempt) fail(why event.Reason) *Error { return a.refuse(refuse(why)) }

func (a *attempt) refuse(e *Error) *Error {
	kind := event.RefreshFailed
	if e.Reason == event.ReasonReplayed {
		kind = event.Replayed
	}
	return a.i.failed(kind, e, a.m, a.now, func(v *event.Event) {
		a.describe(v)
		switch {
		case e.Reason == event.ReasonScopeInsufficient:
			v.ScopeRequired = event.ScrubAll(a.scope)
		case e.Reason == event.ReasonExpired && a.found != nil:
			v.Detail = a.found.lapse(a.now)
		}
	})
}

// reused records the reuse and the revocation, which the Store did in one step.
func (a *attempt) reused() {
	g := a.i.g
	g.charge(a.m.Address.Unmap(), refuse(event.ReasonRefreshReuse), a.now)
	for _, kind := range []event.Kind{event.RefreshReuse, event.FamilyRevoked} {
		rec := g.rec.fact(kind, event.ReasonRefreshReuse, a.now)
		a.describe(&rec.Event)
		if kind == event.FamilyRevoked {
			rec.Outcome = event.Success
			rec.RevocationReason = "refresh token reuse"
		}
		g.rec.send(rec)
	}
}

func (a *attempt) limited() {
	g := a.i.g
	rec := g.rec.flood(event.RateLimited, event.ReasonRateLimited, a.m.Address, a.now)
	if rec == nil {
		return
	}
	a.describe(&rec.Event)
	rec.RateLimit, rec.RateWindow = int64(a.i.limits.Failures), int64(a.i.limits.Window/time.Second)
	rec.Status = http.StatusTooManyRequests
	g.rec.send(rec)
}
