package javascript

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A folder is one that says how modules are found in it.
type folder struct {
	dir      string
	manifest bool // has a package.json
	name     string
	main     string
	types    string
	exports  any
	imports  any
	aliases  []alias
	compiler *compiler

	frameworks map[string]bool // of conventions, that it depends on
}

type alias struct{ from, to string }

// A compiler is what a tsconfig.json or jsconfig.json says, with what it extends.
type compiler struct {
	base  string // baseUrl from the root of the run, or ""
	paths []mapping
}

// A mapping is one entry of paths: a pattern with at most one *.
type mapping struct {
	prefix, suffix string
	star           bool
	base           string
	to             []string
}

func (m mapping) match(spec string) (string, bool) {
	if !m.star {
		return "", spec == m.prefix
	}
	if len(spec) < len(m.prefix)+len(m.suffix) || !strings.HasPrefix(spec, m.prefix) || !strings.HasSuffix(spec, m.suffix) {
		return "", false
	}
	return spec[len(m.prefix) : len(spec)-len(m.suffix)], true
}

// configure reads the files that say how modules are found. One that is no JSON says
// nothing.
func (o *locator) configure(files []*ir.File) {
	r := configs{texts: map[string]string{}, read: map[string]*compiler{}}
	for _, f := range files {
		r.texts[f.Path] = f.Source
	}
	for _, f := range files {
		dir := path.Dir(f.Path)
		switch base := path.Base(f.Path); {
		case base == "package.json":
			p := o.folder(dir)
			p.read(f.Source)
			if p.name != "" && o.named[p.name] == nil {
				o.named[p.name] = p
			}
		case base == "tsconfig.json", base == "jsconfig.json" && r.texts[path.Join(dir, "tsconfig.json")] == "":
			o.folder(dir).compiler = r.compiler(f.Path)
		case base == "tsconfig.base.json" && r.texts[path.Join(dir, "tsconfig.json")] == "":
			o.folder(dir).compiler = r.compiler(f.Path)
		}
	}
}

func (o *locator) folder(dir string) *folder {
	p := o.packages[dir]
	if p == nil {
		p = &folder{dir: dir}
		o.packages[dir] = p
	}
	return p
}

func (p *folder) read(text string) {
	var m struct {
		Name    any
		Main    any
		Module  any
		Source  any
		Types   any
		Exports any
		Imports any
		Aliases map[string]any `json:"_moduleAliases"`

		Dependencies, DevDependencies, PeerDependencies map[string]any
	}
	p.manifest = true
	_ = json.Unmarshal([]byte(text), &m) // what is right of it counts
	p.name, _ = m.Name.(string)
	for _, v := range []any{m.Source, m.Main, m.Module} {
		if s, ok := v.(string); ok && s != "" {
			p.main = s
			break
		}
	}
	p.types, _ = m.Types.(string)
	p.exports, p.imports = m.Exports, m.Imports
	for _, c := range conventions {
		for _, list := range []map[string]any{m.Dependencies, m.DevDependencies, m.PeerDependencies} {
			if list[c.needs] != nil {
				if p.frameworks == nil {
					p.frameworks = map[string]bool{}
				}
				p.frameworks[c.needs] = true
			}
		}
	}
	for from, to := range m.Aliases {
		if to, ok := to.(string); ok {
			p.aliases = append(p.aliases, alias{from, to})
		}
	}
	slices.SortFunc(p.aliases, func(a, b alias) int { return len(b.from) - len(a.from) })
}

// exported lists the files that a path of package.json's exports may mean.
func (p *folder) exported(spec string) []string { return conditional(p.exports, spec, "./") }

func (p *folder) imported(spec string) []string { return conditional(p.imports, spec, "#") }

