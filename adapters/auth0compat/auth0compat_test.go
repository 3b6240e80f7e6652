package auth0compat_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/adapters/auth0compat"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

const issuer = "https://login.example/"

var secret = []byte("a secret of thirty-two bytes or more")

// A memo is a Sink that remembers.
type memo struct {
	mu   sync.Mutex
	list []event.Event
}

func (m *memo) Emit(e *event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.Kind != event.GuardStarted && e.Kind != event.GuardStopped {
		m.list = append(m.list, *e)
	}
}

func (m *memo) take() (list []event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list, m.list = m.list, nil
	return list
}

func newGuard(t testing.TB, edit func(*guard.Config)) (*guard.Guard, *memo) {
	t.Helper()
	m := new(memo)
	c := guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{issuer}, Audience: []string{"orders"},
		Limit: guard.LimitConfig{Disabled: true}, Events: guard.EventConfig{Sink: m, Service: "orders"},
	}
	if edit != nil {
		edit(&c)
	}
	g, err := guard.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(t.Context()) })
	m.take()
	return g, m
}

// scoped are custom claims as auth0's documentation has them.
type scoped struct {
	Scope  string `json:"scope"`
	Tenant string `json:"tenant"`
}

func (c *scoped) Validate(context.Context) error {
	if c.Tenant == "closed" {
		return errors.New("tenant closed")
	}
	return nil
}

func newScoped() validator.CustomClaims { return new(scoped) }

func sign(t testing.TB, edit func(jwt.MapClaims)) string {
	t.Helper()
	now := time.Now()
	c := jwt.MapClaims{"iss": issuer, "sub": "ada", "aud": "orders", "jti": "1", "scope": "orders:read", "tenant": "t1",
		"exp": now.Add(time.Hour).Unix(), "iat": now.Add(-time.Minute).Unix(), "nbf": now.Add(-time.Minute).Unix()}
	if edit != nil {
		edit(c)
	}
	raw, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// One handler stands behind auth0's middleware with auth0's validator, and with
// guard: it sees the same claims, and refuses the same tokens with the same status.
func TestSameAsAuth0(t *testing.T) {
	set := func(name string, value any) func(jwt.MapClaims) {
		return func(c jwt.MapClaims) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		}
	}
	good, hour := sign(t, nil), time.Hour
	at := func(name string, d time.Duration) string { return sign(t, set(name, time.Now().Add(d).Unix())) }
	for _, test := range []struct {
		name, raw string
		custom    func() validator.CustomClaims
		why       string // guard refuses what auth0's validator admits, and why
	}{
		{name: "good", raw: good},
		{name: "good, custom claims", raw: good, custom: newScoped},
		{name: "custom claims that are none", raw: good, custom: func() validator.CustomClaims { return nil }},
		{name: "aud is a list", raw: sign(t, set("aud", []string{"stock", "orders"})), custom: newScoped},
		{name: "no sub, no jti", raw: sign(t, func(c jwt.MapClaims) { delete(c, "sub"); delete(c, "jti"); delete(c, "nbf") })},
		{name: "custom claims refuse", raw: sign(t, set("tenant", "closed")), custom: newScoped},
		{name: "custom claims of another type", raw: sign(t, set("tenant", 7)), custom: newScoped},
		{name: "none"},
		{name: "garbage", raw: "garbage"},
		{name: "alg none", raw: base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + ".e30."},
		{name: "forged", raw: good[:strings.LastIndexByte(good, '.')+1] + strings.Repeat("A", 43)},
		{name: "expired", raw: at("exp", -hour)},
		{name: "expired within the leeway", raw: at("exp", -10*time.Second)},
		{name: "not yet valid", raw: at("nbf", hour)},
		{name: "issued in the future", raw: at("iat", hour)},
		{name: "other issuer", raw: sign(t, set("iss", "https://evil.example/"))},
		{name: "other audience", raw: sign(t, set("aud", "mail"))},
		{name: "no exp", raw: sign(t, set("exp", nil)), why: "it never expires"},
		{name: "refresh token", raw: sign(t, set("token_type", "refresh")), why: "not for access"},
		{name: "exp in milliseconds", raw: sign(t, set("exp", time.Now().Add(hour).UnixMilli())), why: "it would live for millennia"},
		{name: "oversized", raw: sign(t, set("x", strings.Repeat("x", 9<<10))), why: "over 8 KiB"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, m := newGuard(t, nil)
			options := []validator.Option{validator.WithAllowedClockSkew(30 * time.Second)}
			if test.custom != nil {
				options = append(options, validator.WithCustomClaims(test.custom))
			}
			v, err := validator.New(func(context.Context) (any, error) { return secret, nil }, validator.HS256, issuer, []string{"orders"}, options...)
			if err != nil {
				t.Fatal(err)
			}
			var seen *validator.ValidatedClaims
			handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				seen = r.Context().Value(jwtmiddleware.ContextKey{}).(*validator.ValidatedClaims)
			})
			ask := func(h http.Handler) (int, *validator.ValidatedClaims) {
				seen = nil
				r := httptest.NewRequest("GET", "/orders/7", nil)
				if test.raw != "" {
					r.Header.Set("Authorization", "Bearer "+test.raw)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w.Code, seen
			}
			was, before := ask(jwtmiddleware.New(v.ValidateToken).CheckJWT(handler))
			validate := auth0compat.ValidateToken(g, test.custom)
			is, after := ask(g.Carry(jwtmiddleware.New(validate).CheckJWT(handler)))
			if test.why != "" {
				if was != 200 {
					t.Error("auth0's validator refuses it too: no difference to list")
				}
				was, before = 401, nil
			}
			if is != was || !reflect.DeepEqual(after, before) {
				t.Errorf("status %d, claims %+v; want %d, %+v", is, after, was, before)
			}
			list := m.take()
			if test.name == "none" { // auth0 answers 400, which Carry cannot tell from any other fault
				if is, _ = ask(g.Carry(jwtmiddleware.New(validate, jwtmiddleware.WithErrorHandler(auth0compat.ErrorHandler)).CheckJWT(handler))); is != 401 {
					t.Errorf("with guard's ErrorHandler: %d, want 401", is)
				}
				list = m.take()
			}
			if len(list) != 1 || list[0].ClientAddress != "192.0.2.1" || (list[0].Kind == event.Verified) != (is == 200) {
				t.Errorf("events %v, want one, with an address", list)
			}
		})
	}
}

