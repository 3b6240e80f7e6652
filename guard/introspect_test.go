package guard_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// rs is a resource server that asks; owner is the client of the tokens.
var (
	rs    = guard.Meta{Address: netip.MustParseAddr("192.0.2.10"), UserAgent: "orders/1", ClientID: "orders-api", Actor: "orders-api"}
	owner = guard.Meta{Address: netip.MustParseAddr("203.0.113.7"), UserAgent: "browser", ClientID: "web", Actor: "web"}
)

func TestIntrospectAccess(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	p := issue(t, i)
	b.memo.take()
	in, err := i.Introspect(t.Context(), p.Access.Reveal(), rs)
	if err != nil {
		t.Fatal(err)
	}
	now := b.clock.Now().Unix()
	want := jsonOf(map[string]any{
		"active": true, "scope": "orders:read orders:write", "client_id": "web", "token_type": "Bearer", "exp": now + 900, "iat": now,
		"sub": "user-4711", "aud": []string{"orders"}, "iss": "https://login.example", "jti": p.TokenID,
	})
	if !sameJSON(jsonOf(in), want) {
		t.Errorf("got %s, want %s", jsonOf(in), want)
	}
	e := b.memo.one(t)
	if e.Kind != event.Introspected || e.Reason != 0 || e.Outcome != event.Success || e.Actor != "orders-api" || e.UserID != "user-4711" ||
		e.ClientID != "web" || !e.Verified || e.Use != event.Access || e.TokenID != p.TokenID || e.Family == "" || e.ClientAddress != "192.0.2.10" {
		t.Errorf("event %+v", e)
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && jsonOf(x) == jsonOf(y)
}

// A token that is bound to a key says so (RFC 7800 section 3.1).
func TestIntrospectBound(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	hash := strings.Repeat("A", 43)
	for cnf, kind := range map[string]string{`{"jkt":"` + hash + `"}`: "DPoP", `{"x5t#S256":"` + hash + `"}`: "Bearer"} {
		raw := b.token(t, func(c jwt.MapClaims) { c["cnf"] = json.RawMessage(cnf) })
		in, err := i.Introspect(t.Context(), raw, rs)
		if err != nil || !in.Active || string(in.Confirm) != cnf || in.TokenType != kind {
			t.Errorf("%s: %s, %v", cnf, jsonOf(in), err)
		}
	}
}

func TestIntrospectRefresh(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	first := issue(t, i)
	start := b.clock.Now()
	const day = 24 * time.Hour
	ask := func(raw string, m guard.Meta) (guard.Introspection, event.Event) {
		t.Helper()
		b.memo.take()
		in, err := i.Introspect(t.Context(), raw, m)
		if err != nil {
			t.Fatal(err)
		}
		return in, b.memo.one(t)
	}
	in, e := ask(first.Refresh.Reveal(), owner)
	want := jsonOf(map[string]any{
		"active": true, "scope": "orders:read orders:write", "client_id": "web", "exp": start.Add(7 * day).Unix(), "iat": start.Unix(),
		"sub": "user-4711", "aud": []string{"orders"}, "iss": "https://login.example",
	})
	if !sameJSON(jsonOf(in), want) {
		t.Errorf("got %s, want %s", jsonOf(in), want)
	}
	if e.Use != event.Refresh || e.UserID != "user-4711" || e.Family == "" || !e.Verified || e.Actor != "web" {
		t.Errorf("event %+v", e)
	}
	if in, e := ask(first.Refresh.Reveal(), rs); in.Active || e.Reason != event.ReasonBindingMismatch {
		t.Errorf("for a resource server: %s, %v; it would take a refresh token for an access token", jsonOf(in), e.Reason)
	}
	b.clock.add(time.Hour)
	second, err := i.Refresh(t.Context(), first.Refresh.Reveal(), web)
	if err != nil {
		t.Fatal(err)
	}
	if in, e := ask(first.Refresh.Reveal(), owner); in.Active || e.Reason != event.ReasonRefreshReuse {
		t.Errorf("the parent: %s, %v", jsonOf(in), e.Reason)
	}
	if in, _ := ask(second.Refresh.Reveal(), owner); !in.Active || in.IssuedAt != start.Add(time.Hour).Unix() || in.Expires != start.Add(7*day+time.Hour).Unix() {
		t.Errorf("the successor: %s", jsonOf(in))
	}
	b.clock.add(7*day + time.Nanosecond)
	if in, e := ask(second.Refresh.Reveal(), owner); in.Active || e.Reason != event.ReasonExpired || !strings.Contains(e.Detail, "IdleLifetime") {
		t.Errorf("after a week of nothing: %s, %v %q", jsonOf(in), e.Reason, e.Detail)
	}
	// To look is not to use: the family is as it was.
	if _, err := i.Refresh(t.Context(), issue(t, i).Refresh.Reveal(), web); err != nil {
		t.Errorf("another family: %v", err)
	}
}

// Whatever is wrong with a token, the answer says {"active":false}, the event
// says why, and there is exactly one.
func TestIntrospectInactive(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Issuers = append(c.Issuers, "https://other.example") })
	i := newIssuer(t, b, nil)
	p := issue(t, i)
	revoked, loggedOut, gone := issue(t, i), issue(t, i), issue(t, i)
	i.Revoke(t.Context(), guard.Revocation{JTI: revoked.TokenID})
	tok, err := b.Check(t.Context(), loggedOut.Access.Reveal(), web)
	if err != nil {
		t.Fatal(err)
	}
	i.Logout(t.Context(), tok, web)
	i.Revoke(t.Context(), guard.Revocation{Session: gone.Session})
	lost := issue(t, newIssuer(t, newBench(t, nil), nil)) // of another Store with the same keys
	for _, test := range []struct {
		name, raw string
		want      event.Reason
		verified  bool
	}{
		{"nothing", "", event.ReasonMissing, false},
		{"garbage", "garbage", event.ReasonMalformed, false},
		{"oversized", strings.Repeat("a", 9<<10), event.ReasonOversized, false},
		{"an oversized JWS", "a." + strings.Repeat("a", 9<<10) + ".a", event.ReasonOversized, false},
		{"alg none", forge(`{"alg":"none"}`, `{"sub":"root"}`, ""), event.ReasonAlgNone, false},
		{"forged", p.Access.Reveal()[:len(p.Access.Reveal())-4] + "AAAA", event.ReasonBadSignature, false},
		{"forged refresh", "A" + p.Refresh.Reveal()[1:], event.ReasonBadSignature, false},
		{"expired", b.token(t, func(c jwt.MapClaims) { c["exp"] = b.clock.Now().Add(-time.Hour).Unix() }), event.ReasonExpired, true},
		{"another issuer", b.token(t, func(c jwt.MapClaims) { c["iss"] = "https://other.example" }), event.ReasonBadIssuer, true},
		{"an id token", b.token(t, func(c jwt.MapClaims) { c["token_use"] = "id" }), event.ReasonCrossTokenUse, true},
		{"revoked", revoked.Access.Reveal(), event.ReasonRevoked, true},
		{"logged out", loggedOut.Access.Reveal(), event.ReasonSessionEnded, true},
		{"logged out, refresh", loggedOut.Refresh.Reveal(), event.ReasonFamilyRevoked, true},
		{"family revoked", gone.Access.Reveal(), event.ReasonFamilyRevoked, true},
		{"family revoked, refresh", gone.Refresh.Reveal(), event.ReasonFamilyRevoked, true},
		{"of another Store", lost.Refresh.Reveal(), event.ReasonUnknownToken, true},
	} {
		b.memo.take()
		in, err := i.Introspect(t.Context(), test.raw, owner)
		if err != nil || jsonOf(in) != `{"active":false}` {
			t.Errorf("%s: %s, %v", test.name, jsonOf(in), err)
		}
		e := b.memo.one(t)
		if e.Kind != event.Introspected || e.Reason != test.want || e.Outcome != event.Failure || e.Severity != test.want.Severity() || e.Verified != test.verified || e.Actor != "web" {
			t.Errorf("%s: %v %v %v severity %v verified %v", test.name, e.Kind, e.Reason, e.Outcome, e.Severity, e.Verified)
		}
		if !e.Verified && e.UserID != "" {
			t.Errorf("%s: user %q of a token that nobody verified", test.name, e.UserID)
		}
	}
}

