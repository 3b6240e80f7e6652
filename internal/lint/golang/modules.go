package golang

import (
	"path"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A module is a tree of packages below one go.mod.
type module struct {
	dir      string // "." for the root
	path     string
	replaced []replacement
}

// A replacement sends imports of a module to a folder.
type replacement struct{ path, dir string }

// parseMod reads what matters of a go.mod: its name and the folders that stand in
// for modules.
func parseMod(f *ir.File) *module {
	m := &module{dir: path.Dir(f.Path)}
	block := ""
	for line := range strings.SplitSeq(f.Source, "\n") {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if block == "" && len(words) == 2 && words[1] == "(" {
			block = words[0]
			continue
		}
		if words[0] == ")" {
			block = ""
			continue
		}
		if block != "" {
			words = append([]string{block}, words...)
		}
		for i := range words {
			words[i] = strings.Trim(words[i], "\"`")
		}
		switch {
		case words[0] == "module" && len(words) > 1 && m.path == "":
			m.path = words[1]
		case words[0] == "replace":
			if i := slices.Index(words, "=>"); i > 1 && i+1 < len(words) && strings.HasPrefix(words[i+1], ".") {
				m.replaced = append(m.replaced, replacement{words[1], path.Join(m.dir, words[i+1])})
			}
		}
	}
	return m
}

// below gives the folder of an import path under a root, if it lies there.
func below(imported, root, dir string) (string, bool) {
	rest, ok := strings.CutPrefix(imported, root)
	if !ok || root == "" || rest != "" && rest[0] != '/' {
		return "", false
	}
	return path.Join(dir, "./"+rest), true
}

// A tree knows all modules and packages of a run.
type tree struct {
	modules []*module            // innermost folders first
	twins   map[string][]*module // by their paths
	units   map[string]*unit     // the package of a folder that can be imported
}

// owner is the innermost module around a folder.
func (t *tree) owner(dir string) *module {
	for _, m := range t.modules {
		if m.dir == "." || dir == m.dir || strings.HasPrefix(dir, m.dir+"/") {
			return m
		}
	}
	return nil
}

// find resolves an import of a package of module m. It is nil if that lies outside.
func (t *tree) find(m *module, imported string) *unit {
	for _, r := range m.replaced {
		if dir, ok := below(imported, r.path, r.dir); ok {
			if u := t.units[dir]; u != nil {
				return u
			}
		}
	}
	if dir, ok := below(imported, m.path, m.dir); ok {
		if u := t.units[dir]; u != nil {
			return u
		}
	}
	for root := imported; root != "." && root != "/"; root = path.Dir(root) {
		var best *unit
		near := -1
		for _, other := range t.twins[root] {
			dir, _ := below(imported, root, other.dir)
			if u := t.units[dir]; u != nil && u.owner == other {
				if n := common(m.dir, other.dir); n > near {
					best, near = u, n
				}
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

// common is the number of bytes with which both begin.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// guess names a module without a go.mod by what its packages import of each other:
// the path that makes most of these imports folders of it.
func (t *tree) guess(m *module, headers []*header) {
	dirs := make(map[string]bool)
	for _, h := range headers {
		dirs[path.Dir(h.file.Path)] = true
	}
	votes := make(map[string]int)
	for _, h := range headers {
		for _, s := range h.imports {
			for i := 0; i < len(s.path); i++ {
				if s.path[i] == '/' && dirs[s.path[i+1:]] && strings.Contains(s.path[:i], ".") {
					votes[s.path[:i]]++
				}
			}
		}
	}
	for name, n := range votes {
		if best := votes[m.path]; n > best || n == best && (m.path == "" || name < m.path) {
			m.path = name
		}
	}
}
