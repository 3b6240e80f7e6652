package guard_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

const (
	ordersSecret = "orders-secret-0123456789abcdef"
	oldSecret    = "old: secret+of%the/orders api"
	oddID        = "odd:id/ü"
)

var (
	clientKey, _   = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	strangerKey, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	certificate    = []byte("stands for a certificate in DER")
)

func testClients(t *testing.T, b *bench) *guard.Clients {
	t.Helper()
	sum := sha256.Sum256(certificate)
	c, err := guard.NewClients(guard.ClientsConfig{
		Clients: []guard.Client{
			{ID: "orders-api", Secrets: []guard.SecretHash{guard.HashSecret(ordersSecret), guard.HashSecret(oldSecret)}},
			{ID: oddID, Secrets: []guard.SecretHash{guard.HashSecret(ordersSecret)}},
			{ID: "batch", Keys: guard.Static(guard.Key{ID: "k1", Material: clientKey}), Algorithms: []string{"ES256"}},
			{ID: "robot", Certificates: []string{base64.RawURLEncoding.EncodeToString(sum[:])}},
			{ID: "web", Secrets: []guard.SecretHash{guard.HashSecret("web-" + ordersSecret)}},
			{ID: "spa", Public: true},
		},
		Audience: []string{"https://login.example"}, Now: b.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// assertion signs a client assertion for batch, with edits of its claims.
func assertion(t *testing.T, now time.Time, key any, edit func(jwt.MapClaims)) string {
	c := jwt.MapClaims{
		"iss": "batch", "sub": "batch", "aud": "https://login.example", "jti": rand.Text(), "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(),
	}
	if edit != nil {
		edit(c)
	}
	return signed(t, jwt.SigningMethodES256, key, c)
}

const assertionIs = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion="

func TestClients(t *testing.T) {
	b := newBench(t, nil)
	clients := testClients(t, b)
	basic := func(id, secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
	}
	with := func(der []byte) func(*http.Request) {
		return func(r *http.Request) { r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{Raw: der}}} }
	}
	now := b.clock.Now()
	used := assertion(t, now, clientKey, nil)
	claims := func(edit func(jwt.MapClaims)) string { return assertionIs + assertion(t, now, clientKey, edit) }
	for _, test := range []struct {
		name, body string
		edits      []func(*http.Request)
		id         string // of the client, empty where it is refused
		want       event.Reason
	}{
		{"basic", "", []func(*http.Request){basic("orders-api", ordersSecret)}, "orders-api", 0},
		{"basic, second secret, encoded", "", []func(*http.Request){basic("orders-api", oldSecret)}, "orders-api", 0},
		{"basic, a colon in the id", "", []func(*http.Request){basic(oddID, ordersSecret)}, oddID, 0},
		{"basic beside client_id", "client_id=orders-api", []func(*http.Request){basic("orders-api", ordersSecret)}, "orders-api", 0},
		{"basic beside another client_id", "client_id=batch", []func(*http.Request){basic("orders-api", ordersSecret)}, "", event.ReasonBindingMismatch},
		{"wrong secret", "", []func(*http.Request){basic("orders-api", ordersSecret+"x")}, "", event.ReasonBindingMismatch},
		{"no secret", "", []func(*http.Request){basic("orders-api", "")}, "", event.ReasonBindingMismatch},
		{"the hash for the secret", "", []func(*http.Request){basic("orders-api", string(guard.HashSecret(ordersSecret)))}, "", event.ReasonBindingMismatch},
		{"another's secret", "", []func(*http.Request){basic("web", ordersSecret)}, "", event.ReasonBindingMismatch},
		{"unknown client", "", []func(*http.Request){basic("nobody", ordersSecret)}, "", event.ReasonBindingMismatch},
		{"a secret for one that has none", "", []func(*http.Request){basic("batch", ordersSecret)}, "", event.ReasonBindingMismatch},
		{"a secret for a public one", "", []func(*http.Request){basic("spa", "x")}, "", event.ReasonBindingMismatch},
		{"not encoded", "", []func(*http.Request){func(r *http.Request) { r.SetBasicAuth("orders-api", "100%") }}, "", event.ReasonMalformed},
		{"not base64", "", []func(*http.Request){func(r *http.Request) { r.Header.Set("Authorization", "Basic ****") }}, "", event.ReasonMalformed},
		{"two headers", "", []func(*http.Request){basic("orders-api", ordersSecret), func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }}, "", event.ReasonMalformed},
		{"another scheme", "", []func(*http.Request){func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }}, "", event.ReasonMissing},

		{"post", "client_id=orders-api&client_secret=" + ordersSecret, nil, "orders-api", 0},
		{"post, wrong", "client_id=orders-api&client_secret=x", nil, "", event.ReasonBindingMismatch},
		{"post, nobody named", "client_secret=" + ordersSecret, nil, "", event.ReasonBindingMismatch},
		{"post, twice", "client_id=a&client_id=b&client_secret=x", nil, "", event.ReasonMalformed},
		{"post beside basic", "client_id=orders-api&client_secret=" + ordersSecret, []func(*http.Request){basic("orders-api", ordersSecret)}, "", event.ReasonMultipleTokens},
		{"post beside an assertion", "client_secret=" + ordersSecret + "&" + claims(nil), nil, "", event.ReasonMultipleTokens},
		{"basic beside an assertion", claims(nil), []func(*http.Request){basic("orders-api", ordersSecret)}, "", event.ReasonMultipleTokens},
		{"in the URL", "", []func(*http.Request){func(r *http.Request) { r.URL.RawQuery = "client_id=orders-api&client_secret=" + ordersSecret }}, "", event.ReasonTokenInQuery},

		{"assertion", assertionIs + used, nil, "batch", 0},
		{"assertion, again", assertionIs + used, nil, "", event.ReasonReplayed},
		{"assertion, client_id beside", "client_id=batch&" + claims(nil), nil, "batch", 0},
		{"assertion, another client_id", "client_id=spa&" + claims(nil), nil, "", event.ReasonBindingMismatch},
		{"assertion, one aud in a list", claims(func(c jwt.MapClaims) { c["aud"] = []string{"https://login.example"} }), nil, "batch", 0},
		{"assertion, for others too", claims(func(c jwt.MapClaims) { c["aud"] = []string{"https://login.example", "https://evil.example"} }), nil, "", event.ReasonBadAudience},
		{"assertion, for another", claims(func(c jwt.MapClaims) { c["aud"] = "https://evil.example" }), nil, "", event.ReasonBadAudience},
		{"assertion, expired", claims(func(c jwt.MapClaims) { c["exp"] = now.Add(-time.Minute).Unix() }), nil, "", event.ReasonExpired},
		{"assertion, for a day", claims(func(c jwt.MapClaims) { c["exp"] = now.Add(24 * time.Hour).Unix() }), nil, "", event.ReasonLifetimeTooLong},
		{"assertion, for ever", claims(func(c jwt.MapClaims) { delete(c, "exp") }), nil, "", event.ReasonMissingClaim},
		{"assertion, no jti", claims(func(c jwt.MapClaims) { delete(c, "jti") }), nil, "", event.ReasonMissingClaim},
		{"assertion, empty jti", claims(func(c jwt.MapClaims) { c["jti"] = "" }), nil, "", event.ReasonMissingClaim},
		{"assertion, of another sub", claims(func(c jwt.MapClaims) { c["sub"] = "web" }), nil, "", event.ReasonBadClaim},
		{"assertion, of another iss", claims(func(c jwt.MapClaims) { c["iss"] = "web" }), nil, "", event.ReasonBindingMismatch},
		{"assertion, of nobody", claims(func(c jwt.MapClaims) { c["iss"] = "nobody" }), nil, "", event.ReasonBindingMismatch},
		{"assertion, no iss", claims(func(c jwt.MapClaims) { delete(c, "iss") }), nil, "", event.ReasonMalformed},
		{"assertion, forged", assertionIs + assertion(t, now, strangerKey, nil), nil, "", event.ReasonBadSignature},
		{"assertion, unsigned", assertionIs + forge(`{"alg":"none"}`, `{"iss":"batch","sub":"batch"}`, ""), nil, "", event.ReasonAlgNone},
		{"assertion, an access token", assertionIs + strings.Replace(used, ".", "", 1), nil, "", event.ReasonMalformed},
		{"assertion, of another type", "client_assertion_type=saml&client_assertion=" + used, nil, "", event.ReasonMalformed},
		{"assertion, type alone", assertionIs, nil, "", event.ReasonMalformed},

		{"certificate", "client_id=robot", []func(*http.Request){with(certificate)}, "robot", 0},
		{"another certificate", "client_id=robot", []func(*http.Request){with([]byte("other"))}, "", event.ReasonBindingMismatch},
		{"no certificate", "client_id=robot", nil, "", event.ReasonMissing},
		{"certificate for one that has none", "client_id=web", []func(*http.Request){with(certificate)}, "", event.ReasonMissing},
		{"certificate beside a secret", "", []func(*http.Request){with(certificate), basic("orders-api", ordersSecret)}, "orders-api", 0},

		{"nothing", "", nil, "", event.ReasonMissing},
		{"a public client", "client_id=spa", nil, "", event.ReasonMissing},
		{"an unknown name", "client_id=nobody", nil, "", event.ReasonBindingMismatch},
		{"not a form", "%zz", nil, "", event.ReasonMalformed},
	} {
		r := httptest.NewRequest("POST", "/token", strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, edit := range test.edits {
			edit(r)
		}
		id, err := clients.Authenticate(r)
		var e *guard.Error
		if errors.As(err, &e); id != test.id || (err == nil) != (test.want == 0) || err != nil && (e == nil || e.Reason != test.want) {
			t.Errorf("%s: %q, %v; want %q %v", test.name, id, reasonOf(err), test.id, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret-0123") || strings.Contains(err.Error(), "eyJ")) {
			t.Errorf("%s: the error holds what was shown: %v", test.name, err)
		}
	}

	for body, want := range map[string]string{"client_id=spa": "spa", "client_id=orders-api": "", "client_id=nobody": "", "": "", "client_id=spa&client_secret=x": ""} {
		r := httptest.NewRequest("POST", "/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if id, err := clients.Identify(r); id != want || (err == nil) != (want != "") {
			t.Errorf("Identify %q: %q, %v", body, id, err)
		}
	}
	r := httptest.NewRequest("POST", "/token", strings.NewReader(strings.Repeat("a", 20<<10)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if _, err := clients.Identify(r); reasonOf(err) != event.ReasonMalformed {
		t.Errorf("a body without end: %v", err)
	}
}

// An assertion is remembered for as long as it would be taken, and no longer.
func TestAssertionOnce(t *testing.T) {
	b := newBench(t, nil)
	clients := testClients(t, b)
	raw := assertion(t, b.clock.Now(), clientKey, nil)
	show := func() event.Reason {
		r := httptest.NewRequest("POST", "/token", strings.NewReader(assertionIs+raw))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		_, err := clients.Authenticate(r)
		return reasonOf(err)
	}
	for _, step := range []struct {
		after time.Duration
		want  event.Reason
	}{
		{0, 0}, {0, event.ReasonReplayed}, {time.Minute, event.ReasonReplayed},
		{30*time.Second - time.Nanosecond, event.ReasonReplayed}, // within the leeway
		{time.Nanosecond, event.ReasonExpired},
	} {
		b.clock.add(step.after)
		if got := show(); got != step.want {
			t.Errorf("after another %v: %v, want %v", step.after, got, step.want)
		}
	}
}

// Several processes share what they have seen, and cannot do without.
func TestAssertionMemory(t *testing.T) {
	b := newBench(t, nil)
	m := &used{ids: make(map[string]time.Time)}
	open := func() *guard.Clients {
		c, err := guard.NewClients(guard.ClientsConfig{
			Clients:  []guard.Client{{ID: "batch", Keys: guard.Static(guard.Key{ID: "k1", Material: clientKey}), Algorithms: []string{"ES256"}}},
			Audience: []string{"https://login.example"}, Memory: m, Now: b.clock.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	show := func(c *guard.Clients, raw string) event.Reason {
		r := httptest.NewRequest("POST", "/token", strings.NewReader(assertionIs+raw))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		_, err := c.Authenticate(r)
		return reasonOf(err)
	}
	one, other, raw := open(), open(), assertion(t, b.clock.Now(), clientKey, nil)
	if got := show(one, raw); got != 0 {
		t.Errorf("the first process: %v", got)
	}
	if got := show(other, raw); got != event.ReasonReplayed {
		t.Errorf("the second process: %v, want replayed", got)
	}
	for id, until := range m.ids {
		if len(id) != 43 || !until.Equal(b.clock.Now().Add(90*time.Second)) {
			t.Errorf("kept %q until %v", id, until)
		}
	}
	m.down = true
	if got := show(one, assertion(t, b.clock.Now(), clientKey, nil)); got != event.ReasonStoreUnavailable {
		t.Errorf("while the memory is down: %v", got)
	}
}

// used is a ProofMemory.
type used struct {
	ids  map[string]time.Time
	down bool
}

func (u *used) Use(_ context.Context, id string, until time.Time) (bool, error) {
	if u.down {
		return false, errDown
	}
	_, known := u.ids[id]
	u.ids[id] = until
	return !known, nil
}

func TestNewClients(t *testing.T) {
	_, private, _ := ed25519.GenerateKey(nil)
	for _, test := range []struct {
		name string
		c    guard.ClientsConfig
		want []string
	}{
		{"nothing", guard.ClientsConfig{}, []string{"Clients: empty"}},
		{"no id", guard.ClientsConfig{Clients: []guard.Client{{Public: true}}}, []string{"client 0: ID: missing"}},
		{"twice", guard.ClientsConfig{Clients: []guard.Client{{ID: "a", Public: true}, {ID: "a", Public: true}}}, []string{`client "a": ID: stands there twice`}},
		{"all at once", guard.ClientsConfig{Clients: []guard.Client{
			{ID: "short", Secrets: []guard.SecretHash{guard.HashSecret("hunter2")}},
			{ID: "empty", Secrets: []guard.SecretHash{guard.HashSecret("")}},
			{ID: "plain", Secrets: []guard.SecretHash{guard.HashSecret(ordersSecret), "plain-hunter2-hunter2-hunter2"}},
			{ID: "none"},
			{ID: "both", Public: true, Secrets: []guard.SecretHash{guard.HashSecret(ordersSecret)}},
			{ID: "cert", Certificates: []string{"AA:BB"}},
			{ID: "algs", Secrets: []guard.SecretHash{guard.HashSecret(ordersSecret)}, Algorithms: []string{"ES256"}},
			{ID: "keys", Keys: guard.Static(private)},
			{ID: "hmac", Keys: guard.Static(secret), Algorithms: []string{"HS256"}},
			{ID: "other", Keys: guard.Static(private), Algorithms: []string{"RS256"}},
		}}, []string{
			`client "short": Secrets[0]: 7 characters; at least 22 are needed`, `client "empty": Secrets[0]: 0 characters; at least 22 are needed`,
			`client "plain": Secrets[1]: not made by HashSecret`, `client "none": Secrets: empty`, `client "both": Public: contradicts`,
			`client "cert": Certificates[0]: not a SHA-256 thumbprint`, `client "algs": Algorithms: there are no Keys`, `client "keys": Algorithms: empty`,
			`client "keys": Keys: ClientsConfig.Audience must name`, `client "hmac": Algorithms: HS256 needs the secret`, `client "other": Keys:`,
		}},
	} {
		_, err := guard.NewClients(test.c)
		text := fmt.Sprint(err)
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %v\nlacks %q", test.name, err, want)
			}
		}
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s: the error holds a secret: %v", test.name, err)
		}
	}
}
