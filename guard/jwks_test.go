package guard_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// Keys to sign with. RSA keys are slow to make, so all tests share these.
var (
	rsaKeys = sync.OnceValue(func() (list [2]*rsa.PrivateKey) {
		for i := range list {
			list[i], _ = rsa.GenerateKey(rand.Reader, 2048)
		}
		return list
	})
	ecKeys = sync.OnceValue(func() (list [4]*ecdsa.PrivateKey) {
		for i := range list {
			list[i], _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		}
		return list
	})
	edKey = sync.OnceValue(func() ed25519.PrivateKey { _, k, _ := ed25519.GenerateKey(rand.Reader); return k })
)

// jwk writes the public half of a key as RFC 7517 has it.
func jwk(kid, alg string, key crypto.Signer) string {
	return jsonOf(jose.JSONWebKey{Key: key.Public(), KeyID: kid, Algorithm: alg, Use: "sig"})
}

func jwkSet(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

// signedBy signs the usual claims with a kid, or without one.
func signedBy(tb testing.TB, kid string, m jwt.SigningMethod, key any) string {
	tb.Helper()
	t := jwt.NewWithClaims(m, usual(time.Now()))
	if kid != "" {
		t.Header["kid"] = kid
	}
	raw, err := t.SignedString(key)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// A keyServer answers in memory, so that time can be a test's own.
type keyServer struct {
	mu      sync.Mutex
	answer  func(*http.Request) (int, http.Header, io.Reader)
	fetches atomic.Int64
	last    http.Header // of the last request
}

func (s *keyServer) set(answer func(*http.Request) (int, http.Header, io.Reader)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *keyServer) serve(body string) {
	s.set(func(*http.Request) (int, http.Header, io.Reader) { return 200, nil, strings.NewReader(body) })
}

func (s *keyServer) fail(status int) {
	s.set(func(*http.Request) (int, http.Header, io.Reader) {
		return status, nil, strings.NewReader("no")
	})
}

// hang answers nobody.
func (s *keyServer) hang() { s.set(nil) }

func (s *keyServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.fetches.Add(1)
	s.mu.Lock()
	answer := s.answer
	s.last = r.Header
	s.mu.Unlock()
	if answer == nil {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	status, h, body := answer(r)
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(body), Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// keyGuard is a guard of the server's keys, with its set.
func keyGuard(t *testing.T, s *keyServer, edit func(*guard.Config, *guard.JWKSConfig)) (*guard.Guard, *guard.KeySet, *memo) {
	t.Helper()
	m := new(memo)
	c := guard.Config{
		Algorithms: []string{"ES256", "RS256", "PS256", "EdDSA"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Events: guard.EventConfig{Sink: m, Service: "orders", Heartbeat: -1}, Limit: guard.LimitConfig{Disabled: true},
	}
	jc := guard.JWKSConfig{URL: "https://login.example/jwks.json", Client: &http.Client{Transport: s}}
	if edit != nil {
		edit(&c, &jc)
	}
	set := guard.JWKS(jc)
	c.Keys = set
	g := open(t, c)
	t.Cleanup(func() { g.Close(context.Background()) }) // t.Context is no longer good by then
	return g, set, m
}

func verdict(g *guard.Guard, raw string) event.Reason {
	_, err := g.Check(context.Background(), raw, guard.Meta{})
	return reasonOf(err)
}

// keyEvents writes what the memo has of the keys as "kind: detail", a line each.
func keyEvents(m *memo) string {
	var lines []string
	for _, e := range m.take() {
		switch e.Kind {
		case event.KeysFailed, event.KeysRefreshed, event.KeyRotated:
			line := strings.TrimPrefix(e.Kind.String(), "jwt.") + ": " + e.Detail
			if e.KeyID != "" {
				line = strings.Replace(line, ":", " "+e.KeyID+":", 1)
			}
			if e.Count > 1 {
				line += fmt.Sprintf(" x%d in %ds", e.Count, e.Window)
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// Each key is read by itself and bound to its alg.
func TestKeySet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rs, ec := rsaKeys(), ecKeys()
		weak, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		withX5c := strings.Replace(jwk("x5c", "ES256", ec[1]), "{", `{"x5c":["not a certificate"],"x5u":"http://x","x5t":7,`, 1)
		s := &keyServer{}
		s.serve(jwkSet(
			jwk("rsa", "RS256", rs[0]), jwk("any", "", rs[1]), jwk("ec", "ES256", ec[0]), jwk("ed", "EdDSA", edKey()), withX5c,
			jwk("weak", "RS256", weak),
			`{"kty":"oct","kid":"hmac","k":"`+strings.Repeat("A", 64)+`"}`,
			jsonOf(jose.JSONWebKey{Key: ec[2], KeyID: "private"}),
			strings.Replace(jwk("enc", "", ec[2]), `"sig"`, `"enc"`, 1),
			strings.Replace(jwk("ops", "", ec[2]), `"use":"sig"`, `"key_ops":["encrypt"]`, 1),
			jwk("confused", "RS256", ec[2]), jwk("es256k", "ES256K", ec[2]),
			`{"kty":"AKP","kid":"pq","alg":"ML-DSA-44"}`, `{"kty":"EC","kid":"off","crv":"P-256","x":"AAAA","y":"AAAA"}`,
			`7`, `{"kty":"EC","kid":"a","kid":"b"}`, `{"kty":"RSA","kid":7}`,
		))
		g, _, m := keyGuard(t, s, nil)
		synctest.Wait()

		tests := []struct {
			name, raw string
			want      event.Reason
		}{
			{"RS256", signedBy(t, "rsa", jwt.SigningMethodRS256, rs[0]), 0},
			{"a key bound to RS256, used for PS256", signedBy(t, "rsa", jwt.SigningMethodPS256, rs[0]), event.ReasonAlgKeyMismatch},
			{"a key without alg, RS256", signedBy(t, "any", jwt.SigningMethodRS256, rs[1]), 0},
			{"a key without alg, PS256", signedBy(t, "any", jwt.SigningMethodPS256, rs[1]), 0},
			{"ES256", signedBy(t, "ec", jwt.SigningMethodES256, ec[0]), 0},
			{"EdDSA", signedBy(t, "ed", jwt.SigningMethodEdDSA, edKey()), 0},
			{"certificates are not looked at", signedBy(t, "x5c", jwt.SigningMethodES256, ec[1]), 0},
			{"another key's kid", signedBy(t, "ec", jwt.SigningMethodES256, ec[1]), event.ReasonBadSignature},
			{"no kid", signedBy(t, "", jwt.SigningMethodES256, ec[1]), 0},
			{"no kid, PS256: only the key that is not bound", signedBy(t, "", jwt.SigningMethodPS256, rs[1]), 0},
			{"no kid, PS256 by the key that is bound", signedBy(t, "", jwt.SigningMethodPS256, rs[0]), event.ReasonBadSignature},
			{"a key that was left out", signedBy(t, "private", jwt.SigningMethodES256, ec[2]), event.ReasonUnknownKID},
			{"a key to encrypt with", signedBy(t, "enc", jwt.SigningMethodES256, ec[2]), event.ReasonUnknownKID},
			{"a key that may not verify", signedBy(t, "ops", jwt.SigningMethodES256, ec[2]), event.ReasonUnknownKID},
			{"a weak key", signedBy(t, "weak", jwt.SigningMethodRS256, weak), event.ReasonUnknownKID},
		}
		for _, test := range tests {
			if got := verdict(g, test.raw); got != test.want {
				t.Errorf("%s: %v, want %v", test.name, got, test.want)
			}
		}
		if n := s.fetches.Load(); n != 1 {
			t.Errorf("%d downloads, want 1", n)
		}
		got := keyEvents(m)
		for _, want := range []string{
			`keys_refreshed: 5 keys: "rsa", "any", "ec", "ed", "x5c"`, "keys_failed: 10: ", `key "weak": an RSA key under 2048 bits`,
			`key "hmac": symmetric`, `key "private": its private half is published`, `key "confused": alg "RS256" does not go with it`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in:\n%s", want, got)
			}
		}
	})
}

// A thousand hostile tokens from many goroutines cause one download at most, and
// none of them waits longer than half a second, whatever the server does.
func TestKeySetUnderFlood(t *testing.T) {
	for _, server := range []string{"hangs", "fails", "answers", "was never there"} {
		t.Run(server, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ec := ecKeys()
				good := signedBy(t, "k1", jwt.SigningMethodES256, ec[0])
				s := &keyServer{}
				if server != "was never there" {
					s.serve(jwkSet(jwk("k1", "ES256", ec[0])))
				}
				g, _, _ := keyGuard(t, s, nil)
				if server != "was never there" {
					synctest.Wait()
					time.Sleep(time.Minute)
					s.fetches.Store(0)
				}
				switch server {
				case "hangs":
					s.hang()
				case "fails":
					s.fail(503)
				}
				var slowest, accepted atomic.Int64
				reasons := make([]atomic.Int64, len(event.Reasons())+1)
				var all sync.WaitGroup
				for n := range 1000 {
					raw := signedBy(t, []string{fmt.Sprint("made up ", n), "k1", "", "k9"}[n%4], jwt.SigningMethodES256, ec[1])
					all.Go(func() {
						time.Sleep(time.Duration(n) * 5 * time.Millisecond) // five seconds of it
						start := time.Now()
						why := verdict(g, raw)
						reasons[why].Add(1)
						if why == 0 {
							accepted.Add(1)
						}
						for took := int64(time.Since(start)); ; {
							if old := slowest.Load(); took <= old || slowest.CompareAndSwap(old, took) {
								return
							}
						}
					})
				}
				all.Wait()
				if n := s.fetches.Load(); n > 1 {
					t.Errorf("%d downloads, want at most 1", n)
				}
				if d := time.Duration(slowest.Load()); d > 500*time.Millisecond {
					t.Errorf("one waited for %v", d)
				}
				if n := accepted.Load(); n != 0 {
					t.Errorf("%d were accepted", n)
				}
				want := map[string]map[event.Reason]int64{
					"answers":         {event.ReasonUnknownKID: 500, event.ReasonBadSignature: 500},
					"hangs":           {event.ReasonKeyUnavailable: 500, event.ReasonBadSignature: 500},
					"fails":           {event.ReasonKeyUnavailable: 500, event.ReasonBadSignature: 500},
					"was never there": {event.ReasonKeyUnavailable: 1000},
				}[server]
				for r, n := range want {
					if got := reasons[r].Load(); got != n {
						t.Errorf("%v: %d, want %d", r, got, n)
					}
				}
				if why := verdict(g, good); server != "was never there" && why != 0 {
					t.Errorf("a good token: %v", why)
				}
			})
		})
	}
}

// A new key is found when the first token of it comes, not when the interval
// ends; one that was withdrawn is refused after the reload, from the cache too.
func TestKeySetRotates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ec := ecKeys()
		s := &keyServer{}
		s.serve(jwkSet(jwk("k1", "ES256", ec[0])))
		g, set, m := keyGuard(t, s, nil)
		synctest.Wait()
		old, young := signedBy(t, "k1", jwt.SigningMethodES256, ec[0]), signedBy(t, "k2", jwt.SigningMethodES256, ec[1])
		for range 2 {
			if why := verdict(g, old); why != 0 {
				t.Fatal(why)
			}
		}
		time.Sleep(time.Minute)
		s.serve(jwkSet(jwk("k1", "ES256", ec[0]), jwk("k2", "ES256", ec[1])))
		before := set.Generation()
		if why := verdict(g, young); why != 0 {
			t.Errorf("the new key's first token: %v", why)
		}
		if set.Generation() != before {
			t.Error("a key that was added bumped the generation")
		}
		if n := s.fetches.Load(); n != 2 {
			t.Errorf("%d downloads, want 2", n)
		}

		s.serve(jwkSet(jwk("k2", "ES256", ec[1])))
		time.Sleep(14 * time.Minute)
		if why := verdict(g, old); why != 0 { // it is in the cache again
			t.Fatal(why)
		}
		time.Sleep(2 * time.Minute) // the background reload comes in between
		synctest.Wait()
		if why := verdict(g, old); why != event.ReasonUnknownKID {
			t.Errorf("a token of the withdrawn key: %v, want unknown_kid", why)
		}
		if why := verdict(g, young); why != 0 {
			t.Errorf("a token of the key that stays: %v", why)
		}
		s.serve(jwkSet(jwk("k2", "ES256", ec[2])))
		if err := set.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if why := verdict(g, young); why != event.ReasonBadSignature {
			t.Errorf("a token of the key that was exchanged: %v, want bad_signature", why)
		}
		want := `keys_refreshed: 1 keys: "k1"
keys_refreshed: 2 keys; added "k2"
key_rotated k2: added "k2"
keys_refreshed: 1 keys; removed "k1"
key_rotated k1: removed "k1"
keys_refreshed: 1 keys; exchanged under the same kid "k2"
key_rotated k2: exchanged under the same kid "k2"`
		if got := keyEvents(m); got != want {
			t.Errorf("events:\n%s\nwant:\n%s", got, want)
		}
	})
}

