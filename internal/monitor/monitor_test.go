package monitor

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	webhook "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/store"
)

var secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret that is known to a test"))

// A receiver takes signed webhooks.
type receiver struct {
	*httptest.Server
	got chan notice
}

type notice struct {
	id, kind string
	alert    detect.Alert
	evidence []event.Event
	took     time.Time
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	verify, err := webhook.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	rc := &receiver{got: make(chan notice, 1000)}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = verify.Verify(body, r.Header)
		}
		n := notice{id: r.Header.Get("webhook-id"), took: time.Now()}
		var m struct {
			Type string
			Data struct {
				detect.Alert
				Evidence []json.RawMessage
			}
		}
		if err == nil {
			err = json.Unmarshal(body, &m)
		}
		if err != nil {
			t.Error("receiver:", err)
		}
		n.kind, n.alert = m.Type, m.Data.Alert
		for _, line := range m.Data.Evidence {
			var e event.Event
			if _, err := e.Decode(string(line)); err != nil {
				t.Errorf("evidence %s: %v", line, err)
			}
			n.evidence = append(n.evidence, e)
		}
		rc.got <- n
	}))
	t.Cleanup(rc.Close)
	return rc
}

func (rc *receiver) next(t *testing.T) notice {
	t.Helper()
	select {
	case n := <-rc.got:
		return n
	case <-time.After(20 * time.Second):
		t.Fatal("no alert came")
		return notice{}
	}
}

// quiet holds that nothing more came. It looks after the outbox says that
// nothing is owed.
func (rc *receiver) quiet(t *testing.T) {
	t.Helper()
	select {
	case n := <-rc.got:
		t.Errorf("also came: %s %s %v", n.id, n.alert.Rule, n.alert.Group)
	default:
	}
}

// A running monitor with a key, and what it has logged.
type running struct {
	*Monitor
	t   *testing.T
	key string
	log *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, data string, hooks ...string) *running {
	t.Helper()
	r := &running{t: t, log: &lockedBuffer{}}
	c := Config{Listen: "127.0.0.1:0", Data: data, Log: slog.New(slog.NewTextHandler(r.log, nil))}
	for i, h := range hooks {
		c.Webhooks = append(c.Webhooks, Webhook{Name: fmt.Sprint("hook", i), URL: h, Secret: secret})
	}
	var err error
	if r.Monitor, err = New(c); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.stop() })
	if r.key, err = r.IngestKey(t.Context(), "bank"); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *running) stop() {
	r.t.Helper()
	if r.lock == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		r.t.Error(err)
	}
	r.lock = nil
}

func (r *running) send(path, key string, body []byte) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), "POST", "http://"+r.Addr()+path, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// post sends events, all of which have to be taken.
func (r *running) post(events ...event.Event) {
	r.t.Helper()
	var body []byte
	for i := range events {
		body = append(events[i].Append(body), '\n')
	}
	if got := r.send("/v1/events", r.key, body); got != http.StatusAccepted {
		r.t.Fatalf("events answered %d", got)
	}
}

func (r *running) health() (h Health) {
	r.t.Helper()
	res, err := http.Get("http://" + r.Addr() + "/healthz")
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&h); err != nil {
		r.t.Fatal(err)
	}
	return h
}

// settle waits until the readers have taken everything and nothing is owed.
func (r *running) settle() Health {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		h := r.health()
		if h.Detector == 0 && h.History == 0 && h.Owed == 0 {
			return h
		}
		if time.Now().After(end) {
			r.t.Fatalf("does not settle: %+v", h)
		}
	}
}

// bad makes n refused tokens from an address.
func bad(n int, address string) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = event.Event{Time: time.Now(), Kind: event.VerificationFailed, Outcome: event.Failure, Reason: event.ReasonBadSignature,
			ServiceName: "bank", ClientAddress: address, UserAgent: fmt.Sprint("canary/", i)}
	}
	return events
}

// From an event to a signed alert with its evidence, and to the history.
func TestEventsBecomeAlerts(t *testing.T) {
	rc := newReceiver(t)
	m := start(t, t.TempDir(), rc.URL)
	m.post(bad(19, "203.0.113.7")...)
	m.settle()
	rc.quiet(t)
	sent := time.Now()
	m.post(bad(1, "203.0.113.7")...)
	n := rc.next(t)
	if n.alert.Rule != "signature-bruteforce" || n.alert.Count != 20 || n.kind != "alert.firing" || n.id != n.alert.ID+".firing" {
		t.Errorf("%s %s %+v", n.kind, n.id, n.alert)
	}
	if len(n.evidence) != 20 || n.evidence[0].UserAgent != "canary/0" || n.evidence[0].Origin != "http" {
		t.Errorf("evidence: %d events, the first %+v", len(n.evidence), n.evidence[0])
	}
	t.Logf("the alert was delivered %v after its last event was sent", n.took.Sub(sent).Round(time.Millisecond))
	m.settle()
	rc.quiet(t)
	alerts, err := m.history.Alerts(t.Context(), store.AlertQuery{Limit: 10})
	if err != nil || len(alerts) != 1 || alerts[0].ID != n.alert.ID || alerts[0].State != store.Firing {
		t.Errorf("history: %+v, %v", alerts, err)
	}
}

