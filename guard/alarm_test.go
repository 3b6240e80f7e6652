package guard_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// outages gives what was recorded of an outage, and how many facts that were.
func outages(list []event.Event) (details []string, facts int64) {
	for _, e := range list {
		if e.Kind == event.RevocationFailed && e.Reason == event.ReasonStoreUnavailable {
			details = append(details, e.Detail)
			facts += e.Weight()
		}
	}
	return details, facts
}

// An outage is recorded when it begins, when the policy begins to decide, and
// then each half minute.
func TestOutageAlarm(t *testing.T) {
	for policy, then := range map[guard.Outage]string{guard.FailClosed: "every token is refused", guard.FailOpen: "tokens are let through unchecked"} {
		flaky := &flakyStore{Store: guard.NewMemoryStore()}
		b := newBench(t, func(c *guard.Config) {
			c.Revocation = guard.RevocationConfig{Store: flaky, Poll: time.Millisecond, MaxStale: time.Minute, OnOutage: policy}
		})
		flaky.down.Store(true)
		var details []string
		seen := func(n int) func() bool {
			return func() bool { details, _ = outages(b.memo.peek()); return len(details) >= n }
		}
		wait(t, seen(1))
		for range 20 { // polls that say nothing new
			time.Sleep(time.Millisecond)
		}
		if len(details) != 1 || !strings.Contains(details[0], "connection refused") || strings.Contains(details[0], then) {
			t.Fatalf("at the beginning: %q", details)
		}
		b.clock.add(61 * time.Second)
		wait(t, seen(2))
		if !strings.Contains(details[1], then) {
			t.Errorf("when the copy is too old: %q, want that %s", details[1], then)
		}
		b.clock.add(29 * time.Second)
		time.Sleep(20 * time.Millisecond)
		if seen(3)() {
			t.Errorf("29 s later: %q", details)
		}
		b.clock.add(time.Second)
		wait(t, seen(3))
		for _, e := range b.memo.take() {
			if e.Kind == event.RevocationFailed && (e.Severity < event.Error || e.Outcome != event.Failure) {
				t.Errorf("severity %v, outcome %v", e.Severity, e.Outcome)
			}
		}
		// The next outage is a new one.
		flaky.down.Store(false)
		wait(t, func() bool { _, err := b.Check(t.Context(), b.token(t, nil), guard.Meta{}); return err == nil })
		time.Sleep(10 * time.Millisecond)
		flaky.down.Store(true)
		wait(t, seen(1))
	}
}

// A service that starts while its Store is away says at once what it does.
func TestOutageAtStart(t *testing.T) {
	flaky := &flakyStore{Store: guard.NewMemoryStore()}
	flaky.down.Store(true)
	sink := new(memo)
	b := newBench(t, func(c *guard.Config) {
		c.Events.Sink = sink
		c.Revocation = guard.RevocationConfig{Store: flaky, Poll: time.Hour}
	})
	details, _ := outages(sink.peek())
	if len(details) != 1 || !strings.Contains(details[0], "every token is refused") {
		t.Errorf("recorded %q", details)
	}
	if _, err := b.Check(t.Context(), b.token(t, nil), guard.Meta{}); reasonOf(err) != event.ReasonStoreUnavailable {
		t.Errorf("a token: %v, want store_unavailable", err)
	}
}

