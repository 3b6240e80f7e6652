package guard

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard/event"
)

// A Header is what a token says about how it is signed, before anything is
// known to be true of it. Its Algorithm is on the guard's list.
type Header struct {
	Algorithm string
	KeyID     string // kid, empty where the token names none
	Type      string // typ
}

// A Key verifies tokens. Material is []byte for HMAC, *rsa.PublicKey,
// *ecdsa.PublicKey or ed25519.PublicKey; of a private key the public half is
// used.
type Key struct {
	ID        string // kid; empty matches a token that names none, and any token where it is the only key
	Material  any
	Algorithm string  // the only alg that the key is used with; empty for each that goes with it
	secret    *secret // of an HMAC key that stays
}

// serves reports whether the key may be used with the algorithm.
func (k *Key) serves(a *algorithm) bool {
	return (k.Algorithm == "" || k.Algorithm == a.name) && a.takes(k.Material)
}

// same reports whether k and o are the same public key, used in the same way.
func (k *Key) same(o *Key) bool {
	m, ok := k.Material.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.ID == o.ID && k.Algorithm == o.Algorithm && m.Equal(o.Material)
}

// Format prints the id for every verb, never the material.
func (k Key) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "key %q", event.Scrub(k.ID)) }

// LogValue gives the id.
func (k Key) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// MarshalText gives the id; JSON uses it.
func (k Key) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(k)), nil }

// A KeySource finds the keys that may have signed a token. Its methods are
// called from many goroutines at once, Keys once for each token that was not
// seen before, before its signature is checked: h is attacker input.
type KeySource interface {
	// Keys gives the candidates, at most a handful; the slice is not changed.
	// ErrUnknownKey means that no key has that id; any other error, such as
	// ErrKeysUnavailable, that they cannot be had, and is answered with 503. ctx ends with the request.
	Keys(ctx context.Context, h Header) ([]Key, error)

	// Generation changes when a key was taken away or exchanged, so that tokens
	// which it verified are looked at again. It is asked for on every request
	// and must be as cheap as an atomic load. Adding a key changes nothing.
	Generation() uint64
}

// What a KeySource answers when no key has the id, and when the keys cannot be
// had.
var (
	ErrUnknownKey      = errors.New("unknown key")
	ErrKeysUnavailable = errors.New("keys unavailable")
)

// A lister is a KeySource whose keys are known in advance, so that New can judge
// them.
type lister interface{ list() []Key }

// Static holds keys that never change: each a [Key], or its material alone when
// no kid is needed. A string is taken as an HMAC secret. New refuses what is not
// a key, HMAC secrets under 32 bytes and RSA keys under 2048 bits.
func Static(keys ...any) KeySource {
	s := &static{byID: make(map[string][]Key)}
	for _, k := range keys {
		key, ok := k.(Key)
		if !ok {
			key = Key{Material: k}
		}
		key.Material = public(key.Material)
		if m, ok := key.Material.([]byte); ok {
			key.secret = newSecret(m)
		}
		s.all = append(s.all, key)
	}
	for _, k := range s.all {
		s.byID[k.ID] = append(s.byID[k.ID], k)
	}
	return s
}

type static struct {
	all  []Key
	byID map[string][]Key
}

func (s *static) Generation() uint64 { return 0 }
func (s *static) list() []Key        { return s.all }

func (s *static) Keys(_ context.Context, h Header) ([]Key, error) {
	switch {
	case h.KeyID == "":
		return s.all[:min(len(s.all), maxTries)], nil
	case len(s.byID[h.KeyID]) > 0:
		return s.byID[h.KeyID], nil
	case len(s.all) == 1 && s.all[0].ID == "":
		return s.all, nil // one key without a name: any kid is only a label
	}
	return nil, ErrUnknownKey
}

// maxTries bounds how many keys one token may make us try.
const maxTries = 4

// Keyfunc uses a key function of golang-jwt. It is called with the header alone:
// the claims of a token that nobody verified are not decoded. It may return one
// key or a jwt.VerificationKeySet. Its errors mean that the key is unknown,
// except those that wrap ErrKeysUnavailable or a context's end. A guard cannot see such a function take a key
// away: a token that was verified before is believed until its cache entry ends
// (CacheConfig.MaxAge).
func Keyfunc(f jwt.Keyfunc) KeySource { return keyfunc(f) }

type keyfunc jwt.Keyfunc

func (f keyfunc) Generation() uint64 { return 0 }

func (f keyfunc) Keys(_ context.Context, h Header) ([]Key, error) {
	t := &jwt.Token{
		Method: algorithms[h.Algorithm].method,
		Header: map[string]any{"alg": h.Algorithm},
		Claims: jwt.MapClaims{},
	}
	if h.KeyID != "" {
		t.Header["kid"] = h.KeyID
	}
	if h.Type != "" {
		t.Header["typ"] = h.Type
	}
	found, err := f(t)
	switch {
	case err == nil:
	case errors.Is(err, ErrKeysUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return nil, err
	default: // a key function has no other word for a kid that it does not know
		return nil, ErrUnknownKey
	}
	set, ok := found.(jwt.VerificationKeySet)
	if !ok {
		return []Key{{ID: h.KeyID, Material: public(found)}}, nil
	}
	var keys []Key
	for _, k := range set.Keys[:min(len(set.Keys), maxTries)] {
		keys = append(keys, Key{ID: h.KeyID, Material: public(k)})
	}
	return keys, nil
}

// Least sizes of keys (RFC 7518 sections 3.2 and 3.3).
const (
	minSecret  = 32   // bytes
	minRSABits = 2048 // bits
)

// judgeKey says what is wrong with k, nil when nothing is.
func judgeKey(k Key) error {
	name := "a key"
	if k.ID != "" {
		name = fmt.Sprintf("key %q", event.Scrub(k.ID))
	}
	switch m := k.Material.(type) {
	case []byte:
		if len(m) < minSecret {
			return fmt.Errorf("%s: an HMAC secret of %d bytes; at least %d are needed (RFC 7518 section 3.2)", name, len(m), minSecret)
		}
	case *rsa.PublicKey:
		if m == nil || m.N == nil || m.N.BitLen() < minRSABits {
			return fmt.Errorf("%s: an RSA key under %d bits", name, minRSABits)
		}
	default:
		if f, _ := familyOf(m); f == 0 {
			return fmt.Errorf("%s: a %T is not a key", name, m)
		}
	}
	if a := algorithms[k.Algorithm]; k.Algorithm != "" && (a == nil || !a.takes(k.Material)) {
		return fmt.Errorf("%s: Algorithm: %q does not go with it", name, event.Scrub(k.Algorithm))
	}
	return nil
}
