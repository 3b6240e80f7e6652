package scan

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// A keyed attack is a token that only a verifier takes which lets the attacker
// choose the key.
type keyed struct {
	name   string
	header forge.Object // with alg
	key    forge.Key
	// Elsewhere is a header of the same kind that leads to another key; with it the
	// token must be refused too. nil: the control with a random key is enough.
	elsewhere forge.Object
	ownID     bool // the jti of the service's own token is kept
}

// token signs the own payload, right in everything.
func (k keyed) token(r *run, key forge.Key, header forge.Object, canary string) (string, error) {
	payload := r.fresh()
	if !k.ownID {
		payload = payload.Set("jti", canary)
	}
	return forge.Sign(header.Text("alg"), key, forge.Unsigned(header, payload))
}

// keyedRequests is how many requests n keyed attacks need at most: each once,
// the first also with the jti of the own token, and for the one that gets in a
// repetition and two controls.
func keyedRequests(n int) int { return n + 1 + 3 }

// keyed sends attacks of one kind, until one gets in, and gives it. A hit is
// proven three times: by repetition, by the same token under a random key, which
// must be refused, and by the same key under a header that leads elsewhere. It
// gives the verdict also.
func (a *attempt) keyed(ctx context.Context, what string, attacks ...keyed) (hit *keyed) {
	if a.run.anySignature {
		a.skip("no signature is checked at all, so that no key matters")
		return nil
	}
	// A service that knows each of its tokens by jti refuses a new one, however
	// well it is signed.
	if a.run.token.Payload.Has("jti") && len(attacks) > 0 {
		attacks = append(attacks[:1:1], attacks...)
		for i := range attacks[1:] {
			attacks[1+i].ownID = true
		}
	}
	doubt := ""
	for _, k := range attacks {
		var failed error
		got, err := a.confirm(ctx, variant{k.name, func(c string) string {
			token, err := k.token(a.run, k.key, k.header, c)
			failed = err
			return token
		}})
		switch {
		case failed != nil:
			err = failed
			fallthrough
		case err != nil:
			doubt = fmt.Sprintf("%s: %v", k.name, err)
		case got == took:
			return a.controlled(ctx, what, k)
		case !a.closed(got):
			doubt = fmt.Sprintf("%s: %s", k.name, got)
		}
	}
	a.judge(nil, doubt, what)
	return nil
}

// controlled is the paired control of an attack that got in.
func (a *attempt) controlled(ctx context.Context, what string, k keyed) *keyed {
	a.result.Accepted = true
	a.seal(ctx)
	alg := k.header.Text("alg")
	nobody, err := forge.NewKey(alg)
	if err != nil {
		a.inconclusive("%s: %v", k.name, err)
		return nil
	}
	// The key that a header brings along must not be the one of the control.
	controls := []struct {
		name   string
		key    forge.Key
		header forge.Object
	}{{"the same token signed with a random key", nobody, k.header}}
	if k.elsewhere != nil {
		controls = append(controls, struct {
			name   string
			key    forge.Key
			header forge.Object
		}{"the same key with another header", k.key, k.elsewhere})
	}
	for i, c := range controls {
		token, err := k.token(a.run, c.key, c.header, newCanary())
		if err != nil {
			a.inconclusive("%s: %v", k.name, err)
			return nil
		}
		got, err := a.control(ctx, token)
		switch {
		case err != nil:
			a.inconclusive("%s: accepted, and the control failed: %v", k.name, err)
			return nil
		case got == took && i == 0:
			a.fail("%s: accepted, and so is %s", k.name, c.name)
			a.find(catalog.FailOpen, finding.Certain, "a token passes with any signature, if its header is odd enough", a.probe.Name+": "+a.result.Why)
			return nil
		case got == took:
			a.fail("%s: accepted, and so is %s: the key itself is known to everybody", k.name, c.name)
			a.find(catalog.WeakSecret, finding.Certain, "a key that everybody can guess signs tokens", a.probe.Name+": "+a.result.Why)
			return nil
		case got != refused && got != broken: // a server that breaks lets nobody in
			a.inconclusive("%s: accepted, and the control is %s", k.name, got)
			return nil
		}
	}
	a.fail("%s: accepted (%s), and refused with a random key", what, k.name)
	return &k
}

// admits is try where nothing is asked but who gets in: a server that breaks over
// an attack lets nobody in. That it broke over the attack alone is shown by the
// valid token, which is sent after every probe.
func (a *attempt) admits(ctx context.Context, variants ...variant) (accepted []string, doubt string) {
	for _, v := range variants {
		got, err := a.confirm(ctx, v)
		switch {
		case err != nil:
			doubt = fmt.Sprintf("%s: %v", v.name, err)
		case got == took:
			accepted = append(accepted, v.name)
		case !a.closed(got):
			doubt = fmt.Sprintf("%s: %s", v.name, got)
		}
	}
	a.result.Accepted = a.result.Accepted || len(accepted) > 0
	return accepted, doubt
}

// closed reports whether the last answer let nobody in. What stands before a
// server and does not reach it (502 to 504) says nothing about the server.
func (a *attempt) closed(got answer) bool {
	status := a.result.Status
	return got == refused || got == broken && (status < http.StatusBadGateway || status > http.StatusGatewayTimeout)
}

// control sends a token that must be refused, after an attack that was not. Its
// lines are no record of the attack.
func (a *attempt) control(ctx context.Context, token string) (answer, error) {
	c := attempt{run: a.run, v: a.v}
	_, got, err := c.send(ctx, token)
	a.v = c.v
	a.run.known = append(a.run.known, c.canaries...)
	a.run.unread = true
	return got, err
}

// signs makes an attack that got in the scan's way to sign, if it has none.
func (a *attempt) signs(how string, k *keyed) {
	if a.run.signer != nil {
		return
	}
	var made forge.Object // what the attack put into the header of the own token
	for _, m := range k.header {
		if was, _ := a.run.token.Header.Raw(m.Name); !bytes.Equal(was, m.Value) {
			made = append(made, m)
		}
	}
	a.run.signer = &signer{how: how, sign: func(header, payload forge.Object) (string, error) {
		for _, m := range made {
			header = header.Set(m.Name, m.Value)
		}
		return forge.Sign(k.header.Text("alg"), k.key, forge.Unsigned(header, payload))
	}}
}

// alg is the algorithm of the own token.
func (r *run) alg() string { return r.token.Header.Text("alg") }

// shared is the HMAC algorithm that is nearest to the own one.
func (r *run) shared() string {
	if alg := r.alg(); strings.HasPrefix(alg, "HS") && len(alg) == 5 {
		return alg
	}
	return "HS256"
}
