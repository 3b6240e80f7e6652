package guard_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/jotsight/jotsight/guard"
)

// call posts a form to an endpoint, as a client would.
func call(h http.Handler, form url.Values, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "https://login.example/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, edit := range edits {
		edit(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func exampleClients() *guard.Clients {
	clients, err := guard.NewClients(guard.ClientsConfig{Clients: []guard.Client{
		// In a real service: guard.HashSecret(os.Getenv("ORDERS_SECRET")), or the hash itself.
		{ID: "orders-api", Secrets: []guard.SecretHash{guard.HashSecret("q8Jv0eXwT2mZk5rYb1NcUd")}},
		{ID: "app", Public: true},
	}})
	if err != nil {
		log.Fatal(err)
	}
	return clients
}

func ExampleNewClients() {
	_, err := guard.NewClients(guard.ClientsConfig{Clients: []guard.Client{
		{ID: "orders-api", Secrets: []guard.SecretHash{guard.HashSecret("hunter2")}},
		{ID: "app"},
	}})
	fmt.Println(err)
	// Output:
	// guard: clients: client "orders-api": Secrets[0]: 7 characters; at least 22 are needed
	// client "app": Secrets: empty; give it a secret, Keys or Certificates, or say that it is Public
}

func ExampleHashSecret() {
	fmt.Println(guard.HashSecret("q8Jv0eXwT2mZk5rYb1NcUd")) // may stand in a configuration file
	// Output: sha256:RnnA0LPLyG-zHxIjIfxZXZz9oDxHSL7tWNoRO_xR6Fk
}

func ExampleClients_Authenticate() {
	clients := exampleClients()
	r := httptest.NewRequest("POST", "/token", nil)
	r.SetBasicAuth("orders-api", "q8Jv0eXwT2mZk5rYb1NcUd")
	fmt.Println(clients.Authenticate(r))

	r = httptest.NewRequest("POST", "/token", strings.NewReader("client_id=app"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err := clients.Authenticate(r)
	fmt.Println(err)
	fmt.Println(clients.Identify(r)) // takes the word of a public client
	// Output:
	// orders-api <nil>
	// client refused: the client shows nothing
	// app <nil>
}

// A resource server asks how a token stands, now.
func ExampleIssuer_IntrospectionHandler() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	i := exampleIssuer(g)
	introspect := i.IntrospectionHandler(exampleClients().Authenticate)
	pair, _ := i.Issue(context.Background(), guard.Grant{Subject: "ada", ClientID: "app", NoRefresh: true})

	ask := func(secret string) *httptest.ResponseRecorder {
		return call(introspect, url.Values{"token": {pair.Access.Reveal()}}, func(r *http.Request) { r.SetBasicAuth("orders-api", secret) })
	}
	fmt.Println(ask("a guess").Code)
	fmt.Println(strings.HasPrefix(ask("q8Jv0eXwT2mZk5rYb1NcUd").Body.String(), `{"active":true,"client_id":"app",`))
	i.Revoke(context.Background(), guard.Revocation{JTI: pair.TokenID, Reason: "lost phone", Actor: "helpdesk"})
	fmt.Print(ask("q8Jv0eXwT2mZk5rYb1NcUd").Body)
	// Output:
	// jwt.issued  ada
	// jwt.introspected binding_mismatch
	// 401
	// jwt.introspected  ada
	// true
	// jwt.revoked
	// jwt.introspected revoked ada
	// {"active":false}
}

func ExampleIssuer_Introspect() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	i := exampleIssuer(g)
	ctx, me := context.Background(), guard.Meta{ClientID: "app", Actor: "app"}
	pair, _ := i.Issue(ctx, guard.Grant{Subject: "ada", ClientID: "app"})

	in, err := i.Introspect(ctx, pair.Refresh.Reveal(), me)
	fmt.Println(in.Active, in.Subject, err)
	// Somebody uses it in place of an access token, and the resource server asks.
	in, err = i.Introspect(ctx, pair.Refresh.Reveal(), guard.Meta{ClientID: "orders-api", Actor: "orders-api"})
	fmt.Println(in.Active, in.Subject, err)
	// Output:
	// jwt.issued  ada
	// jwt.introspected  ada
	// true ada <nil>
	// jwt.introspected binding_mismatch ada
	// false  <nil>
}

// A client revokes what is its own, and nothing else.
func ExampleIssuer_RevocationHandler() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	i := exampleIssuer(g)
	revoke := i.RevocationHandler(exampleClients().Identify)
	pair, _ := i.Issue(context.Background(), guard.Grant{Subject: "ada", ClientID: "app"})

	form := url.Values{"token": {pair.Refresh.Reveal()}}
	w := call(revoke, form, func(r *http.Request) { r.SetBasicAuth("orders-api", "q8Jv0eXwT2mZk5rYb1NcUd") })
	fmt.Print(w.Code, " ", w.Body)
	form.Set("client_id", "app")
	fmt.Println(call(revoke, form).Code)
	// Output:
	// jwt.issued  ada
	// jwt.revocation_failed binding_mismatch ada
	// 400 {"error":"invalid_grant"}
	// jwt.revoked  ada
	// 200
}

func ExampleIssuer_RefreshHandler() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	i, err := guard.NewIssuer(guard.IssuerConfig{
		Guard: g, Key: guard.Key{Material: "a secret of thirty-two bytes or more"}, Clients: exampleClients().Identify,
	})
	if err != nil {
		log.Fatal(err)
	}
	pair, _ := i.Issue(context.Background(), guard.Grant{Subject: "ada", ClientID: "app", Scope: []string{"orders:read", "orders:write"}})

	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "refresh_token": {pair.Refresh.Reveal()}}
	form.Set("scope", "admin")
	fmt.Print(call(i.RefreshHandler(), form).Body)
	form.Set("scope", "orders:read")
	fmt.Println(strings.Contains(call(i.RefreshHandler(), form).Body.String(), `"scope":"orders:read"`))
	// Output:
	// jwt.issued  ada
	// jwt.refresh_failed scope_insufficient ada
	// {"error":"invalid_scope"}
	// jwt.refresh_ok  ada
	// true
}

