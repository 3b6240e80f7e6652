package guard

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// signs reports whether a key can sign.
func signs(key any) bool {
	switch key.(type) {
	case []byte, *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		return true
	}
	return false
}

func defaultAlgorithm(key any) string {
	f, curve := familyOf(public(key))
	switch f {
	case famHMAC:
		return "HS256"
	case famRSA:
		return "RS256"
	case famEd25519:
		return "EdDSA"
	case famECDSA:
		for name, a := range algorithms {
			if a.curve == curve {
				return name
			}
		}
	}
	return ""
}

// ringOf gives the Keyring that a KeySource is, or embeds.
func ringOf(s KeySource) *Keyring {
	if r, ok := s.(interface{ itself() *Keyring }); ok {
		return r.itself()
	}
	return nil
}

// judgeSigning finds out what signs: c.Key, or the guard's Keyring.
func (c *IssuerConfig) judgeSigning(ring *Keyring, bad func(field, format string, args ...any)) (only signer) {
	if ring != nil {
		if c.Key.Material != nil {
			bad("Key", "the guard's Keyring signs")
		}
		if c.Algorithm != "" {
			bad("Algorithm", "each key of the guard's Keyring has its own")
		}
		if need := c.AccessLifetime + 2*c.Guard.policy.leeway; ring.overlap < need {
			bad("AccessLifetime", "tokens are good for %v with the leeway of two clocks, and the Keyring's Overlap is %v", need, ring.overlap)
		}
		return signer{}
	}
	if s, ok := c.Key.Material.(string); ok {
		c.Key.Material = []byte(s)
	}
	if err := judgeKey(Key{ID: c.Key.ID, Material: public(c.Key.Material), Algorithm: c.Key.Algorithm}); err != nil {
		bad("Key", "%w", err)
	} else if !signs(c.Key.Material) {
		bad("Key", "a %T cannot sign", c.Key.Material)
	}
	if c.Algorithm == "" {
		c.Algorithm = c.Key.Algorithm
	}
	if c.Algorithm == "" {
		c.Algorithm = defaultAlgorithm(c.Key.Material)
	}
	alg := algorithms[c.Algorithm]
	switch {
	case alg == nil:
		bad("Algorithm", "%q is not one that can sign", event.Clip(event.Scrub(c.Algorithm), 32))
	case !alg.takes(public(c.Key.Material)), c.Key.Algorithm != "" && c.Key.Algorithm != c.Algorithm:
		bad("Algorithm", "%s does not go with the key", c.Algorithm)
	}
	return signer{key: c.Key, alg: alg}
}

// errNoKey is the error of an Issuer whose keys are all revoked.
var errNoKey = errors.New("every key that could sign is revoked")

// signer gives the key that signs at now. One that was revoked does not.
func (i *Issuer) signer(now time.Time) (*signer, error) {
	if i.ring == nil {
		return &i.only, nil
	}
	r := i.ring.at(now)
	for n := r.current; n >= 0; n-- {
		if !i.revokedKey(r.signers[n].key.ID) {
			return &r.signers[n], nil
		}
	}
	for n := r.current + 1; n < len(r.signers); n++ {
		if !i.revokedKey(r.signers[n].key.ID) {
			return &r.signers[n], nil
		}
	}
	return nil, errNoKey
}

// revokedKey reports whether all tokens of a key are revoked.
func (i *Issuer) revokedKey(kid string) bool {
	r := i.g.replica
	if r == nil || kid == "" {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, here := r.byName[target{'k', i.issuer, kid}]
	_, anywhere := r.byName[target{'k', "", kid}]
	return here || anywhere
}

// agree has the guard verify a token of each key of the issuer.
func (i *Issuer) agree() error {
	now := i.g.now()
	signers, field := []signer{i.only}, "Key: "
	if i.ring != nil {
		signers, field = slices.Clone(i.ring.at(now).signers), "Guard.Keys: "
	}
	f := Family{ID: strings.Repeat("0", 2*familyBytes), Subject: "nobody", Audience: i.audience}
	for _, s := range signers {
		if i.ring != nil {
			field = fmt.Sprintf("Guard.Keys: key %q: ", event.Scrub(s.key.ID))
		}
		raw, err := i.sign(&f, &s, rand.Text(), now, now.Add(i.access))
		if err != nil {
			return fmt.Errorf("%s%w", field, err)
		}
		_, why := i.g.verify(context.Background(), raw, now)
		if why != 0 && why != event.ReasonMissingClaim { // a claim that Grant.Extra will bring
			return fmt.Errorf("%sthe guard refuses what the issuer signs: %s", field, why)
		}
	}
	return nil
}
