//go:build unix

package redisstore_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/jotsight/jotsight/adapters/redisstore"
	"github.com/jotsight/jotsight/adapters/redisstore/redistest"
	"github.com/jotsight/jotsight/guard"
)

// spent gives the processor time of this process, which is the client's part.
func spent() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Advance in memory and over Redis on loopback. cpu-ns/op is processor time of
// the client, ns/op what a caller waits.
//
//	go test -run '^$' -bench . -benchmem ./redisstore
func BenchmarkAdvance(b *testing.B) {
	stores := map[string]func(b *testing.B) guard.Store{
		"memory": func(*testing.B) guard.Store { return guard.NewMemoryStore() },
		"redis": func(b *testing.B) guard.Store {
			return open(b, connect(b, redistest.Start(b).Addr), redisstore.Config{})
		},
	}
	for _, name := range []string{"memory", "redis"} {
		b.Run(name, func(b *testing.B) {
			s := stores[name](b)
			now := time.Now()
			f := guard.Family{
				ID: "0123456789abcdef0123456789abcdef", Subject: "user-4711", ClientID: "web", Audience: []string{"orders"}, Scope: []string{"read", "write"},
				Created: now, Expires: now.Add(24 * time.Hour), Idle: time.Hour, Access: 15 * time.Minute,
			}
			if err := s.Create(b.Context(), f); err != nil {
				b.Fatal(err)
			}
			counter, before := uint64(0), spent()
			for b.Loop() {
				out, err := s.Advance(b.Context(), guard.Advance{Family: f.ID, Counter: counter, ClientID: "web", Client: "c", Grace: 10 * time.Second, Now: now})
				if err != nil || out.State != guard.Rotated {
					b.Fatalf("state %d, %v", out.State, err)
				}
				counter++
			}
			b.ReportMetric(float64(spent()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// A poll that finds nothing new, beside 100,000 revocations that live.
func BenchmarkChanges(b *testing.B) {
	client := connect(b, redistest.Start(b).Addr)
	s := open(b, client, redisstore.Config{})
	for i := range 100_000 / 100 {
		p := client.Pipeline()
		for j := range 100 {
			p.HSet(b.Context(), "{jotsight}:revoked", fmt.Sprint("j0:", i, "-", j), fmt.Sprintf(`%d-%d - - {"jti":"%d-%d"}`, i, j, i, j))
		}
		if _, err := p.Exec(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	revoke(b, s, guard.Revocation{JTI: "last"})
	b.Run("snapshot", func(b *testing.B) {
		for b.Loop() {
			if list, _ := changes(b, s, ""); len(list) != 100_001 {
				b.Fatal(len(list))
			}
		}
	})
	b.Run("nothing new", func(b *testing.B) {
		_, from := changes(b, s, "")
		before := spent()
		for b.Loop() {
			changes(b, s, from)
		}
		b.ReportMetric(float64(spent()-before)/float64(b.N), "cpu-ns/op")
	})
}
