package guard_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// newKey makes a key for an example. In earnest it comes from where secrets are
// kept.
func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

// keyPrinter shows what becomes of keys.
type keyPrinter struct{}

func (keyPrinter) Emit(e *event.Event) {
	if e.Kind == event.KeyRotated || e.Kind == event.KeysFailed {
		fmt.Println(e.Kind, e.KeyID, "-", e.Message)
	}
}

// exampleIssuerService is a service that issues tokens with the keys of ring.
func exampleIssuerService(ring *guard.Keyring) (*guard.Guard, *guard.Issuer) {
	g, err := guard.New(guard.Config{
		Keys: ring, Algorithms: []string{"ES256", "EdDSA"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()},
		Events:     guard.EventConfig{Sink: keyPrinter{}, Service: "login"},
	})
	if err != nil {
		log.Fatal(err)
	}
	i, err := guard.NewIssuer(guard.IssuerConfig{
		Guard: g, RefreshKey: []byte("a secret of thirty-two bytes or more"), // the Keyring signs
	})
	if err != nil {
		log.Fatal(err)
	}
	return g, i
}

func exampleRing() *guard.Keyring {
	ring, err := guard.NewKeyring(guard.KeyringConfig{Keys: []guard.SigningKey{
		{Key: guard.Key{ID: "2026-03", Material: newKey()}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	return ring
}

// A service that verifies the tokens of another one with the keys that it
// publishes.
func ExampleJWKS() {
	login, issuer := exampleIssuerService(exampleRing())
	defer login.Close(context.Background())
	server := httptest.NewServer(issuer.JWKSHandler()) // https://login.example/jwks.json
	defer server.Close()

	g, err := guard.New(guard.Config{
		Keys:       guard.JWKS(guard.JWKSConfig{URL: server.URL}),
		Algorithms: []string{"ES256"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close(context.Background())

	pair, err := issuer.Issue(context.Background(), guard.Grant{Subject: "user-4711"})
	if err != nil {
		log.Fatal(err)
	}
	orders := g.Verify(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	fmt.Println(send(orders, pair.Access.Reveal()))
	// Output: 200
}

// A service that shall not take requests before it has keys waits for them.
func ExampleKeySet_Reload() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	keys := guard.JWKS(guard.JWKSConfig{URL: server.URL})

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := keys.Reload(ctx); err != nil {
		fmt.Println(err)
	}
	// Output: key set: status 404
}

// The age of the set is a gauge for an alarm.
func ExampleKeySet_Age() {
	keys := guard.JWKS(guard.JWKSConfig{URL: "https://login.example/jwks.json"})
	fmt.Println(keys.Age() < 0) // nothing was loaded yet
	// Output: true
}

// Two keys in the configuration of every process: the second follows the first
// in all of them at once, without a restart.
func ExampleNewKeyring() {
	next := time.Now().Add(24 * time.Hour) // from the configuration
	ring, err := guard.NewKeyring(guard.KeyringConfig{Keys: []guard.SigningKey{
		{Key: guard.Key{ID: "2026-03", Material: newKey()}},
		{Key: guard.Key{ID: "2026-04", Material: newKey()}, SignFrom: next},
	}})
	if err != nil {
		log.Fatal(err)
	}
	g, issuer := exampleIssuerService(ring)
	defer g.Close(context.Background())

	pair, err := issuer.Issue(context.Background(), guard.Grant{Subject: "user-4711"})
	if err != nil {
		log.Fatal(err)
	}
	token, err := g.Check(context.Background(), pair.Access.Reveal(), guard.Meta{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.KeyID())
	// Output: 2026-03
}

// A key of another kind is added while the service runs. It signs after it has
// been published for KeyringConfig.Ahead.
func ExampleKeyring_Add() {
	ring := exampleRing()
	g, _ := exampleIssuerService(ring)
	defer g.Close(context.Background())

	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	if err := ring.Add(guard.SigningKey{Key: guard.Key{ID: "2026-04", Material: key}}); err != nil {
		log.Fatal(err)
	}
	// Output: jwt.key_rotated 2026-04 - key published
}

// A key that fell into the wrong hands is withdrawn. Another one takes its
// place, which signs at once because none other is there.
func ExampleKeyring_Withdraw() {
	ring := exampleRing()
	g, issuer := exampleIssuerService(ring)
	defer g.Close(context.Background())
	pair, err := issuer.Issue(context.Background(), guard.Grant{Subject: "user-4711"})
	if err != nil {
		log.Fatal(err)
	}

	if err := ring.Add(guard.SigningKey{Key: guard.Key{ID: "2026-04", Material: newKey()}, SignFrom: time.Now()}); err != nil {
		log.Fatal(err)
	}
	if err := ring.Withdraw("2026-03", "laptop stolen"); err != nil {
		log.Fatal(err)
	}
	_, err = g.Check(context.Background(), pair.Access.Reveal(), guard.Meta{})
	fmt.Println(err)
	// Output:
	// jwt.key_rotated 2026-04 - key published
	// jwt.key_rotated 2026-04 - another key signs
	// jwt.key_rotated 2026-03 - key withdrawn
	// token refused: unknown_kid
}

func ExampleIssuer_JWKSHandler() {
	g, issuer := exampleIssuerService(exampleRing())
	defer g.Close(context.Background())
	mux := http.NewServeMux()
	mux.Handle("/.well-known/jwks.json", issuer.JWKSHandler())

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/jwks.json", nil))
	var set struct {
		Keys []struct{ Kty, Kid, Alg, Use string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.Header().Get("Cache-Control"), set.Keys)
	// Output: public, max-age=900 [{EC 2026-03 ES256 sig}]
}
