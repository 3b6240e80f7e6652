package guard

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/maypok86/otter/v2"
)

// A Guard verifies the tokens of a service and writes down what happens to them.
// Its methods may be called from many goroutines at once. Close it when the
// service stops.
type Guard struct {
	keys     KeySource
	judge    judge
	canaries *canaries
	policy   policy
	second   *jwt.Validator // golang-jwt's opinion of claims, for ParseWithClaims
	maxBytes int
	watching bool // ObserveOnly

	extract  Extractor // nil for Bearer
	binding  *binding
	clientIP func(*http.Request) netip.Addr
	route    func(*http.Request) string
	trace    func(context.Context) (traceID, spanID string)
	deny     func(http.ResponseWriter, *http.Request, *Error)
	log      *slog.Logger
	now      func() time.Time
	began    time.Time

	cache    *otter.Cache[event.MAC, *entry] // nil when disabled
	sieve    *sieve
	cacheAge time.Duration
	limit    *limiter // nil when disabled
	limits   LimitConfig
	replica  *replica // nil when nothing can be revoked
	alarm    *alarm   // the same
	outage   Outage

	rec       *recorder
	successes Successes
	slow      time.Duration
	timing    bool         // somebody measures
	custom    bool         // Config.Deny was given
	seed      maphash.Seed // of places

	stop    context.CancelFunc
	running sync.WaitGroup
	closed  atomic.Bool
}

// New checks c as a whole and names every field that cannot be right, so that
// one start shows them all. A zero field means its documented default.
func New(c Config) (*Guard, error) {
	timing, custom := c.Metrics != nil, c.Deny != nil
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("guard: configuration: %w", err)
	}
	prints, known, err := fingerprinter(c)
	if err != nil {
		return nil, fmt.Errorf("guard: configuration: FingerprintKey: %w", err)
	}
	g := &Guard{
		canaries: known,
		keys:     c.Keys, maxBytes: c.MaxBytes, watching: c.ObserveOnly,
		extract: c.Extract, clientIP: c.ClientIP, route: c.Route, trace: c.Trace, deny: c.Deny, log: c.Log, now: c.Now,
		cacheAge: c.Cache.MaxAge, limits: c.Limit, outage: c.Revocation.OnOutage,
		successes: c.Events.Successes, slow: c.Events.Slow, timing: timing, custom: custom, seed: maphash.MakeSeed(),
		binding: newBinding(c.Binding, c.Leeway),
		judge:   judge{allowed: make(map[string]*algorithm)},
		policy: policy{
			issuers: slices.Clone(c.Issuers), audience: slices.Clone(c.Audience), require: slices.Clone(c.Require),
			noExpiry: c.NoExpiry, leeway: c.Leeway, maxLifetime: c.MaxLifetime, maxAge: c.MaxAge,
		},
	}
	for _, t := range c.Types {
		g.policy.types = append(g.policy.types, strings.TrimPrefix(strings.ToLower(t), "application/"))
	}
	g.second = g.policy.secondOpinion(c)
	for _, name := range c.Algorithms {
		g.judge.allowed[name] = algorithms[name]
		g.judge.public = algorithms[name].family != famHMAC
	}
	g.began = g.now()
	var seed [32]byte
	rand.Read(seed[:])
	g.rec = &recorder{
		sink: c.Events.Sink, metrics: c.Metrics, prints: prints, fold: newFold(), ids: event.NewIDs(seed),
		base: event.Event{
			ServiceName: c.Events.Service, ServiceVersion: c.Events.Version,
			ServiceInstance: c.Events.Instance, Environment: c.Events.Environment, Origin: "guard",
		},
	}
	if g.rec.base.ServiceInstance == "" {
		host, _ := os.Hostname()
		g.rec.base.ServiceInstance = fmt.Sprintf("%s:%d", host, os.Getpid())
	}
	if !c.Limit.Disabled {
		g.limit = newLimiter(c.Limit.Failures, c.Limit.Window)
	}
	if !c.Cache.Disabled && !c.ObserveOnly {
		if g.cache, err = g.newCache(c.Cache.Entries); err != nil {
			return nil, fmt.Errorf("guard: configuration: Cache: %w", err)
		}
		g.sieve = newSieve(c.Cache.MaxAge)
	}
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	if c.Revocation.Store != nil {
		g.replica = newReplica(c.Revocation)
		g.alarm = &alarm{g: g}
		g.alarm.poll(ctx)
		g.running.Go(func() { g.every(ctx, c.Revocation.Poll, g.alarm.poll) })
	}
	started := g.rec.fact(event.GuardStarted, 0, g.began)
	g.rec.send(started)
	if k, ok := g.keys.(keeper); ok {
		k.attach(g)
	}
	g.running.Go(func() { g.watch(ctx, c.Events.Heartbeat) })
	return g, nil
}

