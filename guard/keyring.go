package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A SigningKey is a Key of a Keyring. Its Material is an HMAC secret,
// *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey, its ID is required,
// and its Algorithm follows from the material where it is empty: HS256, RS256,
// EdDSA, or the one ECDSA algorithm of its curve. It prints as its id.
type SigningKey struct {
	Key
	// SignFrom is when it begins to sign, and the key before it ends. Of the keys
	// of one Keyring no two may share it, so that all processes agree; one may
	// leave it zero, which is the first.
	SignFrom time.Time
}

// KeyringConfig is what a Keyring is made of. A zero field means its documented
// default.
type KeyringConfig struct {
	// Keys are those that sign, signed, or will. At least one.
	Keys []SigningKey
	// Overlap is how long a key goes on to verify when another one signs: the
	// lifetime of access tokens and twice the leeway at least, which NewIssuer
	// checks. The default is 1 h.
	Overlap time.Duration
	// Ahead is how long a key is published before it signs, where Add is given no
	// time, and the max-age of Issuer.JWKSHandler: who keeps the set no longer
	// than that knows each key before its first token. The default is 15 min.
	Ahead time.Duration
}

// A Keyring holds keys that follow each other, for an Issuer to sign with and
// for its guard to verify with: give it as Config.Keys, and make an Issuer of
// that guard without a Key. Its methods may be called from many goroutines at
// once.
//
// A key is published and verifies from the moment that it is in the ring. It
// signs from its SignFrom until the SignFrom of the next one, goes on to verify
// for Overlap, and is then withdrawn by itself. All of it is decided by the
// clock and the configured times alone, so that processes with the same keys
// agree without asking each other: add the next key to the configuration with a
// SignFrom far enough ahead, roll that out, and take the old one out whenever
// its time is over. Where no SignFrom has come yet, the earliest key signs.
//
// A key that fell into the wrong hands is withdrawn at once by Withdraw, in this
// process, and by Issuer.Revoke with Revocation.KeyID in all that share the
// Store: its tokens are refused, and no Issuer signs with it any more.
type Keyring struct {
	users
	overlap, ahead time.Duration

	generation atomic.Uint64
	state      atomic.Pointer[ring]

	change sync.Mutex // of the state
}

// A signer is a key that signs.
type signer struct {
	key  Key // with its private half
	alg  *algorithm
	from time.Time
}

func (s *signer) same(kid string) bool { return s.key.ID == kid }

// A ring is one state of a Keyring. It is not changed.
type ring struct {
	signers []signer // by the time from which they sign
	current int      // the one that signs
	index   *keyIndex
	until   time.Time // when the clock changes it next; zero for never
}

const (
	defaultOverlap = time.Hour
	defaultAhead   = 15 * time.Minute
)

var errNegative = errors.New("negative")

// NewKeyring checks c as a whole and names every field that cannot be right.
func NewKeyring(c KeyringConfig) (*Keyring, error) {
	var wrong []error
	bad := func(field string, err error) { wrong = append(wrong, fmt.Errorf("%s: %w", field, err)) }
	if len(c.Keys) == 0 {
		bad("Keys", errors.New("empty"))
	}
	if c.Overlap < 0 {
		bad("Overlap", errNegative)
	}
	if c.Ahead < 0 {
		bad("Ahead", errNegative)
	}
	var signers []signer
	for n, key := range c.Keys {
		s, err := newSigner(key)
		if err == nil {
			err = apart(s, signers)
		}
		if err != nil {
			bad(fmt.Sprintf("Keys[%d]", n), err)
			continue
		}
		signers = append(signers, s)
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("keyring: %w", errors.Join(wrong...))
	}
	orDefault(&c.Overlap, defaultOverlap)
	orDefault(&c.Ahead, defaultAhead)
	k := &Keyring{overlap: c.Overlap, ahead: c.Ahead}
	k.state.Store(newRing(signers, time.Time{}, k.overlap)) // as if nothing had happened yet
	return k, nil
}

