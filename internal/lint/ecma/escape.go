package ecma

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// name is the name that s starts with.
func name(s string) string {
	i := 0
	for i < len(s) {
		if classes[s[i]] != 0 {
			i++
			continue
		}
		if s[i] == '\\' {
			size := nameEscape(s[i:])
			if size == 0 {
				break
			}
			i += size
			continue
		}
		if s[i] < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !nameRune(r) {
			break
		}
		i += size
	}
	return s[:i]
}

// unescape resolves the escapes of a string, a template or a name. What is none
// stays as it is written.
func unescape(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = escaped(&b, s[i+1:])
	}
}

var plainEscapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', 'v': '\v', '0': 0}

// escaped writes what the escape at the start of s, behind its backslash, means,
// and answers the rest.
func escaped(b *strings.Builder, s string) string {
	switch c := s[0]; c {
	case '\r':
		return strings.TrimPrefix(s[1:], "\n")
	case '\n':
		return s[1:]
	case 'x':
		if r, ok := hex(s, 1, 3); ok {
			b.WriteRune(r)
			return s[3:]
		}
	case 'u':
		if strings.HasPrefix(s, "u{") {
			if end := strings.IndexByte(s[:min(len(s), 12)], '}'); end > 0 {
				if r, ok := hex(s, 2, end); ok {
					b.WriteRune(r)
					return s[end+1:]
				}
			}
		} else if r, ok := hex(s, 1, 5); ok {
			s = s[5:]
			if low, ok := lowSurrogate(s); ok && r >= 0xD800 && r < 0xDC00 {
				r, s = (r-0xD800)<<10+(low-0xDC00)+0x10000, s[6:]
			}
			b.WriteRune(r)
			return s
		}
	default:
		if plain, ok := plainEscapes[c]; ok {
			b.WriteByte(plain)
			return s[1:]
		}
		if c == 0xE2 && separator(s) {
			return s[3:]
		}
	}
	_, size := utf8.DecodeRuneInString(s)
	b.WriteString(s[:size])
	return s[size:]
}

func hex(s string, from, to int) (rune, bool) {
	if len(s) < to {
		return 0, false
	}
	v, err := strconv.ParseUint(s[from:to], 16, 32)
	return rune(v), err == nil && v <= utf8.MaxRune
}

// lowSurrogate reads \uDCxx, the second half of a rune that was written as two.
func lowSurrogate(s string) (rune, bool) {
	if !strings.HasPrefix(s, `\u`) {
		return 0, false
	}
	r, ok := hex(s, 2, 6)
	return r, ok && r >= 0xDC00 && r < 0xE000
}
