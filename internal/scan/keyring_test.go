package scan

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	_ "modernc.org/sqlite"
)

// A keyring is how a target signs its tokens, and by which keys it takes those
// of others. The zero keyring signs with HS256 and the target's secret, looks at
// no header but alg and crit, and takes nothing else.
type keyring struct {
	alg      string // RS256, PS256, RS384, ES256, ES384 or EdDSA; empty: HS256
	kid      string
	bits     int    // of an RSA key; 0: 2048
	publish  string // jwks, discovery, pem, pkcs1, private or oct; empty: nothing
	takes    string // the weakness, see taken
	lookups  string // folder, or SQL; where a kid is looked up
	fetching string // jku or x5u is asked for, and the answer thrown away

	fetched []string // what came of it

	private crypto.Signer
	der     []byte // PKIX
	pem     []byte
	db      *sql.DB
	folder  string
}

// keyPairs are made once: one RSA key costs more than a scan.
var keyPairs = struct {
	sync.Mutex
	m map[string]crypto.Signer
}{m: map[string]crypto.Signer{}}

func keyPair(alg string, bits int) crypto.Signer {
	keyPairs.Lock()
	defer keyPairs.Unlock()
	if bits == 0 {
		bits = 2048
	}
	name := fmt.Sprint(alg[:2], alg[len(alg)-3:], bits)
	if keyPairs.m[name] == nil {
		var k crypto.Signer
		switch alg {
		case "ES256":
			k, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		case "ES384":
			k, _ = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		case "EdDSA":
			_, k, _ = ed25519.GenerateKey(rand.Reader)
		default:
			k, _ = rsa.GenerateKey(rand.Reader, bits)
		}
		keyPairs.m[name] = k
	}
	return keyPairs.m[name]
}

func (k *keyring) open(g *target, mux *http.ServeMux) {
	if k.alg != "" {
		k.private = keyPair(k.alg, k.bits)
		k.der, _ = x509.MarshalPKIXPublicKey(k.private.Public())
		k.pem = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.der})
	}
	serve := func(path string, body []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { w.Write(body) })
	}
	set := func(key map[string]any) []byte {
		b, _ := json.Marshal(map[string]any{"keys": []any{key}})
		return b
	}
	switch k.publish {
	case "jwks":
		serve("/.well-known/jwks.json", set(k.jwk()))
	case "discovery":
		serve("/keys", set(k.jwk()))
		mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 200, map[string]any{"issuer": g.url, "jwks_uri": g.url + "/keys"})
		})
	case "pem":
		serve("/key.pub", k.pem)
	case "pkcs1":
		k.pem = pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(k.private.Public().(*rsa.PublicKey))})
		serve("/key.pub", k.pem)
	case "private":
		j := k.jwk()
		d, _ := k.private.(*ecdsa.PrivateKey).Bytes()
		j["d"] = segment(d)
		serve("/.well-known/jwks.json", set(j))
	case "oct":
		serve("/.well-known/jwks.json", set(map[string]any{"kty": "oct", "kid": k.kid, "k": segment([]byte(g.secret))}))
	}
	switch k.lookups {
	case "folder", "folder trimmed", "shell":
		k.folder = filepath.Join(g.t.TempDir(), "keys")
		os.Mkdir(k.folder, 0o700)
		os.WriteFile(filepath.Join(k.folder, k.kid), []byte(g.secret), 0o600)
	case "":
	default:
		db, err := sql.Open("sqlite", "file:"+filepath.Join(g.t.TempDir(), "keys.db"))
		if err != nil {
			g.t.Fatal(err)
		}
		g.t.Cleanup(func() { db.Close() })
		if _, err := db.Exec("CREATE TABLE keys (kid TEXT, secret TEXT); INSERT INTO keys VALUES (?, ?)", k.kid, g.secret); err != nil {
			g.t.Fatal(err)
		}
		k.db = db
	}
}

