package scan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestForgeries holds what counts as a forged line, over loggers that write a
// user's text in different ways.
func TestForgeries(t *testing.T) {
	const (
		broken, colour, null, long = "a raw line break begins a line of the attacker's own", "a raw colour code", "a raw NUL", "a long value is cut and goes on as a line of its own"
		member, pair               = "a quote ends the value, and a member of the attacker's own follows", "a space ends the value, and a member of the attacker's own follows"
	)
	hidden := []string{"a raw line separator, U+2028", "a raw paragraph separator, U+2029", "a raw next line, U+0085", "a raw sign that turns the text around, U+202E"}
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	unescaped := func(s string) string { // as JSON.stringify does
		return strings.NewReplacer("\\u2028", "\u2028", "\\u2029", "\u2029").Replace(quoted(s))
	}
	for _, tt := range []struct {
		name  string
		write func(f forgery) string
		want  []string
	}{
		{"printed as it is", func(f forgery) string { return "refused: kid=" + f.text() + " at /me" }, slices.Concat([]string{broken, colour, null}, hidden)},
		{"line breaks taken out", func(f forgery) string {
			return "refused: kid=" + strings.NewReplacer("\r", "", "\n", "", "\x1b", "", "\x00", "").Replace(f.text())
		}, hidden},
		{"Go's quotes", func(f forgery) string { return fmt.Sprintf("refused: kid=%q at /me", f.text()) }, nil},
		{"JSON", func(f forgery) string { return `{"level":"warn","kid":` + quoted(f.text()) + `}` }, nil},
		{"JSON.stringify", func(f forgery) string { return `{"level":"warn","kid":` + unescaped(f.text()) + `}` }, nil},
		{"JSON with text put in", func(f forgery) string {
			return `{"level":"warn","kid":"` + strings.NewReplacer("\r", "", "\n", "", "\x1b", "", "\x00", "").Replace(f.text()) + `"}`
		}, []string{member}},
		{"JSON within Docker's", func(f forgery) string {
			return `{"log":` + quoted(`{"level":"warn","kid":`+quoted(f.text())+"}\n") + `,"stream":"stdout","time":"x"}`
		}, nil},
		{"text within Docker's", func(f forgery) string {
			var out []string
			for l := range strings.SplitSeq("refused: kid="+f.text(), "\n") {
				out = append(out, `{"log":`+quoted(l+"\n")+`,"stream":"stdout","time":"x"}`)
			}
			return strings.Join(out, "\n")
		}, slices.Concat([]string{broken, colour, null}, hidden)},
		{"pairs", func(f forgery) string { return "time=x level=warn msg=refused kid=" + strconv.Quote(f.text()) }, nil},
		{"pairs without quotes", func(f forgery) string {
			return "time=x level=warn msg=refused kid=" + strings.Trim(strconv.QuoteToASCII(f.text()), `"`)
		}, []string{pair}},
		{"percent-encoded", func(f forgery) string { return "GET /me?note=%0D%0A" + f.line + "%1B[32m" + f.colour + " 401" }, nil},
		{"cut into pieces", func(f forgery) string {
			return "refused: kid=x" + strings.Repeat(filling, 100) + "\n" + filling[7:] + strings.Repeat(filling, 50) + f.tail
		}, []string{long}},
		{"colours of the logger", func(f forgery) string { return "\x1b[32mWARN\x1b[0m refused " + f.colour }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all forgeries
			f := all.in(&attempt{}, "kid")
			b := &book{logs: []LogSource{{Format: "auto"}}}
			var lines []line
			for l := range strings.SplitSeq(tt.write(f), "\n") {
				lines = append(lines, line{text: l})
			}
			var want []string
			for _, w := range tt.want {
				want = append(want, "kid: "+w)
			}
			got := all.hits(b, lines)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
