package guard_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

func reasonOf(err error) event.Reason {
	var e *guard.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return 0
}

// Gate: the first request after Revoke returned is refused, also when the token is in
// the cache of several guards.
func TestRevokedAtOnce(t *testing.T) {
	b := newBench(t, nil)
	other := newBench(t, func(c *guard.Config) { c.Revocation.Store = b.store })
	for i, r := range []func(jwt.MapClaims) guard.Revocation{
		func(c jwt.MapClaims) guard.Revocation { return guard.Revocation{JTI: c["jti"].(string)} },
		func(c jwt.MapClaims) guard.Revocation { return guard.Revocation{Session: c["sid"].(string)} },
		func(c jwt.MapClaims) guard.Revocation {
			return guard.Revocation{Subject: c["sub"].(string), Before: b.clock.Now()}
		},
		func(c jwt.MapClaims) guard.Revocation {
			return guard.Revocation{Identity: guard.TokenIdentity(signed(t, jwt.SigningMethodHS256, secret, c))}
		},
		func(c jwt.MapClaims) guard.Revocation {
			return guard.Revocation{JTI: c["jti"].(string), Issuer: c["iss"].(string)}
		},
	} {
		claims := usual(b.clock.Now())
		claims["jti"], claims["sid"], claims["sub"] = fmt.Sprint("j", i), fmt.Sprint("s", i), fmt.Sprint("u", i)
		raw := signed(t, jwt.SigningMethodHS256, secret, claims)
		for _, g := range []*bench{b, other} {
			for range 2 {
				if _, err := g.Check(t.Context(), raw, guard.Meta{}); err != nil {
					t.Fatalf("%d: before: %v", i, err)
				}
			}
		}
		if err := b.store.Revoke(t.Context(), r(claims)); err != nil {
			t.Fatal(err)
		}
		for _, g := range []*bench{b, other} {
			g.memo.take()
			if _, err := g.Check(t.Context(), raw, guard.Meta{}); err == nil {
				t.Errorf("%d: the first use after Revoke returned was accepted", i)
			}
			if e := g.memo.one(t); e.Kind != event.RevokedUse || !e.Verified || e.UserID != fmt.Sprint("u", i) {
				t.Errorf("%d: %v of %q", i, e.Kind, e.UserID)
			}
		}
	}
	if _, err := b.Check(t.Context(), b.token(t, func(c jwt.MapClaims) { c["jti"] = "j0"; c["sub"] = "x" }), guard.Meta{}); err == nil {
		t.Error("another token of a revoked jti was accepted")
	}
	// Narrowed to another issuer, a revocation is not for this token.
	if err := b.store.Revoke(t.Context(), guard.Revocation{JTI: "other", Issuer: "https://another.example"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Check(t.Context(), b.token(t, func(c jwt.MapClaims) { c["jti"] = "other" }), guard.Meta{}); err != nil {
		t.Errorf("revoked for another issuer: %v", err)
	}
	// A login after the subject was revoked is good again.
	b.clock.add(2 * time.Second)
	if _, err := b.Check(t.Context(), b.token(t, func(c jwt.MapClaims) { c["sub"] = "u2" }), guard.Meta{}); err != nil {
		t.Errorf("a token issued after its subject was revoked: %v", err)
	}
}

// Gate: "every base64 spelling of a revoked token is refused" too: the reason why a list
// of raw tokens, or of their hashes, is evaded.
func TestRevokedSpellings(t *testing.T) {
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	for _, k := range []struct {
		method jwt.SigningMethod
		key    any
		spare  int // unused bits of the last character
	}{
		{jwt.SigningMethodHS256, secret, 2}, {jwt.SigningMethodRS256, rsaKey, 4},
		{jwt.SigningMethodES256, ecKey, 4}, {jwt.SigningMethodEdDSA, edKey, 4},
	} {
		alg := k.method.Alg()
		b := newBench(t, func(c *guard.Config) {
			c.Keys, c.Algorithms = guard.Static(guard.Key{ID: "k1", Material: k.key}), []string{alg}
		})
		claims := usual(b.clock.Now())
		delete(claims, "jti") // so that only the identity names it
		raw := signed(t, k.method, k.key, claims)
		if _, err := b.Check(t.Context(), raw, guard.Meta{}); err != nil {
			t.Fatal(err)
		}
		if err := b.store.Revoke(t.Context(), guard.Revocation{Identity: guard.TokenIdentity(raw)}); err != nil {
			t.Fatal(err)
		}
		spellings := map[string]string{
			"itself": raw, "padding": raw + "=", "two paddings": raw + "==", "line end": raw + "\n", "line end inside": raw[:40] + "\n" + raw[40:],
			"carriage return": raw[:40] + "\r" + raw[40:], "space": raw + " ", "other alphabet": strings.NewReplacer("-", "+", "_", "/").Replace(raw) + "/",
		}
		for bits := 1; bits < 1<<k.spare; bits++ {
			spellings[fmt.Sprintf("spare bits %04b", bits)] = respell(raw, bits)
		}
		if alg == "ES256" {
			spellings["twin signature"] = twin(raw)
		}
		for name, s := range spellings {
			if _, err := b.Check(t.Context(), s, guard.Meta{}); err == nil {
				t.Errorf("%s: %s was accepted", alg, name)
			}
		}
		if alg == "ES256" {
			if _, err := b.Check(t.Context(), twin(raw), guard.Meta{}); reasonOf(err) != event.ReasonRevoked {
				t.Errorf("the twin (r, n-s) is a good signature; it must be refused as revoked, not as %v", err)
			}
		}
	}
}

// twin gives the other signature that every ECDSA signature has.
func twin(raw string) string {
	at := strings.LastIndexByte(raw, '.') + 1
	sig, _ := base64.RawURLEncoding.DecodeString(raw[at:])
	s := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(sig[32:]))
	s.FillBytes(sig[32:])
	return raw[:at] + base64.RawURLEncoding.EncodeToString(sig)
}

// A revocation lives as long as the tokens that it stands for, and however often
// the copies of it are swept.
func TestRevocationLives(t *testing.T) {
	t.Run("tokens that never expire", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := everythingOn()
			c.NoExpiry = true
			c.Revocation.MaxStale = 24 * time.Hour
			c.Events = guard.EventConfig{Sink: new(memo), Heartbeat: -1}
			g, err := guard.New(c)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close(t.Context())
			i, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{ID: "k1", Material: secret}})
			if err != nil {
				t.Fatal(err)
			}
			without := usual(time.Now())
			delete(without, "exp")
			eternal := signed(t, jwt.SigningMethodHS256, secret, without)
			without["jti"], without["sid"] = "other", "session without an end"
			session := signed(t, jwt.SigningMethodHS256, secret, without)
			for _, raw := range []string{eternal, session} {
				if err := check(g, raw); err != nil {
					t.Fatal(err)
				}
			}
			if err := i.RevokeToken(t.Context(), eternal, "leaked", guard.Meta{}); err != nil {
				t.Fatal(err)
			}
			if err := i.Revoke(t.Context(), guard.Revocation{Session: "session without an end"}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Hour)
			for name, raw := range map[string]string{"a token without exp": eternal, "a session of such": session} {
				if check(g, raw) == nil {
					t.Errorf("%s is good again three hours after it was revoked", name)
				}
			}
		})
	})
	t.Run("tokens that are still to come", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := everythingOn()
			c.Events = guard.EventConfig{Sink: new(memo), Heartbeat: -1}
			g, err := guard.New(c)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close(t.Context())
			i, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{ID: "k1", Material: secret}})
			if err != nil {
				t.Fatal(err)
			}
			if err := i.Revoke(t.Context(), guard.Revocation{Subject: "user-4711", Before: time.Now().Add(24 * time.Hour)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(23 * time.Hour)
			if err := check(g, signed(t, jwt.SigningMethodHS256, secret, usual(time.Now()))); reasonOf(err) != event.ReasonRevoked {
				t.Errorf("a token of a subject that is revoked until tomorrow: %v", err)
			}
		})
	})
}

