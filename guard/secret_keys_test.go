package guard_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
)

type brokenTransport struct{ err error }

func (b brokenTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

// Tokens, private keys and the address of a key set are planted wherever keys
// come from, and hunted in events, answers and errors.
func TestNoKeyGetsOut(t *testing.T) {
	var jsonOut, slogOut, log bytes.Buffer
	canary := signed(t, jwt.SigningMethodHS256, secret, usual(time.Now()))
	sink := guard.Tee(guard.JSONSink(&jsonOut), guard.SlogSink(slog.NewTextHandler(&slogOut, &slog.HandlerOptions{Level: slog.LevelDebug})))
	var said strings.Builder
	note := func(v ...any) {
		for _, x := range v {
			fmt.Fprintf(&said, "%v %+v %#v %s\n", x, x, x, x)
		}
	}
	address := "https://login.example/jwks?key=planted-in-the-address"
	planted := []string{canary, string(secret), "planted-in-the-address"}

	s := &keyServer{}
	s.serve(jwkSet(jwk(canary, "ES256", ecKeys()[0]), jwk("k "+canary, canary, ecKeys()[0]), `{"kid":"`+canary+`","kty":"oct","k":"`+base64.RawURLEncoding.EncodeToString(secret)+`"}`))
	c := guard.JWKSConfig{URL: address, Client: &http.Client{Transport: s}}
	set := guard.JWKS(c)
	broken := guard.JWKS(guard.JWKSConfig{URL: address, Client: &http.Client{Transport: brokenTransport{errors.New("cannot use " + canary)}}})
	var guards []*guard.Guard
	for _, keys := range []*guard.KeySet{set, broken} {
		guards = append(guards, open(t, guard.Config{
			Keys: keys, Algorithms: []string{"ES256"}, AnyIssuer: true, AnyAudience: true,
			Events: guard.EventConfig{Sink: sink}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		}))
		note(keys, keys.Reload(t.Context()))
		s.serve(jwkSet(jwk("other "+canary, "ES256", ecKeys()[1]), jwk("k7", "ES256", ecKeys()[2])))
		note(keys.Reload(t.Context()))
		_, err := keys.Keys(t.Context(), guard.Header{Algorithm: "ES256", KeyID: canary})
		note(err)
	}
	note(c)

	p := newProcess(t, time.Now, guard.NewMemoryStore(), guard.SigningKey{Key: guard.Key{ID: "k1", Material: ecKeys()[0]}})
	note(p.ring, guard.SigningKey{Key: guard.Key{ID: "k1", Material: ecKeys()[0]}}, guard.KeyringConfig{Keys: []guard.SigningKey{{Key: guard.Key{ID: "k1", Material: secret}}}})
	note(p.ring.Add(guard.SigningKey{Key: guard.Key{ID: canary, Material: edKey(), Algorithm: canary}}))
	note(p.ring.Add(guard.SigningKey{Key: guard.Key{ID: canary, Material: edKey()}, SignFrom: time.Now()}))
	note(p.ring.Add(guard.SigningKey{Key: guard.Key{ID: "k3", Material: rsaKeys()[0]}}))
	note(p.ring.Withdraw("no such key "+canary, ""), p.ring.Withdraw("k1", "because of "+canary))
	for _, e := range p.memo.take() {
		jsonOut.Write(e.Append(nil))
		note(e)
	}
	for _, g := range guards {
		if err := g.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	ec, rsa := ecKeys()[0], rsaKeys()[0]
	planted = append(planted, ec.D.String(), rsa.D.String(), base64.RawURLEncoding.EncodeToString(ec.D.Bytes()), fmt.Sprint([]byte(edKey())), fmt.Sprint(secret))
	for name, out := range map[string]string{"JSON sink": jsonOut.String(), "slog sink": slogOut.String(), "errors and values": said.String(), "log": log.String()} {
		if len(out) < 500 && name != "log" {
			t.Errorf("%s: only %d bytes came out; the hunt proves nothing", name, len(out))
		}
		for n, secret := range planted {
			list := []string{secret}
			if n == 0 {
				list = forms(secret)
			}
			for _, form := range list {
				if at := strings.Index(out, form); at >= 0 {
					t.Errorf("%s holds planted secret %d: …%s…", name, n, out[max(0, at-80):min(len(out), at+len(form)+20)])
				}
			}
		}
	}
}
