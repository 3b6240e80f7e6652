package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// guarded builds the rows of guard with everything on. Each round gets a guard
// of its own, so that no token is known and no address is near its limit unless
// the row says so.
func guarded(m *mint, good, forged []*request) ([]*row, error) {
	seen := ours(m, "guard_seen", 200, good[:seenTokens])
	written := ours(m, "guard_seen_written", 200, good[:seenTokens])
	written.successes = guard.SuccessAll
	unseen := ours(m, "guard_unseen", 200, good)
	unseen.once = true
	unseen.entries = others // full before the measurement begins, as in a service that runs
	attack := ours(m, "guard_forged", 401, forged)
	attack.once = true
	attack.before = good[:1]        // a service that is attacked has users: it knows the header of a good token
	attack.others = len(forged) / 2 // it has been attacked for a moment, and knows its attackers
	first := ours(m, "guard_forged_first", 401, forged[:flood])
	first.once = true
	first.before = good[:others]
	first.others = 0
	folded := ours(m, "guard_forged_folded", 401, fromOneAddress(forged))
	folded.failures = 1 << 30 // else it would be the blocked row
	folded.before = good[:1]
	blocked := ours(m, "guard_blocked", 429, fromOneAddress(forged))
	var rows []*row
	for _, o := range []*our{seen, written, unseen, attack, first, folded, blocked} {
		rows = append(rows, o.row())
	}
	return rows, nil
}

// fromOneAddress is a flood that no botnet is needed for.
func fromOneAddress(requests []*request) []*request {
	list := make([]*request, len(requests))
	for i, r := range requests {
		list[i] = r.Clone(context.Background())
		list[i].RemoteAddr = requests[0].RemoteAddr
	}
	return list
}

// others is how many requests usually go before those that must be new: a guard that has
// just been made would charge its first touch of its own memory to them.
const others = 400

// flood is how many forged tokens a guard reads in a second before it writes no
// more than who, where, when and why.
const flood = 500

// seenTokens is how many tokens a seen row is sent in turn: what a cache holds
// with ease, and more than a processor's prediction does.
const seenTokens = 100

// An our is one row of guard.
type our struct {
	mint      *mint
	name      string
	want      int
	requests  []*request
	successes guard.Successes
	failures  int // that the limiter allows; 0 is its default
	entries   int // that the cache holds; 0 is its default
	before    []*request
	others    int  // requests that go before those that must be new
	once      bool // each request may be sent once only in a round; else all were sent before
}

func ours(m *mint, name string, want int, requests []*request) *our {
	return &our{mint: m, name: name, want: want, requests: requests, others: others}
}

func (o *our) row() *row {
	r := &row{alg: o.mint.alg, name: o.name, want: o.want, once: o.once}
	var g *guard.Guard
	var out *os.File
	r.prepare = func() ([]*request, error) {
		var err error
		if out, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
			return nil, err
		}
		if g, r.handler, err = o.mount(out); err != nil {
			return nil, err
		}
		before, rest := o.requests, o.requests
		if o.once {
			before, rest = o.requests[:o.others], o.requests[o.others:]
		}
		w := newWriter()
		for _, q := range slices.Concat(o.before, before) {
			w.reset()
			r.handler.ServeHTTP(w, q)
		}
		return rest, nil
	}
	r.finish = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := g.Close(ctx); err != nil {
			return fmt.Errorf("close: %w", err)
		}
		return out.Close()
	}
	return r
}

// mount puts the route behind a new guard with everything on.
func (o *our) mount(out *os.File) (*guard.Guard, http.Handler, error) {
	mux := chi.NewRouter()
	g, err := guard.New(guard.Config{
		Keys:       guard.Static(guard.Key{ID: "2026-11", Material: o.mint.verify}),
		Algorithms: []string{o.mint.alg}, Issuers: []string{issuer}, Audience: []string{audience},
		Route: func(q *http.Request) string {
			c := routes.Get().(*chi.Context)
			defer routes.Put(c)
			c.Reset()
			return mux.Find(c, q.Method, q.URL.Path)
		},
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()},
		Limit:      guard.LimitConfig{Failures: o.failures},
		Cache:      guard.CacheConfig{Entries: o.entries},
		Metrics:    new(counts),
		Events: guard.EventConfig{Sink: guard.JSONSink(out), Service: "bank-api", Version: "5.2.0",
			Environment: "bench", Successes: o.successes},
	})
	if err != nil {
		return nil, nil, err
	}
	mux.Use(g.Verify)
	mux.Get("/accounts/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return g, mux, nil
}

var routes = sync.Pool{New: func() any { return chi.NewRouteContext() }}

// counts are prebound counters, as those of a metrics library are.
type counts struct {
	events [256][256]atomic.Uint64
	paths  [8]struct{ n, ns atomic.Int64 }
}

func (c *counts) Count(k event.Kind, r event.Reason) { c.events[k][r].Add(1) }

func (c *counts) Time(p guard.Path, d time.Duration) {
	c.paths[p].n.Add(1)
	c.paths[p].ns.Add(int64(d))
}
