package javascript

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

var update = flag.Bool("update", false, "write what is read into the pages")

// TestPages reads the files of each page and compares what became of them with its
// last file, want. A page whose comment says "matters: a b" reads only what has to do
// with these packages.
func TestPages(t *testing.T) {
	pages, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(page)
			if err != nil {
				t.Fatal(err)
			}
			last := &a.Files[len(a.Files)-1]
			if last.Name != "want" {
				t.Fatalf("the last file is %s, not want", last.Name)
			}
			got := describe(readPage(a))
			if *update {
				last.Data = []byte(got)
				if err := os.WriteFile(page, txtar.Format(a), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(got, string(last.Data)); d != "" {
				t.Errorf("-got +want\n%s", d)
			}
		})
	}
}

func readPage(a *txtar.Archive) *ir.Program {
	var matters func(string) bool
	for line := range strings.Lines(string(a.Comment)) {
		if list, ok := strings.CutPrefix(line, "matters:"); ok {
			matters = func(pkg string) bool { return slices.Contains(strings.Fields(list), pkg) }
		}
	}
	return Read(treeOf(a), matters)
}

func treeOf(a *txtar.Archive) *ir.Tree {
	tree := &ir.Tree{}
	for _, f := range a.Files {
		file := &ir.File{Path: f.Name, Source: string(f.Data)}
		switch {
		case f.Name == "want":
		case path.Ext(f.Name) == ".json":
			tree.Config = append(tree.Config, file)
		case ecma.LanguageOf(f.Name) != ecma.None:
			file.Language = ir.JavaScript
			tree.Files = append(tree.Files, file)
		}
	}
	return tree
}

// describe writes a program: of each module its exports, classes and functions. The
// body of a module that holds nothing is left out.
func describe(p *ir.Program) string {
	var b strings.Builder
	for _, m := range p.Modules {
		fmt.Fprintf(&b, "== %s\n", m.Path)
		if f := m.Files[0]; f.Broken != "" {
			fmt.Fprintf(&b, "broken: %s\n", f.Broken)
		}
		for _, name := range slices.Sorted(maps.Keys(m.Exports)) {
			fmt.Fprintf(&b, "export %s: %s\n", name, ir.DumpExpr(m.Exports[name]))
		}
		for _, c := range p.Classes {
			if c.Module == m {
				describeClass(&b, c)
			}
		}
		for _, f := range p.Funcs {
			if f.Module == m && (f != m.Body || len(f.Body) > 0) {
				b.WriteString(ir.Dump(f))
			}
		}
	}
	return b.String()
}

func describeClass(b *strings.Builder, c *ir.Class) {
	for _, d := range c.Decorators {
		fmt.Fprintf(b, "@%s\n", ir.DumpExpr(d))
	}
	kind := "class"
	if c.Interface {
		kind = "interface"
	}
	fmt.Fprintf(b, "%s %s", kind, c.Name)
	for _, e := range c.Embeds {
		fmt.Fprintf(b, " < %s", e)
	}
	if c.Underlying != nil {
		fmt.Fprintf(b, " = %s", c.Underlying)
	}
	b.WriteString(":")
	for _, v := range c.Fields {
		for _, d := range v.Decorators {
			fmt.Fprintf(b, " @%s", ir.DumpExpr(d))
		}
		fmt.Fprintf(b, " %s %s;", v.Name, v.Type)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Methods)) {
		fmt.Fprintf(b, " %s()", name)
	}
	b.WriteString("\n")
}

// pagesTree is the source of all pages, each in a folder of its own.
func pagesTree(t testing.TB) *ir.Tree {
	pages, _ := filepath.Glob("testdata/*.txtar")
	all := &ir.Tree{}
	for _, page := range pages {
		a, err := txtar.ParseFile(page)
		if err != nil {
			t.Fatal(err)
		}
		one := treeOf(a)
		for _, f := range append(one.Files, one.Config...) {
			f.Path = path.Join(filepath.Base(page), f.Path)
		}
		all.Files = append(all.Files, one.Files...)
		all.Config = append(all.Config, one.Config...)
	}
	return all
}
