package guard_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// FuzzDifferential compares the guard with golang-jwt's strict parser, token by
// token: whether it is taken, why it is not, and what it says.
//
// Headers and claims are signed as they come, with one of eight algorithms, so
// that everything behind a signature is reached; a $ in the header stands for
// the algorithm's name. The signed token is then damaged: with is written over
// it at a place. The whole one goes first, twice, and the damaged one after it,
// through one guard with its cache: neither the cache nor the memo of headers may
// carry anything from one to the other.
//
// Where the two disagree on purpose, because the guard is stricter, the reason
// must be one of stricter, and second holds word for word when it may be given.
func FuzzDifferential(f *testing.F) {
	now := newClock().Now()
	good := usual(now)
	claims := jsonOf(good)
	for n := range uint8(32) {
		f.Add(n, `{"alg":"$"}`, claims, uint16(0), "")
	}
	for _, h := range []string{
		`{"alg":"$","typ":"at+jwt","kid":"k1"}`, ` {"alg" : "$" , "x":[1,{"a":"]"}]}`, `{"alg":"none"}`, `{"alg":"HS256"}`, `{"alg":"ES256"}`, `{"alg":"RS256"}`,
		`{"alg":"$","alg":"$"}`, `{"alg":"$","kid":7}`, `{"alg":"$","kid":"a--"}`, `{"alg":"$","kid":"../x"}`, `{"alg":"$","crit":[]}`, `{"alg":"$","jwk":{}}`,
		`{"alg":"$","typ":"application/AT+JWT"}`, `{"alg":"$","typ":"logout+jwt"}`, `{"alg":"$","typ":null}`, `{"\u0061lg":"$"}`, `{"alg":"$","x":1e999}`, `{"alg":" none"}`,
		`null`, `[]`, `{"alg":"$","x":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`,
	} {
		f.Add(uint8(0), h, claims, uint16(0), "")
		f.Add(uint8(2+16), h, claims, uint16(0), "")
	}
	sec := now.Unix()
	for _, c := range []string{
		`{}`, `[]`, `null`, `"x"`, `{`, `{"EXP":1}`, "{\"sub\":\"\xff\"}",
		`{"exp":1e9,$}`, `{"exp":253402300800,$}`, `{"exp":253402300799.5,$}`, `{"exp":"1",$}`, `{"exp":null,$}`, `{"exp":-1,$}`, `{"exp":0,$}`, `{"exp":1e999,$}`, `{"exp":1e300,$}`,
		fmt.Sprintf(`{"exp":%d,$}`, sec), fmt.Sprintf(`{"exp":%d.9,$}`, sec), fmt.Sprintf(`{"exp":%d,$}`, sec-30), fmt.Sprintf(`{"exp":%d,$}`, sec-29),
		fmt.Sprintf(`{"exp":%d,"nbf":%d,$}`, sec+60, sec+1), fmt.Sprintf(`{"exp":%d,"nbf":%d.5,$}`, sec+60, sec+30), fmt.Sprintf(`{"exp":%d,"iat":%d,$}`, sec+60, sec+31),
		fmt.Sprintf(`{"exp":%d,"iat":%d,$}`, sec+600, sec+91), fmt.Sprintf(`{"exp":%d,"nbf":-5,$}`, sec+600), fmt.Sprintf(`{"exp":%d,"nbf":1e300,$}`, sec+600),
		fmt.Sprintf(`{"exp":%d,$,"sub":"\ud83d\ude00 \\ \u0000","jti":"\udc00"}`, sec+600), fmt.Sprintf(`{"exp":%d,$,"x":{"sub":1,"sub":2}}`, sec+600),
		fmt.Sprintf(`{"exp":%d,$,"sub":"a","sub":"b"}`, sec+600), fmt.Sprintf(`{"exp":%d,$,"sub":7}`, sec+600), fmt.Sprintf(`{"exp":%d,$,"scope":["a",1]}`, sec+600),
		fmt.Sprintf(`{"exp":%d,"iss":"https://login.example","aud":["x","orders"],"scp":["a b","c"],"azp":"z"}`, sec+600),
		fmt.Sprintf(`{"exp":%d,"iss":"https://login.example","aud":[""]}`, sec+600), fmt.Sprintf(`{"exp":%d,"iss":"https://login.example","aud":[]}`, sec+600),
		fmt.Sprintf(`{"exp":%d,"iss":"https://login.example","aud":{"orders":1}}`, sec+600), fmt.Sprintf(`{"exp":%d,"iss":"","aud":"orders"}`, sec+600),
		fmt.Sprintf(`{"exp":%d,"iss":null,"aud":"orders"}`, sec+600), fmt.Sprintf(`{"exp":%d,$,"token_use":"id"}`, sec+600), fmt.Sprintf(`{"exp":%d,$,"at_hash":""}`, sec+600),
		fmt.Sprintf(`{"exp":%d,$,"events":{"http:\/\/schemas.openid.net\/event\/backchannel-logout":{}}}`, sec+600), fmt.Sprintf(`{"exp":%d,$,"x":9e307,"y":-0.0}`, sec+600),
	} {
		c = strings.Replace(c, "$", `"iss":"https://login.example","aud":"orders"`, 1)
		f.Add(uint8(0), `{"alg":"$"}`, c, uint16(0), "")
		f.Add(uint8(3+8), `{"alg":"$"}`, c, uint16(0), "")
	}
	for _, d := range []struct {
		at   uint16
		with string
	}{{3, "A"}, {19, "."}, {25, "\n"}, {600, "="}, {40, "eyJ"}, {330, "AAAA"}, {0, "eyJhbGciOiJub25lIn0."}, {65535, "."}} {
		for n := range uint8(8) {
			f.Add(n, `{"alg":"$"}`, claims, d.at, d.with)
		}
	}
	rigs := newRigs(f)
	f.Fuzz(func(t *testing.T, how uint8, header, claims string, at uint16, with string) {
		r := rigs[how%32]
		raw := r.sign(t, strings.ReplaceAll(header, "$", r.method.Alg()), claims)
		g, m := r.open(t)
		r.compare(t, g, m, raw)
		r.compare(t, g, m, raw)
		if with != "" {
			p := int(at) % (len(raw) + 1)
			r.compare(t, g, m, raw[:p]+with+raw[min(p+len(with), len(raw)):])
			r.compare(t, g, m, raw)
		}
	})
}

