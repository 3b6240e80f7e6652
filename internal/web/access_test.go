package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// TestEveryAnswerIsSecured walks every route, its errors included, as a stranger
// and as a member.
func TestEveryAnswerIsSecured(t *testing.T) {
	s := newSite(t)
	link := s.SetupURL()
	stranger := s.visitor()
	paths := []string{"GET /", "GET /?kind=nonsense", "GET /login", "POST /login", "GET /setup/wrong", "POST /setup/wrong", "GET " + strings.TrimPrefix(link, s.server.URL),
		"GET /alerts/none", "GET /events/none", "GET /nowhere", "GET /favicon.ico", "GET /assets/none.css", "GET " + must(s.assets.url("app.js")), "GET " + must(s.assets.url("style.css")),
		"GET /fragments/events", "GET /fragments/none", "GET /v1/events", "GET /v1/events?limit=0", "GET /v1/alerts", "GET /v1/scans", "DELETE /login", "HEAD /", "POST /logout"}
	want := map[string]string{
		"Content-Security-Policy":      policy,
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"X-Frame-Options":              "DENY",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	}
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle\s*=|\son[a-z]+\s*=`)
	walk := func(v *visitor, who string) {
		for _, p := range paths {
			method, path, _ := strings.Cut(p, " ")
			for _, site := range []string{"same-origin", "cross-site"} {
				r := v.request(method, path, "")
				r.Header.Set("Sec-Fetch-Site", site)
				res := v.do(r)
				for name, value := range want {
					if got := res.Header.Get(name); got != value {
						t.Errorf("%s, %s from %s (%d): %s is %q", who, p, site, res.StatusCode, name, got)
					}
				}
				text := v.text(res)
				if bad := inline.FindString(text); bad != "" && strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
					t.Errorf("%s, %s: inline %q", who, p, bad)
				}
				cached := strings.HasPrefix(path, "/assets/") || path == "/favicon.ico"
				if got := res.Header.Get("Cache-Control"); !cached && got != "no-store" {
					t.Errorf("%s, %s: Cache-Control %q", who, p, got)
				}
			}
		}
	}
	walk(stranger, "stranger")
	member := s.member()
	walk(member, "member")
	s.history.err = errors.New("disk on fire")
	walk(s.member(), "member, history down")
	if !strings.Contains(s.log.String(), "disk on fire") {
		t.Error("the log does not say why pages failed")
	}
	if got := s.visitor().text(s.member().get("/")); strings.Contains(got, "disk on fire") {
		t.Error("the page says why it failed")
	}
}

// TestStrangersStayOutside holds that nothing behind the login is answered.
func TestStrangersStayOutside(t *testing.T) {
	s := newSite(t)
	s.member()
	s.scene(noon)
	v := s.visitor()
	for path, want := range map[string]string{
		"/":                     "/login",
		"/?kind=jwt.verified":   "/login?next=" + url.QueryEscape("/?kind=jwt.verified"),
		"/alerts/a-reuse":       "/login?next=" + url.QueryEscape("/alerts/a-reuse"),
		"/events/x":             "/login?next=" + url.QueryEscape("/events/x"),
		"/nowhere":              "/login?next=" + url.QueryEscape("/nowhere"),
		"/assets/../alerts/a-1": "/login?next=" + url.QueryEscape("/alerts/a-1"),
	} {
		r := v.get(path)
		if r.StatusCode == http.StatusTemporaryRedirect || r.StatusCode == http.StatusMovedPermanently { // the path is cleaned first
			r = v.get(r.Header.Get("Location"))
		}
		if got := r.Header.Get("Location"); r.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("GET %s: %d to %q, want 303 to %q", path, r.StatusCode, got, want)
		}
	}
	for _, path := range []string{"/fragments/events", "/stream", "/v1/events", "/v1/alerts", "/v1/scans"} {
		r := v.get(path)
		if got := v.text(r); r.StatusCode != http.StatusUnauthorized || got != `{"error":"log in first"}`+"\n" {
			t.Errorf("GET %s: %d %s", path, r.StatusCode, got)
		}
	}
	for _, value := range []string{"", "x", strings.Repeat("A", 43), "../../x"} {
		r := v.request("GET", "/v1/alerts", "")
		r.AddCookie(&http.Cookie{Name: "jotsight", Value: value})
		if res := v.do(r); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("cookie %q: %d", value, res.StatusCode)
		}
	}
}

func TestSetupLinkWorksOnce(t *testing.T) {
	s := newSite(t)
	link := s.SetupURL()
	if len(link) < len(s.server.URL)+len("/setup/")+43 {
		t.Fatalf("link %s: fewer than 256 bits", link)
	}
	v := s.visitor()
	for _, wrong := range []string{"/setup/x", "/setup/" + strings.Repeat("A", 43)} {
		if r := v.get(wrong); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, r.StatusCode)
		}
		if r := v.post(wrong, "name", "eve", "password", goodPassword, "again", goodPassword); r.StatusCode != http.StatusNotFound {
			t.Errorf("POST %s: %d", wrong, r.StatusCode)
		}
	}
	for _, form := range [][]string{
		{"name", "ada", "password", "elevenchars", "again", "elevenchars"},
		{"name", "ada", "password", goodPassword, "again", goodPassword + "!"},
		{"name", "", "password", goodPassword, "again", goodPassword},
		{"name", "a\u202eda", "password", goodPassword, "again", goodPassword},
		{"name", "ada", "password", strings.Repeat("x", 257), "again", strings.Repeat("x", 257)},
	} {
		if r := v.post(link, form...); r.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d", form, r.StatusCode)
		}
	}
	if has, _ := s.accounts.HasUser(t.Context()); has || s.SetupURL() != link {
		t.Fatal("a refused form used the link up")
	}

	// Of many who hold the link, one wins.
	codes := make(chan int, 8)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			codes <- s.visitor().post(link, "name", string(rune('a'+i)), "password", goodPassword, "again", goodPassword).StatusCode
		})
	}
	wg.Wait()
	close(codes)
	won := 0
	for code := range codes {
		if code == http.StatusSeeOther {
			won++
		} else if code != http.StatusNotFound {
			t.Errorf("set-up: %d", code)
		}
	}
	if won != 1 || len(s.accounts.users) != 1 {
		t.Fatalf("%d won, %d users", won, len(s.accounts.users))
	}
	if r := v.get(link); r.StatusCode != http.StatusNotFound || s.SetupURL() != "" {
		t.Errorf("the link still works: %d", r.StatusCode)
	}
	for _, u := range s.accounts.users {
		if !strings.HasPrefix(u.Password, "$argon2id$") || u.Role != RoleAdmin || !u.Created.Equal(noon) {
			t.Errorf("user %+v", u)
		}
	}

	// After a restart there is a user, and so no link.
	again, err := New(s.c)
	if err != nil {
		t.Fatal(err)
	}
	if got := again.SetupURL(); got != "" {
		t.Errorf("link after a restart: %s", got)
	}
}

func TestLogin(t *testing.T) {
	s := newSite(t)
	s.member()
	s.audited()
	v := s.visitor()

	wrongPassword := v.post("/login", "name", "ada", "password", "not the password", "next", "/alerts/x")
	unknownUser := v.post("/login", "name", "eve", "password", "not the password", "next", "/alerts/x")
	a, b := v.text(wrongPassword), strings.ReplaceAll(v.text(unknownUser), "eve", "ada")
	if wrongPassword.StatusCode != 401 || unknownUser.StatusCode != 401 || a != b {
		t.Errorf("%d and %d; the answers tell whether the user exists:\n%s\n%s", wrongPassword.StatusCode, unknownUser.StatusCode, a, b)
	}
	if len(wrongPassword.Cookies())+len(unknownUser.Cookies()) > 0 {
		t.Error("a refused login sets a cookie")
	}
	if r := v.post("/login", "name", "ada", "password", goodPassword, "next", "/alerts/x"); r.StatusCode != 303 || r.Header.Get("Location") != "/alerts/x" {
		t.Errorf("login: %d to %s", r.StatusCode, r.Header.Get("Location"))
	}

	audit := s.audited()
	if len(audit) != 3 {
		t.Fatalf("%d audit events, want 3", len(audit))
	}
	for i, want := range []event.Event{
		{Kind: event.UILoginFailed, Outcome: event.Failure, ClaimedSubject: "ada", Severity: event.Warn},
		{Kind: event.UILoginFailed, Outcome: event.Failure, ClaimedSubject: "eve", Severity: event.Warn},
		{Kind: event.UILogin, Outcome: event.Success, Actor: "ada", Severity: event.Info},
	} {
		got := *audit[i]
		line := string(got.Append(nil))
		if strings.Contains(line, "password\"") || strings.Contains(line, goodPassword) || strings.Contains(line, "not the") {
			t.Errorf("event %d holds the password: %s", i, line)
		}
		if got.Kind != want.Kind || got.Outcome != want.Outcome || got.ClaimedSubject != want.ClaimedSubject || got.Actor != want.Actor || got.Severity != want.Severity ||
			got.ClientAddress != "127.0.0.1" || got.ID.IsZero() || !got.Time.Equal(noon) || got.Route != "/login" || got.Verified {
			t.Errorf("event %d: %s", i, line)
		}
		var back event.Event
		if _, err := back.Decode(line); err != nil {
			t.Errorf("event %d: %v", i, err)
		}
	}
}

// TestEqualWork holds that a user who does not exist costs the same hash.
func TestEqualWork(t *testing.T) {
	h := newHasher()
	real, err := h.hash(t.Context(), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	t1, m1, p1, s1, k1, err1 := decodeHash(real)
	t2, m2, p2, s2, k2, err2 := decodeHash(h.nobody)
	if errors.Join(err1, err2) != nil || t1 != t2 || m1 != m2 || p1 != p2 || len(s1) != len(s2) || len(k1) != len(k2) {
		t.Errorf("parameters differ: %v %v %v, %v %v %v; %v %v", t1, m1, p1, t2, m2, p2, err1, err2)
	}
	if m1 != 64<<10 || t1 != 3 || p1 != 4 {
		t.Errorf("m=%d t=%d p=%d are not the parameters of RFC 9106", m1, t1, p1)
	}
}

func TestPassword(t *testing.T) {
	h := cheap()
	hash, err := h.hash(t.Context(), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		hash, password string
		want, bad      bool
	}{
		{hash, goodPassword, true, false},
		{hash, goodPassword + " ", false, false},
		{hash, "", false, false},
		{"", goodPassword, false, false},
		{"$2a$10$bcrypt", goodPassword, false, true},
		{strings.Replace(hash, "m=64", "m=99999999", 1), goodPassword, false, true},
		{strings.Replace(hash, "t=1", "t=0", 1), goodPassword, false, true},
		{strings.Replace(hash, "p=1", "p=0", 1), goodPassword, false, true},
		{hash[:len(hash)-4], goodPassword, false, true},
	} {
		got, err := h.matches(t.Context(), c.hash, c.password)
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("matches(%q, %q) = %v, %v", c.hash, c.password, got, err)
		}
	}

	// Who cannot get a slot in time is refused, and takes no memory.
	for range hashesAtOnce {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.matches(ctx, hash, goodPassword); !errors.Is(err, context.Canceled) {
		t.Errorf("without a slot: %v", err)
	}
}

func TestLoginsAreLimited(t *testing.T) {
	var address string
	s := newSite(t, func(c *Config) { c.ClientIP = func(*http.Request) string { return address } })
	address = "198.51.100.1"
	s.member()
	s.audited()
	v := s.visitor()
	try := func(password string) int {
		return v.post("/login", "name", "ada", "password", password).StatusCode
	}
	address = "203.0.113.7"
	for i := range addressBurst {
		if got := try("wrong"); got != 401 {
			t.Fatalf("attempt %d: %d", i+1, got)
		}
	}
	if got := try(goodPassword); got != 429 {
		t.Errorf("right password after the limit: %d, want 429", got)
	}
	if last := s.audited(); last[len(last)-1].Reason != event.ReasonRateLimited || last[len(last)-1].Kind != event.UILoginFailed {
		t.Errorf("limited attempt recorded as %s", last[len(last)-1].Append(nil))
	}
	address = "2001:db8::1"
	if got := try("wrong"); got != 401 {
		t.Errorf("another address: %d", got)
	}
	for i := range addressBurst {
		address = "2001:db8::ffff:" + string(rune('a'+i)) // others of the same /64
		try("wrong")
	}
	if got := try("wrong"); got != 429 {
		t.Errorf("another address of a limited /64: %d, want 429", got)
	}
	address = "203.0.113.7"
	s.wait(addressEvery)
	if got := try(goodPassword); got != 303 {
		t.Errorf("ten seconds later: %d, want 303", got)
	}

	// All together: thirty at once, whatever the addresses.
	s.wait(time.Hour)
	refused := 0
	for i := range allBurst + 10 {
		address = "192.0.2." + string(rune('0'+i/10)) + string(rune('0'+i%10))
		if try("wrong") == 429 {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of %d attempts from as many addresses refused, want 10", refused, allBurst+10)
	}
}

func TestLimitsAreBounded(t *testing.T) {
	l := newLimits()
	for i := range 3 * maxAddresses {
		l.of(network(strings.Join([]string{"10", itoa(i >> 16), itoa(i >> 8 & 255), itoa(i & 255)}, ".")), noon).AllowN(noon, 1)
	}
	if len(l.address) > maxAddresses {
		t.Errorf("%d addresses kept, want at most %d", len(l.address), maxAddresses)
	}
}

// TestCrossSiteRequestsChangeNothing sends what a page of another site could.
func TestCrossSiteRequestsChangeNothing(t *testing.T) {
	s := newSite(t)
	link := s.SetupURL()
	form := "name=eve&password=" + url.QueryEscape(goodPassword) + "&again=" + url.QueryEscape(goodPassword)
	send := func(v *visitor, path string, header ...string) int {
		r := v.request("POST", path, form)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return v.do(r).StatusCode
	}
	others := [][]string{
		{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:1"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
	}
	for _, h := range others {
		if got := send(s.visitor(), link, h...); got != http.StatusForbidden {
			t.Errorf("set-up with %q: %d", h, got)
		}
	}
	if has, _ := s.accounts.HasUser(t.Context()); has {
		t.Fatal("another site has set the monitor up")
	}
	v := s.member()
	for _, h := range others {
		for _, path := range []string{"/login", "/logout"} {
			if got := send(v, path, h...); got != http.StatusForbidden {
				t.Errorf("%s with %q: %d", path, h, got)
			}
		}
	}
	if r := v.get("/"); r.StatusCode != http.StatusOK {
		t.Errorf("another site has logged the member out: %d", r.StatusCode)
	}
}

// TestSessions: a session has an id that nobody chose, ends when it is left,
// unused or old, and is kept as a hash.
func TestSessions(t *testing.T) {
	s := newSite(t)
	s.member()
	u, _ := url.Parse(s.server.URL)
	id := func(v *visitor) string {
		for _, c := range v.client.Jar.Cookies(u) {
			return c.Value
		}
		return ""
	}
	alive := func(v *visitor) bool { return v.get("/v1/alerts").StatusCode == http.StatusOK }

	// Fixation: the id that somebody planted is not the one that becomes good.
	v := s.visitor()
	planted := strings.Repeat("A", 43)
	v.client.Jar.SetCookies(u, []*http.Cookie{{Name: "jotsight", Value: planted, Path: "/"}})
	if r := v.post("/login", "name", "ada", "password", goodPassword); r.StatusCode != 303 {
		t.Fatal(r.StatusCode)
	}
	first := id(v)
	if first == planted || len(first) != 43 || !alive(v) {
		t.Fatalf("session id %q", first)
	}
	if _, kept := s.accounts.sessions[hashText(planted)]; kept {
		t.Error("the planted id is a session")
	}
	for h := range s.accounts.sessions {
		if strings.Contains(string(h[:]), first) {
			t.Error("the id itself is kept")
		}
	}

	// Logging in again ends the session before.
	v.post("/login", "name", "ada", "password", goodPassword)
	if _, kept := s.accounts.sessions[hashText(first)]; kept || id(v) == first {
		t.Error("the session before lives on")
	}

	// Logout ends it on our side, not only in the browser.
	second := id(v)
	if r := v.post("/logout"); r.StatusCode != 303 || id(v) != "" {
		t.Errorf("logout: %d, cookie %q", r.StatusCode, id(v))
	}
	v.client.Jar.SetCookies(u, []*http.Cookie{{Name: "jotsight", Value: second, Path: "/"}})
	if alive(v) {
		t.Error("the session lives after logout")
	}

	// Idle: use keeps it, disuse ends it.
	v = s.member()
	for range 3 {
		s.wait(sessionIdle - time.Minute)
		if !alive(v) {
			t.Fatal("a session in use ended")
		}
	}
	s.wait(sessionIdle)
	if alive(v) {
		t.Error("an idle session lives")
	}

	// Absolute: use does not keep it for ever.
	v = s.member()
	for range int(sessionMost/(7*time.Hour)) + 1 {
		s.wait(7 * time.Hour)
		alive(v)
	}
	if alive(v) {
		t.Error("a session lives beyond its absolute lifetime")
	}
	s.member()
	if n := len(s.accounts.sessions); n != 1 {
		t.Errorf("%d sessions kept, want that of the last login alone", n)
	}
}

func TestCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := newSite(t, func(c *Config) { c.Secure = secure })
		r := s.visitor().post(s.SetupURL(), "name", "ada", "password", goodPassword, "again", goodPassword)
		c := r.Cookies()[0]
		name := map[bool]string{false: "jotsight", true: "__Host-jotsight"}[secure]
		if c.Name != name || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("secure %v: %s", secure, c.Raw)
		}
	}
}

func TestLocal(t *testing.T) {
	for in, want := range map[string]string{
		"/alerts/x?tz=utc": "/alerts/x?tz=utc", "/": "/", "": "/", "//evil.example": "/", `/\evil.example`: "/", `/a\b`: "/",
		"https://evil.example/": "/", "javascript:alert(1)": "/", "/%0d%0aSet-Cookie:x": "/%0d%0aSet-Cookie:x", "/a\r\nb": "/", "evil": "/",
		"/\t/evil.example": "/", "/" + strings.Repeat("a", 3000): "/",
	} {
		if got := local(in); got != want {
			t.Errorf("local(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestBigFormsAreRefused holds that a stranger cannot make us read for long.
func TestBigFormsAreRefused(t *testing.T) {
	s := newSite(t)
	if r := s.visitor().post("/login", "name", strings.Repeat("x", maxForm)); r.StatusCode != http.StatusBadRequest {
		t.Errorf("login form of 8 KiB and more: %d", r.StatusCode)
	}
}

func must(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

// TestLimitsForgetTheIdle: an address that is as good as new makes room for
// others before one that was just limited.
func TestLimitsForgetTheIdle(t *testing.T) {
	l := newLimits()
	idle, busy := network("192.0.2.1"), network("192.0.2.2")
	l.of(idle, noon)
	for range addressBurst {
		l.of(busy, noon).AllowN(noon, 1)
	}
	for i := range maxAddresses - 1 {
		p := network("10.0." + itoa(i/256) + "." + itoa(i%256))
		l.of(p, noon).AllowN(noon, 1)
	}
	if _, kept := l.address[idle]; kept {
		t.Error("the idle address is kept")
	}
	if _, kept := l.address[busy]; !kept {
		t.Error("the busy address was forgotten")
	}
}
