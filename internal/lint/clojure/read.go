// Package clojure reads Clojure into the language of package ir. It needs source
// text and nothing else: no JVM, no class path, no macro expansion. What macros of
// the language and of the libraries that matter do is known here; a macro that is
// not known is read by its form (see call.go).
//
// # What becomes of Clojure
//
//   - A namespace is a Module, its vars are Vars, its functions Funcs, with one Func
//     for each arity; a call takes the one that fits, a value the one of one argument.
//   - (:key m), (get m :key), (get-in m [:a :b]) and destructuring are Members, with
//     keys that are not known an Index. assoc, update and merge are Objects with
//     spreads. str is Add.
//   - An atom stands for what it holds: @a is an Await, reset! a Set; swap! is a call.
//   - What an atom or a var is asked for by a key that is not known is a call of its
//     member get, contains or includes.
//   - seq, boolean, vec, name and not-empty leave no trace; empty? and
//     clojure.string/blank? are Not.
//   - A function of a protocol is a Func with a Switch over the classes that have it,
//     a multimethod one with a Switch over its methods.
//   - A map with a :status is given to clj:ring/answer, for the library to say what
//     that is.
//   - future, go and thread are Spawns.
//   - (GET "/x" [id] body) of compojure is a Call of clj:compojure.core/GET with the
//     path and a function of the request; middleware of a route stands between.
//   - (defresource x …) of liberator is a function of the request that asks its
//     decisions in the order of the library and returns maps with :status.
package clojure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A reading is one run over a tree.
type reading struct {
	p         *ir.Program
	spaces    map[string][]*space // several where one tree holds several projects
	order     []*space
	multis    []*multi
	protocols []*protocol
	// records are classes of the program by the names that Java gives them.
	records map[string]*ir.Class
}

// Read translates the Clojure in t, if any of its namespaces requires one for which
// matters says yes; a nil matters takes everything. Forms that do not close are read
// as far as they go, and the file says so in Broken.
func Read(t *ir.Tree, matters func(space string) bool) *ir.Program {
	r := &reading{p: &ir.Program{}, spaces: map[string][]*space{}, records: map[string]*ir.Class{}}
	for _, f := range t.Of(ir.Clojure) {
		r.add(f)
	}
	if matters != nil && !r.any(matters) {
		return &ir.Program{}
	}
	for _, s := range r.order {
		for _, src := range s.body {
			b := r.top(s, src.file)
			for _, f := range src.forms {
				b.declare(f, 0)
			}
		}
	}
	for _, s := range r.order {
		for _, src := range s.body {
			b := r.top(s, src.file)
			for _, f := range src.forms {
				b.into(f, dest{})
			}
			s.module.Body.Body = append(s.module.Body.Body, b.out...)
		}
		s.exports()
	}
	for _, m := range r.multis {
		m.finish(r)
	}
	for _, p := range r.protocols {
		p.finish(r)
	}
	slices.SortStableFunc(r.p.Funcs, func(a, b *ir.Func) int {
		if c := strings.Compare(a.File.Path, b.File.Path); c != 0 {
			return c
		}
		return int(a.Start - b.Start)
	})
	return r.p
}

// any says whether a namespace requires one that matters.
func (r *reading) any(matters func(space string) bool) bool {
	for _, s := range r.order {
		for _, name := range s.aliases {
			if len(r.spaces[name]) == 0 && matters(name) {
				return true
			}
		}
	}
	return false
}

