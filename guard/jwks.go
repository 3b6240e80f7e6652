package guard

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// JWKSConfig says where a key set is. A zero field means its documented default.
// guard.New judges it.
type JWKSConfig struct {
	// URL is where the set is. Give this or Issuer.
	URL string
	// Issuer has the address of the set looked up in the issuer's metadata: OpenID
	// Connect Discovery 1.0 section 4, or else RFC 8414. What is found there must
	// name exactly this issuer, and Config.Issuers must accept it.
	Issuer string
	// AllowHTTP accepts addresses that are neither https nor on this machine.
	// Whoever sits between can then sign tokens.
	AllowHTTP bool
	// MaxStale is how long the last good set is used while no new one can be had.
	// The default is 24 h.
	MaxStale time.Duration
	// Client makes the requests. Its CheckRedirect is not used: at most 3 redirects
	// are followed, and none to an address that would not be accepted here. The
	// default is a client of its own.
	Client *http.Client
}

// Format prints the host for every verb, not the rest of the address.
func (c JWKSConfig) Format(s fmt.State, _ rune) {
	at, host := c.URL, "nowhere"
	if at == "" {
		at = c.Issuer
	}
	if u, err := url.Parse(at); err == nil && u.Host != "" {
		host = u.Host
	}
	fmt.Fprintf(s, "key set at %q", host)
}

// Times and bounds of a KeySet.
const (
	setPatience  = 500 * time.Millisecond // the most that a request waits for a download
	setCooldown  = 30 * time.Second       // between downloads for the sake of an unknown kid
	setTimeout   = 10 * time.Second       // of one download, redirects and discovery included
	setLeast     = 5 * time.Minute        // between two reloads
	setMost      = time.Hour
	setUsual     = 15 * time.Minute // where the server does not say how long a set is good
	setStale     = 24 * time.Hour
	setReminder  = 15 * time.Minute // between two records of one outage
	setBytes     = 1 << 20
	setRedirects = 3
	maxAbsent    = 1024

	setHeaderBytes = 64 << 10
)

// A KeySet is a JSON Web Key Set (RFC 7517) that somebody else publishes. Its
// methods may be called from many goroutines at once.
//
// It is loaded when a guard is made of it, in the background: New does not wait.
// Until the first set is there, a token waits for it half a second at most and
// is then answered with 503; call [KeySet.Reload] after New to have the service
// wait instead.
//
// The set is loaded again after 0.8 of its max-age, within 5 min and 1 h, and
// when a token names a kid that it does not have. For the sake of such tokens
// there is at most one download in 30 s, whatever their number; they wait for it
// half a second together, and those that come later not at all. A kid that a
// download did not bring is not asked for again for 30 s, then for twice as
// long each time up to 5 min.
//
// While no new set can be had, the last good one is used for MaxStale. After
// that, tokens are answered with 503, also those that were verified before. A
// token whose kid is not in the set is answered with 503, not 401, as long as
// nobody can tell whether its key is new.
//
// Only public keys of at least 2048 bits (RSA), the curves of RFC 7518 and
// Ed25519 are taken, 100 at most, out of 1 MiB at most; a symmetric key, or one
// that cannot be read, is left out and recorded, and the others stay. An alg in
// the set binds its key to that algorithm. Certificates are not looked at. A
// token without kid is tried against four keys at most.
//
// A KeySet may serve several guards of one process, and records to each. One
// that nobody's guard uses any more keeps its keys and loads no others.
type KeySet struct {
	users
	c      JWKSConfig
	client *http.Client
	wrong  error // in the configuration
	seed   maphash.Seed

	set        atomic.Pointer[keyIndex] // nil while there is none
	generation atomic.Uint64
	confirmed  atomic.Int64 // Unix nanoseconds: when the server last said that the set is good

	life   sync.Mutex // of everything below
	ctx    context.Context
	cancel context.CancelFunc // nil while no guard uses the set
	flight *flight            // the download under way
	last   *flight            // the one begun last, which may have landed and not be recorded yet
	tried  time.Time          // when the last one began
	failed bool               // it did
	next   time.Time          // when the next one is due
	state  setState
	outage outage
	absent map[uint64]absence // by kid
}

// An absence is a kid that a download did not bring.
type absence struct {
	again time.Time     // when it may cause another
	wait  time.Duration // what led to that
}

// A flight is one download. Whoever needs it waits for done, or gives up at late.
type flight struct {
	done, late chan struct{}
	ended      chan struct{} // what it has to say is said too
	err        error         // to be read after done
}

