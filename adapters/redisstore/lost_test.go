//go:build unix

package redisstore_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jotsight/jotsight/adapters/redisstore"
	"github.com/jotsight/jotsight/adapters/redisstore/redistest"
	"github.com/jotsight/jotsight/guard"
	"github.com/redis/go-redis/v9"
)

// A line is the way to a server, which can lose an answer or lead elsewhere.
type line struct {
	addr atomic.Pointer[string]
	lose atomic.Bool // the next answer to a script, and the connection with it
	lost atomic.Int64
}

func (l *line) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, *l.addr.Load())
	if err != nil {
		return nil, err
	}
	return &lossy{Conn: c, l: l}, nil
}

type lossy struct {
	net.Conn
	l      *line
	script bool // the last command was one
}

func (c *lossy) Write(b []byte) (int, error) {
	c.script = strings.Contains(strings.ToLower(string(b)), "evalsha")
	return c.Conn.Write(b)
}

func (c *lossy) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.script && b[0] != '-' && c.l.lose.CompareAndSwap(true, false) {
		c.l.lost.Add(1)
		c.Conn.Close()
		return 0, io.EOF
	}
	return n, err
}

// The client repeats a call whose answer was lost. The script knows it again:
// one login stays one, a rotation is no reuse, and a reuse stays one.
func TestLostAnswers(t *testing.T) {
	addr := redistest.Start(t).Addr
	l := new(line)
	l.addr.Store(&addr)
	client := redis.NewClient(&redis.Options{Addr: addr, Dialer: l.dial})
	t.Cleanup(func() { client.Close() })
	s := open(t, client, redisstore.Config{Prefix: "p"})
	now := time.Now()
	f := guard.Family{ID: "f", Subject: "ann", Created: now, Expires: now.Add(time.Hour)}
	if _, err := s.Advance(t.Context(), guard.Advance{Family: "none", Now: now}); err != nil { // the scripts are there
		t.Fatal(err)
	}
	revoke(t, s, guard.Revocation{JTI: "warm"})
	s.Create(t.Context(), guard.Family{ID: "warm", Created: now, Expires: now.Add(time.Hour)})
	_, from := changes(t, s, "")

	losing := func(what string, call func()) {
		t.Helper()
		before := l.lost.Load()
		l.lose.Store(true)
		call()
		if l.lost.Load() != before+1 {
			t.Errorf("%s: no answer was lost", what)
		}
	}
	advance := func(counter uint64, want guard.State) {
		t.Helper()
		out, err := s.Advance(t.Context(), guard.Advance{Family: "f", Counter: counter, Now: now}) // without a grace time
		if err != nil || out.State != want {
			t.Errorf("Advance of %d: state %d, %v; want %d", counter, out.State, err, want)
		}
	}
	losing("Create", func() {
		if err := s.Create(t.Context(), f); err != nil {
			t.Errorf("Create: %v", err)
		}
	})
	if err := s.Create(t.Context(), f); err != guard.ErrFamilyExists {
		t.Errorf("Create once more: %v", err)
	}
	losing("rotation", func() { advance(0, guard.Rotated) })
	losing("rotation", func() { advance(1, guard.Rotated) })
	losing("reuse", func() { advance(0, guard.Reused) })
	advance(0, guard.Revoked)
	losing("Revoke", func() { revoke(t, s, guard.Revocation{JTI: "j"}) })
	var list []guard.Revocation
	losing("Changes", func() { list, _ = changes(t, s, from) })
	if len(list) != 2 || list[0].Session != "f" || list[1].JTI != "j" {
		t.Errorf("Changes: %+v; want the reuse and the revocation, once each", list)
	}
}

