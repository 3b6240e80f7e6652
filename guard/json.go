package guard

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxMembers bounds a header or a claims set. It keeps the search for a member
// stated twice cheap, and nobody honest comes near it.
const maxMembers = 256

// fault says how a JSON text offends.
type fault uint8

const (
	sound fault = iota
	notObject
	stated2
	tooMany
)

// eachMember calls f for every member of the JSON object text, in order, with
// the name decoded and the value as it is written. encoding/json judges the
// grammar first, so that the walk below only has to find boundaries in a text
// that is known to be good; no reading of JSON is our own invention. A name
// that is stated twice is refused, because two readers would pick different
// ones (RFC 7515 section 4, RFC 7519 section 4). Names are case-sensitive,
// unlike in encoding/json's structs.
func eachMember(text string, f func(name, value string)) fault {
	if !utf8.ValidString(text) || !json.Valid([]byte(text)) {
		return notObject
	}
	i := skipSpace(text, 0)
	if text[i] != '{' {
		return notObject
	}
	var room [24]string
	names := room[:0]
	for i = skipSpace(text, i+1); text[i] != '}'; {
		from := i
		i = skipString(text, i)
		name := unquote(text[from:i])
		for _, n := range names {
			if n == name {
				return stated2
			}
		}
		if len(names) == maxMembers {
			return tooMany
		}
		names = append(names, name)
		i = skipSpace(text, skipSpace(text, i)+1) // the colon
		from = i
		i = skipValue(text, i)
		f(name, text[from:i])
		if i = skipSpace(text, i); text[i] == ',' {
			i = skipSpace(text, i+1)
		}
	}
	return sound
}

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// skipString gives the place behind the string that begins at s[i].
func skipString(s string, i int) int {
	for i++; s[i] != '"'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipValue(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = skipString(s, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return i
}

// unquote decodes a JSON string; without a backslash it is a slice of s.
func unquote(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1]
	}
	var text string
	_ = json.Unmarshal([]byte(s), &text) // s is known to be a JSON string
	return text
}

// stringOf reads a member's value that must be a string.
func stringOf(value string) (string, bool) {
	if value[0] != '"' {
		return "", false
	}
	return unquote(value), true
}

// stringsOf reads a member's value that must be a string or an array of them.
func stringsOf(value string) ([]string, bool) {
	if s, ok := stringOf(value); ok {
		return []string{s}, true
	}
	if value[0] != '[' {
		return nil, false
	}
	var list []string
	for i := skipSpace(value, 1); value[i] != ']'; {
		if value[i] != '"' {
			return nil, false
		}
		from := i
		i = skipString(value, i)
		list = append(list, unquote(value[from:i]))
		if i = skipSpace(value, i); value[i] == ',' {
			i = skipSpace(value, i+1)
		}
	}
	return list, true
}
