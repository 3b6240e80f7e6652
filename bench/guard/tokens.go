package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var algorithms = []string{"HS256", "RS256", "ES256", "EdDSA"}

const (
	issuer   = "https://bank.example/"
	audience = "bank-api"
)

// A mint signs the tokens of one algorithm.
type mint struct {
	alg    string
	sign   any // the key, in the form that golang-jwt signs with
	verify any // and verifies with
}

func newMint(alg string) (*mint, error) {
	switch alg {
	case "HS256":
		key := make([]byte, 32)
		rand.Read(key) // never fails, see crypto/rand
		return &mint{alg, key, key}, nil
	case "RS256":
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		return signer(alg, key, err)
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		return signer(alg, key, err)
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return signer(alg, key, err)
	}
	return nil, fmt.Errorf("algorithm %q: unknown", alg)
}

func signer(alg string, key crypto.Signer, err error) (*mint, error) {
	if err != nil {
		return nil, err
	}
	return &mint{alg, key, key.Public()}, nil
}

// claims are those of a usual access token (RFC 9068): 495 bytes with HS256.
type claims struct {
	jwt.RegisteredClaims
	Scope    string `json:"scope"`
	ClientID string `json:"client_id"`
	Session  string `json:"sid"`
}

// tokens signs n tokens that differ in jti alone.
func (m *mint) tokens(n int) ([]string, error) {
	list := make([]string, n)
	now := time.Now()
	for i := range list {
		t := jwt.NewWithClaims(jwt.GetSigningMethod(m.alg), claims{
			RegisteredClaims: jwt.RegisteredClaims{
				Issuer: issuer, Subject: "3fd0f3a2-7b6c-4f43-a0f6-6fb0c2c1a0ab", Audience: jwt.ClaimStrings{audience},
				ExpiresAt: jwt.NewNumericDate(now.Add(time.Hour)), NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)),
				IssuedAt: jwt.NewNumericDate(now), ID: rand.Text(),
			},
			Scope: "accounts:read transfers:write", ClientID: "web-7d1f", Session: rand.Text(),
		})
		t.Header["kid"] = "2026-11"
		raw, err := t.SignedString(m.sign)
		if err != nil {
			return nil, err
		}
		list[i] = raw
	}
	return list, nil
}

// forge keeps header and payload of each token and makes the signature up. It
// is well-formed: one with S beyond the order of Ed25519's group would be
// refused before any work (RFC 8032 section 5.1.7).
func forge(tokens []string) []string {
	list := make([]string, len(tokens))
	for i, t := range tokens {
		at := strings.LastIndexByte(t, '.') + 1
		sig := make([]byte, base64.RawURLEncoding.DecodedLen(len(t)-at))
		rand.Read(sig)
		if len(sig) == ed25519.SignatureSize {
			sig[len(sig)-1] &= 0x0f
		}
		list[i] = t[:at] + base64.RawURLEncoding.EncodeToString(sig)
	}
	return list
}

// address spreads n over many networks, as a botnet does.
func address(n int) string {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{11, byte(n >> 8), byte(n), 7}), 40000).String()
}