// A stop in the middle of an attack does not let it go unseen, and nothing is
// alerted a second time after a start, with the checkpoint or without.
func TestRestart(t *testing.T) {
	data := t.TempDir()
	rc := newReceiver(t)
	m := start(t, data, rc.URL)
	m.post(bad(25, "203.0.113.1")...)
	first := rc.next(t)
	m.settle() // until the delivery is written down: a stop before would repeat it
	m.post(bad(12, "203.0.113.7")...)
	m.stop()

	m = start(t, data, rc.URL)
	m.post(bad(8, "203.0.113.7")...)
	if n := rc.next(t); n.alert.Group.String() != "client.address=203.0.113.7" || n.alert.Count != 20 {
		t.Errorf("alert %v count %d", n.alert.Group, n.alert.Count)
	}
	m.settle()
	m.stop()

	for name, spoil := range map[string]func(path string) error{
		"checkpoint gone":    os.Remove,
		"checkpoint damaged": func(p string) error { return os.Truncate(p, 100) },
		"checkpoint of another engine": func(p string) error {
			c, err := loadCheckpoint(p)
			if err != nil {
				return err
			}
			return checkpoint{c.record, []byte("?")}.save(p)
		},
	} {
		if err := spoil(filepath.Join(data, checkpointFile)); err != nil {
			t.Fatal(name, err)
		}
		m = start(t, data, rc.URL)
		m.post(bad(1, "203.0.113.7")...)
		m.settle()
		rc.quiet(t)
		alerts, err := m.history.Alerts(t.Context(), store.AlertQuery{Limit: 10})
		if err != nil || len(alerts) != 2 || !slices.ContainsFunc(alerts, func(a store.Alert) bool { return a.ID == first.alert.ID }) {
			t.Errorf("%s: %d alerts, %v", name, len(alerts), err)
		}
		m.stop()
	}
}

// While another process holds the history, events are still acknowledged, and
// the alert and the events come when it lets go.
func TestHistoryLocked(t *testing.T) {
	data := t.TempDir()
	rc := newReceiver(t)
	m := start(t, data, rc.URL)
	db, err := sql.Open("sqlite", filepath.Join(data, historyFile)+"?_pragma=busy_timeout(5000)") // the monitor may be writing
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	sent := time.Now()
	m.post(bad(25, "203.0.113.7")...)
	if took := time.Since(sent); took > 3*time.Second {
		t.Errorf("the answer took %v", took)
	}
	if h := m.health(); h.Detector == 0 && h.History == 0 {
		t.Errorf("nothing waits: %+v", h)
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	rc.next(t)
	m.settle()
	if events, err := m.history.Events(t.Context(), store.EventQuery{Limit: 100}); len(events) != 25 || err != nil {
		t.Errorf("%d events in the history, %v", len(events), err)
	}
}

// A receiver that hangs holds up neither the answers nor another receiver.
func TestReceiverHangs(t *testing.T) {
	gone := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-gone:
		case <-r.Context().Done():
		}
	}))
	defer hangs.Close()
	defer close(gone)
	rc := newReceiver(t)
	m := start(t, t.TempDir(), hangs.URL, rc.URL)
	m.post(bad(25, "203.0.113.7")...)
	if n := rc.next(t); n.alert.Count < 20 {
		t.Errorf("alert %+v", n.alert)
	}
	for end := time.Now().Add(10 * time.Second); m.health().Owed != 1; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d owed, want 1: to the receiver that hangs", m.health().Owed)
		}
	}
}

