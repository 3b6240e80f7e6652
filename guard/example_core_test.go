package guard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// route answers with what a rule makes of a token with the scope orders:read and
// the claim tenant.
func route(rules ...guard.Rule) int {
	g := exampleGuard(nil)
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{
		Subject: "ada", Scope: []string{"orders:read"}, Extra: map[string]any{"tenant": "t1", "roles": []string{"clerk", "auditor"}},
	})
	return send(g.Require(rules...)(answerOK), pair.Access.Reveal())
}

func ExampleScope() {
	fmt.Println(route(guard.Scope("orders:read")), route(guard.Scope("orders:read", "orders:write")))
	// Output: 200 403
}

func ExampleAnyScope() {
	fmt.Println(route(guard.AnyScope("orders:read", "orders:write")), route(guard.AnyScope("stock:read")))
	// Output: 200 403
}

func ExampleType() {
	fmt.Println(route(guard.Type("at+jwt")), route(guard.Type("JWT")))
	// Output: 200 403
}

func ExampleClaim() {
	fmt.Println(route(guard.Claim("tenant", "t1")), route(guard.Claim("roles", "auditor")), route(guard.Claim("tenant", "t2")))
	// Output: 200 200 403
}

func ExampleMust() {
	office := guard.Must("office hours", func(t *guard.Token) bool { return t.HasScope("orders:read") && t.Subject() != "" })
	fmt.Println(route(office))
	// Output: 200
}

func ExampleFromContext() {
	g := exampleGuard(nil)
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada"})
	send(g.Optional(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if t, ok := guard.FromContext(r.Context()); ok {
			fmt.Println(t.Subject())
		}
	})), pair.Access.Reveal())
	// Output: ada
}

