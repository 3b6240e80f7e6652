package guard_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// Gate: "No raw token anywhere: a test plants tokens and greps every sink, error,
// panic and response".
//
// Every way into the library is walked with secrets planted wherever a client, an
// issuer or an operator can put one, and everything that comes out is searched. A
// new sink is a line of hunted; a new feature is a line of ways.
func TestNoTokenGetsOut(t *testing.T) {
	h := newHunt(t)
	for _, way := range ways {
		walked := h.said.Len()
		way.walk(h)
		if h.said.Len() == walked {
			t.Errorf("%s: nothing came out; the walk proves nothing", way.name)
		}
	}
	h.search()
}

// hunted are the sinks. Each is given a place to write to.
var hunted = []struct {
	name string
	open func(h *hunt, w io.Writer) guard.Sink
}{
	{"JSON sink", func(_ *hunt, w io.Writer) guard.Sink { return guard.JSONSink(w) }},
	{"slog JSON sink", func(_ *hunt, w io.Writer) guard.Sink {
		return guard.SlogSink(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}},
	{"slog text sink", func(_ *hunt, w io.Writer) guard.Sink {
		return guard.SlogSink(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}},
	{"monitor", func(h *hunt, w io.Writer) guard.Sink {
		r := newReceiver(h.T, func(_ int, body string) (int, string) { io.WriteString(w, body); return 202, "" })
		return guard.MonitorSink(guard.MonitorConfig{URL: r.URL, Key: h.plant("the ingest key of the monitor"), Log: h.log})
	}},
	{"the spool of a monitor that is down", func(h *hunt, w io.Writer) guard.Sink {
		r := newReceiver(h.T, func(int, string) (int, string) { return 503, "" })
		return guard.MonitorSink(guard.MonitorConfig{URL: r.URL, Key: h.plant("the ingest key of a monitor that is down"), Log: h.log, Spool: guard.SpoolConfig{Dir: h.spool}})
	}},
}

// ways are the ways into the library.
var ways = []struct {
	name string
	walk func(h *hunt)
}{
	{"requests", (*hunt).requests},
	{"bound tokens", (*hunt).bound},
	{"Check and the Issuer", (*hunt).calls},
	{"handlers", (*hunt).handlers},
	{"endpoints", func(h *hunt) { h.planted = append(h.planted, plantAtEndpoints(h.T, h.bench, h.token, h.note)...) }},
	{"canaries", (*hunt).canaries},
	{"configuration", (*hunt).configuration},
	{"printing", (*hunt).printing},
}

// A hunt holds what is planted, and what came out.
type hunt struct {
	*testing.T
	*bench
	issuer *guard.Issuer
	pair   guard.Pair

	token   string // a good one with all a client can choose in it
	planted []string
	out     map[string]*page
	said    *page // answers, errors and whatever prints
	log     *slog.Logger
	spool   string
}

// A page is written to by many.
type page struct {
	mu sync.Mutex
	bytes.Buffer
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Buffer.Write(b)
}

func newHunt(t *testing.T) *hunt {
	h := &hunt{T: t, out: make(map[string]*page), said: new(page), spool: t.TempDir()}
	h.out["log"] = new(page)
	h.log = slog.New(slog.NewJSONHandler(h.out["log"], &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.bench = newBench(t, func(c *guard.Config) {
		sinks := []guard.Sink{c.Events.Sink}
		for _, s := range hunted {
			p := new(page)
			if s.name != "the spool of a monitor that is down" {
				h.out[s.name] = p
			}
			sinks = append(sinks, s.open(h, p))
		}
		c.Events.Successes, c.Events.Sink, c.Log = guard.SuccessAll, guard.Tee(sinks...), h.log
	})
	h.issuer = newIssuer(t, h.bench, nil)
	h.pair = issue(t, h.issuer)
	h.plant(string(secret))
	h.plant(h.pair.Access.Reveal())
	h.plant(h.pair.Refresh.Reveal())
	h.token = h.plant(h.bench.token(t, func(c jwt.MapClaims) { c["jti"] = "canary"; c["secret_claim"] = "do-not-log-this-claim" }))
	return h
}

// plant remembers a secret that nothing may give out.
func (h *hunt) plant(secret string) string {
	h.planted = append(h.planted, secret)
	return secret
}

// note keeps what somebody could see or print.
func (h *hunt) note(v ...any) {
	for _, x := range v {
		fmt.Fprintf(h.said, "%v %+v %#v %s %q\n", x, x, x, x, x)
		if b, err := json.Marshal(x); err == nil {
			h.said.Write(append(b, '\n'))
		}
	}
}

// everywhere puts a token into all of a request that events look at.
func (h *hunt) everywhere(r *http.Request) {
	r.URL.Path = "/reset/" + h.token + "/x"
	r.URL.RawQuery = "next=" + h.token
	r.Host = h.token[:40] + ".example"
	for name, value := range map[string]string{
		"User-Agent": "agent " + h.token + " " + h.pair.Refresh.Reveal(), "X-Request-Id": h.token, "Traceparent": "00-" + h.token,
		"Referer": "https://x/?t=" + h.token, "Cookie": "t=" + h.token,
	} {
		r.Header.Set(name, value)
	}
}

// carrier is a token whose header and claims carry tokens.
func (h *hunt) carrier(header string) string {
	c := usual(h.clock.Now())
	c["jti"], c["sub"], c["client_id"], c["scope"], c["sid"] = h.token, "x "+h.token, h.pair.Refresh.Reveal(), "a "+h.token, h.token
	return h.plant(hmacSigned(h.T, header, jsonOf(c)))
}

// tokens are good and bad ones.
func (h *hunt) tokens() []string {
	return []string{
		h.token, h.token + "x", h.token[:len(h.token)-3] + "AAA", h.token + ".x", h.pair.Access.Reveal(), h.pair.Refresh.Reveal(),
		h.carrier(`{"alg":"HS256","kid":"k1"}`), h.carrier(`{"alg":"HS256","kid":"` + h.token + `"}`), h.carrier(`{"alg":"` + h.token + `"}`),
		h.carrier(`{"alg":"none","typ":"` + h.token + `"}`), h.carrier(`{"alg":"HS256","kid":"k1","typ":"` + h.token + `"}`), "",
	}
}

// doors are all that a request can be sent through.
func (h *hunt) doors() map[string]http.Handler {
	boom := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(errors.New("cannot use " + h.token)) })
	fail := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	return map[string]http.Handler{
		"Verify": h.Verify(answerOK), "Optional": h.Optional(answerOK), "Observe": h.Observe(fail), "a panic": h.Verify(boom), "an error": h.Verify(fail),
		"a handler that prints": h.Verify(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.note(w, r.Context(), context.WithoutCancel(r.Context()))
			tok, _ := guard.FromContext(r.Context())
			h.note(tok, *tok, struct{ t guard.Token }{*tok}.t)
		})),
		"a parser": h.Carry(byHand(func(ctx context.Context, raw string) error {
			_, err := h.ParseWithClaimsContext(ctx, raw, &tenantClaims{})
			h.note(err)
			v, err := h.ValidateToken(ctx, raw)
			h.note(v, err)
			_, err = h.CheckContext(ctx, raw, func(*guard.Token) error { return errors.New("not " + h.token) })
			return err
		})),
		"Attempt": h.Attempt(nil)(guard.Enforce(answerOK)),
		"Scope":   h.Require(guard.Scope("admin"))(answerOK), "Claim": h.Require(guard.Claim("secret_claim", "other"))(answerOK),
		"Must": h.Require(guard.Must("never", func(*guard.Token) bool { return false }))(answerOK),
	}
}