func (k *keyring) jwk() map[string]any {
	j := map[string]any{"kid": k.kid, "use": "sig", "alg": k.alg}
	switch p := k.private.Public().(type) {
	case *rsa.PublicKey:
		j["kty"], j["n"], j["e"] = "RSA", segment(p.N.Bytes()), segment(big.NewInt(int64(p.E)).Bytes())
	case *ecdsa.PublicKey:
		b, _ := p.Bytes()
		j["kty"], j["crv"], j["x"], j["y"] = "EC", p.Curve.Params().Name, segment(b[1:1+len(b)/2]), segment(b[1+len(b)/2:])
	case ed25519.PublicKey:
		j["kty"], j["crv"], j["x"] = "OKP", "Ed25519", segment(p)
	}
	return j
}

// sign makes a token of the service's own.
func (k *keyring) sign(secret string, claims []byte) string {
	header := map[string]any{"alg": "HS256", "typ": "JWT"}
	if k.alg != "" {
		header["alg"] = k.alg
	}
	if k.kid != "" {
		header["kid"] = k.kid
	}
	h, _ := json.Marshal(header)
	signing := segment(h) + "." + segment(claims)
	if k.alg == "" {
		return signing + "." + segment(mac(secret, signing))
	}
	digest, h2 := digest(k.alg, signing)
	var sig []byte
	switch p := k.private.(type) {
	case *rsa.PrivateKey:
		if k.alg[0] == 'P' {
			sig, _ = rsa.SignPSS(rand.Reader, p, h2, digest, nil)
		} else {
			sig, _ = rsa.SignPKCS1v15(nil, p, h2, digest)
		}
	case *ecdsa.PrivateKey:
		r, s, _ := ecdsa.Sign(rand.Reader, p, digest)
		size := (p.Params().BitSize + 7) / 8
		sig = append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	case ed25519.PrivateKey:
		sig = ed25519.Sign(p, []byte(signing))
	}
	return signing + "." + segment(sig)
}

func digest(alg, signing string) ([]byte, crypto.Hash) {
	h := crypto.SHA256
	if strings.HasSuffix(alg, "384") {
		h = crypto.SHA384
	}
	d := h.New()
	d.Write([]byte(signing))
	return d.Sum(nil), h
}

// verifies checks a signature by a public key, as RFC 7518 says.
func verifies(alg string, key crypto.PublicKey, signing, sig string) bool {
	b, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil {
		return false
	}
	d, h := digest(alg, signing)
	switch p := key.(type) {
	case *rsa.PublicKey:
		if alg[0] == 'P' {
			return rsa.VerifyPSS(p, h, d, b, nil) == nil
		}
		return alg[0] == 'R' && rsa.VerifyPKCS1v15(p, h, d, b) == nil
	case *ecdsa.PublicKey:
		n := len(b) / 2
		return alg[0] == 'E' && ecdsa.Verify(p, d, new(big.Int).SetBytes(b[:n]), new(big.Int).SetBytes(b[n:]))
	case ed25519.PublicKey:
		return alg == "EdDSA" && ed25519.Verify(p, []byte(signing), b)
	}
	return false
}

func hs(alg string, key []byte, signing, sig string) bool {
	h := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384}[alg]
	b, err := base64.RawURLEncoding.DecodeString(sig)
	if h == nil || err != nil {
		return false
	}
	m := hmac.New(h, key)
	m.Write([]byte(signing))
	return hmac.Equal(m.Sum(nil), b)
}

// A hostile header, as far as a verifier may look at it.
type keyHeader struct {
	Alg  any
	Kid  string
	Jku  string
	X5u  string
	Jwk  json.RawMessage
	X5c  []string
	Crit []string
}

