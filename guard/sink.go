package guard

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
)

// A Sink takes events as they happen. Emit is called from many goroutines at
// once, must not keep or change e, and returns in bounded time.
//
// A Sink may also be an Offerer, and may have Close(context.Context) error,
// which hands over what it still holds. Package guardtest tests all of it.
type Sink interface{ Emit(e *event.Event) }

// An Offerer is a Sink that can say no: Offer returns false, soon, when the
// event cannot be taken now. The guard then adds it to the counts that it folds
// and offers those again a second later, so that an outage of the Sink costs
// detail and not facts.
type Offerer interface {
	Sink
	Offer(e *event.Event) bool
}

type closer interface{ Close(context.Context) error }

// A checker is a Sink whose configuration New judges.
type checker interface{ check() error }

// offer hands e over and reports whether it was taken.
func offer(s Sink, e *event.Event) bool {
	if o, ok := s.(Offerer); ok {
		return o.Offer(e)
	}
	s.Emit(e)
	return true
}

type discard struct{}

func (discard) Emit(*event.Event) {}
