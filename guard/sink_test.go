package guard_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// lines decodes what a writer got.
func lines(t *testing.T, text string) (list []event.Event) {
	t.Helper()
	for line := range strings.Lines(text) {
		var e event.Event
		if unknown, err := e.Decode(strings.TrimSuffix(line, "\n")); err != nil || unknown > 0 && !strings.Contains(line, `"level"`) {
			t.Errorf("line %q: %v, %d unknown keys", line, err, unknown)
		}
		list = append(list, e)
	}
	return list
}

// Gate: "8 goroutines x 20,000 records lose none". They are offered as a guard
// offers them, which comes back with what was not taken: a machine that stands
// still for a tenth of a second makes a writer look stuck.
func TestLineSinkLosesNothing(t *testing.T) {
	const workers, each = 8, 20_000
	var n counter
	sink := guard.JSONSink(&n)
	now := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			e := sample(now)
			for range each {
				for !sink.Offer(e) {
				}
			}
		})
	}
	wg.Wait()
	if err := sink.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n.lines != workers*each {
		t.Errorf("%d lines, want %d", n.lines, workers*each)
	}
	if n.torn {
		t.Error("a write ended within a line")
	}
}

// A counter counts lines. It is written to by one goroutine at a time.
type counter struct {
	lines int
	torn  bool
}

func (c *counter) Write(b []byte) (int, error) {
	c.lines += bytes.Count(b, []byte{'\n'})
	c.torn = c.torn || b[len(b)-1] != '\n'
	return len(b), nil
}

// What is emitted comes out within a fifth of a second, without a Flush.
func TestLineSinkIsPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n counter
		sink := guard.JSONSink(&n)
		for round := range 3 {
			sink.Emit(sample(time.Now()))
			time.Sleep(201 * time.Millisecond)
			synctest.Wait()
			if n.lines != round+1 {
				t.Errorf("%d lines after round %d", n.lines, round+1)
			}
		}
		sink.Close(t.Context())
	})
}

// A writer that fails for a while costs lines, and the count of them is written.
func TestLineSinkConfesses(t *testing.T) {
	w := &fragile{}
	sink := guard.JSONSink(w)
	e := sample(time.Now())
	flush := func() error { return sink.Flush(t.Context()) }
	sink.Emit(e)
	flush()
	w.fail, w.partly = true, 10
	for range 3 {
		sink.Emit(e)
	}
	if flush() == nil {
		t.Error("a failed write is not reported")
	}
	w.partly = 0
	sink.Emit(e)
	flush()
	w.fail = false
	sink.Emit(e)
	if err := flush(); err != nil {
		t.Error(err)
	}
	text := w.String()
	whole, torn := 0, 0
	var lost int64
	for line := range strings.Lines(text) {
		var got event.Event
		if _, err := got.Decode(strings.TrimSuffix(line, "\n")); err != nil {
			torn++
			continue
		}
		if got.Kind == event.EventsDropped {
			lost += got.Count
			continue
		}
		whole++
	}
	if whole != 2 || torn != 1 || lost != 4 {
		t.Errorf("%d whole lines, %d torn, %d said to be lost; want 2, 1, 4:\n%s", whole, torn, lost, text)
	}
}

type fragile struct {
	bytes.Buffer
	fail   bool
	partly int
}

func (f *fragile) Write(b []byte) (int, error) {
	if f.fail {
		n, _ := f.Buffer.Write(b[:f.partly])
		return n, errors.New("disk full")
	}
	return f.Buffer.Write(b)
}

// A writer that is stuck holds nobody up for longer than a tenth of a second,
// and no refusal is lost from the count.
func TestStuckWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &stuck{free: make(chan struct{})}
		sink := guard.JSONSink(w)
		g, err := guard.New(guard.Config{
			Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true,
			Events: guard.EventConfig{Sink: sink, Heartbeat: -1, Successes: guard.SuccessOff}, Limit: guard.LimitConfig{Disabled: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		filler := sample(time.Now())
		for range 1000 { // both buffers, and the rest is refused
			sink.Offer(filler)
		}
		var longest time.Duration
		const n = 500
		for range n {
			start := time.Now()
			g.Check(t.Context(), "x", guard.Meta{})
			longest = max(longest, time.Since(start))
		}
		if longest > 110*time.Millisecond {
			t.Errorf("a request waited %v for the writer", longest)
		}
		close(w.free)
		time.Sleep(3 * time.Second)
		if err := g.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		var refusals, dropped int64
		for _, e := range lines(t, w.String()) {
			switch {
			case e.Reason == event.ReasonMalformed:
				refusals += e.Weight()
			case e.Kind == event.EventsDropped:
				dropped += e.Weight()
			}
		}
		if refusals != n || dropped == 0 {
			t.Errorf("the records stand for %d refusals, %d of them said to have lost detail; want %d, some", refusals, dropped, n)
		}
	})
}