// The kid of a token that nobody can verify costs a download now and then, and
// fewer each time.
func TestKeySetAbsentKid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ec := ecKeys()
		s := &keyServer{}
		s.set(func(*http.Request) (int, http.Header, io.Reader) {
			return 200, http.Header{"Cache-Control": {"max-age=86400"}}, strings.NewReader(jwkSet(jwk("k1", "ES256", ec[0])))
		})
		g, _, _ := keyGuard(t, s, nil)
		synctest.Wait()
		stale := signedBy(t, "gone", jwt.SigningMethodES256, ec[1])
		var at []int // seconds
		for sec := range 1200 {
			before := s.fetches.Load()
			if why := verdict(g, stale); why != event.ReasonUnknownKID {
				t.Fatalf("at %d s: %v", sec, why)
			}
			if s.fetches.Load() > before {
				at = append(at, sec)
			}
			time.Sleep(time.Second)
		}
		if got, want := fmt.Sprint(at), "[30 60 120 240 480 780 1080]"; got != want {
			t.Errorf("downloads at %s s, want %s", got, want)
		}
	})
}

// The reload follows the server's max-age, within bounds, and asks with its ETag.
func TestKeySetReloads(t *testing.T) {
	for _, test := range []struct {
		control string
		age     string
		want    time.Duration
	}{
		{"", "", 15 * time.Minute},
		{"public, max-age=1000", "", 800 * time.Second},
		{"max-age=1000", "250", 600 * time.Second},
		{"max-age=10", "", 5 * time.Minute},
		{"no-store, max-age=1000", "", 5 * time.Minute},
		{"max-age=99999999", "", time.Hour},
		{"max-age=99999999999999999999", "", 15 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &keyServer{}
			ec := ecKeys()
			var at []time.Time
			s.set(func(r *http.Request) (int, http.Header, io.Reader) {
				at = append(at, time.Now())
				h := http.Header{"Etag": {`"one"`}}
				if test.control != "" {
					h.Set("Cache-Control", test.control)
				}
				if test.age != "" {
					h.Set("Age", test.age)
				}
				if r.Header.Get("If-None-Match") == `"one"` {
					return http.StatusNotModified, h, strings.NewReader("")
				}
				return 200, h, strings.NewReader(jwkSet(jwk("k1", "ES256", ec[0])))
			})
			g, set, m := keyGuard(t, s, nil)
			time.Sleep(4*test.want + 10*time.Second)
			synctest.Wait()
			if len(at) != 5 {
				t.Errorf("%q: %d downloads, want 5", test.control, len(at))
			}
			for i := range at[1:] { // the guard looks each second
				if d := at[i+1].Sub(at[i]); d < test.want || d > test.want+time.Second {
					t.Errorf("%q: reloaded after %v, want %v", test.control, d, test.want)
				}
			}
			if s.last.Get("If-None-Match") != `"one"` {
				t.Errorf("%q: asked without the ETag", test.control)
			}
			if why := verdict(g, signedBy(t, "k1", jwt.SigningMethodES256, ec[0])); why != 0 {
				t.Errorf("%q: after 304: %v", test.control, why)
			}
			if age := set.Age(); age < 0 || age > 15*time.Second {
				t.Errorf("%q: age %v after 304", test.control, age)
			}
			if got := keyEvents(m); strings.Count(got, "\n") != 0 {
				t.Errorf("%q: a set that does not change is recorded once, not as\n%s", test.control, got)
			}
		})
	}
}

