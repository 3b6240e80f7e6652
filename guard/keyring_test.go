package guard_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// A process is a service with a Keyring, an issuer and a guard of its own. Those
// of one test share the clock, the Store and the configured keys.
type process struct {
	*guard.Guard
	*guard.Issuer
	ring *guard.Keyring
	memo *memo
}

var ringAlgorithms = []string{"RS256", "ES256", "EdDSA"}

func newProcess(t *testing.T, now func() time.Time, store guard.Store, keys ...guard.SigningKey) *process {
	t.Helper()
	ring, err := guard.NewKeyring(guard.KeyringConfig{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	p := &process{ring: ring, memo: new(memo)}
	p.Guard = open(t, guard.Config{
		Keys: ring, Algorithms: ringAlgorithms, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Limit: guard.LimitConfig{Disabled: true}, Revocation: guard.RevocationConfig{Store: store},
		Events: guard.EventConfig{Sink: p.memo, Heartbeat: -1}, Now: now,
	})
	t.Cleanup(func() { p.Guard.Close(context.Background()) })
	p.Issuer, err = guard.NewIssuer(guard.IssuerConfig{
		Guard: p.Guard, RefreshKey: secret, Limit: guard.LimitConfig{Disabled: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) token(t *testing.T) string {
	t.Helper()
	return issue(t, p.Issuer).Access.Reveal()
}

// published gives the kids that the handler publishes.
func (p *process) published(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	p.JWKSHandler().ServeHTTP(w, httptest.NewRequest("GET", "/jwks.json", nil))
	var set struct{ Keys []struct{ Kid, Alg string } }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	var kids []string
	for _, k := range set.Keys {
		kids = append(kids, k.Kid+"/"+k.Alg)
	}
	return strings.Join(kids, " ")
}

// A rotation by the clock, from RS256 to ES256, in two processes that know of
// each other only what is configured.
func TestKeyringRotates(t *testing.T) {
	clock, store := newClock(), guard.NewMemoryStore()
	at := clock.Now().Add(20 * time.Minute)
	keys := []guard.SigningKey{
		{Key: guard.Key{ID: "k2", Material: ecKeys()[0]}, SignFrom: at},
		{Key: guard.Key{ID: "k1", Material: rsaKeys()[0]}},
	}
	a, b := newProcess(t, clock.Now, store, keys...), newProcess(t, clock.Now, store, keys...)
	both := func(when, kid, published string, old string, want event.Reason) {
		t.Helper()
		for _, p := range []*process{a, b} {
			raw := p.token(t)
			for _, q := range []*process{a, b} {
				tok, err := q.Check(t.Context(), raw, guard.Meta{})
				if err != nil || tok.KeyID() != kid {
					t.Fatalf("%s: a new token: %v, key %v, want %s", when, err, tok, kid)
				}
				if got := verdict(q.Guard, old); old != "" && got != want {
					t.Errorf("%s: the old token: %v, want %v", when, got, want)
				}
			}
			if got := p.published(t); got != published {
				t.Errorf("%s: %s published, want %s", when, got, published)
			}
		}
	}
	both("before", "k1", "k1/RS256 k2/ES256", "", 0)
	clock.add(20*time.Minute - time.Second)
	old := a.token(t)
	both("just before", "k1", "k1/RS256 k2/ES256", old, 0)
	a.memo.take()
	clock.add(time.Second)
	both("at once", "k2", "k1/RS256 k2/ES256", old, 0)
	clock.add(15*time.Minute + 28*time.Second)
	both("in the leeway of the last one's expiry", "k2", "k1/RS256 k2/ES256", old, 0)
	clock.add(2 * time.Second)
	both("after its expiry", "k2", "k1/RS256 k2/ES256", old, event.ReasonExpired)
	before := a.ring.Generation()
	clock.add(45 * time.Minute)
	both("after the overlap", "k2", "k2/ES256", old, event.ReasonUnknownKID)
	if a.ring.Generation() == before {
		t.Error("a key was withdrawn and the generation stays")
	}
	want := `key_rotated k2: it follows key "k1"
key_rotated k1: the last token that it signed has expired`
	if got := keyEvents(a.memo); got != want {
		t.Errorf("events:\n%s\nwant:\n%s", got, want)
	}
}

// Whatever the clocks of two processes do within the leeway, no token is refused
// before it expires.
func TestKeyringSkew(t *testing.T) {
	clock, store := newClock(), guard.NewMemoryStore()
	late := func() time.Time { return clock.Now().Add(-30 * time.Second) }
	var keys []guard.SigningKey
	for n, key := range ecKeys() {
		keys = append(keys, guard.SigningKey{Key: guard.Key{ID: fmt.Sprint("k", n), Material: key}, SignFrom: clock.Now().Add(time.Duration(n) * 25 * time.Minute)})
	}
	a, b := newProcess(t, clock.Now, store, keys...), newProcess(t, late, store, keys...)
	type live struct {
		raw string
		end time.Time
	}
	var tokens []live
	kids := map[string]bool{}
	for clock.Now().Before(keys[3].SignFrom.Add(2 * time.Hour)) {
		for _, p := range []*process{a, b} {
			pair := issue(t, p.Issuer)
			tokens = append(tokens, live{pair.Access.Reveal(), pair.Expires})
		}
		for n := 0; n < len(tokens); n++ {
			if !clock.Now().Before(tokens[n].end) {
				tokens = append(tokens[:n], tokens[n+1:]...)
				n--
				continue
			}
			for _, p := range []*process{a, b} {
				tok, err := p.Check(t.Context(), tokens[n].raw, guard.Meta{})
				if err != nil {
					t.Fatalf("%v before its expiry: %v", tokens[n].end.Sub(clock.Now()), err)
				}
				kids[tok.KeyID()] = true
			}
		}
		clock.add(115 * time.Second)
	}
	if len(kids) != 4 {
		t.Errorf("only %d keys signed", len(kids))
	}
}

// A key that is withdrawn is refused at once, from the cache too, and another
// signs.
func TestKeyringWithdraw(t *testing.T) {
	clock := newClock()
	p := newProcess(t, clock.Now, guard.NewMemoryStore(), guard.SigningKey{Key: guard.Key{ID: "k1", Material: ecKeys()[0]}})
	raw := p.token(t)
	for range 2 {
		if why := verdict(p.Guard, raw); why != 0 {
			t.Fatal(why)
		}
	}
	if err := p.ring.Withdraw("k1", "stolen"); err == nil || err.Error() != `keyring: key "k1": the last one; add another first` {
		t.Errorf("the last key: %v", err)
	}
	if err := p.ring.Withdraw("k7", "stolen"); !errors.Is(err, guard.ErrUnknownKey) {
		t.Errorf("an unknown key: %v", err)
	}
	if err := p.ring.Add(guard.SigningKey{Key: guard.Key{ID: "k2", Material: edKey()}}); err != nil {
		t.Fatal(err)
	}
	if got := p.published(t); got != "k1/ES256 k2/EdDSA" {
		t.Errorf("%s published", got)
	}
	p.memo.take()
	if err := p.ring.Withdraw("k1", "stolen \n"); err != nil {
		t.Fatal(err)
	}
	if why := verdict(p.Guard, raw); why != event.ReasonUnknownKID {
		t.Errorf("a token of the withdrawn key: %v", why)
	}
	if tok, err := p.Check(t.Context(), p.token(t), guard.Meta{}); err != nil || tok.KeyID() != "k2" {
		t.Errorf("the next token: %v, %v", tok, err)
	}
	if got := p.published(t); got != "k2/EdDSA" {
		t.Errorf("%s published", got)
	}
	want := `key_rotated k1: before its time: stolen
key_rotated k2: it follows key "k1"`
	if got := keyEvents(p.memo); got != want {
		t.Errorf("events:\n%s\nwant:\n%s", got, want)
	}
}

// A key that is added in a running process signs after the time in which it is
// published.
func TestKeyringAdd(t *testing.T) {
	clock := newClock()
	p := newProcess(t, clock.Now, guard.NewMemoryStore(), guard.SigningKey{Key: guard.Key{ID: "k1", Material: rsaKeys()[0]}})
	p.memo.take()
	key := func(id string, material any, from time.Time) guard.SigningKey {
		return guard.SigningKey{Key: guard.Key{ID: id, Material: material}, SignFrom: from}
	}
	before := p.ring.Generation()
	if err := p.ring.Add(key("k2", ecKeys()[0], time.Time{})); err != nil {
		t.Fatal(err)
	}
	if p.ring.Generation() != before {
		t.Error("a key that was added bumped the generation")
	}
	for n, want := range []string{"k1", "k2"} {
		if n > 0 {
			clock.add(15 * time.Minute)
		}
		if tok, err := p.Check(t.Context(), p.token(t), guard.Meta{}); err != nil || tok.KeyID() != want {
			t.Errorf("signed by %v, %v, want %s", tok, err, want)
		}
	}
	if got, want := keyEvents(p.memo), `key_rotated k2: signs from 2026-03-01T12:15:00Z`+"\n"+`key_rotated k2: it follows key "k1"`; got != want {
		t.Errorf("events:\n%s\nwant:\n%s", got, want)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for want, k := range map[string]guard.SigningKey{
		`keyring: a key without ID`:                     key("", edKey(), time.Time{}),
		`keyring: key "k2": there are two of that ID`:   key("k2", edKey(), time.Time{}),
		`keyring: key "k3": SignFrom: the same as that`: key("k3", edKey(), time.Date(2026, 3, 1, 12, 15, 0, 0, time.UTC)),
		`keyring: key "k3": SignFrom: its time is over`: key("k3", edKey(), time.Time{}.Add(1)),
		`keyring: key "k3": Algorithm: ES384 is not`:    key("k3", p384, time.Time{}),
		`keyring: key "k3": Material: a ed25519.Public`: key("k3", edKey().Public(), time.Time{}),
		`keyring: key "k3": a int is not a key`:         key("k3", 7, time.Time{}),
	} {
		clock.add(time.Hour) // k1 has ended
		if err := p.ring.Add(k); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A key that is revoked in the Store signs no more in any process.
func TestKeyringRevoked(t *testing.T) {
	clock, store := newClock(), guard.NewMemoryStore()
	keys := []guard.SigningKey{
		{Key: guard.Key{ID: "k1", Material: ecKeys()[0]}},
		{Key: guard.Key{ID: "k2", Material: ecKeys()[1]}, SignFrom: clock.Now().Add(-time.Minute)},
		{Key: guard.Key{ID: "k3", Material: ecKeys()[2]}, SignFrom: clock.Now().Add(time.Hour)},
	}
	a, b := newProcess(t, clock.Now, store, keys...), newProcess(t, clock.Now, store, keys...)
	pair := issue(t, a.Issuer)
	for _, step := range []struct{ revoked, signs, published string }{
		{"k2", "k1", "k1/ES256 k3/ES256"}, {"k1", "k3", "k3/ES256"},
	} {
		if err := a.Revoke(t.Context(), guard.Revocation{KeyID: step.revoked, Reason: "stolen"}); err != nil {
			t.Fatal(err)
		}
		for _, p := range []*process{a, b} {
			if tok, err := p.Check(t.Context(), p.token(t), guard.Meta{}); err != nil || tok.KeyID() != step.signs {
				t.Errorf("without %s: signed by %v, %v, want %s", step.revoked, tok, err, step.signs)
			}
			if got := p.published(t); got != step.published {
				t.Errorf("without %s: %s published", step.revoked, got)
			}
			if why := verdict(p.Guard, pair.Access.Reveal()); why != event.ReasonRevoked {
				t.Errorf("a token of the revoked key: %v", why)
			}
		}
	}
	if err := a.Revoke(t.Context(), guard.Revocation{KeyID: "k3"}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the family has not moved on
		_, err := b.Refresh(t.Context(), pair.Refresh.Reveal(), web)
		if got := reasonOf(err); got != event.ReasonKeyUnavailable {
			t.Errorf("Refresh without a key: %v", err)
		}
	}
	if _, err := b.Issue(t.Context(), guard.Grant{Subject: "u"}); reasonOf(err) != event.ReasonKeyUnavailable {
		t.Errorf("Issue without a key: %v", err)
	}
	if err := b.ring.Add(guard.SigningKey{Key: guard.Key{ID: "k4", Material: edKey()}, SignFrom: clock.Now()}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Refresh(t.Context(), pair.Refresh.Reveal(), web); err != nil {
		t.Errorf("Refresh with a new key: %v", err)
	}
}

// Errors name the fields, all at once.
func TestKeyringWrong(t *testing.T) {
	ec := ecKeys()
	for _, test := range []struct {
		c    guard.KeyringConfig
		want string
	}{
		{guard.KeyringConfig{Overlap: -1, Ahead: -1}, "keyring: Keys: empty\nOverlap: negative\nAhead: negative"},
		{guard.KeyringConfig{Keys: []guard.SigningKey{
			{Key: guard.Key{Material: ec[0]}},
			{Key: guard.Key{ID: "a", Material: "short"}},
			{Key: guard.Key{ID: "b", Material: ec[0], Algorithm: "RS256"}},
			{Key: guard.Key{ID: "c", Material: ec[0]}},
			{Key: guard.Key{ID: "d", Material: ec[1]}},
			{Key: guard.Key{ID: "e", Material: &ec[1].PublicKey}},
		}}, `keyring: Keys[0]: a key without ID; keys that follow each other need names
Keys[1]: key "a": an HMAC secret of 5 bytes; at least 32 are needed (RFC 7518 section 3.2)
Keys[2]: key "b": Algorithm: "RS256" does not go with it
Keys[4]: key "d": SignFrom: the same as that of key "c"; which one signs?
Keys[5]: key "e": Material: a *ecdsa.PublicKey cannot sign`},
	} {
		if _, err := guard.NewKeyring(test.c); err == nil || err.Error() != test.want {
			t.Errorf("%v\nwant\n%s", err, test.want)
		}
	}

	ring, err := guard.NewKeyring(guard.KeyringConfig{Keys: []guard.SigningKey{{Key: guard.Key{ID: "k1", Material: ec[0]}}}, Overlap: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	c := guard.Config{Keys: ring, Algorithms: []string{"EdDSA"}, Issuers: []string{"i"}, AnyAudience: true, Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()}}
	if _, err := guard.New(c); err == nil || !strings.Contains(err.Error(), `Keys: key "k1" (ECDSA P-256) serves none of the Algorithms`) {
		t.Error(err)
	}
	c.Algorithms = []string{"ES256"}
	g := open(t, c)
	_, err = guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{ID: "k1", Material: ec[0]}, Algorithm: "ES256"})
	want := `guard: issuer configuration: AccessLifetime: tokens are good for 16m0s with the leeway of two clocks, and the Keyring's Overlap is 10m0s
Algorithm: each key of the guard's Keyring has its own
Key: the guard's Keyring signs
RefreshKey: 0 bytes; at least 32 are needed`
	if fmt.Sprint(err) != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", guard.SigningKey{Key: guard.Key{ID: "k", Material: secret}}, ring, ring), fmt.Sprintf("%x", guard.SigningKey{Key: guard.Key{Material: secret}})} {
		if strings.Contains(text, ec[0].D.String()) || strings.Contains(text, string(secret)) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
			t.Errorf("a key is printed: %s", text)
		}
	}
}

// HMAC secrets may follow each other too; they are never published.
func TestKeyringHMAC(t *testing.T) {
	clock := newClock()
	ring, err := guard.NewKeyring(guard.KeyringConfig{Keys: []guard.SigningKey{
		{Key: guard.Key{ID: "h1", Material: secret}},
		{Key: guard.Key{ID: "h2", Material: strings.Repeat("another secret ", 3)}, SignFrom: clock.Now().Add(time.Hour)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, func(c *guard.Config) { c.Keys, c.Now = ring, clock.Now })
	i := newIssuer(t, b, func(c *guard.IssuerConfig) { c.Key, c.RefreshKey = guard.Key{}, secret })
	for _, want := range []string{"h1", "h2"} {
		if tok, err := b.Check(t.Context(), issue(t, i).Access.Reveal(), guard.Meta{}); err != nil || tok.KeyID() != want {
			t.Errorf("%v, %v, want %s", tok, err, want)
		}
		clock.add(time.Hour)
	}
	w := httptest.NewRecorder()
	i.JWKSHandler().ServeHTTP(w, httptest.NewRequest("GET", "/jwks.json", nil))
	if got := w.Body.String(); got != `{"keys":[]}` {
		t.Errorf("published: %s", got)
	}
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := ring.Keys(t.Context(), guard.Header{Algorithm: "HS256", KeyID: "h2"}); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a key that is known is found with %v allocations", n)
	}
}

// The handler publishes public halves, for caches, and to readers only.
func TestJWKSHandler(t *testing.T) {
	clock := newClock()
	p := newProcess(t, clock.Now, guard.NewMemoryStore(),
		guard.SigningKey{Key: guard.Key{ID: "r", Material: rsaKeys()[0]}},
		guard.SigningKey{Key: guard.Key{ID: "e", Material: ecKeys()[0]}, SignFrom: clock.Now().Add(time.Hour)},
		guard.SigningKey{Key: guard.Key{ID: "d", Material: edKey()}, SignFrom: clock.Now().Add(2 * time.Hour)})
	ask := func(method, etag string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(method, "/jwks.json", nil), httptest.NewRecorder()
		if etag != "" {
			r.Header.Set("If-None-Match", etag)
		}
		p.JWKSHandler().ServeHTTP(w, r)
		return w
	}
	w := ask("GET", "")
	for name, want := range map[string]string{
		"Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=900", "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); w.Code != 200 || got != want {
			t.Errorf("%d, %s: %s, want %s", w.Code, name, got, want)
		}
	}
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 3 {
		t.Fatalf("%v: %s", err, w.Body)
	}
	for _, k := range set.Keys {
		for name := range k {
			if !strings.Contains(" kty kid use alg n e crv x y ", " "+name+" ") {
				t.Errorf("key %v holds %q", k["kid"], name)
			}
		}
		if k["use"] != "sig" || k["alg"] == nil {
			t.Errorf("use %v, alg %v", k["use"], k["alg"])
		}
	}
	for _, private := range [][]byte{rsaKeys()[0].D.Bytes(), ecKeys()[0].D.Bytes(), edKey().Seed()} {
		if bytes.Contains(w.Body.Bytes(), []byte(base64.RawURLEncoding.EncodeToString(private[:24]))) {
			t.Error("a private key is published")
		}
	}
	etag := w.Header().Get("ETag")
	if w := ask("GET", etag); w.Code != http.StatusNotModified || w.Body.Len() > 0 || w.Header().Get("Cache-Control") == "" {
		t.Errorf("with its own ETag: %d, %d bytes", w.Code, w.Body.Len())
	}
	if w := ask("HEAD", ""); w.Code != 200 || w.Body.Len() > 0 || w.Header().Get("ETag") != etag {
		t.Errorf("HEAD: %d, %d bytes", w.Code, w.Body.Len())
	}
	if w := ask("POST", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	clock.add(2*time.Hour + time.Minute) // the first is withdrawn
	if w := ask("GET", etag); w.Code != 200 {
		t.Errorf("after a change: %d", w.Code)
	}
	static := newBench(t, func(c *guard.Config) {
		c.Keys, c.Algorithms = guard.Static(guard.Key{ID: "s", Material: ecKeys()[0]}), []string{"ES256"}
	})
	i := newIssuer(t, static, func(c *guard.IssuerConfig) {
		c.Key, c.RefreshKey = guard.Key{ID: "s", Material: ecKeys()[0]}, secret
	})
	w = httptest.NewRecorder()
	i.JWKSHandler().ServeHTTP(w, httptest.NewRequest("GET", "/jwks.json", nil))
	if !strings.Contains(w.Body.String(), `"kid":"s"`) || w.Header().Get("Cache-Control") != "public, max-age=900" {
		t.Errorf("of a static key: %s", w.Body)
	}
}

// One service issues, another one loads its keys, through two rotations and a
// day, by the background reload alone: nothing is refused that should not be,
// and nothing waits for a download.
func TestKeysAcrossServices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys []guard.SigningKey
		for n, key := range ecKeys() {
			keys = append(keys, guard.SigningKey{Key: guard.Key{ID: fmt.Sprint("k", n), Material: key}, SignFrom: time.Now().Add(time.Duration(n) * 8 * time.Hour)})
		}
		issuer := newProcess(t, time.Now, guard.NewMemoryStore(), keys[0])
		handler := issuer.JWKSHandler()
		s := &keyServer{}
		s.set(func(r *http.Request) (int, http.Header, io.Reader) {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			return w.Code, w.Result().Header, w.Body
		})
		g, _, m := keyGuard(t, s, nil)
		synctest.Wait()
		start := time.Now()
		var last [20]string // of the last tokens: all of them are good
		for n := 0; time.Since(start) < 24*time.Hour; n++ {
			switch n { // the operator adds a key a quarter of an hour before it signs
			case 8*60 - 15, 16*60 - 15:
				if err := issuer.ring.Add(keys[(n+15)/480]); err != nil {
					t.Fatal(err)
				}
			}
			last[n%len(last)] = issuer.token(t)
			before := time.Now()
			for k := 0; k <= min(n, 14); k += 7 { // minutes old
				if why := verdict(g, last[(n-k)%len(last)]); why != 0 {
					t.Fatalf("after %v: a token that is %d minutes old: %v", time.Since(start), k, why)
				}
			}
			if d := time.Since(before); d > 0 {
				t.Fatalf("after %v: waited for %v", time.Since(start), d)
			}
			time.Sleep(time.Minute)
		}
		if got, want := keyEvents(m), `keys_refreshed: 1 keys: "k0"
keys_refreshed: 2 keys; added "k1"
key_rotated k1: added "k1"
keys_refreshed: 1 keys; removed "k0"
key_rotated k0: removed "k0"
keys_refreshed: 2 keys; added "k2"
key_rotated k2: added "k2"
keys_refreshed: 1 keys; removed "k1"
key_rotated k1: removed "k1"`; got != want {
			t.Errorf("events:\n%s\nwant:\n%s", got, want)
		}
		if n := s.fetches.Load(); n < 115 || n > 125 { // each 12 min
			t.Errorf("%d downloads in a day", n)
		}
	})
}

// The same over a real connection, where a key signs without having been
// published ahead: the unknown kid brings it.
func TestKeysOverHTTP(t *testing.T) {
	clock := newClock()
	issuer := newProcess(t, clock.Now, guard.NewMemoryStore(), guard.SigningKey{Key: guard.Key{ID: "k1", Material: rsaKeys()[0]}})
	server := httptest.NewServer(issuer.JWKSHandler())
	defer server.Close()
	set := guard.JWKS(guard.JWKSConfig{URL: server.URL})
	m := new(memo)
	g := open(t, guard.Config{
		Keys: set, Algorithms: ringAlgorithms, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Events: guard.EventConfig{Sink: m}, Now: clock.Now,
	})
	old := issuer.token(t)
	if why := verdict(g, old); why != 0 {
		t.Errorf("before: %v", why)
	}
	clock.add(time.Minute)
	if err := issuer.ring.Add(guard.SigningKey{Key: guard.Key{ID: "k2", Material: ecKeys()[0]}, SignFrom: clock.Now()}); err != nil {
		t.Fatal(err)
	}
	young := issuer.token(t)
	for range 3 {
		for _, raw := range []string{old, young} {
			if why := verdict(g, raw); why != 0 {
				t.Errorf("during: %v", why)
			}
		}
	}
	if err := issuer.ring.Withdraw("k1", "stolen"); err != nil {
		t.Fatal(err)
	}
	if err := set.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if old, young := verdict(g, old), verdict(g, young); old != event.ReasonUnknownKID || young != 0 {
		t.Errorf("after: %v, %v", old, young)
	}
}

// A download that has landed serves no later request, even while what it has to
// say is still being written: its set may be from before the key.
func TestKeysWhileRecording(t *testing.T) {
	clock := newClock()
	issuer := newProcess(t, clock.Now, guard.NewMemoryStore(), guard.SigningKey{Key: guard.Key{ID: "k1", Material: rsaKeys()[0]}})
	server := httptest.NewServer(issuer.JWKSHandler())
	defer server.Close()
	written := make(chan struct{})
	g := open(t, guard.Config{
		Keys: guard.JWKS(guard.JWKSConfig{URL: server.URL}), Algorithms: ringAlgorithms,
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"}, Now: clock.Now,
		Events: guard.EventConfig{Sink: sinkFunc(func(e *event.Event) {
			if e.Kind == event.KeysRefreshed {
				<-written
			}
		})},
	})
	defer close(written)
	if why := verdict(g, issuer.token(t)); why != 0 {
		t.Errorf("before: %v", why)
	}
	clock.add(time.Minute)
	if err := issuer.ring.Add(guard.SigningKey{Key: guard.Key{ID: "k2", Material: ecKeys()[0]}, SignFrom: clock.Now()}); err != nil {
		t.Fatal(err)
	}
	if why := verdict(g, issuer.token(t)); why != 0 {
		t.Errorf("during: %v", why)
	}
}
