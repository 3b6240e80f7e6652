package scan

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jotsight/jotsight/internal/scan/forge"
)

// A signer is a way to make tokens that the service takes for its own: a key, or
// a weakness that an earlier probe proved.
type signer struct {
	how  string
	sign func(header, payload forge.Object) (string, error)
	// sound says that a token of ours, right in every claim, was accepted.
	sound *answer
}

func keySigner(how, alg string, key forge.Key) *signer {
	return &signer{how: how, sign: func(header, payload forge.Object) (string, error) {
		return forge.Sign(alg, key, forge.Unsigned(header, payload))
	}}
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

// minted tries tokens that are right in everything but one claim. change gets a
// payload with fresh times.
func (a *attempt) minted(ctx context.Context, what string, change func(forge.Object) forge.Object) (accepted bool) {
	r := a.run
	if why := a.soundness(ctx); why != "" {
		a.inconclusive("%s", why)
		return false
	}
	var failed error
	took, doubt := a.try(ctx, variant{what, func(c string) string {
		token, err := r.signer.sign(r.token.Header, change(r.fresh().Set("jti", c)))
		failed = err
		return token
	}})
	if failed != nil {
		a.inconclusive("%v", failed)
		return false
	}
	a.judge(took, doubt, fmt.Sprintf("%s, signed by %s", what, r.signer.how))
	return len(took) > 0
}

// soundness sends, once in a scan, a copy of the own token with a new jti. When
// it is refused, nothing that is signed in this way proves anything.
func (a *attempt) soundness(ctx context.Context) (why string) {
	s := a.run.signer
	if s.sound == nil {
		token, err := s.sign(a.run.token.Header, a.run.fresh().Set("jti", newCanary()))
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
		a.run.book.settle(ctx)
		a.begin()
	}
	if *s.sound != took {
		return fmt.Sprintf("a token with a new jti, right in everything and signed by %s, is %s", s.how, *s.sound)
	}
	return ""
}

// fresh is the own payload with times that are right now.
func (r *run) fresh() forge.Object {
	p := r.token.Payload
	now := time.Now().Unix()
	for name, at := range map[string]int64{"exp": now + 600, "iat": now - 5, "nbf": now - 5} {
		if p.Has(name) {
			p = p.Set(name, at)
		}
	}
	return p
}