// trickle gives a byte a second, for ever.
type trickle struct{ ctx context.Context }

func (r trickle) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}

// The last good set is used through an outage, for a day; then tokens are
// answered with 503, not 401, and also those in the cache.
func TestKeySetOutage(t *testing.T) {
	ec := ecKeys()
	for name, broken := range map[string]func(*http.Request) (int, http.Header, io.Reader){
		"hangs":   nil,
		"500":     func(*http.Request) (int, http.Header, io.Reader) { return 500, nil, strings.NewReader("") },
		"304":     func(*http.Request) (int, http.Header, io.Reader) { return 304, nil, strings.NewReader("") },
		"garbage": func(*http.Request) (int, http.Header, io.Reader) { return 200, nil, strings.NewReader("<html>") },
		"no keys": func(*http.Request) (int, http.Header, io.Reader) { return 200, nil, strings.NewReader(`{"error":"x"}`) },
		"null":    func(*http.Request) (int, http.Header, io.Reader) { return 200, nil, strings.NewReader(`{"keys":null}`) },
		"huge": func(*http.Request) (int, http.Header, io.Reader) {
			return 200, nil, strings.NewReader(`{"keys":[` + strings.Repeat(" ", 2<<20) + `]}`)
		},
		"slow loris": func(r *http.Request) (int, http.Header, io.Reader) { return 200, nil, trickle{r.Context()} },
		"loop": func(r *http.Request) (int, http.Header, io.Reader) {
			return 302, http.Header{"Location": {"https://login.example/jwks.json"}}, strings.NewReader("")
		},
		"downgrade": func(*http.Request) (int, http.Header, io.Reader) {
			return 302, http.Header{"Location": {"http://login.example/jwks.json"}}, strings.NewReader("")
		},
		"downgrade to this machine": func(*http.Request) (int, http.Header, io.Reader) {
			return 302, http.Header{"Location": {"http://127.0.0.1/jwks.json"}}, strings.NewReader("")
		},
		"panics": func(*http.Request) (int, http.Header, io.Reader) { panic("transport") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, keeps := &keyServer{}, 24*time.Hour
				s.serve(jwkSet(jwk("k1", "ES256", ec[0])))
				g, set, m := keyGuard(t, s, func(c *guard.Config, jc *guard.JWKSConfig) {
					c.NoExpiry = true
					if name != "500" { // one has the default
						keeps = 2 * time.Hour
						jc.MaxStale = keeps
					}
				})
				synctest.Wait()
				claims := usual(time.Now())
				delete(claims, "exp")
				good := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
				good.Header["kid"] = "k1"
				raw, err := good.SignedString(ec[0])
				if err != nil {
					t.Fatal(err)
				}
				m.take()
				start := time.Now()
				s.set(broken)
				s.fetches.Store(0)
				for time.Since(start) < keeps-10*time.Minute {
					if why := verdict(g, raw); why != 0 {
						t.Fatalf("after %v: %v", time.Since(start), why)
					}
					time.Sleep(10 * time.Minute)
				}
				tries := int64(keeps / (5 * time.Minute))
				if n := s.fetches.Load(); n < tries-3 || n > 5*tries { // a loop asks four times
					t.Errorf("%d downloads in %v", n, keeps)
				}
				time.Sleep(time.Until(start.Add(keeps - time.Minute)))
				if why := verdict(g, raw); why != 0 { // it is in the cache from here on
					t.Fatalf("after %v: %v", time.Since(start), why)
				}
				time.Sleep(2 * time.Minute) // the set was confirmed at the start
				synctest.Wait()
				if why := verdict(g, raw); why != event.ReasonKeyUnavailable {
					t.Errorf("after %v: %v, want key_unavailable", keeps, why)
				}
				if set.Age() >= 0 {
					t.Errorf("there is a set after %v", keeps)
				}
				got := strings.Split(keyEvents(m), "\n")
				if n, want := len(got), int(keeps/(15*time.Minute)); n < want-1 || n > want+3 { // the first, each 15 min, the end
					t.Errorf("%d records in %v", n, keeps)
				}
				if !strings.Contains(got[0], "; the set at hand is 15m") {
					t.Errorf("first record: %s", got[0])
				}
				s.serve(jwkSet(jwk("k1", "ES256", ec[0])))
				time.Sleep(6 * time.Minute)
				synctest.Wait()
				if why := verdict(g, raw); why != 0 {
					t.Errorf("after the outage: %v", why)
				}
				if got := keyEvents(m); !strings.Contains(got, "keys_refreshed: after ") {
					t.Errorf("no record of the end: %s", got)
				}
			})
		})
	}
}

