package stream

import "github.com/jotsight/jotsight/guard/event"

// repeats remembers the ids of the last events that were put into the log, so
// that an emitter may send a batch again when it never saw the answer. It is
// exact within its size: a filter that errs would drop a real event.
type repeats struct {
	known map[event.ID]struct{}
	order []event.ID // a ring, the oldest at next
	next  int
	size  int
}

func newRepeats(size int) *repeats {
	return &repeats{known: map[event.ID]struct{}{}, size: size}
}

// add remembers id and reports whether it is new. The zero id always is.
func (p *repeats) add(id event.ID) bool {
	if id.IsZero() {
		return true
	}
	if _, again := p.known[id]; again {
		return false
	}
	p.known[id] = struct{}{}
	if len(p.order) < p.size {
		p.order = append(p.order, id)
		return true
	}
	delete(p.known, p.order[p.next])
	p.order[p.next] = id
	p.next = (p.next + 1) % p.size
	return true
}