// When a replica takes over that never had the last revocations, or Redis comes
// back empty, a cursor of before leads to everything that the new one has.
func TestTakeover(t *testing.T) {
	first := redistest.Start(t)
	second := redistest.Start(t, "--replicaof", strings.ReplaceAll(first.Addr, ":", " "))
	replica := connect(t, second.Addr)
	l := new(line)
	l.addr.Store(&first.Addr)
	client := redis.NewClient(&redis.Options{Addr: first.Addr, Dialer: l.dial, ConnMaxLifetime: time.Nanosecond})
	t.Cleanup(func() { client.Close() })
	s := open(t, client, redisstore.Config{Prefix: "p"})
	until := time.Now().Add(time.Hour)
	names := func(after guard.Cursor) (text string, next guard.Cursor) {
		list, next := changes(t, s, after)
		for _, r := range list {
			text += r.JTI + " "
		}
		return text, next
	}

	revoke(t, s, guard.Revocation{JTI: "a", Until: until})
	_, early := names("")
	wait(t, "the replica has it", func() bool { return replica.Exists(t.Context(), "{p}:feed").Val() == 1 })
	replica.ReplicaOf(t.Context(), "no", "one")
	revoke(t, s, guard.Revocation{JTI: "lost", Until: until})
	_, late := names(early)

	l.addr.Store(&second.Addr)
	first.Kill()
	other := open(t, replica, redisstore.Config{Prefix: "p"})
	revoke(t, other, guard.Revocation{JTI: "b", Until: until})
	if got, _ := names(late); got != "a b " {
		t.Errorf("from a place that the new server never had: %q, want everything", got)
	}
	if got, _ := names(early); got != "b " {
		t.Errorf("from a place that it has: %q, want what came since", got)
	}
	// Another entry of the same id is not the same.
	entries, err := replica.XRevRangeN(t.Context(), "{p}:feed", "+", "-", 1).Result()
	if err != nil || len(entries) != 1 {
		t.Fatal(err)
	}
	if got, _ := names(guard.Cursor(entries[0].ID + "/AAAAAAAAAAAAAAAAAAAAAAAAAA")); got != "a b " {
		t.Errorf("from a place with the id of another entry: %q, want everything", got)
	}
	_, last := names("")
	replica.FlushAll(t.Context())
	if got, next := names(last); got != "" || next != "" {
		t.Errorf("from an empty server: %q, %q", got, next)
	}
	revoke(t, other, guard.Revocation{JTI: "c", Until: until})
	if got, _ := names(last); got != "c " {
		t.Errorf("from a server that was emptied: %q", got)
	}
}

// A broken subscription comes back by itself, and ends with the last watcher.
func TestWatch(t *testing.T) {
	server := redistest.Start(t)
	here, there := connect(t, server.Addr), connect(t, server.Addr)
	s, other := open(t, here, redisstore.Config{}), open(t, there, redisstore.Config{})
	revoke(t, other, guard.Revocation{JTI: "warm"}) // connections that stay
	revoke(t, s, guard.Revocation{JTI: "warm"})
	before := runtime.NumGoroutine()
	var heard atomic.Int64
	stop := s.Watch(func(r guard.Revocation) {
		if r.JTI == "x" {
			heard.Add(1)
		}
	})
	n := 0
	told := func() bool {
		n++ // a name that is stored already is no news
		other.Revoke(t.Context(), guard.Revocation{JTI: "x", Until: time.Now().Add(time.Duration(n) * time.Hour)})
		time.Sleep(5 * time.Millisecond)
		return heard.Load() > 0
	}
	wait(t, "another process is heard", told)
	heard.Store(0)
	server.Kill()
	server.Restart()
	wait(t, "it is heard again after a restart", told)
	stopOther := s.Watch(func(guard.Revocation) {})
	stop()
	time.Sleep(10 * time.Millisecond)
	heard.Store(0)
	for range 3 {
		told()
	}
	if heard.Load() > 0 {
		t.Error("heard after stop")
	}
	stopOther()
	stopOther()
	wait(t, "the goroutines have ended", func() bool { return runtime.NumGoroutine() <= before+4 }) // the pools dial in the background
	wait(t, "the subscription has ended", func() bool {
		return there.PubSubNumSub(t.Context(), "{jotsight}:feed").Val()["{jotsight}:feed"] == 0
	})
	// A service starts before its Redis.
	server.Kill()
	stop = s.Watch(func(guard.Revocation) { heard.Add(1) })
	server.Restart()
	wait(t, "it is heard when Redis comes", told)
	stop()
	// And stops while Redis is away.
	server.Kill()
	begun := time.Now()
	s.Watch(func(guard.Revocation) {})()
	if d := time.Since(begun); d > time.Second {
		t.Errorf("stop took %v", d)
	}
}