// Close says what was lost for good: the sink that takes nothing took neither
// the start, nor the two refusals, nor the stop.
func TestCloseTellsOfLoss(t *testing.T) {
	g, err := guard.New(guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true,
		Events: guard.EventConfig{Sink: full{}, Heartbeat: -1}, Limit: guard.LimitConfig{Disabled: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		g.Check(t.Context(), "x", guard.Meta{})
	}
	if err, want := g.Close(t.Context()), "events: the sink did not take 4 records"; err == nil || err.Error() != want {
		t.Errorf("Close: %v, want %s", err, want)
	}
}

// A full sink takes nothing.
type full struct{}

func (full) Emit(*event.Event)       {}
func (full) Offer(*event.Event) bool { return false }

type stuck struct {
	mu   sync.Mutex
	free chan struct{}
	bytes.Buffer
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(b)
}

func TestSlogSinkLevels(t *testing.T) {
	var out bytes.Buffer
	sink := guard.SlogSink(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	for sev, want := range map[event.Severity]string{event.Debug: "", event.Info: "", event.Warn: `"level":"WARN"`, event.Error: `"level":"ERROR"`, event.Critical: `"level":"ERROR+4"`} {
		out.Reset()
		e := sample(time.Now())
		e.Severity, e.UserAgent = sev, "a\x1b[31m\u202eb"
		sink.Emit(e)
		if text := out.String(); (want == "") != (text == "") || !strings.Contains(text, want) || strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("severity %d: %q", sev, text)
		}
	}
}

// A guard says that it lives.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(memo)
		g, err := guard.New(guard.Config{
			Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true,
			Events: guard.EventConfig{Sink: m, Service: "orders", Version: "1.2.3", Environment: "test"},
		})
		if err != nil {
			t.Fatal(err)
		}
		g.Check(t.Context(), "x", guard.Meta{})
		time.Sleep(61 * time.Second)
		if err := g.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := g.Close(t.Context()); err != nil {
			t.Errorf("Close twice: %v", err)
		}
		list := m.peek()
		if got, want := brief(list), "guard_started verification_failed:malformed heartbeat heartbeat guard_stopped"; got != want {
			t.Fatalf("events %q, want %q", got, want)
		}
		if beat := list[2]; beat.Count != 2 || beat.Window != 30 || list[3].Count != 1 {
			t.Errorf("heartbeats stand for %d and %d events in %d s", beat.Count, list[3].Count, beat.Window)
		}
		for _, e := range list {
			if e.ServiceName != "orders" || e.ServiceVersion != "1.2.3" || e.Environment != "test" || e.ServiceInstance == "" || e.Origin != "guard" || e.ID.IsZero() {
				t.Errorf("%v: %+v", e.Kind, e)
			}
		}
	})
}

// A receiver stands for a monitor.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	text     strings.Builder
	requests int
	answer   func(request int, body string) (status int, reply string)
}

