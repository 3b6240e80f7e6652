package guard_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
)

// plantAtEndpoints sends client secrets, assertions, refresh cookies and tokens
// to every endpoint of an issuer, in their places and in each other's. It gives
// what was planted, for the hunt of TestNoTokenGetsOut.
func plantAtEndpoints(t *testing.T, b *bench, canary string, note func(...any)) (planted []string) {
	clients := testClients(t, b)
	i := newIssuer(t, b, func(c *guard.IssuerConfig) {
		c.Cookie, c.Clients = &guard.RefreshCookie{ClientID: "spa"}, clients.Identify
	})
	cookie, err := i.Issue(t.Context(), guard.Grant{Subject: "u", ClientID: "spa", Scope: []string{"read"}})
	if err != nil {
		t.Fatal(err)
	}
	p := issue(t, i)
	guess := "guess-" + ordersSecret + "-guess"
	proof := assertion(t, b.clock.Now(), clientKey, nil)
	bad := assertion(t, b.clock.Now(), strangerKey, func(c jwt.MapClaims) { c["jti"] = canary })
	planted = []string{ordersSecret, "web-" + ordersSecret, guess, oldSecret, proof, bad, cookie.Refresh.Reveal(), cookie.Access.Reveal(), p.Access.Reveal(), p.Refresh.Reveal()}
	note(cookie, i.RespondCookie(httptest.NewRecorder(), p))

	endpoints := []http.Handler{i.RefreshHandler(), i.LogoutHandler(), i.RevocationHandler(clients.Identify), i.IntrospectionHandler(clients.Authenticate),
		i.RevocationHandler(func(r *http.Request) (string, error) { return "", errors.New("cannot take " + guess) })}
	for _, h := range endpoints {
		for _, secret := range []string{canary, guess, ordersSecret, oldSecret, proof, bad, cookie.Refresh.Reveal()} {
			q := url.QueryEscape(secret)
			for body, edit := range map[string]func(*http.Request){
				"token=" + q: as("orders-api", q), // each secret as that of a client, as a client, and as a token
				"token=x":    as(q, "x"),
				"client_id=orders-api&token=x&client_secret=" + q:        nil,
				"client_secret=x&token=x&refresh_token=x&client_id=" + q: nil,
				"refresh_token=" + q + "&scope=" + q + "&client_id=spa":  nil,
				"grant_type=" + q: nil,
				"token_type_hint=" + q + "&token=" + q + "&client_id=spa":                   nil,
				assertionIs + q + "&token=" + q:                                             nil,
				"client_assertion_type=" + q + "&client_assertion=" + q + "&client_id=" + q: nil,
				"token=y":       func(r *http.Request) { r.URL.RawQuery = "client_secret=" + q },
				"token=z":       func(r *http.Request) { r.Header.Set("Authorization", "Basic "+secret) },
				"a=%zz" + q:     nil,
				"client_id=spa": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-refresh", Value: q}) },
				"": func(r *http.Request) {
					r.AddCookie(&http.Cookie{Name: "__Host-refresh", Value: cookie.Refresh.Reveal() + "x"})
				},
				"x=y": func(r *http.Request) {
					r.AddCookie(&http.Cookie{Name: "__Host-refresh", Value: cookie.Refresh.Reveal()})
					r.Header.Set("Sec-Fetch-Site", "cross-site")
					r.Header.Set("Origin", "https://"+canary[:40]+".example")
				},
			} {
				if edit == nil {
					edit = func(*http.Request) {}
				}
				w := post(h, body, edit)
				if strings.Contains(w.Body.String(), `"access_token"`) {
					continue // a good answer is where tokens belong
				}
				note(w.Body.String(), w.Header())
			}
		}
	}
	for _, raw := range []string{p.Access.Reveal(), p.Refresh.Reveal(), cookie.Refresh.Reveal(), p.Access.Reveal() + "x", bad, canary[:60], guess} {
		in, err := i.Introspect(t.Context(), raw, guard.Meta{UserAgent: guess + canary, Actor: canary})
		note(in, jsonOf(in), err)
	}
	for n, raw := range []string{"", "short", guess} {
		_, err := guard.NewClients(guard.ClientsConfig{Clients: []guard.Client{{ID: "c", Secrets: []guard.SecretHash{guard.SecretHash(raw), guard.HashSecret(raw)}}}})
		if note(err); err == nil {
			t.Errorf("secret %d is taken as it stands", n)
		}
	}
	note(clients, guard.Client{ID: "c", Secrets: []guard.SecretHash{guard.HashSecret(ordersSecret)}})
	return planted
}
