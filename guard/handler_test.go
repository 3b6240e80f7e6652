package guard_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

func bodyOf(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

func as(id, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(id, secret) }
}

// A confidential client shows that it is the one; the refresh token alone is not
// enough (RFC 6749 section 6).
func TestRefreshByClient(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, func(c *guard.IssuerConfig) { c.Clients = testClients(t, b).Identify })
	h := i.RefreshHandler()
	p := issue(t, i)
	app, err := i.Issue(t.Context(), guard.Grant{Subject: "u", ClientID: "spa"})
	if err != nil {
		t.Fatal(err)
	}
	raw := "refresh_token=" + p.Refresh.Reveal()
	for _, test := range []struct {
		name, body string
		edit       func(*http.Request)
		status     int
		code       string // of the error
		events     string
	}{
		{"no client", raw, nil, 401, "invalid_client", "refresh_failed:missing"},
		{"its name alone", raw + "&client_id=web", nil, 401, "invalid_client", "refresh_failed:missing"},
		{"wrong secret", raw, as("web", "wrong"), 401, "invalid_client", "refresh_failed:binding_mismatch"},
		{"another client", raw, as("orders-api", ordersSecret), 400, "invalid_grant", "refresh_failed:binding_mismatch"},
		{"two ways at once", raw + "&client_id=web&client_secret=x", as("web", "web-"+ordersSecret), 400, "invalid_request", "refresh_failed:multiple_tokens"},
		{"secret in the URL", raw, func(r *http.Request) { r.URL.RawQuery = "client_id=web&client_secret=x" }, 400, "invalid_request", "refresh_failed:token_in_query"},
		{"another grant", "grant_type=password", as("web", "web-"+ordersSecret), 400, "unsupported_grant_type", "refresh_failed:bad_claim"},
		{"a body that is none", "%zz", nil, 400, "invalid_request", "refresh_failed:malformed"},
		{"its client", raw, as("web", "web-"+ordersSecret), 200, "", "refresh_ok"},
		{"a public client by name", "refresh_token=" + app.Refresh.Reveal() + "&client_id=spa", nil, 200, "", "refresh_ok"},
	} {
		b.memo.take()
		edit := test.edit
		if edit == nil {
			edit = func(*http.Request) {}
		}
		w := post(h, test.body, edit)
		if got := read(t, w).Error; w.Code != test.status || got != test.code {
			t.Errorf("%s: %d %s, want %d %q", test.name, w.Code, w.Body, test.status, test.code)
		}
		if (w.Code == 401) != strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s: challenge %q (RFC 6749 section 5.2)", test.name, w.Header().Get("WWW-Authenticate"))
		}
		list := b.memo.take()
		if got := brief(list); got != test.events {
			t.Errorf("%s: events %q, want %q", test.name, got, test.events)
		}
		if test.status == 200 && list[0].Actor == "" {
			t.Errorf("%s: no actor", test.name)
		}
	}
}

// A ClientAuth of the user's own may say what kind of trouble it has.
func TestOwnClientAuth(t *testing.T) {
	b := newBench(t, nil)
	for _, test := range []struct {
		name   string
		auth   guard.ClientAuth
		status int
		events string
	}{
		{"an error", func(*http.Request) (string, error) { return "x", errors.New("hunter2") }, 401, "revocation_failed:binding_mismatch"},
		{"nobody", func(*http.Request) (string, error) { return "", nil }, 401, "revocation_failed:binding_mismatch"},
		{"a reason", func(*http.Request) (string, error) { return "", guard.Refuse(event.ReasonExpired) }, 401, "revocation_failed:expired"},
		{"its database is down", func(*http.Request) (string, error) { return "", guard.Refuse(event.ReasonStoreUnavailable) }, 503, "revocation_failed:store_unavailable"},
		{"the form", func(r *http.Request) (string, error) { return r.FormValue("client_id"), nil }, 200, "revocation_failed:malformed"},
	} {
		b.memo.take()
		h := newIssuer(t, b, nil).RevocationHandler(test.auth)
		if w := post(h, "token=garbage&client_id=me", func(r *http.Request) { r.URL.RawQuery = "client_id=url" }); w.Code != test.status {
			t.Errorf("%s: %d %s", test.name, w.Code, w.Body)
		}
		list := b.memo.take()
		if got := brief(list); got != test.events {
			t.Errorf("%s: events %q, want %q", test.name, got, test.events)
		}
		for _, e := range list {
			if strings.Contains(e.Detail, "hunter2") || test.status == 200 && e.Actor != "me" {
				t.Errorf("%s: %+v", test.name, e)
			}
		}
	}
}

