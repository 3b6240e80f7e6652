package javascript

import (
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// Read translates what matters of the JavaScript and TypeScript in t: see the
// documentation of the package. A nil matters takes everything; otherwise it is asked
// for what is imported from outside, such as jsonwebtoken or next-auth/jwt.
func Read(t *ir.Tree, matters func(pkg string) bool) *ir.Program {
	p := &ir.Program{}
	files := t.Of(ir.JavaScript)
	if len(files) == 0 {
		return p
	}
	o := newLocator(t, files)
	modules := plan(o, files, matters)
	if len(modules) == 0 {
		return p
	}
	all := make([]*module, 0, len(modules))
	for _, m := range modules {
		if m != nil {
			all = append(all, m)
		}
	}
	each(len(all), func() func(int) {
		l := newLowerer()
		return func(i int) {
			m := all[i]
			m.tree = ecma.Parse(m.file.Source, ecma.LanguageOf(m.path))
			m.file.Broken = broken(m.tree)
			l.begin(m)
			l.comments()
			l.declareModule()
		}
	})
	link(all)
	each(len(all), func() func(int) {
		l := newLowerer()
		return func(i int) {
			l.begin(all[i])
			l.lowerModule()
		}
	})
	for _, m := range all {
		m.tree = nil
		slices.SortStableFunc(m.funcs, func(a, b *ir.Func) int { return int(a.Start) - int(b.Start) })
		p.Modules = append(p.Modules, m.ir)
		p.Classes = append(p.Classes, m.classes...)
		p.Funcs = append(p.Funcs, m.funcs...)
		p.Files = append(p.Files, m.file)
	}
	return p
}

// each runs a function for the numbers below n, on all processors. make makes one of
// them for each goroutine.
func each(n int, make func() func(int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wait.Go(func() {
			f := make()
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	wait.Wait()
}

func broken(f *ecma.File) string {
	if len(f.Errors) == 0 {
		return ""
	}
	line, _ := f.Position(f.Errors[0].Offset)
	return fmt.Sprintf("line %d: %s", line, f.Errors[0].Message)
}

// plan says which files matter and makes a module of each. The list is as long as
// files, and nil where a file does not matter.
func plan(o *locator, files []*ir.File, matters func(string) bool) []*module {
	n := len(files)
	imports := make([][]int32, n)
	seeds := make([]bool, n)
	dynamic := make([]bool, n)
	each(n, func() func(int) {
		return func(i int) {
			specs, atRunTime := specifiers(files[i].Source)
			dynamic[i] = atRunTime
			for _, spec := range specs {
				if spec[0] != '.' {
					name, _ := packageName(spec)
					if matters != nil && matters(strings.TrimPrefix(spec, "node:")) {
						seeds[i] = true
					}
					if injects[name] {
						dynamic[i] = true
					}
				}
				if p := o.locate(files[i].Path, spec); p.file >= 0 && p.file != i {
					imports[i] = append(imports[i], int32(p.file))
				}
			}
		}
	})
	if matters != nil && !slices.Contains(seeds, true) {
		return nil
	}
	keep := make([]bool, n)
	if matters == nil {
		for i := range keep {
			keep[i] = true
		}
	} else {
		o.reach(files, imports, seeds, dynamic, keep)
	}
	modules := make([]*module, n)
	for i, f := range files {
		if keep[i] {
			modules[i] = newModule(f)
		}
	}
	below := func(dir string) (list []*module) {
		for _, m := range modules { // in the order of their paths
			if m != nil && strings.HasPrefix(m.path, dir+"/") {
				list = append(list, m)
			}
		}
		return list
	}
	for i, m := range modules {
		if m != nil {
			m.owner, m.below = o.packages[o.packageOf(m.path)], below
			m.imports = make(map[string]bool, len(imports[i]))
			for _, j := range imports[i] {
				m.imports[files[j].Path] = true
			}
			m.target = func(spec string) thing {
				p := o.locate(m.path, spec)
				switch {
				case p.file < 0:
					return thing{kind: pkg, sym: p.symbol}
				case modules[p.file] == nil:
					return thing{kind: pkg, sym: "file:" + files[p.file].Path}
				}
				return thing{kind: whole, m: modules[p.file]}
			}
		}
	}
	return modules
}

// injects are libraries by which one part of a program gets at another without
// importing it, or that import whole folders.
var injects = wordSet("@nestjs/common @nestjs/core inversify tsyringe typedi awilix @loopback/core routing-controllers @fastify/autoload " +
	"fastify-autoload require-all require-dir require-directory glob express-autoload consign @tsed/di @adonisjs/core egg midway " +
	"@midwayjs/core ts-express-decorators next next/server @sveltejs/kit astro nuxt @foal/core moleculer @feathersjs/feathers sails")

// reach marks the seeds, what imports them, all in the packages of the workspace that
// hold one of these and wire themselves at run time, and what all these import.
func (o *locator) reach(files []*ir.File, imports [][]int32, seeds, dynamic, keep []bool) {
	importers := make([][]int32, len(files))
	for i, list := range imports {
		for _, j := range list {
			importers[j] = append(importers[j], int32(i))
		}
	}
	var queue []int32
	for i, s := range seeds {
		if s {
			keep[i] = true
			queue = append(queue, int32(i))
		}
	}
	queue = spread(queue, importers, keep)
	members := map[string][]int32{}
	wired := map[string]bool{}
	for i, f := range files {
		dir := o.packageOf(f.Path)
		members[dir] = append(members[dir], int32(i))
		wired[dir] = wired[dir] || dynamic[i]
	}
	taken := map[string]bool{}
	for _, i := range slices.Clone(queue) {
		dir := o.packageOf(files[i].Path)
		if !wired[dir] || taken[dir] {
			continue
		}
		taken[dir] = true
		for _, j := range members[dir] {
			if !keep[j] {
				keep[j] = true
				queue = append(queue, j)
			}
		}
	}
	spread(queue, imports, keep)
}

// spread marks all that can be reached from queue, and lists it.
func spread(queue []int32, to [][]int32, keep []bool) []int32 {
	for at := 0; at < len(queue); at++ {
		for _, j := range to[queue[at]] {
			if !keep[j] {
				keep[j] = true
				queue = append(queue, j)
			}
		}
	}
	return queue
}

// packageOf is the folder of the nearest package.json.
func (o *locator) packageOf(file string) string {
	for d := path.Dir(file); ; d = path.Dir(d) {
		if p := o.packages[d]; p != nil && p.manifest || d == "." || d == "/" {
			return d
		}
	}
}

func newModule(f *ir.File) *module {
	m := &module{
		path: f.Path, file: f, names: map[string]*binding{}, exports: map[string]*binding{}, assigned: map[string]bool{},
		functions: map[int]*ir.Func{}, byNode: map[int]*ir.Class{}, constants: map[string]ecma.Node{},
	}
	m.ir = &ir.Module{Language: ir.JavaScript, Path: f.Path, Files: []*ir.File{f}}
	m.ir.Body = &ir.Func{Span: ir.Span{File: f, End: int32(len(f.Source))}, Name: "<module>", Module: m.ir}
	return m
}