// Another process revokes. A request may believe its copy for a second;
// introspection asks the Store.
func TestIntrospectNow(t *testing.T) {
	b := newBench(t, func(c *guard.Config) {
		c.Revocation.Store = deaf{c.Revocation.Store}
		c.Revocation.Poll = time.Hour
		c.Revocation.MaxStale = 2 * time.Hour
	})
	i := newIssuer(t, b, nil)
	p := issue(t, i)
	if _, err := b.Check(t.Context(), p.Access.Reveal(), web); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Revoke(t.Context(), guard.Revocation{JTI: p.TokenID, Until: b.clock.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Check(t.Context(), p.Access.Reveal(), web); err != nil {
		t.Fatalf("the copy is fresh by its own account: %v; the test proves nothing", err)
	}
	if in, err := i.Introspect(t.Context(), p.Access.Reveal(), rs); in.Active || err != nil {
		t.Errorf("revoked elsewhere: %s, %v", jsonOf(in), err)
	}
	asked := 0
	b = newBench(t, func(c *guard.Config) {
		c.Revocation.Store = &counted{Store: c.Revocation.Store, changes: &asked}
		c.Revocation.Poll = time.Hour
	})
	i = newIssuer(t, b, nil)
	before := asked
	i.Introspect(t.Context(), b.token(t, nil)+"x", rs)
	i.Introspect(t.Context(), forge(`{"alg":"none"}`, `{}`, ""), rs)
	if asked != before {
		t.Error("a forged token made us ask the Store")
	}
	if i.Introspect(t.Context(), b.token(t, nil), rs); asked != before+1 {
		t.Errorf("a good token made us ask %d times", asked-before)
	}
	// A guard that is told nothing at all still asks for the family.
	b = newBench(t, func(c *guard.Config) { c.Revocation.Store = nil })
	i = newIssuer(t, b, func(c *guard.IssuerConfig) { c.Store = b.store })
	p = issue(t, i)
	if in, _ := i.Introspect(t.Context(), p.Access.Reveal(), rs); !in.Active {
		t.Errorf("without a replica: %s", jsonOf(in))
	}
	i.Revoke(t.Context(), guard.Revocation{Session: p.Session})
	if in, _ := i.Introspect(t.Context(), p.Access.Reveal(), rs); in.Active {
		t.Error("without a replica, family revoked: active")
	}
}

// counted counts the questions for changes.
type counted struct {
	guard.Store
	changes *int
}

func (s *counted) Changes(ctx context.Context, c guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	*s.changes++
	return s.Store.Changes(ctx, c)
}

// deaf hides that a Store is a Watcher, and reads families all the same.
type deaf struct{ guard.Store }

func (s deaf) Family(ctx context.Context, id string) (guard.Family, bool, error) {
	return s.Store.(guard.FamilyReader).Family(ctx, id)
}

// blind hides that a Store is a FamilyReader, or a Watcher.
type blind struct{ guard.Store }

// A caller that has authenticated passes on what strangers send it. Garbage is
// limited, and neither its good tokens nor those that have expired suffer.
func TestIntrospectLimit(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Limit = guard.LimitConfig{Failures: 5} })
	i := newIssuer(t, b, nil)
	p := issue(t, i)
	expired := b.token(t, func(c jwt.MapClaims) { c["exp"] = b.clock.Now().Add(-time.Hour).Unix() })
	for range 100 { // honest users whose tokens have expired
		if _, err := i.Introspect(t.Context(), expired, rs); err != nil {
			t.Fatalf("an expired token: %v", err)
		}
	}
	limited := 0
	for range 20 {
		if _, err := i.Introspect(t.Context(), "garbage", rs); reasonOf(err) == event.ReasonRateLimited {
			limited++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if limited != 15 {
		t.Errorf("%d of 20 guesses were limited, want 15", limited)
	}
	if in, err := i.Introspect(t.Context(), p.Access.Reveal(), rs); err != nil || !in.Active {
		t.Errorf("a good token of a caller over its limit: %s, %v", jsonOf(in), err)
	}
	if in, err := i.Introspect(t.Context(), expired, rs); err != nil || in.Active {
		t.Errorf("an expired token of a caller over its limit: %s, %v", jsonOf(in), err)
	}
	if _, err := i.Introspect(t.Context(), "garbage", owner); err != nil {
		t.Errorf("another caller: %v", err)
	}
	// Without a caller it is the address that counts.
	stranger := guard.Meta{Address: netip.MustParseAddr("198.51.100.66")}
	for range 5 {
		i.Introspect(t.Context(), "garbage", stranger)
	}
	if _, err := i.Introspect(t.Context(), p.Access.Reveal(), stranger); reasonOf(err) != event.ReasonRateLimited {
		t.Errorf("a stranger who guessed: %v", err)
	}
}

func TestIntrospectionHandler(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Limit = guard.LimitConfig{Failures: 5} })
	i := newIssuer(t, b, nil)
	h := i.IntrospectionHandler(testClients(t, b).Authenticate)
	p := issue(t, i)
	for _, test := range []struct {
		name, body, user string
		method           string
		status           int
		want, events     string
	}{
		{"active", "token=" + p.Access.Reveal(), "orders-api", "POST", 200, `"active":true`, "introspected"},
		{"with a wrong hint", "token_type_hint=refresh_token&token=" + p.Access.Reveal(), "orders-api", "POST", 200, `"active":true`, "introspected"},
		{"with a hint that nobody knows", "token_type_hint=x&token=" + p.Access.Reveal(), "orders-api", "POST", 200, `"active":true`, "introspected"},
		{"garbage", "token=garbage", "orders-api", "POST", 200, `{"active":false}`, "introspected:malformed"},
		{"no token", "", "orders-api", "POST", 400, `{"error":"invalid_request"}`, "introspected:missing"},
		{"twice", "token=a&token=b", "orders-api", "POST", 400, `{"error":"invalid_request"}`, "introspected:malformed"},
		{"GET", "", "orders-api", "GET", 405, `{"error":"invalid_request"}`, ""},
		{"a stranger", "token=" + p.Access.Reveal(), "nobody", "POST", 401, `{"error":"invalid_client"}`, "introspected:binding_mismatch"},
		{"a public client", "client_id=spa&token=" + p.Access.Reveal(), "", "POST", 401, `{"error":"invalid_client"}`, "introspected:missing"},
		{"in the URL", "", "orders-api", "POST?token=x", 400, `{"error":"invalid_request"}`, "introspected:missing"},
	} {
		b.memo.take()
		method, query, _ := strings.Cut(test.method, "?")
		r := httptest.NewRequest(method, "/introspect?"+query, strings.NewReader(test.body))
		if test.user != "" {
			r.SetBasicAuth(test.user, ordersSecret)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) || w.Header().Get("Cache-Control") != "no-store" ||
			w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s %v", test.name, w.Code, w.Body, w.Header())
		}
		if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s: challenge %q", test.name, w.Header().Get("WWW-Authenticate"))
		}
		if got := brief(b.memo.take()); got != test.events {
			t.Errorf("%s: events %q, want %q", test.name, got, test.events)
		}
	}
	for range 5 { // secrets are guessed
		post(h, "token=x", func(r *http.Request) { r.SetBasicAuth("orders-api", "wrong") })
	}
	if w := post(h, "token="+p.Access.Reveal(), func(r *http.Request) { r.SetBasicAuth("orders-api", ordersSecret) }); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("after wrong secrets: %d %v", w.Code, w.Header())
	}
	if got := brief(b.memo.take()); !strings.HasSuffix(got, " rate_limited:rate_limited") {
		t.Errorf("events %q", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a nil ClientAuth is taken: everybody may ask")
		}
	}()
	i.IntrospectionHandler(nil)
}

