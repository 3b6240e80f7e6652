package guard_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// FuzzToken takes any text for a token. A $ stands for a good one.
func FuzzToken(f *testing.F) {
	r := newRigs(f)[0]
	good := r.sign(f, `{"alg":"HS256"}`, jsonOf(usual(newClock().Now())))
	for _, s := range []string{"$", "$=", "$.", "", ".", "..", "...", "a.b.c", good[:100], strings.Replace(good, ".", "\n.", 1), respell(good, 1), "Bearer $", "$,$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		raw = strings.ReplaceAll(raw, "$", good)
		g, m := r.open(t)
		r.compare(t, g, m, raw)
		// The identity is that of the signed text, whatever stands behind it.
		id := guard.TokenIdentity(raw)
		parts := strings.Split(raw, ".")
		plain := len(parts) == 3 && parts[0] != "" && parts[1] != "" && base64Only.MatchString(strings.Join(parts, "")) && len(raw) <= 8<<10
		if plain != (id != "") {
			t.Fatalf("identity %q of %q", id, raw)
		}
		if plain {
			sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
			if want := base64.RawURLEncoding.EncodeToString(sum[:]); id != want {
				t.Fatalf("identity %q, want %q", id, want)
			}
		}
	})
}

// FuzzHeader reads a header twice: as anybody may send it, without a signature,
// where nothing but a refusal may come of it, and signed. What is seen of either
// by Observe, which has no keys, goes through too.
func FuzzHeader(f *testing.F) {
	for _, h := range []string{
		`{"alg":"HS256"}`, `{"alg":"none"}`, `{"alg":"HS256","kid":"../x"}`, `{"alg":"HS256","alg":"none"}`, `{"alg":"HS256","crit":[]}`, `{"\u0061lg":"none"}`,
		`{"alg":["HS256"]}`, `{`, `{"alg":"HS256","kid":"` + strings.Repeat("k", 4000) + `"}`, "{\"alg\":\"\xff\"}", `{"alg":"NONE "}`, `{"alg":"HS256","typ":"AT+jwt","cty":"x"}`,
		`{"alg":"HS256","kid":"k--"}`, `{"alg":"HS256","kid":"a/../b"}`, `{"alg":"HS256","kid":"\u0000"}`, `{"alg":"HS256","x5t":"a","x5c":[]}`, `{"alg":"HS256","x":1e999}`,
		`{"":1,"":2}0`, `{"":1,"":2}{}`, `{}{}`, `{"alg":"HS256"}[]`, `{"a":1,"a"`,
	} {
		f.Add(h)
	}
	r := newRigs(f)[0]
	claims := jsonOf(usual(newClock().Now()))
	f.Fuzz(func(t *testing.T, header string) {
		g, m := r.open(t)
		unsigned := base64.RawURLEncoding.EncodeToString([]byte(header)) + ".e30.AAAA"
		r.compare(t, g, m, unsigned)
		if _, err := g.Check(t.Context(), unsigned, guard.Meta{}); err == nil {
			t.Fatal("accepted")
		}
		m.take()
		signed := r.sign(t, header, claims)
		r.compare(t, g, m, signed)
		if reasonOf(check(g, unsigned)) == 0 {
			t.Fatal("accepted once a signed one was seen")
		}
		m.take()
		w := httptest.NewRecorder()
		g.Observe(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })).ServeHTTP(w, request(signed))
		list := m.take()
		soundEvents(t, list)
		if len(list) != 1 || list[0].Kind != event.VerificationFailed || list[0].Verified {
			t.Fatalf("observed %v", brief(list))
		}
		// Without keys and policy, a header that is refused is refused alike.
		if why := r.second(signed); list[0].Reason != 0 && !slices.Contains(why, list[0].Reason) {
			t.Fatalf("observed %v, judged %v: %q", list[0].Reason, why, header)
		}
	})
}

func check(g *guard.Guard, raw string) error {
	_, err := g.Check(context.Background(), raw, guard.Meta{})
	return err
}

