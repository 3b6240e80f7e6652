package ecma

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// oddSpace measures white space beyond ASCII at i: a byte order mark, a line or
// paragraph separator, a space of any script. Anything else is 0.
func (p *Parser) oddSpace(i int) int {
	r, size := utf8.DecodeRuneInString(p.src[i:])
	switch {
	case r == '\u2028', r == '\u2029':
		p.nl = true
		return size
	case r == '\ufeff', unicode.Is(unicode.Zs, r):
		return size
	}
	return 0
}

// lineComment keeps the comment at i and answers where its line ends.
func (p *Parser) lineComment(i int) int {
	end := p.lineEnd(i)
	p.comments = append(p.comments, Comment{int32(i), int32(end)})
	return end
}

// lineEnd finds the first line terminator from i on. The next line feed is
// remembered: a file that ends its lines in another way would have each comment
// search the rest of the file for one.
func (p *Parser) lineEnd(i int) int {
	if i < p.feedFrom || i > p.feed {
		p.feedFrom = i
		if n := strings.IndexByte(p.src[i:], '\n'); n >= 0 {
			p.feed = i + n
		} else {
			p.feed = len(p.src)
		}
	}
	end := p.feed
	if end-i > longLine {
		// Far away: look step by step, so that a line of 8 MB is not searched twice.
		for j := i; j < end; j++ {
			if c := p.src[j]; c == '\r' || c == 0xE2 && separator(p.src[j:]) {
				return j
			}
		}
		return end
	}
	line := p.src[i:end]
	if n := strings.IndexByte(line, '\r'); n >= 0 {
		line = line[:n]
	}
	for j := 0; ; {
		n := strings.IndexByte(line[j:], 0xE2)
		if n < 0 {
			return i + len(line)
		}
		if j += n; separator(line[j:]) {
			return i + j
		}
		j++
	}
}

// longLine is where looking byte by byte begins to pay.
const longLine = 4096

// separator reports whether s, which starts with 0xE2, starts with U+2028 or U+2029.
func separator(s string) bool {
	return len(s) >= 3 && s[1] == 0x80 && (s[2] == 0xA8 || s[2] == 0xA9)
}

// blockComment keeps the comment at i and answers where it ends. A line break
// within counts as one between the tokens around it.
func (p *Parser) blockComment(i int) int {
	end := len(p.src)
	if n := strings.Index(p.src[i+2:], "*/"); n >= 0 {
		end = i + 2 + n + 2
	} else {
		p.errorAt(i, "unfinished comment")
	}
	if !p.nl {
		text := p.src[i:end]
		p.nl = strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0 ||
			strings.Contains(text, "\u2028") || strings.Contains(text, "\u2029")
	}
	p.comments = append(p.comments, Comment{int32(i), int32(end)})
	return end
}

// htmlComment reports whether the line at i begins with <!-- or -->, which old
// scripts use as comments. In modules and in TypeScript they are operators.
func (p *Parser) htmlComment(i int, sign string) bool {
	if p.lang.typed() || p.module || !strings.HasPrefix(p.src[i:], sign) {
		return false
	}
	return p.nl || p.last == p.head && p.tok == tEOF
}
