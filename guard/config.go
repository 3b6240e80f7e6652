package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Config is everything a Guard can be told. A zero field means its documented
// default, and every default is the safe one.
type Config struct {
	// Keys verify tokens: Static, Keyfunc, JWKS, a Keyring, or a KeySource of your
	// own. Required.
	Keys KeySource
	// Algorithms are the values of alg that are accepted. Required, because a
	// list that follows from the token is no list. HMAC cannot stand beside
	// public keys.
	Algorithms []string
	// Issuers are the accepted values of iss. Required unless AnyIssuer is set.
	Issuers   []string
	AnyIssuer bool
	// Audience holds our own names: aud must contain one of them. Required
	// unless AnyAudience is set.
	Audience    []string
	AnyAudience bool
	// Types are the accepted values of typ, without regard to case. The default
	// takes none, "JWT" and "at+jwt" (RFC 9068), so that id, logout and refresh
	// tokens are not taken for access tokens.
	Types []string
	// Require names claims that must be present. exp always must, unless NoExpiry
	// is set.
	Require  []string
	NoExpiry bool
	// MaxLifetime bounds exp - iat, MaxAge the time since iat. Zero means no
	// bound; with a bound, a token without iat is refused.
	MaxLifetime time.Duration
	MaxAge      time.Duration
	// Leeway forgives clocks that differ. The default is 30 s; a negative value
	// means none.
	Leeway time.Duration
	// MaxBytes bounds the encoded token. The default is 8 KiB, and the most.
	MaxBytes int
	// ObserveOnly makes a guard that only watches (Guard.Observe). It needs
	// neither keys nor algorithms, and every other middleware refuses all.
	ObserveOnly bool

	// Extract finds the token in a request. The default is Bearer.
	Extract Extractor
	// ClientIP resolves the address by which failures are counted and recorded.
	// The default is the peer of the connection, which also stands in where the
	// resolver gives no address. Behind a proxy, give the
	// resolver of your router that trusts this proxy alone: a forwarded header
	// taken at face value lets an attacker choose his address.
	ClientIP func(*http.Request) netip.Addr
	// Route names the route template, "/orders/{id}"; where it gives nothing, the
	// event names the path. It is asked before routing, when most refusals
	// happen, and after. The default is Request.Pattern, which no router has set
	// before. See MuxRoute for http.ServeMux, and adapters/chiguard for chi.
	Route func(*http.Request) string
	// Trace names the trace and the span of a context in hex, as otelguard.Trace
	// does. Where it gives nothing, and by default, events name what the client
	// sent as Traceparent (W3C Trace Context).
	Trace func(context.Context) (traceID, spanID string)

	Revocation RevocationConfig
	Binding    BindingConfig
	Cache      CacheConfig
	Limit      LimitConfig
	Events     EventConfig
	// Metrics counts what happens. The default counts nothing.
	Metrics Metrics
	// FingerprintKey keys the fingerprints by which events name tokens, at least
	// 16 bytes. All services whose events are to be compared share it. Without
	// one it is derived from the first HMAC secret among Keys; without such a
	// secret it is random for each process, and fingerprints then compare only
	// within one run. The prefix of a fingerprint names its key. The ids of
	// planted tokens (Issuer.Canary) follow from the same key.
	FingerprintKey []byte
	// Deny answers a refused request. The default is RFC 6750 challenges and an
	// RFC 9457 body that say nothing about the reason; keep to that, and only
	// e.Status is safe to show.
	Deny func(w http.ResponseWriter, r *http.Request, e *Error)
	// Log hears of panics in handlers, with their stack. The default is
	// slog.Default.
	Log *slog.Logger
	// Now is the clock. The default is time.Now.
	Now func() time.Time
}

// An Outage policy says what happens to tokens while revocations cannot be known.
type Outage uint8

const (
	FailClosed Outage = iota // answer 503 and record it: the default
	FailOpen                 // let the request through and record the outage
)

