package guard

import (
	"context"
	_ "crypto/sha256" // golang-jwt takes its hashes from the registry
	_ "crypto/sha512"
	"errors"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard/event"
)

// scratch is room for decoding. Nothing of it outlives a verification, and it is
// wiped before it is used again.
type scratch struct{ buf []byte }

var scratches = sync.Pool{New: func() any { return &scratch{make([]byte, 0, 2*defaultMaxBytes)} }}

func (s *scratch) free() {
	clear(s.buf)
	s.buf = s.buf[:0]
	scratches.Put(s)
}

// decode decodes a segment strictly. The result lives until free.
func (s *scratch) decode(segment string) ([]byte, bool) {
	from := len(s.buf)
	to := from + strict.DecodedLen(len(segment))
	s.buf = append(s.buf, segment...)
	n, err := strict.Decode(s.buf[from:], s.buf[from:])
	clear(s.buf[max(to, from+n):]) // the end of the text, which free does not see
	s.buf = s.buf[:max(to, from+n)]
	return s.buf[from : from+n], err == nil
}

// split cuts a compact JWS (RFC 7515 section 7.1) into its segments. Nothing is
// decoded yet; what passes holds base64url characters and two dots only.
func split(raw string, most int) (header, payload, signature string, why event.Reason) {
	if len(raw) > most {
		return "", "", "", event.ReasonOversized
	}
	var dots [2]int
	n, foreign := 0, false
	for i := range len(raw) {
		switch c := raw[i]; {
		case alphabet[c]:
		case c == '.':
			if n < len(dots) {
				dots[n] = i
			}
			n++
		default:
			foreign = true
		}
	}
	switch {
	case n > 2:
		return "", "", "", event.ReasonTooManyParts
	case n < 2:
		return "", "", "", event.ReasonMalformed
	case foreign:
		return "", "", "", event.ReasonBadEncoding
	}
	header, payload, signature = raw[:dots[0]], raw[dots[0]+1:dots[1]], raw[dots[1]+1:]
	if header == "" || payload == "" {
		return "", "", "", event.ReasonMalformed
	}
	return header, payload, signature, 0
}

// verify checks everything that is written in the token and with which key it
// was signed. The entry can be trusted whenever it is not nil, also beside a
// reason: then the signature held and something else did not.
func (g *Guard) verify(ctx context.Context, raw string, now time.Time) (*entry, event.Reason) {
	header, payload, signature, why := split(raw, g.maxBytes)
	if why != 0 {
		return nil, why
	}
	h, why := g.judge.read(header)
	if why != 0 {
		return nil, why
	}
	keys := g.keys.Generation() // before the keys are read: a change in between costs a second look
	if why := g.checkSignature(ctx, h, raw[:len(header)+1+len(payload)], signature); why != 0 {
		return nil, why
	}
	g.judge.known.put(header, h)

	s := scratches.Get().(*scratch)
	defer s.free()
	text, ok := s.decode(payload)
	if !ok {
		return nil, event.ReasonBadEncoding
	}
	claims := unsafe.String(unsafe.SliceData(text), len(text)) // ends with s: decode copies what it keeps
	e := &entry{head: h, keys: keys, prints: g.rec.prints}
	kind, why := e.decode(claims, &g.policy)
	if why != 0 {
		return nil, why
	}
	e.whole, e.body = e.prints.Sum(raw)
	if g.canaries.marks(e.text(textID)) {
		return e, event.ReasonCanary
	}
	return e, g.policy.check(e, claims, kind, now)
}

// checkSignature tries the keys that may have signed the token.
func (g *Guard) checkSignature(ctx context.Context, h *head, signed, signature string) event.Reason {
	s := scratches.Get().(*scratch)
	defer s.free()
	sig, ok := s.decode(signature)
	if !ok {
		return event.ReasonBadEncoding
	}
	if h.alg.family == famECDSA && psychic(sig) {
		return event.ReasonPsychicSignature
	}
	keys, err := g.keys.Keys(ctx, Header{Algorithm: h.alg.name, KeyID: h.kid, Type: h.typ})
	switch {
	case errors.Is(err, ErrUnknownKey):
		return event.ReasonUnknownKID
	case errors.Is(err, context.DeadlineExceeded):
		return event.ReasonVerifierTimeout
	case err != nil:
		return event.ReasonKeyUnavailable
	}
	why := event.ReasonAlgKeyMismatch
	for _, k := range keys[:min(len(keys), maxTries)] {
		if !k.serves(h.alg) {
			continue
		}
		err := k.verify(h.alg, signed, sig)
		if err == nil {
			return 0
		}
		if errors.Is(err, jwt.ErrHashUnavailable) {
			return event.ReasonInternalError
		}
		why = event.ReasonBadSignature
	}
	if len(keys) == 0 {
		return event.ReasonUnknownKID
	}
	return why
}

// verify checks a signature with a key that goes with the algorithm.
func (k *Key) verify(a *algorithm, signed string, sig []byte) error {
	if m, ok := a.method.(*jwt.SigningMethodHMAC); ok && k.secret != nil {
		if k.secret.holds(m.Hash, signed, sig) {
			return nil
		}
		return jwt.ErrSignatureInvalid
	}
	return a.method.Verify(signed, sig, k.Material)
}

// psychic reports whether r or s of an ECDSA signature is zero (CVE-2022-21449).
func psychic(sig []byte) bool {
	if len(sig) == 0 || len(sig)%2 != 0 {
		return false
	}
	zero := func(b []byte) bool { return len(strings.Trim(string(b), "\x00")) == 0 }
	return zero(sig[:len(sig)/2]) || zero(sig[len(sig)/2:])
}

// alphabet marks the characters of base64url (RFC 4648 section 5).
var alphabet = func() (a [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		a[c] = true
	}
	return a
}()
