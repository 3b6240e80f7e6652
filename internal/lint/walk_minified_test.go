package lint

import (
	"strings"
	"testing"
)

// What somebody wrote is read, though a compiler put a map behind it; what a bundler
// made is not, though most of its lines are short.
func TestIsMinified(t *testing.T) {
	code := strings.Repeat("const answer = compute(question);\n", 300)
	long := strings.Repeat("x", 9000) + "\n"
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"short", "a\n", false},
		{"code", code, false},
		{"one long line", code + long[:2500] + "\n", false},
		{"a map of the source", code + "//# sourceMappingURL=data:application/json;base64," + strings.Repeat(long, 5), false},
		{"one line", strings.Repeat("a();", 2000), true},
		{"a bundle", code + long + long, true},
	} {
		if got := isMinified([]byte(c.text), 1+strings.Count(c.text, "\n")); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
