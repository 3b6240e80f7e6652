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
}

// Sink tests the contract of guard.Sink: open gives a Sink for one test.
func Sink(t *testing.T, open func(*testing.T) SinkTest) {
	t.Run("fields", func(t *testing.T) { sinkFields(t, open(t)) })
	t.Run("borrowed", func(t *testing.T) { sinkBorrowed(t, open(t)) })
	t.Run("concurrent", func(t *testing.T) { sinkConcurrent(t, open(t)) })
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
		t.Fatalf("%d events came out, want the one that went in", len(got))
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
	before := e
	s.Sink.Emit(&e)
	if e.TokenID != before.TokenID || e.Time != before.Time || len(e.Audience) != len(before.Audience) || e.Message != before.Message {
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

func sinkClose(t *testing.T, s SinkTest) {
	e := sinkEvent(1)
	s.Sink.Emit(&e)
	closeSink(t, s.Sink)
	closeSink(t, s.Sink) // twice is once
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
