//go:build unix

package redisstore_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jotsight/jotsight/adapters/redisstore"
	"github.com/jotsight/jotsight/adapters/redisstore/redistest"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/redis/go-redis/v9"
)

var (
	secret = []byte("a secret of thirty-two bytes or more")
	web    = guard.Meta{ClientID: "web", UserAgent: "browser"}
)

// A memo is a Sink that remembers.
type memo struct {
	mu   sync.Mutex
	list []event.Event
}

func (m *memo) Emit(e *event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, *e)
}

// count counts the facts of a kind and reason.
func (m *memo) count(kind event.Kind, reason event.Reason) (n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.list {
		if m.list[i].Kind == kind && m.list[i].Reason == reason {
			n += m.list[i].Weight()
		}
	}
	return n
}

// A process is what one process of a service has: a client, a store, a guard and
// an issuer of its own. Its clock can be moved on.
type process struct {
	*guard.Guard
	issuer *guard.Issuer
	store  guard.Store
	memo   *memo
	ahead  atomic.Int64
	h      http.Handler
}

func start(t testing.TB, store guard.Store, edit func(*guard.Config, *guard.IssuerConfig)) *process {
	t.Helper()
	p := &process{store: store, memo: new(memo)}
	c := guard.Config{
		Keys: guard.Static(guard.Key{ID: "k1", Material: secret}), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Events: guard.EventConfig{Sink: p.memo, Service: "orders"}, Limit: guard.LimitConfig{Disabled: true},
		Revocation: guard.RevocationConfig{Store: store, Poll: 20 * time.Millisecond},
		Now:        func() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) },
	}
	i := guard.IssuerConfig{Key: guard.Key{ID: "k1", Material: secret}, Limit: guard.LimitConfig{Disabled: true}}
	if edit != nil {
		edit(&c, &i)
	}
	var err error
	if p.Guard, err = guard.New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(t.Context()) })
	i.Guard = p.Guard
	if p.issuer, err = guard.NewIssuer(i); err != nil {
		t.Fatal(err)
	}
	p.h = p.Verify(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	return p
}

func (p *process) issue(t testing.TB) guard.Pair {
	t.Helper()
	pair, err := p.issuer.Issue(t.Context(), guard.Grant{Subject: "user-4711", ClientID: "web", Meta: web})
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// get gives the status of a request with an access token.
func (p *process) get(raw event.Raw) int {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+raw.Reveal())
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	return w.Code
}

func status(err error) int {
	var e *guard.Error
	switch {
	case err == nil:
		return 200
	case errors.As(err, &e):
		return e.Status
	}
	return -1
}

// Of a hundred simultaneous refreshes of one token one rotates it, and all get
// the same successor.
func TestRefreshOnce(t *testing.T) {
	addr := redistest.Start(t).Addr
	p := start(t, open(t, connect(t, addr), redisstore.Config{}), nil)
	q := start(t, open(t, connect(t, addr), redisstore.Config{}), nil)
	old := p.issue(t).Refresh.Reveal()
	var mu sync.Mutex
	successors := make(map[string]int)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			issuer := []*guard.Issuer{p.issuer, q.issuer}[i%2]
			next, err := issuer.Refresh(t.Context(), old, web)
			if err != nil {
				t.Errorf("refresh: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			successors[next.Refresh.Reveal()]++
		})
	}
	wg.Wait()
	ok := p.memo.count(event.RefreshOK, 0) + q.memo.count(event.RefreshOK, 0)
	again := p.memo.count(event.RefreshRetry, 0) + q.memo.count(event.RefreshRetry, 0)
	if len(successors) != 1 || ok != 1 || again != 99 {
		t.Errorf("%d successors, %d rotations, %d retries; want 1, 1, 99", len(successors), ok, again)
	}
}

