package library

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// Types that rows return although nothing is said of them: of the language, or
// read only by name.
var plainTypes = []string{"go:builtin.", "js:", "java:", "clj:"}

// A type that a row returns and that no row is about is a slip of the pen.
func TestReturnedTypesAreKnown(t *testing.T) {
	entries, err := Entries()
	if err != nil {
		t.Fatal(err)
	}
	var about []string // every symbol, without versions
	for _, e := range entries {
		name, rest := cut(e.Pattern)
		about = append(about, string(appendPlain(nil, name))+"|"+rest)
	}
	slices.Sort(about)
	known := func(typ string) bool {
		name, rest := cut(typ)
		key := string(appendPlain(nil, name)) + "|" + rest
		i, _ := slices.BinarySearch(about, key)
		for ; i < len(about) && strings.HasPrefix(about[i], key); i++ {
			if tail := about[i][len(key):]; tail == "" || tail[0] == '.' {
				return true
			}
		}
		return false
	}
	seen := map[string]bool{}
	for _, e := range entries {
		for _, typ := range slices.Concat(e.Row.Returns, e.Row.Params, e.Row.ErrorParams) {
			if typ == "" || seen[typ] || isWord(typ) || slices.ContainsFunc(plainTypes, func(p string) bool { return strings.HasPrefix(typ, p) }) {
				continue
			}
			seen[typ] = true
			if !known(typ) {
				t.Errorf("%s: %s: no row is about the type %s", e.Row.Where, e.Pattern, typ)
			}
		}
	}
}

// Each file is about one language, as its name says.
func TestFilesAreOfOneLanguage(t *testing.T) {
	langs := map[string][]string{"go": {"go:"}, "js": {"npm:", "js:"}, "clojure": {"clj:", "java:"}}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := Parse(name, data)
		if err != nil {
			t.Error(err)
		}
		if len(entries) == 0 {
			t.Errorf("%s: no rows", name)
		}
		kind, _, _ := strings.Cut(strings.TrimSuffix(name, ".yaml"), "_")
		for _, e := range entries {
			if !slices.ContainsFunc(langs[kind], func(p string) bool { return strings.HasPrefix(e.Pattern, p) }) {
				t.Errorf("%s: %s does not belong into %s", e.Row.Where, e.Pattern, name)
			}
		}
	}
}

// What a framework does with errors that nobody takes decides whether a refusal by
// an error is silent: each one that routes must say.
func TestRoutersSayWhatBecomesOfErrors(t *testing.T) {
	entries, err := Entries()
	if err != nil {
		t.Fatal(err)
	}
	s := builtin(t)
	for _, e := range entries {
		if e.Row.Does != Router {
			continue
		}
		if name, _ := cut(e.Pattern); s.Uncaught(name) == "" {
			t.Errorf("%s: %s: uncaught: nothing in %s says what becomes of errors", e.Row.Where, e.Pattern, name)
		}
	}
}