func (h *hunt) requests() {
	for _, raw := range h.tokens() {
		for _, door := range h.doors() {
			w := get(door, raw, h.everywhere)
			h.note(w.Body.String(), w.Header())
		}
	}
}

func (h *hunt) bound() {
	holder := newHolder(h.T, "ES256", holderP256())
	bound := h.plant(h.bench.bound(h.T, holder))
	for _, edit := range []func(*draft){
		nil, func(d *draft) { d.claims["jti"] = h.token }, func(d *draft) { d.claims["htu"] = "https://api.example/" + h.token },
		func(d *draft) { d.claims["nonce"], d.header["kid"] = h.token, h.token }, func(d *draft) { d.header["typ"] = h.token },
		func(d *draft) { d.header["alg"] = h.token }, func(d *draft) { d.text = func(s string) string { return s + "x" } },
		func(d *draft) { d.text = func(s string) string { return s + "," + h.token } }, func(d *draft) { d.text = func(string) string { return h.token } },
	} {
		proof := h.plant(holder.proof(h.T, "GET", orderURL, bound, h.clock.Now(), edit))
		doors := h.doors()
		doors["login"], doors["refresh"], doors["a replay"] = login(h.bench, h.issuer), h.issuer.RefreshHandler(), doors["Verify"]
		for _, door := range doors {
			for _, scheme := range []string{"DPoP", "Bearer"} {
				if w := ask(door, scheme, bound, proof); w.Code != 200 { // a login answers with a token
					h.note(w.Body.String(), w.Header())
				}
			}
		}
		m := guard.Meta{Method: "GET", URL: orderURL + h.token, Proof: event.NewRaw(proof)}
		_, err := h.Check(h.Context(), bound, m)
		h.note(guard.Meta{Proof: m.Proof}, err)
		_, err = h.issuer.Confirm(h.Context(), m)
		h.note(err)
		_, err = h.issuer.Refresh(h.Context(), h.pair.Refresh.Reveal(), m)
		h.note(err)
	}
}

