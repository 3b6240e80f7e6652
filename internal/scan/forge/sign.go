package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
)

// A Key signs tokens: a []byte for HS256, HS384 and HS512, otherwise a
// crypto.Signer (RSA, ECDSA, Ed25519).
type Key any

// Sign signs a signing input with the algorithm and gives the whole token.
func Sign(alg string, key Key, signing string) (string, error) {
	sig, err := signature(alg, key, signing)
	if err != nil {
		return "", fmt.Errorf("algorithm %q: %w", alg, err)
	}
	return signing + "." + Encode(sig), nil
}

func signature(alg string, key Key, signing string) ([]byte, error) {
	if len(alg) != 5 && alg != "EdDSA" && alg != "Ed25519" {
		return nil, errors.New("unknown")
	}
	if alg == "EdDSA" || alg == "Ed25519" { // RFC 8037, and its name in RFC 9864
		k, ok := key.(ed25519.PrivateKey)
		if !ok {
			return nil, errors.New("needs an Ed25519 key")
		}
		return ed25519.Sign(k, []byte(signing)), nil
	}
	h, ok := hashes[alg[2:]]
	if !ok {
		return nil, errors.New("unknown")
	}
	if alg[:2] == "HS" {
		k, ok := key.([]byte)
		if !ok {
			return nil, errors.New("needs a secret")
		}
		m := hmac.New(h.New, k)
		m.Write([]byte(signing))
		return m.Sum(nil), nil
	}
	d := h.New()
	d.Write([]byte(signing))
	digest := d.Sum(nil)
	switch k := key.(type) {
	case *rsa.PrivateKey:
		switch alg[:2] {
		case "RS":
			return rsa.SignPKCS1v15(nil, k, h, digest)
		case "PS":
			return rsa.SignPSS(rand.Reader, k, h, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
	case *ecdsa.PrivateKey:
		if alg[:2] == "ES" {
			r, s, err := ecdsa.Sign(rand.Reader, k, digest)
			if err != nil {
				return nil, err
			}
			size := (k.Curve.Params().BitSize + 7) / 8
			out := make([]byte, 2*size) // RFC 7518 section 3.4: R and S, each of full length
			r.FillBytes(out[:size])
			s.FillBytes(out[size:])
			return out, nil
		}
	}
	return nil, fmt.Errorf("does not go with a key of type %T", key)
}

var hashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

// ParsePrivateKey reads a private key in PEM form: PKCS #8, PKCS #1 or SEC 1.
func ParsePrivateKey(text []byte) (Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	if k, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	if k, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	return nil, errors.New("no private key that is understood")
}

// Crack looks for the secret of an HMAC-signed token (HS256, HS384, HS512)
// among candidates, offline. ok is false when none fits or the token is signed
// otherwise.
func Crack(t *Token, candidates func(yield func(string) bool)) (secret string, ok bool) {
	var h func() hash.Hash
	switch t.Header.Text("alg") {
	case "HS256":
		h = sha256.New
	case "HS384":
		h = sha512.New384
	case "HS512":
		h = sha512.New
	default:
		return "", false
	}
	want, err := base64.RawURLEncoding.DecodeString(t.Signature)
	if err != nil {
		return "", false
	}
	signing := []byte(t.Signing)
	var sum [sha512.Size]byte
	for c := range candidates {
		m := hmac.New(h, []byte(c))
		m.Write(signing)
		if hmac.Equal(m.Sum(sum[:0]), want) {
			return c, true
		}
	}
	return "", false
}

// SecretOf gives the bytes by which an HMAC-signed token is signed, of a secret
// as people write it: the text itself, or what it stands for in base64 or
// hexadecimal. ok is false when it is none of them.
func SecretOf(t *Token, text string) (secret []byte, ok bool) {
	readings := [][]byte{[]byte(text)}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(text); err == nil {
			readings = append(readings, b)
		}
	}
	if b, err := hex.DecodeString(text); err == nil {
		readings = append(readings, b)
	}
	for _, b := range readings {
		if Verifies(t, b) {
			return b, true
		}
	}
	return nil, false
}
