package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	issuer     = "https://issuer.lab.test"
	audience   = "lab-api"
	accessTyp  = "at+jwt"
	refreshTyp = "rt+jwt"
	life       = 15 * time.Minute
	mostLife   = 24 * time.Hour
)

// A token is what came, as far as it could be read.
type token struct {
	raw    string
	parts  []string
	header map[string]any
	claims map[string]any
	kid    any // as it stands in the header
}

func (t *token) text(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

// number reads a NumericDate.
func (t *token) number(name string) (v float64, ok bool) {
	v, ok = t.claims[name].(float64)
	return v, ok && !math.IsNaN(v)
}

// A refusal is why a token was refused: a reason of the catalogue.
type refusal struct{ reason, detail string }

func refuse(reason, detail string) *refusal { return &refusal{reason, detail} }

// read takes a token apart. What it could read is in t, also after a refusal.
func read(raw string) (t *token, why *refusal) {
	t = &token{raw: raw, parts: strings.Split(raw, ".")}
	if raw == "" {
		return t, refuse("missing", "no token")
	}
	if len(t.parts) != 3 {
		return t, refuse("malformed", "not three parts")
	}
	for i, to := range []*map[string]any{&t.header, &t.claims} {
		b, err := strict(t.parts[i])
		if err != nil {
			return t, refuse("bad_encoding", "not base64url")
		}
		if json.Unmarshal(b, to) != nil || *to == nil {
			return t, refuse("malformed", "not a JSON object")
		}
	}
	t.kid = t.header["kid"]
	return t, nil
}

// strict decodes base64url and takes one spelling only: no padding, no line
// breaks, no stray bits in the last letter.
func strict(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("line break")
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

// verify checks everything about an access or refresh token but its session.
func (s *server) verify(raw, typ string) (t *token, why *refusal) {
	t, why = read(raw)
	if why != nil {
		return t, why
	}
	if why = s.signature(t); why != nil {
		return t, why
	}
	return t, s.claims(t, typ)
}

// signature checks header and signature.
func (s *server) signature(t *token) *refusal {
	if s.on("no-verification") {
		return nil
	}
	if _, has := t.header["crit"]; has && !s.on("crit-ignored") {
		return refuse("bad_crit", "a critical header that is not understood")
	}
	alg, isText := t.header["alg"].(string)
	if !isText && s.on("fail-open-panic") {
		panic("interface conversion: alg is not a string")
	}
	if alg == "" && (isText || t.header["alg"] == nil) && s.on("alg-missing") {
		return nil
	}
	if strings.EqualFold(alg, "none") {
		exact := s.on("none-lower") && alg == "none" || s.on("none-title") && alg == "None" || s.on("none-upper") && alg == "NONE" ||
			s.on("none-mixed") && alg != "none" || s.on("none-signed") && t.parts[2] != ""
		if exact {
			return nil
		}
		return refuse("alg_none", "an unsigned token")
	}
	signing := t.parts[0] + "." + t.parts[1]
	decode := strict
	if s.on("denylist-raw") {
		decode = base64.RawURLEncoding.DecodeString // and so other spellings pass
	}
	sig, err := decode(t.parts[2])
	if err != nil {
		return refuse("bad_encoding", "the signature is not base64url")
	}
	if len(sig) == 0 && s.on("empty-signature") {
		return nil
	}
	if why, handled := s.headerKeys(t, alg, signing, sig); handled {
		return why
	}
	if s.k.private() != nil && s.confused(alg, signing, sig) {
		return nil
	}
	if alg != s.k.alg {
		return refuse("alg_not_allowed", "not "+s.k.alg)
	}
	if pub, ok := s.k.public().(*ecdsa.PublicKey); ok && s.on("psychic") && rangeless(pub, signing, sig) {
		return nil
	}
	secret, why := s.secretOf(t)
	if why != nil {
		return why
	}
	switch {
	case s.k.private() != nil && verifyWith(s.k.public(), alg, signing, sig):
		return nil
	case s.k.private() != nil:
	case hmac.Equal(sig, mac(alg, secret, signing)):
		return nil
	case s.on("second-key-weak") && hmac.Equal(sig, mac(alg, []byte("secret"), signing)):
		return nil
	case s.on("truncated-signature") && len(sig) > 0 && bytes.HasPrefix(mac(alg, secret, signing), sig):
		return nil
	}
	if s.k.ec != nil && len(sig) > 0 && len(bytes.Trim(sig, "\x00")) == 0 {
		return refuse("psychic_signature", "r and s are zero")
	}
	return refuse("bad_signature", "the signature does not match")
}

func (k *keys) public() crypto.PublicKey {
	if p := k.private(); p != nil {
		return p.Public()
	}
	return nil
}

// confused reports whether the public key, taken for a secret, made the signature.
func (s *server) confused(alg, signing string, sig []byte) bool {
	try := func(name string, secret []byte) bool {
		want := mac(alg, secret, signing)
		return s.on(name) && want != nil && hmac.Equal(sig, want)
	}
	text := s.k.publicPEM()
	if try("confusion-pem", []byte(text)) || try("confusion-ec", []byte(text)) ||
		try("confusion-trimmed", []byte(strings.TrimSpace(text))) || try("confusion-der", s.k.publicDER()) {
		return true
	}
	if s.k.rsa == nil {
		return false
	}
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&s.k.rsa.PublicKey)})
	return try("confusion-pkcs1", pkcs1) || try("confusion-jwk", []byte(segment(s.k.rsa.N.Bytes())))
}

