package golang

import (
	"go/ast"
	"go/token"
	"strconv"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// An object is what a name stands for. One of the fields is set.
type object struct {
	v      *ir.Var
	shared bool // v is used by a function literal, or by its address
	fn     *ir.Func
	class  *ir.Class
	imp    *imported
	// Of an alias or type parameter: typ, and for an alias that nobody has looked
	// at yet its expression and file.
	isType bool
	typ    *ir.Type
	alias  ast.Expr
	file   *source
	busy   bool
}

// A binding is a name of a function. Bindings of one name form a chain, the
// innermost first.
type binding struct {
	name  string
	obj   *object
	outer int32
	level int32
}

// locals are the scopes within a function.
type locals struct {
	stack []binding
	top   map[string]int32 // index of the innermost binding, plus 1
	level int32
}

func (s *locals) open() int {
	s.level++
	return len(s.stack)
}

func (s *locals) close(mark int) {
	for i := len(s.stack) - 1; i >= mark; i-- {
		if b := &s.stack[i]; b.outer == 0 {
			delete(s.top, b.name)
		} else {
			s.top[b.name] = b.outer
		}
	}
	clear(s.stack[mark:])
	s.stack = s.stack[:mark]
	s.level--
}

func (s *locals) declare(name string, obj *object) {
	if s.top == nil {
		s.top = make(map[string]int32)
	}
	s.stack = append(s.stack, binding{name, obj, s.top[name], s.level})
	s.top[name] = int32(len(s.stack))
}

func (s *locals) find(name string) *object {
	if i := s.top[name]; i > 0 {
		return s.stack[i-1].obj
	}
	return nil
}

// here finds a name that the innermost scope itself declares.
func (s *locals) here(name string) *object {
	if i := s.top[name]; i > 0 && s.stack[i-1].level == s.level {
		return s.stack[i-1].obj
	}
	return nil
}

// find says what a name stands for at this point. It is nil for what is
// predeclared and for what nobody declares.
func (l *lowerer) find(name string) *object {
	if o := l.locals.find(name); o != nil {
		return o
	}
	if o := l.unit.scope[name]; o != nil {
		return o
	}
	if o := l.file.names[name]; o != nil {
		return o
	}
	for _, imp := range l.file.dots {
		if imp.unit != nil && token.IsExported(name) {
			if o := imp.unit.scope[name]; o != nil {
				return o
			}
		}
	}
	return nil
}

// use makes an expression of an object. It is nil if the object is none.
func (l *lowerer) use(o *object, at ir.Span) ir.Expr {
	switch {
	case o.v != nil:
		if o.v.Func != l.fn && o.v.Func.Outer != nil { // of a function, not of a package
			o.shared = true
		}
		n := l.alloc.name.get()
		n.Span, n.Var = at, o.v
		return n
	case o.fn != nil:
		return &ir.FuncRef{Span: at, Func: o.fn}
	case o.class != nil:
		return &ir.ClassRef{Span: at, Class: o.class}
	case o.isType:
		return typeRef(l.aliased(o), at)
	}
	return nil
}

// typeRef is a type as an expression.
func typeRef(t *ir.Type, at ir.Span) ir.Expr {
	switch {
	case t == nil:
	case t.Class != nil:
		return &ir.ClassRef{Span: at, Class: t.Class}
	case t.Symbol != "":
		return &ir.Extern{Span: at, Symbol: t.Symbol}
	}
	return &ir.Unknown{Span: at}
}

// ident makes an expression of a name.
func (l *lowerer) ident(x *ast.Ident) ir.Expr {
	at := l.span(x)
	if o := l.find(x.Name); o != nil {
		if e := l.use(o, at); e != nil {
			return e
		}
		return &ir.Unknown{Span: at}
	}
	switch x.Name {
	case "nil":
		return l.constant(at, ir.Nil, x.Name)
	case "true", "false":
		return l.constant(at, ir.Bool, x.Name)
	case "iota":
		return l.constant(at, ir.Number, strconv.Itoa(l.iota))
	}
	return &ir.Extern{Span: at, Symbol: l.outside(x.Name)}
}

// outside is the symbol of a name that the package does not declare.
func (l *lowerer) outside(name string) string {
	if predeclaredTypes[name] || predeclaredFuncs[name] {
		return "go:builtin." + name
	}
	if token.IsExported(name) {
		for _, imp := range l.file.dots {
			if imp.unit == nil {
				return "go:" + imp.path + "." + name
			}
		}
	}
	return "go:" + l.unit.path + "." + name // in a file that is not there
}

var (
	predeclaredTypes = set(`any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64
		rune string uint uint8 uint16 uint32 uint64 uintptr`)
	predeclaredFuncs = set("append cap clear close complex copy delete imag len make max min new panic print println real recover")
)
