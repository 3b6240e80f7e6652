package golang

import (
	"path"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A unit is one package: the files of one folder that say the same package.
type unit struct {
	path    string // import path; unique in the run
	name    string
	owner   *module
	headers []*header
	deps    map[string]*unit // by import path: those of the run
	done    chan struct{}    // closed when scope is complete

	scope   map[string]*object
	module  *ir.Module
	classes []*ir.Class
	funcs   []*ir.Func
}

// plan finds the packages that matter, those imported before those that import them.
func plan(t *ir.Tree, matters func(string) bool) []*unit {
	var headers []*header
	for _, f := range t.Files {
		if f.Language != ir.Go || !wanted(f.Path) {
			continue
		}
		if h := scan(f); h == nil {
			f.Broken = noPackage
		} else {
			headers = append(headers, h)
		}
	}
	if matters != nil && !slices.ContainsFunc(headers, func(h *header) bool {
		return slices.ContainsFunc(h.imports, func(s spec) bool { return matters(s.path) })
	}) {
		return nil
	}
	units := group(t, headers, matters)
	if matters != nil {
		units = keep(units, matters)
	}
	return order(units)
}

const noPackage = "line 1: expected 'package'"

// wanted says whether the go command would take a file for a package, tests apart.
func wanted(file string) bool {
	if strings.HasSuffix(file, "_test.go") || !strings.HasSuffix(file, ".go") {
		return false
	}
	for dir := range strings.SplitSeq(path.Dir(file), "/") {
		if dir == "vendor" || dir == "testdata" || dir == "node_modules" || strings.HasPrefix(dir, "_") || len(dir) > 1 && dir[0] == '.' {
			return false
		}
	}
	return true
}

// group makes packages of files and links their imports. The order is that of the
// paths of the files. A module of the tree that stands in for one that matters is
// not linked: what that one does is known better than any reading can tell.
func group(in *ir.Tree, headers []*header, matters func(string) bool) []*unit {
	t := &tree{twins: make(map[string][]*module), units: make(map[string]*unit)}
	for _, f := range in.Config {
		if path.Base(f.Path) == "go.mod" && wanted(path.Dir(f.Path)+"/x.go") {
			t.modules = append(t.modules, parseMod(f))
		}
	}
	slices.SortStableFunc(t.modules, func(a, b *module) int { return len(b.dir) - len(a.dir) })

	rest := &module{dir: "."} // of what lies below no go.mod
	var orphans []*header
	var units []*unit
	byName := make(map[[2]string]*unit)
	for _, h := range headers {
		dir := path.Dir(h.file.Path)
		u := byName[[2]string{dir, h.name}]
		if u == nil {
			u = &unit{name: h.name, owner: t.owner(dir)}
			if u.owner == nil {
				u.owner = rest
			}
			byName[[2]string{dir, h.name}] = u
			units = append(units, u)
		}
		if u.owner == rest {
			orphans = append(orphans, h)
		}
		u.headers = append(u.headers, h)
	}
	if len(orphans) > 0 {
		t.guess(rest, orphans)
		t.modules = append(t.modules, rest)
	}
	for _, m := range t.modules {
		if m.path != "" {
			t.twins[m.path] = append(t.twins[m.path], m)
		}
	}
	taken := make(map[string]bool)
	for _, u := range units {
		dir := path.Dir(u.headers[0].file.Path)
		if u.name != "main" && (t.units[dir] == nil || u.better(t.units[dir])) {
			t.units[dir] = u
		}
		if u.path = dir; dir == "." {
			u.path = u.name
		}
		if u.owner.path != "" {
			rel := strings.TrimPrefix(strings.TrimPrefix(dir, u.owner.dir), "/")
			if u.owner.dir == "." {
				rel = dir
			}
			u.path = path.Join(u.owner.path, rel)
		}
		for n, p := 0, u.path; taken[u.path]; n++ {
			u.path = p + " (" + path.Join(dir, u.name) + strings.Repeat("'", n) + ")"
		}
		taken[u.path] = true
	}
	for _, u := range units {
		u.deps = make(map[string]*unit)
		for _, h := range u.headers {
			for _, s := range h.imports {
				dep := t.find(u.owner, s.path)
				if dep == nil || dep == u || dep.owner != u.owner && matters != nil && matters(s.path) {
					continue
				}
				u.deps[s.path] = dep
			}
		}
	}
	return units
}

// better says which of two packages in one folder is the one that can be imported:
// the one that is built, and then the one with more files.
func (u *unit) better(other *unit) bool {
	fits := func(u *unit) (n int) {
		for _, h := range u.headers {
			if h.fits {
				n++
			}
		}
		return n
	}
	a, b := fits(u), fits(other)
	return a > b || a == b && len(u.headers) > len(other.headers)
}

// keep leaves out the packages from which no path of imports leads to or from what
// matters.
func keep(units []*unit, matters func(string) bool) []*unit {
	importers := make(map[*unit][]*unit)
	var above []*unit
	kept := make(map[*unit]bool)
	for _, u := range units {
		for _, dep := range u.deps {
			importers[dep] = append(importers[dep], u)
		}
		for _, h := range u.headers {
			for _, s := range h.imports {
				if !kept[u] && u.deps[s.path] == nil && matters(s.path) {
					kept[u] = true
					above = append(above, u)
				}
			}
		}
	}
	for i := 0; i < len(above); i++ {
		for _, u := range importers[above[i]] {
			if !kept[u] {
				kept[u] = true
				above = append(above, u)
			}
		}
	}
	for i := 0; i < len(above); i++ { // grows downwards now
		for _, u := range above[i].deps {
			if !kept[u] {
				kept[u] = true
				above = append(above, u)
			}
		}
	}
	return slices.DeleteFunc(units, func(u *unit) bool { return !kept[u] })
}

// order sorts packages so that imports come first. An import that closes a ring is
// cut: it is then one from outside.
func order(units []*unit) []*unit {
	const open, closed = 1, 2
	state := make(map[*unit]int, len(units))
	list := make([]*unit, 0, len(units))
	type frame struct {
		u     *unit
		paths []string
	}
	var stack []frame
	push := func(u *unit) {
		state[u] = open
		u.done = make(chan struct{})
		f := frame{u: u}
		for p := range u.deps {
			f.paths = append(f.paths, p)
		}
		slices.Sort(f.paths)
		stack = append(stack, f)
	}
	for _, u := range units {
		if state[u] != 0 {
			continue
		}
		push(u)
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if len(f.paths) == 0 {
				state[f.u] = closed
				list = append(list, f.u)
				stack = stack[:len(stack)-1]
				continue
			}
			p := f.paths[0]
			f.paths = f.paths[1:]
			switch dep := f.u.deps[p]; state[dep] {
			case 0:
				push(dep)
			case open:
				delete(f.u.deps, p)
			}
		}
	}
	return list
}