// A token in the cache is looked at again in every respect that can change.
func TestSeenTokenEnds(t *testing.T) {
	var generation atomic.Uint64
	var keys rotating
	keys.generation = &generation
	keys.material.Store(&secret)
	b := newBench(t, func(c *guard.Config) { c.Keys = &keys })
	raw := b.token(t, nil)
	check := func() error { _, err := b.Check(t.Context(), raw, guard.Meta{}); return err }
	if err := check(); err != nil {
		t.Fatal(err)
	}
	asked := keys.asked.Load()
	if err := check(); err != nil || keys.asked.Load() != asked {
		t.Fatalf("second use: %v, keys asked for %d times more; want none", err, keys.asked.Load()-asked)
	}
	other := []byte(strings.Repeat("n", 32))
	keys.material.Store(&other)
	generation.Add(1)
	if err := check(); reasonOf(err) != event.ReasonBadSignature {
		t.Errorf("after the key was taken away: %v, want bad_signature", err)
	}
	keys.material.Store(&secret)
	generation.Add(1)
	if err := check(); err != nil {
		t.Fatal(err)
	}
	b.clock.add(time.Hour + 29*time.Second)
	if err := check(); err != nil {
		t.Errorf("within the leeway: %v", err)
	}
	b.clock.add(time.Second)
	if err := check(); reasonOf(err) != event.ReasonExpired {
		t.Errorf("after exp and leeway: %v, want expired", err)
	}
}

