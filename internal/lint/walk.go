package lint

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// The bounds of one run. What is beyond them is counted and named, not read.
const (
	maxFile  = 4 << 20   // bytes of one file
	maxTotal = 256 << 20 // bytes of all files that are kept
	maxFiles = 200_000
	maxDepth = 64 // folders within each other

	maxScript = 1 << 20 // bytes of a file of JavaScript: what is longer, a bundler made
)

// Why a file was not read, or not as others are.
const (
	whyBinary     = "binary"
	whyExcluded   = "excluded"  // by the configuration
	whyBroken     = "broken"    // read as far as it goes
	whyComponent  = "component" // of Vue, Svelte or Astro: the script in it is not read
	whyGenerated  = "generated"
	whyHuge       = "huge"
	whyLimit      = "beyond the limit of one run"
	whyMinified   = "minified"
	whySymlink    = "symlink" // never followed: no way out of the root, and no circle
	whyTest       = "test"
	whyUnreadable = "unreadable"
)

// languages by the end of a file's name.
var languages = map[string]ir.Language{
	".go": ir.Go,
	".js": ir.JavaScript, ".mjs": ir.JavaScript, ".cjs": ir.JavaScript, ".jsx": ir.JavaScript,
	".ts": ir.JavaScript, ".mts": ir.JavaScript, ".cts": ir.JavaScript, ".tsx": ir.JavaScript,
	".clj": ir.Clojure, ".cljc": ir.Clojure,
}

var components = []string{".vue", ".svelte", ".astro"}

// foreign folders hold what others wrote, or what a tool made; tests folders what
// no user meets.
var (
	foreign = []string{"node_modules", "bower_components", "vendor", "testdata", "coverage"}
	built   = []string{"dist", "build", "out", "target"} // in Go a package may have such a name
	tests   = []string{"test", "tests", "__tests__", "__mocks__", "e2e", "cypress"}
)

// A walker reads a tree of files, in the order of their names.
type walker struct {
	ctx  context.Context
	fsys fs.FS
	// exclude are files and folders that are not read.
	exclude []string
	tree    ir.Tree
	total   int
	size    map[ir.Language]*finding.Language
	skips   skips
}

// skips counts files by the reason for which they were not read.
type skips map[string]*finding.Omitted

const namesOfSkipped = 5

func (s skips) add(why, name string) {
	k := s[why]
	if k == nil {
		k = &finding.Omitted{Why: why, Names: []string{}}
		s[why] = k
	}
	k.Count++
	if len(k.Names) < namesOfSkipped {
		k.Names = append(k.Names, name)
	}
}

func (s skips) list() []finding.Omitted {
	list := []finding.Omitted{}
	for _, k := range s {
		list = append(list, *k)
	}
	slices.SortFunc(list, func(a, b finding.Omitted) int { return strings.Compare(a.Why, b.Why) })
	return list
}

// walk fills w.tree. It fails only where the root itself cannot be read, or the
// context ends.
func (w *walker) walk() error {
	if _, err := fs.ReadDir(w.fsys, "."); err != nil {
		return err
	}
	return w.dir(".", 0, false)
}

func (w *walker) dir(dir string, depth int, isBuilt bool) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	entries, err := fs.ReadDir(w.fsys, dir)
	if err != nil || depth > maxDepth {
		w.skips.add(whyUnreadable, dir)
		return nil
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case slices.Contains(w.exclude, name):
			w.skips.add(whyExcluded, name)
		case e.Type()&fs.ModeSymlink != 0:
			if l, ok := languages[path.Ext(name)]; ok && l != "" || path.Ext(name) == "" {
				w.skips.add(whySymlink, name)
			}
		case e.IsDir():
			if strings.HasPrefix(e.Name(), ".") || slices.Contains(foreign, e.Name()) {
				continue
			}
			if err := w.dir(name, depth+1, isBuilt || slices.Contains(built, e.Name())); err != nil {
				return err
			}
		case e.Type().IsRegular():
			w.file(name, isBuilt)
		}
	}
	return nil
}

