package guard

import (
	"context"
	"crypto/rand"
	hexenc "encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard/event"
)

// IssuerConfig is everything an Issuer can be told. A zero field means its
// documented default.
type IssuerConfig struct {
	// Guard verifies what the Issuer signs. Events, limits, fingerprints, the
	// clock and the address of clients are its. Required.
	Guard *Guard
	// Key signs: an HMAC secret, *rsa.PrivateKey, *ecdsa.PrivateKey or
	// ed25519.PrivateKey, with the kid by which the guard knows it. Required,
	// unless the guard's Keys are a Keyring: then that signs.
	Key Key
	// Algorithm is the alg. The default is Key.Algorithm or else follows from the
	// key: HS256, RS256, EdDSA, or the one ECDSA algorithm of its curve.
	Algorithm string
	// Store keeps refresh families and revocations. The default is the guard's,
	// and another one must reach that guard somehow.
	Store Store
	// Issuer and Audience are iss and aud. The default is the first issuer and
	// the whole audience of the guard.
	Issuer   string
	Audience []string
	// AccessLifetime is how long an access token is good; the default is 15 min.
	// RefreshLifetime ends a family however often it is refreshed; the default is
	// 30 days. IdleLifetime ends one that is not; the default is 7 days.
	AccessLifetime  time.Duration
	RefreshLifetime time.Duration
	IdleLifetime    time.Duration
	// Grace is how long a refresh token may be presented again by the same
	// client, because the answer may have been lost: it then gets the same
	// successor. The default is 10 s; a negative value means none.
	Grace time.Duration
	// RefreshKey authenticates refresh tokens, at least 32 bytes. The default is
	// derived from Key where that is an HMAC secret. It does not change with the
	// keys of a Keyring.
	RefreshKey []byte
	// Clients says which client refreshes with a token from the body. Nil lets
	// clients name themselves (client_id), which is right where none has a secret.
	Clients ClientAuth
	// Cookie lets browser apps keep their refresh token in a cookie: see
	// RefreshHandler, LogoutHandler and RespondCookie. Nil means that none does.
	Cookie *RefreshCookie
	// Limit bounds the refreshes of one family, good ones too. The default is 12
	// a minute. Failures count against the address in the guard's own limit.
	Limit LimitConfig
}

// An Issuer issues, refreshes and revokes tokens and writes down each of these
// acts. Its methods may be called from many goroutines at once.
type Issuer struct {
	g        *Guard
	only     signer   // where there is no ring
	ring     *Keyring // of the guard
	store    Store
	issuer   string
	audience []string
	access   time.Duration
	lifetime time.Duration
	idle     time.Duration
	grace    time.Duration
	refresh  refreshKey
	clients  ClientAuth     // nil when clients name themselves
	cookie   *refreshCookie // nil when there is none
	proofs   *replay        // that came with requests for tokens
	limit    *limiter       // nil when disabled
	limits   LimitConfig
}