// FuzzClaims compares what a Token says with what encoding/json reads, and what
// the rule of a route makes of one claim.
func FuzzClaims(f *testing.F) {
	f.Add(`"sub":"u","jti":"1","scope":"a b","client_id":"c"`, "sub", `"u"`)
	f.Add(`"sub":"\u0041\n","sid":"x","scope":["a","b"],"azp":"z"`, "scope", `"b"`)
	f.Add(`"nested":{"sub":"not me","a":[{}]},"sub" : "me" `, "nested", `{"sub":"not me","a":[{}]}`)
	f.Add(`"n":10,"l":[1,2,3.0]`, "l", `3`)
	f.Add(`"n":1e1,"exp":1e10,"iat":0,"nbf":-0`, "n", `10`)
	f.Add(`"exp":10000000000.75,"iat":1E9,"nbf":253402300799e0`, "exp", `null`)
	f.Add(`"iss":"\ud800","aud":["\udc00",""],"t":true,"z":null`, "z", `null`)
	f.Add(`"\u0073ub":"escaped","SUB":"loud","Sub":"x","a.b":1,"":2`, "", `2`)
	g, err := guard.New(guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true, NoExpiry: true,
		Cache: guard.CacheConfig{Disabled: true}, Limit: guard.LimitConfig{Disabled: true}, Leeway: -1,
		Events: guard.EventConfig{Instance: "i", Heartbeat: -1}, Now: newClock().Now,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { g.Close(f.Context()) })
	f.Fuzz(func(t *testing.T, members, name, value string) {
		text := "{" + members + "}"
		raw := hmacSigned(t, `{"alg":"HS256"}`, text)
		tok, err := g.Check(t.Context(), raw, guard.Meta{})
		if err != nil {
			return // FuzzDifferential looks at why
		}
		var want map[string]any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("accepted, and encoding/json says %v: %q", err, text)
		}
		sameClaims(t, tok, jwt.MapClaims(want))
		var v any
		if json.Unmarshal([]byte(value), &v) != nil {
			return
		}
		got, there := want[name]
		list, _ := got.([]any)
		holds := there && (reflect.DeepEqual(got, v) || slices.ContainsFunc(list, func(x any) bool { return reflect.DeepEqual(x, v) }))
		if _, isList := v.([]any); isList {
			return // a list asks for a list that holds it
		}
		passed := false
		get(g.Require(guard.Claim(name, v))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passed = true })), raw)
		if passed != holds {
			t.Fatalf("Claim(%q, %v) passes: %v, want %v, of %q", name, v, passed, holds, text)
		}
	})
}