// A rig is one way to set up a guard, with the oracle set up alike.
type rig struct {
	method  jwt.SigningMethod
	key     any // signs
	public  any // verifies
	allowed []string
	leeway  time.Duration
	oracle  *jwt.Parser
}

// newRigs gives eight algorithms, each alone on the list and with others beside
// it, without and with a leeway.
var newRigs = func() func(testing.TB) []*rig {
	var once sync.Once
	var rigs []*rig
	return func(tb testing.TB) []*rig {
		once.Do(func() {
			rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				tb.Fatal(err)
			}
			ec := func(c elliptic.Curve) *ecdsa.PrivateKey {
				k, err := ecdsa.GenerateKey(c, rand.Reader)
				if err != nil {
					tb.Fatal(err)
				}
				return k
			}
			p256, p384, p521 := ec(elliptic.P256()), ec(elliptic.P384()), ec(elliptic.P521())
			edPublic, edKey, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				tb.Fatal(err)
			}
			kinds := []rig{
				{method: jwt.SigningMethodHS256, key: secret, public: secret}, {method: jwt.SigningMethodRS256, key: rsaKey, public: &rsaKey.PublicKey},
				{method: jwt.SigningMethodES256, key: p256, public: &p256.PublicKey}, {method: jwt.SigningMethodEdDSA, key: edKey, public: edPublic},
				{method: jwt.SigningMethodPS256, key: rsaKey, public: &rsaKey.PublicKey}, {method: jwt.SigningMethodHS512, key: secret, public: secret},
				{method: jwt.SigningMethodES384, key: p384, public: &p384.PublicKey}, {method: jwt.SigningMethodES512, key: p521, public: &p521.PublicKey},
			}
			for n := range 32 {
				r := kinds[n%8]
				r.allowed = []string{r.method.Alg()}
				if n&8 != 0 {
					r.leeway = 30 * time.Second
				}
				if n&16 != 0 {
					if r.allowed = []string{"HS256", "HS384", "HS512"}; !r.hmac() {
						r.allowed = []string{"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"}
					}
				}
				r.oracle = jwt.NewParser(jwt.WithValidMethods(r.allowed), jwt.WithIssuer("https://login.example"), jwt.WithAudience("orders"),
					jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(), jwt.WithLeeway(r.leeway), jwt.WithTimeFunc(newClock().Now))
				rigs = append(rigs, &r)
			}
		})
		return rigs
	}
}()

func (r *rig) hmac() bool { return strings.HasPrefix(r.method.Alg(), "HS") }