// post sends a form to h.
func post(h http.Handler, body string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "https://login.example/x", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "browser")
	for _, edit := range edits {
		edit(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Every way in which an act of the issuer can fail leaves exactly one record.
func TestBrokenStore(t *testing.T) {
	good := newBench(t, nil)
	i := newIssuer(t, good, nil)
	p := issue(t, i)
	b := newBench(t, func(c *guard.Config) { c.Revocation.Store = nil })
	broken := newIssuer(t, b, func(c *guard.IssuerConfig) { c.Store = downStore{}; c.Cookie = &guard.RefreshCookie{ClientID: "web"} })
	reading := newIssuer(t, b, func(c *guard.IssuerConfig) { c.Store = downReader{} })
	noReader := newIssuer(t, b, func(c *guard.IssuerConfig) { c.Store = blind{guard.NewMemoryStore()} })
	tok, err := good.Check(t.Context(), p.Access.Reveal(), web)
	if err != nil {
		t.Fatal(err)
	}
	only := func(_ any, err error) error { return err }
	ctx, access, refresh := t.Context(), p.Access.Reveal(), p.Refresh.Reveal()
	down := errors.New // marks what must be 503
	for _, test := range []struct {
		name string
		do   func() error
		want string
		is   error
	}{
		{"Issue", func() error { return only(broken.Issue(ctx, guard.Grant{Subject: "u"})) }, "issue_failed:store_unavailable", down("")},
		{"Issue of nothing", func() error { return only(broken.Issue(ctx, guard.Grant{})) }, "issue_failed:bad_claim", nil},
		{"Refresh", func() error { return only(broken.Refresh(ctx, refresh, web)) }, "refresh_failed:store_unavailable", down("")},
		{"Refresh with scope", func() error { return only(reading.Refresh(ctx, refresh, web, "orders:read")) }, "refresh_failed:store_unavailable", down("")},
		{"Refresh of garbage", func() error { return only(broken.Refresh(ctx, "x", web)) }, "refresh_failed:malformed", nil},
		{"Revoke", func() error { return broken.Revoke(ctx, guard.Revocation{JTI: "x"}) }, "revocation_failed:store_unavailable", down("")},
		{"Revoke nothing", func() error { return broken.Revoke(ctx, guard.Revocation{}) }, "revocation_failed:bad_claim", nil},
		{"RevokeToken, access", func() error { return broken.RevokeToken(ctx, access, "", web) }, "revocation_failed:store_unavailable", down("")},
		{"RevokeToken, refresh", func() error { return broken.RevokeToken(ctx, refresh, "", web) }, "revocation_failed:store_unavailable", down("")},
		{"RevokeToken, family not read", func() error { return reading.RevokeToken(ctx, refresh, "", web) }, "revocation_failed:store_unavailable", down("")},
		{"RevokeToken, garbage", func() error { return noError(broken.RevokeToken(ctx, "x", "", web)) }, "revocation_failed:malformed", nil},
		{"RevokeToken, forged", func() error { return noError(broken.RevokeToken(ctx, access[:len(access)-4]+"AAAA", "", web)) }, "revocation_failed:bad_signature", nil},
		{"Logout", func() error { return broken.Logout(ctx, tok, web) }, "revocation_failed:store_unavailable", down("")},
		{"Introspect, access", func() error { return only(reading.Introspect(ctx, access, owner)) }, "introspected:store_unavailable", down("")},
		{"Introspect, refresh", func() error { return only(reading.Introspect(ctx, refresh, owner)) }, "introspected:store_unavailable", down("")},
		{"Introspect, refresh, no FamilyReader", func() error { return only(noReader.Introspect(ctx, refresh, owner)) }, "introspected:store_unavailable", down("")},
	} {
		b.memo.take()
		err := test.do()
		if err == nil {
			t.Errorf("%s: no error", test.name)
		}
		var e *guard.Error
		if test.is != nil && (!errors.As(err, &e) || e.Status != 503 || e.Reason != event.ReasonStoreUnavailable) {
			t.Errorf("%s: %v, want 503", test.name, err)
		}
		if got := brief(b.memo.take()); got != test.want {
			t.Errorf("%s: events %q, want %q", test.name, got, test.want)
		}
	}
	// The replica cannot be brought up to date either.
	stale := newBench(t, func(c *guard.Config) { c.Revocation.Store = &turning{Store: c.Revocation.Store} })
	i = newIssuer(t, stale, nil)
	p = issue(t, i)
	stale.memo.take()
	if _, err := i.Introspect(ctx, p.Access.Reveal(), rs); reasonOf(err) != event.ReasonStoreUnavailable {
		t.Errorf("introspection while revocations cannot be read: %v; what was revoked a second ago would be called active", err)
	}
	if got := brief(stale.memo.take()); got != "introspected:store_unavailable" {
		t.Errorf("events %q", got)
	}
}

// noError turns no error into one, for what must not be answered with one.
func noError(err error) error {
	if err != nil {
		return nil
	}
	return errors.New("as it should be")
}

// downReader is down, and a FamilyReader.
type downReader struct{ downStore }

func (downReader) Family(context.Context, string) (guard.Family, bool, error) {
	return guard.Family{}, false, errDown
}

// turning answers Changes once, and is down after that.
type turning struct {
	guard.Store
	asked bool
}

func (s *turning) Changes(ctx context.Context, c guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	if s.asked {
		return nil, "", errDown
	}
	s.asked = true
	return s.Store.Changes(ctx, c)
}