func (h *hunt) calls() {
	full := guard.Meta{UserAgent: h.token, Path: h.token, Actor: h.token, ClientID: h.token, RequestID: h.token, Host: h.token, Route: h.token, Method: h.token}
	for _, raw := range h.tokens() {
		tok, err := h.Check(h.Context(), raw, full)
		h.note(tok, err)
		_, err = h.issuer.Refresh(h.Context(), raw, full)
		h.note(err)
		h.note(h.issuer.RevokeToken(h.Context(), raw+"x", "because of "+h.token, full))
	}
	for _, g := range []guard.Grant{
		{Subject: "u " + h.token, ClientID: h.token, Meta: full}, {Subject: "u", Scope: []string{h.token + `"`}}, {Subject: "u", Extra: map[string]any{"iss": h.token}},
		{Subject: "u", Extra: map[string]any{"x": func() {}}, Meta: full}, {},
	} {
		pair, err := h.issuer.Issue(h.Context(), g)
		if pair.Access != (event.Raw{}) {
			h.plant(pair.Access.Reveal())
			h.plant(pair.Refresh.Reveal())
		}
		h.note(err) // the pair says for which client it is, as it should
	}
	for _, r := range []guard.Revocation{
		{JTI: h.token, Reason: h.token, Actor: h.token}, {Session: h.token}, {Subject: h.token}, {KeyID: h.token}, {Identity: guard.TokenIdentity(h.token)}, {},
	} {
		h.note(h.issuer.Revoke(h.Context(), r))
	}
}

func (h *hunt) handlers() {
	client := func(r *http.Request) (string, error) {
		if r.Header.Get("X-Client") == "" {
			return "", errors.New("no client: " + h.token)
		}
		return "client " + h.token, nil
	}
	for _, raw := range append(h.tokens(), h.pair.Refresh.Reveal()[:40]) {
		for _, handler := range []http.Handler{h.issuer.RefreshHandler(), h.issuer.RevocationHandler(client), h.issuer.LogoutHandler()} {
			for _, body := range []string{
				url.Values{"token": {raw}, "refresh_token": {raw}, "client_id": {h.token}}.Encode(), jsonOf(map[string]string{"refresh_token": raw}),
				"token=" + raw + "&token=" + raw, raw, "grant_type=" + raw,
			} {
				for _, known := range []string{"", "yes"} {
					w := get(handler, "", h.everywhere, func(r *http.Request) {
						r.Method, r.Body = "POST", io.NopCloser(strings.NewReader(body))
						r.Header.Set("X-Client", known)
						r.Header.Set("Content-Type", map[bool]string{true: "application/json", false: "application/x-www-form-urlencoded"}[strings.HasPrefix(body, "{")])
					})
					if w.Code != 200 {
						h.note(w.Body.String(), w.Header())
					}
				}
			}
		}
	}
	pair := issue(h.T, h.issuer)
	h.plant(pair.Access.Reveal())
	h.plant(pair.Refresh.Reveal())
	h.issuer.Refresh(h.Context(), pair.Refresh.Reveal(), web)
	h.clock.add(60e9)
	_, err := h.issuer.Refresh(h.Context(), pair.Refresh.Reveal(), web) // reuse: the loudest record of all
	h.note(err)
}

func (h *hunt) configuration() {
	bad := h.plant("a planted secret that is shorter")
	_, err := guard.New(guard.Config{Keys: guard.Static(guard.Key{ID: "k", Material: bad[:20]}), Algorithms: []string{h.token}, FingerprintKey: []byte(bad)[:8]})
	h.note(err)
	_, err = guard.New(guard.Config{
		Keys: guard.JWKS(guard.JWKSConfig{URL: "https://user:" + bad + "@login.example/keys?t=" + h.token}), Algorithms: []string{"RS256"}, AnyIssuer: true, AnyAudience: true,
		Events: guard.EventConfig{Sink: guard.MonitorSink(guard.MonitorConfig{URL: "https://u:" + bad + "@x/" + h.token, Key: bad})},
	})
	h.note(err)
	_, err = guard.NewIssuer(guard.IssuerConfig{Guard: h.Guard, Key: guard.Key{ID: "k9", Material: bad}, RefreshKey: []byte(bad)[:9], Algorithm: h.token})
	h.note(err)
	_, err = guard.NewIssuer(guard.IssuerConfig{Guard: h.Guard, Key: guard.Key{ID: "k1", Material: strings.Repeat(bad, 2)}})
	h.note(err)
}

