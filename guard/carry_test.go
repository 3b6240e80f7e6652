package guard_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// byHand is the middleware that one writes oneself around a function that judges.
func byHand(judge func(context.Context, string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if err := judge(r.Context(), raw); err != nil {
			http.Error(w, "no", http.StatusUnauthorized)
		}
	})
}

// judges are the entry points that take a context.
func judges(b *bench) map[string]func(context.Context, string) error {
	return map[string]func(context.Context, string) error{
		"ValidateToken": func(ctx context.Context, raw string) error { _, err := b.ValidateToken(ctx, raw); return err },
		"CheckContext":  func(ctx context.Context, raw string) error { _, err := b.CheckContext(ctx, raw, nil); return err },
		"ParseWithClaimsContext": func(ctx context.Context, raw string) error {
			_, err := b.ParseWithClaimsContext(ctx, raw, new(jwt.RegisteredClaims))
			return err
		},
	}
}

// What is judged inside Carry is recorded once, with the request; what is refused
// without asking is seen too.
func TestCarry(t *testing.T) {
	for name := range judges(nil) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			mux := http.NewServeMux()
			mux.Handle("GET /orders/{id}", byHand(judges(b)[name]))
			h := b.Carry(mux)
			good := b.token(t, nil)
			for _, test := range []struct {
				name, raw string
				status    int
				want      string
			}{
				{"good", good, 200, "verified"},
				{"no token", "", 401, "missing:missing"},
				{"garbage", "garbage", 401, "verification_failed:malformed"},
			} {
				if w := get(h, test.raw); w.Code != test.status {
					t.Errorf("%s: status %d, want %d", test.name, w.Code, test.status)
				}
				list := b.memo.take()
				if got := brief(list); got != test.want {
					t.Errorf("%s: events %q, want %q", test.name, got, test.want)
				}
				for _, e := range list {
					if e.ClientAddress != "203.0.113.7" || e.Route != "/orders/{id}" || e.UserAgent == "" {
						t.Errorf("%s: address %q, route %q, agent %q", test.name, e.ClientAddress, e.Route, e.UserAgent)
					}
				}
			}
			for name, h := range map[string]http.Handler{"Verify": b.Verify(answerOK), "Attempt": b.Attempt(nil)(guard.Enforce(answerOK))} {
				for _, raw := range []string{"", "garbage"} {
					if get(b.Carry(h), raw); len(b.memo.take()) != 1 {
						t.Errorf("Carry around %s: %q is not recorded once", name, raw)
					}
				}
			}
			if w := get(b.Carry(answerOK), good); w.Code != 200 || len(b.memo.take()) != 0 {
				t.Error("Carry alone has an opinion")
			}
		})
	}
}

// The limiter knows the address inside Carry of the same guard, and nothing
// outside.
func TestCarryLimits(t *testing.T) {
	for name := range judges(nil) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, func(c *guard.Config) { c.Limit = guard.LimitConfig{Failures: 3} })
			other := newBench(t, nil)
			judge, good := judges(b)[name], b.token(t, nil)
			var last error
			noted := byHand(func(ctx context.Context, raw string) error { last = judge(ctx, raw); return last })
			for _, h := range []http.Handler{noted, other.Carry(noted)} {
				for range 9 {
					get(h, "garbage")
				}
				if get(h, good); last != nil {
					t.Errorf("limited without an address: %v", last)
				}
			}
			for range 9 {
				get(b.Carry(noted), "garbage")
			}
			if get(b.Carry(noted), good); reasonOf(last) != event.ReasonRateLimited {
				t.Errorf("%v, want rate_limited", last)
			}
		})
	}
}

