package guardtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// A SinkTest is one open Sink and the way to what came out of it.
type SinkTest struct {
	Sink guard.Sink
	// Events gives everything that came out so far, in any order. It is called
	// after Close, where the Sink has one.
	Events func() []event.Event
	// Block, where it is not nil, makes the place to which the Sink writes hang
	// until release is called: a pipe that nobody reads, a server that does not
	// answer.
	Block func() (release func())
}

// Sink tests the contract of guard.Sink, and that of guard.Offerer where the Sink
// is one: open gives a Sink for one test.
func Sink(t *testing.T, open func(*testing.T) SinkTest) {
	t.Run("fields", func(t *testing.T) { sinkFields(t, open(t)) })
	t.Run("borrowed", func(t *testing.T) { sinkBorrowed(t, open(t)) })
	t.Run("concurrent", func(t *testing.T) { sinkConcurrent(t, open(t)) })
	t.Run("offer", func(t *testing.T) { sinkOffer(t, open(t)) })
	t.Run("blocked", func(t *testing.T) { sinkBlocked(t, open(t)) })
	t.Run("close", func(t *testing.T) { sinkClose(t, open(t)) })
}

func closeSink(t *testing.T, s guard.Sink) {
	t.Helper()
	c, ok := s.(interface{ Close(context.Context) error })
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func sinkEvent(id int) event.Event {
	e := event.Event{
		Time: time.Date(2026, 3, 1, 12, 0, 0, id, time.UTC), Kind: event.VerificationFailed, Reason: event.ReasonBadSignature,
		Severity: event.Warn, Outcome: event.Failure, Message: "token refused", ServiceName: "orders",
		ClientAddress: "203.0.113.7", ClientPort: 4711, UserAgent: "x\n\u202ey", Status: 401, Audience: []string{"a", "b"},
		ClaimedSubject: "mallory", TokenID: fmt.Sprint(id), Expires: 1_900_000_000, Duration: 1500 * time.Microsecond, Count: 3, Window: 1,
	}
	e.ID = event.ID{0: 1, 12: byte(id >> 24), 13: byte(id >> 16), 14: byte(id >> 8), 15: byte(id)}
	return e
}

func sinkFields(t *testing.T, s SinkTest) {
	e := sinkEvent(1)
	s.Sink.Emit(&e)
	closeSink(t, s.Sink)
	got := s.Events()
	if len(got) != 1 {
		t.Fatalf("%d events came out after Close, want the one that went in: Close hands over what the Sink still holds", len(got))
	}
	for _, f := range event.Keys() {
		if f.Key == "user_agent.original" {
			continue // has control characters, which a Sink escapes or replaces as it likes
		}
		if in, out := fmt.Sprint(value(f, &e)), fmt.Sprint(value(f, &got[0])); in != out {
			t.Errorf("%s: %q came out, %q went in. Rules look at every key.", f.Key, out, in)
		}
	}
}

// value gives what e has of f, nil when nothing.
func value(f *event.Field, e *event.Event) any {
	switch {
	case !f.Present(e):
		return nil
	case f.Type == event.Number:
		n, _ := f.Number(e)
		return n
	case f.Type == event.Bool:
		b, _ := f.Bool(e)
		return b
	case f.Type == event.List:
		return f.List(e)
	case f.Type == event.Timestamp:
		return f.Time(e).UTC()
	}
	s, _ := f.Text(e)
	return s
}

func sinkBorrowed(t *testing.T, s SinkTest) {
	e := sinkEvent(1)
	before, line := e, string(e.Append(nil))
	s.Sink.Emit(&e)
	if string(e.Append(nil)) != line {
		t.Error("Emit changed the event: it belongs to the guard, and other sinks get it too")
	}
	e.TokenID = "changed after Emit"
	closeSink(t, s.Sink)
	for _, out := range s.Events() {
		if out.TokenID != before.TokenID {
			t.Errorf("jwt.id %q came out, %q went in: the Sink kept the event, and the guard uses its memory again", out.TokenID, before.TokenID)
		}
	}
}

func sinkConcurrent(t *testing.T, s SinkTest) {
	const workers, each = 8, 500
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				e := sinkEvent(w*each + i + 1)
				s.Sink.Emit(&e)
			}
		})
	}
	wg.Wait()
	closeSink(t, s.Sink)
	seen := make(map[string]int)
	lost := int64(0)
	for _, e := range s.Events() {
		if e.Kind == event.EventsDropped {
			lost += e.Count
			continue
		}
		seen[e.TokenID]++
	}
	for id, n := range seen {
		if n > 1 {
			t.Fatalf("event %s came out %d times", id, n)
		}
	}
	if got := int64(len(seen)) + lost; got != workers*each {
		t.Errorf("%d events came out and %d were said to be lost; %d went in. What is lost must be counted, as events_dropped.", len(seen), lost, workers*each)
	}
}