// A bound on the age of a token holds for one in the cache too.
func TestSeenTokenAges(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.MaxAge = 10 * time.Minute; c.Leeway = -1; c.Cache.MaxAge = time.Hour })
	raw := b.token(t, nil)
	for _, step := range []struct {
		wait time.Duration
		want event.Reason
	}{{0, 0}, {10 * time.Minute, 0}, {time.Second, event.ReasonTooOld}} {
		b.clock.add(step.wait)
		if _, err := b.Check(t.Context(), raw, guard.Meta{}); reasonOf(err) != step.want {
			t.Errorf("%v later: %v, want %v", step.wait, err, step.want)
		}
	}
}

type rotating struct {
	generation *atomic.Uint64
	material   atomic.Pointer[[]byte]
	asked      atomic.Int64
}

func (r *rotating) Generation() uint64 { return r.generation.Load() }

func (r *rotating) Keys(context.Context, guard.Header) ([]guard.Key, error) {
	r.asked.Add(1)
	return []guard.Key{{ID: "k1", Material: *r.material.Load()}}, nil
}

// While revocations cannot be read, tokens are answered 503 once the copy is too
// old, unless the user wrote down that they are to pass; the outage is recorded.
func TestOutage(t *testing.T) {
	for _, open := range []bool{false, true} {
		flaky := &flakyStore{Store: guard.NewMemoryStore()}
		b := newBench(t, func(c *guard.Config) {
			c.Revocation = guard.RevocationConfig{Store: flaky, Poll: time.Millisecond, MaxStale: time.Minute}
			if open {
				c.Revocation.OnOutage = guard.FailOpen
			}
		})
		raw := b.token(t, nil)
		if w := get(b.Verify(answerOK), raw); w.Code != 200 {
			t.Fatalf("before: status %d", w.Code)
		}
		b.memo.take()
		flaky.down.Store(true)
		wait(t, func() bool { return strings.Contains(brief(b.memo.peek()), "revocation_failed:store_unavailable") })
		if w := get(b.Verify(answerOK), raw); w.Code != 200 {
			t.Errorf("open %v, a young copy: status %d, want 200", open, w.Code)
		}
		b.clock.add(2 * time.Minute)
		want := 503
		if open {
			want = 200
		}
		w := get(b.Verify(answerOK), raw)
		if w.Code != want || want == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("open %v, an old copy: status %d, Retry-After %q, want %d", open, w.Code, w.Header().Get("Retry-After"), want)
		}
		if w := get(b.Verify(answerOK), raw+"x"); w.Code != 401 {
			t.Errorf("open %v, a bad token in an outage: status %d, want 401", open, w.Code)
		}
		flaky.down.Store(false)
		wait(t, func() bool { return get(b.Verify(answerOK), raw).Code == 200 })
	}
}