// NewIssuer checks c as a whole and names every field that cannot be right. It
// signs one token and has the guard verify it, so that a key, a kid or a name on
// which the two do not agree is found at the start.
func NewIssuer(c IssuerConfig) (*Issuer, error) {
	var wrong []error
	bad := func(field, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%s: %w", field, fmt.Errorf(format, args...)))
	}
	if c.Guard == nil {
		return nil, errors.New("guard: issuer configuration: Guard: missing")
	}
	g := c.Guard
	orDefault(&c.AccessLifetime, 15*time.Minute)
	ring := ringOf(g.keys)
	only := c.judgeSigning(ring, bad)
	if c.Store == nil && g.replica != nil {
		c.Store = g.replica.store
	}
	if c.Store == nil {
		bad("Store", "missing, and the guard has none in Revocation.Store")
	}
	if c.Issuer == "" && len(g.policy.issuers) > 0 {
		c.Issuer = g.policy.issuers[0]
	}
	if c.Issuer == "" {
		bad("Issuer", "missing, and the guard takes any")
	}
	if len(c.Audience) == 0 {
		c.Audience = g.policy.audience
	}
	if secret, ok := c.Key.Material.([]byte); ok && len(c.RefreshKey) == 0 {
		c.RefreshKey = derive(secret, "jotsight refresh token key")
	}
	if len(c.RefreshKey) < minSecret {
		bad("RefreshKey", "%d bytes; at least %d are needed", len(c.RefreshKey), minSecret)
	}
	var cookie *refreshCookie
	if c.Cookie != nil {
		cookie = c.Cookie.open(bad)
	}
	for field, d := range map[string]time.Duration{
		"AccessLifetime": c.AccessLifetime, "RefreshLifetime": c.RefreshLifetime, "IdleLifetime": c.IdleLifetime,
		"Limit.Failures": time.Duration(c.Limit.Failures), "Limit.Window": c.Limit.Window,
	} {
		if d < 0 {
			bad(field, "negative")
		}
	}
	if len(wrong) > 0 {
		slices.SortStableFunc(wrong, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, fmt.Errorf("guard: issuer configuration: %w", errors.Join(wrong...))
	}
	orDefault(&c.RefreshLifetime, 30*24*time.Hour)
	orDefault(&c.IdleLifetime, 7*24*time.Hour)
	orDefault(&c.Grace, 10*time.Second)
	orDefault(&c.Limit.Failures, 12)
	orDefault(&c.Limit.Window, time.Minute)
	i := &Issuer{
		g: g, only: only, ring: ring, store: c.Store, issuer: c.Issuer, audience: slices.Clone(c.Audience),
		access: c.AccessLifetime, lifetime: c.RefreshLifetime, idle: c.IdleLifetime, grace: max(c.Grace, 0),
		proofs: newReplay(g.binding.most), refresh: slices.Clone(c.RefreshKey), clients: c.Clients, cookie: cookie,
		limits: c.Limit,
	}
	if !c.Limit.Disabled {
		i.limit = newLimiter(c.Limit.Failures, c.Limit.Window)
	}
	if err := i.agree(); err != nil {
		return nil, fmt.Errorf("guard: issuer configuration: %w", err)
	}
	return i, nil
}

// A Grant is what a token is issued for.
type Grant struct {
	Subject  string // sub; required
	ClientID string
	Audience []string // the default is IssuerConfig.Audience
	Scope    []string
	// Extra are further claims. They cannot replace those that the Issuer sets.
	// Whatever stands in a token can be read by whoever holds it.
	Extra map[string]any
	// NoRefresh issues an access token alone.
	NoRefresh bool
	// Confirm binds the tokens to a key of the client: what Issuer.Confirm or
	// ConfirmCertificate gave. The access token is then good only with that key,
	// and so is every refresh token of the family.
	Confirm string
	// Rekey lets the client refresh with another key of the same kind, to which
	// the next access token is then bound: for clients that authenticate
	// themselves (RFC 9449 section 5, RFC 8705 section 4).
	Rekey bool
	// Meta says who asks. Meta.Actor is the authenticated cause of the issuance:
	// the user who logged in, the client that showed its secret. A monitor takes
	// one without an actor for unauthenticated.
	Meta Meta
}

// A Pair is an access token and the refresh token that gets the next one. It
// prints without either; Respond writes the answer to a client.
type Pair struct {
	Access  event.Raw
	Refresh event.Raw // zero where Grant.NoRefresh was set
	TokenID string    // jti of the access token
	Session string    // its sid, the refresh family
	Expires time.Time // of the access token
	Scope   []string
	Type    string // token_type: Bearer, or DPoP for one that is bound to a key of proofs

	lifetime time.Duration
	client   string
	ends     time.Time // when the refresh token expires by itself
	alg, kid string    // what signed the access token
}

// Respond writes the answer of a token endpoint (RFC 6749 section 5.1).
func (p Pair) Respond(w http.ResponseWriter) error {
	body := struct {
		Access  string `json:"access_token"`
		Type    string `json:"token_type"`
		Expires int64  `json:"expires_in"`
		Refresh string `json:"refresh_token,omitempty"`
		Scope   string `json:"scope,omitempty"`
	}{p.Access.Reveal(), p.Type, int64(p.lifetime / time.Second), p.Refresh.Reveal(), strings.Join(p.Scope, " ")}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	return json.NewEncoder(w).Encode(body)
}

// reserved are the claims that an Issuer sets.
var reserved = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "client_id", "scope", "cnf"}

