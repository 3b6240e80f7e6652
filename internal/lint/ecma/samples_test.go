package ecma

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// samples are the files that we wrote to show all of the syntax, with what the
// TypeScript compiler counts in each: counts.json is written by the test that is
// built with the tag tsc.
func samples(t *testing.T) (files []string, counted map[string]map[string]int) {
	t.Helper()
	files, err := filepath.Glob("testdata/samples/*.*s*")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("testdata/samples/counts.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &counted); err != nil {
		t.Fatal(err)
	}
	return files, counted
}

func TestSamples(t *testing.T) {
	files, counted := samples(t)
	seen := 0
	for _, file := range files {
		lang := LanguageOf(file)
		if lang == None {
			continue
		}
		seen++
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f := Parse(string(src), lang)
		for _, e := range f.Errors {
			line, column := f.Position(e.Offset)
			t.Errorf("%s:%d:%d: %s", file, line, column, e.Message)
		}
		if bad := malformed(f); bad != "" {
			t.Errorf("%s: %s", file, bad)
		}
		if diff := difference(counts(f), counted[filepath.Base(file)]); diff != "" {
			t.Errorf("%s: got/want %s", file, diff)
		}
	}
	if seen != len(counted) || seen < 5 {
		t.Errorf("%d samples, %d counted", seen, len(counted))
	}
}
