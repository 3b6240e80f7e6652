package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
)

type request = http.Request

// A row is one way of answering one kind of request.
type row struct {
	alg, name string
	want      int  // the status; anything else would measure something else
	once      bool // each request may be sent once only in a round
	// prepare makes the row ready for one round, outside of the measurement,
	// and gives the requests.
	prepare func() ([]*request, error)
	handler http.Handler
	// finish checks and clears up after a round; nil for nothing to do.
	finish func() error

	ops     int // requests a round
	samples []time.Duration
}

// A writer is a ResponseWriter that costs next to nothing and can be used again:
// a recorder would add the same to every row and so flatten the ratios.
type writer struct {
	header http.Header
	status int
}

func newWriter() *writer { return &writer{header: http.Header{}} }

func (w *writer) reset() {
	clear(w.header)
	w.status = http.StatusOK
}

func (w *writer) Header() http.Header               { return w.header }
func (w *writer) WriteHeader(status int)            { w.status = status }
func (w *writer) Write(b []byte) (int, error)       { return len(b), nil }
func (w *writer) WriteString(s string) (int, error) { return len(s), nil }

// behind puts a route with a parameter behind mw.
func behind(mw ...func(http.Handler) http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Use(mw...)
	r.Get("/accounts/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return r
}

// ask makes a request with a token, from the n-th address of a large network.
func ask(token string, n int) *request {
	r, err := http.NewRequest(http.MethodGet, "http://bank.example/accounts/A-1001", nil)
	if err != nil {
		panic(err) // the URL above
	}
	r.RequestURI = "/accounts/A-1001"
	r.RemoteAddr = address(n)
	r.Header.Set("User-Agent", "bench/1 (processor time of one request)")
	r.Header.Set("X-Request-Id", "01JD0000000000000000000000")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// allocs counts the allocations of one request.
func (r *row) allocs() (float64, error) {
	requests, err := r.prepare()
	if err != nil {
		return 0, err
	}
	w, i, wrong, runs := newWriter(), 0, 0, 500
	if r.once {
		runs = min(runs, len(requests)-1) // and one to warm up
	}
	n := testing.AllocsPerRun(runs, func() {
		w.reset()
		r.handler.ServeHTTP(w, requests[i%len(requests)])
		if w.status != r.want {
			wrong++
		}
		i++
	})
	if wrong > 0 {
		return 0, fmt.Errorf("%d of %d requests: not status %d", wrong, i, r.want)
	}
	if r.finish != nil {
		err = r.finish()
	}
	return n, err
}