// sign signs a header and claims as they are written.
func (r *rig) sign(t testing.TB, header, claims string) string {
	body := strings.TrimSuffix(forge(header, claims, ""), ".")
	sig, err := r.method.Sign(body, r.key)
	if err != nil {
		t.Fatal(err)
	}
	return body + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// open opens a guard that nothing has passed through yet.
func (r *rig) open(t *testing.T) (*guard.Guard, *memo) {
	m := new(memo)
	c := guard.Config{
		Keys: guard.Static(r.public), Algorithms: r.allowed, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Cache: guard.CacheConfig{Entries: 8}, Limit: guard.LimitConfig{Disabled: true}, Leeway: r.leeway, FingerprintKey: secret,
		Events: guard.EventConfig{Sink: m, Instance: "i", Heartbeat: -1, Successes: guard.SuccessAll}, Now: newClock().Now,
	}
	if c.Leeway == 0 {
		c.Leeway = -1
	}
	g, err := guard.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(t.Context()) })
	m.take()
	return g, m
}

// stricter are the reasons with which a guard refuses what golang-jwt takes: the
// whole difference between the two.
var stricter = []event.Reason{
	event.ReasonOversized,          // 8 KiB
	event.ReasonBadEncoding,        // line ends inside base64
	event.ReasonMalformed,          // not UTF-8, nested beyond 64, more than 256 members, a kid or typ that is no string
	event.ReasonDuplicateMember,    // a member of the header or of the claims stated twice
	event.ReasonBadCrit,            // crit and b64
	event.ReasonUntrustedKeyHeader, // jku, x5u, jwk, x5c
	event.ReasonKIDInjection,       // a kid that reaches for a file, a query or a command
	event.ReasonBadType,            // a typ that is neither JWT nor at+jwt
	event.ReasonCrossTokenUse,      // a token that says that it is for something else
	event.ReasonBadClaim,           // a known claim of another type, a time outside of years 1970 to 9999
}

// compare has both judge raw.
func (r *rig) compare(t *testing.T, g *guard.Guard, m *memo, raw string) {
	t.Helper()
	tok, err := g.Check(t.Context(), raw, guard.Meta{})
	got := reasonOf(err)
	if (tok == nil) != (err != nil) || err != nil && got == 0 {
		t.Fatalf("token %v beside error %v", tok, err)
	}
	parsed, refusal := r.oracle.ParseWithClaims(raw, jwt.MapClaims{}, func(*jwt.Token) (any, error) { return r.public, nil })
	switch {
	case err == nil && refusal != nil:
		t.Fatalf("accepted, and golang-jwt's strict parser says %v: %q", refusal, raw)
	case err != nil && refusal == nil && !slices.Contains(stricter, got):
		t.Fatalf("refused as %v, and golang-jwt accepts: %q", got, raw)
	}
	if want := r.second(raw); !slices.Contains(want, got) {
		t.Fatalf("reason %v, the second opinion is %v, golang-jwt's %v: %q", got, want, refusal, raw)
	}
	if err == nil {
		sameClaims(t, tok, parsed.Claims.(jwt.MapClaims))
	} else if got == event.ReasonMissing {
		// has no word in golang-jwt
	} else if why := disagreement(err, got, refusal); why != "" && !slices.Contains(stricter, got) {
		t.Fatalf("reason %v: %s: %q", got, why, raw)
	}
	list := m.take()
	if len(list) == 0 {
		t.Fatalf("no event: %q", raw)
	}
	soundEvents(t, list)
	for _, e := range list {
		if e.Verified != (tok != nil) && (e.Verified || tok != nil) && !heldSignature(got) {
			t.Fatalf("an event with verified %v for the reason %v", e.Verified, got)
		}
	}
}

// heldSignature reports whether a reason is given after the signature held.
func heldSignature(why event.Reason) bool {
	switch why {
	case event.ReasonMissingClaim, event.ReasonBadIssuer, event.ReasonBadAudience, event.ReasonBadType, event.ReasonCrossTokenUse,
		event.ReasonExpired, event.ReasonNotYetValid, event.ReasonIssuedInFuture, event.ReasonClockSkew:
		return true
	}
	return false
}

