package ecma

import (
	"strings"
	"testing"
	"time"
)

// TestBounds holds that what is nested, long or ambiguous without end takes time
// in proportion to its size, and makes a tree that can be walked.
func TestBounds(t *testing.T) {
	const size = 1 << 18
	for _, c := range []struct{ name, unit, end string }{
		{"parentheses", "(", ""}, {"brackets", "[", ""}, {"braces", "{", ""}, {"objects", "a={b:", ""}, {"arrows", "a=>", ""},
		{"sums", "a+", ""}, {"members", "a.", ""}, {"calls", "a(", ""}, {"rows of calls", ")(", ""}, {"conditionals", "a?b:", ""},
		{"conditional arrows", "a?(b):c=>", ""}, {"arrows in conditionals", "a?(b", ""}, {"type arguments", "a<", ""}, {"type arguments of objects", "a<{", ""},
		{"type arguments in parentheses", "a<(", ""}, {"assertions", "<T>(", ""}, {"shifts", "a<<", ""}, {"templates", "`${", ""}, {"elements", "<a>", ""},
		{"attributes", "<a b={", ""}, {"else", "if(a);else ", ""}, {"blocks", "if(a){", ""}, {"unary", "!", ""}, {"new", "new ", ""}, {"await", "await ", ""},
		{"async", "async(", ""}, {"async generics", "async<", ""}, {"labels", "a:", ""}, {"classes", "class a{b=", ""}, {"interfaces", "interface a{", ""},
		{"types", "type a=b<", ""}, {"function types", "type a=(", ""}, {"conditional types", "type a=b extends ", ""}, {"unions", "let a:b|", ""},
		{"decorators", "@a(", ""}, {"patterns", "let[", ""}, {"parameters", "(a={", ""}, {"comments", "//a\r", ""}, {"open comments", "/*", ""}, {"strings", "'a", ""},
		{"regular expressions", "/[", ""}, {"unclosed types", "(a:{", ""}, {"NULs", "\x00", ""}, {"bytes", "\xff", ""}, {"separators", "//a\u2028", ""},
		{"powers", "a**", ""}, {"commas", "a,", ""}, {"assignments", "a=", ""}, {"closing", ")", ""}, {"equal signs", "=", ""}, {"casts", "a as b<", ""},
		{"rows of assertions", "<a>", "b"}, {"yield", "yield ", ""}, {"sums in parentheses", "(a+", ""}, {"long chains inside", "(a)" + strings.Repeat(".b", 50) + "+(", ""},
		{"asserts", "let a:asserts ", ""}, {"infer", "let a:b extends infer c extends ", ""}, {"abstract", "abstract ", ""}, {"imports", "import{", ""}, {"async arrows", "async(a)=>", ""},
	} {
		src := strings.Repeat(c.unit, size/len(c.unit)) + c.end
		for _, lang := range []Language{JS, TS, TSX} {
			start := time.Now()
			f := Parse(src, lang)
			d := time.Since(start)
			if perByte := d / time.Duration(len(src)); perByte > 2*time.Microsecond {
				t.Errorf("%s, %s: %v a byte", c.name, lang, perByte)
			} else if testing.Verbose() && d > 100*time.Millisecond {
				t.Logf("%s, %s: %v for %d bytes", c.name, lang, d, len(src))
			}
			if bad := malformed(f); bad != "" {
				t.Errorf("%s, %s: %s", c.name, lang, bad)
			}
			f.Program().Walk(func(Node) bool { return true })
		}
	}
}

// TestReuse holds that a Parser gives each file the tree that a new one gives it,
// and asks for no memory of its own once it has enough.
func TestReuse(t *testing.T) {
	var p Parser
	sources := append([]string{strings.Repeat("f(a, b => c); ", 1000)}, hostile...)
	for _, src := range sources {
		if got, want := p.Parse(src, TS).Program().Dump(), Parse(src, TS).Program().Dump(); got != want {
			t.Fatalf("%q:\n%s\nwant:\n%s", src, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { p.Parse(sources[0], JS) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNotText(t *testing.T) {
	for name, c := range map[string]struct {
		src     string
		partial bool
	}{
		"empty":     {"", false},
		"a NUL":     {"f('\x00')", false},
		"UTF-16":    {"\xff\xfea\x00b\x00", true},
		"a program": {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 100) + "\xde\xad", true},
		"noise":     {strings.Repeat("\x01)\xf0 \n", 5000), true},
		"latin 1":   {"f('\xe4') // \xfc", false},
	} {
		f := Parse(c.src, JS)
		if f.Partial != c.partial || c.partial && f.Broken == 0 {
			t.Errorf("%s: partial %v, %d errors", name, f.Partial, f.Broken)
		}
		if f.Program().End() != len(c.src) {
			t.Errorf("%s: ends at %d of %d", name, f.Program().End(), len(c.src))
		}
	}
}
