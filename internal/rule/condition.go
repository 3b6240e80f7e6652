package rule

import (
	"fmt"
	"slices"
	"strings"
)

// A search is a named part of a detection, in the order of the file.
type search struct {
	name string
	test test
	used bool
}

// maxDepth bounds parentheses and "not" in a condition.
const maxDepth = 64

// condition compiles a Sigma condition: and, or, not, parentheses, the names of
// searches, and "1 of" or "all of" followed by them or by a name with a star.
// Not binds closest, or loosest. The error's column counts from 1 in s.
func condition(s string, searches []search) (t test, column int, err error) {
	p := &conditionParser{searches: searches}
	p.tokens, column, err = tokens(s)
	if err != nil {
		return never, column, err
	}
	t = p.or()
	if p.err == nil && p.at < len(p.tokens)-1 {
		p.fail("%q: unexpected", p.tokens[p.at].text)
	}
	if p.err != nil {
		return never, p.column, p.err
	}
	return t, 0, nil
}

type token struct {
	text   string
	column int
}

// tokens ends with an empty one, which stands for the end.
func tokens(s string) (list []token, column int, err error) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '(' || c == ')':
			list = append(list, token{s[i : i+1], i + 1})
			i++
		case c == '|':
			return nil, i + 1, fmt.Errorf("aggregation in a condition: use a correlation instead")
		case wordByte(c):
			from := i
			for i < len(s) && wordByte(s[i]) {
				i++
			}
			list = append(list, token{s[from:i], from + 1})
		default:
			return nil, i + 1, fmt.Errorf("%q: not part of a condition", s[i:i+1])
		}
	}
	return append(list, token{"", len(s) + 1}), 0, nil
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-.*", c) >= 0
}

type conditionParser struct {
	searches []search
	tokens   []token
	at       int
	depth    int
	err      error
	column   int
}

func (p *conditionParser) fail(format string, args ...any) test {
	if p.err == nil {
		p.err, p.column = fmt.Errorf(format, args...), p.tokens[p.at].column
	}
	return never
}

func (p *conditionParser) take(words ...string) bool {
	if !slices.Contains(words, p.tokens[p.at].text) {
		return false
	}
	p.at++
	return true
}

func (p *conditionParser) or() test {
	list := []test{p.and()}
	for p.err == nil && p.take("or") {
		list = append(list, p.and())
	}
	return some(list)
}

func (p *conditionParser) and() test {
	list := []test{p.not()}
	for p.err == nil && p.take("and") {
		list = append(list, p.not())
	}
	return every(list)
}

func (p *conditionParser) not() test {
	if p.depth++; p.depth > maxDepth {
		return p.fail("nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.take("not") {
		return negate(p.not())
	}
	if p.take("(") {
		t := p.or()
		if p.err == nil && !p.take(")") {
			return p.fail("a closing parenthesis is missing")
		}
		return t
	}
	return p.name()
}

func (p *conditionParser) name() test {
	word := p.tokens[p.at].text
	switch word {
	case "":
		return p.fail("ends where a search is expected")
	case ")", "and", "or", "of", "them":
		return p.fail("%q: a search is expected here", word)
	}
	if next := p.tokens[p.at+1].text; next == "of" {
		return p.quantified(word)
	}
	for i := range p.searches {
		if p.searches[i].name == word {
			p.searches[i].used = true
			p.at++
			return p.searches[i].test
		}
	}
	return p.fail("search %q: not defined", word)
}

// quantified reads "1 of selection*" and its like. Names with an underscore in
// front are left out, as the specification says.
func (p *conditionParser) quantified(quantity string) test {
	join := some
	switch quantity {
	case "1", "any":
	case "all":
		join = every
	default:
		return p.fail("%q of: only 1, any or all", quantity)
	}
	p.at += 2
	which := p.tokens[p.at].text
	if which == "" || which == "(" || which == ")" {
		return p.fail("\"of\": them or a name is expected")
	}
	glob := which
	if which == "them" {
		glob = "*"
	}
	names := parsePattern(glob, true)
	var list []test
	for i := range p.searches {
		s := &p.searches[i]
		if strings.HasPrefix(s.name, "_") && !strings.HasPrefix(glob, "_") {
			continue
		}
		if names.match(s.name) {
			s.used = true
			list = append(list, s.test)
		}
	}
	if len(list) == 0 {
		return p.fail("%q: no search has such a name", which)
	}
	p.at++
	return join(list)
}
