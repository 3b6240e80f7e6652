package guard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// Attempt lets all through and records as Verify does; Enforce answers as Verify
// would have.
func TestAttempt(t *testing.T) {
	expired := func(c jwt.MapClaims) { c["exp"] = c["exp"].(int64) - 7200 }
	for _, test := range []struct {
		name     string
		make     func(*testing.T, *bench) string
		edit     func(*http.Request)
		status   int    // behind Enforce
		token    bool   // beside the Error, because the signature held
		open     string // events of a route without Enforce
		enforced string // and with it
	}{
		{"good", func(t *testing.T, b *bench) string { return b.token(t, nil) }, nil, 200, true, "verified", "verified"},
		{"none", nil, nil, 401, false, "", "missing:missing"},
		{"expired", func(t *testing.T, b *bench) string { return b.token(t, expired) }, nil, 401, true,
			"verification_failed:expired", "verification_failed:expired"},
		{"unsigned", func(*testing.T, *bench) string { return forge(`{"alg":"none"}`, "{}", "") }, nil, 401, false,
			"verification_failed:alg_none", "verification_failed:alg_none"},
		{"two", func(t *testing.T, b *bench) string { return b.token(t, nil) }, func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }, 400, false,
			"verification_failed:multiple_tokens", "verification_failed:multiple_tokens"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, nil)
			raw := ""
			if test.make != nil {
				raw = test.make(t, b)
			}
			edit := test.edit
			if edit == nil {
				edit = func(*http.Request) {}
			}
			served := false
			look := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				served = true
				tok, e := guard.Verdict(r.Context())
				if (tok != nil) != test.token || (e == nil) != (test.status == 200) || e != nil && e.Status != test.status {
					t.Errorf("verdict %v, %v", tok, e)
				}
				if _, ok := guard.FromContext(r.Context()); ok != (e == nil) {
					t.Errorf("FromContext gives a token: %v, beside %v", ok, e)
				}
			})
			if w := get(b.Attempt(nil)(look), raw, edit); w.Code != 200 || !served {
				t.Errorf("an open route: status %d, served %v", w.Code, served)
			}
			list := b.memo.take()
			if got := brief(list); got != test.open {
				t.Errorf("an open route: events %q, want %q", got, test.open)
			}
			for _, e := range list {
				if e.Status != 0 {
					t.Errorf("status %d is in an event that came before the answer", e.Status)
				}
			}
			served = false
			w := get(b.Attempt(nil)(guard.Enforce(look)), raw, edit)
			if w.Code != test.status || served != (test.status == 200) {
				t.Errorf("status %d, served %v; want %d", w.Code, served, test.status)
			}
			if want := get(b.Verify(answerOK), raw, edit); w.Code != 200 && (w.Body.String() != want.Body.String() || fmt.Sprint(w.Header()) != fmt.Sprint(want.Header())) {
				t.Errorf("answer %v %s, want Verify's %v %s", w.Header(), w.Body, want.Header(), want.Body)
			}
		})
	}
}

// What refuses a request without a token further in is seen, whoever that is.
func TestAttemptRecordsMissing(t *testing.T) {
	b := newBench(t, nil)
	for _, test := range []struct {
		status int
		want   string
	}{{200, ""}, {401, "missing:missing"}, {404, ""}, {500, ""}} {
		get(b.Attempt(nil)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) })), "")
		list := b.memo.take()
		if got := brief(list); got != test.want {
			t.Errorf("%d: events %q, want %q", test.status, got, test.want)
		}
		for _, e := range list {
			if e.Status != test.status {
				t.Errorf("status %d in the event, want %d", e.Status, test.status)
			}
		}
	}
}

// An address over its limit is refused by Enforce with Retry-After, and reaches
// an open route as a stranger.
func TestAttemptLimits(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Limit = guard.LimitConfig{Failures: 3} })
	good, h := b.token(t, nil), b.Attempt(nil)(guard.Enforce(answerOK))
	for range 5 {
		get(h, "a.b.c")
	}
	if w := get(h, good); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("status %d, %v; want 429 with Retry-After", w.Code, w.Header())
	}
	get(b.Attempt(nil)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if tok, e := guard.Verdict(r.Context()); tok != nil || e == nil || e.Reason != event.ReasonRateLimited {
			t.Errorf("verdict %v, %v; want rate_limited", tok, e)
		}
	})), good)
}

// Enforce fails closed, and Require does where Attempt found nothing good.
func TestAttemptFailsClosed(t *testing.T) {
	b := newBench(t, nil)
	good := b.token(t, nil)
	for _, test := range []struct {
		name string
		h    http.Handler
		raw  string
		want int
	}{
		{"Enforce alone", guard.Enforce(answerOK), good, 401},
		{"Enforce behind Verify", b.Verify(guard.Enforce(answerOK)), good, 200},
		{"Enforce behind Optional", b.Optional(guard.Enforce(answerOK)), "", 401},
		{"Require behind Attempt, no token", b.Attempt(nil)(b.Require()(answerOK)), "", 401},
		{"Require behind Attempt, bad token", b.Attempt(nil)(b.Require()(answerOK)), "a.b.c", 401},
		{"Require behind Attempt", b.Attempt(nil)(b.Require()(answerOK)), good, 200},
		{"the inner one counts", b.Attempt(guard.Cookie("t"))(b.Attempt(nil)(guard.Enforce(answerOK))), good, 200},
		{"the inner one counts", b.Attempt(nil)(b.Attempt(guard.Cookie("t"))(guard.Enforce(answerOK))), good, 401},
	} {
		if w := get(test.h, test.raw); w.Code != test.want {
			t.Errorf("%s: status %d, want %d", test.name, w.Code, test.want)
		}
	}
	tok, e := guard.Verdict(httptest.NewRequest("GET", "/", nil).Context())
	if tok != nil || e == nil || e.Reason != event.ReasonMissing {
		t.Errorf("without an Attempt: %v, %v", tok, e)
	}
}
