//go:build unix

package redisstore_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jotsight/jotsight/adapters/redisstore"
	"github.com/jotsight/jotsight/adapters/redisstore/redistest"
	"github.com/jotsight/jotsight/guard"
)

// Of a hundred uses of one proof in ten processes exactly one is the first.
func TestProofOnce(t *testing.T) {
	server := redistest.Start(t)
	until := time.Now().Add(5 * time.Minute)
	var firsts atomic.Int64
	var wg sync.WaitGroup
	for range 10 {
		var m guard.ProofMemory = open(t, connect(t, server.Addr), redisstore.Config{Prefix: "proofs"})
		for range 10 {
			wg.Go(func() {
				first, err := m.Use(t.Context(), "one", until)
				if err != nil {
					t.Error(err)
				}
				if first {
					firsts.Add(1)
				}
			})
		}
	}
	wg.Wait()
	if n := firsts.Load(); n != 1 {
		t.Errorf("%d uses were the first, want 1", n)
	}
}

func TestProofs(t *testing.T) {
	server := redistest.Start(t)
	client := connect(t, server.Addr)
	ours, theirs := open(t, client, redisstore.Config{Prefix: "ours"}), open(t, client, redisstore.Config{Prefix: "theirs"})
	now := time.Now()
	for _, test := range []struct {
		name  string
		m     *redisstore.Store
		id    string
		until time.Time
		want  bool
	}{
		{"new", ours, "a", now.Add(time.Minute), true},
		{"again", ours, "a", now.Add(time.Minute), false},
		{"another", ours, "b", now.Add(time.Minute), true},
		{"of another service", theirs, "a", now.Add(time.Minute), true},
		{"of a process whose clock is behind", ours, "c", now.Add(-10 * time.Second), true},
		{"that one again", ours, "c", now.Add(-10 * time.Second), false},
	} {
		got, err := test.m.Use(t.Context(), test.id, test.until)
		if err != nil || got != test.want {
			t.Errorf("%s: first %v, %v; want %v", test.name, got, err, test.want)
		}
	}
	left, err := client.PTTL(t.Context(), "{ours}:p:a").Result()
	if err != nil || left < time.Minute || left > 2*time.Minute {
		t.Errorf("kept for %v, %v; want a minute and something to spare: what never ends fills Redis", left, err)
	}
	server.Kill()
	if _, err := ours.Use(t.Context(), "d", now.Add(time.Minute)); err == nil {
		t.Error("Redis is gone: no error; the guard would take the proof for a new one, or for a used one")
	}
}
