package rule

import (
	"crypto/sha1"
	"fmt"
)

// namespace is the UUIDv5, in the URL namespace of RFC 9562, of
// https://github.com/jotsight/jotsight/rules.
var namespace = [16]byte{
	0xf1, 0x37, 0xc5, 0xf8, 0xd0, 0x33, 0x5b, 0x34, 0xab, 0xe0, 0xf4, 0x14, 0xf4, 0xef, 0x5c, 0x16,
}

// UUID gives the id that a rule called name has in the eyes of other Sigma
// tools, which take nothing but a UUID: version 5 (RFC 9562 section 5.5) of the
// name, so that nobody has to invent one.
func UUID(name string) string {
	h := sha1.New()
	h.Write(namespace[:])
	h.Write([]byte(name))
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
