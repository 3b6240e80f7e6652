package main

import (
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/golang-jwt/jwt/v5"

	"github.com/jotsight/jotsight/guard"
)

// Gate: a seen token, everything on, costs "<= 2 allocations and 400 bytes over
// bare chi". Both are exact, so that they hold on any machine: a handler behind
// chi with the guard, less the same without it.
func TestSeenOverBareChi(t *testing.T) {
	secret := []byte("a secret of thirty-two bytes or more")
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	g, err := guard.New(guard.Config{
		Keys: guard.Static(guard.Key{ID: "k1", Material: secret}), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		ClientIP:   func(r *http.Request) netip.Addr { a, _ := netip.ParseAddrPort(r.RemoteAddr); return a.Addr() },
		Events:     guard.EventConfig{Sink: guard.JSONSink(out), Service: "orders", Version: "1.2.3"},
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close(t.Context())
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "https://login.example", "sub": "user-4711", "aud": "orders", "exp": now.Add(time.Hour).Unix(), "nbf": now.Unix(), "iat": now.Unix(),
		"jti": "0d3c7f0e5b8a4c6f9e21", "scope": "orders:read orders:write", "client_id": "web", "sid": "8f14e45fceea167a5a36dedd4bea2543",
	})
	token.Header["kid"] = "k1"
	raw, err := token.SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := &http.Request{
		Method: "GET", Host: "orders.example", RemoteAddr: "203.0.113.7:51000", URL: &url.URL{Path: "/orders/7"},
		Header: http.Header{"Authorization": {"Bearer " + raw}, "User-Agent": {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"}},
	}
	answers := 0
	handler := func(w http.ResponseWriter, r *http.Request) {
		answers++
		w.WriteHeader(http.StatusOK)
	}
	serve := func(middlewares ...func(http.Handler) http.Handler) func() {
		c := chi.NewRouter()
		c.Use(middlewares...)
		c.Get("/orders/{id}", handler)
		w := quiet{http.Header{}}
		return func() { c.ServeHTTP(w, r) }
	}
	bare, seen := serve(), serve(g.Verify)
	bare() // both have pools to fill, and the token is to be known
	seen()
	if answers != 2 {
		t.Fatalf("%d answers of the handler, want 2", answers)
	}
	if n := testing.AllocsPerRun(10_000, seen) - testing.AllocsPerRun(10_000, bare); n > 2 && !raceDetector {
		t.Errorf("a seen token costs %v allocations over bare chi, want at most 2", n)
	}
	if n := bytesOf(seen) - bytesOf(bare); n > 400 && !raceDetector {
		t.Errorf("a seen token costs %d bytes over bare chi, want at most 400", n)
	}
}

// A quiet is a ResponseWriter that costs nothing.
type quiet struct{ h http.Header }

func (q quiet) Header() http.Header       { return q.h }
func (quiet) Write(p []byte) (int, error) { return len(p), nil }
func (quiet) WriteHeader(int)             {}

// bytesOf gives the bytes that f allocates, the least of many rounds: other
// goroutines allocate too, and one use in 1,024 writes a record, for which pools
// are filled again after each collection (some 2 bytes a use).
func bytesOf(f func()) int64 {
	const n = 500
	least := int64(1 << 62)
	for range 40 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			f()
		}
		runtime.ReadMemStats(&after)
		least = min(least, int64(after.TotalAlloc-before.TotalAlloc)/n)
	}
	return least
}
