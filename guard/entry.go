package guard

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// An entry is what is kept of a token whose signature held: the claims that
// decide and that events name, and neither the token nor the rest of them. It is
// shared by all requests that bring the token, and nothing of it changes but the
// atomics and the usage.
type entry struct {
	head     *head
	texts    string // one behind the other: most tokens then cost one allocation
	ends     [textCount]uint16
	bound    methods // what cnf asks for, zero for nothing
	issuer   string
	audience []string

	expires, notBefore, issued int64 // Unix seconds, zero for absent

	prints *event.Fingerprinter
	whole  event.MAC // its key in the cache, and its fingerprint
	body   event.Fingerprint

	until      int64         // Unix nanoseconds: the cache does not believe it after that
	keys       uint64        // generation of the keys that verified it
	revocation atomic.Uint64 // generation of the revocations it was last compared with
	use        usage
}

// The claims that stand in entry.texts.
const (
	textSubject = iota
	textID
	textSession
	textClient
	textScope // its values, separated by spaces
	textCount
)

func (e *entry) text(i int) string {
	from := uint16(0)
	if i > 0 {
		from = e.ends[i-1]
	}
	return e.texts[from:e.ends[i]]
}

// keep sets the texts. Together they are shorter than the token, which has at
// most 8 KiB.
func (e *entry) keep(values *[textCount]string) {
	e.texts = strings.Join(values[:], "")
	end := 0
	for i, v := range values {
		end += len(v)
		e.ends[i] = uint16(end)
	}
}

// size is about what the entry occupies, its place in the cache included.
func (e *entry) size() int {
	n := entryBase + len(e.texts) + len(e.head.kid) + len(e.head.typ)
	for _, a := range e.audience {
		n += 16 + len(a)
	}
	return n
}

// describe writes what the token says into v.
func (e *entry) describe(v *event.Event) {
	v.Verified = true
	v.Use = event.Access
	v.UserID = event.Scrub(e.text(textSubject))
	v.TokenID = event.Scrub(e.text(textID))
	v.Issuer = event.Scrub(e.issuer)
	v.Audience = event.ScrubAll(e.audience)
	v.ClientID = event.Scrub(e.text(textClient))
	if s := e.text(textScope); s != "" {
		v.Scope = event.ScrubAll(strings.Fields(s))
	}
	v.Algorithm = e.head.alg.name
	v.KeyID = event.Scrub(e.head.kid)
	v.Type = event.Scrub(e.head.typ)
	v.IssuedAt, v.NotBefore, v.Expires = e.issued, e.notBefore, e.expires
	v.Fingerprint, v.BodyFingerprint = e.prints.Print(e.whole.Fingerprint()), e.prints.Print(e.body)
	if s := e.text(textSession); s != "" {
		v.Family = e.prints.Text(s)
	}
}

func instant(sec int64) time.Time {
	if sec == 0 {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}