// JWKS gives the key set that c names. Nothing is loaded before a guard is made
// of it.
func JWKS(c JWKSConfig) *KeySet {
	k := &KeySet{c: c, seed: maphash.MakeSeed(), absent: make(map[uint64]absence)}
	orDefault(&k.c.MaxStale, setStale)
	client := http.Client{}
	switch t, ok := http.DefaultTransport.(*http.Transport); {
	case c.Client != nil:
		client = *c.Client
	case ok:
		t = t.Clone()
		t.DisableKeepAlives = true // nobody asks twice within minutes
		t.MaxResponseHeaderBytes = setHeaderBytes
		client.Transport = t
	}
	client.CheckRedirect = k.redirect
	k.client = &client
	k.state.url = c.URL
	k.wrong = k.judge()
	return k
}

// Format prints the host of the set for every verb.
func (k *KeySet) Format(s fmt.State, verb rune) { k.c.Format(s, verb) }

func (k *KeySet) judge() error {
	var wrong []error
	bad := func(field, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%s: %w", field, fmt.Errorf(format, args...)))
	}
	if k.c.MaxStale < 0 {
		bad("MaxStale", "negative")
	}
	address := func(field, s string) {
		if s == "" {
			return
		}
		if u, err := url.Parse(s); err != nil {
			bad(field, "not an address") // the error of url.Parse holds it
		} else if err := k.allowed(u); err != nil {
			bad(field, "%w", err)
		} else if field == "Issuer" && (u.RawQuery != "" || u.Fragment != "") {
			bad(field, "an issuer has neither query nor fragment (RFC 8414 section 2)")
		}
	}
	address("Issuer", k.c.Issuer)
	address("URL", k.c.URL)
	switch {
	case k.c.URL == "" && k.c.Issuer == "":
		bad("URL", "missing; or name the Issuer")
	case k.c.URL != "" && k.c.Issuer != "":
		bad("Issuer", "contradicts URL")
	}
	return errors.Join(wrong...)
}

func (k *KeySet) suits(c *Config) error {
	wrong := []error{k.wrong}
	if i := k.c.Issuer; i != "" && !c.AnyIssuer && !slices.Contains(c.Issuers, i) {
		wrong = append(wrong, fmt.Errorf("Issuer: %q is not among Config.Issuers", event.Clip(event.Scrub(i), 128)))
	}
	for _, name := range c.Algorithms {
		if a := algorithms[name]; a != nil && a.family == famHMAC {
			wrong = append(wrong, fmt.Errorf("a key set holds public keys only, and none serves %s", name))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("JWKS: %w", err)
	}
	return nil
}

// Generation implements KeySource. It changes when a key left the set or was
// exchanged, and when the set became too old.
func (k *KeySet) Generation() uint64 { return k.generation.Load() }

// Keys implements KeySource.
func (k *KeySet) Keys(ctx context.Context, h Header) ([]Key, error) {
	set := k.set.Load()
	if set != nil {
		if keys := set.find(h); len(keys) > 0 {
			return keys, nil
		}
		if h.KeyID == "" {
			return nil, ErrUnknownKey
		}
	}
	f, err := k.ask(h.KeyID, set)
	if f == nil {
		return nil, err
	}
	select {
	case <-f.done:
	default:
		select {
		case <-f.done:
		case <-f.late:
			return nil, fmt.Errorf("%w: the key set is being loaded", ErrKeysUnavailable)
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, ctx.Err())
		}
	}
	if set = k.set.Load(); set != nil {
		if keys := set.find(h); len(keys) > 0 {
			return keys, nil
		}
	}
	if f.err != nil || set == nil {
		return nil, ErrKeysUnavailable
	}
	k.miss(h.KeyID)
	return nil, ErrUnknownKey
}

// Reload loads the set now and waits for it. The error says why it could not be
// had; the keys at hand stay in use then.
func (k *KeySet) Reload(ctx context.Context) error {
	for {
		k.life.Lock()
		f, mine := k.flight, false
		if f == nil {
			f, mine = k.launch(), true
		}
		k.life.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return fmt.Errorf("key set: %w", ctx.Err())
		}
		if mine { // another may have read the old set
			return f.err
		}
	}
}

// Age is the time since the server last said that the set is good, for a gauge.
// It is negative while there is no set.
func (k *KeySet) Age() time.Duration {
	if k.set.Load() == nil {
		return -1
	}
	return max(0, time.Duration(k.now().UnixNano()-k.confirmed.Load()))
}
