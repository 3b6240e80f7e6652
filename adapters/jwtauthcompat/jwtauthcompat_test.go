package jwtauthcompat_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/jwtauth/v5"
	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/adapters/jwtauthcompat"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	jwx "github.com/lestrrat-go/jwx/v2/jwt"
)

var (
	secret = []byte("a secret of thirty-two bytes or more")
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// A memo is a Sink that remembers kind and reason of events.
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
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Limit: guard.LimitConfig{Disabled: true}, Now: func() time.Time { return noon },
		Events: guard.EventConfig{Sink: m, Service: "orders"},
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

// old is jwtauth, told to judge as the guard is.
func old() *jwtauth.JWTAuth {
	return jwtauth.New("HS256", secret, nil, jwx.WithIssuer("https://login.example"), jwx.WithAudience("orders"),
		jwx.WithAcceptableSkew(30*time.Second), jwx.WithClock(jwx.ClockFunc(func() time.Time { return noon })))
}

// A view is what a handler gets of jwtauth.FromContext.
type view struct {
	token  string // as JSON
	claims map[string]any
	err    error
}

// service is one that jwtauth's documentation could show: open routes, and a
// group behind an authenticator. What handlers see is noted.
func service(verifier, authenticator func(http.Handler) http.Handler, seen *view) http.Handler {
	look := func(w http.ResponseWriter, r *http.Request) {
		token, claims, err := jwtauth.FromContext(r.Context())
		*seen = view{claims: claims, err: err}
		if token != nil {
			b, err := json.Marshal(token)
			if err != nil {
				panic(err)
			}
			seen.token = string(b)
		}
	}
	r := chi.NewRouter()
	r.Use(verifier)
	r.Get("/open", look)
	r.Group(func(r chi.Router) {
		r.Use(authenticator)
		r.Get("/closed", look)
	})
	r.Get("/own", func(w http.ResponseWriter, r *http.Request) { // an authenticator of one's own
		if _, _, err := jwtauth.FromContext(r.Context()); err != nil {
			http.Error(w, "who are you?", http.StatusUnauthorized)
		}
	})
	return r
}

func usual() jwt.MapClaims {
	return jwt.MapClaims{
		"iss": "https://login.example", "sub": "ada", "aud": []string{"orders", "stock"}, "jti": rand.Text(),
		"exp": noon.Add(time.Hour).Unix(), "iat": noon.Add(-time.Minute).Unix(), "nbf": noon.Add(-time.Minute).Unix(),
		"user_id": 123, "admin": true, "roles": []string{"a", "b"}, "tenant": map[string]any{"id": "t1", "tags": []any{1, nil}},
	}
}

func sign(t testing.TB, method jwt.SigningMethod, key any, header map[string]any, claims jwt.Claims) string {
	t.Helper()
	tok := jwt.NewWithClaims(method, claims)
	for name, v := range header {
		tok.Header[name] = v
	}
	raw, err := tok.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func with(name string, value any) jwt.MapClaims {
	c := usual()
	if c[name] = value; value == nil {
		delete(c, name)
	}
	return c
}

// The same handlers stand behind jwtauth and behind the adapter, and see the same.
// Where the adapter is stricter, the table says so and why.
func TestSameAsJWTAuth(t *testing.T) {
	good := sign(t, jwt.SigningMethodHS256, secret, nil, usual())
	hs := func(c jwt.MapClaims) string { return sign(t, jwt.SigningMethodHS256, secret, nil, c) }
	head := func(h map[string]any) string { return sign(t, jwt.SigningMethodHS256, secret, h, usual()) }
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	bearer := func(raw string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+raw) }
	}
	enc := base64.RawURLEncoding.EncodeToString
	unauthorized := view{err: jwtauth.ErrUnauthorized}
	for _, test := range []struct {
		name   string
		edit   func(*http.Request)
		why    string // the adapter differs, and why
		want   *view  // what it gives then; nil is what jwtauth gives
		status int    // and behind its Authenticator; 0 is jwtauth's
	}{
		{name: "good", edit: bearer(good)},
		{name: "good again", edit: bearer(good)},
		{name: "BEARER", edit: func(r *http.Request) { r.Header.Set("Authorization", "BEARER "+good) }},
		{name: "cookie", edit: func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "jwt", Value: good}) }},
		{name: "cookie beside Basic", edit: func(r *http.Request) {
			r.Header.Set("Authorization", "Basic dTpw")
			r.AddCookie(&http.Cookie{Name: "jwt", Value: good})
		}},
		{name: "header before cookie", edit: func(r *http.Request) {
			bearer(good)(r)
			r.AddCookie(&http.Cookie{Name: "jwt", Value: "garbage"})
		}},
		{name: "other cookie", edit: func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "session", Value: good}) }},
		{name: "query", edit: func(r *http.Request) { r.URL.RawQuery = "jwt=" + good }},
		{name: "none", edit: func(*http.Request) {}},
		{name: "Basic", edit: func(r *http.Request) { r.Header.Set("Authorization", "Basic dTpw") }},
		{name: "empty", edit: bearer("")},
		{name: "garbage", edit: bearer("garbage")},
		{name: "two segments", edit: bearer("e30.e30")},
		{name: "four segments", edit: bearer(good + ".x")},
		{name: "alg none", edit: bearer(enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(`{"sub":"ada"}`)) + ".")},
		{name: "other alg", edit: bearer(sign(t, jwt.SigningMethodHS512, secret, nil, usual()))},
		{name: "other key", edit: bearer(sign(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), nil, usual()))},
		{name: "no signature", edit: bearer(good[:strings.LastIndexByte(good, '.')+1])},
		{name: "expired", edit: bearer(hs(with("exp", at(-time.Hour))))},
		{name: "expired within the leeway", edit: bearer(hs(with("exp", at(-10*time.Second))))},
		{name: "not yet valid", edit: bearer(hs(with("nbf", at(time.Hour))))},
		{name: "not yet valid, a clock that is ahead", edit: bearer(hs(with("nbf", at(40*time.Second))))},
		{name: "issued in an hour", edit: bearer(hs(with("iat", at(time.Hour))))},
		{name: "issued ahead", edit: bearer(hs(with("iat", at(40*time.Second))))},
		{name: "other issuer", edit: bearer(hs(with("iss", "https://evil.example")))},
		{name: "other audience", edit: bearer(hs(with("aud", "mail")))},
		{name: "aud is a text", edit: bearer(hs(with("aud", "orders")))},
		{name: "no sub", edit: bearer(hs(with("sub", nil)))},
		{name: "typ at+jwt", edit: bearer(head(map[string]any{"typ": "at+jwt"}))},
		{name: "kid", edit: bearer(head(map[string]any{"kid": "2026-11"}))},
		{name: "sub is a number", edit: bearer(hs(with("sub", 7)))},
		{name: "exp is a text", edit: bearer(hs(with("exp", "tomorrow")))},

		{name: "no issuer", edit: bearer(hs(with("iss", nil))), want: &unauthorized, why: "a missing claim is no wrong one, and shows no token"},
		{name: "no audience", edit: bearer(hs(with("aud", nil))), want: &unauthorized, why: "a missing claim is no wrong one, and shows no token"},
		{name: "no exp", edit: bearer(hs(with("exp", nil))), want: &unauthorized, status: 401, why: "a token that never expires; Config.NoExpiry admits it"},
		{name: "exp in milliseconds", edit: bearer(hs(with("exp", noon.Add(time.Hour).UnixMilli()))), want: &unauthorized, status: 401,
			why: "it would live for millennia"},
		{name: "refresh token", edit: bearer(hs(with("token_type", "refresh"))), want: &unauthorized, status: 401, why: "not for access"},
		{name: "logout token", edit: bearer(head(map[string]any{"typ": "logout+jwt"})), want: &unauthorized, status: 401, why: "not for access"},
		{name: "jku", edit: bearer(head(map[string]any{"jku": "https://evil.example/k"})), want: &unauthorized, status: 401,
			why: "the token names the key that is to verify it"},
		{name: "padding", edit: bearer(good + "="), want: &unauthorized, status: 401, why: "one spelling only, or a denylist of spellings is evaded"},
		{name: "spare bits", edit: bearer(respell(good)), want: &unauthorized, status: 401, why: "one spelling only, or a denylist of spellings is evaded"},
		{name: "oversized", edit: bearer(hs(with("x", strings.Repeat("x", 9<<10)))), want: &unauthorized, status: 401, why: "over 8 KiB"},
		{name: "two headers", edit: func(r *http.Request) { bearer(good)(r); r.Header.Add("Authorization", "Bearer x") }, want: &unauthorized, status: 400,
			why: "which one a proxy looked at, nobody knows"},
		{name: "access_token in the URL", edit: func(r *http.Request) { bearer(good)(r); r.URL.RawQuery = "access_token=x" }, want: &unauthorized, status: 400,
			why: "RFC 6750 section 2: one way at a time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, _ := newGuard(t, nil)
			ja := old()
			var was, is view
			before := service(jwtauth.Verifier(ja), jwtauth.Authenticator(ja), &was)
			after := service(jwtauthcompat.Verifier(g), jwtauthcompat.Authenticator, &is)
			ask := func(h http.Handler, path string) int {
				r := httptest.NewRequest("GET", path, nil)
				test.edit(r)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w.Code
			}
			if a, b := ask(before, "/open"), ask(after, "/open"); a != 200 || b != 200 {
				t.Errorf("an open route: %d and %d, want 200", a, b)
			}
			want := was
			if test.want != nil {
				want = *test.want
				want.claims = map[string]any{}
				if reflect.DeepEqual(was, want) && ask(before, "/closed") == test.status {
					t.Error("jwtauth does the same: no difference to list")
				}
				if test.why == "" {
					t.Error("a difference without a reason")
				}
			}
			if !reflect.DeepEqual(is, want) {
				t.Errorf("FromContext gives\n%+v\nwant\n%+v", is, want)
			}
			was, is = view{}, view{}
			status := ask(before, "/closed")
			if test.status != 0 {
				status = test.status
			}
			if got := ask(after, "/closed"); got != status {
				t.Errorf("behind the Authenticator: %d, want %d", got, status)
			}
			if (is.claims != nil) != (status == 200) {
				t.Errorf("behind the Authenticator: served %v, want %v", is.claims != nil, status == 200)
			}
			own := 200
			if want.err != nil {
				own = 401
			}
			if got := ask(after, "/own"); got != own {
				t.Errorf("behind an authenticator of one's own: %d, want %d", got, own)
			}
		})
	}
}

