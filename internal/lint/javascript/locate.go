package javascript

import (
	"path"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A locator finds the file that a specifier means, as Node and TypeScript do. It is
// made once and then only read.
type locator struct {
	files    map[string]int     // by path, into the list of sources
	packages map[string]*folder // by folder: those with a package.json, tsconfig.json, jsconfig.json
	named    map[string]*folder // packages of the workspace, by name
}

func newLocator(t *ir.Tree, files []*ir.File) *locator {
	o := &locator{files: make(map[string]int, len(files)), packages: map[string]*folder{}, named: map[string]*folder{}}
	for i, f := range files {
		o.files[f.Path] = i
	}
	o.configure(t.Config)
	return o
}

// place is where a specifier leads: a file of ours, or outside.
type place struct {
	file   int    // -1: outside
	symbol string // of an outside one, without a name: npm:express, file:src/data.json
}

// locate answers what spec means in the file at from.
func (o *locator) locate(from, spec string) place {
	spec, _, _ = strings.Cut(spec, "?") // a bundler's query
	dir := path.Dir(from)
	if spec == "." || spec == ".." || strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../") || strings.HasPrefix(spec, "/") {
		at := path.Join(dir, spec)
		if strings.HasPrefix(spec, "/") {
			at = strings.TrimPrefix(path.Clean(spec), "/")
		}
		if i, ok := o.module(at); ok {
			return place{file: i}
		}
		return place{file: -1, symbol: "file:" + at}
	}
	if i, ok := o.mapped(dir, spec); ok {
		return place{file: i}
	}
	name, rest := packageName(spec)
	if p := o.named[name]; p != nil {
		if i, ok := o.entry(p, rest); ok {
			return place{file: i}
		}
	}
	return place{file: -1, symbol: symbolOf(spec)}
}

// symbolOf writes what is outside. The built-in modules have one spelling.
func symbolOf(spec string) string {
	if rest, ok := strings.CutPrefix(spec, "node:"); ok {
		return "npm:node:" + rest
	}
	if name, _, _ := strings.Cut(spec, "/"); builtin[name] {
		return "npm:node:" + spec
	}
	return "npm:" + spec
}

var builtin = wordSet("assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain " +
	"events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream string_decoder " +
	"sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib")

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		set[w] = true
	}
	return set
}

// packageName splits @scope/name/sub/path.
func packageName(spec string) (name, rest string) {
	i := strings.IndexByte(spec, '/')
	if i >= 0 && strings.HasPrefix(spec, "@") {
		if n := strings.IndexByte(spec[i+1:], '/'); n >= 0 {
			i += 1 + n
		} else {
			i = -1
		}
	}
	if i < 0 {
		return spec, ""
	}
	return spec[:i], spec[i+1:]
}

// Extensions are tried in this order: TypeScript's own first, as it does.
var extensions = []string{".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"}

// written are the extensions that stand for those of the source they are made from.
var written = map[string][]string{".js": {".ts", ".tsx", ".jsx"}, ".jsx": {".tsx"}, ".mjs": {".mts"}, ".cjs": {".cts"}}

// module finds the file of a path that may lack its extension, or be a folder.
func (o *locator) module(at string) (int, bool) {
	if i, ok := o.files[at]; ok {
		return i, true
	}
	ext := path.Ext(at)
	for _, e := range written[ext] {
		if i, ok := o.files[at[:len(at)-len(ext)]+e]; ok {
			return i, true
		}
	}
	if i, ok := o.extended(at); ok {
		return i, true
	}
	if p := o.packages[at]; p != nil && p.main != "" {
		if i, ok := o.main(p); ok {
			return i, true
		}
	}
	return o.extended(path.Join(at, "index"))
}

func (o *locator) extended(at string) (int, bool) {
	var buf [256]byte
	for _, e := range extensions {
		b := append(append(buf[:0], at...), e...)
		if i, ok := o.files[string(b)]; ok {
			return i, true
		}
	}
	return 0, false
}

// main finds what a package is when imported by its name. Where that is made by a
// build, its source is looked for.
func (o *locator) main(p *folder) (int, bool) {
	for _, m := range []string{p.main, p.types} {
		if m == "" {
			continue
		}
		at := path.Join(p.dir, m)
		if i, ok := o.files[at]; ok {
			return i, true
		}
		if i, ok := o.extended(at); ok {
			return i, true
		}
		if i, ok := o.source(p, m); ok {
			return i, true
		}
	}
	return 0, false
}

