package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jotsight/jotsight/guard/event"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// batch makes n events whose ids begin with from, with their lines.
func batch(from, n int) ([]event.Event, []byte) {
	events := make([]event.Event, n)
	var lines []byte
	for i := range events {
		e := &events[i]
		*e = event.Event{Kind: event.VerificationFailed, Reason: event.ReasonBadSignature, Outcome: event.Failure,
			Time: start.Add(time.Duration(from+i) * time.Millisecond), ClientAddress: fmt.Sprintf("203.0.113.%d", i%250),
			UserAgent: fmt.Sprintf("agent/%d", from+i), ServiceName: "bank"}
		e.ID = id(from + i)
		lines = append(e.Append(lines), '\n')
	}
	return events, lines
}

func id(i int) event.ID {
	return event.ID{0: 1, 12: byte(i >> 24), 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
}

func openLog(t *testing.T, c Config) *Log {
	t.Helper()
	l, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(context.Background()) })
	return l
}

func add(t *testing.T, l *Log, from, n int) {
	t.Helper()
	events, lines := batch(from, n)
	if err := l.Append(t.Context(), events, lines); err != nil {
		t.Fatal(err)
	}
}

// read gives the agents of the next events until there are n, and how many
// records they stood in.
func read(t *testing.T, r *Reader, n int) (agents []string, records int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for len(agents) < n {
		rec, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("after %d of %d events: %v", len(agents), n, err)
		}
		records++
		for e, line := range rec.All() {
			var back event.Event
			if _, err := back.Decode(string(line)); err != nil || back.UserAgent != e.UserAgent {
				t.Fatalf("record %d: line of %q is %q, %v", rec.Seq, e.UserAgent, line, err)
			}
			agents = append(agents, e.UserAgent)
		}
	}
	return agents, records
}

func agents(from, n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("agent/%d", from+i))
	}
	return list
}

// A reader that is current, one that is behind and one after a restart see the
// same events in the same order.
func TestReadersAgree(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Config{Dir: dir})
	live := l.Reader(1)
	for i := range 20 {
		add(t, l, i*130, 130)
	}
	const n = 20 * 130
	got, _ := read(t, live, n)
	if diff := cmp.Diff(agents(0, n), got); diff != "" {
		t.Errorf("live (-want +got):\n%s", diff)
	}
	if back, _ := read(t, l.Reader(1), n); !cmp.Equal(back, got) {
		t.Error("reading back differs from live")
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, Config{Dir: dir})
	if back, _ := read(t, l.Reader(1), n); !cmp.Equal(back, got) {
		t.Error("reading back after a restart differs from live")
	}
}

// What does not fit into one message is split, and what is queued at once is
// packed together.
func TestPacking(t *testing.T) {
	l := openLog(t, Config{Dir: t.TempDir()})
	r := l.Reader(1)
	add(t, l, 0, 2500)
	if _, records := read(t, r, 2500); records != 3 {
		t.Errorf("2,500 events stand in %d records, want 3", records)
	}
	var wg sync.WaitGroup
	for i := range 400 {
		wg.Go(func() { add(t, l, 10_000+i, 1) })
	}
	wg.Wait()
	if _, records := read(t, r, 400); records > 200 {
		t.Errorf("400 events at once stand in %d records, want them packed", records)
	}
}

// Ticks stand alone, in their place.
func TestTick(t *testing.T) {
	l := openLog(t, Config{Dir: t.TempDir()})
	add(t, l, 0, 1)
	if err := l.Tick(t.Context(), start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	add(t, l, 1, 1)
	for _, from := range []uint64{1, 2} {
		r := l.Reader(from)
		for seq := from; seq <= 3; seq++ {
			rec, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got, want := rec.Tick(), seq == 2; got != want {
				t.Errorf("record %d: tick %v, want %v", seq, got, want)
			}
			if rec.Tick() && !rec.Last.Equal(start.Add(time.Hour)) {
				t.Errorf("tick at %v", rec.Last)
			}
		}
	}
}

// A batch that comes again is acknowledged and not stored, also after a restart
// and also when it is cut differently.
func TestRepeats(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Config{Dir: dir})
	add(t, l, 0, 100)
	add(t, l, 50, 100)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { add(t, l, 100, 100) })
	}
	wg.Wait()
	l.Close(t.Context())
	l = openLog(t, Config{Dir: dir})
	add(t, l, 0, 200)
	add(t, l, 200, 1)
	got, _ := read(t, l.Reader(1), 201)
	if diff := cmp.Diff(agents(0, 201), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRepeatsForgetTheOldest(t *testing.T) {
	p := newRepeats(3)
	for _, c := range []struct {
		id  int
		new bool
	}{{1, true}, {2, true}, {1, false}, {3, true}, {4, true}, {2, false}, {1, true}, {2, true}, {4, false}} {
		if got := p.add(id(c.id)); got != c.new {
			t.Errorf("id %d: new %v, want %v", c.id, got, c.new)
		}
	}
	if first, second := p.add(event.ID{}), p.add(event.ID{}); !first || !second {
		t.Error("events without an id are not repeats of each other")
	}
}

// Each message names the digest of the one before it: taking one out or changing
// one breaks the chain.
func TestChain(t *testing.T) {
	dir := t.TempDir()
	var prev digest
	for part := range 2 { // the chain goes on over a restart
		l := openLog(t, Config{Dir: dir})
		for i := range 5 {
			add(t, l, part*50+i*10, 10)
		}
		s, err := l.stream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for seq := uint64(part*5 + 1); seq <= uint64(part*5+5); seq++ {
			m, err := s.GetMsg(t.Context(), seq)
			if err != nil {
				t.Fatal(err)
			}
			if got := digest(m.Data[22:54]); got != prev {
				t.Errorf("message %d follows %x, want %x", seq, got, prev)
			}
			prev = digestOf(m.Data)
		}
		l.Close(t.Context())
	}
}

// The server refuses what it cannot buffer, on the future of the acknowledgement
// alone. All of it is stored in the end, once and in order.
func TestRefusedMessagesAreSentAgain(t *testing.T) {
	l := openLog(t, Config{Dir: t.TempDir(), queue: 40 << 10, backoff: time.Millisecond})
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 10 {
				add(t, l, (w*10+i)*500, 500)
			}
		})
	}
	wg.Wait()
	got, _ := read(t, l.Reader(1), 16*10*500)
	seen := map[string]bool{}
	for _, a := range got {
		seen[a] = true
	}
	if len(seen) != 16*10*500 || len(got) != len(seen) {
		t.Errorf("stored %d events, %d different ones, want %d", len(got), len(seen), 16*10*500)
	}
	if l.refused.Load() == 0 {
		t.Error("nothing was refused: the test proves nothing")
	}
}

