//go:build unix

package redisstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jotsight/jotsight/adapters/redisstore"
	"github.com/jotsight/jotsight/adapters/redisstore/redistest"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/guardtest"
	"github.com/redis/go-redis/v9"
)

// connect opens a client of its own, as each process has one.
func connect(t testing.TB, addr string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { client.Close() })
	return client
}

// open makes a store with a time limit for busy machines, where c has none.
func open(t testing.TB, client redis.UniversalClient, c redisstore.Config) *redisstore.Store {
	t.Helper()
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	s, err := redisstore.New(client, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func revoke(t testing.TB, s guard.Store, r guard.Revocation) {
	t.Helper()
	if err := s.Revoke(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func changes(t testing.TB, s guard.Store, after guard.Cursor) ([]guard.Revocation, guard.Cursor) {
	t.Helper()
	list, next, err := s.Changes(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	return list, next
}

// wait waits for what happens in another process.
func wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 3000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("did not happen in time: %s", what)
}

// The contract that the memory store is held to as well.
func TestStore(t *testing.T) {
	client := connect(t, redistest.Start(t).Addr)
	guardtest.Store(t, func(t *testing.T) guard.Store { return open(t, client, redisstore.Config{Prefix: "contract"}) })
}

// A Cluster refuses scripts whose keys are on several slots. This one has one
// node, which does as well.
func TestCluster(t *testing.T) {
	server := redistest.Start(t, "--cluster-enabled", "yes")
	node := connect(t, server.Addr)
	if err := node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	wait(t, "the cluster is up", func() bool {
		info, err := node.ClusterInfo(t.Context()).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok")
	})
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{server.Addr}})
	t.Cleanup(func() { client.Close() })
	guardtest.Store(t, func(t *testing.T) guard.Store { return open(t, client, redisstore.Config{Prefix: "orders"}) })
	if err := open(t, client, redisstore.Config{}).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// The rights that docs/guard/stores.md lists are enough.
func TestRights(t *testing.T) {
	server := redistest.Start(t)
	admin := connect(t, server.Addr)
	page, err := os.ReadFile("../../docs/guard/stores.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rights, _ := strings.Cut(string(page), "ACL SETUSER orders on >… ")
	rights, _, _ = strings.Cut(rights, "```")
	rule := []any{"ACL", "SETUSER", "orders", "on", ">pass"}
	for _, word := range strings.Fields(rights) {
		rule = append(rule, word)
	}
	if err := admin.Do(t.Context(), rule...).Err(); err != nil || len(rule) < 20 {
		t.Fatalf("%v: %v", rule, err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "orders", Password: "pass"})
	t.Cleanup(func() { client.Close() })
	guardtest.Store(t, func(t *testing.T) guard.Store { return open(t, client, redisstore.Config{Prefix: "orders"}) })
	s := open(t, client, redisstore.Config{Prefix: "orders"})
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	var heard atomic.Int64
	defer s.Watch(func(guard.Revocation) { heard.Add(1) })()
	n := 0
	wait(t, "a revocation of another process", func() bool {
		n++
		revoke(t, open(t, admin, redisstore.Config{Prefix: "orders"}), guard.Revocation{JTI: fmt.Sprint(n)})
		return heard.Load() > 0
	})
	if err := open(t, client, redisstore.Config{Prefix: "other"}).Check(t.Context()); err == nil {
		t.Error("the user may use another prefix")
	}
}

// What docs/guard/stores.md says of memory.
func TestSize(t *testing.T) {
	client := connect(t, redistest.Start(t).Addr)
	p := start(t, open(t, client, redisstore.Config{}), nil)
	pair := p.issue(t)
	if _, err := p.issuer.Refresh(t.Context(), pair.Refresh.Reveal(), web); err != nil {
		t.Fatal(err)
	}
	row := client.MemoryUsage(t.Context(), "{jotsight}:f:"+pair.Session).Val()
	used := func() int64 {
		n := int64(0)
		for _, key := range []string{"revoked", "ends", "feed"} {
			n += client.MemoryUsage(t.Context(), "{jotsight}:"+key, 0).Val()
		}
		return n
	}
	revoke(t, p.store, guard.Revocation{JTI: "first"})
	before := used()
	const n = 2000
	for range n {
		revoke(t, p.store, guard.Revocation{JTI: rand.Text(), Issuer: "https://login.example", Until: time.Now().Add(time.Hour), Reason: "logout", Actor: "user-4711"})
	}
	each := (used() - before) / n
	t.Logf("a family takes %d bytes, a revocation %d", row, each)
	if row > 1200 || each > 800 {
		t.Errorf("a family takes %d bytes, a revocation %d; the page says 1 KB and 0.6 KB", row, each)
	}
}

func TestConfig(t *testing.T) {
	_, err := redisstore.New(nil, redisstore.Config{Prefix: "{a}", Timeout: -1})
	for _, field := range []string{"client: ", "Prefix: ", "Timeout: "} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("the error does not name %q: %v", field, err)
		}
	}
}

// Services with prefixes of their own do not see each other.
func TestPrefix(t *testing.T) {
	client := connect(t, redistest.Start(t).Addr)
	a, b := open(t, client, redisstore.Config{Prefix: "a"}), open(t, client, redisstore.Config{Prefix: "ab"})
	var heard sync.Map
	defer b.Watch(func(r guard.Revocation) { heard.Store(r.JTI, true) })()
	now := time.Now()
	f := guard.Family{ID: "f", Subject: "ann", Created: now, Expires: now.Add(time.Hour)}
	for _, s := range []guard.Store{a, b} {
		if err := s.Create(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	revoke(t, a, guard.Revocation{Subject: "ann", Before: now.Add(time.Second)})
	revoke(t, a, guard.Revocation{JTI: "of a"})
	if list, _ := changes(t, b, ""); len(list) > 0 {
		t.Errorf("Changes of another prefix: %v", list)
	}
	if out, err := b.Advance(t.Context(), guard.Advance{Family: "f", Now: now}); err != nil || out.State != guard.Rotated {
		t.Errorf("a family of another prefix: state %d, %v", out.State, err)
	}
	if _, ok := heard.Load("of a"); ok {
		t.Error("heard of a revocation of another prefix")
	}
}

func TestCheck(t *testing.T) {
	server := redistest.Start(t)
	client := connect(t, server.Addr)
	s := open(t, client, redisstore.Config{})
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"maxmemory": "100mb", "maxmemory-policy": "volatile-lru"} {
		if err := client.ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	replica := connect(t, redistest.Start(t, "--replicaof", strings.ReplaceAll(server.Addr, ":", " ")).Addr)
	wait(t, "the replica is in step", func() bool {
		info, err := replica.Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	})
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "maxmemory-policy") {
		t.Errorf("with a policy that evicts: %v", err)
	}
	if err := open(t, replica, redisstore.Config{}).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "role") {
		t.Errorf("on a replica: %v", err)
	}
}

// A call ends with its context and with its Timeout, also when Redis hangs and
// the client heeds no context.
func TestHang(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, connect(t, server.Addr), redisstore.Config{Timeout: 100 * time.Millisecond})
	patient := open(t, connect(t, server.Addr), redisstore.Config{Timeout: time.Hour})
	now := time.Now()
	calls := map[string]func(context.Context, guard.Store) error{
		"Create": func(ctx context.Context, s guard.Store) error { return s.Create(ctx, guard.Family{ID: "x"}) },
		"Revoke": func(ctx context.Context, s guard.Store) error { return s.Revoke(ctx, guard.Revocation{JTI: "x"}) },
		"Advance": func(ctx context.Context, s guard.Store) error {
			_, err := s.Advance(ctx, guard.Advance{Now: now})
			return err
		},
		"Changes": func(ctx context.Context, s guard.Store) error { _, _, err := s.Changes(ctx, ""); return err },
	}
	server.Pause()
	defer server.Resume()
	for name, call := range calls {
		if err := call(t.Context(), s); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want that the time is up", name, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		if err := call(ctx, patient); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want that the context has ended", name, err)
		}
	}
}

