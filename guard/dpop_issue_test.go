package guard_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

const tokenURL = "https://login.example/token"

// A tokenAnswer is what a token endpoint says.
type tokenAnswer struct {
	status  int
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Error   string
	nonce   string
}

// postToken asks a token endpoint, with proofs.
func postToken(t *testing.T, h http.Handler, form url.Values, proofs ...string) tokenAnswer {
	t.Helper()
	r := httptest.NewRequest("POST", tokenURL, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header["Dpop"] = proofs
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := tokenAnswer{status: w.Code, nonce: w.Header().Get("DPoP-Nonce")}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return a
}

// login is what a service writes that binds tokens when it is asked to.
func login(b *bench, i *guard.Issuer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := b.Meta(r)
		m.Actor, m.ClientID = "user-4711", "app"
		confirm, err := i.Confirm(r.Context(), m)
		if err != nil {
			i.RespondError(w, err, "invalid_request")
			return
		}
		pair, err := i.Issue(r.Context(), guard.Grant{Subject: "user-4711", ClientID: "app", Confirm: confirm, Meta: m})
		if err != nil {
			i.RespondError(w, err, "invalid_request")
			return
		}
		pair.Respond(w)
	})
}

// From the login to the API, and on: a token that was copied at any step is
// worth nothing.
func TestBoundSession(t *testing.T) {
	ours, theirs := newHolder(t, "ES256", holderP256()), newHolder(t, "ES256", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	proof := func(h *holder) string { return h.proof(t, "POST", tokenURL, "", b.clock.Now(), nil) }
	pair := postToken(t, login(b, i), nil, proof(ours))
	if pair.status != 200 || pair.Type != "DPoP" || pair.Refresh == "" {
		t.Fatalf("login: %+v", pair)
	}
	admitted := func(access string, h *holder) bool {
		return ask(b.Verify(answerOK), "DPoP", access, h.proof(t, "GET", orderURL, access, b.clock.Now(), nil)).Code == 200
	}
	if !admitted(pair.Access, ours) || admitted(pair.Access, theirs) {
		t.Error("the access token is not bound to the key of the login")
	}
	form := func(refresh string) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "refresh_token": {refresh}}
	}
	for _, test := range []struct {
		name   string
		proofs []string
		error  string
		kind   event.Kind
		reason event.Reason
		detail string
	}{
		{"without a proof", nil, "invalid_grant", event.RefreshFailed, event.ReasonBindingMismatch, "the refresh token is bound to a key that was not shown"},
		{"with another key", []string{proof(theirs)}, "invalid_grant", event.RefreshFailed, event.ReasonBindingMismatch, "the refresh token is bound to a key that was not shown"},
		{"with two proofs", []string{proof(ours), proof(ours)}, "invalid_dpop_proof", event.RefreshFailed, event.ReasonMultipleTokens, "the request brings several proofs"},
		{"with a proof for the API", []string{ours.proof(t, "GET", orderURL, "", b.clock.Now(), nil)}, "invalid_dpop_proof", event.RefreshFailed, event.ReasonBindingMismatch, "the proof is for another method"},
		{"with nonsense", []string{"x"}, "invalid_dpop_proof", event.RefreshFailed, event.ReasonMalformed, "the proof is no compact JWS"},
	} {
		b.memo.take()
		a := postToken(t, i.RefreshHandler(), form(pair.Refresh), test.proofs...)
		if a.status != 400 || a.Error != test.error || a.Access != "" {
			t.Errorf("%s: %d %q, want 400 %q", test.name, a.status, a.Error, test.error)
		}
		if e := b.memo.one(t); e.Kind != test.kind || e.Reason != test.reason || e.Detail != test.detail || e.Use != event.Refresh || e.Family == "" {
			t.Errorf("%s: %v %v %q, want %v %v %q", test.name, e.Kind, e.Reason, e.Detail, test.kind, test.reason, test.detail)
		}
	}
	other := form(pair.Refresh)
	other.Set("client_id", "other")
	b.memo.take()
	postToken(t, i.RefreshHandler(), other, proof(ours))
	if e := b.memo.one(t); e.Reason != event.ReasonBindingMismatch || e.Detail != "the refresh token is another client's" {
		t.Errorf("another client: %v %q", e.Reason, e.Detail)
	}
	good := proof(ours)
	next := postToken(t, i.RefreshHandler(), form(pair.Refresh), good)
	if next.status != 200 || next.Type != "DPoP" || next.Refresh == pair.Refresh {
		t.Fatalf("refresh with the key: %+v; the failures before must not have moved the family", next)
	}
	if !admitted(next.Access, ours) || admitted(next.Access, theirs) {
		t.Error("the second access token is not bound to the key of the login")
	}
	b.memo.take()
	if a := postToken(t, i.RefreshHandler(), form(next.Refresh), good); a.Error != "invalid_dpop_proof" {
		t.Errorf("with a used proof: %+v", a)
	}
	if e := b.memo.one(t); e.Kind != event.Replayed || e.Reason != event.ReasonReplayed {
		t.Errorf("with a used proof: %v %v, want replayed", e.Kind, e.Reason)
	}
	// A thief without the key can neither use what he copied nor end the session.
	if a := postToken(t, i.RefreshHandler(), form(pair.Refresh), proof(theirs)); a.status != 400 {
		t.Errorf("an old token and another key: %+v", a)
	}
	if a := postToken(t, i.RefreshHandler(), form(next.Refresh), proof(ours)); a.status != 200 {
		t.Errorf("after an attempt with another key: %+v", a)
	}
}

