package guard_test

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/guard/guardtest"
)

// kinds are all sinks of this package. open gives one and the way to count what
// came out of it, after Close: events by their jwt.id, and how many are said to
// be lost.
var sinkKinds = []struct {
	name string
	open func(t *testing.T) (guard.Sink, func() (map[string]int, int64))
}{
	{"writer", func(t *testing.T) (guard.Sink, func() (map[string]int, int64)) {
		f, err := os.Create(filepath.Join(t.TempDir(), "events.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		return guard.JSONSink(f), func() (map[string]int, int64) { f.Close(); return countFile(t, f.Name()) }
	}},
	{"slog", func(t *testing.T) (guard.Sink, func() (map[string]int, int64)) {
		f, err := os.Create(filepath.Join(t.TempDir(), "log.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		h := slog.NewJSONHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug})
		return guard.SlogSink(h), func() (map[string]int, int64) { f.Close(); return countFile(t, f.Name()) }
	}},
	{"monitor", func(t *testing.T) (guard.Sink, func() (map[string]int, int64)) {
		m := &mailbox{status: http.StatusAccepted, quick: true}
		return m.link("", func(c *guard.MonitorConfig) { c.MaxBytes = 256 << 20 }), m.count
	}},
	{"monitor with little memory", func(t *testing.T) (guard.Sink, func() (map[string]int, int64)) {
		m := &mailbox{status: http.StatusAccepted, quick: true}
		return m.link("", func(c *guard.MonitorConfig) { c.MaxBytes = 1 << 20 }), m.count
	}},
	{"tee of two", func(t *testing.T) (guard.Sink, func() (map[string]int, int64)) {
		f, err := os.Create(filepath.Join(t.TempDir(), "events.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		s := guard.Tee(guard.JSONSink(discarder{}), guard.JSONSink(f))
		return s, func() (map[string]int, int64) { f.Close(); return countFile(t, f.Name()) }
	}},
}

type discarder struct{}

func (discarder) Write(b []byte) (int, error) { return len(b), nil }

func countFile(t *testing.T, name string) (map[string]int, int64) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen, lost := make(map[string]int), int64(0)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		id, n := tell(lines.Text())
		if id == "" {
			lost += n
		} else {
			seen[id]++
		}
	}
	return seen, lost
}

// tell finds the jwt.id of a line, or how many events it says are lost. Decoding
// would take most of the time here.
func tell(line string) (id string, lost int64) {
	if _, rest, ok := strings.Cut(line, `"jwt.id":"`); ok {
		id, _, _ = strings.Cut(rest, `"`)
		return id, 0
	}
	_, rest, _ := strings.Cut(line, `"jwt.count":`)
	number, _, _ := strings.Cut(rest, ",")
	lost, _ = strconv.ParseInt(strings.TrimSuffix(number, "}"), 10, 64)
	return "", lost
}

// Gate: "8 goroutines x 20,000 records lose none", for each kind of sink. A
// monitor that is given less memory than that says no, and whoever hears it asks
// again, as a guard does.
func TestEverySinkLosesNothing(t *testing.T) {
	for _, kind := range sinkKinds {
		t.Run(kind.name, func(t *testing.T) {
			sink, count := kind.open(t)
			losesNothing(t, sink, count)
		})
	}
}

func losesNothing(t *testing.T, sink guard.Sink, count func() (map[string]int, int64)) {
	t.Helper()
	const workers = 8
	each := 20_000
	if raceDetector {
		each = 2_000 // the detector makes each ten times as slow; the gate holds without it
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			e := sample(time.Now())
			for i := range each {
				e.TokenID = strconv.Itoa(w*each + i)
				if o, ok := sink.(guard.Offerer); ok {
					for !o.Offer(e) {
						time.Sleep(time.Millisecond)
					}
				} else {
					sink.Emit(e)
				}
			}
		})
	}
	wg.Wait()
	if c, ok := sink.(interface{ Close(context.Context) error }); ok {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := c.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	seen, lost := count()
	if _, offers := sink.(guard.Offerer); !offers && int64(len(seen))+lost == int64(workers*each) {
		return // nobody could ask again: what a busy machine did not take in time is told
	}
	if len(seen) != workers*each || lost != 0 {
		t.Errorf("%d events came out and %d were said to be lost, want %d and none", len(seen), lost, workers*each)
	}
	for id, n := range seen {
		if n != 1 {
			t.Fatalf("event %s came out %d times", id, n)
		}
	}
}

// A dead sink in a Tee costs one caller a tenth of a second now and then, and its
// neighbours nothing; when it comes back it is told what it lost.
func TestTeeWithDeadSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead, alive := &stuck{free: make(chan struct{})}, new(memo)
		s := guard.Tee(guard.JSONSink(dead), alive)
		const n = 5000
		var longest, all time.Duration
		for range n {
			e := sample(time.Now())
			start := time.Now()
			s.Emit(e)
			longest = max(longest, time.Since(start))
			all += time.Since(start)
			time.Sleep(time.Millisecond) // a thousand a second
		}
		if longest > 110*time.Millisecond || all > 2*time.Second {
			t.Errorf("a caller waited %v, and all of them %v in five seconds", longest, all)
		}
		if got := len(alive.peek()); got != n {
			t.Errorf("%d events at the neighbour, want %d", got, n)
		}
		close(dead.free)
		time.Sleep(2 * time.Second)
		s.Emit(sample(time.Now()))
		s.Emit(sample(time.Now()))
		if err := s.(interface{ Close(context.Context) error }).Close(t.Context()); err != nil {
			t.Error(err)
		}
		whole, lost := int64(0), int64(0)
		for _, e := range lines(t, dead.String()) {
			if e.Kind == event.EventsDropped {
				lost += e.Count
			} else {
				whole++
			}
		}
		if whole+lost != n+2 || lost == 0 {
			t.Errorf("%d events and %d said to be lost at the one that was dead, want %d in all", whole, lost, n+2)
		}
	})
}

func TestTeeKeepsContract(t *testing.T) {
	guardtest.Sink(t, func(t *testing.T) guardtest.SinkTest {
		m := new(memo)
		return guardtest.SinkTest{Sink: guard.Tee(guard.JSONSink(discarder{}), m), Events: m.peek}
	})
}

// One sink that hangs does not keep the others of a Tee from being closed.
func TestTeeClosesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := &stuck{free: make(chan struct{})}
		var out bytes.Buffer
		s := guard.Tee(guard.JSONSink(dead), guard.JSONSink(&out))
		s.Emit(sample(time.Now()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.(interface{ Close(context.Context) error }).Close(ctx); err == nil {
			t.Error("nobody says that a sink hangs")
		}
		if strings.Count(out.String(), "\n") != 1 {
			t.Errorf("at the other: %q", out.String())
		}
		close(dead.free)
	})
}

// A slow handler of slog is waited for, and loses nothing.
func TestTeeWaitsForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slow atomic.Int64
		s := guard.Tee(sinkFunc(func(*event.Event) { time.Sleep(time.Second); slow.Add(1) }), new(memo))
		for range 10 {
			s.Emit(sample(time.Now()))
		}
		if slow.Load() != 10 {
			t.Errorf("%d of 10", slow.Load())
		}
	})
}

type sinkFunc func(*event.Event)

func (f sinkFunc) Emit(e *event.Event) { f(e) }
