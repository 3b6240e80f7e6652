package scan

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/scan/forge"
)

// A signer is a way to make tokens that the service takes for its own: a key, or
// a weakness that an earlier probe proved.
type signer struct {
	how  string
	sign func(header, payload forge.Object) (string, error)
	// sound is the answer to a token of ours that is right in every claim.
	sound *answer
	ownID bool // only the service's own jti is taken
}

func keySigner(how, alg string, key forge.Key) *signer {
	return &signer{how: how, sign: func(header, payload forge.Object) (string, error) {
		return forge.Sign(alg, key, forge.Unsigned(header.Set("alg", alg), payload))
	}}
}

// SetKeyFile gives the recipe the key that signs the service's tokens: a private
// key in PEM, or else a shared secret, without the line end that editors add.
func (r *Recipe) SetKeyFile(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if bytes.Contains(text, []byte("-----BEGIN ")) {
		if _, err := forge.ParsePrivateKey(text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		abs, err := filepath.Abs(name)
		r.Keys.PEM, r.Keys.Secret = abs, ""
		return err
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if secret == "" {
		return fmt.Errorf("%s: empty", name)
	}
	r.Keys.Secret, r.Keys.PEM = secret, ""
	if len(secret) >= 6 && !r.harmless(secret) {
		r.secrets = append(r.secrets, secret)
	}
	return nil
}

// unsignedSigner makes tokens of alg none, in the spelling that was accepted.
func unsignedSigner(alg string) *signer {
	return &signer{how: "unsigned tokens, which are accepted", sign: func(header, payload forge.Object) (string, error) {
		return forge.Unsigned(header.Set("alg", alg), payload) + ".", nil
	}}
}

// randomSigner makes signatures that nobody checks.
func randomSigner() *signer {
	return &signer{how: "random signatures, which are accepted", sign: func(header, payload forge.Object) (string, error) {
		return forge.Unsigned(header, payload) + "." + forge.Encode(randomKey()), nil
	}}
}

// randomKey is 32 bytes that nobody has used before. Every probe that is about a
// key takes a new one: a word of a dictionary might be the service's own.
func randomKey() []byte {
	k := make([]byte, 32)
	rand.Read(k)
	return k
}

// An alteration is one way in which a token that is signed as it should be is
// wrong. A nil part stays as it is; payload gets fresh times.
type alteration struct {
	name    string
	header  func(forge.Object) forge.Object
	payload func(forge.Object) forge.Object
}

// minted tries a token that is right in everything but one claim.
func (a *attempt) minted(ctx context.Context, what string, change func(forge.Object) forge.Object) (accepted bool) {
	return len(a.altered(ctx, what, alteration{name: what, payload: change})) > 0
}

// altered tries tokens that are right in everything but one thing each, and
// gives the names of those that were accepted. It needs a signer.
func (a *attempt) altered(ctx context.Context, what string, list ...alteration) (accepted []string) {
	if why := a.soundness(ctx); why != "" {
		a.inconclusive("%s", why)
		return nil
	}
	var variants []variant
	var failed error
	for _, alt := range list {
		variants = append(variants, variant{alt.name, func(canary string) string {
			token, err := a.run.mint(canary, alt)
			failed = errors.Join(failed, err)
			return token
		}})
	}
	accepted, doubt := a.try(ctx, variants...)
	if failed != nil {
		a.inconclusive("%v", failed)
		return nil
	}
	a.judge(accepted, doubt, fmt.Sprintf("%s, signed by %s", what, a.run.signer.how))
	return accepted
}

// mint signs the own token, altered. The canary is its jti, unless the service
// takes only token ids that it gave out.
func (r *run) mint(canary string, alt alteration) (string, error) {
	header, payload := r.token.Header, r.fresh()
	if !r.signer.ownID {
		payload = payload.Set("jti", canary)
	}
	if alt.header != nil {
		header = alt.header(header)
	}
	if alt.payload != nil {
		payload = alt.payload(payload)
	}
	return r.signer.sign(header, payload)
}

// soundness sends, once in a scan, a copy of the own token with a new jti; if
// that is refused, one with the own jti. When that is refused too, nothing that
// is signed in this way proves anything.
func (a *attempt) soundness(ctx context.Context) (why string) {
	s := a.run.signer
	for s.sound == nil || *s.sound == refused && !s.ownID {
		s.ownID = s.sound != nil
		token, err := a.run.mint(newCanary(), alteration{})
		if err != nil {
			return err.Error()
		}
		// It is no attack: its line must not be taken for the record of one.
		control := attempt{run: a.run, v: a.run.client.visitor()}
		_, got, err := control.send(ctx, token)
		control.v.close()
		if err != nil {
			return err.Error()
		}
		s.sound = &got
		a.run.settle(ctx)
		a.begin()
	}
	if *s.sound != took {
		return fmt.Sprintf("a copy of the own token, right in everything and signed by %s, is %s", s.how, *s.sound)
	}
	return ""
}

// fresh is the own payload with times that are right now.
func (r *run) fresh() forge.Object {
	p := r.token.Payload
	for name, after := range map[string]time.Duration{"exp": 10 * time.Minute, "iat": -5 * time.Second, "nbf": -5 * time.Second} {
		if p.Has(name) {
			p = p.Set(name, r.numericDate(after))
		}
	}
	return p
}

// numericDate is the time after from now in the unit of the service's own
// tokens: seconds (RFC 7519 section 2), unless they are wrong.
func (r *run) numericDate(after time.Duration) int64 {
	at := time.Now().Add(after)
	if inMillis(r.token.Payload, "exp") {
		return at.UnixMilli()
	}
	return at.Unix()
}

// inMillis reports whether a NumericDate can only be meant in milliseconds.
func inMillis(payload forge.Object, name string) bool {
	var v float64
	return payload.Value(name, &v) && v > 1e11
}
