package guard

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// JWKSHandler publishes the public keys of the Issuer as a JSON Web Key Set
// (RFC 7517): those of a Keyring from the moment that they are in it, until they
// are withdrawn or revoked. A guard elsewhere loads it with [JWKS]. It says that
// the set is good for KeyringConfig.Ahead, or 15 min without a Keyring, and
// answers conditional requests.
//
// A symmetric key has no public half: the set of an Issuer that signs with HMAC
// is empty.
func (i *Issuer) JWKSHandler() http.Handler {
	ahead := defaultAhead
	if i.ring != nil {
		ahead = i.ring.ahead
	}
	control := fmt.Sprintf("public, max-age=%d", ahead/time.Second)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		body, err := i.keySet(i.g.now())
		if err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		sum := sha256.Sum256(body)
		h := w.Header()
		h.Set("Content-Type", "application/jwk-set+json") // RFC 7517 section 8.5
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", control)
		h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// keySet writes the public keys as they are at now.
func (i *Issuer) keySet(now time.Time) ([]byte, error) {
	signers := []signer{i.only}
	if i.ring != nil {
		signers = i.ring.at(now).signers
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, s := range signers {
		if s.alg.family == famHMAC || i.revokedKey(s.key.ID) {
			continue
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{
			Key: public(s.key.Material), KeyID: s.key.ID, Algorithm: s.alg.name, Use: "sig",
		})
	}
	return json.Marshal(set)
}
