package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A wire is the connection of one stream.
type wire struct {
	*httptest.ResponseRecorder
	mu        sync.Mutex
	deadlines int
	broken    bool
}

func (c *wire) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		return 0, errors.New("deadline exceeded")
	}
	return c.ResponseRecorder.Write(p)
}

func (c *wire) SetWriteDeadline(time.Time) error { c.deadlines++; return nil }

// take gives what was written since the last call.
func (c *wire) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.Body.Reset()
	return c.Body.String()
}

// A listener is a stream that runs in a bubble of synctest, where time is ours.
type listener struct {
	*wire
	web  *Web
	hub  *Hub
	acc  *accounts
	hash [32]byte
	stop context.CancelFunc
	done chan struct{}
}

func listen(t *testing.T, query, lastID string) *listener {
	t.Helper()
	l := &listener{wire: &wire{ResponseRecorder: httptest.NewRecorder()}, hub: &Hub{}, acc: newAccounts(), done: make(chan struct{})}
	l.hash = hashText("id")
	l.acc.sessions[l.hash] = Session{Hash: l.hash, User: "ada", Created: time.Now(), Seen: time.Now()}
	l.web = &Web{c: Config{Accounts: l.acc, Live: l.hub, Now: time.Now}, boot: "boot", streams: make(chan struct{}, 1), closing: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	l.stop = stop
	r := httptest.NewRequestWithContext(ctx, "GET", "/stream"+query, nil)
	r.AddCookie(&http.Cookie{Name: "jotsight", Value: "id"})
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	go func() {
		defer close(l.done)
		l.web.stream(l.wire, r)
	}()
	synctest.Wait()
	return l
}

func (l *listener) ended() bool {
	synctest.Wait()
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

const (
	hello = "retry: 2000\n\n"
	zero  = "id: boot.0.0.0\nevent: totals\ndata: {\"boot\":\"boot\",\"events\":0,\"alerts\":0,\"scans\":0}\n\n"
)

func TestStreamBeginsWithWhatIsNew(t *testing.T) {
	for _, c := range []struct{ query, lastID, want string }{
		{"", "", hello + zero},
		{"?seen=boot.0.0.0", "", hello},
		{"?seen=older.0.0.0", "", hello + zero},
		{"?seen=older.0.0.0", "boot.0.0.0", hello}, // the browser knows better than the page
	} {
		synctest.Test(t, func(t *testing.T) {
			l := listen(t, c.query, c.lastID)
			if got := l.take(); got != c.want {
				t.Errorf("%s %s: %q, want %q", c.query, c.lastID, got, c.want)
			}
			if h := l.Header(); h.Get("Content-Type") != "text/event-stream" || h.Get("X-Accel-Buffering") != "no" || l.deadlines == 0 {
				t.Errorf("headers %v, %d deadlines", h, l.deadlines)
			}
			l.stop()
			if !l.ended() {
				t.Error("the stream outlives its reader")
			}
		})
	}
}

// TestStreamUnderFlood: a thousand changes a second are two messages.
func TestStreamUnderFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, "", "")
		l.take()
		for range 3000 {
			l.hub.Add(Totals{Events: 5})
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		time.Sleep(streamPause)
		synctest.Wait()
		got := l.take()
		if n := strings.Count(got, "id: "); n < 5 || n > 8 {
			t.Errorf("%d messages in 3.5 s, want two a second", n)
		}
		if !strings.Contains(got, `"events":15000`) {
			t.Errorf("the last totals are missing: %q", got)
		}
		l.stop()
		l.ended()
	})
}

func TestStreamEnds(t *testing.T) {
	for name, end := range map[string]func(l *listener){
		"when the session ends": func(l *listener) { l.acc.EndSession(context.Background(), l.hash) },
		"when the monitor does": func(l *listener) { l.web.Close(); l.web.Close() },
		"when nobody reads":     func(l *listener) { l.mu.Lock(); l.broken = true; l.mu.Unlock() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := listen(t, "", "")
				time.Sleep(4 * streamBeat)
				synctest.Wait()
				if got := strings.Count(l.take(), ": beat\n\n"); got != 4 {
					t.Errorf("%d beats in a minute, want 4", got)
				}
				end(l)
				time.Sleep(streamBeat)
				if !l.ended() {
					t.Error("the stream goes on")
				}
				if len(l.hub.open) != 0 || len(l.web.streams) != 0 {
					t.Errorf("%d subscriptions and %d slots are still taken", len(l.hub.open), len(l.web.streams))
				}
				l.stop()
			})
		})
	}
}

// TestStreamOverTheWire: a real connection, which outlives the server's
// ReadTimeout and is closed by Close.
func TestStreamOverTheWire(t *testing.T) {
	s := newSite(t)
	r := s.member().get("/stream")
	if r.StatusCode != http.StatusOK {
		t.Fatal(r.StatusCode)
	}
	time.AfterFunc(3*s.server.Config.ReadTimeout, func() {
		s.hub.Add(Totals{Alerts: 1})
		time.AfterFunc(2*streamPause, s.Close)
	})
	got, err := io.ReadAll(r.Body)
	if err != nil || !strings.Contains(string(got), `"alerts":1`) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	w := &Web{streams: make(chan struct{})}
	rec := httptest.NewRecorder()
	w.stream(rec, httptest.NewRequest("GET", "/stream", nil))
	if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" {
		t.Errorf("one stream too many: %d", rec.Code)
	}
}

// TestHub: readers that do not read cost the writer nothing, and miss nothing
// but what is in between.
func TestHub(t *testing.T) {
	var h Hub
	slow, cancel := h.Subscribe()
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 1000 {
				h.Add(Totals{Events: 1, Alerts: 2, Scans: 3})
			}
		})
	}
	writers.Wait()
	want := Totals{4000, 8000, 12000}
	if got := <-slow; got != want {
		t.Errorf("the slow reader gets %+v, want %+v", got, want)
	}
	select {
	case got := <-slow:
		t.Errorf("and then %+v", got)
	default:
	}
	if got := h.Totals(); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
	cancel()
	cancel()
	h.Add(Totals{Events: 1})
	select {
	case got := <-slow:
		t.Errorf("after cancel: %+v", got)
	default:
	}
}