// headerKeys deals with keys that the token brings along. handled is false when
// there are none, or when the lab pays no attention to them.
func (s *server) headerKeys(t *token, alg, signing string, sig []byte) (why *refusal, handled bool) {
	bad := refuse("bad_signature", "the signature does not match")
	verdict := func(pub crypto.PublicKey) (*refusal, bool) {
		if pub != nil && verifyWith(pub, alg, signing, sig) {
			return nil, true
		}
		return bad, true
	}
	if m, ok := t.header["jwk"].(map[string]any); ok && s.on("jwk-trusted") {
		return verdict(keyOf(m))
	}
	if u := t.text(t.header, "jku"); u != "" && (s.on("jku-trusted") || s.on("jku-fetched")) {
		var set struct{ Keys []jwk }
		if json.Unmarshal(s.fetch(u), &set) != nil || s.on("jku-fetched") || len(set.Keys) == 0 {
			return bad, true
		}
		at := max(0, slices.IndexFunc(set.Keys, func(k jwk) bool { return k.Kid == t.kid }))
		return verdict(set.Keys[at].public())
	}
	if u := t.text(t.header, "x5u"); u != "" && (s.on("x5u-trusted") || s.on("x5u-fetched")) {
		body := s.fetch(u)
		if b, _ := pem.Decode(body); b != nil {
			body = b.Bytes
		}
		if s.on("x5u-fetched") {
			return bad, true
		}
		return verdict(certKey(body))
	}
	if chain, ok := t.header["x5c"].([]any); ok && len(chain) > 0 && s.on("x5c-trusted") {
		first, _ := chain[0].(string)
		der, _ := base64.StdEncoding.DecodeString(first)
		return verdict(certKey(der))
	}
	for _, name := range []string{"jwk", "jku", "x5u", "x5c"} {
		if _, has := t.header[name]; has {
			return refuse("untrusted_key_header", "a key of the token's own: "+name), true
		}
	}
	return nil, false
}

func keyOf(m map[string]any) crypto.PublicKey {
	var j jwk
	b, _ := json.Marshal(m)
	if json.Unmarshal(b, &j) != nil {
		return nil
	}
	return j.public()
}

func certKey(der []byte) crypto.PublicKey {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return c.PublicKey
}

// fetch gets what a header names: the weakness itself.
func (s *server) fetch(u string) []byte {
	client := http.Client{Timeout: 2 * time.Second}
	res, err := client.Get(u)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return b
}