// What a token says is read through methods; it cannot be changed, and it does
// not print.
func ExampleToken() {
	g := exampleGuard(nil)
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada", ClientID: "web", Scope: []string{"orders:read", "orders:write"}})
	t, err := g.Check(context.Background(), pair.Access.Reveal(), guard.Meta{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Subject(), t.ClientID(), t.Issuer(), t.Audience(), t.Scopes(), t.HasScope("orders:read"))
	fmt.Println(t.Type(), t.Algorithm(), t.KeyID() == "", t.ID() == pair.TokenID, t.SessionID() == pair.Session)
	fmt.Println(t.Expires().Equal(pair.Expires), t.IssuedAt().Add(15*time.Minute).Equal(t.Expires()), t.NotBefore().IsZero())
	fmt.Println(t)
	// Output:
	// ada web https://login.example [orders] [orders:read orders:write] true
	// at+jwt HS256 true true true
	// true true true
	// [token]
}

func ExampleToken_Decode() {
	g := exampleGuard(nil)
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada", Extra: map[string]any{"tenant": "t1"}})
	t, _ := g.Check(context.Background(), pair.Access.Reveal(), guard.Meta{})
	var c struct {
		jwt.RegisteredClaims
		Tenant string `json:"tenant"`
	}
	fmt.Println(t.Decode(&c), c.Subject, c.Tenant)
	// Output: <nil> ada t1
}

// One key may serve without a name; several need the kid of their tokens.
func ExampleStatic() {
	_, err := guard.New(guard.Config{
		Keys: guard.Static(
			guard.Key{ID: "2026-01", Material: []byte("the secret of January, 32 bytes long")},
			guard.Key{ID: "2026-02", Material: []byte("the secret of February, of 32 bytes")},
		),
		Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
	})
	fmt.Println(err)
	// Output: <nil>
}

// A key function of golang-jwt is a source of keys as it stands.
func ExampleKeyfunc() {
	keys := map[string]any{"2026-01": []byte("the secret of January, 32 bytes long")}
	g, err := guard.New(guard.Config{
		Keys: guard.Keyfunc(func(t *jwt.Token) (any, error) {
			if key, ok := keys[fmt.Sprint(t.Header["kid"])]; ok {
				return key, nil
			}
			return nil, errors.New("no such key")
		}),
		Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"}, Events: guard.EventConfig{Sink: printer{}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close(context.Background())
	t := jwt.New(jwt.SigningMethodHS256)
	t.Header["kid"] = "2020-01"
	raw, _ := t.SignedString(keys["2026-01"])
	g.Check(context.Background(), raw, guard.Meta{})
	// Output: jwt.verification_failed unknown_kid
}

func ExampleBearer() {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer abc.def.ghi")
	token, from, err := guard.Bearer(r) // Config.Extract is this unless it is set
	fmt.Println(token, from, err)
	// Output: abc.def.ghi header <nil>
}

func ExampleCookie() {
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: "abc.def.ghi"})
	token, from, err := guard.Cookie("session")(r)
	fmt.Println(token, from, err)
	// Output: abc.def.ghi cookie <nil>
}

func ExampleQuery() {
	token, from, err := guard.Query("ticket")(httptest.NewRequest("GET", "/stream?ticket=abc.def.ghi", nil))
	fmt.Println(token, from, err)
	// Output: abc.def.ghi query <nil>
}

// An extractor of one's own says with Refuse why there is no token.
func ExampleRefuse() {
	extract := func(r *http.Request) (string, event.Source, error) {
		if raw := r.Header.Get("X-Token"); raw != "" {
			return raw, event.Header, nil
		}
		return "", 0, guard.Refuse(event.ReasonMissing)
	}
	_, _, err := extract(httptest.NewRequest("GET", "/", nil))
	fmt.Println(err, errors.Is(err, guard.Refuse(event.ReasonMissing)))
	// Output: token refused: missing true
}

// An answer of one's own may look as it likes, and must not tell the reason.
func ExampleDeny() {
	deny := func(w http.ResponseWriter, r *http.Request, e *guard.Error) {
		w.Header().Set("X-Help", "https://help.example/login")
		guard.Deny(w, r, e)
	}
	w := httptest.NewRecorder()
	deny(w, nil, guard.Refuse(event.ReasonExpired))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	fmt.Print(w.Body)
	// Output:
	// 401 Bearer error="invalid_token"
	// {"type":"about:blank","title":"Unauthorized","status":401}
}

// Meta is for what the service itself does with an Issuer: it says who asked.
func ExampleGuard_Meta() {
	g := exampleGuard(nil)
	defer g.Close(context.Background())
	r := httptest.NewRequest("POST", "/login", nil)
	r.RemoteAddr = "203.0.113.7:4711"
	m := g.Meta(r)
	m.Actor = "ada" // whom the password belonged to
	fmt.Println(m.Address, m.Port, m.Method, m.Path, m.Actor)
	// Output: 203.0.113.7 4711 POST /login ada
}

// Close says that the guard stopped, and writes what is still counted.
func ExampleGuard_Close() {
	var out bytes.Buffer
	g := exampleGuard(guard.JSONSink(&out))
	for range 100 {
		g.Check(context.Background(), "garbage", guard.Meta{})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := g.Close(ctx)
	var refused int64
	for line := range strings.Lines(out.String()) {
		var e event.Event
		if _, err := e.Decode(strings.TrimSuffix(line, "\n")); err == nil && e.Kind == event.VerificationFailed {
			refused += e.Weight()
		}
	}
	fmt.Println(err, refused, strings.Contains(out.String(), "guard_stopped"))
	// Output: <nil> 100 true
}

func ExampleNewIssuer() {
	g := exampleGuard(nil)
	defer g.Close(context.Background())
	_, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{Material: "another secret, of thirty-two bytes"}})
	fmt.Println(err)
	// Output: guard: issuer configuration: Key: the guard refuses what the issuer signs: bad_signature
}

func ExampleIssuer_Issue() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	pair, err := exampleIssuer(g).Issue(context.Background(), guard.Grant{
		Subject: "ada", ClientID: "web", Scope: []string{"orders:read"}, Meta: guard.Meta{Actor: "ada"},
	})
	fmt.Println(err, pair.Access, pair.Refresh, len(pair.Session))
	// Output:
	// jwt.issued  ada
	// <nil> [token] [token] 32
}

func ExamplePair_Respond() {
	g := exampleGuard(nil)
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada", Scope: []string{"orders:read"}})
	w := httptest.NewRecorder()
	pair.Respond(w)
	body := strings.NewReplacer(pair.Access.Reveal(), "…", pair.Refresh.Reveal(), "…").Replace(w.Body.String())
	fmt.Println(w.Header().Get("Cache-Control"))
	fmt.Print(body)
	// Output:
	// no-store
	// {"access_token":"…","token_type":"Bearer","expires_in":900,"refresh_token":"…","scope":"orders:read"}
}

func ExampleIssuer_RevokeToken() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	i := exampleIssuer(g)
	ctx := context.Background()
	pair, _ := i.Issue(ctx, guard.Grant{Subject: "ada"})
	fmt.Println(i.RevokeToken(ctx, pair.Access.Reveal(), "leaked into a log", guard.Meta{Actor: "helpdesk"}))
	_, err := g.Check(ctx, pair.Access.Reveal(), guard.Meta{})
	fmt.Println(err)
	// Output:
	// jwt.issued  ada
	// jwt.revoked  ada
	// <nil>
	// jwt.revoked_use revoked ada
	// token refused: revoked
}

