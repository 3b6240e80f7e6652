package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// A nonces makes and checks the nonces that proofs must carry (RFC 9449 section
// 9): a time and its MAC, so that nothing is kept and all processes with one key
// take each other's.
type nonces struct {
	key []byte
	age time.Duration
}

// Bytes of a nonce: the time, and as much of the MAC.
const (
	nonceTime  = 8
	nonceBytes = nonceTime + 16
)

func (n *nonces) mac(at []byte) []byte {
	m := hmac.New(sha256.New, n.key)
	m.Write([]byte("jotsight dpop nonce\x00"))
	m.Write(at)
	return m.Sum(nil)[:nonceBytes-nonceTime]
}

// next gives the nonce of now.
func (n *nonces) next(now time.Time) string {
	at := binary.BigEndian.AppendUint64(make([]byte, 0, nonceBytes), uint64(now.Unix()))
	return strict.EncodeToString(append(at, n.mac(at)...))
}

// check reports whether a nonce is one of ours and young enough, and whether it
// is time for the next.
func (n *nonces) check(nonce string, now time.Time) (ok, renew bool) {
	b, err := strict.DecodeString(nonce)
	if err != nil || len(b) != nonceBytes || !hmac.Equal(b[nonceTime:], n.mac(b[:nonceTime])) {
		return false, true
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(b)), 0))
	// Another process may be a little ahead.
	return age >= -n.age && age <= n.age, age > n.age/2
}