// sinkOffer holds that Offer keeps its word: the guard counts and offers again
// what was not taken, and forgets what was.
func sinkOffer(t *testing.T, s SinkTest) {
	o, ok := s.Sink.(guard.Offerer)
	if !ok {
		return // a second ability, not a duty
	}
	const workers, each = 8, 500
	taken := make([][]bool, workers)
	var wg sync.WaitGroup
	for w := range workers {
		taken[w] = make([]bool, each)
		wg.Go(func() {
			for i := range each {
				e := sinkEvent(w*each + i + 1)
				taken[w][i] = o.Offer(&e)
			}
		})
	}
	wg.Wait()
	closeSink(t, s.Sink)
	seen := make(map[string]int)
	lost := int64(0)
	for _, e := range s.Events() {
		if e.Kind == event.EventsDropped {
			lost += e.Count
			continue
		}
		seen[e.TokenID]++
	}
	missing := int64(0)
	for w := range workers {
		for i, ok := range taken[w] {
			switch n := seen[fmt.Sprint(w*each+i+1)]; {
			case ok && n == 0:
				missing++
			case ok && n > 1:
				t.Fatalf("event %d came out %d times", w*each+i+1, n)
			case !ok && n > 0:
				t.Fatalf("event %d was not taken and came out all the same: the guard offers it again, and it counts twice", w*each+i+1)
			}
		}
	}
	if missing > lost {
		t.Errorf("%d events were taken by Offer and did not come out, %d of them were said to be lost. What is taken is the Sink's to keep or to count, as events_dropped.", missing, lost)
	}
}

// sinkBlocked holds that a place that hangs does not stop the service, and that
// an Offerer says so.
func sinkBlocked(t *testing.T, s SinkTest) {
	if s.Block == nil {
		return
	}
	release := s.Block()
	// More than a Sink can keep, unless it keeps everything: then nothing is lost.
	const most = 200_000
	o, offers := s.Sink.(guard.Offerer)
	refused := false
	for i := range most {
		e := sinkEvent(i + 1)
		start := time.Now()
		if offers {
			refused = !o.Offer(&e)
		} else {
			s.Sink.Emit(&e)
		}
		if d := time.Since(start); d > 5*time.Second {
			release()
			t.Fatalf("an event took %v while the place to which the Sink writes hangs: the request that it is about waits as long", d.Round(time.Millisecond))
		}
		if refused || !offers && i == 1000 {
			break
		}
	}
	release()
	if offers && !refused {
		t.Errorf("Offer took %d events while the place to which they go hangs: a Sink without bounds takes the service with it", most)
	}
	if c, ok := s.Sink.(interface{ Close(context.Context) error }); ok {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c.Close(ctx) // it may say that not everything got through
	}
}

func sinkClose(t *testing.T, s SinkTest) {
	e := sinkEvent(1)
	s.Sink.Emit(&e)
	closeSink(t, s.Sink)
	closeSink(t, s.Sink) // twice is once: several guards may share a Sink
	done := make(chan struct{})
	go func() {
		defer close(done)
		late := sinkEvent(2)
		s.Sink.Emit(&late)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("Emit after Close does not return: a request that is still being answered would hang")
	}
	if n := len(s.Events()); n < 1 {
		t.Error("what was emitted before Close did not come out")
	}
}
