package ecma

import "strings"

// flow reports whether one of the comments at the head of a script asks for its
// types to be checked by Flow, whose syntax is for the most part that of
// TypeScript.
func flow(s string) bool {
	s = s[:min(len(s), sampled)]
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		end := "*/"
		switch {
		case strings.HasPrefix(s, "//"), strings.HasPrefix(s, "#!"):
			end = "\n"
		case !strings.HasPrefix(s, "/*"):
			return false
		}
		comment, rest, found := strings.Cut(s[2:], end)
		if strings.Contains(comment, "@flow") {
			return true
		}
		if !found {
			return false
		}
		s = rest
	}
}