func TestRevocationHandler(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Issuers = append(c.Issuers, "https://other.example") })
	i := newIssuer(t, b, nil)
	h := i.RevocationHandler(testClients(t, b).Identify)
	web, orders, spa := as("web", "web-"+ordersSecret), as("orders-api", ordersSecret), func(*http.Request) {}
	nobodys := func() guard.Pair {
		p, err := i.Issue(t.Context(), guard.Grant{Subject: "u"})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p, q := issue(t, i), issue(t, i)
	own, err := i.Issue(t.Context(), guard.Grant{Subject: "u", ClientID: "spa"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, token string
		extra       string
		edit        func(*http.Request)
		status      int
		want        string // the error code
		events      string
	}{
		{"access, of another client", p.Access.Reveal(), "", orders, 400, "invalid_grant", "revocation_failed:binding_mismatch"},
		{"refresh, of another client", p.Refresh.Reveal(), "", orders, 400, "invalid_grant", "revocation_failed:binding_mismatch"},
		{"refresh, of another client, wrong hint", p.Refresh.Reveal(), "&token_type_hint=access_token", orders, 400, "invalid_grant", "revocation_failed:binding_mismatch"},
		{"access, its own", p.Access.Reveal(), "&token_type_hint=refresh_token", web, 200, "", "revoked"},
		{"access, again", p.Access.Reveal(), "", web, 200, "", "revoked"},
		{"refresh, its own", q.Refresh.Reveal(), "&token_type_hint=what", web, 200, "", "revoked"},
		{"a public client's", own.Refresh.Reveal(), "&client_id=spa", spa, 200, "", "revoked"},
		{"nobody's access", nobodys().Access.Reveal(), "", orders, 200, "", "revoked"},
		{"nobody's refresh", nobodys().Refresh.Reveal(), "", orders, 200, "", "revoked"},
		{"garbage", "garbage", "", web, 200, "", "revocation_failed:malformed"},
		{"forged", p.Access.Reveal()[:len(p.Access.Reveal())-4] + "AAAA", "", web, 200, "", "revocation_failed:bad_signature"},
		{"forged refresh", "A" + p.Refresh.Reveal()[1:], "", web, 200, "", "revocation_failed:bad_signature"},
		{"expired", b.token(t, func(c jwt.MapClaims) { c["exp"] = 1 }), "", web, 200, "", "revocation_failed:expired"},
		{"of another issuer", b.token(t, func(c jwt.MapClaims) { c["iss"] = "https://other.example" }), "", web, 200, "", "revocation_failed:bad_issuer"},
		{"an id token", b.token(t, func(c jwt.MapClaims) { c["token_use"] = "id" }), "", web, 400, "unsupported_token_type", "revocation_failed:cross_token_use"},
		{"nothing", "", "", web, 400, "invalid_request", "revocation_failed:missing"},
	} {
		b.memo.take()
		w := post(h, "token="+test.token+test.extra, test.edit)
		if w.Code != test.status || test.want == "" && w.Body.Len() != 0 || test.want != "" && read(t, w).Error != test.want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q, want %d %q", test.name, w.Code, w.Body, test.status, test.want)
		}
		list := b.memo.take()
		if brief(list) != test.events {
			t.Errorf("%s: events %q, want %q", test.name, brief(list), test.events)
			continue
		}
		if e := list[0]; e.Actor == "" || e.Kind == event.Revoked && (e.UserID == "" || e.RevocationActor == "" || e.RevocationReason == "") ||
			e.Kind == event.RevocationFailed && (e.Outcome != event.Failure || e.Severity != e.Reason.Severity()) {
			t.Errorf("%s: %+v", test.name, e)
		}
	}
	if _, err := b.Check(t.Context(), q.Access.Reveal(), owner); reasonOf(err) != event.ReasonFamilyRevoked {
		t.Errorf("the access token of a revoked refresh token: %v", err)
	}
	// A Store that cannot be read cannot say whose a refresh token is: whoever
	// holds it may end it.
	b = newBench(t, nil)
	unread := newIssuer(t, b, func(c *guard.IssuerConfig) { c.Store = blind{b.store} })
	if w := post(unread.RevocationHandler(testClients(t, b).Authenticate), "token="+issue(t, unread).Refresh.Reveal(), orders); w.Code != 200 {
		t.Errorf("without a FamilyReader: %d %s", w.Code, w.Body)
	}
}