func (m *memo) peek() []event.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]event.Event(nil), m.list...)
}

// wait waits for what happens in another goroutine.
func wait(t *testing.T, ok func() bool) {
	t.Helper()
	for range 5000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("did not happen in time")
}

type flakyStore struct {
	guard.Store
	down atomic.Bool
}

func (s *flakyStore) Changes(ctx context.Context, c guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	if s.down.Load() {
		return nil, "", errors.New("connection refused")
	}
	return s.Store.Changes(ctx, c)
}

// A store that is not a Watcher is polled.
func TestPolledRevocation(t *testing.T) {
	store := &flakyStore{Store: guard.NewMemoryStore()} // hides Watch
	b := newBench(t, func(c *guard.Config) { c.Revocation = guard.RevocationConfig{Store: store, Poll: time.Millisecond} })
	raw := b.token(t, func(c jwt.MapClaims) { c["jti"] = "polled" })
	if _, err := b.Check(t.Context(), raw, guard.Meta{}); err != nil {
		t.Fatal(err)
	}
	if err := store.Revoke(t.Context(), guard.Revocation{JTI: "polled"}); err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool { _, err := b.Check(t.Context(), raw, guard.Meta{}); return err != nil })
}

// An address over its limit is refused before its token is looked at.
func TestLimit(t *testing.T) {
	var asked atomic.Int64
	b := newBench(t, func(c *guard.Config) {
		c.Limit = guard.LimitConfig{Failures: 5, Window: time.Minute}
		c.Keys = keySource(func(context.Context, guard.Header) ([]guard.Key, error) {
			asked.Add(1)
			return []guard.Key{{ID: "k1", Material: secret}}, nil
		})
	})
	h := b.Verify(answerOK)
	from := func(addr string) func(*http.Request) {
		return func(r *http.Request) { r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(addr), 1).String() }
	}
	bad := b.token(t, nil)
	bad = bad[:len(bad)-4] + "AAAA"
	codes := func(n int, raw, addr string) (list []int) {
		for range n {
			list = append(list, get(h, raw, from(addr)).Code)
		}
		return list
	}
	if got := fmt.Sprint(codes(7, bad, "203.0.113.7")); got != "[401 401 401 401 401 429 429]" {
		t.Fatalf("statuses %s: want five failures, then 429", got)
	}
	if n := asked.Load(); n != 5 {
		t.Errorf("keys were looked for %d times, want 5: a limited address costs no cryptography", n)
	}
	w := get(h, b.token(t, nil), from("203.0.113.7"))
	if s, _ := strconv.Atoi(w.Header().Get("Retry-After")); w.Code != 429 || s != 12 {
		t.Errorf("status %d, Retry-After %q; want 429 and 12: one of five a minute", w.Code, w.Header().Get("Retry-After"))
	}
	var limited event.Event
	for _, e := range b.memo.take() {
		if e.Kind == event.RateLimited {
			limited = e
		}
	}
	if limited.Reason != event.ReasonRateLimited || limited.RateLimit != 5 || limited.RateWindow != 60 || limited.Status != 429 || limited.ClientAddress != "203.0.113.7" {
		t.Errorf("event %+v", limited)
	}
	if got := codes(1, b.token(t, nil), "203.0.113.8")[0]; got != 200 {
		t.Errorf("a neighbour is answered %d", got)
	}
	if got := fmt.Sprint(codes(6, bad, "2001:db8::1")); got != "[401 401 401 401 401 429]" {
		t.Errorf("IPv6: %s", got)
	}
	if got := codes(1, bad, "2001:db8::ffff")[0]; got != 429 {
		t.Errorf("another address of the same /64 is answered %d, want 429", got)
	}
	if got := codes(1, bad, "2001:db8:0:1::1")[0]; got != 401 {
		t.Errorf("another /64 is answered %d, want 401", got)
	}
	b.clock.add(12 * time.Second)
	if got := fmt.Sprint(codes(2, bad, "203.0.113.7")); got != "[401 429]" {
		t.Errorf("a fifth of the window later: %s, want one more failure", got)
	}
	if got := codes(1, "", "203.0.113.7")[0]; got != 401 {
		t.Errorf("no token from a limited address: %d; there is nothing to limit", got)
	}
	// Nothing was tried where no token was brought, and an expired one is a tenth.
	if got := codes(20, "", "198.51.100.1")[19]; got != 401 {
		t.Errorf("twenty requests without a token: %d", got)
	}
	expired := b.token(t, func(c jwt.MapClaims) { c["exp"] = b.clock.Now().Unix() - 3600 })
	list := codes(42, expired, "198.51.100.2") // room for one whole failure is kept
	if list[40] != 401 || list[41] != 429 {
		t.Errorf("expired tokens: %v; want the 42nd limited", list[35:])
	}
}