// secretOf finds the HMAC secret that kid names.
func (s *server) secretOf(t *token) ([]byte, *refusal) {
	kid, ok := t.kid.(string)
	switch {
	case t.kid == nil:
		return s.k.secret, nil // one key only: a token need not name it
	case !ok:
		return nil, refuse("malformed", "kid is not a text")
	case s.on("kid-path"):
		b, err := os.ReadFile(s.keyDir + "/" + kid)
		if err != nil {
			return nil, refuse("unknown_kid", "no such key")
		}
		return b, nil
	case s.on("kid-sql"):
		var secret string
		if err := s.db.QueryRow("SELECT secret FROM keys WHERE kid = '" + kid + "'").Scan(&secret); err != nil {
			return nil, refuse("unknown_kid", "no such key")
		}
		return []byte(secret), nil
	case s.on("kid-command"):
		out, err := s.command(kid)
		if err != nil {
			return nil, refuse("unknown_kid", "no such key")
		}
		return out, nil
	case kid == keyID:
		return s.k.secret, nil
	case s.on("fail-open-key"):
		return nil, refuse(open, "the key source failed")
	case strings.ContainsFunc(kid, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '_' }):
		return nil, refuse("kid_injection", "a kid that is no name")
	}
	return nil, refuse("unknown_kid", "no such key")
}

// open is the refusal that lets the request through.
const open = "internal_error"

// command asks a shell for the secret. Its PATH holds cat and sleep alone, its
// folder the keys alone, and it has three seconds.
func (s *server) command(kid string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, "/bin/sh", "-c", "cat ./"+kid)
	c.Dir, c.Env, c.WaitDelay = s.keyDir, []string{"PATH=" + s.keyDir + "/../bin"}, time.Second
	return c.Output()
}

// claims checks what the token says.
func (s *server) claims(t *token, typ string) *refusal {
	now := float64(time.Now().UnixMilli()) / 1000
	exp, hasExp := t.number("exp")
	nbf, hasNbf := t.number("nbf")
	iat, hasIat := t.number("iat")
	if s.on("exp-millis") && exp > 1e11 {
		exp /= 1000
	}
	for _, name := range []string{"exp", "nbf", "iat"} {
		if _, is := t.number(name); !is && t.claims[name] != nil {
			return refuse("bad_claim", name+" is not a number")
		}
	}
	switch {
	case !hasExp && !s.on("exp-optional") && !s.on("life-endless"):
		return refuse("missing_claim", "no exp")
	case hasExp && now >= exp && !s.on("expired-accepted"):
		return refuse("expired", "exp is past")
	case hasNbf && now < nbf && !s.on("nbf-ignored"):
		return refuse("not_yet_valid", "nbf is ahead")
	case hasIat && now < iat-60:
		return refuse("issued_in_future", "iat is ahead")
	case hasExp && hasIat && exp-iat > mostLife.Seconds() && !s.on("life-long") && !s.on("exp-millis"):
		return refuse("lifetime_too_long", "it lives too long")
	case s.on("bare-claims"):
		return nil
	case t.text(t.claims, "iss") != issuer && !s.on("iss-ignored"):
		return refuse("bad_issuer", "another issuer")
	case !t.meant(audience) && !s.on("aud-ignored"):
		return refuse("bad_audience", "another audience")
	}
	if got := t.text(t.header, "typ"); got != typ {
		mixed := typ == accessTyp && got == refreshTyp && s.on("refresh-as-access") || typ == refreshTyp && got == accessTyp && s.on("access-as-refresh")
		if !mixed {
			return refuse("bad_type", "not of type "+typ)
		}
	}
	return nil
}

// meant reports whether aud, a text or a list, holds the name.
func (t *token) meant(name string) bool {
	list, ok := t.claims["aud"].([]any)
	if !ok {
		list = []any{t.claims["aud"]}
	}
	return slices.Contains(list, any(name))
}

func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
