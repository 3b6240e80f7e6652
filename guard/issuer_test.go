package guard_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// newIssuer opens an issuer over the bench, with edits of its IssuerConfig.
func newIssuer(t *testing.T, b *bench, edit func(*guard.IssuerConfig)) *guard.Issuer {
	t.Helper()
	c := guard.IssuerConfig{Guard: b.Guard, Key: guard.Key{ID: "k1", Material: secret}, Limit: guard.LimitConfig{Disabled: true}}
	if edit != nil {
		edit(&c)
	}
	i, err := guard.NewIssuer(c)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

var web = guard.Meta{Address: netip.MustParseAddr("203.0.113.7"), UserAgent: "browser", ClientID: "web", Actor: "user-4711"}

func issue(t *testing.T, i *guard.Issuer) guard.Pair {
	t.Helper()
	p, err := i.Issue(t.Context(), guard.Grant{
		Subject: "user-4711", ClientID: "web", Scope: []string{"orders:read", "orders:write"},
		Extra: map[string]any{"tenant": "t1"}, Meta: web,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestIssue(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	b.memo.take()
	p := issue(t, i)
	e := b.memo.one(t)
	if e.Kind != event.Issued || e.UserID != "user-4711" || e.TokenID != p.TokenID || e.Actor != "user-4711" || e.ClientAddress != "203.0.113.7" ||
		e.Family == "" || e.Fingerprint == "" || len(e.Scope) != 2 || e.Expires != b.clock.Now().Add(15*time.Minute).Unix() || e.Expires-e.IssuedAt != 900 {
		t.Errorf("event %+v", e)
	}
	tok, err := b.Check(t.Context(), p.Access.Reveal(), web)
	if err != nil {
		t.Fatal(err)
	}
	var extra struct{ Tenant string }
	if tok.Decode(&extra); extra.Tenant != "t1" || tok.Type() != "at+jwt" || tok.SessionID() != p.Session || tok.ID() != p.TokenID || tok.ClientID() != "web" {
		t.Errorf("token %+v, extra %+v", tok, extra)
	}
	if v := b.memo.one(t); v.Family != e.Family || v.Fingerprint != e.Fingerprint {
		t.Errorf("the use does not correlate with the issue: family %s and %s, fp %s and %s", v.Family, e.Family, v.Fingerprint, e.Fingerprint)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", p, p, p, jsonOf(p)); strings.Contains(s, p.Access.Reveal()) || strings.Contains(s, p.Refresh.Reveal()) {
		t.Error("a Pair prints its tokens")
	}
	for name, g := range map[string]guard.Grant{
		"no subject": {}, "a reserved claim": {Subject: "u", Extra: map[string]any{"exp": 1}},
		"a scope of two words": {Subject: "u", Scope: []string{"a b"}}, "no JSON": {Subject: "u", Extra: map[string]any{"f": func() {}}},
	} {
		b.memo.take()
		if _, err := i.Issue(t.Context(), g); err == nil {
			t.Errorf("%s: no error", name)
		}
		if e := b.memo.one(t); e.Kind != event.IssueFailed {
			t.Errorf("%s: %v", name, e.Kind)
		}
	}
	single, err := i.Issue(t.Context(), guard.Grant{Subject: "u", NoRefresh: true})
	if err != nil || !single.Refresh.IsZero() {
		t.Errorf("without refresh: %v, %v", single.Refresh.IsZero(), err)
	}
}

// A page of refreshes: who presents which token when, and what comes of it.
func TestRefresh(t *testing.T) {
	type step struct {
		after  time.Duration
		token  int // 0 is the one that was issued, 1 its successor and so on
		meta   guard.Meta
		want   string // "" for success, else the reason
		events string // as brief writes them
	}
	thief := guard.Meta{Address: netip.MustParseAddr("198.51.100.66"), UserAgent: "curl", ClientID: "web"}
	other := web
	other.ClientID = "other"
	for _, test := range []struct {
		name  string
		edit  func(*guard.IssuerConfig)
		steps []step
	}{
		{"rotation", nil, []step{
			{time.Minute, 0, web, "", "refresh_ok"}, {time.Minute, 1, web, "", "refresh_ok"}, {time.Minute, 2, web, "", "refresh_ok"},
		}},
		{"a lost answer", nil, []step{
			{time.Minute, 0, web, "", "refresh_ok"}, {9 * time.Second, 0, web, "", "refresh_retry"}, {time.Second, 1, web, "", "refresh_ok"},
		}},
		{"stolen and used later", nil, []step{
			{time.Minute, 0, web, "", "refresh_ok"},
			{time.Minute, 0, thief, "refresh_reuse", "refresh_reuse:refresh_reuse family_revoked:refresh_reuse"},
			{time.Second, 1, web, "family_revoked", "refresh_failed:family_revoked"},
			{time.Second, 0, thief, "family_revoked", "refresh_failed:family_revoked"},
		}},
		{"stolen and used first", nil, []step{
			{time.Minute, 0, thief, "", "refresh_ok"},
			{time.Second, 0, web, "refresh_reuse", "refresh_reuse:refresh_reuse family_revoked:refresh_reuse"},
			{time.Second, 1, thief, "family_revoked", "refresh_failed:family_revoked"},
		}},
		{"strict", func(c *guard.IssuerConfig) { c.Grace = -1 }, []step{
			{time.Minute, 0, web, "", "refresh_ok"}, {0, 0, web, "refresh_reuse", "refresh_reuse:refresh_reuse family_revoked:refresh_reuse"},
		}},
		{"another client", nil, []step{
			{time.Minute, 0, other, "binding_mismatch", "refresh_failed:binding_mismatch"}, {time.Minute, 0, web, "", "refresh_ok"},
		}},
		{"idle", nil, []step{{7*24*time.Hour + time.Second, 0, web, "expired", "refresh_failed:expired"}}},
		{"too old", func(c *guard.IssuerConfig) { c.RefreshLifetime = 2 * time.Hour }, []step{
			{time.Hour, 0, web, "", "refresh_ok"}, {time.Hour, 1, web, "expired", "refresh_failed:expired"},
		}},
		{"too often", func(c *guard.IssuerConfig) { c.Limit = guard.LimitConfig{Failures: 2} }, []step{
			{time.Minute, 0, web, "", "refresh_ok"}, {0, 1, web, "", "refresh_ok"}, {0, 2, web, "rate_limited", "rate_limited:rate_limited"},
			{30 * time.Second, 2, web, "", "refresh_ok"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, nil)
			i := newIssuer(t, b, test.edit)
			p := issue(t, i)
			issued := b.memo.one(t)
			tokens, access := []string{p.Refresh.Reveal()}, []string{p.Access.Reveal()}
			for n, s := range test.steps {
				b.clock.add(s.after)
				got, err := i.Refresh(t.Context(), tokens[s.token], s.meta)
				if reason := reasonOf(err).String(); reason != s.want || (err == nil) != (s.want == "") {
					t.Fatalf("step %d: %v, want %q", n, err, s.want)
				}
				list := b.memo.take()
				if brief(list) != s.events {
					t.Errorf("step %d: events %q, want %q", n, brief(list), s.events)
				}
				for _, e := range list {
					if e.Family != issued.Family || e.Use != event.Refresh && e.Kind != event.RateLimited || e.ClientAddress != s.meta.Address.String() || !e.Verified {
						t.Errorf("step %d: %v of family %q use %v from %s", n, e.Kind, e.Family, e.Use, e.ClientAddress)
					}
					if e.UserID != "user-4711" && e.Kind != event.RateLimited {
						t.Errorf("step %d: %v of user %q", n, e.Kind, e.UserID)
					}
				}
				if err != nil {
					continue
				}
				if list[0].Generation != int64(s.token+1) || list[0].Parent == "" || list[0].TokenID != got.TokenID {
					t.Errorf("step %d: %+v", n, list[0])
				}
				switch raw := got.Refresh.Reveal(); {
				case s.token+1 == len(tokens):
					tokens, access = append(tokens, raw), append(access, got.Access.Reveal())
				case raw != tokens[s.token+1]:
					t.Errorf("step %d: a retry got another successor", n)
				}
			}
			// A family that was revoked takes its access tokens with it, at once.
			_, err := b.Check(t.Context(), access[len(access)-1], web)
			last := test.steps[len(test.steps)-1].want
			if revoked := last == "family_revoked" || last == "refresh_reuse"; revoked != (reasonOf(err) == event.ReasonFamilyRevoked) {
				t.Errorf("access token afterwards: %v", err)
			}
		})
	}
}

// What is no refresh token of ours dies without a question to the Store.
func TestRefreshForged(t *testing.T) {
	b := newBench(t, nil)
	counting := &countingStore{Store: b.store}
	i := newIssuer(t, b, func(c *guard.IssuerConfig) { c.Store = counting })
	p := issue(t, i)
	foreign := newIssuer(t, newBench(t, nil), func(c *guard.IssuerConfig) { c.RefreshKey = []byte(strings.Repeat("f", 32)) })
	raw := p.Refresh.Reveal()
	for _, test := range []struct {
		name, raw string
		want      event.Reason
	}{
		{"nothing", "", event.ReasonMissing},
		{"garbage", "garbage", event.ReasonMalformed},
		{"too long", strings.Repeat("a", 9<<10), event.ReasonOversized},
		{"an access token", p.Access.Reveal(), event.ReasonCrossTokenUse},
		{"a changed family", "A" + raw[1:], event.ReasonBadSignature},
		{"a changed MAC", raw[:70] + "AAAA" + raw[74:], event.ReasonBadSignature},
		{"another alphabet", raw[:70] + "+/+/" + raw[74:], event.ReasonBadEncoding},
		{"spare bits", respell(raw, 1), event.ReasonBadEncoding},
		{"a line end for its last character", raw[:74] + "\n", event.ReasonBadEncoding},
		{"another issuer's", issue(t, foreign).Refresh.Reveal(), event.ReasonBadSignature},
	} {
		b.memo.take()
		_, err := i.Refresh(t.Context(), test.raw, web)
		if reasonOf(err) != test.want {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		e := b.memo.one(t)
		if e.Kind != event.RefreshFailed || e.Reason != test.want || e.Verified || e.UserID != "" || e.Family != "" || e.Severity < event.Warn {
			t.Errorf("%s: %+v", test.name, e)
		}
	}
	if n := counting.advances; n != 0 {
		t.Errorf("the Store was asked %d times", n)
	}
	// One of another store, with the same key: well made, but nobody knows it.
	lost := newIssuer(t, newBench(t, nil), nil)
	if _, err := i.Refresh(t.Context(), issue(t, lost).Refresh.Reveal(), web); reasonOf(err) != event.ReasonUnknownToken {
		t.Errorf("a family that the Store does not have: %v, want unknown_token", err)
	}
	if _, err := b.Check(t.Context(), raw, web); reasonOf(err) != event.ReasonMalformed {
		t.Errorf("a refresh token as an access token: %v", err)
	}
}

type countingStore struct {
	guard.Store
	advances int
}

func (s *countingStore) Advance(ctx context.Context, a guard.Advance) (guard.Outcome, error) {
	s.advances++
	return s.Store.Advance(ctx, a)
}

// Gate: "100 concurrent refreshes of one token: exactly one rotation, in memory".
// A hundred simultaneous refreshes of one token rotate it once, and all that
// succeed get the same successor.
func TestRefreshOnce(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	p := issue(t, i)
	b.memo.take()
	var mu sync.Mutex
	successors := make(map[string]int)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			next, err := i.Refresh(t.Context(), p.Refresh.Reveal(), web)
			if err != nil {
				t.Errorf("refresh: %v", err)
				return
			}
			mu.Lock()
			successors[next.Refresh.Reveal()]++
			mu.Unlock()
		})
	}
	wg.Wait()
	count := make(map[event.Kind]int)
	for _, e := range b.memo.take() {
		count[e.Kind]++
	}
	if len(successors) != 1 || count[event.RefreshOK] != 1 || count[event.RefreshRetry] != 99 {
		t.Errorf("%d successors, events %v; want one rotation", len(successors), count)
	}
}

func TestStoreDown(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, func(c *guard.IssuerConfig) { c.Store = downStore{} })
	b.memo.take()
	_, issueErr := i.Issue(t.Context(), guard.Grant{Subject: "u"})
	_, refreshErr := i.Refresh(t.Context(), issue(t, newIssuer(t, newBench(t, nil), nil)).Refresh.Reveal(), web)
	revokeErr := i.Revoke(t.Context(), guard.Revocation{JTI: "x"})
	for name, err := range map[string]error{"issue": issueErr, "refresh": refreshErr, "revoke": revokeErr} {
		var e *guard.Error
		if !errors.As(err, &e) || e.Reason != event.ReasonStoreUnavailable || e.Status != 503 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, want := brief(b.memo.take()), "issue_failed:store_unavailable refresh_failed:store_unavailable revocation_failed:store_unavailable"; got != want {
		t.Errorf("events %q, want %q", got, want)
	}
}

type downStore struct{}

var errDown = errors.New("connection refused")

func (downStore) Create(context.Context, guard.Family) error { return errDown }
func (downStore) Advance(context.Context, guard.Advance) (guard.Outcome, error) {
	return guard.Outcome{}, errDown
}
func (downStore) Revoke(context.Context, guard.Revocation) error { return errDown }
func (downStore) Changes(context.Context, guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	return nil, "", errDown
}

func TestRevoke(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	p := issue(t, i)
	b.memo.take()
	if err := i.Revoke(t.Context(), guard.Revocation{JTI: p.TokenID, Reason: "stolen laptop", Actor: "helpdesk-7"}); err != nil {
		t.Fatal(err)
	}
	if e := b.memo.one(t); e.Kind != event.Revoked || e.TokenID != p.TokenID || e.RevocationReason != "stolen laptop" || e.RevocationActor != "helpdesk-7" {
		t.Errorf("event %+v", e)
	}
	if _, err := b.Check(t.Context(), p.Access.Reveal(), web); reasonOf(err) != event.ReasonRevoked {
		t.Errorf("access token: %v", err)
	}
	if _, err := i.Refresh(t.Context(), p.Refresh.Reveal(), web); err != nil {
		t.Errorf("the refresh token of a family of which one access token was revoked: %v", err)
	}
	if err := i.Revoke(t.Context(), guard.Revocation{}); err == nil {
		t.Error("a revocation of nothing: no error")
	}
}

func TestHandlers(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	auth := func(r *http.Request) (string, error) {
		if id, pass, _ := r.BasicAuth(); id == "web" && pass == "pass" {
			return id, nil
		}
		return "", errors.New("unknown client")
	}
	mux := http.NewServeMux()
	mux.Handle("/refresh", i.RefreshHandler())
	mux.Handle("/revoke", i.RevocationHandler(auth))
	mux.Handle("/logout", i.LogoutHandler())
	mux.Handle("/", b.Verify(answerOK))
	send := func(path, kind, body string, edits ...func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("User-Agent", "browser")
		for _, edit := range edits {
			edit(r)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	const form, object = "application/x-www-form-urlencoded", "application/json"
	basic := func(r *http.Request) { r.SetBasicAuth("web", "pass") }
	bearer := func(raw string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+raw) }
	}

	p := issue(t, i)
	w := send("/refresh", form, "grant_type=refresh_token&client_id=web&refresh_token="+p.Refresh.Reveal())
	var pair struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Type    string `json:"token_type"`
		Expires int    `json:"expires_in"`
		Scope   string `json:"scope"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &pair); err != nil || w.Code != 200 || pair.Type != "Bearer" || pair.Expires != 900 ||
		pair.Scope != "orders:read orders:write" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("refresh: %d %s", w.Code, w.Body)
	}
	if w := send("/x", "", "", bearer(pair.Access)); w.Code != 200 {
		t.Errorf("the new access token: %d", w.Code)
	}
	w = send("/refresh", object, jsonOf(map[string]string{"refresh_token": pair.Refresh, "client_id": "web"}))
	if json.Unmarshal(w.Body.Bytes(), &pair); w.Code != 200 {
		t.Errorf("refresh by JSON: %d %s", w.Code, w.Body)
	}
	for _, test := range []struct {
		name, path, kind, body string
		edit                   func(*http.Request)
		status                 int
		want                   string
	}{
		{"GET", "/refresh", form, "", func(r *http.Request) { r.Method = "GET" }, 405, `{"error":"invalid_request"}`},
		{"forged", "/refresh", form, "refresh_token=x", nil, 400, `{"error":"invalid_grant"}`},
		{"none", "/refresh", form, "", nil, 400, `{"error":"invalid_grant"}`},
		{"another grant", "/refresh", form, "grant_type=password", nil, 400, `{"error":"unsupported_grant_type"}`},
		{"twice", "/refresh", form, "refresh_token=a&refresh_token=b", nil, 400, `{"error":"invalid_request"}`},
		{"twice in JSON", "/refresh", object, `{"refresh_token":"a","refresh_token":"b"}`, nil, 400, `{"error":"invalid_request"}`},
		{"no JSON", "/refresh", object, `refresh_token=a`, nil, 400, `{"error":"invalid_request"}`},
		{"in the URL", "/refresh?refresh_token=" + pair.Refresh, form, "", nil, 400, `{"error":"invalid_grant"}`},
		{"too big", "/refresh", form, strings.Repeat("a", 20<<10), nil, 413, `{"error":"invalid_request"}`},
		{"stranger revokes", "/revoke", form, "token=x", nil, 401, `{"error":"invalid_client"}`},
		{"revoke nothing", "/revoke", form, "", basic, 400, `{"error":"invalid_request"}`},
		{"revoke garbage", "/revoke", form, "token=x", basic, 200, ""},
	} {
		edit := test.edit
		if edit == nil {
			edit = func(*http.Request) {}
		}
		if w := send(test.path, test.kind, test.body, edit); w.Code != test.status || strings.TrimSpace(w.Body.String()) != test.want {
			t.Errorf("%s: %d %s, want %d %s", test.name, w.Code, w.Body, test.status, test.want)
		}
	}

	b.memo.take()
	if w := send("/revoke", form, "token_type_hint=refresh_token&token="+pair.Access, basic); w.Code != 200 {
		t.Errorf("revoke an access token, with a wrong hint: %d", w.Code)
	}
	if e := b.memo.one(t); e.Kind != event.Revoked || e.TokenID == "" || e.Actor != "web" || e.RevocationActor != "web" {
		t.Errorf("event %+v", e)
	}
	if w := send("/x", "", "", bearer(pair.Access)); w.Code != 401 {
		t.Errorf("the revoked access token: %d", w.Code)
	}
	if w := send("/revoke", form, "token="+pair.Refresh, basic); w.Code != 200 {
		t.Errorf("revoke a refresh token: %d", w.Code)
	}
	if w := send("/refresh", form, "client_id=web&refresh_token="+pair.Refresh); w.Code != 400 {
		t.Errorf("the revoked refresh token: %d", w.Code)
	}

	p = issue(t, i)
	if w := send("/logout", "", ""); w.Code != 401 {
		t.Errorf("logout without a token: %d", w.Code)
	}
	b.memo.take()
	if w := send("/logout", "", "", bearer(p.Access.Reveal())); w.Code != 204 {
		t.Fatalf("logout: %d %s", w.Code, w.Body)
	}
	if got, want := brief(b.memo.take()), "verified revoked logout"; got != want {
		t.Errorf("events %q, want %q", got, want)
	}
	if _, err := b.Check(t.Context(), p.Access.Reveal(), web); reasonOf(err) != event.ReasonSessionEnded {
		t.Errorf("access token after logout: %v", err)
	}
	b.memo.take()
	if w := send("/refresh", form, "client_id=web&refresh_token="+p.Refresh.Reveal()); w.Code != 400 {
		t.Errorf("refresh after logout: %d", w.Code)
	}
	if got, want := brief(b.memo.take()), "refresh_failed:family_revoked"; got != want {
		t.Errorf("events %q, want %q", got, want)
	}
}

// Keys of every family sign what the guard verifies.
func TestIssuerKeys(t *testing.T) {
	_, key, _ := ed25519.GenerateKey(nil)
	b := newBench(t, func(c *guard.Config) {
		c.Keys, c.Algorithms = guard.Static(guard.Key{ID: "e1", Material: key}), []string{"EdDSA"}
	})
	i := newIssuer(t, b, func(c *guard.IssuerConfig) {
		c.Key, c.RefreshKey = guard.Key{ID: "e1", Material: key}, []byte(strings.Repeat("r", 32))
	})
	if _, err := b.Check(t.Context(), issue(t, i).Access.Reveal(), web); err != nil {
		t.Error(err)
	}
}
