package rules_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/rule"
	"github.com/jotsight/jotsight/rules"
)

// From the planted token to the alert: what the guard writes is what the shipped
// rule takes, by way of the wire form, and nothing else fires.
func TestPlantedTokenRaisesAlert(t *testing.T) {
	const secret = "a secret of thirty-two bytes or more"
	var mu sync.Mutex
	var lines []string
	var passed atomic.Int64 // of the guard's time
	g, err := guard.New(guard.Config{
		Keys: guard.Static(guard.Key{ID: "k1", Material: secret}), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()},
		Events: guard.EventConfig{Service: "orders", Sink: sinkFunc(func(e *event.Event) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, string(e.Append(nil)))
		})},
		Now: func() time.Time { return start.Add(time.Duration(passed.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{ID: "k1", Material: secret}})
	if err != nil {
		t.Fatal(err)
	}
	planted, err := issuer.Canary(guard.Grant{Subject: "backup", Meta: guard.Meta{Actor: "ops"}}, start.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	h := g.Verify(http.NotFoundHandler())
	present := func(raw, from string) {
		passed.Add(int64(time.Minute))
		r := httptest.NewRequest("GET", "/orders", nil)
		r.RemoteAddr = from + ":4711"
		r.Header.Set("Authorization", "Bearer "+raw)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
			t.Errorf("answered %d", w.Code)
		}
	}
	whole := planted.Access.Reveal()
	present(whole, "203.0.113.7")
	present(whole[:len(whole)-4]+"AAAA", "203.0.113.8") // a thief who tries whether the signature counts
	if err := g.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	shipped, err := rule.Load(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := detect.New(shipped, detect.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range lines {
		var e event.Event
		if unknown, err := e.Decode(line); err != nil || unknown > 0 {
			t.Fatalf("%s: %v, %d unknown keys", line, err, unknown)
		}
		engine.Process(&e, func(a detect.Alert) { got = append(got, a.Rule+" "+a.Severity+" "+a.Group.String()) })
	}
	want := "canary-used critical client.address=203.0.113.7\ncanary-used critical client.address=203.0.113.8"
	if strings.Join(got, "\n") != want {
		t.Errorf("alerts\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

type sinkFunc func(*event.Event)

func (f sinkFunc) Emit(e *event.Event) { f(e) }
