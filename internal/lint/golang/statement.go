package golang

import (
	"go/ast"
	"go/token"
	"strconv"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// maxDepth bounds how deep statements and expressions may nest, here and for all
// who walk what we make.
const maxDepth = 400

func (l *lowerer) enter() bool { l.depth++; return l.depth <= maxDepth || !l.tooDeep() }
func (l *lowerer) leave()      { l.depth-- }

func (l *lowerer) tooDeep() bool {
	l.depth--
	if l.file.file.Broken == "" {
		l.file.file.Broken = "nested too deep"
	}
	return true
}

// A counter names the function literals within a function, as the compiler does.
type counter struct {
	name   string
	direct string // name of the next one, where it is the value of a variable
	n      int
}

func (c *counter) next() string {
	c.n++
	return c.name + strconv.Itoa(c.n)
}

// span is where a node stands.
func (l *lowerer) span(n ast.Node) ir.Span {
	return l.between(n.Pos(), n.End())
}

func (l *lowerer) between(start, end token.Pos) ir.Span {
	size := len(l.file.file.Source)
	a := min(max(int(start)-l.file.base, 0), size)
	b := min(max(int(end)-l.file.base, a), size)
	return ir.Span{File: l.file.file, Start: int32(a), End: int32(b)}
}

// funcBody translates a function whose parameters are already there.
func (l *lowerer) funcBody(fn *ir.Func, sig *ast.FuncType, recv *ast.FieldList, body *ast.BlockStmt, closures *counter) {
	if body == nil {
		return
	}
	outer, results, counted := l.fn, l.results, l.closures
	l.fn, l.results, l.closures = fn, nil, closures
	mark := l.locals.open()
	if recv != nil && len(recv.List) > 0 {
		l.receiverTypes(recv.List[0].Type)
	}
	l.typeParams(sig.TypeParams)
	if fn.Recv != nil {
		l.bind(fn.Recv)
	}
	for _, v := range fn.Params {
		l.bind(v)
	}
	var list []ir.Stmt
	if sig.Results != nil {
		i := 0
		for _, f := range sig.Results.List {
			for _, name := range f.Names {
				v := l.variable(name, fn.Results[i], fn)
				l.results = append(l.results, v)
				l.bind(v)
				list = l.zero(list, v, f.Type)
				i++
			}
		}
	}
	fn.Body = l.stmts(list, body.List)
	l.locals.close(mark)
	l.fn, l.results, l.closures = outer, results, counted
}

func (l *lowerer) bind(v *ir.Var) {
	if v.Name != "" && v.Name != "_" {
		l.locals.declare(v.Name, &object{v: v})
	}
}

// zero sets a variable to the zero value of its type, where it has one that we know.
func (l *lowerer) zero(list []ir.Stmt, v *ir.Var, typ ast.Expr) []ir.Stmt {
	if v.Name == "_" {
		return list
	}
	x := l.zeroOf(v, typ)
	if x == nil {
		return list
	}
	return append(list, &ir.Set{Span: v.Span, Left: []ir.Expr{&ir.Name{Span: v.Span, Var: v}}, Right: []ir.Expr{x}, Declare: true})
}

func (l *lowerer) zeroOf(v *ir.Var, typ ast.Expr) ir.Expr {
	at := v.Span
	switch typ := typ.(type) {
	case *ast.StarExpr, *ast.MapType, *ast.ChanType, *ast.FuncType, *ast.InterfaceType:
		return l.constant(at, ir.Nil, "nil")
	case *ast.ArrayType:
		if typ.Len == nil {
			return l.constant(at, ir.Nil, "nil")
		}
		return nil
	}
	t := v.Type
	for range 10 { // a ring of types is broken code
		switch {
		case t == nil:
			return nil
		case t.Class != nil && t.Class.Interface:
			return l.constant(at, ir.Nil, "nil")
		case t.Class != nil && t.Class.Underlying == nil:
			return &ir.Object{Span: at, Type: v.Type}
		case t.Class != nil:
			t = t.Class.Underlying
			continue
		case t.Func != nil, t.Map, t.Elem != nil:
			return l.constant(at, ir.Nil, "nil")
		}
		switch t.Symbol {
		case "go:builtin.error", "go:builtin.any":
			return l.constant(at, ir.Nil, "nil")
		case "go:builtin.string":
			return l.constant(at, ir.String, "")
		case "go:builtin.bool":
			return l.constant(at, ir.Bool, "false")
		case "go:builtin.int", "go:builtin.int32", "go:builtin.int64", "go:builtin.uint", "go:builtin.uint32", "go:builtin.uint64", "go:builtin.float64":
			return l.constant(at, ir.Number, "0")
		}
		return nil
	}
	return nil
}

func (l *lowerer) stmts(list []ir.Stmt, body []ast.Stmt) []ir.Stmt {
	if list == nil && len(body) > 0 {
		list = make([]ir.Stmt, 0, len(body))
	}
	for _, s := range body {
		list = l.stmt(list, s, "")
	}
	return list
}

// block translates a body with a scope of its own.
func (l *lowerer) block(body []ast.Stmt) []ir.Stmt {
	mark := l.locals.open()
	defer l.locals.close(mark)
	return l.stmts(nil, body)
}

// stmt appends what s becomes.
func (l *lowerer) stmt(list []ir.Stmt, s ast.Stmt, label string) []ir.Stmt {
	if s == nil || !l.enter() {
		return list
	}
	defer l.leave()
	switch s := s.(type) {
	case *ast.ExprStmt:
		return append(list, &ir.Do{Span: l.span(s), X: l.expr(s.X)})
	case *ast.AssignStmt:
		return append(list, l.assign(s))
	case *ast.IfStmt:
		mark := l.locals.open()
		defer l.locals.close(mark)
		list = l.stmt(list, s.Init, "")
		n := &ir.If{Span: l.span(s), Cond: l.expr(s.Cond), Then: l.block(s.Body.List)}
		switch e := s.Else.(type) {
		case nil:
		case *ast.BlockStmt:
			n.Else = l.block(e.List)
		default:
			n.Else = l.stmt(nil, e, "")
		}
		return append(list, n)
	case *ast.ReturnStmt:
		n := &ir.Return{Span: l.span(s), Values: l.exprs(s.Results)}
		if len(s.Results) == 0 {
			for _, v := range l.results {
				if o := l.locals.find(v.Name); o != nil && o.v != nil {
					v = o.v // as it was last set
				}
				n.Values = append(n.Values, &ir.Name{Span: n.Span, Var: v})
			}
		}
		return append(list, n)
	case *ast.DeclStmt:
		if d, ok := s.Decl.(*ast.GenDecl); ok {
			return l.localDecl(list, d)
		}
	case *ast.ForStmt:
		mark := l.locals.open()
		defer l.locals.close(mark)
		list = l.stmt(list, s.Init, "")
		n := &ir.Loop{Span: l.span(s), Label: label}
		if s.Cond != nil {
			n.Cond = l.expr(s.Cond)
		}
		n.Body = l.block(s.Body.List)
		posts := l.posts
		l.posts = true
		n.Body = l.stmt(n.Body, s.Post, "")
		l.posts = posts
		return append(list, n)
	case *ast.RangeStmt:
		return append(list, l.rangeOver(s, label))
	case *ast.SwitchStmt:
		mark := l.locals.open()
		defer l.locals.close(mark)
		list = l.stmt(list, s.Init, "")
		n := &ir.Switch{Span: l.span(s)}
		if s.Tag != nil {
			n.Tag = l.expr(s.Tag)
		}
		for _, c := range s.Body.List {
			if c, ok := c.(*ast.CaseClause); ok {
				values := l.exprs(c.List)
				n.Cases = append(n.Cases, &ir.Case{Span: l.span(c), Values: values, Body: l.block(c.Body), Fallthrough: falls(c.Body)})
			}
		}
		return labelled(list, n, label)
	case *ast.TypeSwitchStmt:
		mark := l.locals.open()
		defer l.locals.close(mark)
		list = l.stmt(list, s.Init, "")
		return labelled(list, l.typeSwitch(s), label)
	case *ast.SelectStmt:
		return labelled(list, l.selectFrom(s), label)
	case *ast.BlockStmt:
		return append(list, &ir.Block{Span: l.span(s), Body: l.block(s.List), Label: label})
	case *ast.LabeledStmt:
		switch s.Stmt.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.BlockStmt:
			return l.stmt(list, s.Stmt, s.Label.Name)
		}
		// The names that it declares are those of the block around it.
		return append(list, &ir.Block{Span: l.span(s), Body: l.stmt(nil, s.Stmt, ""), Label: s.Label.Name})
	case *ast.BranchStmt:
		if s.Tok == token.FALLTHROUGH {
			return list // its case says so
		}
		n := &ir.Jump{Span: l.span(s), Kind: s.Tok.String()}
		if s.Label != nil {
			n.Label = s.Label.Name
		}
		return append(list, n)
	case *ast.DeferStmt:
		return append(list, &ir.Defer{Span: l.span(s), X: l.expr(s.Call)})
	case *ast.GoStmt:
		return append(list, &ir.Spawn{Span: l.span(s), X: l.expr(s.Call)})
	case *ast.IncDecStmt:
		return append(list, &ir.Set{Span: l.span(s), Left: []ir.Expr{l.expr(s.X)}, Right: []ir.Expr{&ir.Op{Span: l.span(s), Args: l.again(s.X)}}})
	case *ast.SendStmt:
		at := l.span(s)
		return append(list, &ir.Do{Span: at, X: &ir.Op{Span: at, Args: []ir.Expr{l.expr(s.Chan), l.expr(s.Value)}}})
	}
	return list
}

