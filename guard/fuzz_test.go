package guard_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// A fuzzed guard has no state that one input could leave for the next.
func fuzzed(f *testing.F, edit func(*guard.Config)) (*guard.Guard, *memo) {
	m := new(memo)
	at := newClock()
	c := guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Cache: guard.CacheConfig{Disabled: true}, Limit: guard.LimitConfig{Disabled: true}, Leeway: -1,
		Events: guard.EventConfig{Sink: m, Heartbeat: -1, Successes: guard.SuccessAll}, Now: at.Now,
	}
	if edit != nil {
		edit(&c)
	}
	g, err := guard.New(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { g.Close(f.Context()) })
	return g, m
}

// oracle is golang-jwt at its strictest.
var oracle = jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("https://login.example"), jwt.WithAudience("orders"),
	jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(newClock().Now))

func oracleTakes(raw string) bool {
	_, err := oracle.ParseWithClaims(raw, jwt.MapClaims{}, func(*jwt.Token) (any, error) { return secret, nil })
	return err == nil
}

// judge checks one token against the oracle, and the event against our rules.
func judge(t *testing.T, g *guard.Guard, m *memo, raw string) {
	tok, err := g.Check(t.Context(), raw, guard.Meta{})
	if err == nil && !oracleTakes(raw) {
		t.Fatalf("accepted, and golang-jwt's strict parser refuses it: %q", raw)
	}
	var e *guard.Error
	if err != nil && (!errors.As(err, &e) || e.Reason == 0 || e.Reason.Class() == event.ClassInternal) {
		t.Fatalf("error %v for %q", err, raw)
	}
	if (tok == nil) == (err == nil) {
		t.Fatalf("token %v beside error %v", tok, err)
	}
	for _, ev := range m.take() {
		line := ev.Append(nil)
		var back event.Event
		if unknown, err := back.Decode(string(line)); err != nil || unknown > 0 {
			t.Fatalf("the event cannot be read back: %v, %d unknown: %s", err, unknown, line)
		}
		if len(line) > event.MaxLine || bytes.ContainsAny(line, "\n\r\x1b") || !utf8.Valid(line) {
			t.Fatalf("line %q", line)
		}
		if !ev.Verified && ev.UserID != "" {
			t.Fatalf("user.id %q of an unverified token", ev.UserID)
		}
	}
}

