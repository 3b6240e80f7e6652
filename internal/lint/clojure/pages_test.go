package clojure

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

var rewrite = flag.Bool("update", false, "write what is read now into the pages")

// TestPages reads each source of testdata and compares what became of it. A page is
// a list of "# title", source, "=>" and statements; "---" ends each.
func TestPages(t *testing.T) {
	pages, err := filepath.Glob("testdata/*.page")
	if err != nil || len(pages) == 0 {
		t.Fatalf("pages: %v, %v", pages, err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var now strings.Builder
		for _, part := range strings.Split(string(text), "\n---\n") {
			if strings.TrimSpace(part) == "" {
				continue
			}
			source, want, ok := strings.Cut(part+"\n", "\n=>\n")
			if !ok {
				t.Fatalf("%s: no => in %q", page, part)
			}
			got := strings.TrimRight(dump(program(source).Funcs), "\n")
			if got != strings.TrimRight(want, "\n") && !*rewrite {
				t.Errorf("%s:\n%s\n got:\n%s\nwant:\n%s", page, source, got, want)
			}
			now.WriteString(source + "\n=>\n" + got + "\n---\n")
		}
		if *rewrite {
			if err := os.WriteFile(page, []byte(now.String()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// program reads one source; "-- name --" begins another file.
func program(source string) *ir.Program {
	t := &ir.Tree{}
	name := "a.clj"
	for _, part := range strings.Split("\n"+source, "\n-- ") {
		if n, rest, ok := strings.Cut(part, " --\n"); ok && !strings.Contains(n, "\n") {
			name, part = n, rest
		}
		if strings.TrimSpace(part) != "" {
			t.Files = append(t.Files, &ir.File{Path: name, Language: ir.Clojure, Source: part})
		}
	}
	return Read(t, nil)
}
