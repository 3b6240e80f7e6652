package guard_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// Gate: "No raw token anywhere". Tokens are planted wherever a client can put one, through every way that the
// library has, and hunted in everything that comes out of it.
func TestNoTokenGetsOut(t *testing.T) {
	var jsonOut, slogOut, textOut, log, sent bytes.Buffer
	monitor := newReceiver(t, func(_ int, body string) (int, string) { sent.WriteString(body); return 202, "" })
	text := slog.NewTextHandler(&textOut, &slog.HandlerOptions{Level: slog.LevelDebug})
	b := newBench(t, func(c *guard.Config) {
		c.Events.Successes = guard.SuccessAll
		c.Events.Sink = guard.Tee(c.Events.Sink, guard.JSONSink(&jsonOut), guard.SlogSink(slog.NewJSONHandler(&slogOut, &slog.HandlerOptions{Level: slog.LevelDebug})),
			guard.SlogSink(text), guard.MonitorSink(guard.MonitorConfig{URL: monitor.URL, Key: "ingest-key", Log: quiet()}))
		c.Log = slog.New(slog.NewJSONHandler(&log, nil))
	})
	i := newIssuer(t, b, nil)
	var answers strings.Builder
	note := func(v ...any) {
		for _, x := range v {
			fmt.Fprintf(&answers, "%v %+v %#v\n", x, x, x)
		}
	}
	pair := issue(t, i)
	note(pair, pair.Access, pair.Refresh)
	canary := b.token(t, func(c jwt.MapClaims) { c["jti"] = "canary"; c["secret_claim"] = "do-not-log-this-claim" })
	planted := []string{canary, pair.Access.Reveal(), pair.Refresh.Reveal(), string(secret)}
	everywhere := func(r *http.Request) {
		r.URL.Path = "/reset/" + canary + "/x"
		r.URL.RawQuery = "next=" + canary
		r.Host = canary[:40] + ".example"
		r.Header.Set("User-Agent", "agent "+canary+" "+pair.Refresh.Reveal())
		r.Header.Set("X-Request-Id", canary)
		r.Header.Set("Traceparent", "00-"+canary)
		r.Header.Set("Referer", "https://x/?t="+canary)
		r.Header.Set("Cookie", "t="+canary)
		r.Method = "GET"
	}
	carrier := func(h string) string { // a token whose claims and header carry tokens
		c := usual(b.clock.Now())
		c["jti"], c["sub"], c["client_id"], c["scope"] = canary, "x "+canary, pair.Refresh.Reveal(), "a "+canary
		return hmacSigned(t, h, jsonOf(c))
	}
	ok := b.Verify(answerOK)
	boom := b.Verify(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(errors.New("cannot use " + canary)) }))
	deny := b.Require(guard.Scope("admin"))(answerOK)
	for _, raw := range []string{
		canary, canary + "x", canary[:len(canary)-3] + "AAA", pair.Access.Reveal(), pair.Refresh.Reveal(), carrier(`{"alg":"HS256","kid":"k1"}`),
		carrier(`{"alg":"HS256","kid":"` + canary + `"}`), carrier(`{"alg":"` + canary + `"}`), carrier(`{"alg":"none","typ":"` + canary + `"}`), "",
	} {
		parse := b.Carry(byHand(func(ctx context.Context, raw string) error {
			_, err := b.ParseWithClaimsContext(ctx, raw, &tenantClaims{})
			note(err)
			v, err := b.ValidateToken(ctx, raw)
			note(v, err)
			_, err = b.CheckContext(ctx, raw, func(*guard.Token) error { return errors.New("not " + canary) })
			return err
		}))
		for _, h := range []http.Handler{ok, boom, deny, b.Observe(answerOK), parse, b.Attempt(nil)(guard.Enforce(answerOK))} {
			w := get(h, raw, everywhere)
			note(w.Body.String(), w.Header())
		}
		tok, err := b.Check(t.Context(), raw, guard.Meta{UserAgent: canary, Path: canary, Actor: canary})
		note(tok, err)
		_, err = i.Refresh(t.Context(), raw, guard.Meta{UserAgent: raw, ClientID: canary})
		note(err, err)
		note(i.RevokeToken(t.Context(), raw+"x", "because of "+canary, guard.Meta{Actor: canary}))
	}
	holder := newHolder(t, "ES256", holderP256())
	bound := b.bound(t, holder)
	planted = append(planted, bound)
	for _, edit := range []func(*draft){
		nil, func(d *draft) { d.claims["jti"] = canary }, func(d *draft) { d.claims["htu"] = "https://api.example/" + canary },
		func(d *draft) { d.claims["nonce"], d.header["kid"] = canary, canary }, func(d *draft) { d.header["typ"] = canary },
		func(d *draft) { d.header["alg"] = canary }, func(d *draft) { d.text = func(s string) string { return s + "x" } },
		func(d *draft) { d.text = func(s string) string { return s + "," + canary } }, func(d *draft) { d.text = func(string) string { return canary } },
	} {
		proof := holder.proof(t, "GET", orderURL, bound, b.clock.Now(), edit)
		planted = append(planted, proof)
		for _, h := range []http.Handler{ok, ok, boom, deny, b.Observe(answerOK), login(b, i), i.RefreshHandler()} { // twice: the second is a replay
			for _, scheme := range []string{"DPoP", "Bearer"} {
				if w := ask(h, scheme, bound, proof); w.Code != 200 { // a login answers with a token
					note(w.Body.String(), w.Header())
				}
			}
		}
		m := guard.Meta{Method: "GET", URL: orderURL + canary, Proof: event.NewRaw(proof)}
		_, err := b.Check(t.Context(), bound, m)
		note(guard.Meta{Proof: m.Proof}, err)
		_, err = i.Confirm(t.Context(), m)
		note(err)
		_, err = i.Refresh(t.Context(), pair.Refresh.Reveal(), m)
		note(err)
	}
	planted = append(planted, plantAtEndpoints(t, b, canary, note)...)
	i.Refresh(t.Context(), pair.Refresh.Reveal(), web)
	i.Revoke(t.Context(), guard.Revocation{JTI: canary, Reason: canary, Actor: canary})
	_, err := i.Issue(t.Context(), guard.Grant{Subject: "u", Extra: map[string]any{"iss": canary}})
	note(err)
	note(guard.Key{ID: "k", Material: secret}, guard.MonitorConfig{URL: monitor.URL, Key: string(secret)}, jsonOf(guard.Key{ID: "k", Material: secret}))
	_, err = guard.New(guard.Config{Keys: guard.Static(guard.Key{ID: "k", Material: canary[:20]}), Algorithms: []string{canary}})
	note(err)
	if err := b.Close(context.Background()); err != nil {
		t.Fatal(err)
	}

	outputs := map[string]string{
		"JSON sink": jsonOut.String(), "slog JSON sink": slogOut.String(), "slog text sink": textOut.String(),
		"monitor": sent.String(), "log": log.String(), "answers and errors": answers.String(),
	}
	for name, out := range outputs {
		if len(out) < 500 {
			t.Errorf("%s: only %d bytes came out; the hunt proves nothing", name, len(out))
		}
		for n, secret := range planted {
			for _, form := range forms(secret) {
				if at := strings.Index(out, form); at >= 0 {
					t.Errorf("%s holds planted secret %d: …%s…", name, n, out[max(0, at-80):min(len(out), at+len(form)+20)])
				}
			}
		}
		if strings.Contains(out, "do-not-log-this-claim") {
			t.Errorf("%s holds a claim that nobody asked for", name)
		}
		if strings.Contains(out, "next=") {
			t.Errorf("%s holds a query string", name)
		}
	}
	for _, e := range b.memo.peek() {
		if !e.Verified && e.UserID != "" {
			t.Errorf("%v: user.id %q of an unverified token", e.Kind, e.UserID)
		}
		if e.Verified && e.Kind == event.VerificationFailed && e.Reason.Class() == event.ClassAttack && e.Reason != event.ReasonCrossTokenUse &&
			e.Reason != event.ReasonBindingMismatch && !strings.HasPrefix(e.Detail, "the proof's ") {
			t.Errorf("%v for %v is marked as verified", e.Kind, e.Reason)
		}
	}
}

// forms gives a secret as it could stand in a log: itself, its signature, its
// payload, its ends, and encoded.
func forms(secret string) []string {
	list := []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))}
	if parts := strings.Split(secret, "."); len(parts) == 3 {
		list = append(list, parts[1], parts[2], parts[1][:30])
	} else {
		list = append(list, secret[:24], secret[len(secret)-24:])
	}
	return list
}
