package guard

import (
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Tee gives each event to every sink. One that cannot take it, a writer that is
// stuck or a monitor that is full, loses it; one that cannot again and again is
// left alone for a second at a time, so that it holds up nobody but the caller
// who finds out that it still cannot. What it lost is counted, and written to it
// as events_dropped when it takes events again. The others are not touched by
// that. This goes for sinks that are an Offerer, as all of this package are but
// SlogSink; any other one is waited for.
func Tee(sinks ...Sink) Sink {
	var seed [32]byte
	rand.Read(seed[:])
	t := &tee{ids: event.NewIDs(seed)}
	for _, s := range sinks {
		o, _ := s.(Offerer)
		t.branches = append(t.branches, &branch{sink: s, offerer: o})
	}
	return t
}

// rest is how long a sink is left alone that could not take so many events one
// after the other. The first may be the fault of a busy machine.
func rest(refusals int64) time.Duration {
	if refusals < 2 {
		return 0
	}
	return min(50*time.Millisecond<<min(refusals-2, 5), time.Second)
}

type tee struct {
	ids      *event.IDs
	branches []*branch
}

type branch struct {
	sink    Sink
	offerer Offerer      // nil when it is none
	down    atomic.Int64 // Unix nanoseconds until which it is left alone; zero when it works
	refused atomic.Int64 // times in a row
	lost    atomic.Int64 // events that it does not know of
}

func (t *tee) Emit(e *event.Event) {
	for _, b := range t.branches {
		t.give(b, e)
	}
}

func (t *tee) give(b *branch, e *event.Event) {
	if b.offerer == nil {
		b.sink.Emit(e)
		return
	}
	if until := b.down.Load(); until != 0 && time.Now().UnixNano() < until {
		b.lost.Add(1)
		return
	}
	if !b.offerer.Offer(e) {
		b.refuse(1)
		return
	}
	if b.down.Load() != 0 && b.down.Swap(0) != 0 {
		b.refused.Store(0)
		t.confess(b)
	}
}

func (b *branch) refuse(n int64) {
	b.lost.Add(n)
	b.down.Store(time.Now().Add(rest(b.refused.Add(1))).UnixNano())
}

// confess tells a sink what it has lost.
func (t *tee) confess(b *branch) {
	n := b.lost.Swap(0)
	if n == 0 {
		return
	}
	now := time.Now()
	e := event.Event{Time: now, ID: t.ids.Next(now), Kind: event.EventsDropped, Severity: event.Error, Count: n,
		Origin: "guard", Message: "events lost", Detail: "this sink did not take them in time; others beside it may have"}
	if !b.offerer.Offer(&e) {
		b.refuse(n)
	}
}

func (t *tee) check() error {
	var errs []error
	for _, b := range t.branches {
		if c, ok := b.sink.(checker); ok {
			errs = append(errs, c.check())
		}
	}
	return errors.Join(errs...)
}

// Close closes every sink that can be, all at once: one that is stuck does not
// use up the time of the others.
func (t *tee) Close(ctx context.Context) error {
	errs := make([]error, len(t.branches))
	done := make(chan struct{})
	for i, b := range t.branches {
		go func() {
			defer func() { done <- struct{}{} }()
			if b.offerer != nil {
				t.confess(b)
			}
			if c, ok := b.sink.(closer); ok {
				errs[i] = c.Close(ctx)
			}
		}()
	}
	for range t.branches {
		<-done
	}
	return errors.Join(errs...)
}