// add reads one file into its namespace.
func (r *reading) add(f *ir.File) {
	if strings.HasSuffix(f.Path, "project.clj") || strings.HasSuffix(f.Path, "build.boot") || strings.HasSuffix(f.Path, "profiles.clj") {
		return
	}
	rd := read(f.Source)
	if rd.bad > 0 {
		f.Broken = fmt.Sprintf("%d brackets or quotes without a partner", rd.bad)
	} else if rd.cut > 0 || rd.full {
		f.Broken = fmt.Sprintf("%d forms nested too deep", rd.cut)
	}
	for _, n := range rd.notes {
		end := len(f.Source)
		if i := strings.IndexByte(f.Source[n:], '\n'); i >= 0 {
			end = int(n) + i
		}
		said := strings.TrimSpace(strings.TrimLeft(f.Source[n:end], "; \t"))
		f.Comments = append(f.Comments, ir.Comment{Span: ir.Span{File: f, Start: n, End: int32(end)}, Text: said})
	}
	name, clauses := header(rd.top, f.Path)
	root := rootOf(f.Path, name)
	s := r.space(name, root)
	if s == nil || clauses != nil && s.root != root {
		s = &space{name: name, root: root, aliases: map[string]string{}, refers: map[string]string{}, classes: map[string]string{},
			hidden: map[string]bool{}, defs: map[string]*def{}}
		s.module = &ir.Module{Language: ir.Clojure, Path: name, Exports: map[string]ir.Expr{}}
		if len(r.spaces[name]) > 0 {
			s.module.Path = root + ":" + name
		}
		s.module.Body = r.newFunc(ir.Span{File: f, Start: 0, End: int32(len(f.Source))}, "<module>", s.module, nil)
		r.spaces[name] = append(r.spaces[name], s)
		r.order = append(r.order, s)
		r.p.Modules = append(r.p.Modules, s.module)
	}
	s.module.Files = append(s.module.Files, f)
	r.p.Files = append(r.p.Files, f)
	s.take(clauses)
	for _, x := range rd.top { // (require '[a :as b]) at the top level
		if h := x.head(); h == "require" || h == "use" || h == "import" {
			s.take([]*form{x})
		}
	}
	s.body = append(s.body, source{file: f, forms: rd.top})
}

// rootOf is the folder in which the path of a namespace begins: src of
// src/app/core.clj for app.core. Where a file stands elsewhere, it is its own folder.
func rootOf(path, name string) string {
	path, _, _ = strings.Cut(path, ".clj")
	tail := strings.ReplaceAll(strings.ReplaceAll(name, ".", "/"), "-", "_")
	if rest, ok := strings.CutSuffix(path, tail); ok && (rest == "" || strings.HasSuffix(rest, "/")) {
		return strings.TrimSuffix(rest, "/")
	}
	return path[:max(strings.LastIndexByte(path, '/'), 0)]
}

// space finds a namespace; of several of one name, that of the project in which
// root lies.
func (r *reading) space(name, root string) (best *space) {
	most := -1
	for _, s := range r.spaces[name] {
		n := 0
		for n < len(root) && n < len(s.root) && root[n] == s.root[n] {
			n++
		}
		if s.root == root {
			n++
		}
		if n > most {
			best, most = s, n
		}
	}
	return best
}

// top is a body for the top level of a file.
func (r *reading) top(s *space, f *ir.File) *body {
	return &body{r: r, sp: s, file: f, fn: s.module.Body, scope: &scope{}}
}

// exports lists what others can name.
func (s *space) exports() {
	for name, d := range s.defs {
		switch {
		case d.macro || d.maker:
		case d.multi != nil:
			s.module.Exports[name] = &ir.FuncRef{Span: d.multi.fn.Span, Func: d.multi.fn}
		case len(d.arities) > 0:
			x := asValue(d.arities)
			s.module.Exports[name] = &ir.FuncRef{Span: x.Span, Func: x}
		case d.class != nil:
			s.module.Exports[name] = &ir.ClassRef{Span: d.class.Span, Class: d.class}
		case d.v != nil:
			s.module.Exports[name] = &ir.Name{Span: d.v.Span, Var: d.v}
		}
	}
}

// doc is the text of the directives right before a form.
func (r *reading) doc(f *ir.File, x *form) string {
	var said []string
	line := ir.Span{File: f, Start: x.start}.Line()
	for i := len(f.Comments) - 1; i >= 0; i-- {
		c := f.Comments[i]
		if c.Start > x.start {
			continue
		}
		if c.Line() != line-1-len(said) {
			break
		}
		said = append([]string{c.Text}, said...)
	}
	return strings.Join(said, "\n")
}