func ExampleIssuer_Logout() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	i := exampleIssuer(g)
	ctx := context.Background()
	pair, _ := i.Issue(ctx, guard.Grant{Subject: "ada"})
	t, _ := g.Check(ctx, pair.Access.Reveal(), guard.Meta{})
	fmt.Println(i.Logout(ctx, t, guard.Meta{}))
	_, err := i.Refresh(ctx, pair.Refresh.Reveal(), guard.Meta{})
	fmt.Println(err)
	// Output:
	// jwt.issued  ada
	// jwt.verified  ada
	// jwt.revoked  ada
	// jwt.logout  ada
	// <nil>
	// jwt.refresh_failed family_revoked ada
	// token refused: family_revoked
}

func ExampleIssuer_LogoutHandler() {
	g := exampleGuard(nil)
	defer g.Close(context.Background())
	i := exampleIssuer(g)
	pair, _ := i.Issue(context.Background(), guard.Grant{Subject: "ada"})
	logout := func() int {
		r := httptest.NewRequest("POST", "/logout", nil)
		r.Header.Set("Authorization", "Bearer "+pair.Access.Reveal())
		w := httptest.NewRecorder()
		i.LogoutHandler().ServeHTTP(w, r)
		return w.Code
	}
	fmt.Println(logout(), logout())
	// Output: 204 401
}

// A token without jti is named by its identity, which does not change with the
// spelling of its signature.
func ExampleTokenIdentity() {
	const raw = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"
	fmt.Println(guard.TokenIdentity(raw))
	fmt.Println(guard.TokenIdentity(raw) == guard.TokenIdentity("eyJhbGciOiJIUzI1NiJ9.e30.AAAA"), guard.TokenIdentity("no token") == "")
	// Output:
	// OXjWiH9ywy-ilhu-qTa10WJzmkr6TnNSxoJnqNZGzso
	// true true
}

func ExampleRevocation_Check() {
	r := guard.Revocation{JTI: "1", Session: "2"}
	fmt.Println(r.Check())
	// Output: revocation: exactly one of Identity, JTI, Session, Subject and KeyID must be set
}

// One store for one process; with several, give them one that they share.
func ExampleNewMemoryStore() {
	s := guard.NewMemoryStore()
	ctx := context.Background()
	fmt.Println(s.Revoke(ctx, guard.Revocation{JTI: "1", Until: time.Now().Add(time.Hour)}))
	list, _, err := s.Changes(ctx, "")
	fmt.Println(len(list), list[0].JTI, err)
	// Output:
	// <nil>
	// 1 1 <nil>
}

// Judge is what a Store calls inside its atomic step.
func ExampleAdvance_Judge() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f := guard.Family{ID: "8f14e45fceea167a5a36dedd4bea2543", Created: now, Expires: now.Add(time.Hour)}
	first := guard.Advance{Family: f.ID, Client: "browser", Grace: 10 * time.Second, Now: now}
	again, late := first, first
	late.Now = now.Add(time.Minute)
	fmt.Println(first.Judge(&f) == guard.Rotated, again.Judge(&f) == guard.Retried, late.Judge(&f) == guard.Reused, f.Revoked)
	// Output: true true true true
}

// Several sinks at once.
func ExampleTee() {
	var lines bytes.Buffer
	file := guard.JSONSink(&lines)
	g := exampleGuard(guard.Tee(printer{}, file))
	g.Check(context.Background(), "garbage", guard.Meta{})
	g.Close(context.Background())
	fmt.Println(strings.Count(lines.String(), `"error.type":"malformed"`))
	// Output:
	// jwt.verification_failed malformed
	// 1
}

// What is buffered is written within a fifth of a second, and at once by Flush.
func ExampleLineSink_Flush() {
	sink := guard.JSONSink(os.Stdout)
	sink.Emit(&event.Event{Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Kind: event.Missing, Severity: event.Info})
	fmt.Println(sink.Flush(context.Background()))
	// Output:
	// {"time":"2026-03-01T12:00:00Z","event":"jwt.missing","severity":9,"schema":"jotsight/1"}
	// <nil>
}

func ExamplePaths() {
	fmt.Println(guard.Paths())
	// Output: [seen unseen refused limited]
}