// Format prints the ids of the keys for every verb.
func (k *Keyring) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "keyring of %v", k.list()) }

// newSigner judges a key.
func newSigner(key SigningKey) (signer, error) {
	k := key.Key
	if s, ok := k.Material.(string); ok {
		k.Material = []byte(s)
	}
	if k.ID == "" {
		return signer{}, errors.New("a key without ID; keys that follow each other need names")
	}
	if err := judgeKey(Key{ID: k.ID, Material: public(k.Material), Algorithm: k.Algorithm}); err != nil {
		return signer{}, err
	}
	if !signs(k.Material) {
		return signer{}, fmt.Errorf("key %q: Material: a %T cannot sign", event.Scrub(k.ID), k.Material)
	}
	if k.Algorithm == "" {
		k.Algorithm = defaultAlgorithm(k.Material)
	}
	if k.Algorithm == "" {
		return signer{}, fmt.Errorf("key %q: Material: no algorithm goes with it", event.Scrub(k.ID))
	}
	return signer{k, algorithms[k.Algorithm], key.SignFrom}, nil
}

// apart says what s has in common with another key that it must not.
func apart(s signer, others []signer) error {
	for _, o := range others {
		if o.same(s.key.ID) {
			return fmt.Errorf("key %q: there are two of that ID", event.Scrub(s.key.ID))
		}
		if o.from.Equal(s.from) {
			return fmt.Errorf("key %q: SignFrom: the same as that of key %q; which one signs?", event.Scrub(s.key.ID), event.Scrub(o.key.ID))
		}
	}
	return nil
}

// newRing puts the keys in order as they are at now.
func newRing(signers []signer, now time.Time, overlap time.Duration) *ring {
	signers = slices.SortedFunc(slices.Values(signers), func(a, b signer) int { return a.from.Compare(b.from) })
	for len(signers) > 1 && !now.Before(signers[1].from.Add(overlap)) {
		signers = signers[1:] // its last token has expired
	}
	r := &ring{signers: signers}
	var keys []Key
	for i, s := range signers {
		if !now.Before(s.from) {
			r.current = i
		} else if r.until.IsZero() {
			r.until = s.from
		}
		k := Key{ID: s.key.ID, Material: public(s.key.Material), Algorithm: s.alg.name}
		if m, ok := k.Material.([]byte); ok {
			k.secret = newSecret(m)
		}
		keys = append(keys, k)
	}
	if len(signers) > 1 {
		if end := signers[1].from.Add(overlap); r.until.IsZero() || end.Before(r.until) {
			r.until = end
		}
	}
	r.index = newKeyIndex(keys)
	return r
}

// at gives the state at now.
func (k *Keyring) at(now time.Time) *ring {
	r := k.state.Load()
	if r.until.IsZero() || now.Before(r.until) {
		return r
	}
	k.change.Lock()
	r = k.state.Load()
	if !r.until.IsZero() && now.Before(r.until) { // somebody else was here
		k.change.Unlock()
		return r
	}
	next := newRing(r.signers, now, k.overlap)
	notes := k.turn(r, next)
	k.change.Unlock()
	k.record(notes)
	return next
}

// turn puts in the next state and says what that changes. k.change is held.
func (k *Keyring) turn(old, next *ring) (notes []note) {
	k.state.Store(next)
	gone := false
	for _, s := range old.signers {
		if slices.ContainsFunc(next.signers, func(o signer) bool { return o.same(s.key.ID) }) {
			continue
		}
		gone = true
		notes = append(notes, note{event.KeyRotated, 0, func(e *event.Event) {
			e.KeyID, e.Algorithm, e.Message = event.Scrub(s.key.ID), s.alg.name, "key withdrawn"
			e.Detail = "the last token that it signed has expired"
		}})
	}
	if gone { // put, then bump
		k.generation.Add(1)
	}
	was, is := &old.signers[old.current], &next.signers[next.current]
	if !is.same(was.key.ID) {
		notes = append(notes, note{event.KeyRotated, 0, func(e *event.Event) {
			e.KeyID, e.Algorithm, e.Message = event.Scrub(is.key.ID), is.alg.name, "another key signs"
			e.Detail = fmt.Sprintf("it follows key %q", event.Scrub(was.key.ID))
		}})
	}
	return notes
}