// Rows end by themselves, and what has ended makes room for what comes.
func TestEnds(t *testing.T) {
	client := connect(t, redistest.Start(t).Addr)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) // not the server's time, which does not matter
	s := open(t, client, redisstore.Config{Prefix: "p", Now: func() time.Time { return now }})
	f := guard.Family{ID: "f", Subject: "ann", Created: now, Expires: now.Add(24 * time.Hour), Access: 15 * time.Minute}
	if err := s.Create(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	left := client.PTTL(t.Context(), "{p}:f:f").Val()
	if want := 25*time.Hour + 15*time.Minute; left > want || left < want-time.Minute {
		t.Errorf("the family lives for %v, want %v", left, want)
	}
	for i := range 300 {
		revoke(t, s, guard.Revocation{JTI: fmt.Sprint(i), Until: now.Add(-2 * time.Hour)})
	}
	revoke(t, s, guard.Revocation{Subject: "ann", Before: now, Until: now.Add(-2 * time.Hour)})
	revoke(t, s, guard.Revocation{KeyID: "for ever"})
	revoke(t, s, guard.Revocation{JTI: "alive", Until: now.Add(-time.Minute)}) // within the hour of disputed clocks
	if n := client.HLen(t.Context(), "{p}:revoked").Val(); n > 3 {
		t.Errorf("%d revocations are kept, want three", n)
	}
	if list, _ := changes(t, s, ""); len(list) > 3 || len(list) < 2 {
		t.Errorf("the snapshot has %v", list)
	}
	if out, err := s.Advance(t.Context(), guard.Advance{Family: "f", Now: now}); err != nil || out.State != guard.Revoked {
		t.Errorf("the login of a subject whose revocation has ended: state %d, %v; the family lives longer than that", out.State, err)
	}
}

// The feed is cut at about 10,000. Who comes back later is given everything.
func TestFeedIsCut(t *testing.T) {
	client := connect(t, redistest.Start(t).Addr)
	s := open(t, client, redisstore.Config{Prefix: "p"})
	until := time.Now().Add(time.Hour)
	revoke(t, s, guard.Revocation{JTI: "first", Until: until})
	_, from := changes(t, s, "")
	const n = 10_500
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				if err := s.Revoke(t.Context(), guard.Revocation{JTI: fmt.Sprint(i), Until: until}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if length := client.XLen(t.Context(), "{p}:feed").Val(); length < 10_000 || length >= n {
		t.Errorf("the feed holds %d", length)
	}
	list, next := changes(t, s, from)
	if len(list) != n+1 {
		t.Errorf("after a long absence: %d, want all %d", len(list), n+1)
	}
	if list, _ := changes(t, s, next); len(list) > 0 {
		t.Errorf("and then again %d", len(list))
	}
	// The same name again and again is one entry.
	for i := range 50 {
		revoke(t, s, guard.Revocation{JTI: "again", Until: until.Add(time.Duration(i) * time.Second)})
	}
	if got := client.HLen(t.Context(), "{p}:revoked").Val(); got != n+2 {
		t.Errorf("%d revocations are kept, want %d", got, n+2)
	}
}