// labelled puts a statement that has no label of its own into a block that has.
func labelled(list []ir.Stmt, s ir.Stmt, label string) []ir.Stmt {
	if label == "" {
		return append(list, s)
	}
	return append(list, &ir.Block{Span: s.At(), Body: []ir.Stmt{s}, Label: label})
}

func falls(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	b, ok := body[len(body)-1].(*ast.BranchStmt)
	return ok && b.Tok == token.FALLTHROUGH
}

// again reads what an assignment such as += changes, if nothing happens by that.
func (l *lowerer) again(x ast.Expr) []ir.Expr {
	for y := x; ; {
		switch t := y.(type) {
		case *ast.Ident:
			return []ir.Expr{l.expr(x)}
		case *ast.SelectorExpr:
			y = t.X
		case *ast.ParenExpr:
			y = t.X
		case *ast.StarExpr:
			y = t.X
		default:
			return nil
		}
	}
}

func (l *lowerer) assign(s *ast.AssignStmt) ir.Stmt {
	n := &ir.Set{Span: l.span(s), Declare: s.Tok == token.DEFINE}
	if s.Tok != token.DEFINE && s.Tok != token.ASSIGN && len(s.Lhs) == 1 && len(s.Rhs) == 1 {
		args := append(l.again(s.Lhs[0]), l.expr(s.Rhs[0]))
		kind := ir.Other
		if s.Tok == token.ADD_ASSIGN {
			kind = ir.Add
		}
		n.Left = []ir.Expr{l.target(s.Lhs[0], false, true)}
		n.Right = []ir.Expr{&ir.Op{Span: n.Span, Kind: kind, Args: args}}
		return n
	}
	n.Right = l.exprs(s.Rhs)
	n.Left = make([]ir.Expr, len(s.Lhs))
	for i, x := range s.Lhs {
		n.Left[i] = l.target(x, n.Declare, true)
	}
	return n
}

