package ecma

import (
	"os"
	"testing"
)

// TestCut holds that a sample cut anywhere, or with a piece missing anywhere,
// makes a tree, and one of nearly the size.
func TestCut(t *testing.T) {
	files, _ := samples(t)
	var p Parser
	for _, file := range files {
		lang := LanguageOf(file)
		if lang == None {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		src := string(b)
		for i := 0; i < len(src); i += 7 {
			for _, s := range []string{src[:i], src[i:], src[:i] + src[min(len(src), i+5):]} {
				if bad := malformed(p.Parse(s, lang)); bad != "" {
					t.Fatalf("%s at %d: %s", file, i, bad)
				}
			}
		}
	}
}

// TestRecovery holds that what is wrong in one statement leaves the next ones
// whole.
func TestRecovery(t *testing.T) {
	const next = "\nconst claims = jwt.verify(token, key)\nfunction f() { return g(x => y) }\nclass A { m() { n() } }\n"
	var want []string
	for s := range Parse(next, TS).Program().Children() {
		want = append(want, s.Outline())
	}
	for _, wrong := range []string{
		"a(b, ", "a.", "x = ", "x = {", "x = [1, ", "if (a", "a b c", "let", "let x: ", "f(a, b => ", "return )", "x = a ? b :", "x = a ? b", "import a from",
		"export {a", "new", "'abc", "%%", "})", "]]", "@a", "x = (a, b", "a < ", "f<A", "type A = ", "type A =", "let y = <T>", "for (a of", "while (", "do a",
		"throw", "case 1:", "else b", "catch (e) {}", "async", "await", "yield", "x = y as", "x => ", "enum E", "function f(a,", "import {a", "#", "\\", "/a", "x = a.#", "...a", "=> b", "? :",
	} {
		f := Parse(wrong+next, TS)
		var got []string
		for s := range f.Program().Children() {
			got = append(got, s.Outline())
		}
		// One of the three may be lost to what waited for more.
		n := 0
		for _, g := range got {
			for _, w := range want {
				if g == w {
					n++
				}
			}
		}
		if n < 2 {
			t.Errorf("%q: %d of the %d statements behind it are whole:\n%s", wrong, n, len(want), f.Program().Outline())
		}
	}
}