// A check of the caller's own refuses like one of the guard's.
func TestCheckContextAsksTheCaller(t *testing.T) {
	b := newBench(t, nil)
	good, closed := b.token(t, nil), errors.New("tenant closed: do-not-log-this")
	for range 2 { // the second time from the cache
		_, err := b.CheckContext(t.Context(), good, func(tok *guard.Token) error {
			if tok.Subject() != "user-4711" {
				t.Errorf("subject %q", tok.Subject())
			}
			return closed
		})
		if reasonOf(err) != event.ReasonBadClaim || !errors.Is(err, closed) || !errors.Is(err, jwt.ErrTokenInvalidClaims) || strings.Contains(err.Error(), "tenant") {
			t.Errorf("got %v", err)
		}
		if e := b.memo.one(t); e.Kind != event.VerificationFailed || e.Reason != event.ReasonBadClaim || !e.Verified || e.UserID == "" || strings.Contains(string(e.Append(nil)), "do-not-log") {
			t.Errorf("event %s", e.Append(nil))
		}
	}
	if _, err := b.CheckContext(t.Context(), good, func(*guard.Token) error { return nil }); err != nil {
		t.Error(err)
	}
	if _, err := b.CheckContext(t.Context(), "garbage", func(*guard.Token) error { t.Error("asked about garbage"); return nil }); err == nil {
		t.Error("garbage is good")
	}
	v, err := b.ValidateToken(t.Context(), "garbage")
	if v != nil || err == nil {
		t.Errorf("ValidateToken gives %v, %v; auth0's middleware takes what is not nil for a token", v, err)
	}
}

// A context made by hand carries the token as that of Verify does.
func TestNewContext(t *testing.T) {
	b := newBench(t, nil)
	good := b.token(t, nil)
	tok, err := b.Check(t.Context(), good, guard.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	type key struct{}
	ctx := guard.NewContext(context.WithValue(t.Context(), key{}, 7), tok)
	got, ok := guard.FromContext(ctx)
	claims, err := guard.Claims[jwt.MapClaims](ctx)
	if !ok || got.ID() != tok.ID() || err != nil || claims["sub"] != "user-4711" || ctx.Value(key{}) != 7 {
		t.Errorf("%v, %v, %v, %v", ok, claims, err, ctx.Value(key{}))
	}
	// Require of a guard does not take it for its own verdict.
	h := b.Require()(answerOK)
	if w := get(h, "", func(r *http.Request) { *r = *r.WithContext(ctx) }); w.Code != 401 {
		t.Errorf("status %d, want 401", w.Code)
	}
}

// Allow records the rule that says no, as Require does.
func TestAllow(t *testing.T) {
	b := newBench(t, nil)
	tok, err := b.Check(t.Context(), b.token(t, nil), guard.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	b.memo.take()
	m := guard.Meta{Route: "/orders.Orders/List"}
	if err := b.Allow(tok, m, guard.Scope("orders:read"), guard.Claim("client_id", "web")); err != nil {
		t.Error(err)
	}
	err = b.Allow(tok, m, guard.Scope("orders:read"), guard.Scope("admin"))
	if reasonOf(err) != event.ReasonScopeInsufficient {
		t.Errorf("got %v", err)
	}
	e := b.memo.one(t)
	if e.Kind != event.ScopeDenied || e.Route != m.Route || e.UserID != "user-4711" || len(e.ScopeRequired) != 1 || e.ScopeRequired[0] != "admin" {
		t.Errorf("event %s", e.Append(nil))
	}
}

// Reject records and counts what an extractor of another protocol refuses.
func TestReject(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Limit = guard.LimitConfig{Failures: 3} })
	m := guard.Meta{Address: netip.MustParseAddr("203.0.113.9"), Route: "/orders.Orders/List"}
	if err := b.Reject(m, guard.Refuse(event.ReasonBadScheme)); reasonOf(err) != event.ReasonBadScheme {
		t.Errorf("got %v", err)
	}
	if e := b.memo.one(t); e.Kind != event.VerificationFailed || e.Reason != event.ReasonBadScheme || e.Route != m.Route {
		t.Errorf("event %s", e.Append(nil))
	}
	for range 9 {
		b.Reject(m, guard.Refuse(event.ReasonMultipleTokens))
	}
	if _, err := b.Check(t.Context(), b.token(t, nil), m); reasonOf(err) != event.ReasonRateLimited {
		t.Errorf("got %v, want rate_limited", err)
	}
}