func TestConfirm(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Limit = guard.LimitConfig{Failures: 4} })
	i := newIssuer(t, b, nil)
	holder := newHolder(t, "ES256", holderP256())
	meta := func(proof string) guard.Meta {
		m := web
		m.Method, m.URL, m.Proof = "POST", tokenURL, event.NewRaw(proof)
		return m
	}
	good := holder.proof(t, "POST", tokenURL, "", b.clock.Now(), nil)
	b.memo.take()
	if got, err := i.Confirm(t.Context(), meta(good)); got != "jkt:"+holder.print || err != nil {
		t.Errorf("got %q, %v; want the thumbprint", got, err)
	}
	if got, err := i.Confirm(t.Context(), web); got != "" || err != nil {
		t.Errorf("without a proof: %q, %v; want nothing", got, err)
	}
	if list := b.memo.take(); len(list) != 0 {
		t.Errorf("events: %s", brief(list))
	}
	for _, test := range []struct {
		name, proof string
		want        string
	}{
		{"again", good, "replayed:replayed"},
		{"too old", holder.proof(t, "POST", tokenURL, "", b.clock.Now().Add(-time.Hour), nil), "issue_failed:too_old"},
		{"unsigned", holder.proof(t, "POST", tokenURL, "", b.clock.Now(), func(d *draft) { d.header["alg"] = "none" }), "issue_failed:alg_none"},
		{"nonsense", "x", "issue_failed:malformed"},
		{"the limit", "x", "rate_limited:rate_limited"},
	} {
		_, err := i.Confirm(t.Context(), meta(test.proof))
		if got := brief(b.memo.take()); err == nil || got != test.want {
			t.Errorf("%s: %v, events %s; want %s", test.name, err, got, test.want)
		}
	}
}

func TestTokenNonce(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Binding.NonceKey = []byte(strings.Repeat("n", 32)) })
	i := newIssuer(t, b, nil)
	holder := newHolder(t, "ES256", holderP256())
	with := func(nonce string) string {
		return holder.proof(t, "POST", tokenURL, "", b.clock.Now(), func(d *draft) { d.claims["nonce"] = nonce })
	}
	a := postToken(t, login(b, i), nil, with(""))
	if a.status != 400 || a.Error != "use_dpop_nonce" || a.nonce == "" { // RFC 9449 section 8
		t.Fatalf("without a nonce: %+v", a)
	}
	pair := postToken(t, login(b, i), nil, with(a.nonce))
	if pair.status != 200 || pair.Type != "DPoP" {
		t.Fatalf("with the nonce: %+v", pair)
	}
	form := url.Values{"refresh_token": {pair.Refresh}, "client_id": {"app"}}
	if a := postToken(t, i.RefreshHandler(), form, with("")); a.Error != "use_dpop_nonce" || a.nonce == "" {
		t.Errorf("refresh without a nonce: %+v", a)
	}
	if a := postToken(t, i.RefreshHandler(), form, with(a.nonce)); a.status != 200 {
		t.Errorf("refresh with the nonce: %+v", a)
	}
}

// A client that authenticates itself may change its key, but not come without
// one; and a proof that nobody asked for binds as well.
func TestRekey(t *testing.T) {
	ours, theirs := newHolder(t, "ES256", holderP256()), newHolder(t, "ES256", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	meta := func(h *holder) guard.Meta {
		m := web
		if m.Method, m.URL = "POST", tokenURL; h != nil {
			m.Proof = event.NewRaw(h.proof(t, "POST", tokenURL, "", b.clock.Now(), nil))
		}
		return m
	}
	for _, test := range []struct {
		name  string
		grant guard.Grant
		with  *holder
		ok    bool
		typ   string
	}{
		{"rekey, another key", guard.Grant{Confirm: "jkt:" + ours.print, Rekey: true}, theirs, true, "DPoP"},
		{"rekey, no key", guard.Grant{Confirm: "jkt:" + ours.print, Rekey: true}, nil, false, ""},
		{"unbound, a key", guard.Grant{}, theirs, true, "DPoP"},
		{"unbound, no key", guard.Grant{}, nil, true, "Bearer"},
		{"bound, another key", guard.Grant{Confirm: "jkt:" + ours.print}, theirs, false, ""},
	} {
		test.grant.Subject, test.grant.ClientID, test.grant.Meta = "u", "web", web
		p, err := i.Issue(t.Context(), test.grant)
		if err != nil {
			t.Fatal(err)
		}
		next, err := i.Refresh(t.Context(), p.Refresh.Reveal(), meta(test.with))
		if (err == nil) != test.ok || next.Type != test.typ {
			t.Errorf("%s: %q, %v; want %q", test.name, next.Type, err, test.typ)
		}
		if err != nil || test.with == nil {
			continue
		}
		access := next.Access.Reveal()
		if w := ask(b.Verify(answerOK), "DPoP", access, test.with.proof(t, "GET", orderURL, access, b.clock.Now(), nil)); w.Code != 200 {
			t.Errorf("%s: the new access token is not bound to the key that was shown: %d", test.name, w.Code)
		}
	}
}

func TestGrantConfirm(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	must := newIssuer(t, newBench(t, func(c *guard.Config) { c.Binding.Required = true }), nil)
	for _, test := range []struct {
		i    *guard.Issuer
		g    guard.Grant
		want string
	}{
		{i, guard.Grant{Confirm: "key"}, "grant: Confirm: not what Issuer.Confirm"},
		{i, guard.Grant{Confirm: "jkt:"}, "grant: Confirm: not what Issuer.Confirm"},
		{i, guard.Grant{Rekey: true}, "grant: Rekey: set without Confirm"},
		{i, guard.Grant{Extra: map[string]any{"cnf": map[string]string{}}}, `grant: Extra: "cnf" is set by the issuer`},
		{must, guard.Grant{}, "grant: Confirm: missing"},
	} {
		test.g.Subject = "u"
		if _, err := test.i.Issue(t.Context(), test.g); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
