package guard

import (
	"encoding/base64"
	"maps"
	"strings"
	"sync/atomic"

	"github.com/jotsight/jotsight/guard/event"
)

// strict refuses spare bits in the last character. Strict copies its receiver,
// so it is called once.
var strict = base64.RawURLEncoding.Strict()

// A head is the protected header of a token, read.
type head struct {
	alg      *algorithm
	kid, typ string
}

// A judge reads headers. It knows which algorithms are allowed before any key is
// looked for and before any cryptography is done.
type judge struct {
	allowed map[string]*algorithm
	public  bool // the keys are public: HMAC would use one as its secret
	known   heads
}

// read reads a header in its encoded form, or says why it is refused. The alg is
// judged first: what is wrong beyond it does not matter.
func (j *judge) read(segment string) (*head, event.Reason) {
	if h := j.known.get(segment); h != nil {
		return h, 0
	}
	text, err := strict.DecodeString(segment)
	if err != nil {
		return nil, event.ReasonBadEncoding
	}
	h := &head{}
	var alg string
	var wrongType, critical, untrusted bool
	str := func(to *string, value string) {
		s, ok := stringOf(value)
		*to, wrongType = s, wrongType || !ok
	}
	switch eachMember(string(text), func(name, value string) {
		switch name {
		case "alg":
			str(&alg, value)
		case "kid":
			str(&h.kid, value)
		case "typ":
			str(&h.typ, value)
		case "crit", "b64":
			critical = true
		case "jku", "x5u", "jwk", "x5c":
			untrusted = true
		}
	}) {
	case sound:
	case stated2:
		return nil, event.ReasonDuplicateMember
	default:
		return nil, event.ReasonMalformed
	}
	h.alg = j.allowed[alg]
	switch {
	case wrongType || alg == "":
		return nil, event.ReasonMalformed
	case strings.EqualFold(strings.TrimSpace(alg), "none"):
		return nil, event.ReasonAlgNone
	case isProof(h.typ):
		return nil, event.ReasonCrossTokenUse // a DPoP proof, whatever it is signed with
	case h.alg == nil && j.public && algorithms[alg] != nil && algorithms[alg].family == famHMAC:
		return nil, event.ReasonAlgKeyMismatch // a public key offered as an HMAC secret
	case h.alg == nil:
		return nil, event.ReasonAlgNotAllowed
	case untrusted:
		return nil, event.ReasonUntrustedKeyHeader
	case critical:
		return nil, event.ReasonBadCrit
	case reaches(h.kid):
		return nil, event.ReasonKIDInjection
	}
	h.kid, h.typ = strings.Clone(h.kid), strings.Clone(h.typ) // the cache holds them, and not the rest
	return h, 0
}

// reaches reports whether a kid reaches for a file, a query or a command
// (CWE-22, CWE-89, CWE-78). A slash alone does not: base64 and URLs serve as kid.
func reaches(kid string) bool {
	for i := range len(kid) {
		switch c := kid[i]; {
		case c < 0x20, c == 0x7f, strings.IndexByte("'\"`;|<>\\", c) >= 0:
			return true
		}
	}
	low := strings.ToLower(kid)
	for _, s := range []string{"../", "/..", "%00", "%2e", "%2f", "%5c", "$(", "${", "/*", "&&", "file:", " or ", " union ", "-- "} {
		if strings.Contains(low, s) {
			return true
		}
	}
	for _, s := range []string{"/dev/", "/etc/", "/proc/", "/sys/", "/tmp/", "/var/", "/home/", "/root/", "/usr/"} {
		if strings.HasPrefix(low, s) {
			return true
		}
	}
	return kid == ".." // "--" alone ends one base64url name in 4,096
}

// maxHeads bounds the memo. An issuer has a handful of headers: one a key.
const maxHeads = 64

// heads remembers headers by their exact encoded text. Only the header of a
// token whose signature held is put in, so that strangers cannot fill it; when
// it is full, it starts again.
type heads struct {
	m atomic.Pointer[map[string]*head]
}

func (m *heads) get(segment string) *head {
	if known := m.m.Load(); known != nil {
		return (*known)[segment]
	}
	return nil
}

func (m *heads) put(segment string, h *head) {
	for m.get(segment) == nil {
		old := m.m.Load()
		var next map[string]*head
		switch {
		case old == nil || len(*old) >= maxHeads:
			next = make(map[string]*head)
		default:
			next = maps.Clone(*old)
		}
		next[strings.Clone(segment)] = h
		if m.m.CompareAndSwap(old, &next) {
			return
		}
	}
}