// Issue issues a token for g and begins a refresh family, unless g wants none.
// The error is an *Error when the Store could not be asked, or every key that
// could sign is revoked.
func (i *Issuer) Issue(ctx context.Context, g Grant) (Pair, error) {
	now := i.g.now()
	f, err := i.family(g, now)
	if err != nil {
		i.issueFailed(g, event.ReasonBadClaim, now)
		return Pair{}, err
	}
	pair, err := i.pair(&f, !g.NoRefresh, now)
	if errors.Is(err, errNoKey) {
		i.issueFailed(g, event.ReasonKeyUnavailable, now)
		return Pair{}, &Error{Reason: event.ReasonKeyUnavailable, Status: http.StatusServiceUnavailable, Err: err}
	}
	if err != nil {
		i.issueFailed(g, event.ReasonInternalError, now)
		return Pair{}, err
	}
	if !g.NoRefresh {
		if g.Rekey {
			f.Confirm = f.Confirm[:strings.IndexByte(f.Confirm, ':')+1]
		}
		if err := i.store.Create(ctx, f); err != nil {
			i.issueFailed(g, event.ReasonStoreUnavailable, now)
			return Pair{}, &Error{Reason: event.ReasonStoreUnavailable, Status: http.StatusServiceUnavailable, Err: err}
		}
	}
	rec := i.g.rec.fact(event.Issued, 0, now)
	g.Meta.describe(&rec.Event)
	i.describe(&rec.Event, &f, pair)
	rec.Fingerprint, rec.BodyFingerprint = i.g.rec.prints.Token(pair.Access.Reveal())
	i.g.rec.send(rec)
	return pair, nil
}

func (i *Issuer) issueFailed(g Grant, why event.Reason, now time.Time) {
	rec := i.g.rec.flood(event.IssueFailed, why, g.Meta.Address, now)
	if rec == nil {
		return
	}
	g.Meta.describe(&rec.Event)
	rec.ClaimedSubject, rec.ClientID, rec.Issuer = event.Scrub(g.Subject), event.Scrub(g.ClientID), i.issuer
	i.g.rec.send(rec)
}

func (i *Issuer) family(g Grant, now time.Time) (Family, error) {
	if g.Subject == "" {
		return Family{}, errors.New("grant: Subject: missing")
	}
	for _, s := range g.Scope {
		if s == "" || strings.Contains(s, " ") || !quotable(s) {
			return Family{}, fmt.Errorf("grant: Scope: %q is not a scope value (RFC 6749 section 3.3)", event.Clip(event.Scrub(s), 32))
		}
	}
	switch {
	case g.Confirm != "" && claimOf(g.Confirm) == nil:
		return Family{}, errors.New("grant: Confirm: not what Issuer.Confirm or ConfirmCertificate gave")
	case g.Confirm == "" && i.g.binding.required:
		return Family{}, errors.New("grant: Confirm: missing, and the guard takes no token that is bound to nothing")
	case g.Confirm == "" && g.Rekey:
		return Family{}, errors.New("grant: Rekey: set without Confirm")
	}
	f := Family{
		Confirm: g.Confirm, Subject: g.Subject, ClientID: g.ClientID, Audience: g.Audience, Scope: g.Scope,
		Created: now, Expires: now.Add(i.lifetime), Idle: i.idle, Access: i.access + i.g.policy.leeway,
	}
	if len(f.Audience) == 0 {
		f.Audience = i.audience
	}
	for name := range g.Extra {
		if slices.Contains(reserved, name) {
			return Family{}, fmt.Errorf("grant: Extra: %q is set by the issuer", name)
		}
	}
	if len(g.Extra) > 0 {
		extra, err := json.Marshal(g.Extra)
		if err != nil {
			return Family{}, fmt.Errorf("grant: Extra: %w", err)
		}
		f.Extra = extra
	}
	var id [familyBytes]byte
	rand.Read(id[:])
	f.ID = hexenc.EncodeToString(id[:])
	return f, nil
}