// The access token may be asked for with less scope, never with more, and the
// refresh token keeps what was granted (RFC 6749 section 6).
func TestRefreshScope(t *testing.T) {
	for _, readable := range []bool{true, false} {
		b := newBench(t, nil)
		i := newIssuer(t, b, func(c *guard.IssuerConfig) {
			if !readable {
				c.Store = blind{b.store}
			}
		})
		p := issue(t, i)
		next, err := i.Refresh(t.Context(), p.Refresh.Reveal(), web, "orders:read", "orders:read")
		if err != nil {
			t.Fatal(err)
		}
		tok, err := b.Check(t.Context(), next.Access.Reveal(), web)
		if err != nil || strings.Join(tok.Scopes(), " ") != "orders:read" || strings.Join(next.Scope, " ") != "orders:read" {
			t.Fatalf("narrowed: %v, %v, %v", tok.Scopes(), next.Scope, err)
		}
		b.clock.add(time.Minute)
		next, err = i.Refresh(t.Context(), next.Refresh.Reveal(), web)
		if err != nil || len(next.Scope) != 2 {
			t.Fatalf("without a wish: %v, %v; want what was granted", next.Scope, err)
		}
		b.memo.take()
		b.clock.add(time.Minute)
		_, err = i.Refresh(t.Context(), next.Refresh.Reveal(), web, "orders:read", "admin")
		if reasonOf(err) != event.ReasonScopeInsufficient {
			t.Errorf("more than was granted: %v", err)
		}
		e := b.memo.one(t)
		if e.Kind != event.RefreshFailed || strings.Join(e.ScopeRequired, " ") != "orders:read admin" || e.UserID != "user-4711" || e.Family == "" {
			t.Errorf("event %+v", e)
		}
		// The client may go on: at once, or where nobody could look before, as after
		// a lost answer.
		if readable {
			b.clock.add(time.Hour)
		}
		if _, err := i.Refresh(t.Context(), next.Refresh.Reveal(), web); err != nil {
			t.Errorf("readable %v: the refresh token afterwards: %v", readable, err)
		}
		// What else is wrong comes first: a thief does not go unseen for asking too much.
		b.clock.add(time.Hour)
		if _, err := i.Refresh(t.Context(), p.Refresh.Reveal(), web, "admin"); reasonOf(err) != event.ReasonRefreshReuse {
			t.Errorf("readable %v: a rotated token that asks for more: %v", readable, err)
		}
	}
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	if w := post(i.RefreshHandler(), "client_id=web&scope=admin&refresh_token="+issue(t, i).Refresh.Reveal()); w.Code != 400 || read(t, w).Error != "invalid_scope" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Both lifetimes hold to the nanosecond, and the event says which it was.
func TestLifetimes(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		name   string
		steps  []time.Duration // after each there is a refresh; all but the last are good
		detail string          // of the last; empty for a good one
	}{
		{"idle, in time", []time.Duration{7 * day}, ""},
		{"idle", []time.Duration{7*day + 1}, "IdleLifetime"},
		{"idle after a refresh, in time", []time.Duration{day, 7 * day}, ""},
		{"idle after a refresh", []time.Duration{day, 7*day + 1}, "IdleLifetime"},
		{"old, in time", []time.Duration{7 * day, 7 * day, 7 * day, 7 * day, 2*day - 1}, ""},
		{"old", []time.Duration{7 * day, 7 * day, 7 * day, 7 * day, 2 * day}, "RefreshLifetime"},
	} {
		b := newBench(t, nil)
		i := newIssuer(t, b, nil)
		p := issue(t, i)
		for n, after := range test.steps {
			b.clock.add(after)
			b.memo.take()
			next, err := i.Refresh(t.Context(), p.Refresh.Reveal(), web)
			e := b.memo.one(t)
			last := n == len(test.steps)-1
			switch {
			case !last || test.detail == "":
				if err != nil {
					t.Errorf("%s, step %d: %v", test.name, n, err)
				}
			case e.Kind != event.RefreshFailed || e.Reason != event.ReasonExpired || !strings.Contains(e.Detail, test.detail):
				t.Errorf("%s: %v %v %q, want expired by %s", test.name, e.Kind, e.Reason, e.Detail, test.detail)
			}
			p = next
		}
	}
}
