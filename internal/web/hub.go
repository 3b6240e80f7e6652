package web

import "sync"

// A Hub is a [Live] that is told what was added. Its zero value is ready. Its
// methods may be called from many goroutines at once and never wait.
type Hub struct {
	mu     sync.Mutex
	totals Totals
	open   map[chan Totals]struct{}
}

// Add counts what was added to the History. It is called after the addition can
// be read there: a page asks for it at once.
func (h *Hub) Add(t Totals) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.totals.Events += t.Events
	h.totals.Alerts += t.Alerts
	h.totals.Scans += t.Scans
	for c := range h.open {
		select {
		case <-c: // the reader was slow: the newer totals replace these
		default:
		}
		c <- h.totals // has room: only Add sends, and holds the lock
	}
}

// Totals gives how much was ever added.
func (h *Hub) Totals() Totals {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.totals
}

// Subscribe implements [Live].
func (h *Hub) Subscribe() (<-chan Totals, func()) {
	c := make(chan Totals, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open == nil {
		h.open = map[chan Totals]struct{}{}
	}
	h.open[c] = struct{}{}
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.open, c)
	}
}
