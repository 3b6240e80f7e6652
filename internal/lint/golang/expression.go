package golang

import (
	"go/ast"
	"go/token"
	"strconv"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

var operators = map[token.Token]ir.OpKind{
	token.LAND: ir.And, token.LOR: ir.Or, token.EQL: ir.Equal, token.NEQ: ir.NotEqual,
	token.LSS: ir.Less, token.LEQ: ir.LessEqual, token.GTR: ir.Greater, token.GEQ: ir.GreaterEqual,
	token.ADD: ir.Add, token.SUB: ir.Sub, token.MUL: ir.Mul, token.QUO: ir.Div,
}

func (l *lowerer) exprs(list []ast.Expr) []ir.Expr {
	if len(list) == 0 {
		return nil
	}
	out := l.alloc.list(len(list))
	for i, x := range list {
		out[i] = l.expr(x)
	}
	return out
}

// expr is never nil.
func (l *lowerer) expr(x ast.Expr) ir.Expr {
	if x == nil {
		return &ir.Unknown{}
	}
	if !l.enter() {
		return &ir.Unknown{Span: l.span(x)}
	}
	defer l.leave()
	switch x := x.(type) {
	case *ast.Ident:
		return l.ident(x)
	case *ast.BasicLit:
		return l.literal(x)
	case *ast.ParenExpr:
		return l.expr(x.X)
	case *ast.StarExpr:
		return l.expr(x.X)
	case *ast.SelectorExpr:
		return l.selector(x)
	case *ast.CallExpr:
		return l.call(x)
	case *ast.FuncLit:
		return l.funcLit(x)
	case *ast.CompositeLit:
		return l.composite(x, nil)
	case *ast.UnaryExpr:
		switch x.Op {
		case token.AND:
			if id, ok := ast.Unparen(x.X).(*ast.Ident); ok {
				if o := l.locals.find(id.Name); o != nil {
					o.shared = true
				}
			}
			return l.expr(x.X)
		case token.NOT:
			return &ir.Op{Span: l.span(x), Kind: ir.Not, Args: []ir.Expr{l.expr(x.X)}}
		}
		return &ir.Op{Span: l.span(x), Args: []ir.Expr{l.expr(x.X)}}
	case *ast.BinaryExpr:
		if x.Op == token.ADD {
			return &ir.Op{Span: l.span(x), Kind: ir.Add, Args: l.sum(x)}
		}
		op := l.alloc.op.get()
		args := l.alloc.list(2)
		args[0], args[1] = l.expr(x.X), l.expr(x.Y)
		op.Span, op.Kind, op.Args = l.span(x), operators[x.Op], args
		return op
	case *ast.IndexExpr:
		if l.instance(x) {
			return l.expr(x.X)
		}
		return &ir.Index{Span: l.span(x), X: l.expr(x.X), Key: l.expr(x.Index)}
	case *ast.IndexListExpr:
		return l.expr(x.X)
	case *ast.SliceExpr:
		args := []ir.Expr{l.expr(x.X)}
		if x.Low != nil {
			args = append(args, l.expr(x.Low))
		} else {
			args = append(args, l.constant(l.between(x.Lbrack, x.Lbrack+1), ir.Number, "0"))
		}
		if x.High != nil {
			args = append(args, l.expr(x.High))
		}
		if x.Max != nil {
			args = append(args, l.expr(x.Max))
		}
		return &ir.Op{Span: l.span(x), Kind: ir.Slice, Args: args}
	case *ast.TypeAssertExpr:
		return &ir.Convert{Span: l.span(x), Type: l.typeOf(x.Type), X: l.expr(x.X)}
	case *ast.KeyValueExpr:
		return l.expr(x.Value)
	case *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.StructType, *ast.InterfaceType:
		return typeRef(l.typeOf(x), l.span(x))
	}
	return &ir.Unknown{Span: l.span(x)}
}

func (l *lowerer) constant(at ir.Span, kind ir.ConstKind, text string) ir.Expr {
	c := l.alloc.constant.get()
	c.Span, c.Kind, c.Text = at, kind, text
	return c
}

func (l *lowerer) literal(x *ast.BasicLit) ir.Expr {
	if x.Kind == token.STRING {
		text, err := strconv.Unquote(x.Value)
		if err != nil {
			text = x.Value
		}
		return l.constant(l.span(x), ir.String, text)
	}
	return l.constant(l.span(x), ir.Number, x.Value)
}

// sum lists the operands of a row of +, from left to right. A row can be longer
// than anything may be deep.
func (l *lowerer) sum(x *ast.BinaryExpr) []ir.Expr {
	n := 2
	for y, ok := x.X.(*ast.BinaryExpr); ok && y.Op == token.ADD; y, ok = y.X.(*ast.BinaryExpr) {
		n++
	}
	args := l.alloc.list(n)
	for {
		n--
		args[n] = l.expr(x.Y)
		y, ok := x.X.(*ast.BinaryExpr)
		if !ok || y.Op != token.ADD {
			args[0] = l.expr(x.X)
			return args
		}
		x = y
	}
}

// instance says whether an index is a list of type arguments.
func (l *lowerer) instance(x *ast.IndexExpr) bool {
	if l.isType(x.Index) {
		return true
	}
	switch f := x.X.(type) {
	case *ast.Ident:
		o := l.find(f.Name)
		return o != nil && (o.fn != nil || o.class != nil)
	case *ast.SelectorExpr:
		if imp := l.imported(f.X); imp != nil {
			if imp.unit != nil {
				o := imp.unit.scope[f.Sel.Name]
				return o != nil && (o.fn != nil || o.class != nil)
			}
			if arg, ok := x.Index.(*ast.SelectorExpr); ok {
				return l.imported(arg.X) != nil
			}
			if arg, ok := x.Index.(*ast.StarExpr); ok {
				return arg != nil
			}
		}
	}
	return false
}

func (l *lowerer) selector(x *ast.SelectorExpr) ir.Expr {
	at := l.span(x)
	if imp := l.imported(x.X); imp != nil {
		from := imp.path
		if imp.unit != nil {
			if o := imp.unit.scope[x.Sel.Name]; o != nil && x.Sel.IsExported() {
				if e := l.use(o, at); e != nil {
					return e
				}
			}
			from = imp.unit.path
		}
		return &ir.Extern{Span: at, Symbol: l.symbol(from, x.Sel.Name)}
	}
	m := l.alloc.member.get()
	m.Span, m.X, m.Name, m.Of = at, l.expr(x.X), x.Sel.Name, l.span(x.Sel)
	return m
}

// symbol names something of a package outside.
func (l *lowerer) symbol(path, name string) string {
	key := [2]string{path, name}
	s := l.symbols[key]
	if s == "" {
		s = "go:" + path + "." + name
		if l.symbols == nil {
			l.symbols = make(map[[2]string]string)
		}
		l.symbols[key] = s
	}
	return s
}

func (l *lowerer) call(x *ast.CallExpr) ir.Expr {
	if l.isType(x.Fun) && len(x.Args) == 1 {
		return &ir.Convert{Span: l.span(x), Type: l.typeOf(x.Fun), X: l.expr(x.Args[0])}
	}
	if id, ok := x.Fun.(*ast.Ident); ok && len(x.Args) > 0 && (id.Name == "new" || id.Name == "make") && l.find(id.Name) == nil {
		if made := l.made(x, id.Name); made != nil {
			return made
		}
	}
	c := l.alloc.call.get()
	c.Span, c.Spread = l.span(x), x.Ellipsis.IsValid()
	c.Fun = l.expr(x.Fun)
	c.Args = l.exprs(x.Args)
	return c
}

// made is what new(T) and make(T, …) give: an empty T. It is nil for new(x), a copy
// of a value.
func (l *lowerer) made(x *ast.CallExpr, how string) ir.Expr {
	at := l.span(x)
	if how == "make" {
		t := l.typeOf(x.Args[0])
		if under := bottom(t); under != nil && under.Elem != nil && !under.Map {
			return &ir.List{Span: at, Type: t}
		}
		return &ir.Object{Span: at, Type: t}
	}
	if sel, ok := x.Args[0].(*ast.SelectorExpr); !l.isType(x.Args[0]) && (!ok || l.imported(sel.X) == nil) {
		return l.expr(x.Args[0])
	}
	return &ir.Object{Span: at, Type: l.typeOf(x.Args[0])}
}

// bottom looks through named types of the program.
func bottom(t *ir.Type) *ir.Type {
	for range 10 {
		if t == nil || t.Class == nil || t.Class.Underlying == nil {
			return t
		}
		t = t.Class.Underlying
	}
	return t
}

func (l *lowerer) funcLit(x *ast.FuncLit) ir.Expr {
	fn := &ir.Func{Span: l.span(x), Module: l.unit.module, Outer: l.fn}
	if c := l.closures; c.direct != "" {
		fn.Name, c.direct = c.direct, ""
	} else {
		fn.Name = c.next()
	}
	fn.Doc = l.file.docBefore(fn.Start)
	l.unit.funcs = append(l.unit.funcs, fn)
	l.parameters(fn, x.Type, nil)
	inner := &counter{name: fn.Name + "."}
	if fn.Outer == l.unit.module.Body {
		inner.name += "func"
	}
	l.funcBody(fn, x.Type, nil, x.Body, inner)
	return &ir.FuncRef{Span: fn.Span, Func: fn, Literal: true}
}

// composite translates T{…}; outer is the type of the elements around, for those
// that leave out their own.
func (l *lowerer) composite(x *ast.CompositeLit, outer *ir.Type) ir.Expr {
	t := outer
	if x.Type != nil {
		t = l.typeOf(x.Type)
	}
	at := l.span(x)
	under := bottom(t)
	if under != nil && under.Elem != nil && !under.Map {
		list := &ir.List{Span: at, Type: t}
		if !data(x.Elts) {
			list.Elems = l.alloc.list(len(x.Elts))
			for i, e := range x.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					e = kv.Value
				}
				list.Elems[i] = l.element(e, under.Elem)
			}
		}
		return list
	}
	obj := &ir.Object{Span: at, Type: t, Fields: make([]ir.Field, 0, len(x.Elts))}
	var class *ir.Class
	var elem *ir.Type
	if under != nil {
		class, elem = under.Class, under.Elem
	}
	for i, e := range x.Elts {
		f := ir.Field{Span: l.span(e)}
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			if class != nil && i < len(class.Fields) {
				f.Name = class.Fields[i].Name
			}
			f.Value = l.element(e, elem)
			obj.Fields = append(obj.Fields, f)
			continue
		}
		switch key := kv.Key.(type) {
		case *ast.Ident:
			// A field; but a key, of a map that we know, or of a type elsewhere
			// whose fields have capitals.
			isMap := under != nil && under.Map
			isMap = isMap || class == nil && !key.IsExported()
			if isMap {
				f.Key = l.expr(key)
			} else {
				f.Name = key.Name
			}
		case *ast.CompositeLit:
			f.Key = l.composite(key, nil)
		default:
			f.Key = l.expr(key)
			if c, ok := f.Key.(*ir.Const); ok && c.Kind == ir.String {
				f.Name, f.Key = c.Text, nil
			}
		}
		f.Value = l.element(kv.Value, elem)
		obj.Fields = append(obj.Fields, f)
	}
	return obj
}

func (l *lowerer) element(x ast.Expr, t *ir.Type) ir.Expr {
	if lit, ok := x.(*ast.CompositeLit); ok && lit.Type == nil {
		if !l.enter() {
			return &ir.Unknown{Span: l.span(x)}
		}
		defer l.leave()
		return l.composite(lit, t)
	}
	return l.expr(x)
}

// data says whether a long list holds numbers alone: a table or an embedded file.
func data(elts []ast.Expr) bool {
	if len(elts) < 256 {
		return false
	}
	for _, e := range elts {
		if b, ok := e.(*ast.BasicLit); !ok || b.Kind == token.STRING {
			return false
		}
	}
	return true
}