func (h *hunt) printing() {
	key := guard.Key{ID: "k", Material: secret}
	tok, err := h.Check(h.Context(), h.bench.token(h.T, nil), guard.Meta{})
	if err != nil {
		h.Fatal(err)
	}
	h.note(key, &key, []guard.Key{key}, map[string]any{"k": key}, guard.Config{Keys: guard.Static(key)}, guard.Static(key), guard.IssuerConfig{Key: key, RefreshKey: secret},
		guard.Config{FingerprintKey: secret}, guard.BindingConfig{NonceKey: secret}, guard.NewMemoryStore(), guard.Keyfunc(nil), h.issuer, h.Guard,
		guard.MonitorConfig{URL: "http://127.0.0.1:7460", Key: string(secret)}, tok, *tok, h.pair, h.pair.Access, struct{ p guard.Pair }{h.pair})
	h.log.Info("x", "key", key, "token", tok, "pair", h.pair, "raw", h.pair.Refresh, "sink", guard.MonitorConfig{Key: string(secret)})
	_ = gob.NewEncoder(h.said).Encode(h.pair)
}

// search closes the guard and looks for every secret, in every form, in
// everything that came out.
func (h *hunt) search() {
	ctx, cancel := context.WithTimeout(context.Background(), 2e9)
	defer cancel()
	if err := h.Close(ctx); err != nil && !strings.Contains(err.Error(), "monitor") { // one is down
		h.Fatal(err)
	}
	texts := map[string]string{"answers, errors and prints": h.said.String()}
	for name, p := range h.out {
		p.mu.Lock()
		texts[name] = p.String()
		p.mu.Unlock()
	}
	texts["files of the spool"] = spooled(h.T, h.spool)
	for name, text := range texts {
		if len(text) < 500 {
			h.Errorf("%s: only %d bytes came out; the hunt proves nothing", name, len(text))
		}
		for n, secret := range h.planted {
			for _, form := range forms(secret) {
				if at := strings.Index(text, form); at >= 0 {
					h.Errorf("%s holds planted secret %d: …%s…", name, n, text[max(0, at-80):min(len(text), at+len(form)+20)])
					break
				}
			}
		}
		for what, word := range map[string]string{"a claim that nobody asked for": "do-not-log-this-claim", "a query string": "next="} {
			if strings.Contains(text, word) {
				h.Errorf("%s holds %s", name, what)
			}
		}
	}
	for _, e := range h.memo.peek() {
		if !e.Verified && e.UserID != "" {
			h.Errorf("%v: user.id %q of an unverified token", e.Kind, e.UserID)
		}
		if e.Verified && e.Kind == event.VerificationFailed && e.Reason.Class() == event.ClassAttack && e.Reason != event.ReasonCrossTokenUse &&
			e.Reason != event.ReasonBindingMismatch && !strings.HasPrefix(e.Detail, "the proof's ") {
			h.Errorf("%v for %v is marked as verified", e.Kind, e.Reason)
		}
	}
}

// spooled reads the files of a spool as they lie there, and what is compressed in
// them as well.
func spooled(t *testing.T, dir string) string {
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(os.DirFS(dir), name)
		all.WriteString(name + "\n")
		all.Write(b)
		all.WriteString(unpacked(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// unpacked reads every gzip stream that begins anywhere in b.
func unpacked(b []byte) string {
	var text strings.Builder
	for at := 0; ; at++ {
		next := bytes.Index(b[at:], []byte{0x1f, 0x8b, 8})
		if next < 0 {
			return text.String()
		}
		at += next
		if z, err := gzip.NewReader(bytes.NewReader(b[at:])); err == nil {
			z.Multistream(false)
			io.Copy(&text, z)
		}
	}
}

// forms gives a secret as it could stand in a log: itself, its signature, its
// payload, its ends, and encoded.
func forms(secret string) []string {
	list := []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%x", secret), fmt.Sprint([]byte(secret))}
	if parts := strings.Split(secret, "."); len(parts) == 3 {
		list = append(list, parts[1], parts[2], parts[1][:min(len(parts[1]), 30)])
	} else if len(secret) > 30 {
		list = append(list, secret[:24], secret[len(secret)-24:])
	}
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < 8 })
}
