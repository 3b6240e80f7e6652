package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	// streamPause is the least time between two messages: a flood of events
	// makes two updates a second, not thousands.
	streamPause = 500 * time.Millisecond
	// streamBeat keeps proxies from closing a quiet stream, and is how soon a
	// session that has ended loses its stream.
	streamBeat = 15 * time.Second
	// streamPatience is how long one write may take before the reader is dropped.
	streamPatience = 10 * time.Second
)

// totalsID names the state of Live: the process and its totals.
func (w *Web) totalsID(t Totals) string {
	return fmt.Sprintf("%s.%d.%d.%d", w.boot, t.Events, t.Alerts, t.Scans)
}

// stream sends the totals as server-sent events, at once if they are not those
// that the reader has seen, then whenever they change. It carries no content:
// the page asks for what it shows, with its own filter. So there is nothing to
// queue for a slow reader and nothing to resend to one that was away: Last-
// Event-ID is the totals that it knows.
func (w *Web) stream(rw http.ResponseWriter, r *http.Request) {
	select {
	case w.streams <- struct{}{}:
		defer func() { <-w.streams }()
	default:
		rw.Header().Set("Retry-After", "30")
		http.Error(rw, "too many open pages", http.StatusServiceUnavailable)
		return
	}
	seen := r.Header.Get("Last-Event-ID")
	if seen == "" {
		seen = r.URL.Query().Get("seen")
	}
	changes, cancel := w.c.Live.Subscribe()
	defer cancel()

	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("X-Accel-Buffering", "no") // nginx would hold messages back
	out := http.NewResponseController(rw)
	write := func(text string) bool {
		// Deadlines of connections are wall time, whatever Config.Now says.
		if out.SetWriteDeadline(time.Now().Add(streamPatience)) != nil {
			return false
		}
		_, err := rw.Write([]byte(text))
		return err == nil && out.Flush() == nil
	}
	tell := func(t Totals) bool {
		id := w.totalsID(t)
		if id == seen {
			return true
		}
		seen = id
		return write("id: " + id + "\nevent: totals\ndata: " + w.totalsJSON(t) + "\n\n")
	}
	if !write("retry: 2000\n\n") || !tell(w.c.Live.Totals()) {
		return
	}
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	pause := time.NewTimer(streamPause)
	defer pause.Stop()
	var next <-chan Totals // nil while pausing
	for {
		select {
		case <-r.Context().Done():
			return
		case <-w.closing:
			return
		case <-pause.C:
			next = changes
		case t := <-next:
			if !tell(t) {
				return
			}
			next = nil
			pause.Reset(streamPause)
		case <-beat.C:
			if _, ok, err := w.session(r); !ok || err != nil || !write(": beat\n\n") {
				return
			}
		}
	}
}

func (w *Web) totalsJSON(t Totals) string {
	b, _ := json.Marshal(struct { // numbers and a word: cannot fail
		Boot   string `json:"boot"`
		Events uint64 `json:"events"`
		Alerts uint64 `json:"alerts"`
		Scans  uint64 `json:"scans"`
	}{w.boot, t.Events, t.Alerts, t.Scans})
	return string(b)
}
