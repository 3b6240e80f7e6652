//go:build unix

package redisstore_test

import (
	"testing"

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

func open(t testing.TB, client redis.UniversalClient, c redisstore.Config) *redisstore.Store {
	t.Helper()
	s, err := redisstore.New(client, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The contract that the memory store is held to as well.
func TestStore(t *testing.T) {
	client := connect(t, redistest.Start(t).Addr)
	guardtest.Store(t, func(t *testing.T) guard.Store { return open(t, client, redisstore.Config{Prefix: "contract"}) })
}