// Keys implements KeySource.
func (k *Keyring) Keys(_ context.Context, h Header) ([]Key, error) {
	if keys := k.at(k.now()).index.find(h); len(keys) > 0 {
		return keys, nil
	}
	return nil, ErrUnknownKey
}

// Generation implements KeySource. It changes when a key was withdrawn.
func (k *Keyring) Generation() uint64 { return k.generation.Load() }

// Add puts a key into the ring, in this process. Where its SignFrom is zero, it
// signs after KeyringConfig.Ahead; where that has come already, at once, and
// who has loaded the key set before does not know it yet.
func (k *Keyring) Add(key SigningKey) error {
	s, err := newSigner(key)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	now := k.now()
	if s.from.IsZero() {
		s.from = now.Add(k.ahead)
	}
	for _, g := range k.all() {
		if g.judge.allowed[s.alg.name] == nil {
			return fmt.Errorf("keyring: key %q: Algorithm: %s is not among those of the guard", event.Scrub(s.key.ID), s.alg.name)
		}
	}
	k.at(now) // so that what the clock does is told apart
	k.change.Lock()
	old := k.state.Load()
	if err := apart(s, old.signers); err != nil {
		k.change.Unlock()
		return fmt.Errorf("keyring: %w", err)
	}
	next := newRing(append(slices.Clone(old.signers), s), now, k.overlap)
	if !slices.ContainsFunc(next.signers, func(o signer) bool { return o.same(s.key.ID) }) {
		k.change.Unlock()
		return fmt.Errorf("keyring: key %q: SignFrom: its time is over", event.Scrub(s.key.ID))
	}
	notes := []note{{event.KeyRotated, 0, func(e *event.Event) {
		e.KeyID, e.Algorithm, e.Message = event.Scrub(s.key.ID), s.alg.name, "key published"
		e.Detail = "signs from " + s.from.UTC().Format(time.RFC3339)
	}}}
	notes = append(notes, k.turn(old, next)...)
	k.change.Unlock()
	k.record(notes)
	return nil
}

// Withdraw takes a key out of the ring at once, in this process: its tokens are
// refused from the next request on, and the key before it signs again or, where
// there is none, the next one. The reason is recorded. The last key cannot be
// withdrawn; add another one first.
func (k *Keyring) Withdraw(kid, reason string) error {
	now := k.now()
	k.at(now)
	k.change.Lock()
	old := k.state.Load()
	left := slices.DeleteFunc(slices.Clone(old.signers), func(s signer) bool { return s.same(kid) })
	var err error
	switch len(left) {
	case len(old.signers):
		err = ErrUnknownKey
	case 0:
		err = errors.New("the last one; add another first")
	}
	if err != nil {
		k.change.Unlock()
		return fmt.Errorf("keyring: key %q: %w", event.Scrub(kid), err)
	}
	notes := k.turn(old, newRing(left, now, k.overlap))
	k.change.Unlock()
	for i, n := range notes { // of those that are gone, this one did not go by itself
		notes[i].text = func(e *event.Event) {
			if n.text(e); e.KeyID == event.Scrub(kid) {
				e.Severity, e.Detail = event.Warn, "before its time: "+strings.TrimSpace(reason)
			}
		}
	}
	k.record(notes)
	return nil
}

// list gives the keys that verify.
func (k *Keyring) list() []Key { return k.state.Load().index.keys }

// itself is the Keyring of a KeySource that embeds one.
func (k *Keyring) itself() *Keyring { return k }

func (k *Keyring) suits(*Config) error { return nil } // New judges what list gives
func (k *Keyring) tick(now time.Time)  { k.at(now) }
func (k *Keyring) detach(g *Guard)     { k.remove(g) }

func (k *Keyring) attach(g *Guard) {
	k.at(g.now()) // what happened before is no news
	k.add(g)
}