// respell gives another text of the same signature.
func respell(raw string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(digits, raw[len(raw)-1])
	return raw[:len(raw)-1] + string(digits[last^1])
}

// Other places to look in, in the order of the functions.
func TestVerifyLooksWhereItIsTold(t *testing.T) {
	g, m := newGuard(t, nil)
	good := sign(t, jwt.SigningMethodHS256, secret, nil, usual())
	custom := func(r *http.Request) string { return r.Header.Get("X-Token") }
	for _, test := range []struct {
		name string
		find func(*http.Request) string
		edit func(*http.Request)
		want event.Source
	}{
		{"query", jwtauth.TokenFromQuery, func(r *http.Request) { r.URL.RawQuery = "jwt=" + good }, event.Query},
		{"cookie", jwtauth.TokenFromCookie, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "jwt", Value: good}) }, event.Cookie},
		{"header", jwtauth.TokenFromHeader, func(r *http.Request) { r.Header.Set("Authorization", "bearer "+good) }, event.Header},
		{"elsewhere", custom, func(r *http.Request) { r.Header.Set("X-Token", good) }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var seen view
			h := service(jwtauthcompat.Verify(g, test.find), jwtauthcompat.Authenticator, &seen)
			for _, broken := range []string{"", "x"} {
				r := httptest.NewRequest("GET", "/closed", nil)
				test.edit(r)
				if broken != "" { // so that there is something to record each time
					r.URL.RawQuery = strings.Replace(r.URL.RawQuery, good, good+broken, 1)
					for name, values := range r.Header {
						r.Header.Set(name, strings.Replace(values[0], good, good+broken, 1))
					}
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				want := 200
				if broken != "" {
					want = 401
				}
				if w.Code != want {
					t.Errorf("status %d, want %d", w.Code, want)
				}
			}
			list := m.take()
			if len(list) == 0 {
				t.Fatal("no event")
			}
			for _, e := range list {
				if e.Source != test.want {
					t.Errorf("%v: source %v, want %v", e.Kind, e.Source, test.want)
				}
			}
		})
	}
}

