package golang

import (
	"go/build"
	"os"
	"path/filepath"
	"testing"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// BenchmarkRead reads packages of the standard library: all of them, and, as gate,
// only so far that none matters.
func BenchmarkRead(b *testing.B) {
	tree := &ir.Tree{}
	size := 0
	for _, name := range []string{"net/http", "go/types", "encoding/json", "crypto/tls", "database/sql", "text/template"} {
		pkg, err := build.Import(name, "", build.FindOnly)
		if err != nil {
			b.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(pkg.Dir, "*.go"))
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			f := &ir.File{Path: name + "/" + filepath.Base(file), Language: ir.Go, Source: string(src)}
			if wanted(f.Path) {
				size += len(src)
				tree.Files = append(tree.Files, f)
			}
		}
	}
	for name, matters := range map[string]func(string) bool{"all": nil, "gate": func(string) bool { return false }} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				Read(tree, matters)
			}
		})
	}
}
