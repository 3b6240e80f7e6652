package rule

import (
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// modifiers are those of Sigma 2.1, in the words of the specification.
var modifiers = []string{
	"all", "startswith", "endswith", "contains", "exists", "cased", "neq", "windash",
	"re", "i", "m", "s",
	"base64", "base64offset", "utf16le", "utf16be", "utf16", "wide",
	"lt", "lte", "gt", "gte",
	"minute", "hour", "day", "week", "month", "year",
	"cidr", "fieldref",
}

// exclusive groups the modifiers of which a field takes one at most.
var exclusive = [][]string{
	{"startswith", "endswith", "contains", "exists", "re", "lt", "lte", "gt", "gte", "cidr"},
	{"minute", "hour", "day", "week", "month", "year"},
}

// A chain is the modifiers of one field, in their order.
type chain []string

func (c chain) has(m string) bool { return slices.Contains(c, m) }

// one gives the modifier of the set that the chain has, or none.
func (c chain) one(set ...string) string {
	for _, m := range c {
		if slices.Contains(set, m) {
			return m
		}
	}
	return ""
}

// conflict names what cannot stand together.
func (c chain) conflict() string {
	for i, m := range c {
		if slices.Contains(c[:i], m) {
			return "modifier " + m + ": stated twice"
		}
	}
	for _, set := range exclusive {
		if first := c.one(set...); first != "" {
			rest := c[slices.Index(c, first)+1:]
			if other := rest.one(set...); other != "" {
				return "modifiers " + first + " and " + other + ": only one of them"
			}
		}
	}
	if m := c.one("i", "m", "s"); m != "" && !c.has("re") {
		return "modifier " + m + ": only behind re"
	}
	return ""
}

// encode applies the modifiers that change a value before it is compared. Most
// give one value for one; base64offset gives the three forms that a text can
// take inside a longer one, windash every dash.
func (c chain) encode(v string) []string {
	values := []string{v}
	each := func(f func(string) []string) {
		var out []string
		for _, v := range values {
			out = append(out, f(v)...)
		}
		values = out
	}
	for _, m := range c {
		switch m {
		case "utf16le", "wide":
			each(func(s string) []string { return []string{wide(s, binary.LittleEndian, false)} })
		case "utf16be":
			each(func(s string) []string { return []string{wide(s, binary.BigEndian, false)} })
		case "utf16":
			each(func(s string) []string { return []string{wide(s, binary.LittleEndian, true)} })
		case "base64":
			each(func(s string) []string {
				return []string{literal(base64.StdEncoding.EncodeToString([]byte(unescape(s))))}
			})
		case "base64offset":
			each(func(s string) []string { return offsets(unescape(s)) })
		case "windash":
			each(dashes)
		}
	}
	return values
}

// offsets gives what base64 makes of s at each of the three places of a group,
// without the characters that its neighbours share.
func offsets(s string) []string {
	var out []string
	for i := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", i) + s))
		from, to := []int{0, 2, 3}[i], len(text)-[]int{0, 3, 2}[(len(s)+i)%3]
		if from < to {
			out = append(out, literal(text[from:to]))
		}
	}
	return out
}

func wide(s string, order binary.AppendByteOrder, mark bool) string {
	var b []byte
	if mark {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

var flag = regexp.MustCompile(`(^|\s)[-/](\w)`)

// dashes gives the spellings of a command line flag: Windows takes each of these.
func dashes(s string) []string {
	var out []string
	for _, dash := range []string{"-", "/", "–", "—", "―"} {
		v := flag.ReplaceAllString(s, "${1}"+dash+"${2}")
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// unescape gives the text that a value without wildcards stands for.
func unescape(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\*`, `*`, `\?`, `?`).Replace(s)
}

// literal escapes what a pattern would take for a wildcard.
func literal(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(s)
}