// signed reports whether the signature holds by a key that the service trusts,
// rightly or not.
func (k *keyring) signed(g *target, parts []string) bool {
	var header keyHeader
	if decode(parts[0], &header) != nil {
		return k.takes == "broken header"
	}
	alg, isText := header.Alg.(string)
	signing := parts[0] + "." + parts[1]
	sound := func() bool {
		if k.alg != "" {
			return alg == k.alg && verifies(alg, k.private.Public(), signing, parts[2])
		}
		key := []byte(g.secret)
		if k.lookups != "" {
			key = k.lookup(header.Kid)
		}
		return key != nil && hs(alg, key, signing, parts[2])
	}
	by := func(keys ...crypto.PublicKey) bool {
		return slices.ContainsFunc(keys, func(p crypto.PublicKey) bool { return isText && len(alg) == 5 && verifies(alg, p, signing, parts[2]) })
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	switch k.takes {
	case "": // a sound verifier
	case "the PEM as a secret":
		if strings.HasPrefix(alg, "H") {
			return hs(alg, k.pem, signing, parts[2])
		}
	case "the PEM as a secret, trimmed":
		if strings.HasPrefix(alg, "H") {
			return hs(alg, bytes.TrimSpace(k.pem), signing, parts[2])
		}
	case "the DER as a secret":
		if strings.HasPrefix(alg, "H") {
			return hs(alg, k.der, signing, parts[2])
		}
	case "psychic":
		if err == nil && len(bytes.Trim(sig, "\x00")) == 0 && len(sig) >= 64 {
			return true
		}
	case "jwk":
		if header.Jwk != nil {
			return by(publicOf(header.Jwk, ""))
		}
	case "jwk of an unknown kid":
		if header.Jwk != nil && header.Kid != k.kid {
			return by(publicOf(header.Jwk, header.Kid))
		}
	case "x5c":
		if header.X5c != nil {
			der, _ := base64.StdEncoding.DecodeString(header.X5c[0])
			if c, err := x509.ParseCertificate(der); err == nil {
				return by(c.PublicKey)
			}
		}
	case "jku", "jku with the right beginning", "jku with the right end":
		if header.Jku != "" && (k.takes != "jku with the right beginning" || strings.HasPrefix(header.Jku, "https://issuer.test") || strings.HasPrefix(header.Jku, "http://issuer.test")) &&
			(k.takes != "jku with the right end" || strings.HasSuffix(header.Jku, "issuer.test/.well-known/jwks.json")) {
			return by(publicOf(get(header.Jku), header.Kid))
		}
	case "x5u":
		if header.X5u != "" {
			block, _ := pem.Decode(get(header.X5u))
			if block == nil {
				return false
			}
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				return by(c.PublicKey)
			}
		}
	case "a kid that is a command":
		out, _ := exec.Command("sh", "-c", "cat '"+k.folder+"/"+header.Kid+"'").Output()
		return len(out) > 0 && hs(alg, out, signing, parts[2])
	case "an unknown algorithm":
		if isText && alg != "HS256" && !strings.EqualFold(alg, "none") {
			return true
		}
	case "an unknown kid":
		if header.Kid != k.kid {
			return true
		}
	case "an undecodable signature":
		if err != nil {
			return true
		}
	case "an alg that is no text":
		if !isText {
			return true
		}
	case "a second secret":
		if alg == "HS256" && hs(alg, []byte("changeme"), signing, parts[2]) {
			return true
		}
	case "n as a secret":
		if strings.HasPrefix(alg, "H") {
			return hs(alg, []byte(k.jwk()["n"].(string)), signing, parts[2])
		}
	case "the first of two algs":
		text, _ := base64.RawURLEncoding.DecodeString(parts[0])
		if strings.Count(string(text), `"alg"`) == 2 && strings.HasPrefix(string(text), `{"alg":"HS256"`) && len(sig) == 0 {
			return true
		}
	case "no alg":
		if header.Alg == nil {
			return true
		}
	case "a beginning of the signature":
		return alg == "HS256" && err == nil && bytes.HasPrefix(mac(g.secret, signing), sig)
	case "an empty key":
		if alg == "HS256" && hs(alg, nil, signing, parts[2]) {
			return true
		}
	}
	if k.fetching != "" {
		if address := map[string]string{"jku": header.Jku, "x5u": header.X5u}[k.fetching]; address != "" {
			body := get(address)
			g.mu.Lock()
			k.fetched = append(k.fetched, string(body))
			g.mu.Unlock()
		}
	}
	return sound()
}

