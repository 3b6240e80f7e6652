package javascript

import (
	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A module is one file on its way from text to ir.
type module struct {
	path    string
	ir      *ir.Module
	file    *ir.File
	tree    *ecma.File
	classes []*ir.Class
	funcs   []*ir.Func

	names     map[string]*binding // of the top level
	exports   map[string]*binding
	stars     []thing         // export * from these
	all       []*module       // that export * leads to, however far away
	packages  []thing         // likewise, outside
	replaced  bool            // module.exports is something other than a literal object
	object    bool            // module.exports is a literal object
	assigned  map[string]bool // names that are assigned to somewhere
	vars      bool            // holds the word var
	functions map[int]*ir.Func
	byNode    map[int]*ir.Class
	typed     []typedVar
	constants map[string]ecma.Node // of the top level, by name: what they start with
	imports   map[string]bool      // paths of the files that it imports by name
	owner     *folder              // the package of the workspace
	target    func(spec string) thing
	below     func(dir string) []*module // that are read, by path
}

// typedVar is a variable whose type is to be resolved when all names are known.
type typedVar struct {
	v *ir.Var
	n ecma.Node
}

// export answers what a module exports under a name.
func (m *module) export(name string) thing {
	if b := m.exports[name]; b != nil {
		if name == "default" && m.object {
			return thing{kind: whole, m: m}
		}
		return b.resolve()
	}
	if m.replaced {
		if t := m.exports["default"].resolve().member(name); t.kind != unknown {
			return t
		}
		return thing{}
	}
	if name == "default" {
		if m.tree != nil && m.isScript() {
			return thing{kind: whole, m: m}
		}
		return thing{}
	}
	for _, other := range m.all {
		if b := other.exports[name]; b != nil {
			return b.resolve()
		}
	}
	if len(m.packages) == 1 {
		return m.packages[0].member(name)
	}
	return thing{}
}

// isScript reports whether a module exports in the way of CommonJS.
func (m *module) isScript() bool { return len(m.exports) == 0 || m.object || m.replaced }

// value is t as a value: a CommonJS module is what it assigned to module.exports.
func (t thing) value() thing {
	if t.kind == whole && t.m.replaced {
		if v := t.m.exports["default"].resolve(); v.kind != unknown && !(v.kind == whole && v.m == t.m) {
			return v
		}
	}
	return t
}

// declareModule finds the names and exports of a module.
func (l *lowerer) declareModule() {
	program := l.m.tree.Program()
	for n := range l.m.tree.Find(ecma.VariableDeclaration) {
		if n.Has(ecma.Var) {
			l.m.vars = true
			break
		}
	}
	var exports []ecma.Node    // assignments to members of exports or module
	var prototypes []ecma.Node // names of functions whose prototype is assigned to
	for n := range l.m.tree.Find(ecma.AssignmentExpression) {
		switch left := n.First(); {
		case left.Is(ecma.Identifier):
			l.m.assigned[left.Name()] = true
		case left.Is(ecma.MemberExpression) && maybeExports(left.Text()):
			exports = append(exports, n)
		case left.Is(ecma.MemberExpression):
			if x, _ := prototype(left); x.OK() {
				prototypes = append(prototypes, x)
			}
		}
	}
	l.hoistBody(program, 0)
	for _, x := range prototypes {
		l.classOf(x)
	}
	for n := range program.Statements() {
		for d := range n.All(ecma.RoleDeclarations) {
			if d.Child(ecma.RoleID).Is(ecma.Identifier) && d.Init().OK() {
				l.m.constants[d.Name()] = d.Init()
			}
		}
	}
	for n := range program.Statements() {
		l.exportsOf(n)
	}
	for _, n := range exports {
		if name, ok := l.exportTarget(n.Child(ecma.RoleLeft)); ok && n.Operator() == "=" {
			l.exportValue(name, n.Child(ecma.RoleRight))
		}
	}
	for n := range l.m.tree.Find(ecma.CallExpression) {
		l.exportCall(n)
	}
}

func maybeExports(text string) bool {
	return len(text) > 7 && (text[:7] == "exports" || text[:6] == "module")
}

// exportsOf reads the forms of export.
func (l *lowerer) exportsOf(n ecma.Node) {
	m := l.m
	switch n.Kind() {
	case ecma.ExportNamedDeclaration:
		if d := n.Child(ecma.RoleDeclaration); d.OK() {
			l.exportNames(d)
			return
		}
		source := n.Child(ecma.RoleSource)
		for spec := range n.All(ecma.RoleSpecifiers) {
			local := spec.Child(ecma.RoleLocal).Name()
			if source.OK() {
				m.exports[spec.Exported()] = &binding{ref: &ref{base: m.target(source.Value()), path: []string{local}}}
			} else if b := l.names[local]; b != nil {
				m.exports[spec.Exported()] = b
			}
		}
	case ecma.ExportAllDeclaration:
		t := m.target(n.Source())
		if e := n.Child(ecma.RoleExported); e.OK() {
			m.exports[e.Name()] = &binding{ref: &ref{base: t}}
		} else {
			m.stars = append(m.stars, t)
		}
	case ecma.ExportDefaultDeclaration:
		d := n.Child(ecma.RoleDeclaration)
		switch {
		case d.Is(ecma.FunctionDeclaration) && d.Name() == "" && d.Body().OK():
			f := l.newFunc(d, "default")
			m.functions[d.Index()] = f
			m.exports["default"] = &binding{is: thing{kind: function, f: f}}
		case d.Is(ecma.ClassDeclaration) && d.Name() == "":
			m.exports["default"] = &binding{is: thing{kind: class, c: l.newClass(d, "default")}}
		case d.Kind().Function() && d.Is(ecma.FunctionDeclaration), d.Is(ecma.ClassDeclaration, ecma.TSInterfaceDeclaration):
			if b := l.names[d.Name()]; b != nil {
				m.exports["default"] = b
			}
		default:
			l.exportAs("default", d)
		}
	case ecma.TSExportAssignment:
		l.exportValue("", n.Child(ecma.RoleExpression))
	}
}

// exportNames exports what a declaration declares.
func (l *lowerer) exportNames(n ecma.Node) {
	switch n.Kind() {
	case ecma.VariableDeclaration:
		for d := range n.All(ecma.RoleDeclarations) {
			l.exportPattern(d.Child(ecma.RoleID))
		}
	default:
		if b := l.names[n.Name()]; b != nil {
			l.m.exports[n.Name()] = b
		}
	}
}

func (l *lowerer) exportPattern(n ecma.Node) {
	switch n.Kind() {
	case ecma.Identifier:
		if b := l.names[n.Name()]; b != nil {
			l.m.exports[n.Name()] = b
		}
	case ecma.ObjectPattern, ecma.ArrayPattern, ecma.AssignmentPattern, ecma.Property, ecma.RestElement:
		for c := range n.Children() {
			if c.Role() != ecma.RoleKey && c.Role() != ecma.RoleRight {
				l.exportPattern(c)
			}
		}
	}
}

// exportTarget reports whether an expression is module.exports (""), or a member of
// that or of exports.
func (l *lowerer) exportTarget(n ecma.Node) (name string, ok bool) {
	switch {
	case n.Is(ecma.Identifier):
		return "", n.Name() == "exports" && l.names["exports"] == nil
	case !n.Is(ecma.MemberExpression) || n.Property() == "":
		return "", false
	}
	object := n.Object().Plain()
	switch {
	case object.Is(ecma.Identifier) && object.Name() == "module":
		return "", n.Property() == "exports" && l.names["module"] == nil
	case object.Is(ecma.Identifier) && object.Name() == "exports":
		return n.Property(), l.names["exports"] == nil
	case object.Is(ecma.MemberExpression) && object.Property() == "exports" && object.Object().Is(ecma.Identifier):
		return n.Property(), object.Object().Name() == "module" && l.names["module"] == nil
	}
	return "", false
}

// exportValue notes that a name, or with "" module.exports itself, is x.
func (l *lowerer) exportValue(name string, x ecma.Node) {
	x = x.Plain()
	for x.Is(ecma.AssignmentExpression) {
		x = x.Child(ecma.RoleRight).Plain()
	}
	if name != "" {
		if !x.Is(ecma.UnaryExpression) || x.Operator() != "void" {
			l.exportAs(name, x)
		}
		return
	}
	if !x.Is(ecma.ObjectExpression) {
		l.m.replaced = true
		l.m.object = false
		l.exportAs("default", x)
		return
	}
	l.m.object = !l.m.replaced
	l.exportVar("default", x)
	l.exportFields(x)
}

// exportFields exports the fields of a literal object.
func (l *lowerer) exportFields(x ecma.Node) {
	for p := range x.All(ecma.RoleProperties) {
		switch {
		case p.Is(ecma.SpreadElement):
			if r, ok := l.required(p.Child(ecma.RoleArgument)); ok && len(r.path) == 0 {
				l.m.stars = append(l.m.stars, r.base)
			} else if b := l.names[p.Child(ecma.RoleArgument).Name()]; b != nil && b.ref != nil && len(b.ref.path) == 0 {
				l.m.stars = append(l.m.stars, b.ref.base)
			}
		case p.Key().Name() != "" && !p.Has(ecma.Getter|ecma.Setter):
			l.exportAs(p.Key().Name(), p.Child(ecma.RoleValue))
		}
	}
}

// exportAs exports x under a name: what it stands for, or else a variable.
func (l *lowerer) exportAs(name string, x ecma.Node) {
	old := l.m.exports[name]
	if r, ok := l.static(x); ok && old == nil {
		if r.from != nil && len(r.path) == 0 {
			l.m.exports[name] = r.from
		} else {
			l.m.exports[name] = &binding{ref: &r}
		}
		return
	}
	l.exportVar(name, x)
}

func (l *lowerer) exportVar(name string, x ecma.Node) {
	if old := l.m.exports[name]; old != nil && old.name == "exports."+name {
		return
	}
	l.m.exports[name] = &binding{name: "exports." + name, is: thing{kind: variable, v: l.newVar(x, name)}}
}

// exported is the variable of an export that has one of its own.
func (m *module) exported(name string) *ir.Var {
	if name == "" {
		name = "default"
	}
	if b := m.exports[name]; b != nil && b.name == "exports."+name {
		return b.is.v
	}
	return nil
}

// exportCall reads the calls by which programs and compilers export.
func (l *lowerer) exportCall(n ecma.Node) {
	callee := n.First()
	switch callee.Kind() {
	case ecma.Identifier:
	case ecma.MemberExpression:
		if p := callee.Property(); p != "assign" && p != "defineProperty" && p != "__exportStar" {
			return
		}
	default:
		return
	}
	first := n.Arg(0)
	if !first.Is(ecma.MemberExpression, ecma.Identifier, ecma.CallExpression) {
		return
	}
	switch callee.Path() {
	case "Object.assign":
		if name, ok := l.exportTarget(first); ok && name == "" {
			for arg := range n.Args() {
				if arg.Is(ecma.ObjectExpression) {
					l.exportFields(arg)
				}
			}
		}
	case "Object.defineProperty":
		name, ok := l.exportTarget(first)
		if !ok || name != "" || !n.Arg(1).Is(ecma.StringLiteral) {
			return
		}
		for p := range n.Arg(2).All(ecma.RoleProperties) {
			if p.Key().Name() != "get" {
				continue
			}
			for s := range p.Child(ecma.RoleValue).Body().Statements() {
				x := s
				if s.Is(ecma.ReturnStatement) {
					x = s.Child(ecma.RoleArgument)
				}
				if r, ok := l.static(x); ok && l.m.exports[n.Arg(1).Value()] == nil {
					l.m.exports[n.Arg(1).Value()] = &binding{ref: &r}
				}
			}
		}
	case "__exportStar", "tslib_1.__exportStar", "__export":
		if r, ok := l.required(first); ok {
			l.m.stars = append(l.m.stars, r.base)
		}
	}
}

// link makes every export and import known, and must be done before bodies are read.
func link(modules []*module) {
	for _, m := range modules {
		m.flatten()
	}
	for _, m := range modules {
		for _, b := range m.exports {
			b.resolve()
		}
		for _, b := range m.names {
			b.resolve()
		}
	}
}

// flatten lists the modules that export * leads to, which may be in a circle.
func (m *module) flatten() {
	if len(m.stars) == 0 {
		return
	}
	seen := map[*module]bool{m: true}
	queue := []*module{m}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, s := range next.stars {
			switch {
			case s.kind == whole && !seen[s.m] && len(m.all) < maxPassedOn:
				seen[s.m] = true
				m.all = append(m.all, s.m)
				queue = append(queue, s.m)
			case s.kind == pkg:
				m.packages = append(m.packages, s)
			}
		}
	}
}
