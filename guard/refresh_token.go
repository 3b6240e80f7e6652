package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	hexenc "encoding/hex"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
)

// A refresh token is base64url(family | counter | MAC): 16, 8 and 32 bytes. The
// MAC makes a forged one die without a question to the Store, and the counter
// makes every older one known for ever, at the cost of one row a family (the
// note in RFC 9700 section 4.14.2).
const (
	familyBytes  = 16
	counterBytes = 8
	refreshBytes = familyBytes + counterBytes + sha256.Size
	refreshText  = (refreshBytes*8 + 5) / 6
)

// A refreshKey makes and reads refresh tokens.
type refreshKey []byte

func (k refreshKey) mac(b []byte) []byte {
	m := hmac.New(sha256.New, k)
	m.Write(b)
	return m.Sum(nil)
}

// client tells apart who may retry. It is made with the key of the refresh
// tokens, because that is what all processes of an issuer share.
func (k refreshKey) client(id, agent string) string {
	return strict.EncodeToString(k.mac([]byte("client\x00" + id + "\x00" + agent))[:16])
}

// token makes the refresh token of a family at a counter. It is the same each
// time, so that a retry gets the successor that was lost. The family is 32 hex
// digits.
func (k refreshKey) token(family string, counter uint64) string {
	var b [refreshBytes]byte
	hexenc.Decode(b[:familyBytes], []byte(family))
	binary.BigEndian.PutUint64(b[familyBytes:], counter)
	copy(b[familyBytes+counterBytes:], k.mac(b[:familyBytes+counterBytes]))
	return strict.EncodeToString(b[:])
}

// read gives the family and the counter of a refresh token that was made with k.
func (k refreshKey) read(raw string) (family string, counter uint64, why event.Reason) {
	switch {
	case raw == "":
		return "", 0, event.ReasonMissing
	case strings.Count(raw, ".") == 2 && strings.HasPrefix(raw, "eyJ"):
		return "", 0, event.ReasonCrossTokenUse // an access or id token
	case len(raw) > defaultMaxBytes:
		return "", 0, event.ReasonOversized
	case len(raw) != refreshText:
		return "", 0, event.ReasonMalformed
	}
	b, err := strict.DecodeString(raw)
	if err != nil || len(b) != refreshBytes { // DecodeString skips line ends
		return "", 0, event.ReasonBadEncoding
	}
	signed := b[:familyBytes+counterBytes]
	if !hmac.Equal(b[len(signed):], k.mac(signed)) {
		return "", 0, event.ReasonBadSignature
	}
	return hexenc.EncodeToString(b[:familyBytes]), binary.BigEndian.Uint64(b[familyBytes:]), 0
}