// What guard adds works with old handlers: events, the limiter, revocation.
func TestGuardIsBehindIt(t *testing.T) {
	store := guard.NewMemoryStore()
	g, m := newGuard(t, func(c *guard.Config) {
		c.Limit = guard.LimitConfig{Failures: 5}
		c.Revocation.Store = store
	})
	var seen view
	h := service(jwtauthcompat.Verifier(g), jwtauthcompat.Authenticator, &seen)
	ask := func(path, raw, addr string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = addr + ":4711"
		if raw != "" {
			r.Header.Set("Authorization", "Bearer "+raw)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	kinds := func() string {
		var words []string
		for _, e := range m.take() {
			words = append(words, fmt.Sprint(e.Kind, " ", e.Reason))
		}
		return strings.Join(words, ", ")
	}
	claims := usual()
	good := sign(t, jwt.SigningMethodHS256, secret, nil, claims)
	for _, step := range []struct {
		name, path, raw, addr string
		status                int
		events                string
	}{
		{"good", "/closed", good, "10.0.0.1", 200, "jwt.verified "},
		{"nobody, where nobody is asked for", "/open", "", "10.0.0.1", 200, ""},
		{"nobody", "/closed", "", "10.0.0.1", 401, "jwt.missing missing"},
		{"nobody, an authenticator of one's own", "/own", "", "10.0.0.1", 401, "jwt.missing missing"},
		{"forged, on an open route", "/open", "e30.e30.e30", "10.0.0.2", 200, "jwt.verification_failed malformed"},
		{"forged", "/closed", "e30.e30.e30", "10.0.0.2", 401, "jwt.verification_failed malformed"},
	} {
		if w := ask(step.path, step.raw, step.addr); w.Code != step.status {
			t.Errorf("%s: status %d, want %d", step.name, w.Code, step.status)
		}
		if got := kinds(); got != step.events {
			t.Errorf("%s: events %q, want %q", step.name, got, step.events)
		}
	}
	if w := ask("/closed", good+"x", "10.0.0.3"); strings.Contains(w.Body.String(), "expired") || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("the answer is not guard's: %v %s", w.Header(), w.Body)
	}
	for range 10 {
		ask("/open", "e30.e30.e30", "10.0.0.4")
	}
	m.take()
	if w := ask("/closed", good, "10.0.0.4"); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("an address over its limit: %d %v, want 429", w.Code, w.Header())
	}
	if w := ask("/own", good, "10.0.0.4"); w.Code != 401 {
		t.Errorf("an address over its limit, an authenticator of one's own: %d, want 401", w.Code)
	}
	if w := ask("/open", good, "10.0.0.4"); w.Code != 200 || seen.err != jwtauth.ErrUnauthorized || seen.token != "" {
		t.Errorf("an address over its limit, an open route: %d, %+v", w.Code, seen)
	}
	m.take()
	i, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{Material: secret}})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Revoke(t.Context(), guard.Revocation{JTI: claims["jti"].(string)}); err != nil {
		t.Fatal(err)
	}
	m.take()
	if w := ask("/closed", good, "10.0.0.1"); w.Code != 401 {
		t.Errorf("a revoked token: %d, want 401", w.Code)
	}
	if got := kinds(); got != "jwt.revoked_use revoked" {
		t.Errorf("a revoked token: events %q", got)
	}
	ask("/open", good, "10.0.0.1")
	if seen.err != jwtauth.ErrUnauthorized || seen.token != "" {
		t.Errorf("a revoked token, an open route: %+v", seen)
	}
}