func newReceiver(t *testing.T, answer func(int, string) (int, string)) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		packed, err := io.ReadAll(q.Body)
		if err != nil {
			return // whoever sent it was killed in the midst of it
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil || q.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("body: %v, type %q", err, q.Header.Get("Content-Type"))
			return
		}
		body, err := io.ReadAll(z)
		if err != nil {
			t.Errorf("body: %v", err)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.requests++
		status, reply := r.answer(r.requests, string(body))
		if status == http.StatusAccepted {
			r.text.Write(body)
		}
		w.WriteHeader(status)
		io.WriteString(w, reply)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got(t *testing.T) (events []event.Event, requests int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return lines(t, r.text.String()), r.requests
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestMonitorLink(t *testing.T) {
	emit := func(l *guard.MonitorLink, n int) {
		for i := range n {
			e := sample(time.Now())
			e.TokenID = fmt.Sprint(i)
			l.Emit(e)
		}
	}
	count := func(list []event.Event) (whole int, lost int64) {
		for _, e := range list {
			if e.Kind == event.EventsDropped {
				lost += e.Count
			} else {
				whole++
			}
		}
		return whole, lost
	}
	t.Run("batches", func(t *testing.T) {
		r := newReceiver(t, func(int, string) (int, string) { return 202, `{"accepted":1}` })
		l := guard.MonitorSink(guard.MonitorConfig{URL: r.URL, Key: "k", Log: quiet()})
		emit(l, 5000)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list, requests := r.got(t); len(list) != 5000 || requests > 50 {
			t.Errorf("%d events in %d requests, want 5000 in at most 50", len(list), requests)
		}
	})
	t.Run("repeats", func(t *testing.T) {
		r := newReceiver(t, func(n int, _ string) (int, string) {
			return []int{503, 429, 202}[min(n-1, 2)], ""
		})
		l := guard.MonitorSink(guard.MonitorConfig{URL: r.URL, Key: "k", Log: quiet()})
		emit(l, 150)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list, requests := r.got(t); len(list) != 150 || requests < 3 {
			t.Errorf("%d events in %d requests", len(list), requests)
		}
	})
	t.Run("too big", func(t *testing.T) {
		r := newReceiver(t, func(_ int, body string) (int, string) {
			if strings.Count(body, "\n") > 40 {
				return 413, ""
			}
			return 202, ""
		})
		l := guard.MonitorSink(guard.MonitorConfig{URL: r.URL, Key: "k", Log: quiet()})
		emit(l, 150)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list, _ := r.got(t); len(list) != 150 {
			t.Errorf("%d events, want 150", len(list))
		}
	})
	t.Run("rejected ones are told", func(t *testing.T) {
		r := newReceiver(t, func(n int, _ string) (int, string) {
			if n == 1 {
				return 202, `{"accepted":97,"rejected":3}`
			}
			return 202, `{"accepted":1}`
		})
		l := guard.MonitorSink(guard.MonitorConfig{URL: r.URL, Key: "k", Log: quiet()})
		emit(l, 100)
		wait(t, func() bool { _, n := r.got(t); return n == 1 })
		emit(l, 1)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, _ := r.got(t)
		if whole, lost := count(list); whole != 101 || lost != 3 {
			t.Errorf("%d events, %d said to be lost; want 101, 3", whole, lost)
		}
	})
	t.Run("bounded, and the loss is told", func(t *testing.T) {
		var up atomic.Bool
		r := newReceiver(t, func(int, string) (int, string) {
			if up.Load() {
				return 202, ""
			}
			return 503, ""
		})
		l := guard.MonitorSink(guard.MonitorConfig{URL: r.URL, Key: "k", MaxBytes: 20 << 10, Log: quiet()})
		emit(l, 1000)
		if l.Offer(sample(time.Now())) {
			t.Error("a full link took one more")
		}
		up.Store(true)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, _ := r.got(t)
		if whole, lost := count(list); whole+int(lost) != 1000 || whole > 100 {
			t.Errorf("%d events and %d said to be lost; want 1000 in all", whole, lost)
		}
	})
	t.Run("never there", func(t *testing.T) {
		r := newReceiver(t, nil)
		r.Server.Close()
		l := guard.MonitorSink(guard.MonitorConfig{URL: r.URL, Key: "k", Log: quiet()})
		emit(l, 7)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := l.Close(ctx); err == nil || !strings.Contains(err.Error(), "7 events were not delivered") {
			t.Errorf("Close: %v", err)
		}
	})
	t.Run("configuration", func(t *testing.T) {
		for _, u := range []string{"", "monitor:7460", "ftp://m", "http://user:pass@m"} {
			_, err := guard.New(guard.Config{ObserveOnly: true, Events: guard.EventConfig{
				Sink: guard.Tee(guard.MonitorSink(guard.MonitorConfig{URL: u, Key: "k"}))}})
			if err == nil || !strings.Contains(err.Error(), "Events.Sink: monitor: URL") || strings.Contains(err.Error(), "pass") {
				t.Errorf("URL %q: %v", u, err)
			}
		}
	})
}