// Each key is one source's; a revoked one is refused, the other goes on.
func TestTwoKeys(t *testing.T) {
	data := t.TempDir()
	m := start(t, data)
	keys, err := OpenKeys(t.Context(), data) // as jotsight serve key does, beside the monitor
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	shop, err := keys.Add(t.Context(), "shop", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	anonymous := []byte(`{"time":"2026-03-01T12:00:00Z","event":"jwt.missing"}`)
	for _, c := range []struct {
		path, key string
		want      int
	}{
		{"/v1/events", m.key, 202}, {"/v1/events", shop, 202}, {"/v1/events", "", 401}, {"/v1/events", shop[:len(shop)-1], 401},
		{"/v1/scans", "", 401},
	} {
		if got := m.send(c.path, c.key, anonymous); got != c.want {
			t.Errorf("%s with key of %d characters: %d, want %d", c.path, len(c.key), got, c.want)
		}
	}
	m.settle()
	services, err := m.history.Services(t.Context())
	if err != nil || len(services) != 2 || services[0].Name != "bank" || services[1].Name != "shop" {
		t.Errorf("services %+v, %v: an event without service.name is its key's", services, err)
	}
	if n, err := keys.Revoke(t.Context(), "shop", time.Now()); n != 1 || err != nil {
		t.Errorf("%d revoked, %v", n, err)
	}
	if got := m.send("/v1/events", shop, anonymous); got != 401 {
		t.Errorf("a revoked key: %d", got)
	}
	if got := m.send("/v1/events", m.key, anonymous); got != 202 {
		t.Errorf("the other key: %d", got)
	}
	// A key writes and reads nothing.
	for _, path := range []string{"/v1/events", "/v1/alerts", "/v1/scans", "/"} {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+m.Addr()+path, nil)
		r.Header.Set("Authorization", "Bearer "+m.key)
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			t.Errorf("GET %s with an ingest key: %d", path, res.StatusCode)
		}
	}
}

func TestScans(t *testing.T) {
	m := start(t, t.TempDir())
	report, err := json.Marshal(finding.Report{Tool: "jotsight", Schema: finding.Schema, Target: "http://a.example", Ended: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		body []byte
		want int
	}{{report, 202}, {report, 202}, {report[:len(report)-1], 400}, {[]byte("{}"), 400}, {bytes.Repeat([]byte(" "), maxReport+1), 413}} {
		if got := m.send("/v1/scans", m.key, c.body); got != c.want {
			t.Errorf("a report of %d bytes: %d, want %d", len(c.body), got, c.want)
		}
	}
	if kept, err := m.history.Scans(t.Context(), 10); len(kept) != 1 || err != nil {
		t.Errorf("%d reports kept, %v, want 1", len(kept), err)
	}
}

// A token that a service puts where none belongs stays out of everything that
// the monitor keeps, logs and sends.
func TestTokenHunt(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJjYW5hcnktNzMxIn0.cGxhbnRlZC1zaWduYXR1cmUtNzMx"
	data := t.TempDir()
	var sent bytes.Buffer
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(&sent, r.Body) }))
	m := start(t, data, hook.URL)
	var body []byte
	for i := range 30 {
		line := fmt.Sprintf(`{"time":%q,"event":"jwt.verification_failed","error.type":"alg_none","client.address":"203.0.113.7"`, time.Now().Format(time.RFC3339Nano))
		for _, f := range event.Keys() {
			if f.Type == event.Text && !f.Derived && f.Key != "client.address" {
				line += fmt.Sprintf(`,%q:"x %s"`, f.Key, token)
			}
		}
		line += fmt.Sprintf(`,"jwt.aud":[%q]`, token)
		switch i {
		case 1:
			line += fmt.Sprintf(`,"event":%q`, token) // twice: refused
		case 2:
			line += fmt.Sprintf(`,%q:1,%q:1`, token, token) // a key, twice
		case 3:
			line = token
		}
		body = append(body, line+"}\n"...)
	}
	if got := m.send("/v1/events", m.key, body); got != 202 {
		t.Fatalf("answered %d", got)
	}
	report := fmt.Sprintf(`{"tool":"jotsight","schema":%q,"target":"http://a.example/?t=%s"}`, finding.Schema, token)
	if got := m.send("/v1/scans", m.key, []byte(report)); got != 202 {
		t.Fatalf("report answered %d", got)
	}
	m.settle()
	m.stop()
	hook.Close()
	if sent.Len() == 0 {
		t.Error("no alert was sent: the test proves little")
	}
	places := map[string]string{"own log": m.log.String(), "webhook": sent.String()}
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var text []byte
			text, err = os.ReadFile(path)
			places[path] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	for place, text := range places {
		for _, part := range []string{token, parts[1], parts[2]} {
			if strings.Contains(text, part) {
				t.Errorf("%s holds %s", place, part)
			}
		}
	}
}

