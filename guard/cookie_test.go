package guard_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// A browser keeps the cookies that it is sent, and sends Sec-Fetch-Site.
type browser struct {
	jar  map[string]string
	site string // Sec-Fetch-Site
}

func (b *browser) post(h http.Handler, body string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	w := post(h, body, append([]func(*http.Request){func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", b.site)
		for name, value := range b.jar {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}}, edits...)...)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
		} else {
			b.jar[c.Name] = c.Value
		}
	}
	return w
}

// answer is what a token endpoint says.
type answer struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Scope   string `json:"scope"`
	Error   string `json:"error"`
}

func read(t *testing.T, w *httptest.ResponseRecorder) (a answer) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return a
}

// The life of a session in a browser, from login to logout.
func TestRefreshCookie(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, func(c *guard.IssuerConfig) {
		c.Cookie = &guard.RefreshCookie{ClientID: "spa"}
		c.Clients = testClients(t, b).Authenticate
	})
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := i.Issue(r.Context(), guard.Grant{Subject: "user-4711", ClientID: "spa", Scope: []string{"orders:read", "orders:write"}})
		if err != nil || i.RespondCookie(w, p) != nil {
			t.Error(err)
		}
	})
	refresh, logout := i.RefreshHandler(), i.LogoutHandler()
	u := &browser{jar: map[string]string{}, site: "same-origin"}
	w := u.post(login, "")
	first := u.jar["__Host-refresh"]
	want := "__Host-refresh=" + first + "; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Strict"
	if got := w.Header().Values("Set-Cookie"); len(got) != 1 || got[0] != want || first == "" {
		t.Errorf("Set-Cookie %q, want %q", got, want)
	}
	if a := read(t, w); a.Access == "" || a.Refresh != "" || strings.Contains(w.Body.String(), first) || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("login: %s %v", w.Body, w.Header())
	}
	b.memo.take()

	b.clock.add(time.Minute)
	w = u.post(refresh, "client_id=orders-api") // names somebody else: the cookie's client is fixed
	if a := read(t, w); w.Code != 200 || a.Access == "" || a.Refresh != "" || u.jar["__Host-refresh"] == first {
		t.Errorf("refresh: %d %s", w.Code, w.Body)
	}
	if e := b.memo.one(t); e.Kind != event.RefreshOK || e.Source != event.Cookie || e.ClientID != "spa" {
		t.Errorf("event %+v", e)
	}

	// Another site makes the browser refresh. It stays logged in, and its address
	// is not charged for it.
	kept := u.jar["__Host-refresh"]
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "", "Origin": "https://evil.example"}} {
		for _, h := range []http.Handler{refresh, logout} {
			w := u.post(h, "", func(r *http.Request) {
				for k, v := range header {
					r.Header.Set(k, v)
				}
				if header["Sec-Fetch-Site"] == "" {
					r.Header.Del("Sec-Fetch-Site")
				}
			})
			if w.Code != 403 || u.jar["__Host-refresh"] != kept || len(w.Result().Cookies()) != 0 {
				t.Errorf("%v: %d %s", header, w.Code, w.Body)
			}
			if e := b.memo.one(t); e.Reason != event.ReasonBindingMismatch || e.Source != event.Cookie || !strings.Contains(e.Detail, "origin") || e.Outcome != event.Failure {
				t.Errorf("%v: event %+v", header, e)
			}
		}
	}
	// A subdomain plants a second one, or the body brings one besides.
	for name, edit := range map[string]func(*http.Request){
		"two cookies": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-refresh", Value: "planted"}) },
		"cookie and body": func(r *http.Request) {
			r.Body = http.NoBody
			r.Body = bodyOf("refresh_token=" + kept)
		},
	} {
		if w := u.post(refresh, "", edit); w.Code != 400 || read(t, w).Error != "invalid_request" || u.jar["__Host-refresh"] != kept {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if e := b.memo.one(t); e.Kind != event.RefreshFailed || e.Reason != event.ReasonMultipleTokens {
			t.Errorf("%s: event %+v", name, e)
		}
	}
	if w := u.post(refresh, "scope=orders:read"); w.Code != 200 || read(t, w).Scope != "orders:read" {
		t.Errorf("narrowed: %d %s", w.Code, w.Body)
	}
	if w := u.post(refresh, "scope=admin"); w.Code != 400 || read(t, w).Error != "invalid_scope" || u.jar["__Host-refresh"] == "" {
		t.Errorf("widened: %d %s", w.Code, w.Body)
	}
	b.memo.take()

	// Logout needs no access token, and clears the cookie.
	last := u.jar["__Host-refresh"]
	w = u.post(logout, "")
	if w.Code != 204 || len(u.jar) != 0 {
		t.Errorf("logout: %d %s, jar %v", w.Code, w.Body, u.jar)
	}
	list := b.memo.take()
	if brief(list) != "revoked logout" || list[0].UserID != "user-4711" || list[0].RevocationActor != "user-4711" || list[1].Family == "" || list[1].Source != event.Cookie {
		t.Errorf("events %q, %+v", brief(list), list)
	}
	u.jar["__Host-refresh"] = last
	if w := u.post(refresh, ""); w.Code != 400 || read(t, w).Error != "invalid_grant" || len(u.jar) != 0 {
		t.Errorf("refresh after logout: %d %s; the cookie is of no more use: %v", w.Code, w.Body, u.jar)
	}
	u.jar["__Host-refresh"] = "garbage"
	if w := u.post(logout, ""); w.Code != 400 || len(u.jar) != 0 {
		t.Errorf("logout with garbage: %d %s, %v", w.Code, w.Body, u.jar)
	}
	if w := u.post(logout, "", func(r *http.Request) {
		r.Method = "GET"
		r.AddCookie(&http.Cookie{Name: "__Host-refresh", Value: last})
	}); w.Code != 405 {
		t.Errorf("logout by GET: %d", w.Code)
	}
	if w := u.post(logout, ""); w.Code != 401 {
		t.Errorf("logout with nothing: %d", w.Code)
	}
}

