package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/redis/go-redis/v9"
)

// Config says where and how a Store keeps things. A zero field means its
// documented default.
type Config struct {
	// Prefix sets the keys of one service apart from those of others on the same
	// Redis. All processes of a service share it. The default is "jotsight".
	Prefix string
	// Timeout bounds each question to Redis, beside the context of the call. The
	// default is 1 s.
	Timeout time.Duration
	// Now is the clock by which a revocation's Until is turned into time left to
	// keep it. The default is time.Now.
	Now func() time.Time
}

// A Store is a guard.Store, a guard.Watcher and a guard.FamilyReader over Redis. It may be used from
// many goroutines at once, and holds nothing that has to be closed: the client
// is the caller's.
type Store struct {
	client  redis.UniversalClient
	timeout time.Duration
	now     func() time.Time
	prefix  string
	sender  string // this process, on the channel

	revoked, feed, ends, cuts string // keys

	mu       sync.Mutex
	watchers map[int]func(guard.Revocation)
	watch    int       // the number of the last watcher
	listener *listener // nil while nobody watches
}

var (
	_ guard.Store        = (*Store)(nil)
	_ guard.FamilyReader = (*Store)(nil)
	_ guard.Watcher      = (*Store)(nil)
)

// New makes a Store over client, which may be for a single server, for Sentinel
// or for a Cluster. It does not speak to Redis yet: a service must be able to
// start before its Redis. See Check.
func New(client redis.UniversalClient, c Config) (*Store, error) {
	var wrong []error
	bad := func(field, why string) { wrong = append(wrong, fmt.Errorf("%s: %s", field, why)) }
	if client == nil {
		bad("client", "missing")
	}
	if strings.ContainsAny(c.Prefix, "{} \t\r\n") {
		bad("Prefix", "holds a brace or a space")
	}
	if c.Timeout < 0 {
		bad("Timeout", "negative")
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("redisstore: configuration: %w", errors.Join(wrong...))
	}
	if c.Prefix == "" {
		c.Prefix = "jotsight"
	}
	if c.Timeout == 0 {
		c.Timeout = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	p := "{" + c.Prefix + "}:"
	return &Store{
		client: client, timeout: c.Timeout, now: c.Now, prefix: p, sender: rand.Text(),
		revoked: p + "revoked", feed: p + "feed", ends: p + "ends", cuts: p + "cuts",
		watchers: make(map[int]func(guard.Revocation)),
	}, nil
}

func (s *Store) family(id string) string { return s.prefix + "f:" + id }

// call runs a script. It returns when ctx ends, also where the client is told to
// heed no context and Redis hangs: the client's own timeout then ends what is
// left behind.
func (s *Store) call(ctx context.Context, script *redis.Script, keys []string, args ...any) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	answer := make(chan *redis.Cmd, 1)
	go func() { answer <- script.Run(within, s.client, keys, args...) }()
	select {
	case cmd := <-answer:
		return cmd.Result()
	case <-within.Done():
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("redis: no answer within %v: %w", s.timeout, context.DeadlineExceeded)
	}
}

// errAnswer says that a script answered what it never does.
var errAnswer = errors.New("redis: answer of a script cannot be read")
