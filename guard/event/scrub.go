package event

import "strings"

// longRun is the length from which a run of base64url characters is taken for a
// secret. The refresh tokens of guard have 75; thumbprints that serve as kid
// have 43, and a UUID 36.
const longRun = 64

// jwtBegins is {" in base64: a JWT begins with it, and so do the parts of a JWE.
const jwtBegins = "eyJ"

// Scrub takes out of a text whatever could be a token: clients put tokens into
// paths, user agents and request ids, services into messages, and no event may
// hold one. The usual text is returned as it is.
func Scrub(s string) string {
	if len(s) < 20 || len(s) < longRun && !strings.Contains(s, jwtBegins) {
		return s
	}
	var clean []byte
	kept := 0
	for i := 0; i < len(s); {
		if !base64url[s[i]] {
			i++
			continue
		}
		from := i
		for i < len(s) && base64url[s[i]] {
			i++
		}
		jwt := strings.HasPrefix(s[from:i], jwtBegins) && i < len(s) && s[i] == '.'
		if !jwt && i-from < longRun {
			continue
		}
		for i < len(s) && (base64url[s[i]] || s[i] == '.') {
			i++
		}
		clean = append(append(clean, s[kept:from]...), redacted...)
		kept = i
	}
	if kept == 0 {
		return s
	}
	return string(append(clean, s[kept:]...))
}

// Scrub takes whatever could be a token out of every text of e. Lists that hold
// one are replaced, not changed: they may be shared.
func (e *Event) Scrub() {
	for _, f := range fields {
		switch {
		case f.text != nil:
			if s := f.text(e); len(*s) >= 20 {
				*s = Scrub(*s)
			}
		case f.list != nil:
			list := f.list(e)
			*list = ScrubAll(*list)
		}
	}
}

// ScrubAll is Scrub for every member of a list, which is not changed: where one
// holds a token, a new list is returned.
func ScrubAll(list []string) []string {
	for i, s := range list {
		if c := Scrub(s); c != s {
			own := append([]string(nil), list...)
			for ; i < len(own); i++ {
				own[i] = Scrub(own[i])
			}
			return own
		}
	}
	return list
}

// base64url marks the characters of base64url (RFC 4648 section 5).
var base64url = func() (a [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		a[c] = true
	}
	return a
}()
