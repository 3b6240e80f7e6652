package guard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Revoke takes tokens back: r says which, why and at whose wish. When it returns
// nil, guards of this process refuse them from the next request on, if their
// Store is a Watcher, and all others within their poll time.
//
// Where r.Until is zero it becomes the time at which the last such token of this
// Issuer expires, except for a key, and for a guard that takes tokens which never
// do (Config.NoExpiry). The error is an *Error when the Store could
// not be asked; nothing is revoked then.
func (i *Issuer) Revoke(ctx context.Context, r Revocation) error {
	return i.revoke(ctx, r, Meta{}, nil)
}

// revoke revokes and records. describe writes what is known of the token, and may
// be nil.
func (i *Issuer) revoke(ctx context.Context, r Revocation, m Meta, describe func(*event.Event)) error {
	now := i.g.now()
	if err := r.Check(); err != nil {
		i.failed(event.RevocationFailed, refuse(event.ReasonBadClaim), &m, now, describe)
		return err
	}
	if r.Subject != "" && r.Before.IsZero() {
		r.Before = now
	}
	if r.Until.IsZero() && r.KeyID == "" && !i.g.policy.noExpiry {
		last := now // when the last of these tokens is issued
		if r.Before.After(now) {
			last = r.Before
		}
		r.Until = last.Add(i.access + i.g.policy.leeway)
	}
	kind, reason := event.Revoked, event.Reason(0)
	err := i.store.Revoke(ctx, r)
	if err != nil {
		kind, reason = event.RevocationFailed, event.ReasonStoreUnavailable
	}
	rec := i.g.rec.fact(kind, reason, now)
	m.describe(&rec.Event)
	if describe != nil {
		describe(&rec.Event)
	} else {
		rec.Verified = true // what is revoked is named by us, not by a token that nobody checked
		rec.UserID, rec.TokenID, rec.KeyID = event.Scrub(r.Subject), event.Scrub(r.JTI), event.Scrub(r.KeyID)
	}
	if r.Session != "" {
		rec.Family = i.g.rec.prints.Text(r.Session)
	}
	rec.Issuer = i.issuer
	rec.RevocationReason, rec.RevocationActor = event.Scrub(r.Reason), event.Scrub(r.Actor)
	i.g.rec.send(rec)
	if err != nil {
		return &Error{Reason: event.ReasonStoreUnavailable, Status: http.StatusServiceUnavailable, Err: fmt.Errorf("revocation: %w", err)}
	}
	return nil
}

// RevokeToken revokes the token raw, an access or a refresh token of this Issuer
// (RFC 7009 section 2.1): the one by its id, the other with its whole family. A
// token that is unknown, or good no longer, is no error, but is recorded.
//
// Where m.ClientID is set, the token must have been issued to that client or to
// none; otherwise the error is an *Error of binding_mismatch. One of
// cross_token_use means that it is no access or refresh token.
func (i *Issuer) RevokeToken(ctx context.Context, raw, reason string, m Meta) error {
	now := i.g.now()
	if family, counter, why := i.refresh.read(raw); why == 0 {
		if i.g.canaries.marks(family) {
			q := &inquiry{i: i, raw: raw, family: Family{ID: family}, counter: counter}
			i.failed(event.RevocationFailed, refuse(event.ReasonCanary), &m, now, q.describe)
			return nil
		}
		f, err := i.familyOf(ctx, family)
		q := &inquiry{i: i, raw: raw, family: f, counter: counter}
		switch {
		case err != nil:
			return i.failed(event.RevocationFailed, refuse(event.ReasonStoreUnavailable), &m, now, q.describe)
		case !allowed(m.ClientID, f.ClientID):
			return i.failed(event.RevocationFailed, refuse(event.ReasonBindingMismatch), &m, now, q.describe)
		}
		return i.revoke(ctx, Revocation{Session: family, Reason: reason, Actor: m.Actor}, m, q.describe)
	} else if strings.Count(raw, ".") != 2 {
		i.failed(event.RevocationFailed, refuse(why), &m, now, nil)
		return nil
	}
	q := &inquiry{i: i, raw: raw}
	e, why := i.g.verifySafely(ctx, raw, now)
	if e != nil {
		q.token = &Token{e, raw}
	}
	switch {
	case why == 0 && e.issuer != i.issuer:
		why = event.ReasonBadIssuer
	case why == 0 && !allowed(m.ClientID, q.token.ClientID()):
		return i.failed(event.RevocationFailed, refuse(event.ReasonBindingMismatch), &m, now, q.describe)
	}
	if why != 0 {
		err := i.failed(event.RevocationFailed, refuse(why), &m, now, q.describe)
		if err.Status >= http.StatusInternalServerError || why == event.ReasonCrossTokenUse {
			return err
		}
		return nil
	}
	r := Revocation{Reason: reason, Actor: m.Actor, Until: i.lastUse(q.token)}
	r.name(q.token)
	return i.revoke(ctx, r, m, q.describe)
}