// disagreement compares the class of a refusal: errors.Is of what the guard
// returned must hold for golang-jwt's own error too.
func disagreement(err error, why event.Reason, refusal error) string {
	own := sentinels(err)
	if len(own) == 0 {
		return "no sentinel of golang-jwt"
	}
	if !slices.ContainsFunc(own, func(s error) bool { return !errors.Is(refusal, s) }) {
		return ""
	}
	switch {
	case errors.Is(refusal, jwt.ErrTokenMalformed):
		return "" // golang-jwt decodes claims before it looks at alg and signature
	case why == event.ReasonMalformed || why == event.ReasonAlgNone || why == event.ReasonAlgNotAllowed:
		if errors.Is(refusal, jwt.ErrTokenUnverifiable) {
			return "" // what golang-jwt says of an alg that it does not know, or that is none
		}
	case why == event.ReasonBadAudience && errors.Is(refusal, jwt.ErrTokenRequiredClaimMissing):
		return "" // "aud":""
	case why == event.ReasonClockSkew && (errors.Is(refusal, jwt.ErrTokenNotValidYet) || errors.Is(refusal, jwt.ErrTokenUsedBeforeIssued)):
		return ""
	}
	return fmt.Sprintf("%v, golang-jwt says %v", own, refusal)
}

// sameClaims compares what a Token says with what golang-jwt read.
func sameClaims(t *testing.T, tok *guard.Token, want jwt.MapClaims) {
	t.Helper()
	text := func(name string) string { s, _ := want[name].(string); return s }
	client := text("client_id")
	if client == "" {
		client = text("azp")
	}
	for name, pair := range map[string][2]string{
		"sub": {tok.Subject(), text("sub")}, "iss": {tok.Issuer(), text("iss")}, "jti": {tok.ID(), text("jti")},
		"sid": {tok.SessionID(), text("sid")}, "client_id": {tok.ClientID(), client},
	} {
		if pair[0] != pair[1] {
			t.Fatalf("%s is %q, golang-jwt reads %q", name, pair[0], pair[1])
		}
	}
	date := func(d *jwt.NumericDate, err error) time.Time {
		if err != nil {
			t.Fatalf("golang-jwt accepted, and says %v", err)
		}
		if d == nil {
			return time.Time{}
		}
		return d.Time
	}
	at := func(d time.Time) time.Time {
		if d.Unix() == 0 {
			return time.Time{} // "exp":0.5
		}
		return d
	}
	if got, w := tok.Expires(), at(date(want.GetExpirationTime())); !got.Equal(w) {
		t.Fatalf("exp is %v, golang-jwt reads %v", got, w)
	}
	if got, w := tok.IssuedAt(), at(date(want.GetIssuedAt())); !got.Equal(w) {
		t.Fatalf("iat is %v, golang-jwt reads %v", got, w)
	}
	aud, err := want.GetAudience()
	if err != nil || !slices.Equal(tok.Audience(), aud) {
		t.Fatalf("aud is %q, golang-jwt reads %q, %v", tok.Audience(), aud, err)
	}
	scope := words(want["scope"])
	if scope == "" {
		scope = words(want["scp"])
	}
	if got := tok.Scopes(); !slices.Equal(got, strings.Fields(scope)) {
		t.Fatalf("scopes are %q, golang-jwt reads %q", got, scope)
	}
	var own map[string]any
	if err := tok.Decode(&own); err != nil || jsonOf(own) != jsonOf(map[string]any(want)) {
		t.Fatalf("claims decode to %v, %v; golang-jwt reads %v", own, err, want)
	}
}

func words(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var list []string
		for _, x := range v {
			s, _ := x.(string)
			list = append(list, s)
		}
		return strings.Join(list, " ")
	}
	return ""
}

// soundEvents looks at what every event must be, whatever caused it.
func soundEvents(t *testing.T, list []event.Event) {
	t.Helper()
	for _, e := range list {
		line := e.Append(nil)
		var back event.Event
		if unknown, err := back.Decode(string(line)); err != nil || unknown > 0 {
			t.Fatalf("the event cannot be read back: %v, %d unknown: %s", err, unknown, line)
		}
		if len(line) > event.MaxLine || bytes.ContainsAny(line, "\n\r\x1b") || !utf8.Valid(line) {
			t.Fatalf("line %q", line)
		}
		if !e.Verified && e.UserID != "" {
			t.Fatalf("user.id %q of an unverified token", e.UserID)
		}
	}
}

// A reading is what encoding/json makes of a JSON text.
type reading struct {
	object  bool // one JSON object, as golang-jwt takes it, of UTF-8, not too deep and not too long
	twice   bool // a name stands twice in what can be read
	many    bool // more than 256 names in what can be read
	members map[string]any
}

