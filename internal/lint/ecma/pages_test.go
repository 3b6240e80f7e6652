package ecma

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the pages anew; read the difference before you commit it")

// A page holds sources with the trees that they must become, one below the other:
//
//	== ts: what is shown
//	source
//	--
//	tree
//
// The trees are those of the statements, without spans unless the head says
// "spans:"; then come the errors. Text before the first == is a comment.
func TestPages(t *testing.T) {
	files, err := filepath.Glob("testdata/pages/*.page")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, _ := strings.Cut(string(b), "\n== ")
		out := []string{strings.TrimRight(head, "\n")}
		for block := range strings.SplitSeq(rest, "\n== ") {
			title, text, _ := strings.Cut(block, "\n")
			src, want, _ := strings.Cut(text, "\n--\n")
			got := page(t, title, src)
			if want = strings.Trim(want, "\n"); got != want && !*update {
				t.Errorf("%s: %s\n%s\ngot:\n%s\nwant:\n%s", file, title, src, got, want)
			}
			out = append(out, "== "+title+"\n"+src+"\n--\n"+got)
		}
		if *update {
			if err := os.WriteFile(file, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func page(t *testing.T, title, src string) string {
	name, _, _ := strings.Cut(title, ":")
	lang := LanguageOf("." + name)
	if lang == None {
		t.Fatalf("%q: no language", title)
	}
	f := Parse(src, lang)
	if bad := malformed(f); bad != "" {
		t.Errorf("%s: %s", title, bad)
	}
	var lines []string
	for s := range f.Program().Children() {
		tree := s.Outline()
		if strings.Contains(title, "spans:") {
			tree = s.Dump()
		}
		lines = append(lines, strings.TrimPrefix(tree, "body:"))
	}
	for _, e := range f.Errors {
		line, column := f.Position(e.Offset)
		lines = append(lines, fmt.Sprintf("! %d:%d %s", line, column, e.Message))
	}
	return strings.Join(lines, "\n")
}
