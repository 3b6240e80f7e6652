package ecma

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkParse reads the files below the folder that ECMA_CORPUS names, or our
// own samples, one language at a time. The files are in memory before.
func BenchmarkParse(b *testing.B) {
	dir := os.Getenv("ECMA_CORPUS")
	if dir == "" {
		dir = "testdata/samples"
	}
	sources := map[Language][]string{}
	size := map[Language]int64{}
	const enough = 60 << 20 // bytes of one language
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		lang := LanguageOf(path)
		if err != nil || lang == None || !d.Type().IsRegular() || size[lang] > enough {
			return err
		}
		src, err := os.ReadFile(path)
		sources[lang] = append(sources[lang], string(src))
		size[lang] += int64(len(src))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, lang := range []Language{JS, JSX, TS, TSX} {
		if size[lang] == 0 {
			continue
		}
		b.Run(lang.String(), func(b *testing.B) {
			b.SetBytes(size[lang])
			b.ReportAllocs()
			var p Parser
			nodes := 0
			for b.Loop() {
				nodes = 0
				for _, src := range sources[lang] {
					nodes += p.Parse(src, lang).Nodes()
				}
			}
			b.ReportMetric(float64(len(sources[lang])), "files")
			b.ReportMetric(float64(size[lang])/float64(nodes), "B/node")
		})
	}
}