// A server that was broken under the log is replaced, and whoever waited gets
// an answer when the events are on the disk.
func TestBrokenServerIsReplaced(t *testing.T) {
	l := openLog(t, Config{Dir: t.TempDir(), backoff: time.Millisecond, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	r := l.Reader(1)
	add(t, l, 0, 10)
	l.link.RLock()
	l.srv.ShutdownJetStream()
	l.link.RUnlock()
	add(t, l, 10, 10)
	got, _ := read(t, r, 20)
	if diff := cmp.Diff(agents(0, 20), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if back, _ := read(t, l.Reader(1), 20); !cmp.Equal(back, got) {
		t.Error("reading back differs")
	}
}

// A caller who gives up leaves nothing in the queue, and Close does not hang.
func TestUnwritableLog(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Config{Dir: dir, backoff: time.Millisecond})
	add(t, l, 0, 1)
	l.link.RLock()
	l.srv.ShutdownJetStream()
	l.link.RUnlock()
	hidden := filepath.Join(filepath.Dir(dir), filepath.Base(dir)+".away")
	if err := os.Rename(dir, hidden); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the directory was
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir); os.Rename(hidden, dir) })
	for i := range 40 {
		events, lines := batch(100+i*1000, 1000)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := l.Append(ctx, events, lines); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Append on a broken log: %v", err)
		}
		cancel()
	}
	if l.State().Trouble == nil {
		t.Error("the log does not say that it cannot be written")
	}
	l.mu.Lock()
	if len(l.queue) != 0 {
		t.Errorf("%d pieces wait for callers who have gone", len(l.queue))
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close: %v", err)
	}
	events, lines := batch(0, 1)
	if err := l.Append(t.Context(), events, lines); !errors.Is(err, ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
}

// Close writes what is queued; a reader gets the rest and then ErrClosed.
func TestCloseDrains(t *testing.T) {
	l := openLog(t, Config{Dir: t.TempDir()})
	r := l.Reader(1)
	var wg sync.WaitGroup
	for i := range 50 {
		events, lines := batch(i*100, 100)
		wg.Go(func() {
			if err := l.Append(context.Background(), events, lines); err != nil && !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		})
	}
	add(t, l, 100_000, 1)
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for {
		_, err := r.Next(t.Context())
		if errors.Is(err, ErrClosed) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Retention takes the oldest; a reader that comes too late is told how many.
func TestRetention(t *testing.T) {
	l := openLog(t, Config{Dir: t.TempDir(), MaxBytes: 256 << 10})
	for i := range 100 {
		add(t, l, i*1000, 1000)
	}
	r := l.Reader(1)
	rec, err := r.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rec.Seq == 1 || r.Lost() != rec.Seq-1 {
		t.Errorf("first record %d, %d lost", rec.Seq, r.Lost())
	}
}

func FuzzOpen(f *testing.F) {
	events, lines := batch(0, 3)
	rec := Record{First: start, Last: start, Lines: lines}
	for i := range events {
		rec.Events = append(rec.Events, &events[i])
	}
	m, _ := seal(&rec, digest{})
	f.Add(m)
	f.Add(m[:headerSize])
	f.Add(bytes.Repeat([]byte{1}, 100))
	f.Fuzz(func(t *testing.T, m []byte) {
		r, err := open(1, m)
		if err != nil {
			return
		}
		if n := strings.Count(string(r.Lines), "\n"); n != len(r.Events) {
			t.Errorf("%d events, %d lines", len(r.Events), n)
		}
		sealed, _ := seal(&r, digest(m[22:54]))
		again, err := open(1, sealed)
		if err != nil || !cmp.Equal(again, r, cmpopts.EquateEmpty()) {
			t.Errorf("seal and open differ: %v\n%s", err, cmp.Diff(r, again))
		}
	})
}
