package guard_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// Gate: "every base64 spelling of a revoked token is refused". Here it is every
// text that is one change away: each byte for each character, each byte between
// two, and each character left out. One of them is another signature or another
// token at most, and none is accepted. TestRevokedSpellings has what is further
// away.
func TestNoNeighbourOfARevokedToken(t *testing.T) {
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		method jwt.SigningMethod
		key    any
		from   int // ECDSA is dear: the end of the signature only
	}{{jwt.SigningMethodHS256, secret, 0}, {jwt.SigningMethodES256, ecKey, -2}} {
		b := newBench(t, func(c *guard.Config) {
			c.Keys, c.Algorithms, c.AnyAudience, c.Audience = guard.Static(k.key), []string{k.method.Alg()}, true, nil
			c.Events.Successes = guard.SuccessOff
		})
		claims := jwt.MapClaims{"iss": "https://login.example", "exp": b.clock.Now().Add(time.Hour).Unix()}
		raw := signed(t, k.method, k.key, claims)
		if _, err := b.Check(t.Context(), raw, guard.Meta{}); err != nil {
			t.Fatal(err)
		}
		if err := b.store.Revoke(t.Context(), guard.Revocation{Identity: guard.TokenIdentity(raw)}); err != nil {
			t.Fatal(err)
		}
		tried := 0
		refused := func(other string) {
			tried++
			if _, err := b.Check(t.Context(), other, guard.Meta{}); err == nil {
				t.Fatalf("accepted: %q", other)
			}
		}
		refused(raw)
		from := k.from
		if from < 0 {
			from += len(raw)
		}
		for i := from; i <= len(raw); i++ {
			for c := range 256 {
				refused(raw[:i] + string([]byte{byte(c)}) + raw[i:])
				if i < len(raw) {
					refused(raw[:i] + string([]byte{byte(c)}) + raw[i+1:])
				}
			}
			if i < len(raw) {
				refused(raw[:i] + raw[i+1:])
			}
		}
		if tried < 1000 {
			t.Errorf("only %d texts tried", tried)
		}
	}
}

// Gate: "cache at most 600 bytes an entry", and it is a bound: a hundred thousand
// distinct tokens, small and large, do not make a cache larger that is meant for
// a thousand.
func TestCacheIsBounded(t *testing.T) {
	const entries, tokens = 1000, 100_000
	c := everythingOn()
	c.Cache.Entries, c.Events.Successes = entries, guard.SuccessOff
	g := open(t, c)
	now := time.Now()
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	use := func(from, n int) {
		for i := from; i < from+n; i++ {
			raw := hmacSigned(t, `{"alg":"HS256","kid":"k1"}`, fmt.Sprintf(`{"iss":"https://login.example","aud":["orders","a%d"],"exp":%d,"sub":"user-%d","scope":%q}`,
				i, now.Unix()+3600, i, strings.Repeat("scope:read ", i%60)))
			if _, err := g.Check(t.Context(), raw, guard.Meta{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := heap()
	use(0, tokens)
	if grown := heap() - before; grown > entries*600*2 { // its table and the memory of frequencies, too
		t.Errorf("%d tokens hold %d bytes, want at most twice %d entries of 600", tokens, grown, entries)
	}
	runtime.KeepAlive(g)
}

// Gate: the first request after Revoke returned is refused. Other processes learn
// of it by asking: no later than one Poll.
func TestRevokedWithinThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &flakyStore{Store: guard.NewMemoryStore()} // hides Watch: the processes have only the store in common
		var processes []*guard.Guard
		for range 2 {
			c := everythingOn()
			c.Revocation = guard.RevocationConfig{Store: shared, Poll: 700 * time.Millisecond}
			c.Events = guard.EventConfig{Sink: new(memo), Heartbeat: -1}
			g, err := guard.New(c)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close(t.Context())
			processes = append(processes, g)
			time.Sleep(100 * time.Millisecond) // they do not ask at the same time
		}
		claims := usual(time.Now())
		for round := range 20 {
			claims["jti"] = fmt.Sprint("j", round)
			raw := signed(t, jwt.SigningMethodHS256, secret, claims)
			for _, g := range processes {
				if err := check(g, raw); err != nil {
					t.Fatal(err)
				}
			}
			if err := shared.Revoke(t.Context(), guard.Revocation{JTI: fmt.Sprint("j", round)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(700 * time.Millisecond)
			synctest.Wait()
			for n, g := range processes {
				if err := check(g, raw); reasonOf(err) != event.ReasonRevoked {
					t.Errorf("round %d, process %d, one poll later: %v", round, n, err)
				}
			}
			time.Sleep(time.Duration(round) * 37 * time.Millisecond)
		}
	})
}
