package guard_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// A memo is a Sink that remembers.
type memo struct {
	mu   sync.Mutex
	list []event.Event
}

func (m *memo) Emit(e *event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, *e)
}

// take gives what came in since the last take, life signs left out.
func (m *memo) take() []event.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []event.Event
	for _, e := range m.list {
		switch e.Kind {
		case event.GuardStarted, event.GuardStopped, event.Heartbeat:
		default:
			list = append(list, e)
		}
	}
	m.list = nil
	return list
}

// one gives the only event since the last take.
func (m *memo) one(t *testing.T) event.Event {
	t.Helper()
	list := m.take()
	if len(list) != 1 {
		t.Fatalf("%d events, want one: %v", len(list), brief(list))
	}
	return list[0]
}

// brief writes events as kind:reason.
func brief(list []event.Event) string {
	var words []string
	for _, e := range list {
		w := strings.TrimPrefix(e.Kind.String(), "jwt.")
		if e.Reason != 0 {
			w += ":" + e.Reason.String()
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// A clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A bench is a guard with everything a test wants to look at.
type bench struct {
	*guard.Guard
	clock *clock
	memo  *memo
	store guard.Store
}

// newBench opens a guard for HS256 tokens of usual, with edits of its Config.
func newBench(t *testing.T, edit func(*guard.Config)) *bench {
	t.Helper()
	b := &bench{clock: newClock(), memo: new(memo), store: guard.NewMemoryStore()}
	c := guard.Config{
		Keys: guard.Static(guard.Key{ID: "k1", Material: secret}), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Events:     guard.EventConfig{Sink: b.memo, Service: "orders"},
		Limit:      guard.LimitConfig{Disabled: true},
		Revocation: guard.RevocationConfig{Store: b.store},
		Now:        b.clock.Now,
	}
	if edit != nil {
		edit(&c)
	}
	b.Guard = open(t, c)
	b.memo.take()
	return b
}

func (b *bench) token(t *testing.T, edit func(jwt.MapClaims)) string {
	claims := usual(b.clock.Now())
	if edit != nil {
		edit(claims)
	}
	return signed(t, jwt.SigningMethodHS256, secret, claims)
}

// get sends a request with the token through h.
func get(h http.Handler, raw string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	r := request(raw)
	if raw == "" {
		r.Header.Del("Authorization")
	}
	for _, edit := range edits {
		edit(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// forge puts together a token from a header and claims as they are written.
func forge(header, claims, signature string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(header)) + "." + enc([]byte(claims)) + "." + signature
}

// hmacSigned signs a header and claims as they are written.
func hmacSigned(t testing.TB, header, claims string) string {
	t.Helper()
	body := strings.TrimSuffix(forge(header, claims, ""), ".")
	sig, err := jwt.SigningMethodHS256.Sign(body, secret)
	if err != nil {
		t.Fatal(err)
	}
	return body + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// sample is an event with the fields that a usual record has.
func sample(now time.Time) *event.Event {
	return &event.Event{
		Time: now, Kind: event.VerificationFailed, Reason: event.ReasonBadSignature, Severity: event.Warn,
		Message: "token refused", Outcome: event.Failure, ServiceName: "orders", ClientAddress: "203.0.113.7",
		Method: "GET", Route: "/orders/{id}", Status: 401, Algorithm: "HS256", KeyID: "k1", ClaimedSubject: "user-4711",
		Fingerprint: "f1:AAAAAAAAAAAAAAAAAAAAAA", BodyFingerprint: "f1:BBBBBBBBBBBBBBBBBBBBBB", UserAgent: "curl/8.5.0",
	}
}