// lastUse is how long a token has to stay revoked: for ever where it does not
// expire.
func (i *Issuer) lastUse(t *Token) time.Time {
	if t.Expires().IsZero() {
		return time.Time{}
	}
	return t.Expires().Add(i.g.policy.leeway)
}

// allowed reports whether a client may revoke what was issued to owner: what is
// its own, and what is nobody's. Without a client it is the service that asks.
func allowed(client, owner string) bool {
	return client == "" || owner == "" || client == owner
}

// familyOf gives what the Store tells of a family: its id alone where there is
// none, or where the Store is no FamilyReader.
func (i *Issuer) familyOf(ctx context.Context, id string) (Family, error) {
	if r, ok := i.store.(FamilyReader); ok {
		if f, found, err := r.Family(ctx, id); found || err != nil {
			f.ID = id
			return f, err
		}
	}
	return Family{ID: id}, nil
}

// name makes r name the one token t.
func (r *Revocation) name(t *Token) {
	if id := t.ID(); id != "" {
		r.JTI, r.Issuer = id, t.Issuer()
		return
	}
	r.Identity = TokenIdentity(t.raw)
}

// errSessionless is returned by Logout for a token that belongs to no session.
var errSessionless = errors.New("logout: the token has neither sid nor jti")

// Logout ends the session that t belongs to: its access tokens are refused with
// session_ended, and its refresh tokens no longer work.
func (i *Issuer) Logout(ctx context.Context, t *Token, m Meta) error {
	r := Revocation{
		Session: t.SessionID(), Issuer: t.Issuer(), Cause: event.ReasonSessionEnded,
		Reason: "logout", Actor: t.Subject(),
	}
	if t.SessionID() == "" {
		r.JTI, r.Until = t.ID(), i.lastUse(t)
		if t.ID() == "" {
			i.failed(event.RevocationFailed, refuse(event.ReasonMissingClaim), &m, i.g.now(), t.describe)
			return errSessionless
		}
	}
	return i.logout(ctx, r, m, t.describe)
}

// logoutFamily is Logout for the session of a refresh token, the error of one
// that was not made here included.
func (i *Issuer) logoutFamily(ctx context.Context, raw string, m Meta) error {
	id, counter, why := i.refresh.read(raw)
	if why != 0 {
		return i.failed(event.RevocationFailed, refuse(why), &m, i.g.now(), nil)
	}
	f, err := i.familyOf(ctx, id)
	q := &inquiry{i: i, raw: raw, family: f, counter: counter}
	if err != nil {
		return i.failed(event.RevocationFailed, refuse(event.ReasonStoreUnavailable), &m, i.g.now(), q.describe)
	}
	r := Revocation{Session: id, Issuer: i.issuer, Cause: event.ReasonSessionEnded, Reason: "logout", Actor: f.Subject}
	return i.logout(ctx, r, m, q.describe)
}

func (i *Issuer) logout(ctx context.Context, r Revocation, m Meta, describe func(*event.Event)) error {
	if err := i.revoke(ctx, r, m, describe); err != nil {
		return err
	}
	rec := i.g.rec.fact(event.Logout, 0, i.g.now())
	m.describe(&rec.Event)
	describe(&rec.Event)
	i.g.rec.send(rec)
	return nil
}
