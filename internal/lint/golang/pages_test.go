package golang

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

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the pages anew; read the difference before you commit it")

// A page holds files, and last what they become. The comment may say "matters:" and
// the import paths that matter.
func TestPages(t *testing.T) {
	files, err := filepath.Glob("testdata/pages/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := outline(Read(treeOf(a), mattersOf(string(a.Comment))))
			last := len(a.Files) - 1
			if last < 0 || a.Files[last].Name != "becomes" {
				a.Files = append(a.Files, txtar.File{Name: "becomes"})
				last++
			}
			if want := string(a.Files[last].Data); got != want && !*update {
				t.Errorf("%s", diff.Diff("got", []byte(got), "want", []byte(want)))
			}
			if *update {
				a.Files[last].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func treeOf(a *txtar.Archive) *ir.Tree {
	t := &ir.Tree{}
	for _, f := range a.Files {
		switch {
		case path.Base(f.Name) == "go.mod":
			t.Config = append(t.Config, &ir.File{Path: f.Name, Source: string(f.Data)})
		case path.Ext(f.Name) == ".go":
			t.Files = append(t.Files, &ir.File{Path: f.Name, Language: ir.Go, Source: string(f.Data)})
		}
	}
	return t
}

func mattersOf(comment string) func(string) bool {
	_, list, ok := strings.Cut(comment, "matters:")
	if !ok {
		return nil
	}
	paths := strings.Fields(list)
	return func(p string) bool { return slices.Contains(paths, p) }
}

// outline writes all of a program.
func outline(p *ir.Program) string {
	var b strings.Builder
	for _, m := range p.Modules {
		fmt.Fprintf(&b, "package %s\n", m.Path)
		for _, f := range m.Files {
			fmt.Fprintf(&b, "\tfile %s", f.Path)
			if f.Generated {
				b.WriteString(", generated")
			}
			if f.Broken != "" {
				fmt.Fprintf(&b, ", broken: %s", f.Broken)
			}
			b.WriteString("\n")
			for _, c := range f.Comments {
				fmt.Fprintf(&b, "\tline %d: %s\n", c.Line(), c.Text)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(m.Exports)) {
			fmt.Fprintf(&b, "\texports %s: %s\n", name, ir.DumpExpr(m.Exports[name]))
		}
		for _, c := range p.Classes {
			if c.Module == m {
				class(&b, c)
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

func class(b *strings.Builder, c *ir.Class) {
	kind := "type"
	if c.Interface {
		kind = "interface"
	}
	fmt.Fprintf(b, "%s %s", kind, (&ir.Type{Class: c}).String())
	if c.Underlying != nil {
		fmt.Fprintf(b, " = %s", c.Underlying)
	}
	b.WriteString("\n")
	for _, f := range c.Fields {
		fmt.Fprintf(b, "\t%s %s", f.Name, f.Type)
		if f.Embedded {
			b.WriteString(", embedded")
		}
		b.WriteString("\n")
	}
	for _, e := range c.Embeds {
		fmt.Fprintf(b, "\tis %s\n", e)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Methods)) {
		fmt.Fprintf(b, "\tdoes %s\n", name)
	}
}