// fingerprinter makes the one whose key Config.FingerprintKey documents. Its
// prefix is four digits that follow from the key, so that two services with
// different keys are seen to have different ones. Canaries are known where the
// key is not random.
func fingerprinter(c Config) (*event.Fingerprinter, *canaries, error) {
	key := c.FingerprintKey
	if l, ok := c.Keys.(lister); ok && len(key) == 0 {
		for _, k := range l.list() {
			if secret, ok := k.Material.([]byte); ok {
				key = derive(secret, "jotsight fingerprint key")
				break
			}
		}
	}
	var known *canaries
	if len(key) > 0 {
		known = newCanaries(key)
	} else {
		key = make([]byte, sha256.Size)
		rand.Read(key)
	}
	name := binary.BigEndian.Uint32(derive(key, "jotsight fingerprint key name")) % 10_000
	prints, err := event.NewFingerprinter(fmt.Sprintf("%04d", name), key)
	return prints, known, err
}

// derive makes a key for another purpose from a secret.
func derive(secret []byte, label string) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(label))
	return m.Sum(nil)
}

// every calls f until ctx ends.
func (g *Guard) every(ctx context.Context, d time.Duration, f func(context.Context)) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			f(ctx)
		}
	}
}

// watch turns the fold each second and gives signs of life.
func (g *Guard) watch(ctx context.Context, heartbeat time.Duration) {
	last := g.now()
	beat, swept := last, last
	g.every(ctx, time.Second, func(context.Context) {
		now := g.now()
		if k, ok := g.keys.(keeper); ok {
			k.tick(now)
		}
		g.rec.turn(now, now.Sub(last))
		last = now
		if heartbeat > 0 && now.Sub(beat) >= heartbeat {
			e := g.rec.fact(event.Heartbeat, 0, now)
			e.Count, e.Window = g.rec.written.Swap(0), int64(now.Sub(beat)/time.Second)
			g.rec.send(e)
			beat = now
		}
		if now.Sub(swept) >= time.Minute {
			if g.replica != nil {
				g.replica.sweep(now)
			}
			g.sweep(now)
			swept = now
		}
	})
}

// Close writes what is folded and still counted, says that the guard stopped,
// and closes the sink when it can be closed. The guard goes on working, but no
// longer in the background: stop the server first. The error says how many
// records the sink did not take; they are lost.
func (g *Guard) Close(ctx context.Context) error {
	if g.closed.Swap(true) {
		return nil
	}
	g.stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.running.Wait()
		if k, ok := g.keys.(keeper); ok {
			k.detach(g)
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if g.replica != nil {
		g.replica.stop()
		g.alarm.settle(g.now())
	}
	if g.cache != nil {
		for e := range g.cache.Values() {
			g.summarize(e)
		}
		g.cache.StopAllGoroutines()
	}
	now := g.now()
	g.rec.turn(now, time.Second)
	g.rec.turn(now, time.Second) // what waited for a sample, too
	g.rec.send(g.rec.fact(event.GuardStopped, 0, now))
	var err error
	if n := g.rec.fold.left(); n > 0 {
		err = fmt.Errorf("events: the sink did not take %d records", n)
	}
	if c, ok := g.rec.sink.(closer); ok {
		err = errors.Join(err, c.Close(ctx))
	}
	return err
}