// FuzzDifferential signs headers and claims as they come, so that what lies
// behind the signature is reached, and compares with golang-jwt.
func FuzzDifferential(f *testing.F) {
	claims := jsonOf(usual(newClock().Now()))
	for _, h := range []string{`{"alg":"HS256"}`, `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, ` {"alg" : "HS256" , "x":[1,{"a":"]"}]}`} {
		f.Add(h, claims)
	}
	for _, c := range []string{
		`{}`, `{"exp":1e9,"iss":"https://login.example","aud":["orders","x"]}`, `{"exp":253402300800}`, `{"aud":[]}`, `{"exp":"1"}`, `{"a":{"exp":1},"exp":-1}`,
		`{"iss":"https://login.example","aud":"orders","exp":1772370000.5,"nbf":1772366400,"sub":"\ud83d\ude00 \\ \u0000"}`, `{"EXP":1}`, "[]", "null", `{"iss":null}`,
	} {
		f.Add(`{"alg":"HS256"}`, c)
	}
	g, m := fuzzed(f, nil)
	f.Fuzz(func(t *testing.T, header, claims string) {
		judge(t, g, m, hmacSigned(t, header, claims))
	})
}

// FuzzToken takes any text for a token.
func FuzzToken(f *testing.F) {
	good := signed(f, jwt.SigningMethodHS256, secret, usual(newClock().Now()))
	for _, s := range []string{good, good + "=", good + ".", "", ".", "..", "...", "a.b.c", good[:100], strings.Replace(good, ".", "\n.", 1), respell(good, 1)} {
		f.Add(s)
	}
	g, m := fuzzed(f, nil)
	f.Fuzz(func(t *testing.T, raw string) { judge(t, g, m, raw) })
}

// FuzzHeader reads a header that was not signed by anybody: attacker input at
// its rawest. Nothing but a refusal may come of it.
func FuzzHeader(f *testing.F) {
	for _, h := range []string{
		`{"alg":"none"}`, `{"alg":"HS256","kid":"../x"}`, `{"alg":"HS256","alg":"none"}`, `{"alg":"HS256","crit":[]}`, `{"\u0061lg":"none"}`,
		`{"alg":["HS256"]}`, `{`, `{"alg":"HS256","kid":"` + strings.Repeat("k", 4000) + `"}`, "{\"alg\":\"\xff\"}",
	} {
		f.Add(h)
	}
	g, m := fuzzed(f, nil)
	f.Fuzz(func(t *testing.T, header string) {
		raw := base64.RawURLEncoding.EncodeToString([]byte(header)) + ".e30.AAAA"
		if _, err := g.Check(t.Context(), raw, guard.Meta{}); err == nil {
			t.Fatal("accepted")
		}
		var h struct {
			Alg any `json:"alg"`
		}
		if e := m.take(); len(e) == 1 && json.Unmarshal([]byte(header), &h) == nil && h.Alg == "none" && strings.Count(header, "lg") == 1 &&
			strings.Contains(header, `"alg":"none"`) && e[0].Reason != event.ReasonAlgNone && e[0].Reason != event.ReasonDuplicateMember &&
			e[0].Reason != event.ReasonMalformed && e[0].Reason != event.ReasonOversized {
			t.Fatalf("alg none is called %v", e[0].Reason)
		}
	})
}

// FuzzClaims compares what a Token says with what encoding/json reads.
func FuzzClaims(f *testing.F) {
	f.Add(`"sub":"u","jti":"1","scope":"a b","client_id":"c"`)
	f.Add(`"sub":"\u0041\n","sid":"x","scope":["a","b"],"azp":"z"`)
	f.Add(`"nested":{"sub":"not me","a":[{}]},"sub" : "me" `)
	g, _ := fuzzed(f, func(c *guard.Config) {
		c.Issuers, c.Audience, c.AnyIssuer, c.AnyAudience = nil, nil, true, true
		c.NoExpiry = true
	})
	f.Fuzz(func(t *testing.T, members string) {
		text := "{" + members + "}"
		tok, err := g.Check(t.Context(), hmacSigned(t, `{"alg":"HS256"}`, text), guard.Meta{})
		if err != nil {
			return
		}
		var want map[string]any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("accepted, and encoding/json says %v: %q", err, text)
		}
		for name, got := range map[string]string{"sub": tok.Subject(), "jti": tok.ID(), "sid": tok.SessionID(), "iss": tok.Issuer()} {
			if s, _ := want[name].(string); s != got {
				t.Fatalf("%s: %q, encoding/json reads %q", name, got, s)
			}
		}
		if exp, _ := want["exp"].(float64); !tok.Expires().IsZero() && tok.Expires().Unix() != int64(exp) {
			t.Fatalf("exp: %v, encoding/json reads %v", tok.Expires(), exp)
		}
	})
}

// FuzzRefreshToken: only the one text that was given out refreshes.
func FuzzRefreshToken(f *testing.F) {
	m := new(memo)
	at := newClock()
	g, err := guard.New(guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"i"}, Audience: []string{"a"},
		Limit: guard.LimitConfig{Disabled: true}, Events: guard.EventConfig{Sink: m, Heartbeat: -1}, Now: at.Now,
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { g.Close(f.Context()) })
	i, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{Material: secret}, Limit: guard.LimitConfig{Disabled: true}})
	if err != nil {
		f.Fatal(err)
	}
	pair, err := i.Issue(f.Context(), guard.Grant{Subject: "u"})
	if err != nil {
		f.Fatal(err)
	}
	good := pair.Refresh.Reveal()
	for _, s := range []string{good, good[:74], good + "A", respell(good, 1), good[:37] + "\n" + good[38:], "", pair.Access.Reveal(), strings.Repeat("A", 75)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		_, err := i.Refresh(t.Context(), raw, guard.Meta{})
		if (err == nil) != (raw == good) { // the good one is a retry within the grace time, since the clock stands
			t.Fatalf("%v for %q", err, raw)
		}
		m.take()
	})
}