// What cannot be right is refused before anything is opened.
func TestWrongConfig(t *testing.T) {
	hook := func(c ...func(*Webhook)) Config {
		w := Webhook{Name: "ops", URL: "https://ops.example/hook", Secret: secret}
		for _, f := range c {
			f(&w)
		}
		return Config{Data: "x", Webhooks: []Webhook{w}}
	}
	for _, c := range []struct {
		name string
		c    Config
		want string // part of the error
	}{
		{"no data", Config{}, "data: missing"},
		{"outside without TLS", Config{Data: "x", Listen: "0.0.0.0:7460"}, `listen "0.0.0.0:7460": reachable from outside without TLS`},
		{"all interfaces", Config{Data: "x", Listen: ":7460"}, "reachable from outside"},
		{"by name", Config{Data: "x", Listen: "example.com:7460"}, "reachable from outside"},
		{"no port", Config{Data: "x", Listen: "127.0.0.1"}, "not host:port"},
		{"webhook without name", hook(func(w *Webhook) { w.Name = "" }), "webhook 1: name: missing"},
		{"webhook url", hook(func(w *Webhook) { w.URL = "ftp://x" }), "webhook ops: url"},
		{"webhook secret", hook(func(w *Webhook) { w.Secret = "hunter2" }), "webhook ops: secret"},
		{"retention", Config{Data: "x", LogAge: -1}, "retention: below zero"},
	} {
		_, err := New(c.c)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error holds the secret", c.name)
		}
	}
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0", "localhost:0"} {
		if _, err := New(Config{Data: "x", Listen: listen}); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
	if _, err := New(Config{Data: "x", Listen: "0.0.0.0:0", Plain: true}); err != nil {
		t.Errorf("plain: %v", err)
	}
}

// Of two monitors on one directory the second says so and leaves the first be.
func TestSecondMonitor(t *testing.T) {
	data := t.TempDir()
	m := start(t, data)
	other, err := New(Config{Listen: "127.0.0.1:0", Data: data})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("a second Start: %v", err)
	}
	m.post(bad(1, "203.0.113.7")...)
}

// An alert about a rate resolves by itself when its cooldown has passed in the
// events' time; one about a compromise waits for a person.
func TestResolve(t *testing.T) {
	m := start(t, t.TempDir())
	then := time.Now().Add(-3 * time.Hour)
	old := bad(25, "203.0.113.7")
	for i := range old {
		old[i].Time = then
	}
	stolen := event.Event{Time: then, Kind: event.RefreshReuse, Outcome: event.Failure, Reason: event.ReasonRefreshReuse, ServiceName: "bank", Family: "f1"}
	m.post(append(old, stolen)...)
	m.post(bad(1, "203.0.113.8")...)
	m.settle()
	alerts, err := m.history.Alerts(t.Context(), store.AlertQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range alerts {
		got[a.Rule] = a.State
	}
	if got["signature-bruteforce"] != store.Resolved || got["refresh-reuse"] != store.Firing {
		t.Errorf("states %v", got)
	}
}

// Time passes through the log: ticks stand in it, and the readers take them.
func TestTicks(t *testing.T) {
	m := start(t, t.TempDir())
	m.post(bad(1, "203.0.113.7")...)
	r := m.Monitor.log.Reader(1)
	defer r.Close()
	for {
		rec, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if rec.Tick() {
			if age := time.Since(rec.Last); age < 0 || age > time.Minute {
				t.Errorf("a tick of %v ago", age)
			}
			break
		}
	}
	m.settle()
}

// A receiver that asks for no more gets no more, and what it did not take is
// listed.
func TestDeadLetters(t *testing.T) {
	gone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
	defer gone.Close()
	data := t.TempDir()
	m := start(t, data, gone.URL)
	m.post(bad(25, "203.0.113.7")...)
	for end := time.Now().Add(10 * time.Second); m.health().Dead != 1; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no dead letter: %+v", m.health())
		}
	}
	list, err := DeadLetters(t.Context(), data, 10)
	if err != nil || len(list) != 1 || list[0].Problem != "answered 410 Gone" || list[0].Rule != "signature-bruteforce" || list[0].Channel != "hook0" {
		t.Errorf("dead letters %+v, %v", list, err)
	}
	if strings.Contains(m.log.String(), gone.URL) {
		t.Error("the address of the receiver was logged")
	}
}

// A wrong method or path of the API is said to a program as one expects it,
// instead of being shown the way to the log-in page.
func TestWrongRequestsToTheAPI(t *testing.T) {
	m := start(t, t.TempDir())
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"PUT", "/v1/events", http.StatusMethodNotAllowed},
		{"GET", "/v1/events", http.StatusUnauthorized},
		{"GET", "/v1/alerts", http.StatusUnauthorized},
		{"POST", "/v1/alerts", http.StatusNotFound},
		{"GET", "/v1/nothing", http.StatusNotFound},
	} {
		r, err := http.NewRequest(c.method, "http://"+m.Addr()+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, answer.StatusCode, c.want)
		}
	}
}