// RevocationConfig makes the guard refuse revoked tokens.
type RevocationConfig struct {
	// Store is asked for changes. Nil means that nothing can be revoked.
	Store Store
	// Poll is the time between two questions. The default is 1 s. A Store that
	// is also a Watcher tells of its own changes at once.
	Poll time.Duration
	// MaxStale is how old the local copy may become while the Store does not
	// answer. The default is 30 s.
	MaxStale time.Duration
	// OnOutage decides from then on.
	OnOutage Outage
}

// CacheConfig bounds the cache of verified tokens. It is entered only after a
// signature held, and expiry and revocation are checked on every hit.
type CacheConfig struct {
	Entries  int           // the default is 10,000, some 6 MB at most
	MaxAge   time.Duration // after which a token is verified afresh; the default is 5 min
	Disabled bool
}

// LimitConfig bounds failures per client address: an IPv4 address, or the /64
// of an IPv6 one. An address over its limit is answered 429 before any
// cryptography. A failure of the benign class, such as an expired token, weighs
// a tenth; a request without a token, and a failure of our own, weigh nothing.
type LimitConfig struct {
	Failures int           // how many may come at once; the default is 30
	Window   time.Duration // the time in which so many are forgiven; the default is 1 min
	Disabled bool
}

// Successes says how much is written about tokens that are good.
type Successes uint8

const (
	// SuccessFold writes the first use of a token, each change of its address
	// prefix or user agent, each 1,024th use, the first use after a minute, and
	// the rest as one counted record when the token leaves the cache. No use is
	// lost from the count. Of the requests, those that end in 4xx or 5xx are
	// written.
	SuccessFold Successes = iota
	SuccessAll            // writes every use, and every request with its outcome
	SuccessOff            // writes no use; requests that end in 4xx or 5xx still are
)

// EventConfig says where events go and what they say of the service.
type EventConfig struct {
	// Sink takes the events. Nil discards them, which is what a guard is there
	// to prevent: tests only.
	Sink Sink
	// Service, Version, Instance and Environment name where events come from.
	Service, Version, Instance, Environment string

	Successes Successes
	// Slow is the time from which a verification is recorded as slow. The
	// default is 100 ms.
	Slow time.Duration
	// Heartbeat is the time between two signs of life. The default is 30 s; a
	// negative value means none.
	Heartbeat time.Duration
}

// Defaults of Config.
const (
	defaultLeeway    = 30 * time.Second
	defaultMaxBytes  = 8 << 10
	defaultEntries   = 10_000
	defaultCacheAge  = 5 * time.Minute
	defaultFailures  = 30
	defaultWindow    = time.Minute
	defaultPoll      = time.Second
	defaultStale     = 30 * time.Second
	defaultSlow      = 100 * time.Millisecond
	defaultHeartbeat = 30 * time.Second
)

