package ecma

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bytes by what may start or continue a name. Bytes from 0x80 on and the
// backslash are neither: they take the slow way.
const (
	nameStart = 1 << iota
	namePart
)

var classes = byteClasses()

func byteClasses() (table [256]uint8) {
	for c := range table {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '$', c == '_':
			table[c] = nameStart | namePart
		case c >= '0' && c <= '9':
			table[c] = namePart
		}
	}
	return table
}

// word tells a reserved or half reserved word from a name.
func word(s string) token {
	if len(s) < shortestWord || len(s) > longestWord {
		return tIdent
	}
	if t := words[wordSlot(s)]; t != 0 && spelling[t] == s {
		return t
	}
	return tIdent
}

// oddName reads a name from i on that holds escapes or letters beyond ASCII. The
// token starts at p.start, which may lie before i.
func (p *Parser) oddName(i int) {
	src := p.src
	p.tok = tIdent
	for i < len(src) {
		c := src[i]
		if classes[c] != 0 {
			i++
			continue
		}
		if c == '\\' {
			size := nameEscape(src[i:])
			if size == 0 {
				break
			}
			p.escaped = true
			i += size
			continue
		}
		if c < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRuneInString(src[i:])
		if !nameRune(r) {
			break
		}
		i += size
	}
	p.end = i
}

// nameEscape measures \uXXXX or \u{X…}.
func nameEscape(s string) int {
	if !strings.HasPrefix(s, `\u`) {
		return 0
	}
	if len(s) > 2 && s[2] == '{' {
		for i := 3; i < len(s) && i < 12; i++ {
			if s[i] == '}' {
				return i + 1
			}
		}
		return 0
	}
	if len(s) < 6 {
		return 0
	}
	return 6
}

// nameRune is lenient about the first rune of a name: what may stand inside may
// stand first.
func nameRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.In(r, unicode.Nl, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Start, unicode.Other_ID_Continue) ||
		r == '\u200c' || r == '\u200d'
}