// New does not wait for a server that is dead, tokens wait for half a second
// and get 503, and all is well soon after the server is there.
func TestKeySetDeadAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyServer{}
		start := time.Now()
		g, set, m := keyGuard(t, s, nil)
		if d := time.Since(start); d != 0 {
			t.Errorf("New took %v", d)
		}
		raw := signedBy(t, "k1", jwt.SigningMethodES256, ecKeys()[0])
		_, err := g.Check(t.Context(), raw, guard.Meta{})
		var e *guard.Error
		if !errors.As(err, &e) || e.Status != 503 || time.Since(start) != 500*time.Millisecond {
			t.Errorf("%v after %v, want 503 after 500 ms", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := set.Reload(ctx); err == nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Reload: %v", err)
		}
		s.serve(jwkSet(jwk("k1", "ES256", ecKeys()[0])))
		time.Sleep(12 * time.Second) // the first download gives up after ten
		synctest.Wait()
		if why := verdict(g, raw); why != 0 {
			t.Errorf("%v after %v", why, time.Since(start))
		}
		if got := keyEvents(m); !strings.HasPrefix(got, "keys_failed: key set: no answer in time; there is no set to go on with") {
			t.Errorf("events:\n%s", got)
		}
	})
}

// A request waits no longer than its own context.
func TestKeySetContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _, _ := keyGuard(t, &keyServer{}, nil)
		raw := signedBy(t, "k1", jwt.SigningMethodES256, ecKeys()[0])
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := g.Check(ctx, raw, guard.Meta{})
		if got := reasonOf(err); got != event.ReasonVerifierTimeout || time.Since(start) != 100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// Several guards may share a set. Nothing of it runs after the last was closed.
func TestKeySetShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ec := ecKeys()
		s := &keyServer{}
		s.serve(jwkSet(jwk("k1", "ES256", ec[0])))
		one, set, m1 := keyGuard(t, s, nil)
		m2 := new(memo)
		two := open(t, guard.Config{Keys: set, Algorithms: []string{"ES256"}, AnyIssuer: true, AnyAudience: true, Events: guard.EventConfig{Sink: m2}})
		synctest.Wait()
		raw := signedBy(t, "k1", jwt.SigningMethodES256, ec[0])
		if a, b := verdict(one, raw), verdict(two, raw); a != 0 || b != 0 {
			t.Error(a, b)
		}
		if err := one.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		m1.take()
		s.serve(jwkSet(jwk("k2", "ES256", ec[1])))
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := keyEvents(m2); !strings.Contains(got, "key_rotated") {
			t.Errorf("the second guard was told %q", got)
		}
		if got := keyEvents(m1); got != "" {
			t.Errorf("the closed guard was told %q", got)
		}
		if err := two.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := s.fetches.Load()
		time.Sleep(3 * time.Hour)
		if why := verdict(two, signedBy(t, "k2", jwt.SigningMethodES256, ec[1])); why != 0 {
			t.Errorf("a closed guard goes on working: %v", why)
		}
		verdict(two, signedBy(t, "k3", jwt.SigningMethodES256, ec[1]))
		if got := s.fetches.Load(); got != n {
			t.Errorf("%d downloads after the last guard was closed", got-n)
		}
	})
}

