package guard_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
)

var secret = []byte("a secret of thirty-two bytes or more")

// usual are the claims of a usual access token: some 495 bytes as HS256.
func usual(now time.Time) jwt.MapClaims {
	return jwt.MapClaims{
		"iss": "https://login.example", "sub": "user-4711", "aud": "orders",
		"exp": now.Add(time.Hour).Unix(), "nbf": now.Unix(), "iat": now.Unix(),
		"jti": "0d3c7f0e5b8a4c6f9e21", "scope": "orders:read orders:write", "client_id": "web",
		"sid": "8f14e45fceea167a5a36dedd4bea2543",
	}
}

func signed(tb testing.TB, m jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	tb.Helper()
	t := jwt.NewWithClaims(m, claims)
	t.Header["kid"] = "k1"
	raw, err := t.SignedString(key)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// A blank is a ResponseWriter that costs nothing.
type blank struct{ h http.Header }

func (b blank) Header() http.Header       { return b.h }
func (blank) Write(p []byte) (int, error) { return len(p), nil }
func (blank) WriteHeader(int)             {}

func request(raw string) *http.Request {
	r := &http.Request{
		Method: "GET", Host: "orders.example", RemoteAddr: "203.0.113.7:51000", Header: http.Header{},
		URL: &url.URL{Path: "/orders/7"},
	}
	r.Header.Set("Authorization", "Bearer "+raw)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36")
	return r
}

func everythingOn() guard.Config {
	return guard.Config{
		Keys: guard.Static(guard.Key{ID: "k1", Material: secret}), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Events:     guard.EventConfig{Sink: guard.JSONSink(io.Discard), Service: "orders", Version: "1.2.3"},
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()},
	}
}

func open(tb testing.TB, c guard.Config) *guard.Guard {
	tb.Helper()
	g, err := guard.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { g.Close(tb.Context()) })
	return g
}

var answerOK = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })

// Gate: a seen token, everything on, costs "<= 2 allocations and 400 bytes" (over
// bare chi in bench/guard, over a bare handler here), "encoder and buffer 0
// allocations". What a guard may cost on top of the handler, in allocations. The counts are
// exact, so that a change of one is a line in a diff.
func TestAllocations(t *testing.T) {
	g := open(t, everythingOn())
	h := g.Verify(answerOK)
	raw := signed(t, jwt.SigningMethodHS256, secret, usual(time.Now()))
	w, r := blank{http.Header{}}, request(raw)
	h.ServeHTTP(w, r)
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n > 2 && !raceDetector { // whose pools forget
		t.Errorf("a token that was seen before costs %v allocations, want at most 2", n)
	}
	if n := bytesPerRun(10_000, func() { h.ServeHTTP(w, r) }); n > 400 && !raceDetector {
		t.Errorf("a token that was seen before costs %d bytes, want at most 400", n)
	}
	var sink = guard.JSONSink(io.Discard)
	e := sample(time.Now())
	if n := testing.AllocsPerRun(10_000, func() { sink.Emit(e) }); n > 0 {
		t.Errorf("encoding and buffering an event costs %v allocations, want 0", n)
	}
}

// bytesPerRun is the least of a few rounds: other goroutines allocate too.
func bytesPerRun(n int, f func()) uint64 {
	least := ^uint64(0)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			f()
		}
		runtime.ReadMemStats(&after)
		least = min(least, (after.TotalAlloc-before.TotalAlloc)/uint64(n))
	}
	return least
}

// Gate: "cache at most 600 bytes an entry". A full cache is bounded in bytes, whatever the number of tokens.
func TestCacheBytes(t *testing.T) {
	const entries = 10_000
	g := open(t, func() guard.Config {
		c := everythingOn()
		c.Cache.Entries = entries
		c.Events.Successes = guard.SuccessOff
		return c
	}())
	claims := usual(time.Now())
	var tokens []string
	for i := range entries {
		claims["jti"] = fmt.Sprint("0d3c7f0e5b8a4c6f", i)
		tokens = append(tokens, signed(t, jwt.SigningMethodHS256, secret, claims))
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for _, raw := range tokens {
		if _, err := g.Check(t.Context(), raw, guard.Meta{}); err != nil {
			t.Fatal(err)
		}
	}
	per := int64(heap()-before) / entries
	t.Logf("%d bytes an entry", per)
	if per > 600 {
		t.Errorf("%d bytes an entry of the cache, want at most 600", per)
	}
	runtime.KeepAlive(tokens)
}

func BenchmarkGuard(b *testing.B) {
	now := time.Now()
	w := blank{http.Header{}}
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	b.Run("bare", func(b *testing.B) {
		r := request("x")
		b.ReportAllocs()
		for b.Loop() {
			answerOK.ServeHTTP(w, r)
		}
	})
	b.Run("handwritten/HS256", func(b *testing.B) {
		type claims struct {
			jwt.RegisteredClaims
			Scope string `json:"scope"`
		}
		p := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("https://login.example"),
			jwt.WithAudience("orders"), jwt.WithExpirationRequired())
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var c claims
			_, err := p.ParseWithClaims(r.Header.Get("Authorization")[7:], &c, func(*jwt.Token) (any, error) { return secret, nil })
			if err != nil {
				w.WriteHeader(401)
				return
			}
			answerOK.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), &secret, &c)))
		})
		r := request(signed(b, jwt.SigningMethodHS256, secret, usual(now)))
		b.ReportAllocs()
		for b.Loop() {
			h.ServeHTTP(w, r)
		}
	})
	for _, k := range []struct {
		method jwt.SigningMethod
		sign   any
	}{
		{jwt.SigningMethodHS256, secret}, {jwt.SigningMethodRS256, rsaKey},
		{jwt.SigningMethodES256, ecKey}, {jwt.SigningMethodEdDSA, edKey},
	} {
		alg := k.method.Alg()
		c := everythingOn()
		c.Keys, c.Algorithms = guard.Static(guard.Key{ID: "k1", Material: k.sign}), []string{alg}
		raw := signed(b, k.method, k.sign, usual(now))
		claims := usual(now)
		claims["sub"] = "mallory"
		other := signed(b, k.method, k.sign, claims)
		forged := other[:len(other)-43] + raw[len(raw)-43:]
		b.Run("seen/"+alg, func(b *testing.B) {
			h, r := open(b, c).Verify(answerOK), request(raw)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
		b.Run("unseen/"+alg, func(b *testing.B) {
			c := c
			c.Cache.Disabled = true
			h, r := open(b, c).Verify(answerOK), request(raw)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
		b.Run("forged/"+alg, func(b *testing.B) {
			c := c
			c.Limit.Disabled = true
			h, r := open(b, c).Verify(answerOK), request(forged)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
		b.Run("forged_each_written/"+alg, func(b *testing.B) {
			c := c
			c.Limit.Disabled = true
			h := open(b, c).Verify(answerOK)
			r := request(forged)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				i++
				r.RemoteAddr = addrs[i%len(addrs)]
				h.ServeHTTP(w, r)
			}
		})
		b.Run("blocked/"+alg, func(b *testing.B) {
			h, r := open(b, c).Verify(answerOK), request(forged)
			for range 100 {
				h.ServeHTTP(w, r)
			}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

// addrs are so many that each has its records written in full.
var addrs = func() (list []string) {
	for i := range 1 << 16 {
		list = append(list, fmt.Sprintf("10.7.%d.%d:4711", i>>8, i&255))
	}
	return list
}()
