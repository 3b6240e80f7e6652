package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/guard/event"
)

const key = "jsk_orders-0123456789"

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// memory is a Log without a disk, and the keys of one source.
type memory struct {
	mu     sync.Mutex
	events []event.Event
	lines  []byte
	err    error
	hold   chan struct{} // Append waits for it
}

func (m *memory) Append(ctx context.Context, events []event.Event, lines []byte) error {
	if m.hold != nil {
		select {
		case <-m.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.events, m.lines = append(m.events, events...), append(m.lines, lines...)
	return nil
}

func (m *memory) Source(_ context.Context, hash [sha256.Size]byte) (string, bool, error) {
	return "orders", hash == KeyHash(key), nil
}

// locked are keys that cannot be read.
type locked struct{}

func (locked) Source(context.Context, [sha256.Size]byte) (string, bool, error) {
	return "", false, errors.New("locked")
}

func handler(m *memory, change ...func(*Config)) *Handler {
	c := Config{Log: m, Keys: m, IDs: event.NewIDs([32]byte{1}), Now: func() time.Time { return now }}
	for _, f := range change {
		f(&c)
	}
	return New(c)
}

func post(h http.Handler, body string, headers ...string) (*httptest.ResponseRecorder, Answer) {
	r := httptest.NewRequest("POST", "/v1/events", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var a Answer
	json.Unmarshal(w.Body.Bytes(), &a)
	return w, a
}

const good = `{"time":"2026-11-21T11:59:59Z","event":"jwt.verification_failed","error.type":"bad_signature"}`

func gz(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

// Each bad line is refused by itself, with its number and the field to blame;
// the good lines around it are kept.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		name, body string
		headers    []string
		accepted   int
		want       []LineError
	}{
		{"one line", good, nil, 1, nil},
		{"lines, blank ones, CRLF", good + "\r\n\n  \n" + good + "\n", nil, 2, nil},
		{"an array", "[" + good + ",\n" + good + "]", nil, 2, nil},
		{"gzip", gz(good + "\n" + good), []string{"Content-Encoding", "gzip"}, 2, nil},
		{"nothing", "", nil, 0, nil},
		{"not JSON", good + "\nhello\n" + good, nil, 2, []LineError{{2, "", "not one JSON object"}}},
		{"an unknown kind", `{"time":"2026-11-21T11:59:59Z","event":"jwt.vanished"}` + "\n" + good, nil, 1, []LineError{{1, "event", `unknown value "jwt.vanished"`}}},
		{"a key twice", good + "\n" + `{"event":"jwt.issued","event":"jwt.issued"}`, nil, 1, []LineError{{2, "event", "stated twice"}}},
		{"an unknown key twice", `{"a":1,"a":2}`, nil, 0, []LineError{{1, "a", "stated twice"}}},
		{"no time", `{"event":"jwt.issued"}`, nil, 0, []LineError{{1, "time", "missing"}}},
		{"what only the monitor may say", good + "\n" + `{"time":"2026-11-21T11:59:59Z","event":"jotsight.ui_login"}`, nil, 1, []LineError{{2, "event", "reserved for the monitor's own audit"}}},
		{"from before all clocks", `{"time":"1969-12-31T23:59:59Z","event":"jwt.issued"}`, nil, 0, []LineError{{1, "time", "before 1970"}}},
		{"too long", good + "\n" + `{"msg":"` + strings.Repeat("x", event.MaxLine) + `"}`, nil, 1, []LineError{{2, "", "longer than 65536 bytes"}}},
		{"a broken array", "[" + good + ", hello", nil, 1, []LineError{{2, "", "not JSON; nothing after it was read"}}},
		{"an array without an end", "[" + good, nil, 1, []LineError{{2, "", "the array has no end"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &memory{}
			w, got := post(handler(m), c.body, c.headers...)
			if w.Code != http.StatusAccepted {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(Answer{c.accepted, len(c.want), c.want}, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if len(m.events) != c.accepted || bytes.Count(m.lines, []byte("\n")) != c.accepted {
				t.Errorf("%d events and %d lines written, want %d", len(m.events), bytes.Count(m.lines, []byte("\n")), c.accepted)
			}
		})
	}
}

func TestManyBadLinesNameTheFirstTen(t *testing.T) {
	_, got := post(handler(&memory{}), strings.Repeat("bad\n", 500))
	if got.Rejected != 500 || len(got.Errors) != MaxErrors || got.Errors[9].Line != 10 {
		t.Errorf("got %d rejected, %d named", got.Rejected, len(got.Errors))
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*Config)
		memory  *memory
		body    string
		headers []string
		want    int
	}{
		{"no key", nil, &memory{}, good, []string{"Authorization", ""}, 401},
		{"a wrong key", nil, &memory{}, good, []string{"Authorization", "Bearer jsk_wrong"}, 401},
		{"another scheme", nil, &memory{}, good, []string{"Authorization", "Basic " + key}, 401},
		{"a key without its scheme", nil, &memory{}, good, []string{"Authorization", key}, 401},
		{"keys that cannot be read", func(c *Config) { c.Keys = locked{} }, &memory{}, good, nil, 503},
		{"too much", func(c *Config) { c.MaxBody = 1000 }, &memory{}, strings.Repeat("x", 2000), nil, 413},
		{"a gzip bomb", func(c *Config) { c.MaxBody = 1000 }, &memory{}, gz(strings.Repeat("x", 1<<20)), []string{"Content-Encoding", "gzip"}, 413},
		{"too many events", func(c *Config) { c.MaxEvents = 3 }, &memory{}, strings.Repeat(good+"\n", 4), nil, 413},
		{"too many events, the last without an end", func(c *Config) { c.MaxEvents = 3 }, &memory{}, strings.Repeat(good+"\n", 3) + good, nil, 413},
		{"too many events in an array", func(c *Config) { c.MaxEvents = 3 }, &memory{}, "[" + strings.Repeat(good+",", 3) + good + "]", nil, 413},
		{"no room for what the lines become", func(c *Config) { c.MaxHeld = 200 << 10 }, &memory{}, strings.Repeat("{}\n", 200), nil, 429},
		{"not gzip", nil, &memory{}, good, []string{"Content-Encoding", "gzip"}, 400},
		{"another encoding", nil, &memory{}, good, []string{"Content-Encoding", "br"}, 415},
		{"a form", nil, &memory{}, good, []string{"Content-Type", "multipart/form-data; boundary=x"}, 415},
		{"no room", func(c *Config) { c.MaxHeld = 1000 }, &memory{}, good, nil, 429},
		{"the log is broken", nil, &memory{err: errors.New("disk full")}, good, nil, 503},
		{"the log is known to be broken", func(c *Config) { c.Trouble = func() error { return errors.New("disk full") } }, &memory{hold: make(chan struct{})}, good, nil, 503},
		{"the log hangs", func(c *Config) { c.Wait = time.Millisecond }, &memory{hold: make(chan struct{})}, good, nil, 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := handler(c.memory, func(cfg *Config) {
				if c.change != nil {
					c.change(cfg)
				}
			})
			w, _ := post(h, c.body, c.headers...)
			if w.Code != c.want {
				t.Fatalf("status %d, want %d: %s", w.Code, c.want, w.Body)
			}
			if (c.want == 429 || c.want == 503) && w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if len(c.memory.events) != 0 {
				t.Error("something was written")
			}
			if n := h.held.Load(); n != 0 {
				t.Errorf("%d bytes are still held", n)
			}
		})
	}
}

// TestAsManyAsMayCome takes the greatest batch, whose last line has an end too.
func TestAsManyAsMayCome(t *testing.T) {
	for _, body := range []string{strings.Repeat(good+"\n", 3), good + "\n" + good + "\n" + good} {
		h := handler(&memory{}, func(c *Config) { c.MaxEvents = 3 })
		if w, a := post(h, body); w.Code != 202 || a.Accepted != 3 {
			t.Errorf("status %d, %d accepted, want 202 and 3", w.Code, a.Accepted)
		}
	}
}

// What the monitor knows better than the sender is set, and what no event may
// hold is taken out.
func TestStamp(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
	m := &memory{}
	post(handler(m), `{"time":"2026-11-21T11:59:59Z","event":"jwt.verification_failed","user.id":"alice","jotsight.trust":"forwarded","jotsight.origin":"guard","jwt.detail":"token `+jwt+` refused","url.path":"/me/`+jwt+`"}
{"time":"2026-11-21T11:59:59Z","event":"jwt.verified","jwt.verified":true,"user.id":"alice","service.name":"pay"}`)
	forged, real := m.events[0], m.events[1]
	if forged.UserID != "" || forged.ClaimedSubject != "alice" {
		t.Errorf("an unverified token names the user %q, claimed %q", forged.UserID, forged.ClaimedSubject)
	}
	if forged.Origin != "http" || forged.Trust != "trusted" || forged.ServiceName != "orders" || forged.ID.IsZero() || !forged.Observed.Equal(now) {
		t.Errorf("not stamped: %+v", forged)
	}
	m = &memory{}
	post(handler(m), `{"time":"2031-01-01T00:00:00Z","event":"jwt.verified","rate.fail_ratio":0.9,"rate.fail_n":1000}`)
	if e := m.events[0]; !e.Time.Equal(now) || !e.ClockClamped || e.FailSample != 0 {
		t.Errorf("a clock years ahead and features of the engine are believed: %+v", e)
	}
	if real.UserID != "alice" || real.ServiceName != "pay" {
		t.Errorf("a verified token lost its user or service: %q, %q", real.UserID, real.ServiceName)
	}
	if strings.Contains(string(m.lines), "eyJ") {
		t.Errorf("a token was written: %s", m.lines)
	}
	var again event.Event
	line, _, _ := strings.Cut(string(m.lines), "\n")
	if _, err := again.Decode(line); err != nil || again.ID != forged.ID {
		t.Errorf("the line does not read back: %v", err)
	}
}

// Neither the answer nor our own log repeats what a line held.
func TestRefusalsShowNothing(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
	var log bytes.Buffer
	h := handler(&memory{}, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for _, line := range []string{
		jwt, `{"` + jwt + `":1,"` + jwt + `":2}`, `{"event":"` + jwt + `"}`, `{"time":"` + jwt + `"}`, `{"x":{"` + jwt + `":1}}`,
	} {
		w, _ := post(h, line)
		if all := w.Body.String() + log.String(); strings.Contains(all, "eyJ") || strings.Contains(all, key) {
			t.Errorf("%s shows a token", all)
		}
	}
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("more than one log line within a second:\n%s", &log)
	}
}

func TestConcurrentSenders(t *testing.T) {
	m := &memory{}
	h := handler(m)
	var senders sync.WaitGroup
	for range 16 {
		senders.Go(func() {
			for range 20 {
				if w, a := post(h, strings.Repeat(good+"\n", 10)+"bad"); w.Code != 202 || a.Accepted != 10 {
					t.Errorf("status %d, %d accepted", w.Code, a.Accepted)
				}
			}
		})
	}
	senders.Wait()
	if got, want := fmt.Sprint(h.Stats()), fmt.Sprint(Stats{Accepted: 3200, Refused: 320}); got != want || len(m.events) != 3200 {
		t.Errorf("stats %s and %d events, want %s", got, len(m.events), want)
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("[" + good + "," + good + "]"))
	f.Add([]byte("[1,2"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := batch{source: "x", now: now, ids: event.NewIDs([32]byte{}), lines: nil}
		b.parse(body)
		rest := string(b.lines)
		for i := range b.events {
			line, after, _ := strings.Cut(rest, "\n")
			rest = after
			var e event.Event
			if _, err := e.Decode(line); err != nil {
				t.Fatalf("what was accepted does not read back: %v", err)
			}
			if e.ID != b.events[i].ID {
				t.Fatal("lines and events are out of step")
			}
		}
		if rest != "" {
			t.Fatal("more lines than events")
		}
	})
}