// unfold reads a token that is JSON, as careless verifiers do: the compact form
// of what they go by, and whether they hold it for verified.
func (k *keyring) unfold(g *target, raw string) (compact string, verified bool) {
	var j struct {
		Protected, Payload, Signature string
		Signatures                    []any
	}
	if !strings.HasPrefix(raw, "{") || json.Unmarshal([]byte(raw), &j) != nil {
		return raw, false
	}
	own := []string{j.Protected, j.Payload, j.Signature}
	switch k.takes {
	case "two formats": // verifies the members, and reads what stands between the dots
		parts := strings.Split(raw, ".")
		if len(parts) != 3 {
			return raw, false
		}
		return strings.TrimPrefix(parts[0], `{"`) + "." + parts[1] + ".", k.signed(g, own)
	case "the signed half of two formats":
		return strings.Join(own, "."), false
	case "no signatures at all":
		if j.Signatures != nil && len(j.Signatures) == 0 {
			return segment([]byte(`{"alg":"HS256"}`)) + "." + j.Payload + ".", true
		}
	}
	return raw, false
}

// lookup gives the key of a kid, as careless services do.
func (k *keyring) lookup(kid string) []byte {
	var secret string
	switch k.lookups {
	case "folder", "folder trimmed":
		b, err := os.ReadFile(k.folder + "/" + kid) // joined as a text, dots and all
		if err != nil {
			return nil
		}
		if b == nil {
			b = []byte{}
		}
		if k.lookups == "folder trimmed" {
			if b = bytes.TrimSpace(b); len(b) == 0 {
				return nil // as libraries do that refuse an empty key
			}
		}
		return b
	case "a parameter":
		if k.db.QueryRow("SELECT secret FROM keys WHERE kid = ?", kid).Scan(&secret) != nil {
			return nil
		}
	case "one column":
		if k.db.QueryRow("SELECT secret FROM keys WHERE kid = '"+kid+"' LIMIT 1").Scan(&secret) != nil {
			return nil
		}
	case "two columns":
		var name string
		if k.db.QueryRow("SELECT kid, secret FROM keys WHERE (1 AND kid='"+kid+"' )").Scan(&name, &secret) != nil &&
			k.db.QueryRow("SELECT kid, secret FROM keys WHERE kid='"+kid+"'").Scan(&name, &secret) != nil {
			return nil
		}
	case "brackets":
		if k.db.QueryRow("SELECT secret FROM keys WHERE (kid = '"+kid+"')").Scan(&secret) != nil {
			return nil
		}
	}
	return []byte(secret)
}

// get asks for a document, as a verifier does that follows jku.
func get(address string) []byte {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	u.User = nil
	res, err := http.Get(u.String())
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return b
}

// publicOf reads a JWK, or the key of a kid in a set.
func publicOf(text []byte, kid string) crypto.PublicKey {
	type jwk struct{ Kty, Crv, N, E, X, Y, Kid string }
	var j struct {
		jwk
		Keys []jwk
	}
	if json.Unmarshal(text, &j) != nil {
		return nil
	}
	for _, one := range append(j.Keys, j.jwk) {
		if kid != "" && one.Kid != kid {
			continue
		}
		b := func(s string) []byte { d, _ := base64.RawURLEncoding.DecodeString(s); return d }
		switch one.Kty {
		case "RSA":
			return &rsa.PublicKey{N: new(big.Int).SetBytes(b(one.N)), E: int(new(big.Int).SetBytes(b(one.E)).Int64())}
		case "EC":
			curve := elliptic.P256()
			if one.Crv == "P-384" {
				curve = elliptic.P384()
			}
			p, _ := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, b(one.X), b(one.Y)))
			return p
		case "OKP":
			return ed25519.PublicKey(b(one.X))
		}
	}
	return nil
}
