package library

import (
	"errors"
	"fmt"
	"strings"
)

// widest is how many symbols the braces of one pattern may stand for, longest how
// many bytes it may have.
const (
	widest  = 512
	longest = 1000
)

// expand turns {a,b} into one pattern each. Braces do not nest.
func expand(pattern string) ([]string, error) {
	if len(pattern) > longest {
		return nil, fmt.Errorf("longer than %d bytes", longest)
	}
	out := []string{""}
	for pattern != "" {
		open := strings.IndexAny(pattern, "{}")
		if open < 0 {
			open = len(pattern)
		}
		for i := range out {
			out[i] += pattern[:open]
		}
		if pattern = pattern[open:]; pattern == "" {
			break
		}
		end := strings.IndexByte(pattern, '}')
		if pattern[0] == '}' || end < 0 {
			return nil, errors.New("braces do not match")
		}
		inner := pattern[1:end]
		if strings.Contains(inner, "{") {
			return nil, errors.New("braces within braces")
		}
		choices := strings.Split(inner, ",")
		if len(out)*len(choices) > widest {
			return nil, fmt.Errorf("braces stand for more than %d symbols", widest)
		}
		next := make([]string, 0, len(out)*len(choices))
		for _, head := range out {
			for _, c := range choices {
				next = append(next, head+strings.TrimSpace(c))
			}
		}
		out, pattern = next, pattern[end+1:]
	}
	return out, nil
}

// check reports what cannot be right about a pattern without braces.
func check(pattern string) error {
	lang, rest, ok := strings.Cut(pattern, ":")
	switch {
	case !ok || !languages[lang]:
		return errors.New("no language (go, npm, js, clj, java) and colon in front")
	case rest == "":
		return errors.New("nothing after the language")
	case strings.ContainsAny(pattern, " \t\n"):
		return errors.New("a space")
	case strings.Contains(pattern, "***"):
		return errors.New("more than two stars in a row")
	case strings.Count(pattern, "*") > 8:
		return errors.New("more than eight stars")
	case lang == "npm" && !strings.ContainsAny(rest, "#*"):
		return errors.New("no # between package and export")
	case lang == "clj" && !strings.ContainsAny(rest, "/*"):
		return errors.New("no / between namespace and var")
	case lang == "go" && !strings.ContainsAny(rest, ".*"):
		return errors.New("no dot between package and name")
	}
	return nil
}

var languages = map[string]bool{"go": true, "npm": true, "js": true, "clj": true, "java": true}

// match reports whether a pattern with stars, but without braces, is that of a
// symbol. It takes time in proportion to both lengths: of each star, only the
// shortest run that lets the rest begin is looked at again, and single stars
// give way to double ones.
func match(pattern, symbol string) bool {
	type state struct{ p, s int }
	single, double := state{-1, 0}, state{-1, 0}
	p, s := 0, 0
	for {
		if p < len(pattern) && pattern[p] == '*' {
			if p+1 < len(pattern) && pattern[p+1] == '*' {
				p += 2
				single, double = state{-1, 0}, state{p, s}
				continue
			}
			if s < len(symbol) && !stops(symbol[s]) { // at least one
				p++
				s++
				single = state{p, s}
				continue
			}
		} else if p == len(pattern) && s == len(symbol) {
			return true
		} else if p < len(pattern) && s < len(symbol) && pattern[p] == symbol[s] {
			p++
			s++
			continue
		}
		switch {
		case single.p >= 0 && single.s < len(symbol) && !stops(symbol[single.s]):
			single.s++
			p, s = single.p, single.s
		case double.p >= 0 && double.s < len(symbol):
			single = state{-1, 0}
			double.s++
			p, s = double.p, double.s
		default:
			return false
		}
	}
}

func stops(c byte) bool { return c == '/' || c == '#' || c == '.' }

// exactness ranks patterns: the more that is written out, the more exact.
func exactness(pattern string) int { return len(pattern) - 2*strings.Count(pattern, "*") }