// target is what stands left of an assignment: nil for _. With renew, a variable may
// become another one by it.
func (l *lowerer) target(x ast.Expr, declare, renew bool) ir.Expr {
	id, ok := x.(*ast.Ident)
	if !ok {
		if x == nil {
			return nil
		}
		switch e := l.expr(x).(type) {
		case *ir.Name, *ir.Member, *ir.Index:
			return e
		default:
			return nil
		}
	}
	if id.Name == "_" {
		return nil
	}
	if o := l.locals.here(id.Name); o == nil && declare {
		l.bind(l.variable(id, nil, l.fn))
	} else if o != nil && renew {
		l.renew(o)
	}
	if e, ok := l.expr(id).(*ir.Name); ok {
		return e
	}
	return nil
}

// renew makes a variable another one from here on. In h = wrap(h), repeated, each h is
// then what it was set to, for those who do not look at the order of things. Here is
// the block that declares it, so that all uses that follow see this assignment; where
// somebody else could see the variable, or one could jump, it stays what it is.
func (l *lowerer) renew(o *object) {
	if o.v == nil || o.shared || o.v.Func != l.fn || l.posts || l.file.jumps {
		return
	}
	v := l.alloc.variable.get()
	*v = *o.v
	v.Param = -1
	l.bind(v)
}

func (l *lowerer) localDecl(list []ir.Stmt, d *ast.GenDecl) []ir.Stmt {
	for _, spec := range d.Specs {
		if spec, ok := spec.(*ast.TypeSpec); ok {
			o := l.typeObject(spec)
			l.locals.declare(spec.Name.Name, o)
			mark := l.locals.open()
			l.typeParams(spec.TypeParams)
			if o.class != nil {
				l.fillClass(o.class, spec.Type)
			} else {
				l.aliased(o)
			}
			l.locals.close(mark)
		}
	}
	l.eachValue(d, func(spec *ast.ValueSpec) { list = l.localVars(list, spec) })
	return list
}

