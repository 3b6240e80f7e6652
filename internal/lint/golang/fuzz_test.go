package golang

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzRead reads two files of one package and a go.mod, whatever they hold, and
// walks the outcome.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/pages/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var mod, first, second string
		for _, x := range treeOf(a).Config {
			mod = x.Source
		}
		for _, x := range treeOf(a).Files {
			first, second = second, x.Source
		}
		f.Add(mod, first, second)
	}
	f.Fuzz(func(t *testing.T, mod, first, second string) {
		tree := &ir.Tree{
			Config: []*ir.File{{Path: "go.mod", Source: mod}},
			Files: []*ir.File{
				{Path: "a.go", Language: ir.Go, Source: first},
				{Path: "b.go", Language: ir.Go, Source: second},
				{Path: "sub/b.go", Language: ir.Go, Source: second},
			},
		}
		start := time.Now()
		p := Read(tree, nil)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%d bytes took %s", len(mod)+len(first)+len(second), took)
		}
		for _, fn := range p.Funcs {
			_ = ir.Dump(fn)
			ir.Walk(fn.Body, func(s ir.Stmt) bool {
				if at := s.At(); int(at.End) > len(at.File.Source) || at.Start > at.End || at.Start < 0 {
					t.Errorf("%T at %d-%d", s, at.Start, at.End)
				}
				return true
			}, func(e ir.Expr) bool {
				if at := e.At(); at.File != nil && (int(at.End) > len(at.File.Source) || at.Start > at.End || at.Start < 0) {
					t.Errorf("%T at %d-%d", e, at.Start, at.End)
				}
				return true
			})
		}
		Read(tree, func(string) bool { return false })
	})
}
