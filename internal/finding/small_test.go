package finding

import (
	"os"
	"strings"
	"testing"
)

func TestFingerprint(t *testing.T) {
	base := Finding{ID: "weak-secret", Message: "a", Location: Location{Path: "a.go", Line: 3, Column: 1, Function: "f", Method: "GET", Route: "/me"}}
	fp := func(change func(*Finding), detail string) string {
		f := base
		change(&f)
		return Fingerprint(&f, detail)
	}
	want := fp(func(*Finding) {}, "x")
	for name, same := range map[string]func(*Finding){
		"line":       func(f *Finding) { f.Location.Line = 99 },
		"column":     func(f *Finding) { f.Location.Column = 99 },
		"message":    func(f *Finding) { f.Message = "b" },
		"severity":   func(f *Finding) { f.Severity = 3 },
		"suppressed": func(f *Finding) { f.Suppressed = &Suppression{} },
	} {
		if got := fp(same, "x"); got != want {
			t.Errorf("%s changes the fingerprint", name)
		}
	}
	seen := map[string]string{want: "base", fp(func(*Finding) {}, "y"): "detail"}
	for name, other := range map[string]func(*Finding){
		"id":       func(f *Finding) { f.ID = "fail-open" },
		"path":     func(f *Finding) { f.Location.Path = "b.go" },
		"function": func(f *Finding) { f.Location.Function = "g" },
		"method":   func(f *Finding) { f.Location.Method = "PUT" },
		"route":    func(f *Finding) { f.Location.Route = "/you" },
		"shifted":  func(f *Finding) { f.Location.Path, f.Location.Function = "a.gof", "" },
	} {
		got := fp(other, "x")
		if was, twice := seen[got]; twice {
			t.Errorf("%s has the fingerprint of %s", name, was)
		}
		seen[got] = name
	}
}

func TestTerminal(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(key string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == key {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	for _, c := range []struct {
		env  func(string) string
		want TextOptions
	}{
		{env(), TextOptions{}},
		{env("LANG", "en_GB.UTF-8"), TextOptions{}},
		{env("LANG", "C"), TextOptions{ASCII: true}},
		{env("LANG", "C", "LC_ALL", "C.utf8"), TextOptions{}},
	} {
		if got := Terminal(&strings.Builder{}, c.env); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
	f, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := Terminal(f, env("TERM", "xterm")); got.Colour {
		t.Error("a file is given colours")
	}
}

func TestWrapKeepsTheWidthAndEveryWord(t *testing.T) {
	const s = "a  word, another and averyveryverylongwordthatfitsnowhere 日本語日本語日本語 end"
	for width := 2; width < 40; width++ {
		lines := Wrap(s, width)
		for _, l := range lines {
			if columns(l) > width {
				t.Errorf("width %d: %q takes %d columns", width, l, columns(l))
			}
		}
		if got, want := strings.ReplaceAll(strings.Join(lines, ""), " ", ""), strings.ReplaceAll(s, " ", ""); got != want {
			t.Errorf("width %d: %q, want %q", width, got, want)
		}
	}
}
