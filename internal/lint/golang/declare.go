package golang

import (
	"go/ast"
	"go/token"
	"slices"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A lowerer translates one package.
type lowerer struct {
	unit        *unit
	sources     []*source
	file        *source // in which we are
	locals      locals
	fn          *ir.Func
	results     []*ir.Var // of fn, where they have names
	closures    *counter
	iota        int
	posts       bool // in what a for does after each turn
	depth       int
	alloc       nodes
	classTypes  map[*ir.Class]*ir.Type
	symbolTypes map[string]*ir.Type
	symbols     map[[2]string]string
	skipped     map[ast.Decl]bool
	bodies      map[*ast.FuncDecl]*ir.Func
}

// read translates the package.
func (u *unit) read() {
	defer close(u.done)
	body := &ir.Func{Name: "<module>"}
	u.module = &ir.Module{Language: ir.Go, Path: u.path, Body: body, Exports: make(map[string]ir.Expr)}
	body.Module = u.module
	u.scope = make(map[string]*object)
	l := &lowerer{
		unit: u, classTypes: make(map[*ir.Class]*ir.Type), symbolTypes: make(map[string]*ir.Type),
		skipped: make(map[ast.Decl]bool), bodies: make(map[*ast.FuncDecl]*ir.Func),
	}
	for _, h := range u.headers {
		l.sources = append(l.sources, parse(h)...)
		u.module.Files = append(u.module.Files, h.file)
	}
	for _, dep := range u.deps {
		<-dep.done
	}
	if len(u.headers) > 0 {
		body.Span = ir.Span{File: u.headers[0].file}
	}
	for _, s := range l.sources {
		s.bind(u)
	}
	l.declare()
	l.lower()
}

// declare makes an object of every name that the package declares: first all
// names, so that types can refer to each other, then what they stand for.
func (l *lowerer) declare() {
	// What is built for linux/amd64 comes first, and counts.
	files := slices.Clone(l.sources)
	slices.SortStableFunc(files, func(a, b *source) int {
		switch {
		case a.header.fits == b.header.fits:
			return 0
		case a.header.fits:
			return -1
		}
		return 1
	})
	type typeDecl struct {
		file  *source
		spec  *ast.TypeSpec
		class *ir.Class
	}
	var types []typeDecl
	methods := make(map[[2]string]bool)
	for _, s := range files {
		l.file = s
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						if l.unit.scope[spec.Name.Name] != nil {
							continue
						}
						o := l.typeObject(spec)
						l.unit.scope[spec.Name.Name] = o
						if o.class != nil {
							types = append(types, typeDecl{s, spec, o.class})
						}
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							if l.unit.scope[name.Name] == nil {
								l.unit.scope[name.Name] = &object{v: l.variable(name, nil, l.unit.module.Body)}
							}
						}
					}
				}
			case *ast.FuncDecl:
				key := [2]string{receiver(d), d.Name.Name}
				if methods[key] && !s.header.fits && d.Name.Name != "init" && d.Name.Name != "main" {
					l.skipped[d] = true
					continue
				}
				methods[key] = true
				if d.Recv == nil && d.Name.Name != "init" && d.Name.Name != "_" && l.unit.scope[d.Name.Name] == nil {
					fn := l.function(d)
					l.unit.scope[d.Name.Name] = &object{fn: fn}
				}
			}
		}
	}
	for _, t := range types {
		l.file = t.file
		mark := l.locals.open()
		l.typeParams(t.spec.TypeParams)
		l.fillClass(t.class, t.spec.Type)
		l.locals.close(mark)
	}
	for _, s := range l.sources {
		l.file = s
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				l.declareTypes(d)
			case *ast.FuncDecl:
				if !l.skipped[d] {
					l.declareFunc(d)
				}
			}
		}
	}
	for name, o := range l.unit.scope {
		if o.isType {
			l.aliased(o)
		}
		if token.IsExported(name) {
			if e := l.use(o, l.place(o)); e != nil {
				l.unit.module.Exports[name] = e
			}
		}
	}
}

