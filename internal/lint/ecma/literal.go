package ecma

import "strings"

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