// pair signs an access token for f as it stands, and makes the refresh token of
// its counter.
func (i *Issuer) pair(f *Family, refresh bool, now time.Time) (Pair, error) {
	return i.pairAs(f, rand.Text(), refresh, now, now.Add(i.access))
}

// pairAs is pair for a token of a given id and end.
func (i *Issuer) pairAs(f *Family, id string, refresh bool, now, until time.Time) (Pair, error) {
	s, err := i.signer(now)
	if err != nil {
		return Pair{}, err
	}
	raw, err := i.sign(f, s, id, now, until)
	if err != nil {
		return Pair{}, err
	}
	p := Pair{
		Access: event.NewRaw(raw), TokenID: id, Session: f.ID,
		Expires: time.Unix(until.Unix(), 0), Scope: f.Scope, Type: "Bearer", lifetime: until.Sub(now),
		client: f.ClientID, ends: f.ends(),
		alg: s.alg.name, kid: s.key.ID,
	}
	if strings.HasPrefix(f.Confirm, wordKey) {
		p.Type = "DPoP"
	}
	if refresh {
		p.Refresh = event.NewRaw(i.refresh.token(f.ID, f.Counter))
	}
	return p, nil
}

// sign signs an access token for f with the key of s.
func (i *Issuer) sign(f *Family, s *signer, id string, now, until time.Time) (string, error) {
	claims := jwt.MapClaims{}
	if len(f.Extra) > 0 {
		if err := json.Unmarshal(f.Extra, &claims); err != nil {
			return "", fmt.Errorf("extra claims: %w", err)
		}
	}
	claims["iss"], claims["sub"], claims["jti"], claims["sid"] = i.issuer, f.Subject, id, f.ID
	claims["iat"], claims["exp"] = now.Unix(), until.Unix()
	switch len(f.Audience) {
	case 0:
	case 1:
		claims["aud"] = f.Audience[0]
	default:
		claims["aud"] = f.Audience
	}
	if f.ClientID != "" {
		claims["client_id"] = f.ClientID
	}
	if len(f.Scope) > 0 {
		claims["scope"] = strings.Join(f.Scope, " ")
	}
	if cnf := claimOf(f.Confirm); cnf != nil {
		claims["cnf"] = cnf
	}
	t := jwt.NewWithClaims(s.alg.method, claims)
	t.Header["typ"] = "at+jwt"
	if s.key.ID != "" {
		t.Header["kid"] = s.key.ID
	}
	raw, err := t.SignedString(s.key.Material)
	if err != nil {
		return "", fmt.Errorf("key %q: %w", event.Scrub(s.key.ID), err)
	}
	return raw, nil
}

// describe writes what was issued for f into e.
func (i *Issuer) describe(e *event.Event, f *Family, p Pair) {
	e.Verified = true
	e.Use = event.Access
	e.UserID = event.Scrub(f.Subject)
	e.ClientID = event.Scrub(f.ClientID)
	e.Issuer = i.issuer
	e.Audience, e.Scope = event.ScrubAll(f.Audience), event.ScrubAll(f.Scope)
	e.Algorithm, e.KeyID, e.Type = p.alg, p.kid, "at+jwt"
	e.TokenID, e.Family = p.TokenID, i.g.rec.prints.Text(f.ID)
	e.Generation = int64(f.Counter)
	e.Expires = p.Expires.Unix()
	e.IssuedAt = e.Expires - int64(i.access/time.Second)
}
