package guard_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// printer shows events in a form that is the same on every run.
type printer struct{}

func (printer) Emit(e *event.Event) {
	switch e.Kind {
	case event.GuardStarted, event.GuardStopped, event.Request:
	default:
		fmt.Println(strings.TrimSpace(fmt.Sprint(e.Kind, " ", e.Reason, " ", e.UserID)))
	}
}

func exampleGuard(sink guard.Sink) *guard.Guard {
	g, err := guard.New(guard.Config{
		Keys:       guard.Static([]byte("a secret of thirty-two bytes or more")),
		Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()},
		Events:     guard.EventConfig{Sink: sink, Service: "orders"},
	})
	if err != nil {
		log.Fatal(err)
	}
	return g
}

func exampleIssuer(g *guard.Guard) *guard.Issuer {
	i, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{Material: "a secret of thirty-two bytes or more"}})
	if err != nil {
		log.Fatal(err)
	}
	return i
}

func send(h http.Handler, token string) int {
	r := httptest.NewRequest("GET", "/orders", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// The whole use in a service of net/http. With chi it is r.Use(g.Verify).
func Example() {
	secret := []byte("a secret of thirty-two bytes or more")
	mux := http.NewServeMux()

	g, err := guard.New(guard.Config{Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"},
		Audience: []string{"orders"}, Events: guard.EventConfig{Sink: guard.JSONSink(os.Stderr), Service: "orders"}})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close(context.Background())
	h := g.Verify(mux) // http.ListenAndServe("127.0.0.1:8080", h)

	fmt.Println(send(h, "eyJhbGciOiJub25lIn0.e30."))
	// Output: 401
}

func ExampleNew() {
	_, err := guard.New(guard.Config{Keys: guard.Static("too short"), Algorithms: []string{"HS256", "RS256"}})
	fmt.Println(err)
	// Output:
	// guard: configuration: Algorithms: HMAC beside public-key algorithms invites a public key to be used as a secret (RFC 8725 section 3.1)
	// Audience: empty; name yourself, or set AnyAudience
	// Issuers: empty; name them, or set AnyIssuer
	// Keys: a key: an HMAC secret of 9 bytes; at least 32 are needed (RFC 7518 section 3.2)
}

func ExampleGuard_Verify() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada"})
	h := g.Verify(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t, _ := guard.FromContext(r.Context())
		fmt.Println("hello", t.Subject())
	}))
	fmt.Println(send(h, pair.Access.Reveal()))
	fmt.Println(send(h, pair.Access.Reveal()[1:]))
	// Output:
	// jwt.issued  ada
	// jwt.verified  ada
	// hello ada
	// 200
	// jwt.verification_failed bad_encoding
	// 401
}

func ExampleGuard_Require() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada", Scope: []string{"orders:read"}})
	mux := http.NewServeMux()
	mux.Handle("GET /orders", g.Require(guard.Scope("orders:write"))(http.NotFoundHandler()))
	fmt.Println(send(g.Verify(mux), pair.Access.Reveal()))
	// Output:
	// jwt.issued  ada
	// jwt.verified  ada
	// jwt.scope_denied scope_insufficient ada
	// 403
}

func ExampleGuard_Optional() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	h := g.Optional(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, known := guard.FromContext(r.Context())
		fmt.Println("known:", known)
	}))
	fmt.Println(send(h, ""))
	fmt.Println(send(h, "expired, forged or garbage: never taken for none"))
	// Output:
	// known: false
	// 200
	// jwt.verification_failed multiple_tokens
	// 400
}

// Observe in front of somebody else's authentication, which may be silent.
func ExampleGuard_Observe() {
	g, err := guard.New(guard.Config{ObserveOnly: true, Events: guard.EventConfig{Sink: printer{}, Service: "orders"}})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close(context.Background())
	silent := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	fmt.Println(send(g.Observe(silent), "eyJhbGciOiJub25lIn0.e30."))
	// Output:
	// jwt.verification_failed alg_none
	// 401
}

func ExampleGuard_Check() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	_, err := g.Check(context.Background(), "garbage", guard.Meta{Route: "/orders.Orders/List"})
	var e *guard.Error
	fmt.Println(errors.As(err, &e), e.Reason, errors.Is(err, jwt.ErrTokenMalformed))
	// Output:
	// jwt.verification_failed malformed
	// true malformed true
}

func ExampleClaims() {
	type claims struct {
		Tenant string `json:"tenant"`
	}
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada", Extra: map[string]any{"tenant": "t1"}})
	send(g.Verify(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c, err := guard.Claims[claims](r.Context())
		fmt.Println(c.Tenant, err)
	})), pair.Access.Reveal())
	// Output:
	// jwt.issued  ada
	// jwt.verified  ada
	// t1 <nil>
}

// A refresh token works once. Whoever comes second, later, ends the session of
// both.
func ExampleIssuer_Refresh() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	i := exampleIssuer(g)
	ctx, owner, thief := context.Background(), guard.Meta{UserAgent: "browser"}, guard.Meta{UserAgent: "curl"}

	first, _ := i.Issue(ctx, guard.Grant{Subject: "ada", Meta: owner})
	second, _ := i.Refresh(ctx, first.Refresh.Reveal(), owner)
	_, err := i.Refresh(ctx, first.Refresh.Reveal(), thief)
	fmt.Println(err)
	_, err = g.Check(ctx, second.Access.Reveal(), owner)
	fmt.Println(err)
	// Output:
	// jwt.issued  ada
	// jwt.refresh_ok  ada
	// jwt.refresh_reuse refresh_reuse ada
	// jwt.family_revoked refresh_reuse ada
	// token refused: refresh_reuse
	// jwt.revoked_use family_revoked ada
	// token refused: family_revoked
}

func ExampleIssuer_Revoke() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	i := exampleIssuer(g)
	pair, _ := i.Issue(context.Background(), guard.Grant{Subject: "ada"})
	err := i.Revoke(context.Background(), guard.Revocation{JTI: pair.TokenID, Reason: "lost phone", Actor: "helpdesk"})
	fmt.Println(err, send(g.Verify(http.NotFoundHandler()), pair.Access.Reveal()))
	// Output:
	// jwt.issued  ada
	// jwt.revoked
	// jwt.revoked_use revoked ada
	// <nil> 401
}

func ExampleMuxRoute() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", http.NotFound)
	route := guard.MuxRoute(mux) // for Config.Route; with chi, chi.Routes.Find does the same
	fmt.Println(route(httptest.NewRequest("GET", "/orders/7", nil)))
	// Output: GET /orders/{id}
}

func ExampleOneOf() {
	extract := guard.OneOf(guard.Bearer, guard.Cookie("session")) // for Config.Extract
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: "from the cookie"})
	r.Header.Set("Authorization", "Bearer from-the-header")
	_, _, err := extract(r)
	fmt.Println(err)
	// Output: token refused: multiple_tokens
}