// Close does not wait for a server that hangs.
func TestKeySetCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _, _ := keyGuard(t, &keyServer{}, nil)
		start := time.Now()
		if err := g.Close(t.Context()); err != nil || time.Since(start) > time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	}) // which waits for every goroutine
}

// A key that is known is found without an allocation.
func TestKeySetAllocations(t *testing.T) {
	ec := ecKeys()
	s := &keyServer{}
	s.serve(jwkSet(jwk("k1", "ES256", ec[0]), jwk("k2", "ES256", ec[1])))
	_, set, _ := keyGuard(t, s, nil)
	if err := set.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, h := range []guard.Header{{Algorithm: "ES256", KeyID: "k2"}, {Algorithm: "ES256"}} {
		if n := testing.AllocsPerRun(1000, func() {
			if keys, err := set.Keys(t.Context(), h); err != nil || len(keys) == 0 {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%v: %v allocations", h, n)
		}
	}
}

// Where the keys are may be looked up; the metadata must be the issuer's own.
func TestKeySetDiscovery(t *testing.T) {
	ec := ecKeys()
	const issuer = "https://login.example/tenant"
	meta := func(iss, uri string) string { return jsonOf(map[string]string{"issuer": iss, "jwks_uri": uri}) }
	tests := []struct {
		name  string
		pages map[string]string
		want  string // of Reload
	}{
		{"OpenID Connect", map[string]string{
			"/tenant/.well-known/openid-configuration": meta(issuer, "https://keys.example/set"), "/set": jwkSet(jwk("k1", "ES256", ec[0])),
		}, ""},
		{"RFC 8414", map[string]string{
			"/.well-known/oauth-authorization-server/tenant": meta(issuer, "https://keys.example/set"), "/set": jwkSet(jwk("k1", "ES256", ec[0])),
		}, ""},
		{"another issuer", map[string]string{
			"/tenant/.well-known/openid-configuration": meta(issuer+"/", "https://keys.example/set"),
		}, "discovery: the metadata is of another issuer"},
		{"keys over http", map[string]string{
			"/tenant/.well-known/openid-configuration": meta(issuer, "http://keys.example/set"),
		}, "discovery: jwks_uri: not https"},
		{"no keys", map[string]string{"/tenant/.well-known/openid-configuration": jsonOf(map[string]string{"issuer": issuer})}, "discovery: jwks_uri: not an http or https address"},
		{"garbage", map[string]string{"/tenant/.well-known/openid-configuration": "<html>"}, "discovery: the metadata is not a JSON object"},
		{"nothing", nil, "discovery: status 404"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &keyServer{}
				s.set(func(r *http.Request) (int, http.Header, io.Reader) {
					if page, ok := test.pages[r.URL.Path]; ok {
						return 200, nil, strings.NewReader(page)
					}
					return 404, nil, strings.NewReader("")
				})
				g, set, _ := keyGuard(t, s, func(c *guard.Config, jc *guard.JWKSConfig) {
					c.Issuers = append(c.Issuers, issuer)
					jc.URL, jc.Issuer = "", issuer
				})
				err := set.Reload(t.Context())
				if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.HasPrefix(got, test.want) {
					t.Errorf("Reload: %v, want %q", err, test.want)
				}
				if err == nil {
					if why := verdict(g, signedBy(t, "k1", jwt.SigningMethodES256, ec[0])); why != 0 {
						t.Error(why)
					}
				}
			})
		})
	}
}

