package guardtest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/guard/guardtest"
)

func TestMemoryStore(t *testing.T) {
	guardtest.Store(t, func(*testing.T) guard.Store { return guard.NewMemoryStore() })
}

// page is a writer that is read as events.
type page struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// block makes writes hang.
func (p *page) block() (release func()) {
	p.mu.Lock()
	return p.mu.Unlock
}

func (p *page) events(t *testing.T) func() []event.Event {
	return func() (list []event.Event) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for line := range strings.Lines(p.text.String()) {
			var e event.Event
			if _, err := e.Decode(strings.TrimSuffix(line, "\n")); err != nil {
				t.Errorf("line %q: %v", line, err)
			}
			list = append(list, e)
		}
		return list
	}
}

func TestSinks(t *testing.T) {
	t.Run("json", func(t *testing.T) {
		guardtest.Sink(t, func(t *testing.T) guardtest.SinkTest {
			p := new(page)
			return guardtest.SinkTest{Sink: guard.JSONSink(p), Events: p.events(t), Block: p.block}
		})
	})
	t.Run("slog", func(t *testing.T) {
		guardtest.Sink(t, func(t *testing.T) guardtest.SinkTest {
			p := new(page)
			return guardtest.SinkTest{Sink: guard.SlogSink(slog.NewJSONHandler(p, &slog.HandlerOptions{Level: slog.LevelDebug})), Events: p.events(t)}
		})
	})
	t.Run("tee", func(t *testing.T) {
		guardtest.Sink(t, func(t *testing.T) guardtest.SinkTest {
			p, q := new(page), new(page)
			return guardtest.SinkTest{Sink: guard.Tee(guard.JSONSink(q), guard.JSONSink(p)), Events: p.events(t)}
		})
	})
	t.Run("monitor", func(t *testing.T) {
		guardtest.Sink(t, func(t *testing.T) guardtest.SinkTest {
			p := new(page)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				z, err := gzip.NewReader(r.Body)
				if err != nil || r.URL.Path != "/v1/events" || r.Header.Get("Authorization") != "Bearer k" {
					http.Error(w, "no", http.StatusUnauthorized)
					return
				}
				body, _ := io.ReadAll(z)
				p.Write(body)
				w.WriteHeader(http.StatusAccepted)
				fmt.Fprintf(w, `{"accepted":%d,"rejected":0}`, bytes.Count(body, []byte("\n")))
			}))
			t.Cleanup(server.Close)
			return guardtest.SinkTest{Sink: guard.MonitorSink(guard.MonitorConfig{URL: server.URL, Key: "k"}), Events: p.events(t), Block: p.block}
		})
	})
}

// The store of which the broken ones differ in one thing each is none of them.
func TestUnbrokenStore(t *testing.T) {
	guardtest.Store(t, func(*testing.T) guard.Store { return build(&custom{})() })
}
