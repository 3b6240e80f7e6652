package flow

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/lint/golang"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/javascript"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

var update = flag.Bool("update", false, "write what the pages say now")

// Each page of testdata holds sources, rows of libraries in lib.yaml, and what is
// found: one line an op and a way out.
func TestPages(t *testing.T) {
	pages, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			intro, files := split(string(data))
			got := show(analyze(t, files))
			want := ""
			for _, f := range files {
				if f.name == "facts" {
					want = f.text
				}
			}
			if got == want {
				return
			}
			if !*update {
				t.Fatalf("got:\n%s\nwant:\n%s", got, want)
			}
			var b strings.Builder
			b.WriteString(intro)
			for _, f := range files {
				if f.name != "facts" {
					fmt.Fprintf(&b, "-- %s --\n%s", f.name, f.text)
				}
			}
			fmt.Fprintf(&b, "-- facts --\n%s", got)
			if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

type part struct{ name, text string }

// split takes a page apart at its "-- name --" lines.
func split(page string) (intro string, files []part) {
	for line := range strings.Lines(page) {
		name, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "-- ")
		if name, ok2 := strings.CutSuffix(name, " --"); ok && ok2 {
			files = append(files, part{name: name})
			continue
		}
		if len(files) == 0 {
			intro += line
			continue
		}
		files[len(files)-1].text += line
	}
	return intro, files
}

func analyze(t testing.TB, files []part) *Facts {
	t.Helper()
	tree := &ir.Tree{}
	var rows []library.Entry
	for _, f := range files {
		switch filepath.Ext(f.name) {
		case ".yaml":
			list, err := library.Parse(f.name, []byte(f.text))
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, list...)
		case ".js", ".ts":
			tree.Files = append(tree.Files, &ir.File{Path: f.name, Language: ir.JavaScript, Source: f.text})
		case ".json", ".mod":
			tree.Config = append(tree.Config, &ir.File{Path: f.name, Source: f.text})
		case ".go":
			tree.Files = append(tree.Files, &ir.File{Path: f.name, Language: ir.Go, Source: f.text})
		}
	}
	lib := library.New(rows)
	p := golang.Read(tree, nil)
	js := javascript.Read(tree, nil)
	p.Modules, p.Classes, p.Funcs, p.Files = append(p.Modules, js.Modules...), append(p.Classes, js.Classes...), append(p.Funcs, js.Funcs...), append(p.Files, js.Files...)
	return Analyze(p, resolve.New(p, lib), lib)
}

// show writes facts one a line.
func show(f *Facts) string {
	var b strings.Builder
	for _, w := range f.Ways {
		fmt.Fprintf(&b, "%s %s %s", place1(w.Op.Span), w.Op.Kind, [...]string{"failed", "absent", "hit", "succeeded"}[w.Outcome])
		fmt.Fprintf(&b, ": %s", [...]string{"responds", "serves", "returns", "escapes"}[w.Exit])
		if w.Status != 0 {
			fmt.Fprintf(&b, " %d", w.Status)
		}
		fmt.Fprintf(&b, " at %s in %s, %s", place1(w.At), w.Func.Name, [...]string{"none", "access", "generic", "typed", "full"}[w.Tier])
		if w.Level != "" {
			fmt.Fprintf(&b, " %s", w.Level)
		}
		if w.Branch.File != nil {
			fmt.Fprintf(&b, ", branch %s", place1(w.Branch))
		}
		for _, x := range []struct {
			is   bool
			name string
		}{{w.EnvOnly, "development only"}, {w.Central, "central"}, {w.Denied, "denied"}, {w.Guessed, "guessed"}, {w.Error, "error in answer"}} {
			if x.is {
				b.WriteString(", " + x.name)
			}
		}
		for _, o := range w.Seen {
			fmt.Fprintf(&b, ", seen %s", place1(o.Span))
			if len(o.Fields) > 0 {
				fmt.Fprintf(&b, " %s", strings.Join(o.Fields, "+"))
			}
		}
		b.WriteByte('\n')
	}
	for _, l := range f.Leaks {
		fmt.Fprintf(&b, "%s leak into %s: %#x from %s\n", place1(l.Span), l.Into, l.What, place1(l.From))
	}
	if f.Stats.Cut > 0 {
		fmt.Fprintf(&b, "cut %d\n", f.Stats.Cut)
	}
	return b.String()
}

func place1(s ir.Span) string {
	if s.File == nil {
		return "?"
	}
	return fmt.Sprintf("%s:%d", s.File.Path, s.Line())
}