// orDefault gives *v its default when it is zero.
func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// complete fills in defaults and names every field that cannot be right.
func (c *Config) complete() error {
	var wrong []error
	bad := func(field, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%s: %w", field, fmt.Errorf(format, args...)))
	}
	if !c.ObserveOnly {
		c.judgeKeys(bad)
		switch {
		case len(c.Issuers) == 0 && !c.AnyIssuer:
			bad("Issuers", "empty; name them, or set AnyIssuer")
		case len(c.Issuers) > 0 && c.AnyIssuer:
			bad("AnyIssuer", "contradicts Issuers")
		}
		switch {
		case len(c.Audience) == 0 && !c.AnyAudience:
			bad("Audience", "empty; name yourself, or set AnyAudience")
		case len(c.Audience) > 0 && c.AnyAudience:
			bad("AnyAudience", "contradicts Audience")
		}
		for field, list := range map[string][]string{"Issuers": c.Issuers, "Audience": c.Audience, "Require": c.Require} {
			if slices.Contains(list, "") {
				bad(field, "holds an empty text")
			}
		}
	} else if c.Keys != nil {
		bad("ObserveOnly", "contradicts Keys")
	}
	if n := len(c.FingerprintKey); n > 0 && n < event.MinFingerprintKey {
		bad("FingerprintKey", "%d bytes; at least %d are needed", n, event.MinFingerprintKey)
	}
	if c.MaxBytes < 0 || c.MaxBytes > defaultMaxBytes {
		bad("MaxBytes", "%d is not between 1 and %d", c.MaxBytes, defaultMaxBytes)
	}
	if c.Revocation.OnOutage > FailOpen {
		bad("Revocation.OnOutage", "neither FailClosed nor FailOpen")
	}
	if c.Events.Successes > SuccessOff {
		bad("Events.Successes", "not one of SuccessFold, SuccessAll, SuccessOff")
	}
	for field, n := range map[string]int64{
		"MaxLifetime": int64(c.MaxLifetime), "MaxAge": int64(c.MaxAge),
		"Cache.Entries": int64(c.Cache.Entries), "Cache.MaxAge": int64(c.Cache.MaxAge),
		"Limit.Failures": int64(c.Limit.Failures), "Limit.Window": int64(c.Limit.Window),
		"Revocation.Poll": int64(c.Revocation.Poll), "Revocation.MaxStale": int64(c.Revocation.MaxStale),
		"Events.Slow": int64(c.Events.Slow),
	} {
		if n < 0 {
			bad(field, "negative")
		}
	}
	c.Binding.complete(bad)
	if k, ok := c.Events.Sink.(checker); ok {
		if err := k.check(); err != nil {
			bad("Events.Sink", "%w", err)
		}
	}
	slices.SortStableFunc(wrong, func(a, b error) int {
		return strings.Compare(a.Error(), b.Error())
	})

	orDefault(&c.Leeway, defaultLeeway)
	c.Leeway = max(c.Leeway, 0)
	orDefault(&c.MaxBytes, defaultMaxBytes)
	orDefault(&c.Cache.Entries, defaultEntries)
	orDefault(&c.Cache.MaxAge, defaultCacheAge)
	orDefault(&c.Limit.Failures, defaultFailures)
	orDefault(&c.Limit.Window, defaultWindow)
	orDefault(&c.Revocation.Poll, defaultPoll)
	orDefault(&c.Revocation.MaxStale, defaultStale)
	orDefault(&c.Events.Slow, defaultSlow)
	orDefault(&c.Events.Heartbeat, defaultHeartbeat)
	if c.Events.Sink == nil {
		c.Events.Sink = discard{}
	}
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	if c.Deny == nil {
		c.Deny = Deny
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return errors.Join(wrong...)
}

func (c *Config) judgeKeys(bad func(field, format string, args ...any)) {
	if len(c.Algorithms) == 0 {
		bad("Algorithms", "empty; name what your issuer signs with")
	}
	hmac, other := false, false
	for _, name := range c.Algorithms {
		a := algorithms[name]
		switch {
		case a == nil:
			bad("Algorithms", "%q is not one that can be verified", event.Clip(name, 32))
		case a.family == famHMAC:
			hmac = true
		default:
			other = true
		}
	}
	if hmac && other {
		bad("Algorithms", "HMAC beside public-key algorithms invites a public key to be used as a secret (RFC 8725 section 3.1)")
	}
	if c.Keys == nil {
		bad("Keys", "missing")
		return
	}
	if k, ok := c.Keys.(keeper); ok {
		if err := k.suits(c); err != nil {
			bad("Keys", "%w", err)
		}
	}
	l, ok := c.Keys.(lister)
	if !ok {
		return
	}
	keys := l.list()
	if len(keys) == 0 {
		bad("Keys", "empty")
	}
	for _, k := range keys {
		if err := judgeKey(k); err != nil {
			bad("Keys", "%w", err)
			continue
		}
		usable := len(c.Algorithms) == 0
		for _, name := range c.Algorithms {
			usable = usable || algorithms[name] != nil && k.serves(algorithms[name])
		}
		if !usable {
			f, bits := familyOf(k.Material)
			bad("Keys", "key %q (%s) serves none of the Algorithms", k.ID, familyName(f, bits))
		}
	}
}

func familyName(f family, bits int) string {
	switch f {
	case famHMAC:
		return "HMAC"
	case famRSA:
		return "RSA"
	case famECDSA:
		return fmt.Sprintf("ECDSA P-%d", bits)
	default:
		return "Ed25519"
	}
}
