package javascript

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// tree reads a tree from disk, roughly as package lint does.
func tree(t testing.TB, dir string) *ir.Tree {
	tr := &ir.Tree{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		base := filepath.Base(path)
		if d.IsDir() {
			if base == "node_modules" || base == "dist" || base == ".git" {
				return filepath.SkipDir
			}
			return nil
		}
		if ecma.LanguageOf(path) == ecma.None && filepath.Ext(path) != ".json" {
			return nil
		}
		text, err := os.ReadFile(path)
		f := &ir.File{Path: filepath.ToSlash(rel), Source: string(text)}
		if filepath.Ext(path) == ".json" {
			tr.Config = append(tr.Config, f)
		} else {
			f.Language = ir.JavaScript
			tr.Files = append(tr.Files, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// BenchmarkRead reads the folder that JS_CORPUS names, or our own pages, on one
// processor.
func BenchmarkRead(b *testing.B) {
	var tr *ir.Tree
	if dir := os.Getenv("JS_CORPUS"); dir != "" {
		tr = tree(b, dir)
	} else {
		tr = pagesTree(b)
	}
	size := 0
	for _, f := range tr.Files {
		size += len(f.Source)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		Read(tr, nil)
	}
}
