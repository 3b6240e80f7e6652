package guard

import "strings"

// longRun is the length from which a run of base64url characters is taken for a
// secret. The refresh tokens of an Issuer have 75; thumbprints that serve as kid
// have 43, and a UUID 36.
const longRun = 64

// scrub takes out of a text whatever could be a token: clients put tokens into
// paths, user agents and request ids, and no event may hold one. The usual text
// is returned as it is.
func scrub(s string) string {
	if len(s) < 20 {
		return s
	}
	var clean []byte
	kept := 0
	for i := 0; i < len(s); {
		if !alphabet[s[i]] {
			i++
			continue
		}
		from := i
		for i < len(s) && alphabet[s[i]] {
			i++
		}
		// A JWT begins with {" in base64, and so do the parts of a JWE.
		jwt := strings.HasPrefix(s[from:i], "eyJ") && i < len(s) && s[i] == '.'
		if !jwt && i-from < longRun {
			continue
		}
		for i < len(s) && (alphabet[s[i]] || s[i] == '.') {
			i++
		}
		clean = append(append(clean, s[kept:from]...), "[token]"...)
		kept = i
	}
	if kept == 0 {
		return s
	}
	return string(append(clean, s[kept:]...))
}

func scrubAll(list []string) []string {
	for i, s := range list {
		if c := scrub(s); c != s {
			list = append([]string(nil), list...) // the list is shared
			for ; i < len(list); i++ {
				list[i] = scrub(list[i])
			}
			break
		}
	}
	return list
}

// alphabet marks the characters of base64url (RFC 4648 section 5).
var alphabet = func() (a [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		a[c] = true
	}
	return a
}()