// However many addresses are invented, a client that did nothing is not limited.
func TestLimitInnocent(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Limit = guard.LimitConfig{} })
	for i := range 20_000 {
		b.Check(t.Context(), "x", guard.Meta{Address: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})})
	}
	raw, bad := b.token(t, nil), 0
	for i := range 1000 {
		if _, err := b.Check(t.Context(), raw, guard.Meta{Address: netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)})}); err != nil {
			bad++
		}
	}
	if bad > 0 {
		t.Errorf("%d of 1000 innocent addresses are limited", bad)
	}
}

// Under a flood the records are few and their counts exact.
func TestFold(t *testing.T) {
	b := newBench(t, nil)
	h := b.Verify(answerOK)
	const workers, each = 8, 2500
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				get(h, "x")
			}
		})
	}
	wg.Wait()
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sum int64
	list := b.memo.take()
	for _, e := range list {
		if e.Reason != event.ReasonMalformed {
			continue
		}
		sum += e.Weight()
		if e.Count > 1 && (e.Window < 1 || e.ClientAddress != "203.0.113.7" || e.Fingerprint == "") {
			t.Errorf("a folded record without window, address or a sample's fingerprint: %+v", e)
		}
	}
	if sum != workers*each {
		t.Errorf("the records stand for %d refusals, want %d", sum, workers*each)
	}
	if len(list) > 300 { // ten a second and one folded one; the run takes seconds at most
		t.Errorf("%d records", len(list))
	}
}

