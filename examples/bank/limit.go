package bank

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5/middleware"
)

// A counter allows so many of something per address and minute. It forgets
// everything when the minute is over, so it cannot grow for longer.
type counter struct {
	most int
	now  func() time.Time

	mu     sync.Mutex
	minute time.Time
	counts map[string]int
}

func newCounter(most int, now func() time.Time) *counter {
	return &counter{most: most, now: now, counts: map[string]int{}}
}

// free says whether address has some left.
func (c *counter) free(address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn()
	return c.counts[address] < c.most
}

// add counts one, and says whether it was still allowed.
func (c *counter) add(address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn()
	c.counts[address]++
	return c.counts[address] <= c.most
}

func (c *counter) turn() {
	if minute := c.now().Truncate(time.Minute); !minute.Equal(c.minute) {
		c.minute = minute
		clear(c.counts)
	}
}

func unlimited(next http.Handler) http.Handler { return next }

func (h *handwritten) limitSilently(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.failures.free(clientAddress(r)) {
			refuse(w, http.StatusTooManyRequests, http.StatusText(http.StatusTooManyRequests))
			return
		}
		h.countFailure(next, w, r)
	})
}

func (h *handwritten) limitRecorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.failures.free(clientAddress(r)) {
			h.record(r, "jwt.rate_limited", nil, slog.String("error.type", "rate_limited"))
			refuse(w, http.StatusTooManyRequests, http.StatusText(http.StatusTooManyRequests))
			return
		}
		h.countFailure(next, w, r)
	})
}

func (h *handwritten) countFailure(next http.Handler, w http.ResponseWriter, r *http.Request) {
	seen := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
	next.ServeHTTP(seen, r)
	if seen.Status() == http.StatusUnauthorized {
		h.failures.add(clientAddress(r))
	}
}