func (l *lowerer) localVars(list []ir.Stmt, spec *ast.ValueSpec) []ir.Stmt {
	set := &ir.Set{Span: l.spanOfSpec(spec), Declare: true, Right: l.exprs(spec.Values)}
	var t *ir.Type
	if spec.Type != nil {
		t = l.typeOf(spec.Type)
	}
	for _, name := range spec.Names {
		v := l.variable(name, t, l.fn)
		l.bind(v)
		switch {
		case len(spec.Values) == 0 && spec.Type != nil:
			list = l.zero(list, v, spec.Type)
		case name.Name == "_":
			set.Left = append(set.Left, nil)
		default:
			set.Left = append(set.Left, &ir.Name{Span: v.Span, Var: v})
		}
	}
	if len(spec.Values) > 0 {
		list = append(list, set)
	}
	return list
}

// spanOfSpec is where a specification stands; its values may be those of another.
func (l *lowerer) spanOfSpec(spec *ast.ValueSpec) ir.Span {
	if len(spec.Names) == 0 {
		return l.span(spec)
	}
	end := spec.Names[len(spec.Names)-1].End()
	if n := len(spec.Values); n > 0 {
		end = max(end, spec.Values[n-1].End())
	}
	return l.between(spec.Names[0].Pos(), end)
}

func (l *lowerer) rangeOver(s *ast.RangeStmt, label string) ir.Stmt {
	n := &ir.Loop{Span: l.span(s), Over: l.expr(s.X), Label: label}
	mark := l.locals.open()
	defer l.locals.close(mark)
	if s.Key != nil {
		n.Each = append(n.Each, l.target(s.Key, s.Tok == token.DEFINE, false))
	}
	if s.Value != nil {
		n.Each = append(n.Each, l.target(s.Value, s.Tok == token.DEFINE, false))
	}
	n.Body = l.block(s.Body.List)
	return n
}

func (l *lowerer) typeSwitch(s *ast.TypeSwitchStmt) ir.Stmt {
	n := &ir.Switch{Span: l.span(s), Types: true}
	var bind *ast.Ident
	var x ast.Expr
	switch a := s.Assign.(type) {
	case *ast.ExprStmt:
		x = a.X
	case *ast.AssignStmt:
		if len(a.Lhs) == 1 && len(a.Rhs) == 1 {
			bind, _ = a.Lhs[0].(*ast.Ident)
			x = a.Rhs[0]
		}
	}
	if t, ok := x.(*ast.TypeAssertExpr); ok {
		n.Tag = l.expr(t.X)
	}
	for _, c := range s.Body.List {
		clause, ok := c.(*ast.CaseClause)
		if !ok {
			continue
		}
		k := &ir.Case{Span: l.span(clause), Values: make([]ir.Expr, 0, len(clause.List))}
		for _, t := range clause.List {
			k.Values = append(k.Values, l.typeValue(t))
		}
		mark := l.locals.open()
		if bind != nil {
			var t *ir.Type
			if len(clause.List) == 1 && !isNil(clause.List[0]) {
				t = l.typeOf(clause.List[0])
			}
			k.Bind = l.variable(bind, t, l.fn)
			l.bind(k.Bind)
		}
		k.Body = l.stmts(nil, clause.Body)
		l.locals.close(mark)
		n.Cases = append(n.Cases, k)
	}
	return n
}

// typeValue is a type as an expression; nil is one too.
func (l *lowerer) typeValue(x ast.Expr) ir.Expr {
	if isNil(x) {
		return l.expr(x)
	}
	return typeRef(l.typeOf(x), l.span(x))
}

func isNil(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "nil"
}

func (l *lowerer) selectFrom(s *ast.SelectStmt) ir.Stmt {
	n := &ir.Switch{Span: l.span(s)}
	for _, c := range s.Body.List {
		clause, ok := c.(*ast.CommClause)
		if !ok {
			continue
		}
		k := &ir.Case{Span: l.span(clause)}
		mark := l.locals.open()
		if clause.Comm != nil {
			k.Values = []ir.Expr{&ir.Unknown{Span: l.span(clause.Comm)}}
			k.Body = l.stmt(nil, clause.Comm, "")
		}
		k.Body = l.stmts(k.Body, clause.Body)
		l.locals.close(mark)
		n.Cases = append(n.Cases, k)
	}
	return n
}
