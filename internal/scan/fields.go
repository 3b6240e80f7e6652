package scan

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/jotsight/jotsight/internal/scan/forge"
)

// What a complete record of an attack holds, by the names of the catalogue.
const (
	hasTime    = "time"
	hasReason  = "error.type"
	hasAddress = "client.address"
	hasRoute   = "http.route"
	hasToken   = "jwt.fp"  // or jwt.id: which token
	hasUser    = "user.id" // or jwt.claimed_sub: whose
	hasIssuer  = "jwt.iss"
	hasAlg     = "jwt.alg"
)

// sent is one token that a probe sent, with what a record of it could name.
type sent struct {
	raw    string
	canary string
	path   string
	jti    string
	sub    string
	iss    string
	alg    string
	parsed bool
}

func describe(raw, canary, path string, c Claims) sent {
	s := sent{raw: raw, canary: canary, path: path}
	t, err := forge.Parse(raw)
	if err != nil {
		return s
	}
	s.parsed = true
	s.alg, s.jti, s.iss = t.Header.Text("alg"), t.Payload.Text("jti"), t.Payload.Text("iss")
	s.sub = t.Payload.Text(c.subject(t.Payload))
	return s
}

// subject is the claim that names the user.
func (c Claims) subject(payload forge.Object) string {
	if c.Subject != "" {
		return c.Subject
	}
	for _, name := range []string{"sub", "user_id", "uid", "userId", "email", "username"} {
		if payload.Has(name) {
			return name
		}
	}
	return "sub"
}

// wanted are the fields that a complete record of this token has. What the token
// does not carry, nobody can record.
// Nothing was wrong with a token that was taken: no reason is asked for.
func (s sent) wanted(reason bool) []string {
	w := []string{hasAddress, hasRoute, hasTime}
	if reason {
		w = append([]string{hasReason}, w...)
	}
	if s.raw != "" {
		w = append(w, hasToken)
	}
	if !s.parsed {
		return w
	}
	if s.sub != "" {
		w = append(w, hasUser)
	}
	if s.iss != "" {
		w = append(w, hasIssuer)
	}
	return append(w, hasAlg)
}

var dateText = regexp.MustCompile(`\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d`)

// has lists which of the wanted fields a record holds.
func (r *record) has(sent []sent, addresses []string) map[string]bool {
	m := map[string]bool{}
	has := func(keys ...string) bool { _, ok := r.field(keys...); return ok }
	m[hasTime] = r.dated || has("time", "ts", "timestamp", "@timestamp", "@t", "asctime", "timeUnixNano", "datetime", "date", "t") || dateText.MatchString(r.fields[textBeside]) || r.fields == nil && dateText.MatchString(r.text)
	for _, a := range addresses {
		m[hasAddress] = m[hasAddress] || containsAddress(r.text, a)
	}
	if len(addresses) == 0 {
		m[hasAddress] = has("client.address", "remote_addr", "client_ip", "remote_ip", "ip", "addr") || strings.Contains(r.text, "127.0.0.1") || strings.Contains(r.text, "::1")
	}
	m[hasRoute] = has("http.route", "url.path", "route")
	m[hasToken] = has("jwt.fp", "jwt.body_fp", "jwt.id", "jwt.family", "jti", "token_fp", "token_hash", "fingerprint", "token_id")
	m[hasUser] = has("user.id", "user.hash", "jwt.claimed_sub", "claimed_sub", "sub", "subject")
	m[hasIssuer] = has("jwt.iss", "iss", "issuer")
	m[hasAlg] = has("jwt.alg", "alg", "algorithm")
	for _, s := range sent {
		path, _, _ := strings.Cut(s.path, "?")
		m[hasRoute] = m[hasRoute] || strings.Contains(r.text, path)
		m[hasToken] = m[hasToken] || s.jti != "" && strings.Contains(r.text, s.jti) || s.raw != "" && holdsHash(r.text, s.raw)
		m[hasUser] = m[hasUser] || len(s.sub) >= 3 && strings.Contains(r.text, s.sub)
		m[hasIssuer] = m[hasIssuer] || len(s.iss) >= 3 && strings.Contains(r.text, s.iss)
		m[hasAlg] = m[hasAlg] || s.alg != "" && wordIn(r.text, s.alg)
	}
	return m
}

// holdsHash finds a SHA-256 of the token or of its header.payload in a text, in
// hexadecimal or base64url, from its first 12 digits.
func holdsHash(text, raw string) bool {
	body := raw
	if i := strings.LastIndexByte(raw, '.'); i > 0 {
		body = raw[:i]
	}
	for _, s := range []string{raw, body} {
		sum := sha256.Sum256([]byte(s))
		if strings.Contains(strings.ToLower(text), hex.EncodeToString(sum[:6])) ||
			strings.Contains(text, base64.RawURLEncoding.EncodeToString(sum[:9])) {
			return true
		}
	}
	return false
}

func wordIn(text, word string) bool {
	for i := 0; i < len(text); {
		at := strings.Index(text[i:], word)
		if at < 0 {
			return false
		}
		from, to := i+at, i+at+len(word)
		if (from == 0 || !isWord(text[from-1])) && (to == len(text) || !isWord(text[to])) {
			return true
		}
		i = to
	}
	return false
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