// Every token that passes unchecked is a fact: in the metrics at once, and in the
// records exactly.
func TestFailOpenCounts(t *testing.T) {
	for _, end := range []string{"the Store comes back", "the guard is closed"} {
		flaky := &flakyStore{Store: guard.NewMemoryStore()}
		counts := new(tally)
		b := newBench(t, func(c *guard.Config) {
			c.Metrics = counts
			c.Revocation = guard.RevocationConfig{Store: flaky, Poll: time.Millisecond, MaxStale: time.Minute, OnOutage: guard.FailOpen}
		})
		flaky.down.Store(true)
		b.clock.add(2 * time.Minute)
		wait(t, func() bool { d, _ := outages(b.memo.peek()); return len(d) > 0 })
		time.Sleep(10 * time.Millisecond)
		_, before := outages(b.memo.peek())
		countedBefore := counts.of(event.RevocationFailed)
		raw := b.token(t, nil)
		const workers, each = 4, 250
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for range each {
					if _, err := b.Check(t.Context(), raw, guard.Meta{}); err != nil {
						t.Errorf("%v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		if got := counts.of(event.RevocationFailed) - countedBefore; got < workers*each {
			t.Errorf("%s: the metrics counted %d, want %d", end, got, workers*each)
		}
		if end == "the guard is closed" {
			if err := b.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		} else {
			flaky.down.Store(false)
		}
		wait(t, func() bool { _, n := outages(b.memo.peek()); return n-before >= workers*each })
		if _, n := outages(b.memo.peek()); n-before > workers*each+2 { // and the alarm itself
			t.Errorf("%s: the records stand for %d, want %d", end, n-before, workers*each)
		}
	}
}

type tally struct {
	mu    sync.Mutex
	kinds map[event.Kind]int64
}

func (c *tally) Count(k event.Kind, _ event.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kinds == nil {
		c.kinds = make(map[event.Kind]int64)
	}
	c.kinds[k]++
}
func (*tally) Time(guard.Path, time.Duration) {}
func (c *tally) of(k event.Kind) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kinds[k]
}

// A process that was suspended asks before it believes its copy, under either
// policy: the first request after it is judged by what was revoked meanwhile.
func TestWakesUp(t *testing.T) {
	for _, policy := range []guard.Outage{guard.FailClosed, guard.FailOpen} {
		store := &flakyStore{Store: guard.NewMemoryStore()} // hides Watch
		b := newBench(t, func(c *guard.Config) {
			c.Revocation = guard.RevocationConfig{Store: store, Poll: time.Hour, OnOutage: policy}
		})
		good, bad := b.token(t, func(c jwt.MapClaims) { c["jti"] = "good" }), b.token(t, func(c jwt.MapClaims) { c["jti"] = "bad" })
		for _, raw := range []string{good, bad} {
			if _, err := b.Check(t.Context(), raw, guard.Meta{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Revoke(t.Context(), guard.Revocation{JTI: "bad"}); err != nil {
			t.Fatal(err)
		}
		b.clock.add(31 * time.Second)
		if _, err := b.Check(t.Context(), bad, guard.Meta{}); reasonOf(err) != event.ReasonRevoked {
			t.Errorf("policy %d: what was revoked meanwhile: %v, want revoked", policy, err)
		}
		if _, err := b.Check(t.Context(), good, guard.Meta{}); err != nil {
			t.Errorf("policy %d: a good token: %v", policy, err)
		}
		// Without the Store, what is known to be revoked is refused as such.
		store.down.Store(true)
		b.clock.add(31 * time.Second)
		if _, err := b.Check(t.Context(), bad, guard.Meta{}); reasonOf(err) != event.ReasonRevoked {
			t.Errorf("policy %d: what is known to be revoked, in an outage: %v, want revoked", policy, err)
		}
	}
}

// A hanging Store is asked once for all who wait, and holds nobody up for long;
// a client that goes away while it is asked is no outage.
func TestHangingStore(t *testing.T) {
	store := &hanging{Store: guard.NewMemoryStore()}
	b := newBench(t, func(c *guard.Config) { c.Revocation = guard.RevocationConfig{Store: store, Poll: time.Hour} })
	raw := b.token(t, nil)
	if _, err := b.Check(t.Context(), raw, guard.Meta{}); err != nil {
		t.Fatal(err)
	}
	gone, leave := context.WithCancel(t.Context())
	b.clock.add(31 * time.Second)
	store.onAsk.Store(&leave)
	if _, err := b.Check(gone, raw, guard.Meta{}); err != nil {
		t.Errorf("a client that went away while the Store was asked: %v", err)
	}
	store.onAsk.Store(nil)

	b.clock.add(31 * time.Second)
	store.hang.Store(true)
	asked := store.asked.Load()
	begun := time.Now()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := b.Check(t.Context(), raw, guard.Meta{}); reasonOf(err) != event.ReasonStoreUnavailable {
				t.Errorf("%v, want store_unavailable", err)
			}
		})
	}
	wg.Wait()
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("a hundred requests waited %v", d)
	}
	if n := store.asked.Load() - asked; n != 1 {
		t.Errorf("the Store was asked %d times, want once", n)
	}
	store.hang.Store(false)
	b.clock.add(2 * time.Second)
	if _, err := b.Check(t.Context(), raw, guard.Meta{}); err != nil {
		t.Errorf("when the Store answers again: %v", err)
	}
}

type hanging struct {
	guard.Store
	hang  atomic.Bool
	asked atomic.Int64
	onAsk atomic.Pointer[context.CancelFunc]
}

func (s *hanging) Changes(ctx context.Context, c guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	s.asked.Add(1)
	if f := s.onAsk.Load(); f != nil {
		(*f)()
	}
	if s.hang.Load() {
		<-ctx.Done()
	}
	if err := ctx.Err(); err != nil {
		return nil, "", fmt.Errorf("store: %w", err)
	}
	return s.Store.Changes(ctx, c)
}
