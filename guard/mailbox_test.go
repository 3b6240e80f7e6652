package guard_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// A mailbox is a monitor without a network: what it answers is up to the test.
type mailbox struct {
	mu       sync.Mutex
	status   int // zero: nobody answers
	requests int
	quick    bool // only ids are looked at, and repeats are not left out
	took     []event.Event
	tokens   []string // jwt.id of what was taken, repeats left out
	lost     int64    // by what events_dropped says
	seen     map[event.ID]int
}

// set changes the answer, and says how many requests there were.
func (m *mailbox) set(status int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = status
	return m.requests
}

func (m *mailbox) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	if m.status == 0 {
		return nil, errors.New("connection refused")
	}
	resp := &http.Response{StatusCode: m.status, Header: http.Header{}, Body: http.NoBody, Request: r}
	if m.status != http.StatusAccepted {
		return resp, nil
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		resp.StatusCode = http.StatusBadRequest
		return resp, nil
	}
	text, err := io.ReadAll(z)
	if err != nil {
		resp.StatusCode = http.StatusBadRequest
		return resp, nil
	}
	for line := range strings.Lines(string(text)) {
		if m.quick {
			if id, lost := tell(line); id != "" {
				m.tokens = append(m.tokens, id)
			} else {
				m.lost += lost
			}
			continue
		}
		var e event.Event
		if _, err := e.Decode(strings.TrimSuffix(line, "\n")); err != nil {
			resp.StatusCode = http.StatusUnprocessableEntity
			return resp, nil
		}
		if m.seen == nil {
			m.seen = make(map[event.ID]int)
		}
		if m.seen[e.ID]++; m.seen[e.ID] > 1 {
			continue
		}
		m.took = append(m.took, e)
		if e.Kind == event.EventsDropped {
			m.lost += e.Count
		} else {
			m.tokens = append(m.tokens, e.TokenID)
		}
	}
	return resp, nil
}

// link opens a MonitorLink to m with a spool in dir.
func (m *mailbox) link(dir string, edits ...func(*guard.MonitorConfig)) *guard.MonitorLink {
	c := guard.MonitorConfig{
		URL: "http://monitor.example", Key: "k", Client: &http.Client{Transport: m, Timeout: 10 * time.Second},
		Spool: guard.SpoolConfig{Dir: dir}, Log: quiet(),
	}
	for _, edit := range edits {
		edit(&c)
	}
	return guard.MonitorSink(c)
}

// count gives what was taken by jwt.id, and how much is said to be lost.
func (m *mailbox) count() (map[string]int, int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := make(map[string]int)
	for _, id := range m.tokens {
		seen[id]++
	}
	return seen, m.lost
}

func (m *mailbox) events() []event.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.took)
}