func readObject(text string) reading {
	var r reading
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	depth, key, n, deep := 0, false, 0, false
	seen := make(map[string]bool)
	for {
		x, err := d.Token()
		if err != nil {
			r.object = err == io.EOF && n > 0
			break
		}
		n++
		end := x == json.Delim('}') || x == json.Delim(']')
		if depth == 1 && !end {
			if key = !key; key {
				r.twice = r.twice || seen[x.(string)]
				seen[x.(string)] = true
				r.many = r.many || len(seen) > 256
				continue
			}
		}
		if !end && depth > 64 {
			deep = true
		}
		switch x {
		case json.Delim('{'), json.Delim('['):
			if depth == 0 && x == json.Delim('[') {
				return reading{twice: r.twice}
			}
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		default:
			if depth == 0 {
				return reading{twice: r.twice} // a value that is no object, or one behind it
			}
		}
	}
	r.object = r.object && !deep && !r.many && utf8.ValidString(text) && json.Unmarshal([]byte(text), &r.members) == nil
	return r
}

// plainKID is what no kid_injection may be said of.
var plainKID = regexp.MustCompile(`^([A-Za-z0-9_~:=+@-]|\.[^./])*$`)

var base64Only = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

// second is a verifier after the guard's documentation, written a second time
// with the plain tools: encoding/json, golang-jwt's signatures and its claims
// validator. It gives the reasons that may be given, 0 for a good token; more
// than one only where the order of two faults is nobody's business.
func (r *rig) second(raw string) []event.Reason {
	one := func(why event.Reason) []event.Reason { return []event.Reason{why} }
	parts := strings.Split(raw, ".")
	switch {
	case raw == "":
		return one(event.ReasonMissing)
	case len(raw) > 8<<10:
		return one(event.ReasonOversized)
	case len(parts) > 3:
		return one(event.ReasonTooManyParts)
	case len(parts) < 3:
		return one(event.ReasonMalformed)
	case !base64Only.MatchString(strings.Join(parts, "")):
		return one(event.ReasonBadEncoding)
	case parts[0] == "" || parts[1] == "":
		return one(event.ReasonMalformed)
	}
	decode := base64.RawURLEncoding.Strict().DecodeString
	text, err := decode(parts[0])
	if err != nil {
		return one(event.ReasonBadEncoding)
	}
	h := readObject(string(text))
	switch {
	case h.twice && h.object:
		return one(event.ReasonDuplicateMember)
	case h.twice: // which is found first
		return []event.Reason{event.ReasonDuplicateMember, event.ReasonMalformed}
	case !h.object:
		return one(event.ReasonMalformed)
	}
	for _, name := range []string{"alg", "kid", "typ"} {
		if v, ok := h.members[name]; ok && !isText(v) {
			return one(event.ReasonMalformed)
		}
	}
	alg, _ := h.members["alg"].(string)
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { _, ok := h.members[n]; return ok })
	}
	method := jwt.GetSigningMethod(alg)
	switch {
	case alg == "":
		return one(event.ReasonMalformed)
	case strings.EqualFold(strings.TrimSpace(alg), "none"):
		return one(event.ReasonAlgNone)
	case !slices.Contains(r.allowed, alg) && !r.hmac() && slices.Contains([]string{"HS256", "HS384", "HS512"}, alg):
		return one(event.ReasonAlgKeyMismatch)
	case !slices.Contains(r.allowed, alg):
		return one(event.ReasonAlgNotAllowed)
	case has("jku", "x5u", "jwk", "x5c"):
		return one(event.ReasonUntrustedKeyHeader)
	case has("crit", "b64"):
		return one(event.ReasonBadCrit)
	}
	kid, _ := h.members["kid"].(string)
	typ, _ := h.members["typ"].(string)
	rest := r.secondSigned(parts, method, strings.TrimPrefix(strings.ToLower(typ), "application/"))
	if !plainKID.MatchString(kid) {
		rest = append(rest, event.ReasonKIDInjection) // which of the others are dangerous is for TestKIDInjection
	}
	return rest
}

func isText(v any) bool { _, ok := v.(string); return ok }

func isTexts(v any) bool {
	list, ok := v.([]any)
	return isText(v) || ok && !slices.ContainsFunc(list, func(v any) bool { return !isText(v) })
}

