//go:build unix

package redisstore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"testing"
	"time"

	"github.com/jotsight/jotsight/adapters/redisstore"
	"github.com/jotsight/jotsight/adapters/redisstore/redistest"
	"github.com/jotsight/jotsight/guard"
	"github.com/redis/go-redis/v9"
)

// Two processes share one Redis: what the one issued, the other refreshes, and
// what the one revokes, the other refuses.
func Example() {
	addr, stop := redisForExamples()
	defer stop()
	ctx := context.Background()

	process := func() (*guard.Guard, *guard.Issuer) {
		client := redis.NewClient(&redis.Options{Addr: addr})
		store, err := redisstore.New(client, redisstore.Config{Prefix: "orders"})
		if err != nil {
			log.Fatal(err)
		}
		if err := store.Check(ctx); err != nil { // leave it out where a service must start without its Redis
			log.Fatal(err)
		}
		key := guard.Key{ID: "k1", Material: []byte("a secret of thirty-two bytes or more")}
		g, err := guard.New(guard.Config{
			Keys: guard.Static(key), Algorithms: []string{"HS256"},
			Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
			Revocation: guard.RevocationConfig{Store: store},
		})
		if err != nil {
			log.Fatal(err)
		}
		i, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: key})
		if err != nil {
			log.Fatal(err)
		}
		return g, i
	}
	one, issuer := process()
	two, refresher := process()
	defer one.Close(ctx)
	defer two.Close(ctx)

	browser := guard.Meta{ClientID: "web", UserAgent: "browser"}
	first, err := issuer.Issue(ctx, guard.Grant{Subject: "ann", ClientID: "web", Meta: browser})
	fmt.Println("issued:", err)
	next, err := refresher.Refresh(ctx, first.Refresh.Reveal(), browser)
	fmt.Println("refreshed by the other:", err)

	err = refresher.Revoke(ctx, guard.Revocation{Session: next.Session, Reason: "lost phone", Actor: "helpdesk"})
	fmt.Println("revoked:", err)
	for range 1000 { // milliseconds by the channel, a second by the poll
		if _, err = one.Check(ctx, next.Access.Reveal(), browser); err != nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println(err)
	// Output:
	// issued: <nil>
	// refreshed by the other: <nil>
	// revoked: <nil>
	// token refused: family_revoked
}

// redisForExamples starts a server for an example, which has no testing.TB.
func redisForExamples() (addr string, stop func()) {
	dir, err := os.MkdirTemp("", "redisstore")
	if err != nil {
		log.Fatal(err)
	}
	t := &exampleTB{dir: dir}
	s := redistest.Start(t)
	return s.Addr, func() { s.Kill(); os.RemoveAll(dir) }
}

type exampleTB struct {
	testing.TB
	dir string
}

func (t *exampleTB) Helper()                        {}
func (t *exampleTB) Cleanup(func())                 {}
func (t *exampleTB) TempDir() string                { return t.dir }
func (t *exampleTB) Fatal(args ...any)              { log.Fatal(args...) }
func (t *exampleTB) Fatalf(format string, a ...any) { log.Fatalf(format, a...) }
