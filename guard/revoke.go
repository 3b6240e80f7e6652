package guard

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jotsight/jotsight/guard/event"
)

// Revoke takes tokens back: r says which, why and at whose wish. When it returns
// nil, guards of this process refuse them from the next request on, if their
// Store is a Watcher, and all others within their poll time.
//
// Where r.Until is zero it becomes the time at which the last such token of this
// Issuer expires, except for a key. The error is an *Error when the Store could
// not be asked; nothing is revoked then.
func (i *Issuer) Revoke(ctx context.Context, r Revocation) error {
	return i.revoke(ctx, r, Meta{}, nil)
}

// revoke revokes and records. t is the token in question, where there is one.
func (i *Issuer) revoke(ctx context.Context, r Revocation, m Meta, t *Token) error {
	now := i.g.now()
	if err := r.Check(); err != nil {
		return err
	}
	if r.Until.IsZero() && r.KeyID == "" {
		r.Until = now.Add(i.access + i.g.policy.leeway)
	}
	if r.Subject != "" && r.Before.IsZero() {
		r.Before = now
	}
	kind, reason := event.Revoked, event.Reason(0)
	err := i.store.Revoke(ctx, r)
	if err != nil {
		kind, reason = event.RevocationFailed, event.ReasonStoreUnavailable
	}
	rec := i.g.rec.fact(kind, reason, now)
	m.describe(&rec.Event)
	if t != nil {
		t.describe(&rec.Event)
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
// token that is unknown, or good no longer, is no error.
func (i *Issuer) RevokeToken(ctx context.Context, raw, reason string, m Meta) error {
	r := Revocation{Reason: reason, Actor: m.Actor}
	if family, _, why := i.refresh.read(raw); why == 0 {
		r.Session = family
		return i.revoke(ctx, r, m, nil)
	}
	e, why := i.g.verifySafely(ctx, raw, i.g.now())
	switch {
	case why == event.ReasonKeyUnavailable || why == event.ReasonVerifierTimeout || why == event.ReasonInternalError:
		return refuse(why)
	case e == nil || why != 0:
		return nil
	}
	t := &Token{e, raw}
	r.name(t)
	r.Until = t.Expires().Add(i.g.policy.leeway)
	return i.revoke(ctx, r, m, t)
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
		r.JTI, r.Until = t.ID(), t.Expires().Add(i.g.policy.leeway)
		if t.ID() == "" {
			return errSessionless
		}
	}
	if err := i.revoke(ctx, r, m, t); err != nil {
		return err
	}
	rec := i.g.rec.fact(event.Logout, 0, i.g.now())
	m.describe(&rec.Event)
	t.describe(&rec.Event)
	i.g.rec.send(rec)
	return nil
}