// secondSigned judges what stands behind the header.
func (r *rig) secondSigned(parts []string, method jwt.SigningMethod, typ string) []event.Reason {
	one := func(why event.Reason) []event.Reason { return []event.Reason{why} }
	decode := base64.RawURLEncoding.Strict().DecodeString
	sig, err := decode(parts[2])
	if err != nil {
		return one(event.ReasonBadEncoding)
	}
	if half := len(sig) / 2; strings.HasPrefix(method.Alg(), "ES") && half > 0 && len(sig)%2 == 0 &&
		(len(bytes.Trim(sig[:half], "\x00")) == 0 || len(bytes.Trim(sig[half:], "\x00")) == 0) {
		return one(event.ReasonPsychicSignature)
	}
	err = method.Verify(parts[0]+"."+parts[1], sig, r.public)
	if _, wrongCurve := method.(*jwt.SigningMethodECDSA); errors.Is(err, jwt.ErrInvalidKeyType) || wrongCurve && method.Alg() != r.method.Alg() {
		return one(event.ReasonAlgKeyMismatch)
	}
	if err != nil {
		return one(event.ReasonBadSignature)
	}
	text, err := decode(parts[1])
	if err != nil {
		return one(event.ReasonBadEncoding)
	}
	c := readObject(string(text))
	switch {
	case c.twice && c.object:
		return one(event.ReasonDuplicateMember)
	case c.twice:
		return []event.Reason{event.ReasonDuplicateMember, event.ReasonMalformed}
	case !c.object:
		return one(event.ReasonMalformed)
	}
	return one(r.secondClaims(c.members, typ))
}

// use2 are the words for tokens that are not for access.
var use2 = regexp.MustCompile(`(?i)^(refresh|refresh_token|offline|id|id_token|logout|logout_token)$`)

// cross2 are types of tokens that are not for access.
var cross2 = regexp.MustCompile(`^(logout\+jwt|dpop\+jwt|secevent\+jwt|refresh\+jwt|rt\+jwt|id\+jwt|id_token|refresh|oauth-authz-req\+jwt|token-introspection\+jwt|client-authentication\+jwt)$`)

func (r *rig) secondClaims(c map[string]any, typ string) event.Reason {
	bad := func(ok func(any) bool, names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { v, there := c[n]; return there && !ok(v) })
	}
	date := func(v any) bool { n, ok := v.(float64); return ok && n >= 0 && n <= 253402300799 }
	if bad(isText, "iss", "sub", "jti", "sid", "client_id", "azp") || bad(isTexts, "aud", "scope", "scp") || bad(date, "exp", "nbf", "iat") {
		return event.ReasonBadClaim
	}
	other := func() bool {
		for _, n := range []string{"token_use", "token_type", "type", "typ"} {
			if s, ok := c[n].(string); ok && use2.MatchString(s) {
				return true
			}
		}
		events, _ := c["events"].(map[string]any)
		_, logout := events["http://schemas.openid.net/event/backchannel-logout"]
		_, at := c["at_hash"]
		_, code := c["c_hash"]
		return logout || at || code
	}
	aud, _ := jwt.MapClaims(c).GetAudience()
	// Parties first, times last: a token of a stranger is not called expired.
	switch {
	case words(c["iss"]) == "" || len(aud) == 0:
		return event.ReasonMissingClaim
	case c["iss"] != "https://login.example":
		return event.ReasonBadIssuer
	case cross2.MatchString(typ):
		return event.ReasonCrossTokenUse
	case typ != "" && typ != "jwt" && typ != "at+jwt":
		return event.ReasonBadType
	case other():
		return event.ReasonCrossTokenUse
	case !slices.Contains(aud, "orders"):
		return event.ReasonBadAudience
	}
	err := jwt.NewValidator(jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(r.leeway), jwt.WithTimeFunc(newClock().Now)).Validate(jwt.MapClaims(c))
	far := jwt.NewValidator(jwt.WithIssuedAt(), jwt.WithLeeway(r.leeway+time.Minute), jwt.WithTimeFunc(newClock().Now)).Validate(jwt.MapClaims(c))
	switch {
	case err == nil:
		return 0
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return event.ReasonMissingClaim
	case errors.Is(err, jwt.ErrTokenExpired):
		if n, _ := c["exp"].(float64); n < 1 {
			return event.ReasonMissingClaim // half a second after 1970 is cut to zero, which is none
		}
		return event.ReasonExpired
	case errors.Is(far, jwt.ErrTokenNotValidYet):
		return event.ReasonNotYetValid
	case errors.Is(far, jwt.ErrTokenUsedBeforeIssued):
		return event.ReasonIssuedInFuture
	}
	return event.ReasonClockSkew
}