// Over a real connection: a server that is not there, one that sends without
// end, one that redirects for ever.
func TestKeySetOverHTTP(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/twice", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/once", http.StatusFound) })
	mux.HandleFunc("/once", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/set", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/set", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, jwkSet(jwk("k1", "ES256", ecKeys()[0])))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for at, want := range map[string]string{
		gone.URL + "/?token=do-not-tell": "refused", server.URL + "/endless": "more than 1048576 bytes", server.URL + "/loop": "more than 3 redirects",
		server.URL + "/nothing": "status 404", server.URL + "/twice": "",
	} {
		err := guard.JWKS(guard.JWKSConfig{URL: at}).Reload(t.Context())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", at, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "do-not-tell") {
			t.Errorf("the error holds the query: %v", err)
		}
	}
}

// New names what cannot be right.
func TestJWKSConfigWrong(t *testing.T) {
	config := func(c guard.JWKSConfig, algs ...string) error {
		g, err := guard.New(guard.Config{Keys: guard.JWKS(c), Algorithms: algs, Issuers: []string{"https://login.example"}, AnyAudience: true})
		if err == nil {
			g.Close(context.Background())
		}
		return err
	}
	for _, test := range []struct {
		c    guard.JWKSConfig
		alg  string
		want string
	}{
		{guard.JWKSConfig{}, "ES256", "Keys: JWKS: URL: missing; or name the Issuer"},
		{guard.JWKSConfig{URL: "login.example/jwks"}, "ES256", "Keys: JWKS: URL: not an http or https address"},
		{guard.JWKSConfig{URL: "http://login.example/jwks"}, "ES256", "Keys: JWKS: URL: not https; whoever sits between could sign tokens (see AllowHTTP)"},
		{guard.JWKSConfig{URL: "https://u:secret@login.example/jwks"}, "ES256", "Keys: JWKS: URL: credentials do not belong in it"},
		{guard.JWKSConfig{URL: "https://u:secret@login.example/%zz"}, "ES256", "Keys: JWKS: URL: not an address"},
		{guard.JWKSConfig{URL: "https://login.example/a", Issuer: "https://login.example"}, "ES256", "Keys: JWKS: Issuer: contradicts URL"},
		{guard.JWKSConfig{Issuer: "https://login.example?x"}, "ES256", "Keys: JWKS: Issuer: an issuer has neither query nor fragment"},
		{guard.JWKSConfig{Issuer: "https://other.example"}, "ES256", `Keys: JWKS: Issuer: "https://other.example" is not among Config.Issuers`},
		{guard.JWKSConfig{URL: "https://login.example/jwks", MaxStale: -1}, "ES256", "Keys: JWKS: MaxStale: negative"},
		{guard.JWKSConfig{URL: "https://login.example/jwks"}, "HS256", "Keys: JWKS: a key set holds public keys only, and none serves HS256"},
	} {
		if err := config(test.c, test.alg); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v\nwant %s", err, test.want)
		}
		if err := config(test.c, test.alg); strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
}

// A KeySource that embeds a keeper lends it the guard's clock and recorder.
func TestKeySetEmbedded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &keyServer{}
		s.serve(jwkSet(jwk("k1", "ES256", ecKeys()[0])))
		set := guard.JWKS(guard.JWKSConfig{URL: "https://login.example/jwks.json", Client: &http.Client{Transport: s}})
		raw := signedBy(t, "k1", jwt.SigningMethodES256, ecKeys()[0])
		for _, test := range []struct {
			keys guard.KeySource
			want event.Reason
		}{
			{hidden{set}, event.ReasonKeyUnavailable}, // nobody looks after it: it says so, and does not hang
			{struct{ *guard.KeySet }{set}, 0},
		} {
			g := open(t, guard.Config{Keys: test.keys, Algorithms: []string{"ES256"}, AnyIssuer: true, AnyAudience: true})
			if got := verdict(g, raw); got != test.want {
				t.Errorf("%T: %v, want %v", test.keys, got, test.want)
			}
			g.Close(context.Background())
		}
	})
}

// hidden passes on what the interface has, and no more.
type hidden struct{ guard.KeySource }
