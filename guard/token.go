package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// A Token is a verified token as one request brought it. It cannot be changed;
// Decode gives each caller a copy of the claims of its own. Like the request it
// is not for keeping: it holds the encoded token.
type Token struct {
	*entry
	raw string
}

// Subject is the claim sub.
func (t *Token) Subject() string { return t.text(textSubject) }

// Issuer is the claim iss.
func (t *Token) Issuer() string { return t.issuer }

// ID is the claim jti.
func (t *Token) ID() string { return t.text(textID) }

// SessionID is the claim sid: the refresh family, for tokens of an Issuer.
func (t *Token) SessionID() string { return t.text(textSession) }

// ClientID is the claim client_id (RFC 8693), or azp where there is none.
func (t *Token) ClientID() string { return t.text(textClient) }

// Audience is the claim aud. It must not be changed.
func (t *Token) Audience() []string { return t.audience }

// Scopes gives the values of scope or, where there is none, of scp.
func (t *Token) Scopes() []string { return strings.Fields(t.text(textScope)) }

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

// NotBefore is the claim nbf, and the zero time without one.
func (t *Token) NotBefore() time.Time { return instant(t.notBefore) }

// HasScope reports whether scope holds the value, as a whole word.
func (t *Token) HasScope(value string) bool {
	for s := range strings.FieldsSeq(t.text(textScope)) {
		if s == value {
			return true
		}
	}
	return false
}

// Bound reports whether the token was bound to a key, which the client has then
// shown (BindingConfig).
func (t *Token) Bound() bool { return t.bound != 0 }

// Format prints "[token]" for every verb: claims are nobody's business but the
// handler's.
func (Token) Format(s fmt.State, _ rune) { io.WriteString(s, "[token]") }

// LogValue gives "[token]".
func (Token) LogValue() slog.Value { return slog.StringValue("[token]") }

// Decode decodes the claims into v, as encoding/json does.
func (t *Token) Decode(v any) error {
	text, err := strict.DecodeString(middle(t.raw))
	if err != nil {
		return err // not of a token that was verified
	}
	return json.Unmarshal(text, v)
}

// member gives one claim as it is written.
func (t *Token) member(name string) (value string, ok bool) {
	text, _ := strict.DecodeString(middle(t.raw))
	return member(string(text), name)
}

// middle is the payload of a compact JWS.
func middle(raw string) string {
	return raw[strings.IndexByte(raw, '.')+1 : max(strings.LastIndexByte(raw, '.'), 0)]
}

// member gives the value of a member of a JSON object as it is written.
func member(text, name string) (value string, ok bool) {
	eachMember(text, func(n, v string) {
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
	if x == nil || x.token.entry == nil {
		return nil, false
	}
	return &x.token, true
}

// NewContext gives a context in which FromContext and Claims find t: for
// interceptors and servers of other protocols, after Check. Verify and its like do
// it by themselves.
func NewContext(ctx context.Context, t *Token) context.Context {
	return (*scope)(&exchange{Context: ctx, token: *t})
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
