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

// next reads one token. Nothing is read ahead: what / } < > mean depends on what
// the parser expects, and it asks for them again where the first reading was
// wrong (regexp, templateRest, greater, jsxText).
func (p *Parser) next() {
	p.last = p.end
	p.nl = false
	p.escaped = false
	src := p.src
	i := p.end
	for i < len(src) {
		c := src[i]
		if classes[c]&nameStart != 0 {
			p.start = i
			i++
			for i < len(src) && classes[src[i]] != 0 {
				i++
			}
			if i < len(src) && (src[i] >= utf8.RuneSelf || src[i] == '\\') {
				p.oddName(i)
				return
			}
			p.end = i
			p.tok = word(src[p.start:i])
			return
		}
		switch c {
		case ' ', '\t', '\v', '\f':
			i++
			continue
		case '\n', '\r':
			p.nl = true
			i++
			continue
		case '/':
			if i+1 < len(src) {
				if src[i+1] == '/' {
					i = p.lineComment(i)
					continue
				}
				if src[i+1] == '*' {
					i = p.blockComment(i)
					continue
				}
			}
		case '<':
			if p.htmlComment(i, "<!--") {
				i = p.lineComment(i)
				continue
			}
		case '-':
			if p.htmlComment(i, "-->") {
				i = p.lineComment(i)
				continue
			}
		case '#':
			if i == p.head && strings.HasPrefix(src[i:], "#!") {
				i = p.lineComment(i)
				continue
			}
		}
		if c >= utf8.RuneSelf {
			if size := p.oddSpace(i); size > 0 {
				i += size
				continue
			}
		}
		p.start = i
		p.sign(c, i)
		return
	}
	p.start, p.end, p.tok = len(src), len(src), tEOF
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

// sign reads a token that does not begin with a letter.
func (p *Parser) sign(c byte, i int) {
	var c1, c2 byte
	if i+1 < len(p.src) {
		c1 = p.src[i+1]
		if i+2 < len(p.src) {
			c2 = p.src[i+2]
		}
	}
	tok, size := tBad, 1
	switch c {
	case '(':
		tok = tLParen
	case ')':
		tok = tRParen
	case '{':
		tok = tLBrace
	case '}':
		tok = tRBrace
	case '[':
		tok = tLBracket
	case ']':
		tok = tRBracket
	case ';':
		tok = tSemi
	case ',':
		tok = tComma
	case ':':
		tok = tColon
	case '~':
		tok = tTilde
	case '@':
		tok = tAt
	case '>': // the parser joins it with what follows, where no type ends here
		tok = tGreater
	case '.':
		switch {
		case c1 >= '0' && c1 <= '9':
			p.number(i)
			return
		case c1 == '.' && c2 == '.':
			tok, size = tEllipsis, 3
		default:
			tok = tDot
		}
	case '=':
		switch {
		case c1 == '>':
			tok, size = tArrow, 2
		case c1 == '=' && c2 == '=':
			tok, size = tSame, 3
		case c1 == '=':
			tok, size = tEqual, 2
		default:
			tok = tAssign
		}
	case '!':
		switch {
		case c1 == '=' && c2 == '=':
			tok, size = tNotSame, 3
		case c1 == '=':
			tok, size = tNotEqual, 2
		default:
			tok = tBang
		}
	case '?':
		switch {
		case c1 == '.' && (c2 < '0' || c2 > '9'):
			tok, size = tQuestionDot, 2
		case c1 == '?' && c2 == '=':
			tok, size = tNullishAssign, 3
		case c1 == '?':
			tok, size = tNullish, 2
		default:
			tok = tQuestion
		}
	case '+':
		tok, size = doubled(c, c1, tPlus, tPlusPlus, tPlusAssign)
	case '-':
		tok, size = doubled(c, c1, tMinus, tMinusMinus, tMinusAssign)
	case '&':
		tok, size = logical(c, c1, c2, tAnd, tAndAnd, tAndAssign, tAndAndAssign)
	case '|':
		tok, size = logical(c, c1, c2, tOr, tOrOr, tOrAssign, tOrOrAssign)
	case '*':
		tok, size = logical(c, c1, c2, tStar, tPower, tStarAssign, tPowerAssign)
	case '/':
		tok, size = doubled(0, c1, tSlash, tBad, tSlashAssign)
	case '%':
		tok, size = doubled(0, c1, tPercent, tBad, tPercentAssign)
	case '^':
		tok, size = doubled(0, c1, tXor, tBad, tXorAssign)
	case '<':
		switch {
		case c1 == '<' && c2 == '=':
			tok, size = tShlAssign, 3
		case c1 == '<':
			tok, size = tShl, 2
		case c1 == '=':
			tok, size = tLessEqual, 2
		default:
			tok = tLess
		}
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		p.number(i)
		return
	case '\'', '"':
		p.tok = tString
		p.end = p.stringEnd(i)
		return
	case '`':
		p.tok = tTemplate
		if p.templatePart(i + 1) {
			p.tok = tTemplateHead
		}
		return
	case '#':
		p.oddName(i + 1)
		if p.tok = tPrivate; p.end == i+1 {
			p.tok = tBad
		}
		return
	default:
		p.oddName(i)
		if p.end > i {
			return
		}
		if c >= utf8.RuneSelf {
			_, size = utf8.DecodeRuneInString(p.src[i:])
		}
	}
	p.tok, p.end = tok, i+size
}

// doubled reads an operator that may stand twice or before =.
func doubled(c, c1 byte, one, two, assign token) (token, int) {
	switch {
	case c1 == c && c != 0:
		return two, 2
	case c1 == '=':
		return assign, 2
	}
	return one, 1
}

// logical reads an operator that may stand twice, and before = both once and twice.
func logical(c, c1, c2 byte, one, two, assign, twoAssign token) (token, int) {
	switch {
	case c1 == c && c2 == '=':
		return twoAssign, 3
	case c1 == c:
		return two, 2
	case c1 == '=':
		return assign, 2
	}
	return one, 1
}

// greater joins a > with what follows it into an operator. The lexer never does,
// because in types each > closes one list: Array<Array<T>>.
func (p *Parser) greater() {
	rest := p.src[p.end:]
	n := 0
	for n < 2 && n < len(rest) && rest[n] == '>' {
		n++
	}
	assign := n < len(rest) && rest[n] == '='
	switch {
	case n == 0 && assign:
		p.tok = tGreaterEqual
	case n == 1 && assign:
		p.tok = tShrAssign
	case n == 1:
		p.tok = tShr
	case n == 2 && assign:
		p.tok = tUshrAssign
	case n == 2:
		p.tok = tUshr
	}
	p.end += n
	if assign {
		p.end++
	}
}

// number reads a number leniently: what it holds is nobody's concern here, only
// where it ends.
func (p *Parser) number(i int) {
	src := p.src
	p.tok = tNumber
	digits := func() {
		for i < len(src) && (src[i] >= '0' && src[i] <= '9' || src[i] == '_') {
			i++
		}
	}
	if src[i] == '0' && i+1 < len(src) && strings.IndexByte("xXoObB", src[i+1]) >= 0 {
		for i < len(src) && classes[src[i]]&namePart != 0 {
			i++
		}
		if src[i-1] == 'n' {
			p.tok = tBigInt
		}
		p.end = i
		return
	}
	first := i
	digits()
	if i-first > 1 && src[first] == '0' && strings.Trim(src[first:i], "01234567") == "" {
		p.end = i // an octal number of old: 01.a is a member of it
		return
	}
	if i < len(src) && src[i] == 'n' {
		p.tok, p.end = tBigInt, i+1
		return
	}
	if i < len(src) && src[i] == '.' {
		i++
		digits()
	}
	if i < len(src) && src[i]|0x20 == 'e' {
		mark := i
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		if i >= len(src) || src[i] < '0' || src[i] > '9' {
			i = mark
		}
		digits()
	}
	p.end = i
}

// stringEnd finds the end of the string that opens at i. An unfinished one ends
// with its line.
func (p *Parser) stringEnd(i int) int {
	src, quote := p.src, p.src[i]
	for i++; i < len(src); i++ {
		switch src[i] {
		case quote:
			return i + 1
		case '\\':
			p.escaped = true
			if i++; i+1 < len(src) && src[i] == '\r' && src[i+1] == '\n' {
				i++
			}
		case '\n', '\r':
			p.errorAt(i, "unfinished string")
			return i
		}
	}
	p.errorAt(len(src), "unfinished string")
	return len(src)
}

// templatePart reads on from i to the end of the template or to its next ${, and
// says whether it was the latter.
func (p *Parser) templatePart(i int) (more bool) {
	src := p.src
	for ; i < len(src); i++ {
		switch src[i] {
		case '`':
			p.end = i + 1
			return false
		case '\\':
			p.escaped = true
			i++
		case '$':
			if i+1 < len(src) && src[i+1] == '{' {
				p.end = i + 2
				return true
			}
		}
	}
	p.errorAt(len(src), "unfinished template")
	p.end = len(src)
	return false
}

// regexp reads the current / or /= again, as the start of a regular expression.
func (p *Parser) regexp() {
	src, class := p.src, false
	i := p.start + 1
scan:
	for ; i < len(src); i++ {
		switch src[i] {
		case '\\':
			if i++; i < len(src) && src[i] == '\n' {
				break scan
			}
		case '[':
			class = true
		case ']':
			class = false
		case '\n', '\r':
			break scan
		case '/':
			if !class {
				for i++; i < len(src) && classes[src[i]] != 0; i++ {
				}
				p.end = i
				return
			}
		}
	}
	p.errorAt(p.start, "unfinished regular expression")
	p.end = min(i, len(src))
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
