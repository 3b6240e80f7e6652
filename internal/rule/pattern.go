package rule

import "strings"

// A pattern is a Sigma string: literal pieces between wildcards, "*" for any
// text and "?" for one character. A backslash in front of a wildcard or of
// another backslash takes away its meaning.
type pattern struct {
	parts []part
	cased bool
}

type part struct {
	any  bool   // any text may stand in front
	skip int    // then this many characters
	text string // then this
}

func parsePattern(s string, cased bool) pattern {
	if !cased {
		s = strings.ToLower(s)
	}
	p := pattern{cased: cased}
	var cur part
	var text strings.Builder
	flush := func() {
		if cur.any || cur.skip > 0 || text.Len() > 0 {
			cur.text = text.String()
			p.parts = append(p.parts, cur)
		}
		cur = part{}
		text.Reset()
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`*?\`, s[i+1]) >= 0:
			i++
			text.WriteByte(s[i])
		case c == '*' || c == '?':
			if text.Len() > 0 {
				flush()
			}
			if c == '*' {
				cur.any = true
			} else {
				cur.skip++
			}
		default:
			text.WriteByte(c)
		}
	}
	flush()
	return p
}

// open makes the pattern match with any text in front, behind, or both.
func (p pattern) open(front, behind bool) pattern {
	parts := append([]part(nil), p.parts...)
	if front {
		if len(parts) == 0 {
			parts = []part{{any: true}}
		}
		parts[0].any = true
	}
	if behind {
		parts = append(parts, part{any: true})
	}
	p.parts = parts
	return p
}

// match takes time in proportion to the product of both lengths at most.
func (p pattern) match(s string) bool {
	if !p.cased {
		s = strings.ToLower(s) // does not allocate for what is lower case already
	}
	return matchParts(p.parts, s)
}

func matchParts(parts []part, s string) bool {
	// Where the last "*" stood, to go back to: only the last one matters, since
	// an earlier one could not do better by taking more.
	back, from := -1, ""
	for i := 0; ; {
		if i == len(parts) {
			if s == "" {
				return true
			}
		} else {
			if parts[i].any {
				back, from = i, s
			}
			if rest, ok := step(parts[i], s); ok {
				s, i = rest, i+1
				continue
			}
		}
		if back < 0 || from == "" {
			return false
		}
		if back == len(parts)-1 && parts[back].text == "" && parts[back].skip == 0 {
			return true
		}
		from = skipRunes(from, 1)
		rest, ok := step(parts[back], from)
		for !ok && from != "" {
			from = skipRunes(from, 1)
			rest, ok = step(parts[back], from)
		}
		if !ok {
			return false
		}
		s, i = rest, back+1
	}
}

// step takes a part's characters and its literal from the front of s.
func step(p part, s string) (rest string, ok bool) {
	for range p.skip {
		if s == "" {
			return "", false
		}
		s = skipRunes(s, 1)
	}
	return strings.CutPrefix(s, p.text)
}

func skipRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[i:]
		}
		n--
	}
	return ""
}