// What one process revokes, another refuses at once through the channel, and
// within its poll time without it.
func TestProcesses(t *testing.T) {
	addr := redistest.Start(t).Addr
	one := start(t, open(t, connect(t, addr), redisstore.Config{}), nil)
	for name, edit := range map[string]func(*guard.Config){
		"the channel": func(c *guard.Config) { c.Revocation.Poll = time.Hour },
		"the poll":    func(c *guard.Config) { c.Revocation.Store = struct{ guard.Store }{c.Revocation.Store} }, // hides Watch
	} {
		other := start(t, open(t, connect(t, addr), redisstore.Config{}), func(c *guard.Config, _ *guard.IssuerConfig) { edit(c) })
		// Within the second in which a subject was revoked, iat does not tell.
		fresh := func() (pair guard.Pair) {
			wait(t, "a new second", func() bool { pair = one.issue(t); return other.get(pair.Access) == 200 })
			return pair
		}
		wait(t, name+" is open", func() bool { // a subscription takes a moment
			pair := fresh()
			revoke(t, one.store, guard.Revocation{JTI: pair.TokenID, Until: pair.Expires})
			if one.get(pair.Access) != 401 {
				t.Fatalf("%s: the process that revoked it takes the token", name)
			}
			time.Sleep(10 * time.Millisecond)
			return other.get(pair.Access) == 401
		})
		for kind, take := range map[string]func(guard.Pair) error{
			"a session":       func(p guard.Pair) error { return one.issuer.Revoke(t.Context(), guard.Revocation{Session: p.Session}) },
			"a subject":       func(guard.Pair) error { return one.issuer.Revoke(t.Context(), guard.Revocation{Subject: "user-4711"}) },
			"a refresh token": func(p guard.Pair) error { return one.issuer.RevokeToken(t.Context(), p.Refresh.Reveal(), "", web) },
			"a reuse": func(p guard.Pair) error {
				next, err := one.issuer.Refresh(t.Context(), p.Refresh.Reveal(), web)
				if err != nil {
					return err
				}
				if _, err := other.issuer.Refresh(t.Context(), next.Refresh.Reveal(), web); err != nil {
					return err
				}
				if _, err := one.issuer.Refresh(t.Context(), p.Refresh.Reveal(), web); status(err) == 200 {
					return errors.New("the grandparent was taken")
				}
				return nil
			},
		} {
			pair := fresh()
			if err := take(pair); err != nil {
				t.Fatalf("%s, %s: %v", name, kind, err)
			}
			begun := time.Now()
			wait(t, fmt.Sprintf("%s: %s is heard of", name, kind), func() bool { return other.get(pair.Access) == 401 })
			t.Logf("%s: %s is refused elsewhere after %v", name, kind, time.Since(begun).Round(time.Millisecond))
			if _, err := other.issuer.Refresh(t.Context(), pair.Refresh.Reveal(), web); status(err) == 200 {
				t.Errorf("%s: after %s its refresh token is taken elsewhere", name, kind)
			}
		}
	}
}

// While Redis hangs or is gone, nothing is taken that might be revoked, no good
// token is called bad, each failure is recorded; afterwards all goes on.
func TestOutage(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	for _, how := range []struct {
		name       string
		down, back func()
	}{{"kill -STOP", server.Pause, server.Resume}, {"kill -9", server.Kill, server.Restart}} {
		p := start(t, open(t, connect(t, server.Addr), redisstore.Config{Timeout: 100 * time.Millisecond}), nil)
		good, bad := p.issue(t), p.issue(t)
		if err := p.issuer.Revoke(t.Context(), guard.Revocation{JTI: bad.TokenID}); err != nil {
			t.Fatal(err)
		}
		load, over := make(map[int]int), make(chan struct{})
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
					}
					code, revoked := p.get(good.Access), p.get(bad.Access)
					mu.Lock()
					load[code]++
					mu.Unlock()
					if revoked == 200 {
						t.Errorf("%s: a revoked token was accepted", how.name)
						return
					}
					time.Sleep(time.Millisecond)
				}
			})
		}
		how.down()
		wait(t, how.name+" is recorded", func() bool { return p.memo.count(event.RevocationFailed, event.ReasonStoreUnavailable) > 0 })
		if code := p.get(good.Access); code != 200 {
			t.Errorf("%s, the copy is young: status %d, want 200", how.name, code)
		}
		p.ahead.Store(int64(time.Minute)) // the copy is too old now
		wait(t, how.name+" is a refusal", func() bool { return p.get(good.Access) == 503 })
		if code := p.get(bad.Access); code != 401 {
			t.Errorf("%s: what is known to be revoked is answered %d, want 401", how.name, code)
		}
		_, refreshErr := p.issuer.Refresh(t.Context(), good.Refresh.Reveal(), web)
		_, issueErr := p.issuer.Issue(t.Context(), guard.Grant{Subject: "u", Meta: web})
		revokeErr := p.issuer.Revoke(t.Context(), guard.Revocation{JTI: "x"})
		for what, err := range map[string]error{"refresh": refreshErr, "issue": issueErr, "revoke": revokeErr} {
			if status(err) != 503 {
				t.Errorf("%s: %s: %v, want a 503", how.name, what, err)
			}
		}
		for _, kind := range []event.Kind{event.VerificationFailed, event.RefreshFailed, event.IssueFailed, event.RevocationFailed} {
			if p.memo.count(kind, event.ReasonStoreUnavailable) == 0 {
				t.Errorf("%s: no %v is recorded", how.name, kind)
			}
		}
		if p.memo.count(event.VerificationFailed, event.ReasonBadSignature)+p.memo.count(event.RefreshReuse, event.ReasonRefreshReuse) > 0 {
			t.Errorf("%s: an outage was recorded as an attack", how.name)
		}
		how.back()
		wait(t, "after "+how.name+" it goes on", func() bool { return p.get(good.Access) == 200 })
		close(over)
		wg.Wait()
		if load[401] > 0 || load[200] == 0 || load[503] == 0 {
			t.Errorf("%s: a good token was answered %v; want 200 and 503 alone", how.name, load)
		}
		wait(t, "and refreshes", func() bool {
			_, err := p.issuer.Refresh(t.Context(), good.Refresh.Reveal(), web)
			return err == nil
		})
		p.Close(t.Context())
	}
}

