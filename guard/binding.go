package guard

import (
	"context"
	"crypto/x509"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// BindingConfig says how tokens are checked that are bound to a key of their
// client, so that a copy alone is worth nothing: by DPoP (RFC 9449, cnf.jkt) or
// by a TLS client certificate (RFC 8705, cnf.x5t#S256). Whoever issues the token
// decides that; a guard checks every token that has a cnf, on every request, and
// refuses one whose cnf it cannot check. Others cost nothing.
type BindingConfig struct {
	// Required refuses tokens that are bound to nothing.
	Required bool
	// Algorithms are those that DPoP proofs may be signed with. The default is
	// every one with public keys.
	Algorithms []string
	// MaxAge is how old a proof may be, by its iat and with Config.Leeway on top.
	// The default is 5 min.
	MaxAge time.Duration
	// BaseURL is how clients address this service, "https://api.example": what
	// stands in front of the path of a request. The default is what the request
	// says of itself, the scheme of its connection and its Host. Set it behind a
	// proxy that speaks another scheme or host, and wherever a request may come
	// with any Host: a proof that was made for another service would then do.
	BaseURL string
	// URL gives the whole URL as the client addressed it, where BaseURL does not
	// do. Its query is ignored.
	URL func(*http.Request) string
	// Certificate finds the certificate of the client. The default is the one of
	// the TLS connection. Behind a proxy that ends TLS, read what the proxy passes
	// on, and make sure that it takes out what clients send by that name.
	Certificate func(*http.Request) *x509.Certificate
	// NonceKey, at least 32 bytes and the same in all processes of a service,
	// makes the guard ask for a nonce in every proof (RFC 9449 section 9), so that
	// proofs cannot be made in advance. The default asks for none.
	NonceKey []byte
	// NonceAge is how long a nonce is good. The default is 5 min.
	NonceAge time.Duration
	// Proofs is how many proofs are remembered, to refuse them the second time.
	// The default is 262,144, which is 16 MB when full; nothing is held before
	// proofs come. When it is full, MaxAge shortens to what fits: more than 800 proofs a
	// second, with the default MaxAge. An Issuer remembers as many of its own.
	Proofs int
	// Memory remembers proofs for several processes, instead. Without one, a proof
	// could be used once in each.
	Memory ProofMemory
}

// Defaults of BindingConfig.
const (
	defaultProofAge = 5 * time.Minute
	defaultNonceAge = 5 * time.Minute
	defaultProofs   = 1 << 18
)

// complete fills in defaults and names every field that cannot be right.
func (c *BindingConfig) complete(bad func(field, format string, args ...any)) {
	for _, name := range c.Algorithms {
		if proofAlgorithms[name] == nil {
			bad("Binding.Algorithms", "%q is not one that proofs can be signed with", event.Clip(name, 32))
		}
	}
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		switch {
		case err != nil || canonicalURL(c.BaseURL) == "" || u.RawQuery != "" || u.Fragment != "":
			bad("Binding.BaseURL", "not an http or https URL without query and fragment")
		case c.URL != nil:
			bad("Binding.URL", "contradicts BaseURL")
		}
	}
	if n := len(c.NonceKey); n > 0 && n < minSecret {
		bad("Binding.NonceKey", "%d bytes; at least %d are needed", n, minSecret)
	}
	if c.NonceAge != 0 && len(c.NonceKey) == 0 {
		bad("Binding.NonceAge", "set without NonceKey")
	}
	if c.Proofs != 0 && c.Memory != nil {
		bad("Binding.Proofs", "contradicts Memory")
	}
	for field, n := range map[string]int64{
		"Binding.MaxAge": int64(c.MaxAge), "Binding.NonceAge": int64(c.NonceAge), "Binding.Proofs": int64(c.Proofs),
	} {
		if n < 0 {
			bad(field, "negative")
		}
	}
	orDefault(&c.MaxAge, defaultProofAge)
	orDefault(&c.NonceAge, defaultNonceAge)
	orDefault(&c.Proofs, defaultProofs)
	if c.Certificate == nil {
		c.Certificate = peerCertificate
	}
}