// The errors that reach an ErrorHandler are both the middleware's and guard's.
func TestErrors(t *testing.T) {
	store := guard.NewMemoryStore()
	g, _ := newGuard(t, func(c *guard.Config) {
		c.Limit = guard.LimitConfig{Failures: 3}
		c.Revocation.Store = store
	})
	i, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{Material: secret}})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Revoke(t.Context(), guard.Revocation{JTI: "gone"}); err != nil {
		t.Fatal(err)
	}
	var last error
	handler := jwtmiddleware.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) {
		last = err
		auth0compat.ErrorHandler(w, r, err)
	})
	h := g.Carry(jwtmiddleware.New(auth0compat.ValidateToken(g, nil), handler).CheckJWT(http.NotFoundHandler()))
	ask := func(authorization, addr string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = addr + ":4711"
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	expired := sign(t, func(c jwt.MapClaims) { c["exp"] = 1 })
	for range 9 {
		ask("Bearer garbage", "10.0.0.9")
	}
	for _, test := range []struct {
		name, authorization, addr string
		status                    int
		is                        error
	}{
		{"none", "", "10.0.0.1", 401, jwtmiddleware.ErrJWTMissing},
		{"Basic", "Basic dTpw", "10.0.0.1", 401, nil},
		{"expired", "Bearer " + expired, "10.0.0.2", 401, jwt.ErrTokenExpired},
		{"expired is invalid", "Bearer " + expired, "10.0.0.2", 401, jwtmiddleware.ErrJWTInvalid},
		{"revoked", "Bearer " + sign(t, func(c jwt.MapClaims) { c["jti"] = "gone" }), "10.0.0.3", 401, guard.Refuse(event.ReasonRevoked)},
		{"limited", "Bearer " + sign(t, nil), "10.0.0.9", 429, guard.Refuse(event.ReasonRateLimited)},
	} {
		w := ask(test.authorization, test.addr)
		if w.Code != test.status || test.is != nil && !errors.Is(last, test.is) {
			t.Errorf("%s: %d, %v; want %d, %v", test.name, w.Code, last, test.status, test.is)
		}
		var problem struct{ Status int }
		if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || problem.Status != test.status {
			t.Errorf("%s: body %s", test.name, w.Body)
		}
	}
}

// guard's own ValidateToken plugs in as it is, for handlers that take a
// *guard.Token.
func TestGuardPlugsInAsItIs(t *testing.T) {
	g, _ := newGuard(t, nil)
	h := jwtmiddleware.New(g.ValidateToken).CheckJWT(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if tok := r.Context().Value(jwtmiddleware.ContextKey{}).(*guard.Token); tok.Subject() != "ada" {
			t.Errorf("subject %q", tok.Subject())
		}
	}))
	for raw, want := range map[string]int{sign(t, nil): 200, "garbage": 401} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+raw)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("status %d, want %d", w.Code, want)
		}
	}
}
