// Package golang reads Go into the language of package ir. It needs source text and
// nothing else: no build, no module cache, no types of dependencies. Names are
// resolved by scopes of its own, imports by the go.mod files of the tree; what lies
// outside the tree is a symbol.
//
// # What becomes of Go
//
//   - Pointers, type arguments and parentheses leave no trace: &x and *x are x, and
//     new(T) is an Object of T. A type parameter is its constraint.
//   - Selectors of packages are the thing itself; all other selectors are Members,
//     whether field, method, method value or method expression.
//   - The statement before the condition of an if, for or switch stands before it, in
//     the same list. What a for does after each turn stands at the end of its body.
//   - A variable that is set anew in the block that declares it is another Var from
//     there on, with the Span of the first, unless a function literal or a pointer
//     shares it.
//   - A range yields key and value to Each, as in the source; nil takes nothing.
//   - A select is a Switch without a Tag, each of whose cases has an Unknown as its
//     condition and the communication as the first statement of its body.
//   - A send and a receive are Ops of kind Other.
//   - Variables without a value are set to their zero value where it can be told, the
//     names of results too. A return without values returns these names.
//   - A conversion to a type of a package outside is a Call, since it cannot be told
//     from one.
//   - The methods of an interface stand in its Class alone, not in Program.Funcs.
//   - Rows of + are one Op with many operands.
//   - Files for other systems are read too; but where a name is declared twice, the
//     file for linux/amd64 counts, so that one tree gives one answer everywhere.
package golang

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// Read translates what matters of the Go in t: the packages that import a path for
// which matters says yes, those that import them, however indirectly, and all that
// these import. A nil matters takes everything.
func Read(t *ir.Tree, matters func(path string) bool) *ir.Program {
	p := &ir.Program{}
	units := plan(t, matters)
	if len(units) == 0 {
		return p
	}
	var next atomic.Int32
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(units)) {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(units) {
					return
				}
				units[i].read()
			}
		})
	}
	wait.Wait()

	slices.SortFunc(units, func(a, b *unit) int { return strings.Compare(a.path, b.path) })
	return collect(p, units)
}

// ReadPackage translates the files of one package alone, as go vet hands them to a
// tool: all other packages are symbols. Files of tests are left out.
func ReadPackage(path string, files []*ir.File) *ir.Program {
	byName := make(map[string]*unit)
	var units []*unit
	for _, f := range files {
		if f.Language != ir.Go || strings.HasSuffix(f.Path, "_test.go") {
			continue
		}
		h := scan(f)
		if h == nil {
			f.Broken = noPackage
			continue
		}
		u := byName[h.name]
		if u == nil {
			u = &unit{path: path, name: h.name, owner: &module{}, done: make(chan struct{})}
			byName[h.name] = u
			units = append(units, u)
		}
		u.headers = append(u.headers, h)
	}
	for _, u := range units {
		u.read()
	}
	return collect(&ir.Program{}, units)
}

func collect(p *ir.Program, units []*unit) *ir.Program {
	for _, u := range units {
		p.Modules = append(p.Modules, u.module)
		p.Classes = append(p.Classes, u.classes...)
		p.Funcs = append(p.Funcs, u.funcs...)
		p.Files = append(p.Files, u.module.Files...)
	}
	slices.SortFunc(p.Files, func(a, b *ir.File) int { return strings.Compare(a.Path, b.Path) })
	return p
}