// FailOpen lets tokens through, and each of them is counted.
func TestFailOpen(t *testing.T) {
	server := redistest.Start(t)
	p := start(t, open(t, connect(t, server.Addr), redisstore.Config{Timeout: 100 * time.Millisecond}), func(c *guard.Config, _ *guard.IssuerConfig) {
		c.Revocation.OnOutage = guard.FailOpen
	})
	good := p.issue(t)
	server.Kill()
	wait(t, "the outage is recorded", func() bool { return p.memo.count(event.RevocationFailed, event.ReasonStoreUnavailable) > 0 })
	before := p.memo.count(event.RevocationFailed, event.ReasonStoreUnavailable)
	p.ahead.Store(int64(time.Minute))
	const n = 50
	for range n {
		if code := p.get(good.Access); code != 200 {
			t.Fatalf("status %d, want 200", code)
		}
	}
	server.Restart()
	wait(t, "those let through are recorded", func() bool {
		return p.memo.count(event.RevocationFailed, event.ReasonStoreUnavailable) >= before+n
	})
}

// Whoever reads all that Redis holds finds no token, no part of one and no key.
func TestSecrets(t *testing.T) {
	client := connect(t, redistest.Start(t).Addr)
	p := start(t, open(t, client, redisstore.Config{}), nil)
	var planted []string
	plant := func(pair guard.Pair) {
		for _, raw := range []string{pair.Access.Reveal(), pair.Refresh.Reveal()} {
			for part := range strings.SplitSeq(raw, ".") {
				planted = append(planted, part[len(part)-20:])
			}
		}
	}
	pair := p.issue(t)
	plant(pair)
	next, err := p.issuer.Refresh(t.Context(), pair.Refresh.Reveal(), web)
	if err != nil {
		t.Fatal(err)
	}
	plant(next)
	if err := p.issuer.RevokeToken(t.Context(), next.Access.Reveal(), "lost", web); err != nil {
		t.Fatal(err)
	}
	if err := p.issuer.RevokeToken(t.Context(), next.Refresh.Reveal(), "lost", web); err != nil {
		t.Fatal(err)
	}
	all := dump(t, client)
	if !strings.Contains(all, "user-4711") || !strings.Contains(all, next.TokenID) {
		t.Fatalf("the dump is not complete: %s", all)
	}
	for _, text := range append(planted, string(secret)) {
		if strings.Contains(all, text) {
			t.Errorf("Redis holds %q", text)
		}
	}
}

// dump gives everything that stands in Redis, as text.
func dump(t *testing.T, client *redis.Client) string {
	t.Helper()
	var b strings.Builder
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		var v any
		switch kind := client.Type(t.Context(), key).Val(); kind {
		case "hash":
			v, err = client.HGetAll(t.Context(), key).Result()
		case "stream":
			v, err = client.XRange(t.Context(), key, "-", "+").Result()
		case "zset":
			v, err = client.ZRangeWithScores(t.Context(), key, 0, -1).Result()
		default:
			t.Fatalf("%s is a %s", key, kind)
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, key, v)
	}
	return b.String()
}
