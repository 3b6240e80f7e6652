package guard

import (
	"crypto/sha256"
	"crypto/x509"
	"strings"
)

// How a token can be bound to a key: the members of cnf (RFC 7800) that a guard
// can check, and others.
type methods uint8

const (
	byKey         methods = 1 << iota // jkt: the key of DPoP proofs (RFC 9449 section 6.1)
	byCertificate                     // x5t#S256: the certificate of the TLS connection (RFC 8705 section 3.1)
	byOther                           // none of these, but something: nobody can check it here
)

// A confirm is the claim cnf, read.
type confirm struct {
	methods  methods
	jkt, x5t string // SHA-256, base64url
}

// readConfirm reads the value of cnf, and reports false for what is no
// confirmation. Members that are not known count only where there is none that
// is: RFC 7800 section 3.1 wants them ignored, and a token that was bound must
// not pass for one that was not.
func readConfirm(value string) (c confirm, ok bool) {
	bad := false
	hash := func(to *string, value string, m methods) {
		s, isText := stringOf(value)
		*to, c.methods, bad = s, c.methods|m, bad || !isText || !isHash(s)
	}
	if eachMember(value, func(name, value string) {
		switch name {
		case "jkt":
			hash(&c.jkt, value, byKey)
		case "x5t#S256":
			hash(&c.x5t, value, byCertificate)
		default:
			c.methods |= byOther
		}
	}) != sound {
		return confirm{}, false
	}
	if known := c.methods &^ byOther; known != 0 {
		c.methods = known
	}
	return c, !bad && c.methods != 0
}

// isHash reports whether s is a SHA-256 in the one spelling of base64url.
func isHash(s string) bool {
	b, err := strict.DecodeString(s)
	return err == nil && len(b) == sha256.Size && len(s) == 43 // DecodeString skips line ends
}

// The words of Family.Confirm and Grant.Confirm: a method, a colon and a hash.
// Without a hash they mean any key that is shown in that way.
const (
	wordKey         = "jkt:"
	wordCertificate = "x5t#S256:"
)

// ConfirmCertificate gives what Grant.Confirm takes to bind tokens to a client
// certificate (RFC 8705 section 3).
func ConfirmCertificate(c *x509.Certificate) string { return wordCertificate + certificateHash(c) }

func certificateHash(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return strict.EncodeToString(sum[:])
}

// claimOf gives the claim cnf for a word, nil for what names no key.
func claimOf(word string) map[string]string {
	for _, prefix := range []string{wordKey, wordCertificate} {
		if hash, ok := strings.CutPrefix(word, prefix); ok && isHash(hash) {
			return map[string]string{strings.TrimSuffix(prefix, ":"): hash}
		}
	}
	return nil
}
