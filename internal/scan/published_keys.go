package scan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "published-keys",
	Weakness: catalog.WeakSecret,
	Title:    "the service's published keys, read for private parts and short ones",
	Stage:    StageRefusal,
	Needs:    []Need{NeedJWT},
	Requests: requests(maxKeyRequests + 3),
	To: func(r *Recipe) (list []Step) {
		list = append(list, r.Protected.Step)
		for _, path := range append([]string{r.Keys.JWKS, r.Keys.Public, "/.well-known/openid-configuration"}, usualKeys...) {
			if path != "" {
				list = append(list, Step{Method: "GET", Path: path})
			}
		}
		return list
	},
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		if err := r.lookForKeys(ctx, a); err != nil {
			a.inconclusive("%v", err)
			return
		}
		var bad []string
		for _, k := range r.public {
			if k.Leaks {
				bad = append(bad, a.leaked(ctx, k))
			} else if n := k.Bits(); n > 0 && n < minBits {
				bad = append(bad, fmt.Sprintf("%s: an RSA key of %d bits", k.from, n))
				a.short(n, bad[len(bad)-1])
			}
		}
		// The length of an RSA signature is that of the key, also of one that is nowhere to be read.
		if n := 6 * len(r.token.Signature) / 8 * 8; len(bad) == 0 && (strings.HasPrefix(r.alg(), "RS") || strings.HasPrefix(r.alg(), "PS")) && n > 0 && n < minBits-8 {
			bad = append(bad, fmt.Sprintf("the signature of the service's token has %d bits", n))
			a.short(n, bad[0])
		}
		switch {
		case len(bad) > 0:
			a.fail("%s", strings.Join(bad, "; "))
		case len(r.public) == 0:
			a.pass("no key is published under the usual addresses")
		default:
			a.pass("%d published, public and long enough", len(r.public))
		}
	},
})

// usualKeys is where services publish their keys.
var usualKeys = []string{"/.well-known/jwks.json", "/jwks.json", "/oauth/jwks"}

// minBits is the shortest RSA modulus that RFC 7518 section 3.3 allows.
const minBits = 2048

// short reports an RSA key that can be taken apart, today or soon.
func (a *attempt) short(bits int, evidence string) {
	severity := catalog.High
	if bits < 1024 {
		severity = catalog.Critical
	}
	a.run.find(found{id: catalog.WeakSecret, severity: severity, confidence: finding.Certain, step: a.run.recipe.Protected.Step,
		message: "the RSA key that signs tokens is too short", evidence: []string{evidence}})
}

// leaked judges a key of which more is published than should be, and says what.
func (a *attempt) leaked(ctx context.Context, k publicKey) string {
	r := a.run
	what := "the private part of a key"
	if k.Public == nil {
		what = "a shared secret"
	}
	what = k.from + " shows " + what
	if s, ok := k.Private.([]byte); ok {
		r.know("a published secret", string(s), standing)
		r.know("a published secret", forge.Encode(s), standing)
	}
	severity, proof := catalog.High, []string{what}
	by := any(k.Private)
	if p := forge.PublicOf(k.Private); p != nil {
		by = p
	}
	if k.Private != nil && forge.Verifies(r.token, by) {
		severity = catalog.Critical
		proof = append(proof, "it signs the service's own tokens")
		s := keySigner("the key that the service publishes", r.alg(), k.Private)
		if token, err := s.sign(r.token.Header, r.fresh().Set("jti", newCanary())); err == nil {
			if _, got, err := a.send(ctx, token); err == nil && got == took {
				a.result.Accepted = true
				proof = append(proof, "a token signed with it is accepted")
			}
		}
		if r.signer == nil {
			r.signer = s
		}
	}
	r.find(found{id: catalog.WeakSecret, severity: severity, confidence: finding.Certain, step: r.recipe.Protected.Step,
		message: "the service publishes a key that signs tokens", evidence: proof})
	return what
}

// A publicKey is a key of the service, and where it was found.
type publicKey struct {
	forge.Published
	from string
}

// signing gives the keys with which the service may sign its tokens: the one
// that does if it is there, otherwise those that could.
func (r *run) signing() []publicKey {
	var could []publicKey
	kid := r.token.Header.Text("kid")
	for _, k := range r.public {
		if k.Public == nil {
			continue
		}
		if forge.Verifies(r.token, k.Public) {
			return []publicKey{k}
		}
		if kid == "" || k.KID == "" || k.KID == kid {
			could = append(could, k)
		}
	}
	return could[:min(len(could), 2)]
}

