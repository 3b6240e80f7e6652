//go:build tsc

package ecma

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ECMA_CORPUS names a folder in which to find what npm installed there before, or
// to keep it. Without it everything is fetched anew.
const corpusVariable = "ECMA_CORPUS"

type counted struct {
	File   string
	Errors int
	Counts map[string]int
}

// compile has the TypeScript compiler count what is in files.
func compile(t *testing.T, dir string, files []string) (list []counted) {
	t.Helper()
	cmd := exec.Command("node", "--stack-size=4000", "testdata/count.cjs", dir)
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c counted
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	if len(list) != len(files) {
		t.Fatalf("%d of %d files counted", len(list), len(files))
	}
	return list
}

// TestCompiler holds that the TypeScript compiler counts the same in the files of
// a pinned set of npm packages. It is built with the tag tsc alone, because it
// needs node, npm and a network.
func TestCompiler(t *testing.T) {
	dir := os.Getenv(corpusVariable)
	if dir == "" {
		dir = t.TempDir()
	}
	install(t, dir)
	var files []string
	err := filepath.WalkDir(filepath.Join(dir, "node_modules"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && LanguageOf(path) != None {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var p Parser
	type tally struct{ files, same, broken, ours int }
	tallies := map[Language]*tally{JS: {}, JSX: {}, TS: {}, TSX: {}}
	shown := 0
	for len(files) > 0 {
		n := min(len(files), 500)
		for _, c := range compile(t, dir, files[:n]) {
			src, err := os.ReadFile(c.File)
			if err != nil {
				t.Fatal(err)
			}
			lang := LanguageOf(c.File)
			f := p.Parse(string(src), lang)
			l := tallies[lang]
			if c.Errors != 0 {
				l.broken++
				continue
			}
			l.files++
			diff := difference(counts(f), c.Counts)
			if diff == "" {
				l.same++
			}
			if f.Broken > 0 {
				l.ours++
			}
			if diff == "" && f.Broken == 0 || shown > 200 {
				continue
			}
			shown++
			rel, _ := filepath.Rel(dir, c.File)
			t.Logf("%s: %s", rel, diff)
			for i, e := range f.Errors {
				if i < 3 {
					line, col := f.Position(e.Offset)
					t.Logf("\t%d:%d: %s", line, col, e.Message)
				}
			}
		}
		files = files[n:]
	}
	for lang, l := range tallies {
		t.Logf("%s: %d of %d files the same; errors of ours alone in %d; %d files left out, which the compiler refuses",
			lang, l.same, l.files, l.ours, l.broken)
		if 1000*l.same < 999*l.files {
			t.Errorf("%s: %d files differ", lang, l.files-l.same)
		}
	}
}

// install fetches the pinned packages, unless they are there.
func install(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "typescript")); err == nil {
		return
	}
	b, err := os.ReadFile("testdata/packages.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
}

// TestSampleCounts writes what the compiler counts in our samples.
func TestSampleCounts(t *testing.T) {
	dir := os.Getenv(corpusVariable)
	if dir == "" {
		dir = t.TempDir()
	}
	install(t, dir)
	var files []string
	all, err := filepath.Glob("testdata/samples/*.*s*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if LanguageOf(file) != None {
			files = append(files, file)
		}
	}
	m := map[string]map[string]int{}
	for _, c := range compile(t, dir, files) {
		m[filepath.Base(c.File)] = c.Counts
		t.Logf("%s: %d errors of the compiler", c.File, c.Errors)
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/samples/counts.json", append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