// FuzzRequest sends a whole request, as it comes from the network, through the
// doors of a guard with every extractor. A $ stands for a good token.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		"Authorization: Bearer $", "authorization: bEARER   $  ", "Authorization: Bearer $, Bearer $", "Authorization: Bearer $\r\nAuthorization: Bearer $",
		"Authorization: Bearer\t$", "Authorization: Bearer $\t", "Authorization:", "Authorization: Bearer", "Authorization: Basic $", "Authorization: $",
		"Authorization: Bearer $\r\n x", "Authorization: DPoP $", "Authorization: dpop", "Authorization: DPoP $\r\nDPoP: $\r\nCookie: t=x", "DPoP: $", "Cookie: t=$", "Cookie: t=; t=$", "Cookie: t=\"$\"", "Cookie: t=$\r\nCookie: t=$", "Cookie: a=b; t=$; t=x", "Cookie: t=",
		"Sec-Websocket-Protocol: a, $", "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nAuthorization: Bearer $",
		"Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz-more\r\nAuthorization: Bearer x",
		"Traceparent: 00-00000000000000000000000000000000-0000000000000000-01\r\nX-Request-Id: $\r\nUser-Agent: $\r\nAuthorization: Bearer y",
		"Host: $.example:x\r\nUser-Agent: \x1b[31m", "Host: [::1%25zone]:7\r\nX-Forwarded-For: 1.2.3.4",
	} {
		f.Add("/orders/7", s)
	}
	for _, s := range []string{"/?access_token=$", "/?%61ccess_token=$", "/?access_token", "/?access_token=&access_token=$", "/?t&t", "/?t=&t=$", "/?t=$;x=y", "/?a=%zz&t=$", "/%2e%2e/$", "*", "//x", "http://u:p@h/$?t=$#f"} {
		f.Add(s, "Authorization: Bearer $")
		f.Add(s, "Authorization: Bearer x\r\nCookie: t=; t=")
		f.Add(s, "Cookie: t=$")
		f.Add(s, "X: y")
	}
	r := newRigs(f)[0]
	good := r.sign(f, `{"alg":"HS256"}`, jsonOf(usual(newClock().Now())))
	extractors := []struct {
		name string
		f    guard.Extractor
	}{
		{"bearer", guard.Bearer}, {"cookie", guard.Cookie("t")}, {"query", guard.Query("t")},
		{"one of", guard.OneOf(guard.Bearer, guard.Cookie("t"), guard.Query("t"))},
	}
	f.Fuzz(func(t *testing.T, target, headers string) {
		text := strings.ReplaceAll("GET "+target+" HTTP/1.1\r\nHost: h\r\n"+headers+"\r\n\r\n", "$", good)
		q, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		q.RemoteAddr = "203.0.113.7:51000"
		for _, x := range extractors {
			m := new(memo)
			g, err := guard.New(guard.Config{
				Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
				Cache: guard.CacheConfig{Disabled: true}, Limit: guard.LimitConfig{Disabled: true}, Extract: x.f, FingerprintKey: secret,
				Events: guard.EventConfig{Sink: m, Instance: "i", Heartbeat: -1, Successes: guard.SuccessAll}, Now: newClock().Now,
			})
			if err != nil {
				t.Fatal(err)
			}
			m.take()
			want := secondRequest(x.name, q, good)
			for _, door := range []struct {
				name string
				f    func(http.Handler) http.Handler
			}{{"Verify", g.Verify}, {"Optional", g.Optional}, {"Require", g.Require()}, {"Observe", g.Observe}} {
				served, known := false, false
				h := door.f(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, known = guard.FromContext(r.Context())
					served = true
				}))
				w := httptest.NewRecorder()
				h.ServeHTTP(w, q.Clone(t.Context()))
				list := m.take()
				soundEvents(t, list)
				for _, e := range list {
					head := q.Header.Get("Traceparent")
					trace := traces.FindStringSubmatch(head)
					if none := trace == nil || zeros.MatchString(head); none && e.TraceID+e.SpanID != "" || !none && (e.TraceID != trace[1] || e.SpanID != trace[2]) {
						t.Fatalf("trace %q %q of %q", e.TraceID, e.SpanID, q.Header.Get("Traceparent"))
					}
					if line := string(e.Append(nil)); strings.Contains(line, good[40:80]) {
						t.Fatalf("the event holds the token: %s", line)
					}
				}
				switch {
				case door.name == "Observe":
					if !served || known {
						t.Fatalf("Observe served %v, gave a token %v", served, known)
					}
				case want == 0 && !(served && known), want != 0 && known:
					t.Fatalf("%s of %s: served %v, known %v, want the reason %v: %q", door.name, x.name, served, known, want, text)
				case served && !known && !(door.name == "Optional" && want == event.ReasonMissing):
					t.Fatalf("%s of %s: served without a token: %q", door.name, x.name, text)
				case want != 0 && !served && (len(list) != 1 || list[0].Reason != want):
					t.Fatalf("%s of %s: %s, want the reason %v: %q", door.name, x.name, brief(list), want, text)
				case want != 0 && !served && w.Code != refuses[want]:
					t.Fatalf("%s of %s: status %d for %v", door.name, x.name, w.Code, want)
				}
			}
			g.Close(t.Context())
		}
	})
}

// refuses are the statuses that FuzzRequest can bring about.
var refuses = map[event.Reason]int{
	event.ReasonMissing: 401, event.ReasonBadScheme: 401, event.ReasonMultipleTokens: 400, event.ReasonTokenInQuery: 400,
	event.ReasonMalformed: 401, event.ReasonBadEncoding: 401, event.ReasonTooManyParts: 401, event.ReasonOversized: 401,
	event.ReasonBindingMismatch: 401, event.ReasonBadSignature: 401, event.ReasonAlgNotAllowed: 401, event.ReasonAlgNone: 401,
}

