package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A Token is a verified token. It is shared between all requests that bring the
// same token and cannot be changed; Decode gives each caller a copy of its own.
type Token struct {
	payload string // the claims as they were signed; the texts below are slices of it
	head    *head

	subject, issuer, id, session, client string
	audience, scopes                     []string
	expires, notBefore, issued           int64 // Unix seconds, zero for absent

	// What the cache knows of it.
	until      int64         // Unix nanoseconds: the entry is not believed after that
	keys       uint64        // generation of the keys that verified it
	revocation atomic.Uint64 // generation of the revocations it was last compared with
	use        usage
}

// Subject is the claim sub.
func (t *Token) Subject() string { return t.subject }

// Issuer is the claim iss.
func (t *Token) Issuer() string { return t.issuer }

// ID is the claim jti.
func (t *Token) ID() string { return t.id }

// SessionID is the claim sid: the refresh family, for tokens of an Issuer.
func (t *Token) SessionID() string { return t.session }

// ClientID is the claim client_id (RFC 8693), or azp where there is none.
func (t *Token) ClientID() string { return t.client }

// Audience is the claim aud. It must not be changed.
func (t *Token) Audience() []string { return t.audience }

// Scopes gives the values of scope or, where there is none, of scp.
func (t *Token) Scopes() []string { return slices.Clone(t.scopes) }

// Algorithm is the alg that verified the token.
func (t *Token) Algorithm() string { return t.head.alg.name }

// KeyID is the kid of the header.
func (t *Token) KeyID() string { return t.head.kid }

// Type is the typ of the header, as it is written.
func (t *Token) Type() string { return t.head.typ }

// Expires is the claim exp, and the zero time without one.
func (t *Token) Expires() time.Time { return instant(t.expires) }

// IssuedAt is the claim iat, and the zero time without one.
func (t *Token) IssuedAt() time.Time { return instant(t.issued) }

func instant(sec int64) time.Time {
	if sec == 0 {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}

// HasScope reports whether scope holds the value, as a whole word.
func (t *Token) HasScope(value string) bool {
	return slices.Contains(t.scopes, value)
}

// Format prints "[token]" for every verb: claims are nobody's business but the
// handler's.
func (t *Token) Format(s fmt.State, _ rune) { io.WriteString(s, "[token]") }

// LogValue gives "[token]".
func (t *Token) LogValue() slog.Value { return slog.StringValue("[token]") }

// Decode decodes the claims into v, as encoding/json does.
func (t *Token) Decode(v any) error { return json.Unmarshal([]byte(t.payload), v) }

// member gives one claim as it is written.
func (t *Token) member(name string) (value string, ok bool) {
	eachMember(t.payload, func(n, v string) {
		if n == name {
			value, ok = v, true
		}
	})
	return value, ok
}

type exchangeKey struct{}

// FromContext gives the token that the request of ctx was admitted with. There
// is none on routes that no guard covers, and on those of Optional when the
// request brought none.
func FromContext(ctx context.Context) (*Token, bool) {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	if x == nil || x.token == nil {
		return nil, false
	}
	return x.token, true
}

// ErrNoToken is what Claims returns when the request has no verified token.
var ErrNoToken = errors.New("no verified token in the context")

// Claims decodes the claims of the request's token into a fresh T.
func Claims[T any](ctx context.Context) (T, error) {
	var v T
	t, ok := FromContext(ctx)
	if !ok {
		return v, ErrNoToken
	}
	return v, t.Decode(&v)
}

// describe writes what a verified token says into e.
func (t *Token) describe(e *event.Event) {
	e.Verified = true
	e.Use = event.Access
	e.UserID = event.Scrub(t.subject)
	e.TokenID = event.Scrub(t.id)
	e.Issuer = event.Scrub(t.issuer)
	e.Audience = event.ScrubAll(t.audience)
	e.ClientID = event.Scrub(t.client)
	e.Scope = event.ScrubAll(t.scopes)
	e.Algorithm = t.head.alg.name
	e.KeyID = event.Scrub(t.head.kid)
	e.Type = event.Scrub(t.head.typ)
	e.IssuedAt, e.NotBefore, e.Expires = t.issued, t.notBefore, t.expires
	n := t.use.names()
	e.Fingerprint, e.BodyFingerprint, e.Family = n.whole, n.body, n.family
}