// maxKeyRequests bounds the search for keys.
const maxKeyRequests = 6

// lookForKeys fills r.public: from what the recipe names, or from the token's own
// header and the usual addresses of the target. An error is about what the
// recipe names alone.
func (r *run) lookForKeys(ctx context.Context, a *attempt) error {
	named := r.recipe.Keys
	if named.Public != "" {
		if err := r.readKeys(ctx, a, "keys.public", named.Public); err != nil {
			return err
		}
	}
	if named.JWKS != "" {
		if err := r.readKeys(ctx, a, "keys.jwks", named.JWKS); err != nil {
			return err
		}
	}
	var x5c []string
	if r.token.Header.Value("x5c", &x5c) {
		for _, k := range forge.ReadCertificates(x5c) {
			r.public = append(r.public, publicKey{k, "x5c of the service's token"})
		}
	}
	if named.Public+named.JWKS != "" {
		return nil
	}
	asked := []string{}
	look := func(address string) {
		if !slices.Contains(asked, address) && len(asked) < maxKeyRequests-1 {
			asked = append(asked, address)
			if text, err := r.fetch(ctx, a, address); err == nil {
				r.publish(address, text)
			}
		}
	}
	if jku := r.token.Header.Text("jku"); r.ours(jku) {
		look(jku)
	}
	if text, err := r.fetch(ctx, a, "/.well-known/openid-configuration"); err == nil {
		var about struct {
			JWKS string `json:"jwks_uri"`
		}
		if json.Unmarshal(text, &about) == nil && r.ours(about.JWKS) {
			look(about.JWKS)
		}
	}
	for _, usual := range usualKeys {
		if len(r.public) == 0 {
			look(usual)
		}
	}
	return nil
}

// ours reports whether an address that the target names is the target's own:
// nobody allowed the scan to ask anybody else.
func (r *run) ours(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") &&
		(hostPort(u) == hostPort(r.recipe.Target) || local(u.Hostname()) && local(r.recipe.Target.Hostname()))
}

// readKeys reads the keys that the recipe names: in a file, at a path of the
// target, or at an address, which the user knows and may name.
func (r *run) readKeys(ctx context.Context, a *attempt, field, name string) error {
	text, err := []byte(nil), error(nil)
	if !strings.HasPrefix(name, "http://") && !strings.HasPrefix(name, "https://") {
		if text, err = os.ReadFile(r.recipe.file(name)); err == nil || !strings.HasPrefix(name, "/") {
			if err != nil {
				return fmt.Errorf("%s %s: %w", field, name, plainError(err))
			}
			return r.named(field, name, text)
		}
	}
	if text, err = r.fetch(ctx, a, name); err != nil {
		return fmt.Errorf("%s %s: %w", field, name, err)
	}
	return r.named(field, name, text)
}

func (r *run) named(field, name string, text []byte) error {
	if r.publish(name, text) == 0 {
		return fmt.Errorf("%s %s: no key in it", field, name)
	}
	return nil
}

// publish keeps the keys of a text and says how many there were.
func (r *run) publish(from string, text []byte) int {
	keys, err := forge.ReadKeys(text)
	if err != nil {
		return 0
	}
	for _, k := range keys {
		r.public = append(r.public, publicKey{k, r.vault.quote(from)})
	}
	return len(keys)
}

// fetch asks for a document: at a path of the target, or at an address. It sends
// no token.
func (r *run) fetch(ctx context.Context, a *attempt, address string) ([]byte, error) {
	if strings.HasPrefix(address, "/") {
		res, err := a.v.do(ctx, newRequest(Step{Method: "GET", Path: address}, r.main.expand))
		if err != nil {
			return nil, err
		}
		if res.status != http.StatusOK {
			return nil, fmt.Errorf("answered %d", res.status)
		}
		return res.body, nil
	}
	if err := r.client.rate.Wait(ctx); err != nil {
		return nil, err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("not an address")
	}
	client := a.v.http
	if hostPort(q.URL) != hostPort(r.recipe.Target) {
		client = &http.Client{Timeout: r.recipe.Limits.Timeout, CheckRedirect: client.CheckRedirect}
		defer client.CloseIdleConnections()
	}
	r.client.sent.Add(1)
	res, err := client.Do(q)
	if err != nil {
		return nil, plainError(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %d", res.StatusCode)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxBody))
}
