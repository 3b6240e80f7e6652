package guard

import (
	"strconv"
	"strings"
	"unicode/utf16"
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
// the name decoded and the value as it is written. It takes what encoding/json
// takes (RFC 8259) for a map, which a fuzz test holds, less nesting beyond
// maxDepth, bytes that are not UTF-8, and a name that is stated twice: two readers
// would pick different ones (RFC 7515 section 4, RFC 7519 section 4). A number
// beyond float64 is none, as there. Names are case-sensitive, unlike in encoding/json's structs. Before a fault is found, f
// may have been called for the members in front of it.
func eachMember(text string, f func(name, value string)) fault {
	i := skipSpace(text, 0)
	if !has(text, i, '{') || !utf8.ValidString(text) {
		return notObject
	}
	var seen nameSet
	for i = skipSpace(text, i+1); !has(text, i, '}'); {
		from := i
		if i = skipString(text, i); i < 0 {
			return notObject
		}
		name := unquote(text[from:i])
		switch {
		case seen.has(name):
			return stated2
		case seen.n == maxMembers:
			return tooMany
		}
		seen.add(name)
		if i = skipSpace(text, i); !has(text, i, ':') {
			return notObject
		}
		from = skipSpace(text, i+1)
		if i = skipValue(text, from, maxDepth); i < 0 {
			return notObject
		}
		f(name, text[from:i])
		if i = skipSpace(text, i); has(text, i, ',') {
			if i = skipSpace(text, i+1); has(text, i, '}') {
				return notObject
			}
		} else if !has(text, i, '}') {
			return notObject
		}
	}
	if skipSpace(text, i+1) != len(text) {
		return notObject
	}
	return sound
}

// A nameSet holds the names of one object: the usual few in a row, and all of them
// in a map as soon as there are more. A search through 256 in a row, for each of
// them, would cost an attacker's header a hundred times what an honest one does.
type nameSet struct {
	few [24]string
	all map[string]struct{}
	n   int
}

func (s *nameSet) has(name string) bool {
	if s.all != nil {
		_, ok := s.all[name]
		return ok
	}
	for _, n := range s.few[:s.n] {
		if n == name {
			return true
		}
	}
	return false
}

func (s *nameSet) add(name string) {
	if s.n < len(s.few) {
		s.few[s.n] = name
	} else {
		if s.all == nil {
			s.all = make(map[string]struct{}, maxMembers)
			for _, n := range s.few {
				s.all[n] = struct{}{}
			}
		}
		s.all[name] = struct{}{}
	}
	s.n++
}

// maxDepth bounds arrays and objects within each other.
const maxDepth = 64

func has(s string, i int, c byte) bool { return i < len(s) && s[i] == c }

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// The skip functions below give the place behind what begins at s[i], and a
// negative number when that is not what it should be.

func skipString(s string, i int) int {
	if !has(s, i, '"') {
		return -1
	}
	for i++; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return i + 1
		case c < 0x20:
			return -1
		case c != '\\':
		case i+1 < len(s) && strings.IndexByte(`"\/bfnrt`, s[i+1]) >= 0:
			i++
		case i+5 < len(s) && s[i+1] == 'u' && hexDigit(s[i+2]) && hexDigit(s[i+3]) && hexDigit(s[i+4]) && hexDigit(s[i+5]):
			i += 5
		default:
			return -1
		}
	}
	return -1
}

func hexDigit(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 5 }

func skipNumber(s string, i int) int {
	begin := i
	digits := func() bool {
		from := i
		for i < len(s) && s[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if has(s, i, '-') {
		i++
	}
	if has(s, i, '0') {
		i++
	} else if !digits() {
		return -1
	}
	if has(s, i, '.') {
		if i++; !digits() {
			return -1
		}
	}
	if has(s, i, 'e') || has(s, i, 'E') {
		if i++; has(s, i, '+') || has(s, i, '-') {
			i++
		}
		if !digits() {
			return -1
		}
	} else if i-begin < 300 {
		return i
	}
	if _, err := strconv.ParseFloat(s[begin:i], 64); err != nil {
		return -1
	}
	return i
}

func skipValue(s string, i, depth int) int {
	if i >= len(s) || depth == 0 {
		return -1
	}
	switch s[i] {
	case '"':
		return skipString(s, i)
	case '{':
		return skipMembers(s, i+1, '}', depth-1)
	case '[':
		return skipMembers(s, i+1, ']', depth-1)
	}
	for _, word := range [3]string{"true", "false", "null"} {
		if strings.HasPrefix(s[i:], word) {
			return i + len(word)
		}
	}
	return skipNumber(s, i)
}

// skipMembers skips the members of an array, or of an object, and its end.
func skipMembers(s string, i int, end byte, depth int) int {
	if i = skipSpace(s, i); has(s, i, end) {
		return i + 1
	}
	for {
		if end == '}' {
			if i = skipString(s, i); i < 0 {
				return -1
			}
			if i = skipSpace(s, i); !has(s, i, ':') {
				return -1
			}
			i = skipSpace(s, i+1)
		}
		if i = skipValue(s, i, depth); i < 0 {
			return -1
		}
		switch i = skipSpace(s, i); {
		case has(s, i, end):
			return i + 1
		case !has(s, i, ','):
			return -1
		}
		i = skipSpace(s, i+1)
	}
}

// unquote decodes a JSON string, which s is known to be; without a backslash the
// result is a slice of s. Half a surrogate pair becomes U+FFFD, as in
// encoding/json.
func unquote(s string) string {
	s = s[1 : len(s)-1]
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	text := append(make([]byte, 0, len(s)), s[:i]...)
	for i < len(s) {
		if s[i] != '\\' {
			text = append(text, s[i])
			i++
			continue
		}
		c := s[i+1]
		i += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := unit(s[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if strings.HasPrefix(s[i:], `\u`) {
					low = unit(s[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			text = utf8.AppendRune(text, r)
			continue
		}
		text = append(text, c)
	}
	return string(text)
}

// unit reads four hexadecimal digits.
func unit(s string) (r rune) {
	for _, c := range []byte(s[:4]) {
		switch {
		case c <= '9':
			c -= '0'
		default:
			c = c | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(c)
	}
	return r
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