// peerCertificate is the client's certificate of a TLS connection. Its holder
// has shown the key in the handshake, whoever signed it.
func peerCertificate(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

// A binding checks what shows that a client holds the key of its token.
type binding struct {
	required    bool
	allowed     map[string]*algorithm
	algs        string // for challenges
	age, leeway time.Duration
	base        string
	url         func(*http.Request) string
	certificate func(*http.Request) *x509.Certificate
	nonces      *nonces // nil where none are asked for
	most        int
	memory      ProofMemory // nil for seen
	seen        *replay
}

func newBinding(c BindingConfig, leeway time.Duration) *binding {
	b := &binding{
		required: c.Required, age: c.MaxAge, leeway: leeway, base: strings.TrimSuffix(c.BaseURL, "/"), url: c.URL,
		certificate: c.Certificate, most: c.Proofs, memory: c.Memory, seen: newReplay(c.Proofs),
	}
	if b.allowed = proofAlgorithms; len(c.Algorithms) > 0 {
		b.allowed = make(map[string]*algorithm)
		for _, name := range c.Algorithms {
			b.allowed[name] = proofAlgorithms[name]
		}
	}
	b.algs = strings.Join(slices.Sorted(maps.Keys(b.allowed)), " ")
	if len(c.NonceKey) > 0 {
		b.nonces = &nonces{slices.Clone(c.NonceKey), c.NonceAge}
	}
	return b
}

// unbound refuses a token for the way in which it is bound, or is not.
func (b *binding) unbound(detail string, dpop bool) *Error {
	e := badProof(event.ReasonBindingMismatch, detail)
	if e.code = ""; dpop {
		e.code, e.algs = invalidToken, b.algs
	}
	return e
}

// challenge makes an error one that is answered with a challenge for DPoP. A 401
// has no code where no token was tried (RFC 6750 section 3.1).
func (b *binding) challenge(e *Error) *Error {
	c := *e
	if c.algs = b.algs; c.Reason != event.ReasonMissing && c.Reason != event.ReasonBadScheme {
		c.code = invalidToken
	}
	return &c
}

func (e *Error) challenge() string {
	if e.code == "" {
		return `DPoP algs="` + e.algs + `"`
	}
	return `DPoP error="` + e.code + `", algs="` + e.algs + `"`
}

// confirm checks that whoever sent a token holds the key that it is bound to. It
// is asked on every request, for tokens from the cache too: a proof is for one
// request. Tokens that are bound to nothing pass with a glance.
func (g *Guard) confirm(ctx context.Context, o *origin, raw string, e *entry, now time.Time) *Error {
	if e.bound == 0 && !o.dpop && !g.binding.required {
		return nil
	}
	if o.r != nil {
		if x, _ := ctx.Value(exchangeKey{}).(*exchange); x != nil && x.g == g && x.token.raw == raw {
			return nil // an outer middleware of this guard has admitted this request, and its proof is used up
		}
	}
	return g.binding.check(ctx, o, raw, e, now)
}

func (b *binding) check(ctx context.Context, o *origin, raw string, e *entry, now time.Time) *Error {
	value, _ := (&Token{e, raw}).member("cnf")
	var c confirm
	if e.bound != 0 {
		c, _ = readConfirm(value)
	}
	switch {
	case c.methods == 0 && o.dpop:
		return b.unbound("the token is bound to no key, and came as if it were", true) // RFC 9449 section 7.1
	case c.methods == 0:
		return b.unbound("the token is bound to no key", true)
	case c.methods == byOther:
		return b.unbound("cnf names no way of binding that can be checked", o.dpop)
	case c.methods&byKey == 0 && o.dpop:
		return b.unbound("the token is bound to no key of proofs, and came as if it were", true)
	}
	if c.methods&byCertificate != 0 {
		switch cert := o.certificate(b); {
		case cert == nil:
			return b.unbound("the client showed no certificate", o.dpop)
		case certificateHash(cert) != c.x5t:
			return b.unbound("the token is bound to another certificate", o.dpop)
		}
	}
	if c.methods&byKey == 0 {
		return nil
	}
	if !o.dpop {
		return b.unbound("a token that is bound to a key of proofs came without the scheme DPoP", true)
	}
	_, bad := b.take(ctx, &presented{proof: o.proof(), method: o.method(), url: o.url(b), token: raw, jkt: c.jkt}, b.seen, now, &o.nonce)
	return bad
}

// A presented is a proof with what it must be for.
type presented struct {
	proof, method, url string
	token, jkt         string // empty at a token endpoint
}

// take checks a proof and uses it up. Where the client is to use another nonce
// from now on, that is set, also beside an error.
func (b *binding) take(ctx context.Context, q *presented, seen *replay, now time.Time, nonce *string) (*proof, *Error) {
	p, e := b.judge(q, now)
	if e == nil && b.nonces != nil {
		ok, renew := b.nonces.check(p.nonce, now)
		if renew {
			*nonce = b.nonces.next(now)
		}
		switch {
		case ok:
		case p.nonce == "": // as every client does the first time
			e = badProof(event.ReasonMissing, "the proof has no nonce")
		default:
			e = badProof(event.ReasonTooOld, "the proof's nonce is not one of ours, or too old")
		}
		if e != nil {
			e.code = useNonce
		}
	}
	if e == nil {
		e = b.use(ctx, p, seen, now)
	}
	if e != nil {
		e.algs = b.algs
		return nil, e
	}
	return p, nil
}

func (b *binding) judge(q *presented, now time.Time) (*proof, *Error) {
	if q.proof == "" {
		return nil, badProof(event.ReasonBindingMismatch, "the request brings no proof")
	}
	p, e := readProof(q.proof, b.allowed)
	if e == nil {
		e = p.fits(q.method, q.url, now, b.age, b.leeway)
	}
	if e == nil && q.token != "" {
		e = p.goesWith(q.token, q.jkt)
	}
	return p, e
}

// use notes that a proof was used, the last of all checks.
func (b *binding) use(ctx context.Context, p *proof, seen *replay, now time.Time) *Error {
	result := fresh
	if b.memory != nil {
		sum := proofID(p.key.thumbprint, p.jti)
		first, err := b.memory.Use(ctx, strict.EncodeToString(sum[:]), time.Unix(p.issued, 0).Add(b.age+b.leeway))
		switch {
		case err != nil:
			e := badProof(event.ReasonStoreUnavailable, "the memory of proofs cannot be asked")
			e.Status, e.code = http.StatusServiceUnavailable, ""
			return e
		case !first:
			result = replayed
		}
	} else {
		result = seen.use(p.key.thumbprint, p.jti, p.issued, now.Add(-b.age-b.leeway).Unix()-1)
	}
	switch result {
	case replayed:
		return badProof(event.ReasonReplayed, "the proof was used before")
	case overrun:
		return badProof(event.ReasonTooOld, "the proof is older than those that are still remembered")
	}
	return nil
}

// What an origin brings to show that it holds a key.

func (o *origin) proof() string {
	if o.meta != nil {
		return o.meta.Proof.Reveal()
	}
	return proofOf(o.r)
}

func (o *origin) method() string {
	if o.meta != nil {
		return o.meta.Method
	}
	return o.r.Method
}

func (o *origin) url(b *binding) string {
	if o.meta != nil {
		return o.meta.URL
	}
	return b.requestURL(o.r)
}

func (o *origin) certificate(b *binding) *x509.Certificate {
	if o.meta != nil {
		return o.meta.Certificate
	}
	return b.certificate(o.r)
}

// proofOf gives the DPoP header of a request. Where there are several, what it
// gives is no proof (RFC 9449 section 4.3, check 1).
func proofOf(r *http.Request) string { return strings.Join(r.Header["Dpop"], ",") }
