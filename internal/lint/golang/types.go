package golang

import (
	"go/ast"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// typeOf lowers a type. It is nil for one of which nothing is known.
func (l *lowerer) typeOf(x ast.Expr) *ir.Type {
	if !l.enter() {
		return nil
	}
	defer l.leave()
	switch x := x.(type) {
	case *ast.Ident:
		if o := l.find(x.Name); o != nil {
			return l.typeOfObject(o)
		}
		return l.symbolType(l.outside(x.Name))
	case *ast.SelectorExpr:
		imp := l.imported(x.X)
		switch {
		case imp == nil:
		case imp.unit == nil:
			return l.symbolType("go:" + imp.path + "." + x.Sel.Name)
		default:
			if o := imp.unit.scope[x.Sel.Name]; o != nil {
				return l.typeOfObject(o)
			}
			return l.symbolType("go:" + imp.unit.path + "." + x.Sel.Name)
		}
	case *ast.ParenExpr:
		return l.typeOf(x.X)
	case *ast.StarExpr:
		return l.typeOf(x.X)
	case *ast.UnaryExpr: // ~T of a constraint
		return l.typeOf(x.X)
	case *ast.IndexExpr:
		return l.typeOf(x.X)
	case *ast.IndexListExpr:
		return l.typeOf(x.X)
	case *ast.ArrayType:
		return &ir.Type{Elem: l.typeOf(x.Elt)}
	case *ast.Ellipsis:
		return &ir.Type{Elem: l.typeOf(x.Elt)}
	case *ast.ChanType:
		return &ir.Type{Elem: l.typeOf(x.Value)}
	case *ast.MapType:
		return &ir.Type{Map: true, Elem: l.typeOf(x.Value)}
	case *ast.FuncType:
		return &ir.Type{Func: l.signature(x)}
	case *ast.StructType:
		return &ir.Type{Class: l.anonymous(x)}
	case *ast.InterfaceType:
		if x.Methods == nil || len(x.Methods.List) == 0 {
			return l.symbolType("go:builtin.any")
		}
		return &ir.Type{Class: l.anonymous(x)}
	}
	return nil
}

func (l *lowerer) typeOfObject(o *object) *ir.Type {
	if o.class != nil {
		return l.classType(o.class)
	}
	return l.aliased(o) // nil for what is no type
}

// aliased looks behind an alias, once.
func (l *lowerer) aliased(o *object) *ir.Type {
	if o.alias == nil || o.busy {
		return o.typ
	}
	o.busy = true
	file := l.file
	l.file = o.file
	o.typ = l.typeOf(o.alias)
	l.file = file
	o.alias, o.busy = nil, false
	return o.typ
}

func (l *lowerer) classType(c *ir.Class) *ir.Type {
	t := l.classTypes[c]
	if t == nil {
		t = &ir.Type{Class: c}
		l.classTypes[c] = t
	}
	return t
}

func (l *lowerer) symbolType(symbol string) *ir.Type {
	t := l.symbolTypes[symbol]
	if t == nil {
		t = &ir.Type{Symbol: symbol}
		l.symbolTypes[symbol] = t
	}
	return t
}

func (l *lowerer) signature(x *ast.FuncType) *ir.Signature {
	return &ir.Signature{Params: l.fieldTypes(x.Params), Results: l.fieldTypes(x.Results)}
}

// fieldTypes lists one type for each name, or for what has none.
func (l *lowerer) fieldTypes(list *ast.FieldList) (types []*ir.Type) {
	if list == nil {
		return nil
	}
	for _, f := range list.List {
		t := l.typeOf(f.Type)
		for range max(1, len(f.Names)) {
			types = append(types, t)
		}
	}
	return types
}

func (l *lowerer) anonymous(x ast.Expr) *ir.Class {
	c := l.newClass("", x)
	l.fillClass(c, x)
	return c
}

func (l *lowerer) newClass(name string, x ast.Node) *ir.Class {
	c := &ir.Class{Span: l.span(x), Name: name, Module: l.unit.module}
	l.unit.classes = append(l.unit.classes, c)
	return c
}

// fillClass gives a class what its type expression says.
func (l *lowerer) fillClass(c *ir.Class, x ast.Expr) {
	switch x := x.(type) {
	case *ast.ParenExpr:
		l.fillClass(c, x.X)
	case *ast.StructType:
		if x.Fields == nil {
			return
		}
		for _, f := range x.Fields.List {
			t := l.typeOf(f.Type)
			for _, name := range f.Names {
				c.Fields = append(c.Fields, &ir.Var{Span: l.span(name), Name: name.Name, Type: t, Class: c, Param: -1})
			}
			if len(f.Names) == 0 {
				name := lastName(f.Type)
				c.Fields = append(c.Fields, &ir.Var{Span: l.span(f.Type), Name: name, Type: t, Class: c, Param: -1, Embedded: true})
				if t != nil {
					c.Embeds = append(c.Embeds, t)
				}
			}
		}
	case *ast.InterfaceType:
		c.Interface = true
		if x.Methods == nil {
			return
		}
		for _, f := range x.Methods.List {
			sig, ok := f.Type.(*ast.FuncType)
			if !ok || len(f.Names) == 0 {
				if t := l.typeOf(f.Type); t != nil {
					c.Embeds = append(c.Embeds, t)
				}
				continue
			}
			for _, name := range f.Names {
				fn := &ir.Func{Span: l.span(f), Name: c.Name + "." + name.Name, Module: l.unit.module, Outer: l.unit.module.Body, Class: c, Exported: name.IsExported(), Doc: l.file.doc(f.Doc)}
				l.parameters(fn, sig, nil)
				l.method(c, name.Name, fn)
			}
		}
	default:
		c.Underlying = l.typeOf(x)
	}
}

func (l *lowerer) method(c *ir.Class, name string, fn *ir.Func) {
	if c.Methods == nil {
		c.Methods = make(map[string]*ir.Func)
	}
	if c.Methods[name] == nil {
		c.Methods[name] = fn
	}
}

// lastName is the name of an embedded field, or of the type of a receiver.
func lastName(x ast.Expr) string {
	for {
		switch t := x.(type) {
		case *ast.Ident:
			return t.Name
		case *ast.SelectorExpr:
			return t.Sel.Name
		case *ast.StarExpr:
			x = t.X
		case *ast.ParenExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.IndexListExpr:
			x = t.X
		default:
			return ""
		}
	}
}

// isType says whether an expression is surely a type. Of pkg.Name outside the tree
// that cannot be told.
func (l *lowerer) isType(x ast.Expr) bool {
	for {
		switch t := x.(type) {
		case *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.StructType, *ast.InterfaceType:
			return true
		case *ast.ParenExpr:
			x = t.X
		case *ast.StarExpr:
			x = t.X
		case *ast.IndexExpr:
			x = t.X
		case *ast.IndexListExpr:
			x = t.X
		case *ast.Ident:
			if o := l.find(t.Name); o != nil {
				return o.class != nil || o.isType
			}
			return predeclaredTypes[t.Name]
		case *ast.SelectorExpr:
			imp := l.imported(t.X)
			if imp == nil || imp.unit == nil {
				return false
			}
			o := imp.unit.scope[t.Sel.Name]
			return o != nil && (o.class != nil || o.isType)
		default:
			return false
		}
	}
}

// imported says which package an expression names.
func (l *lowerer) imported(x ast.Expr) *imported {
	id, ok := x.(*ast.Ident)
	if !ok {
		return nil
	}
	if o := l.find(id.Name); o != nil {
		return o.imp
	}
	if predeclaredTypes[id.Name] || predeclaredFuncs[id.Name] || id.Name == "_" {
		return nil
	}
	if len(l.file.unsure) == 0 {
		return nil
	}
	return l.file.qualifier(id.Name)
}