// source finds what lib/x.js or dist/src/x.js was made from.
func (o *locator) source(p *folder, m string) (int, bool) {
	m = strings.TrimPrefix(path.Clean("/"+m), "/")
	m = strings.TrimSuffix(strings.TrimSuffix(m, path.Ext(m)), ".d")
	first, rest, deep := strings.Cut(m, "/")
	if !deep {
		return o.extended(path.Join(p.dir, m))
	}
	switch first {
	case "dist", "lib", "build", "out", "es", "esm", "cjs", "output":
		for n := 0; n < 3; n++ {
			for _, dir := range []string{"src", ""} {
				if i, ok := o.extended(path.Join(p.dir, dir, rest)); ok {
					return i, true
				}
			}
			if _, after, ok := strings.Cut(rest, "/"); ok {
				rest = after // dist/esm/index.js
			} else {
				break
			}
		}
	}
	return o.extended(path.Join(p.dir, m))
}

// entry finds what a path within a package of the workspace means.
func (o *locator) entry(p *folder, rest string) (int, bool) {
	if rest == "" {
		for _, t := range p.exported(".") {
			if i, ok := o.exportedFile(p, t); ok {
				return i, true
			}
		}
		if i, ok := o.main(p); ok {
			return i, true
		}
		for _, at := range []string{"index", "src/index", "src/main", "lib/index"} {
			if i, ok := o.extended(path.Join(p.dir, at)); ok {
				return i, true
			}
		}
		return 0, false
	}
	for _, t := range p.exported("./" + rest) {
		if i, ok := o.exportedFile(p, t); ok {
			return i, true
		}
	}
	if i, ok := o.module(path.Join(p.dir, rest)); ok {
		return i, true
	}
	if i, ok := o.source(p, rest); ok {
		return i, true
	}
	return o.module(path.Join(p.dir, "src", rest))
}

func (o *locator) exportedFile(p *folder, target string) (int, bool) {
	if i, ok := o.module(path.Join(p.dir, target)); ok {
		return i, true
	}
	return o.source(p, target)
}

// mapped goes by the paths and the baseUrl of the nearest configuration, by imports
// and aliases of the nearest package.json, and by @/ and ~/, which no package is
// called and which mean the root of the source wherever they are used.
func (o *locator) mapped(dir, spec string) (int, bool) {
	seen := false
	for d := dir; ; d = path.Dir(d) {
		if p := o.packages[d]; p != nil {
			if p.compiler != nil && !seen {
				seen = true
				if i, ok := o.paths(p.compiler, spec); ok {
					return i, true
				}
			}
			if i, ok := o.aliased(p, spec); ok {
				return i, true
			}
		}
		if d == "." || d == "/" {
			return 0, false
		}
	}
}

func (o *locator) aliased(p *folder, spec string) (int, bool) {
	if strings.HasPrefix(spec, "#") {
		for _, t := range p.imported(spec) {
			if i, ok := o.exportedFile(p, t); ok {
				return i, true
			}
		}
	}
	for _, a := range p.aliases {
		if rest, ok := strings.CutPrefix(spec, a.from); ok && (rest == "" || rest[0] == '/') {
			if i, ok := o.module(path.Join(p.dir, a.to, rest)); ok {
				return i, true
			}
		}
	}
	if len(spec) > 2 && (spec[0] == '@' || spec[0] == '~') && spec[1] == '/' && p.manifest {
		for _, root := range []string{"src", "", "app"} {
			if i, ok := o.module(path.Join(p.dir, root, spec[2:])); ok {
				return i, true
			}
		}
	}
	return 0, false
}

// paths tries the patterns of paths, the longest prefix first, then the baseUrl.
func (o *locator) paths(c *compiler, spec string) (int, bool) {
	for _, m := range c.paths {
		rest, ok := m.match(spec)
		if !ok {
			continue
		}
		for _, to := range m.to {
			if i, ok := o.module(path.Join(m.base, strings.Replace(to, "*", rest, 1))); ok {
				return i, true
			}
		}
	}
	if c.base != "" {
		return o.module(path.Join(c.base, spec))
	}
	return 0, false
}