// The refresh token of a client with a secret is worth nothing in a cookie: there
// nobody asks for the secret.
func TestCookieIsNoWayRoundAuthentication(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, func(c *guard.IssuerConfig) {
		c.Cookie = &guard.RefreshCookie{ClientID: "spa"}
		c.Clients = testClients(t, b).Authenticate
	})
	p := issue(t, i) // to the client web, which has a secret
	b.memo.take()
	u := &browser{jar: map[string]string{"__Host-refresh": p.Refresh.Reveal()}, site: "same-origin"}
	if w := u.post(i.RefreshHandler(), "client_id=web"); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if e := b.memo.one(t); e.Reason != event.ReasonBindingMismatch {
		t.Errorf("event %+v", e)
	}
	if err := i.RespondCookie(httptest.NewRecorder(), p); err == nil || !strings.Contains(err.Error(), `"web"`) {
		t.Errorf("a pair of another client in the cookie: %v", err)
	}
	w := post(i.RefreshHandler(), "refresh_token="+p.Refresh.Reveal(), func(r *http.Request) { r.SetBasicAuth("web", "web-"+ordersSecret) })
	if a := read(t, w); w.Code != 200 || a.Refresh == "" || len(w.Result().Cookies()) != 0 {
		t.Errorf("with the secret: %d %s", w.Code, w.Body)
	}
}