func (l *lowerer) place(o *object) ir.Span {
	switch {
	case o.v != nil:
		return o.v.Span
	case o.fn != nil:
		return o.fn.Span
	case o.class != nil:
		return o.class.Span
	}
	return ir.Span{}
}

// typeObject makes a class of a type, or remembers what it is another name of.
func (l *lowerer) typeObject(spec *ast.TypeSpec) *object {
	if spec.Assign.IsValid() {
		return &object{isType: true, alias: spec.Type, file: l.file}
	}
	return &object{class: l.newClass(spec.Name.Name, spec)}
}

// declareTypes gives the variables of a declaration their types.
func (l *lowerer) declareTypes(d *ast.GenDecl) {
	l.eachValue(d, func(spec *ast.ValueSpec) {
		if spec.Type == nil {
			return
		}
		t := l.typeOf(spec.Type)
		for _, name := range spec.Names {
			if o := l.unit.scope[name.Name]; o != nil && o.v != nil && o.v.Span == l.span(name) {
				o.v.Type = t
			}
		}
	})
}

func (l *lowerer) function(d *ast.FuncDecl) *ir.Func {
	fn := l.bodies[d]
	if fn == nil {
		fn = &ir.Func{Span: l.span(d), Name: d.Name.Name, Module: l.unit.module, Outer: l.unit.module.Body, Exported: d.Name.IsExported()}
		fn.Start = int32(int(d.Type.Func) - l.file.base)
		l.bodies[d] = fn
	}
	return fn
}

// declareFunc says which parameters a function has, and which class.
func (l *lowerer) declareFunc(d *ast.FuncDecl) {
	fn := l.function(d)
	fn.Doc = l.file.doc(d.Doc)
	mark := l.locals.open()
	if name := receiver(d); name != "" {
		fn.Name = name + "." + d.Name.Name
		o := l.unit.scope[name]
		if o == nil { // declared in a file that is not there
			o = &object{class: l.newClass(name, d.Recv)}
			l.unit.scope[name] = o
		}
		if t := l.typeOfObject(o); t != nil && t.Class != nil {
			fn.Class = t.Class
			if t.Class.Name != "" { // not that of an alias
				fn.Name = t.Class.Name + "." + d.Name.Name
			}
			l.method(fn.Class, d.Name.Name, fn)
		}
		l.receiverTypes(d.Recv.List[0].Type)
	}
	l.typeParams(d.Type.TypeParams)
	l.parameters(fn, d.Type, d.Recv)
	l.locals.close(mark)
}

// receiver is the name of the type of a method.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	return lastName(d.Recv.List[0].Type)
}

// receiverTypes declares the names that a receiver gives to the parameters of its
// type. Their constraints stand elsewhere.
func (l *lowerer) receiverTypes(x ast.Expr) {
	for {
		switch t := x.(type) {
		case *ast.StarExpr:
			x = t.X
			continue
		case *ast.ParenExpr:
			x = t.X
			continue
		case *ast.IndexExpr:
			l.typeName(t.Index, nil)
		case *ast.IndexListExpr:
			for _, i := range t.Indices {
				l.typeName(i, nil)
			}
		}
		return
	}
}

func (l *lowerer) typeName(x ast.Expr, t *ir.Type) {
	if id, ok := x.(*ast.Ident); ok && id.Name != "_" {
		l.locals.declare(id.Name, &object{isType: true, typ: t})
	}
}

// typeParams declares type parameters as their constraints.
func (l *lowerer) typeParams(list *ast.FieldList) {
	if list == nil {
		return
	}
	for _, f := range list.List {
		t := l.typeOf(f.Type)
		if t != nil && (t.Symbol == "go:builtin.any" || t.Symbol == "go:builtin.comparable") {
			t = nil
		}
		for _, name := range f.Names {
			l.typeName(name, t)
		}
	}
}

