package javascript

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// Some frameworks mount by the names of files. What they do with a file is written
// at the end of its module's body, as calls of functions that the framework does not
// have but might: npm:next#route("POST", "/api/login", handler), npm:next#api(path,
// handler), npm:next#middleware(path, handler), npm:next#action("…name", function).
// Rows of the library say what these are.

// A convention is one such framework, by the package that says it is there.
type convention struct {
	needs  string // a dependency of the package
	under  []string
	prefix string // of the path
	file   string // name without extension; "" is any
	symbol string
	whole  bool // the default export takes every method; else each method is an export
}

var conventions = []convention{
	{needs: "next", under: []string{"app", "src/app"}, file: "route", symbol: "npm:next#route"},
	{needs: "next", under: []string{"pages/api", "src/pages/api"}, prefix: "/api", symbol: "npm:next#api", whole: true},
	{needs: "@sveltejs/kit", under: []string{"src/routes"}, file: "+server", symbol: "npm:@sveltejs/kit#route"},
	{needs: "astro", under: []string{"src/pages"}, symbol: "npm:astro#route"},
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ALL", "fallback"}

// conventional emits what the framework does with the module's file.
func (l *lowerer) conventional() {
	owner := l.m.owner
	if owner == nil || len(owner.frameworks) == 0 {
		return
	}
	rel := strings.TrimPrefix(l.m.path, owner.dir+"/")
	base := strings.TrimSuffix(path.Base(rel), path.Ext(rel))
	at := ir.Span{File: l.m.file}
	for _, c := range conventions {
		if !owner.frameworks[c.needs] || c.file != "" && base != c.file {
			continue
		}
		for _, root := range c.under {
			below, ok := strings.CutPrefix(rel, root+"/")
			if !ok {
				continue
			}
			if c.file != "" || base == "index" {
				below = path.Dir(below)
			} else {
				below = strings.TrimSuffix(below, path.Ext(below))
			}
			route := c.prefix + routePath(below)
			if c.whole {
				l.mounts(c.symbol, l.m.exports["default"], at, route)
				continue
			}
			for _, method := range methods {
				l.mounts(c.symbol, l.m.exports[method], at, method, route)
			}
		}
	}
	if first := l.m.tree.Program().First(); owner.frameworks["next"] && first.Is(ecma.ExpressionStatement) && first.First().Value() == "use server" {
		// Its exports are called from afar, at addresses that Next makes up.
		for _, name := range slices.Sorted(maps.Keys(l.m.exports)) {
			l.mounts("npm:next#action", l.m.exports[name], at, "…"+name)
		}
	}
	if owner.frameworks["next"] && slices.Contains([]string{"middleware", "src/middleware", "proxy", "src/proxy"}, strings.TrimSuffix(rel, path.Ext(rel))) {
		b := l.m.exports[base]
		if b == nil {
			b = l.m.exports["default"]
		}
		l.mounts("npm:next#middleware", b, at, l.matcher())
	}
}

// mounts emits a call of symbol with texts and what an export stands for, at the
// place of that.
func (l *lowerer) mounts(symbol string, b *binding, at ir.Span, texts ...string) {
	if b == nil {
		return
	}
	switch t := b.resolve(); t.kind {
	case variable:
		at = t.v.Span
	case function:
		at = t.f.Span
	}
	if at.File != l.m.file {
		at = ir.Span{File: l.m.file}
	}
	c := &ir.Call{Span: at, Fun: l.extern(at, symbol)}
	for _, text := range texts {
		if text == "ALL" || text == "fallback" {
			text = ""
		}
		c.Args = append(c.Args, l.constant(at, ir.String, text))
	}
	c.Args = append(c.Args, l.bound(b, at))
	l.do(at, c)
}

// routePath writes folders as a path: (groups) and @slots are left out, [id] is :id
// and [...rest] is *.
func routePath(dir string) string {
	if dir == "." || dir == "" {
		return "/"
	}
	out := ""
	for part := range strings.SplitSeq(dir, "/") {
		switch {
		case strings.HasPrefix(part, "(") && strings.HasSuffix(part, ")"), strings.HasPrefix(part, "@"):
			continue
		case strings.HasPrefix(part, "[..."), strings.HasPrefix(part, "[[..."):
			part = "*"
		case strings.HasPrefix(part, "[") && strings.HasSuffix(part, "]"):
			part = ":" + strings.Trim(part, "[]")
		}
		out += "/" + part
	}
	if out == "" {
		return "/"
	}
	return out
}

// matcher is the path at which a middleware of Next says that it runs, where it is a
// single one.
func (l *lowerer) matcher() string {
	for n := range l.m.tree.Program().Statements() {
		for d := range n.Child(ecma.RoleDeclaration).All(ecma.RoleDeclarations) {
			if d.Name() != "config" {
				continue
			}
			for p := range d.Init().Plain().All(ecma.RoleProperties) {
				x := p.Init().Plain()
				if first := x.First(); x.Is(ecma.ArrayExpression) && !first.Next().OK() {
					x = first
				}
				if p.Name() == "matcher" && x.Is(ecma.StringLiteral) && !strings.Contains(x.Value(), "(") {
					s, _, _ := strings.Cut(x.Value(), "/:")
					return s
				}
			}
		}
	}
	return ""
}

// folder is the folder that an expression names: __dirname, or what path.join, a
// template or + make of it. The rest is what follows the last folder, in a template
// whose end is not known.
func (l *lowerer) folder(n ecma.Node, depth int) (dir string, ok bool) {
	here := path.Dir(l.m.path)
	n = n.Plain()
	if depth > 8 {
		return "", false
	}
	switch n.Kind() {
	case ecma.Identifier:
		if n.Name() == "__dirname" {
			return here, true
		}
		x := l.m.constants[n.Name()]
		if x.OK() && !l.m.assigned[n.Name()] {
			return l.folder(x, depth+1)
		}
	case ecma.MemberExpression:
		return here, n.Text() == "import.meta.dirname"
	case ecma.StringLiteral:
		return path.Join(here, n.Value()), strings.HasPrefix(n.Value(), ".")
	case ecma.CallExpression:
		switch n.Callee().Path() {
		case "path.join", "path.resolve", "join", "resolve":
		default:
			return "", false
		}
		for a := range n.Args() {
			switch {
			case dir == "":
				if dir, ok = l.folder(a, depth+1); !ok {
					return "", false
				}
			case a.Is(ecma.StringLiteral):
				dir = path.Join(dir, a.Value())
			default:
				return dir, !a.Next().OK() // the file
			}
		}
		return dir, ok
	case ecma.TemplateLiteral:
		first := n.First()
		x := first.Next()
		switch {
		case strings.HasPrefix(first.Value(), ".") && x.OK():
			return path.Join(here, upToSlash(first.Value())), strings.Contains(first.Value(), "/")
		case first.Value() == "" && x.OK():
			dir, ok = l.folder(x, depth+1)
			return path.Join(dir, upToSlash(x.Next().Value())), ok
		}
	case ecma.BinaryExpression:
		left, right := n.Child(ecma.RoleLeft).Plain(), n.Child(ecma.RoleRight).Plain()
		if n.Operator() != "+" {
			return "", false
		}
		if dir, ok = l.folder(left, depth+1); ok && right.Is(ecma.StringLiteral) {
			dir = path.Join(dir, upToSlash(right.Value()+"/"))
		}
		return dir, ok
	}
	return "", false
}

// upToSlash cuts off the beginning of a file's name.
func upToSlash(s string) string { return s[:strings.LastIndexByte(s, '/')+1] }

// maxFolder bounds how many modules a name made at run time may mean.
const maxFolder = 64

// anyOf lowers require and import of a name made at run time, of which the folder is
// known: it may be any module there, or (of a folder) its index, but none that the
// file imports by its name as well.
func (l *lowerer) anyOf(arg ecma.Node, at ir.Span) ir.Expr {
	if arg.Is(ecma.StringLiteral) || arg.Next().OK() {
		return nil
	}
	dir, ok := l.folder(arg, 0)
	if !ok {
		return nil
	}
	var list []ir.Expr
	for _, f := range l.m.below(dir) {
		rest := strings.TrimPrefix(strings.TrimPrefix(f.path, dir), "/")
		if d, base := path.Split(rest); f.path == l.m.path || l.m.imports[f.path] || d != "" && (strings.Count(d, "/") > 1 || !strings.HasPrefix(base, "index.")) {
			continue
		}
		if len(list) == maxFolder {
			return nil
		}
		list = append(list, l.made(thing{kind: whole, m: f}, nil, at))
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return l.op(at, ir.Or, list...)
}

// autoload emits what a plugin of Fastify does that registers all files of a folder,
// each with the folder as prefix.
func (l *lowerer) autoload(n ecma.Node, c *ir.Call) {
	if len(c.Args) < 2 {
		return
	}
	plugin, ok := c.Args[0].(*ir.Extern)
	if !ok || plugin.Symbol != "npm:@fastify/autoload#default" && plugin.Symbol != "npm:fastify-autoload#default" {
		return
	}
	callee := n.Callee().Plain()
	if !callee.Is(ecma.MemberExpression) || !pure(callee.Object().Plain(), 3) {
		return
	}
	var dir, prefix string
	known := false
	for p := range n.Arg(1).Plain().All(ecma.RoleProperties) {
		switch x := p.Init().Plain(); p.Name() {
		case "dir":
			dir, known = l.folder(x, 0)
		case "options":
			for o := range x.All(ecma.RoleProperties) {
				if o.Name() == "prefix" && o.Init().Is(ecma.StringLiteral) {
					prefix = o.Init().Value()
				}
			}
		}
	}
	if !known {
		return
	}
	for i, f := range l.m.below(dir) {
		t := f.export("default")
		if i == 4*maxFolder {
			return
		}
		if f.path == l.m.path || t.kind == unknown {
			continue
		}
		below := strings.TrimPrefix(path.Dir(f.path), dir)
		o := &ir.Object{Span: c.Span, Fields: []ir.Field{{Span: c.Span, Name: "prefix", Value: l.constant(c.Span, ir.String, prefix+strings.ReplaceAll(below, "/_", "/:"))}}}
		l.do(c.Span, &ir.Call{Span: c.Span, Fun: l.expr(callee), Args: []ir.Expr{l.made(t, nil, c.Span), o}})
	}
}