// A browser app never sees its refresh token.
func ExampleIssuer_RespondCookie() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	i, err := guard.NewIssuer(guard.IssuerConfig{
		Guard: g, Key: guard.Key{Material: "a secret of thirty-two bytes or more"}, Cookie: &guard.RefreshCookie{},
	})
	if err != nil {
		log.Fatal(err)
	}
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// … once the user has shown who he is:
		m := g.Meta(r)
		m.Actor = "ada"
		pair, err := i.Issue(r.Context(), guard.Grant{Subject: "ada", Meta: m})
		if err != nil {
			i.RespondError(w, err, "invalid_request")
			return
		}
		i.RespondCookie(w, pair)
	})
	w := call(login, nil)
	cookie := w.Result().Cookies()[0]
	fmt.Println(cookie.Name, cookie.HttpOnly, cookie.Secure, strings.Contains(w.Body.String(), "refresh_token"))

	w = call(i.RefreshHandler(), nil, func(r *http.Request) { r.AddCookie(cookie) })
	fmt.Println(w.Code, w.Result().Cookies()[0].Value != cookie.Value)
	w = call(i.RefreshHandler(), nil, func(r *http.Request) { r.AddCookie(cookie); r.Header.Set("Sec-Fetch-Site", "cross-site") })
	fmt.Println(w.Code)
	w = call(i.LogoutHandler(), nil, func(r *http.Request) { r.AddCookie(cookie) })
	fmt.Println(w.Code, w.Result().Cookies()[0].MaxAge < 0)
	// Output:
	// jwt.issued  ada
	// __Host-refresh true true false
	// jwt.refresh_ok  ada
	// 200 true
	// jwt.refresh_failed binding_mismatch
	// 403
	// jwt.revoked  ada
	// jwt.logout  ada
	// 204 true
}