// A handler may change what it got, and no other request sees it.
func TestTokenBelongsToTheRequest(t *testing.T) {
	g, _ := newGuard(t, nil)
	good := sign(t, jwt.SigningMethodHS256, secret, nil, usual())
	h := jwtauthcompat.Verifier(g)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, claims, err := jwtauth.FromContext(r.Context())
		if err != nil {
			t.Fatal(err)
		}
		roles := claims["roles"].([]any)
		if _, changed := claims["changed"]; changed || roles[0] != "a" || token.Audience()[0] != "orders" {
			t.Errorf("another request's claims: %v", claims)
		}
		again, _, _ := jwtauth.FromContext(r.Context())
		if again != token {
			t.Error("made twice for one request")
		}
		token.Set("changed", true)
		token.Audience()[0], roles[0] = "x", "x"
		claims["changed"] = true
	}))
	for range 3 {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+good)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func BenchmarkFromContext(b *testing.B) {
	good := sign(b, jwt.SigningMethodHS256, secret, nil, usual())
	g, _ := newGuard(b, nil)
	ja := old()
	look := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { jwtauth.FromContext(r.Context()) })
	for name, h := range map[string]http.Handler{
		"jwtauth":       jwtauth.Verifier(ja)(jwtauth.Authenticator(ja)(look)),
		"jwtauthcompat": jwtauthcompat.Verifier(g)(jwtauthcompat.Authenticator(look)),
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", "Bearer "+good)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