// parameters makes the variables of a signature.
func (l *lowerer) parameters(fn *ir.Func, sig *ast.FuncType, recv *ast.FieldList) {
	if recv != nil && len(recv.List) > 0 {
		f := recv.List[0]
		fn.Recv = &ir.Var{Span: l.span(f), Func: fn, Param: -1}
		if fn.Class != nil {
			fn.Recv.Type = l.classType(fn.Class)
		}
		if len(f.Names) > 0 {
			fn.Recv.Span, fn.Recv.Name = l.span(f.Names[0]), f.Names[0].Name
		}
	}
	if sig.Params != nil {
		for _, f := range sig.Params.List {
			t := l.typeOf(f.Type)
			_, rest := f.Type.(*ast.Ellipsis)
			fn.Variadic = fn.Variadic || rest
			for _, name := range f.Names {
				v := l.variable(name, t, fn)
				v.Param = len(fn.Params)
				fn.Params = append(fn.Params, v)
			}
			if len(f.Names) == 0 {
				fn.Params = append(fn.Params, &ir.Var{Span: l.span(f), Type: t, Func: fn, Param: len(fn.Params)})
			}
		}
	}
	fn.Results = l.fieldTypes(sig.Results)
}

func (l *lowerer) variable(name *ast.Ident, t *ir.Type, fn *ir.Func) *ir.Var {
	v := l.alloc.variable.get()
	v.Span, v.Name, v.Type, v.Func, v.Param = l.span(name), name.Name, t, fn, -1
	return v
}

// lower translates what runs.
func (l *lowerer) lower() {
	body := l.unit.module.Body
	l.unit.funcs = append(l.unit.funcs, body)
	var inits []ir.Stmt
	for _, s := range l.sources {
		l.file = s
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				l.fn = body
				l.eachValue(d, func(v *ast.ValueSpec) { body.Body = l.packageVars(body.Body, v) })
			case *ast.FuncDecl:
				if l.skipped[d] {
					continue
				}
				fn := l.function(d)
				l.unit.funcs = append(l.unit.funcs, fn)
				l.funcBody(fn, d.Type, d.Recv, d.Body, &counter{name: fn.Name + ".func"})
				if d.Recv == nil && d.Name.Name == "init" {
					at := l.span(d.Name)
					inits = append(inits, &ir.Do{Span: at, X: &ir.Call{Span: at, Fun: &ir.FuncRef{Span: at, Func: fn}}})
				}
			}
		}
	}
	body.Body = append(body.Body, inits...)
}

// eachValue visits the variables or constants of a declaration. A constant without
// a value has that of the one before it, in which iota is one more.
func (l *lowerer) eachValue(d *ast.GenDecl, visit func(*ast.ValueSpec)) {
	var last *ast.ValueSpec
	for i, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		l.iota = i
		if d.Tok == token.CONST && v.Type == nil && len(v.Values) == 0 && last != nil && last.End()-last.Pos() < 256 {
			again := *v
			again.Type, again.Values = last.Type, last.Values
			v = &again
		} else {
			last = v
		}
		visit(v)
	}
}

// packageVars sets the variables and constants of one declaration.
func (l *lowerer) packageVars(list []ir.Stmt, spec *ast.ValueSpec) []ir.Stmt {
	if len(spec.Values) == 0 {
		return list
	}
	set := &ir.Set{Span: l.spanOfSpec(spec), Declare: true}
	for i, x := range spec.Values {
		name := "<module>"
		if i < len(spec.Names) {
			name = spec.Names[i].Name
		}
		l.closures = &counter{name: name + ".func"}
		switch x.(type) {
		case *ast.FuncLit, *ast.CallExpr: // var h = wrap(func() {…})
			l.closures.direct = name
		}
		set.Right = append(set.Right, l.expr(x))
	}
	for _, name := range spec.Names {
		var left ir.Expr
		at := l.span(name)
		if o := l.unit.scope[name.Name]; o != nil && o.v != nil && o.v.Span == at && name.Name != "_" {
			left = l.use(o, at)
		}
		set.Left = append(set.Left, left)
	}
	return append(list, set)
}