// file reads one file, if it is one that we read.
func (w *walker) file(name string, isBuilt bool) {
	config := isConfig(path.Base(name))
	l, source := languages[path.Ext(name)]
	switch {
	case config:
	case slices.Contains(components, path.Ext(name)) && !isBuilt:
		w.skips.add(whyComponent, name)
		return
	case !source, isBuilt && l != ir.Go:
		return
	case isTest(name):
		w.skips.add(whyTest, name)
		return
	case strings.HasSuffix(name, ".d.ts"), strings.HasSuffix(name, ".d.mts"), strings.HasSuffix(name, ".d.cts"):
		return // types alone
	case strings.Contains(path.Base(name), ".min."):
		w.skips.add(whyMinified, name)
		return
	case len(w.tree.Files) >= maxFiles || w.total >= maxTotal:
		w.skips.add(whyLimit, name)
		return
	}
	text, err := w.read(name)
	switch {
	case errors.Is(err, errHuge):
		w.skips.add(whyHuge, name)
		return
	case err != nil:
		w.skips.add(whyUnreadable, name)
		return
	case isBinary(text):
		w.skips.add(whyBinary, name)
		return
	}
	f := &ir.File{Path: name, Language: l, Source: string(text)}
	w.total += len(text)
	if config {
		w.tree.Config = append(w.tree.Config, f)
		return
	}
	lines := bytes.Count(text, []byte{'\n'})
	if len(text) > 0 && text[len(text)-1] != '\n' {
		lines++
	}
	if l == ir.JavaScript && len(text) > maxScript {
		w.skips.add(whyHuge, name)
		return
	}
	if isMinified(text, lines) {
		w.skips.add(whyMinified, name)
		return
	}
	if f.Generated = isGenerated(f.Source); f.Generated {
		w.skips.add(whyGenerated, name)
	}
	w.tree.Files = append(w.tree.Files, f)
	size := w.size[l]
	if size == nil {
		size = &finding.Language{Name: string(l)}
		w.size[l] = size
	}
	size.Files++
	size.Lines += lines
}

var errHuge = errors.New("longer than the limit")

// read gives a file whole, or an error.
func (w *walker) read(name string) ([]byte, error) {
	f, err := w.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.Size() > maxFile:
		return nil, errHuge
	}
	text := make([]byte, info.Size()+1) // one more, to see that it ends there
	n, err := io.ReadFull(f, text)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return text[:n], nil
	}
	if err == nil { // it grew while it was read
		err = errHuge
	}
	return nil, err
}

func isConfig(base string) bool {
	switch base {
	case "go.mod", "go.work", "package.json", "jsconfig.json", "deps.edn", "project.clj":
		return true
	}
	return strings.HasPrefix(base, "tsconfig") && strings.HasSuffix(base, ".json")
}

// isTest goes by the names that test runners go by.
func isTest(name string) bool {
	base := path.Base(name)
	stem := strings.TrimSuffix(base, path.Ext(base))
	for _, end := range []string{"_test", ".test", ".spec", ".e2e-spec", ".e2e", ".stories", ".cy"} {
		if strings.HasSuffix(stem, end) {
			return true
		}
	}
	for folder := range strings.SplitSeq(path.Dir(name), "/") {
		if slices.Contains(tests, folder) {
			return true
		}
	}
	return false
}

// isBinary goes by the first bytes: text holds no NUL. UTF-16 does, and nothing
// reads it either.
func isBinary(text []byte) bool {
	return bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0
}

// isMinified: lines so long that nobody wrote them, or many of these among others, as
// where a bundler put libraries beside code.
func isMinified(text []byte, lines int) bool {
	if i := bytes.LastIndex(text, []byte("//# sourceMappingURL=data:")); i >= 0 {
		text = text[:i] // a map of the source, written by the compiler of code that may be short
	}
	if len(text) <= 4096 {
		return false
	}
	if len(text)/max(lines, 1) > 400 {
		return true
	}
	long := 0
	for rest := text; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n')
		if n < 0 {
			n = len(rest) - 1
		}
		if n > 2000 {
			long += n
		}
		rest = rest[n+1:]
	}
	return long > len(text)/3
}

// isGenerated goes by the marks that generators leave at the top of a file.
func isGenerated(source string) bool {
	top := source[:min(len(source), 1024)]
	return strings.Contains(top, "Code generated ") && strings.Contains(top, " DO NOT EDIT") ||
		strings.Contains(top, "@generated")
}