// What is only out of order for a while must not log anybody out.
func TestCookieOutage(t *testing.T) {
	b := newBench(t, nil)
	p, err := newIssuer(t, b, nil).Issue(t.Context(), guard.Grant{Subject: "u"})
	if err != nil {
		t.Fatal(err)
	}
	down := newIssuer(t, b, func(c *guard.IssuerConfig) { c.Cookie, c.Store = &guard.RefreshCookie{}, downReader{} })
	b.memo.take()
	for name, h := range map[string]http.Handler{"refresh": down.RefreshHandler(), "logout": down.LogoutHandler()} {
		u := &browser{jar: map[string]string{"__Host-refresh": p.Refresh.Reveal()}, site: "same-origin"}
		if w := u.post(h, ""); w.Code != 503 || u.jar["__Host-refresh"] == "" || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d, jar %v", name, w.Code, u.jar)
		}
		if e := b.memo.one(t); e.Reason != event.ReasonStoreUnavailable {
			t.Errorf("%s: event %+v", name, e)
		}
	}
}

func TestCookieConfig(t *testing.T) {
	b := newBench(t, nil)
	for _, test := range []struct {
		c    guard.RefreshCookie
		want string // in the Set-Cookie header, or in the error
	}{
		{guard.RefreshCookie{}, "__Host-refresh="},
		{guard.RefreshCookie{Path: "/auth"}, "__Secure-refresh="},
		{guard.RefreshCookie{Path: "/auth"}, "; Path=/auth; "},
		{guard.RefreshCookie{Name: "__Secure-rt"}, "__Secure-rt="},
		{guard.RefreshCookie{Name: "rt"}, `Cookie.Name: "rt" begins neither`},
		{guard.RefreshCookie{Name: "__Host-rt", Path: "/auth"}, `Cookie.Path: "/auth" does not go with`},
		{guard.RefreshCookie{Name: "__Host-r t"}, "Cookie: http: invalid Cookie.Name"},
		{guard.RefreshCookie{Path: "auth"}, `Cookie.Path: "auth" does not begin with a slash`},
		{guard.RefreshCookie{Path: "/a;b"}, "Cookie: http: invalid byte ';' in Cookie.Path"},
		{guard.RefreshCookie{Origins: []string{"app.example"}}, "Cookie.Origins: "},
	} {
		i, err := guard.NewIssuer(guard.IssuerConfig{Guard: b.Guard, Key: guard.Key{ID: "k1", Material: secret}, Cookie: &test.c})
		if err != nil {
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%+v: %v, want %q", test.c, err, test.want)
			}
			continue
		}
		p, err := i.Issue(t.Context(), guard.Grant{Subject: "u"})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		if err := i.RespondCookie(w, p); err != nil || !strings.Contains(w.Header().Get("Set-Cookie"), test.want) {
			t.Errorf("%+v: %v, %q, want %q", test.c, err, w.Header().Get("Set-Cookie"), test.want)
		}
	}
	plain := newIssuer(t, b, nil)
	if err := plain.RespondCookie(httptest.NewRecorder(), issue(t, plain)); err == nil {
		t.Error("RespondCookie without IssuerConfig.Cookie: no error")
	}
	trusting := newIssuer(t, b, func(c *guard.IssuerConfig) {
		c.Cookie = &guard.RefreshCookie{ClientID: "web", Origins: []string{"https://app.example"}}
	})
	u := &browser{jar: map[string]string{"__Host-refresh": issue(t, trusting).Refresh.Reveal()}, site: "same-site"}
	if w := u.post(trusting.RefreshHandler(), "", func(r *http.Request) { r.Header.Set("Origin", "https://app.example") }); w.Code != 200 {
		t.Errorf("a trusted origin: %d %s", w.Code, w.Body)
	}
	// The cookie does not outlive the family.
	short := newIssuer(t, b, func(c *guard.IssuerConfig) {
		c.Cookie, c.RefreshLifetime = &guard.RefreshCookie{ClientID: "web"}, time.Hour
	})
	w := httptest.NewRecorder()
	if short.RespondCookie(w, issue(t, short)); !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=3600;") {
		t.Errorf("%q", w.Header().Get("Set-Cookie"))
	}
}