var (
	traces = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$`)
	zeros  = regexp.MustCompile(`^00-(0{32}-|.{32}-0{16}-)`)
	bearer = regexp.MustCompile(`^(?i:(bearer)|dpop) +([^ ,]+) *$`)
)

// secondRequest says what is to become of a request, by the tools of net/http.
func secondRequest(extractor string, q *http.Request, good string) event.Reason {
	var found, inQuery []string
	missing, several, scheme, dpop := true, false, false, false
	add := func(values []string) {
		if strings.Join(values, "") == "" {
			return
		}
		missing, several = false, several || len(values) > 1
		found = append(found, values...)
	}
	if extractor == "bearer" || extractor == "one of" {
		switch values := q.Header["Authorization"]; {
		case len(values) > 1:
			missing, several = false, true
		case len(values) == 1:
			v := strings.Trim(values[0], " ")
			switch m := bearer.FindStringSubmatch(values[0]); {
			case m != nil:
				add(m[2:])
				dpop = m[1] == ""
			case v == "" || strings.EqualFold(v, "bearer") || strings.EqualFold(v, "dpop"):
			case len(v) > 6 && strings.EqualFold(v[:7], "bearer "), len(v) > 4 && strings.EqualFold(v[:5], "dpop "):
				missing, several = false, true
			default:
				missing, scheme = false, true
			}
		}
	}
	if (extractor == "cookie" || extractor == "one of") && !several && !scheme {
		var values []string
		for _, c := range q.CookiesNamed("t") {
			values = append(values, c.Value)
		}
		add(values)
	}
	if (extractor == "query" || extractor == "one of") && !several && !scheme {
		inQuery = q.URL.Query()["t"]
		add(inQuery)
	}
	var real []string
	for _, v := range found {
		if v != "" {
			real = append(real, v)
		}
	}
	several = several || len(real) > 1
	fromQuery := !missing && !scheme && strings.Join(inQuery, "") != "" && (len(inQuery) > 1 || !several)
	carries := slices.ContainsFunc(strings.Split(q.URL.RawQuery, "&"), func(pair string) bool {
		name, _ := url.QueryUnescape(strings.SplitN(pair, "=", 2)[0])
		return name == "access_token"
	})
	if carries && !fromQuery {
		if missing {
			return event.ReasonTokenInQuery
		}
		return event.ReasonMultipleTokens
	}
	switch {
	case scheme:
		return event.ReasonBadScheme
	case several:
		return event.ReasonMultipleTokens
	case missing:
		return event.ReasonMissing
	case real[0] == good && dpop:
		return event.ReasonBindingMismatch // RFC 9449 section 7.1
	case real[0] == good:
		return 0
	}
	return newRigs(nil)[0].second(real[0])[0]
}

// FuzzRefreshToken takes any text for a refresh token: only the ones that were
// given out refresh. A $ stands for the current one.
func FuzzRefreshToken(f *testing.F) {
	const good = "$"
	for _, s := range []string{good, "$A", "A$", "", "$$", strings.Repeat("A", 75), "eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "$=", "$\n", " $"} {
		f.Add(s, uint8(0), uint8(0))
		f.Add(s, uint8(37), uint8(1))
		f.Add(s, uint8(74), uint8(3))
	}
	f.Fuzz(func(t *testing.T, raw string, at, flip uint8) {
		b := newRefreshBench(t)
		current := b.pair.Refresh.Reveal()
		raw = strings.ReplaceAll(raw, "$", current)
		if flip != 0 && len(raw) > 0 { // one character of it
			const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
			p := int(at) % len(raw)
			if d := strings.IndexByte(digits, raw[p]); d >= 0 {
				raw = raw[:p] + string(digits[d^int(flip&63)]) + raw[p+1:]
			}
		}
		_, err := b.issuer.Refresh(t.Context(), raw, guard.Meta{})
		list := b.memo.take()
		soundEvents(t, list)
		if len(list) != 1 || strings.Contains(string(list[0].Append(nil)), current[20:50]) {
			t.Fatalf("events %v", brief(list))
		}
		if (err == nil) != (raw == current) {
			t.Fatalf("%v for %q", err, raw)
		}
		switch why := reasonOf(err); why { // none that only the store can give
		case 0, event.ReasonMissing, event.ReasonMalformed, event.ReasonOversized, event.ReasonBadEncoding, event.ReasonBadSignature, event.ReasonCrossTokenUse:
		default:
			t.Fatalf("%q is refused as %v", raw, why)
		}
	})
}

// FuzzRefresh plays a program of presentations of one family's tokens, with
// waits, two clients and a revocation between them, and compares each answer with
// what the rules of refreshing say. Tokens are made with the key itself, so that
// every counter is reached.
func FuzzRefresh(f *testing.F) {
	for _, s := range []string{"", "\x00\x00\x00", "\x00\x01\x00", "\x00\x10\x00", "\x00\x40\x01", "\x02\x00", "\x00\x80\x00\x01", "\x00\x00\x0f\x08\x01", "\x00\x01\x01\x00", "\xff\xfe\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		b := newRefreshBench(t)
		counter, revoked := uint64(0), false
		created := b.clock.Now()
		rotated, by := created, -1
		family := b.pair.Session
		for n, op := range program[:min(len(program), 40)] {
			if op&0xc0 == 0xc0 {
				b.clock.add([]time.Duration{time.Second, 9 * time.Second, 10 * time.Second, time.Hour, 7 * 24 * time.Hour, 24 * time.Hour, time.Nanosecond, 30 * 24 * time.Hour}[op&7])
				continue
			}
			if op&0xc0 == 0x80 && op&0x3f == 0x3f {
				if err := b.issuer.Revoke(t.Context(), guard.Revocation{Session: family}); err != nil {
					t.Fatal(err)
				}
				revoked = true
				b.memo.take()
				continue
			}
			now, back, agent, wrong := b.clock.Now(), uint64(op&7), int(op>>3&1), op&0x30 == 0x30
			c := counter + 1 - back // 1 ahead, current, parent, older
			if back > counter+1 {
				c = 0
			}
			m := guard.Meta{UserAgent: fmt.Sprint("agent", agent), Address: netip.AddrFrom4([4]byte{10, 0, 0, byte(n)})} // so that nothing is folded
			if wrong {
				m.ClientID = "another"
			}
			want := event.RefreshFailed
			switch {
			case revoked, !now.Before(created.Add(30 * 24 * time.Hour)), now.Sub(rotated) > 7*24*time.Hour, wrong, c > counter:
			case c == counter:
				want, counter, rotated, by = event.RefreshOK, counter+1, now, agent
			case c+1 == counter && agent == by && now.Sub(rotated) < 10*time.Second:
				want = event.RefreshRetry
			default:
				want, revoked = event.RefreshReuse, true
			}
			pair, err := b.issuer.Refresh(t.Context(), mint(family, c), m)
			list := b.memo.take()
			soundEvents(t, list)
			if len(list) == 0 || list[0].Kind != want || (err == nil) != (want == event.RefreshOK || want == event.RefreshRetry) {
				t.Fatalf("counter %d of %d: %s, %v; want %v", c, counter, brief(list), err, want)
			}
			if err == nil && pair.Refresh.Reveal() != mint(family, counter) {
				t.Fatal("not the successor")
			}
			if err == nil && pair.Session != family {
				t.Fatal("another session")
			}
			_, err = b.Guard.Check(t.Context(), b.pair.Access.Reveal(), guard.Meta{})
			b.memo.take()
			if revoked && err == nil {
				t.Fatal("an access token of a revoked family is accepted")
			}
		}
	})
}

// mint makes a refresh token as the documentation describes it.
func mint(family string, counter uint64) string {
	b, _ := hex.DecodeString(family)
	b = binary.BigEndian.AppendUint64(b, counter)
	mac := hmac.New(sha256.New, secret)
	mac.Write(b)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(b))
}

type refreshBench struct {
	*guard.Guard
	issuer *guard.Issuer
	pair   guard.Pair
	clock  *clock
	memo   *memo
}

func newRefreshBench(t *testing.T) *refreshBench {
	b := &refreshBench{clock: newClock(), memo: new(memo)}
	var err error
	b.Guard, err = guard.New(guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"i"}, Audience: []string{"a"},
		Cache: guard.CacheConfig{Entries: 8}, Limit: guard.LimitConfig{Disabled: true}, FingerprintKey: secret,
		Events:     guard.EventConfig{Sink: b.memo, Instance: "i", Heartbeat: -1, Successes: guard.SuccessAll},
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore(), MaxStale: 365 * 24 * time.Hour}, Now: b.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close(t.Context()) })
	b.issuer, err = guard.NewIssuer(guard.IssuerConfig{Guard: b.Guard, Key: guard.Key{Material: secret}, RefreshKey: secret, Limit: guard.LimitConfig{Disabled: true}})
	if err != nil {
		t.Fatal(err)
	}
	if b.pair, err = b.issuer.Issue(t.Context(), guard.Grant{Subject: "u"}); err != nil {
		t.Fatal(err)
	}
	b.memo.take()
	return b
}
