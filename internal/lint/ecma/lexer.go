package ecma

import (
	"strings"
	"unicode/utf8"
)

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