func conditional(v any, spec, prefix string) (list []string) {
	m, ok := v.(map[string]any)
	if !ok || !subpaths(m, prefix) {
		if spec == "." {
			return files(v, "", nil, 0)
		}
		return nil
	}
	if x, ok := m[spec]; ok {
		return files(x, "", nil, 0)
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	for _, k := range keys {
		before, after, star := strings.Cut(k, "*")
		if star && len(spec) >= len(before)+len(after) && strings.HasPrefix(spec, before) && strings.HasSuffix(spec, after) {
			return files(m[k], spec[len(before):len(spec)-len(after)], nil, 0)
		}
	}
	return nil
}

// subpaths reports whether the keys of exports are paths, not conditions.
func subpaths(m map[string]any, prefix string) bool {
	for k := range m {
		if k == "." || strings.HasPrefix(k, prefix) {
			return true
		}
	}
	return false
}

// files lists the targets of all conditions: source first, types last.
func files(v any, star string, list []string, depth int) []string {
	if depth > 10 || len(list) > 50 {
		return list
	}
	switch v := v.(type) {
	case string:
		list = append(list, strings.ReplaceAll(v, "*", star))
	case []any:
		for _, x := range v {
			list = files(x, star, list, depth+1)
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		rank := func(k string) int {
			switch k {
			case "source", "development":
				return 0
			case "types":
				return 2
			}
			return 1
		}
		slices.SortFunc(keys, func(a, b string) int {
			if d := rank(a) - rank(b); d != 0 {
				return d
			}
			return strings.Compare(a, b)
		})
		for _, k := range keys {
			list = files(v[k], star, list, depth+1)
		}
	}
	return list
}

// configs reads configurations of the compiler, which extend each other, once each.
type configs struct {
	texts map[string]string
	read  map[string]*compiler
}

func (r configs) compiler(name string) *compiler {
	if c := r.read[name]; c != nil {
		return c
	}
	c := &compiler{}
	r.read[name] = c // for one that extends itself
	var m struct {
		Extends         any
		CompilerOptions struct {
			BaseURL *string `json:"baseUrl"`
			Paths   map[string][]string
		}
	}
	_ = json.Unmarshal(plainJSON(r.texts[name]), &m) // what is right of it counts
	dir := path.Dir(name)
	var parents []any
	switch e := m.Extends.(type) {
	case string:
		parents = []any{e}
	case []any:
		parents = e
	}
	for _, e := range parents {
		s, _ := e.(string)
		if !strings.HasPrefix(s, ".") {
			continue // of a package, which says nothing of paths here
		}
		at := path.Join(dir, s)
		if r.texts[at] == "" {
			at += ".json"
		}
		if r.texts[at] != "" {
			if up := r.compiler(at); up.base != "" || up.paths != nil {
				*c = *up
			}
		}
	}
	if b := m.CompilerOptions.BaseURL; b != nil {
		c.base = path.Join(dir, *b)
	}
	if m.CompilerOptions.Paths != nil {
		c.paths = nil
		base := dir
		if c.base != "" {
			base = c.base
		}
		for k, to := range m.CompilerOptions.Paths {
			before, after, star := strings.Cut(k, "*")
			c.paths = append(c.paths, mapping{before, after, star, base, to})
		}
		slices.SortFunc(c.paths, func(a, b mapping) int {
			if d := len(b.prefix) - len(a.prefix); d != 0 {
				return d
			}
			return strings.Compare(a.prefix+"*"+a.suffix, b.prefix+"*"+b.suffix)
		})
	}
	return c
}

// plainJSON takes comments and trailing commas out of what TypeScript calls JSON.
func plainJSON(s string) []byte {
	s = strings.TrimPrefix(s, "\ufeff")
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			start := i
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
			out = append(out, s[start:min(i+1, len(s))]...)
		case strings.HasPrefix(s[i:], "//"):
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case strings.HasPrefix(s[i:], "/*"):
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				return out
			}
			i += n + 3
		case c == '}' || c == ']':
			n := len(out)
			for n > 0 && (out[n-1] == ' ' || out[n-1] == '\n' || out[n-1] == '\t' || out[n-1] == '\r') {
				n--
			}
			if n > 0 && out[n-1] == ',' {
				out = out[:n-1]
			}
			out = append(out, c)
		default:
			out = append(out, c)
		}
	}
	return out
}