// Under a flood from many addresses, each with a few records of its own, not every
// invention is read: where, when and why always stand there, and the sum is exact.
func TestFloodOfInventions(t *testing.T) {
	b := newBench(t, nil)
	const addresses = 3000
	forged := b.token(t, nil)
	forged = forged[:len(forged)-4] + "AAAA"
	for i := range addresses {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		b.Check(t.Context(), forged, guard.Meta{Address: addr, Method: "GET", Route: "/orders/{id}"})
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sum int64
	read := 0
	for _, e := range b.memo.take() {
		if e.Reason != event.ReasonBadSignature {
			continue
		}
		sum += e.Weight()
		if e.Fingerprint != "" {
			read++
		} else if e.Detail == "" || e.ClaimedSubject != "" {
			t.Fatalf("a token that was not read: %+v", e)
		}
		if e.ClientAddress == "" || e.Route == "" || e.Verified || e.Time.IsZero() {
			t.Fatalf("where or when is missing: %+v", e)
		}
	}
	if sum != addresses {
		t.Errorf("the records stand for %d refusals, want %d", sum, addresses)
	}
	if read < 500 || read > 500*10 { // 500 a second; the run takes less than ten
		t.Errorf("%d of %d forged tokens were read", read, addresses)
	}
}

// A hook that panics for a path of an attacker's choice takes his request with
// it, and none of the records.
func TestFoldOutlivesAPanic(t *testing.T) {
	b := newBench(t, func(c *guard.Config) {
		c.Route = func(r *http.Request) string {
			if r.URL.Path == "/boom" {
				panic("no such route")
			}
			return "/orders/{id}"
		}
	})
	h := b.Verify(answerOK)
	send := func(path string) {
		defer func() { recover() }() // as net/http does
		get(h, "x", func(r *http.Request) { r.URL.Path = path })
	}
	const each = 50
	for range each {
		send("/orders/7")
		send("/boom")
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, e := range b.memo.take() {
		if e.Reason == event.ReasonMalformed {
			sum += e.Weight()
			if e.Time.IsZero() || e.ServiceName != "orders" || e.ClientAddress != "203.0.113.7" || e.Outcome != event.Failure || e.ID.IsZero() {
				t.Errorf("a record without time, service or address: %+v", e)
			}
		}
	}
	if sum < 2*each-10 { // the ten in full are lost with their requests when it is they who panic
		t.Errorf("the records stand for %d refusals, want nearly %d", sum, 2*each)
	}
}

// The uses of a token are folded into few records that stand for all of them.
func TestUses(t *testing.T) {
	b := newBench(t, nil)
	raw := b.token(t, nil)
	use := func(n int, addr, agent string) {
		for range n {
			if _, err := b.Check(t.Context(), raw, guard.Meta{Address: netip.MustParseAddr(addr), UserAgent: agent}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var total int64
	page := func(want string) {
		t.Helper()
		var got []string
		for _, e := range b.memo.take() {
			got = append(got, fmt.Sprintf("%s x%d", e.ClientAddress, e.Weight()))
			total += e.Weight()
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("records %q, want %q", s, want)
		}
	}
	use(1, "203.0.113.7", "a")
	page("203.0.113.7 x1")
	use(99, "203.0.113.7", "a")
	page("")
	b.clock.add(time.Second)
	use(1, "198.51.100.1", "a") // a new place settles the one before
	page("203.0.113.7 x99, 198.51.100.1 x1")
	b.clock.add(time.Second)
	use(1, "198.51.100.1", "b") // a new user agent is a new place
	page("198.51.100.1 x1")
	use(1024, "198.51.100.1", "b")
	page("198.51.100.1 x1024")
	use(5, "198.51.100.1", "b")
	b.clock.add(time.Minute)
	use(1, "198.51.100.1", "b")
	page("198.51.100.1 x6")
	use(3, "198.51.100.1", "b")
	for i := range 50 { // a client cannot make a record of every request
		use(1, "198.51.100.1", fmt.Sprint("agent", i))
	}
	if n := len(b.memo.peek()); n > 0 {
		t.Errorf("%d records of 50 user agents at one instant", n)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	page("198.51.100.1 x53")
	if want := int64(1 + 99 + 1 + 1 + 1024 + 6 + 53); total != want {
		t.Errorf("the records stand for %d uses, want %d", total, want)
	}
}

func TestSuccessModes(t *testing.T) {
	for mode, want := range map[guard.Successes]string{
		guard.SuccessFold: "verified",
		guard.SuccessAll:  "verified request verified request verified request",
		guard.SuccessOff:  "",
	} {
		b := newBench(t, func(c *guard.Config) { c.Events.Successes = mode })
		h, raw := b.Verify(answerOK), b.token(t, nil)
		for range 3 {
			get(h, raw)
		}
		if got := brief(b.memo.take()); got != want {
			t.Errorf("mode %d: %q, want %q", mode, got, want)
		}
	}
}

// One cache serves many goroutines while tokens are revoked and evicted.
func TestRace(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Cache.Entries = 50 })
	var tokens []string
	for i := range 200 {
		tokens = append(tokens, b.token(t, func(c jwt.MapClaims) { c["jti"] = fmt.Sprint(i) }))
	}
	var good atomic.Int64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				n := (i*7 + w) % len(tokens)
				if i == 1000 && w == 0 {
					b.store.Revoke(t.Context(), guard.Revocation{JTI: "13"})
				}
				if _, err := b.Check(t.Context(), tokens[n], guard.Meta{Address: netip.MustParseAddr("203.0.113.7")}); err == nil {
					good.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if _, err := b.Check(t.Context(), tokens[13], guard.Meta{}); reasonOf(err) != event.ReasonRevoked {
		t.Errorf("revoked in the middle: %v", err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Also a use of a token that left the cache meanwhile is written.
	var verified int64
	for _, e := range b.memo.peek() {
		if e.Kind == event.Verified {
			verified += e.Weight()
		}
	}
	if verified != good.Load() {
		t.Errorf("the records stand for %d uses of %d", verified, good.Load())
	}
}
