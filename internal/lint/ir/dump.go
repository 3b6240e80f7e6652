package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// Dump writes a function as text, for tests and for whoever wonders what a frontend
// made of a source. Names of variables outside the function stand as they are; those
// that are a package's, namespace's or module's have its sign, $. Functions within
// others stand by their names, and are dumped apart.
func Dump(f *Func) string {
	d := &dumper{fn: f}
	d.head(f)
	d.block(f.Body)
	d.out.WriteString("\n")
	return d.out.String()
}

// DumpExpr writes one expression in the same way.
func DumpExpr(e Expr) string {
	d := &dumper{}
	d.expr(e)
	return d.out.String()
}

// String is the type in short: go:net/http.Request, []User, map[]int, func(error) bool.
func (t *Type) String() string {
	switch {
	case t == nil:
		return "?"
	case t.Class != nil && t.Class.Name == "":
		return "{}"
	case t.Class != nil:
		return t.Class.Name
	case t.Func != nil:
		return "func(" + typeList(t.Func.Params) + ") " + typeList(t.Func.Results)
	case t.Map:
		return "map[]" + t.Elem.String()
	case t.Symbol != "":
		return t.Symbol
	}
	return "[]" + t.Elem.String()
}

func typeList(list []*Type) string {
	var s []string
	for _, t := range list {
		s = append(s, t.String())
	}
	return strings.Join(s, ", ")
}

type dumper struct {
	out    strings.Builder
	fn     *Func
	indent int
}

func (d *dumper) head(f *Func) {
	for _, line := range strings.Split(f.Doc, "\n") {
		if line != "" {
			d.printf("// %s\n", line)
		}
	}
	for _, c := range f.Decorators {
		d.printf("@%s\n", DumpExpr(c))
	}
	if f.Async {
		d.printf("async ")
	}
	d.printf("func %s(", f.Name)
	if f.Recv != nil {
		d.printf("%s %s; ", f.Recv.Name, f.Recv.Type)
	}
	for i, p := range f.Params {
		if i > 0 {
			d.printf(", ")
		}
		if f.Variadic && i == len(f.Params)-1 {
			d.printf("...")
		}
		d.printf("%s", p.Name)
		if p.Type != nil {
			d.printf(" %s", p.Type)
		}
	}
	d.printf(")")
	if len(f.Results) > 0 {
		d.printf(" (%s)", typeList(f.Results))
	}
	d.printf(" ")
}

func (d *dumper) printf(format string, args ...any) { fmt.Fprintf(&d.out, format, args...) }

func (d *dumper) line() {
	d.out.WriteByte('\n')
	for range d.indent {
		d.out.WriteByte('\t')
	}
}

func (d *dumper) block(list []Stmt) {
	d.printf("{")
	d.indent++
	for _, s := range list {
		d.line()
		d.stmt(s)
	}
	d.indent--
	d.line()
	d.printf("}")
}

func (d *dumper) label(label string) {
	if label != "" {
		d.printf("%s: ", label)
	}
}

func (d *dumper) stmt(s Stmt) {
	switch s := s.(type) {
	case *Do:
		d.expr(s.X)
	case *Set:
		d.list(s.Left)
		if s.Declare {
			d.printf(" := ")
		} else {
			d.printf(" = ")
		}
		d.list(s.Right)
	case *If:
		d.printf("if ")
		d.expr(s.Cond)
		d.printf(" ")
		d.block(s.Then)
		if len(s.Else) > 0 {
			d.printf(" else ")
			d.block(s.Else)
		}
	case *Switch:
		d.printf("switch")
		if s.Types {
			d.printf(" type of")
		}
		if s.Tag != nil {
			d.printf(" ")
			d.expr(s.Tag)
		}
		d.printf(" {")
		for _, c := range s.Cases {
			d.line()
			if len(c.Values) == 0 {
				d.printf("default")
			} else {
				d.printf("case ")
				d.list(c.Values)
			}
			if c.Bind != nil {
				d.printf(" as %s %s", c.Bind.Name, c.Bind.Type)
			}
			d.printf(" ")
			d.block(c.Body)
			if c.Fallthrough {
				d.printf(" fallthrough")
			}
		}
		d.line()
		d.printf("}")
	case *Loop:
		d.label(s.Label)
		d.printf("loop ")
		if s.Over != nil {
			if len(s.Each) > 0 {
				d.list(s.Each)
				d.printf(" ")
			}
			d.printf("over ")
			d.expr(s.Over)
			d.printf(" ")
		}
		if s.Cond != nil {
			d.printf("while ")
			d.expr(s.Cond)
			d.printf(" ")
		}
		d.block(s.Body)
	case *Try:
		d.printf("try ")
		d.block(s.Body)
		for _, c := range s.Catches {
			d.printf(" catch ")
			if c.Bind != nil {
				d.printf("%s ", c.Bind.Name)
			}
			if len(c.Types) > 0 {
				d.printf("of ")
				d.list(c.Types)
				d.printf(" ")
			}
			d.block(c.Body)
		}
		if s.Finally != nil {
			d.printf(" finally ")
			d.block(s.Finally)
		}
	case *Return:
		d.printf("return")
		if len(s.Values) > 0 {
			d.printf(" ")
			d.list(s.Values)
		}
	case *Throw:
		d.printf("throw ")
		d.expr(s.X)
	case *Defer:
		d.printf("defer ")
		d.expr(s.X)
	case *Spawn:
		d.printf("go ")
		d.expr(s.X)
	case *Block:
		d.label(s.Label)
		d.block(s.Body)
	case *Jump:
		d.printf("%s", s.Kind)
		if s.Label != "" {
			d.printf(" %s", s.Label)
		}
	}
}

func (d *dumper) list(list []Expr) {
	for i, e := range list {
		if i > 0 {
			d.printf(", ")
		}
		d.expr(e)
	}
}

var opSigns = [...]string{Not: "!", And: "&&", Or: "||", Equal: "==", NotEqual: "!=", Less: "<", LessEqual: "<=",
	Greater: ">", GreaterEqual: ">=", Add: "+", Sub: "-", Mul: "*", Div: "/", InstanceOf: "instanceof",
	TypeOf: "typeof", Slice: "slice", Template: "template", Other: "op"}

func (d *dumper) expr(e Expr) {
	switch e := e.(type) {
	case nil:
		d.printf("_")
	case *Name:
		if e.Var == nil {
			d.printf("?")
			return
		}
		if e.Var.Func != nil && e.Var.Func.Outer == nil {
			d.printf("$")
		}
		d.printf("%s", e.Var.Name)
	case *Extern:
		d.printf("<%s>", e.Symbol)
	case *FuncRef:
		if e.Literal {
			d.printf("func ")
		} else {
			d.printf("&")
		}
		d.printf("%s", e.Func.Name)
	case *ClassRef:
		d.printf("type %s", e.Class.Name)
	case *ModuleRef:
		d.printf("module %s", e.Module.Path)
	case *This:
		d.printf("this")
	case *Const:
		switch e.Kind {
		case String:
			d.printf("%s", strconv.Quote(e.Text))
		case Keyword:
			d.printf(":%s", e.Text)
		case Nil:
			d.printf("nil")
		default:
			d.printf("%s", e.Text)
		}
	case *Member:
		d.operand(e.X)
		d.printf(".%s", e.Name)
	case *Index:
		d.operand(e.X)
		d.printf("[")
		d.expr(e.Key)
		d.printf("]")
	case *Call:
		if e.New {
			d.printf("new ")
		}
		d.operand(e.Fun)
		d.printf("(")
		d.list(e.Args)
		if e.Spread {
			d.printf("...")
		}
		d.printf(")")
	case *Object:
		if e.Type != nil {
			d.printf("%s", e.Type)
		}
		d.printf("{")
		for i, f := range e.Fields {
			if i > 0 {
				d.printf(", ")
			}
			switch {
			case f.Name != "":
				d.printf("%s: ", f.Name)
			case f.Key != nil:
				d.printf("[")
				d.expr(f.Key)
				d.printf("]: ")
			}
			d.expr(f.Value)
		}
		d.printf("}")
	case *List:
		if e.Type != nil {
			d.printf("%s", e.Type)
		}
		d.printf("[")
		d.list(e.Elems)
		d.printf("]")
	case *Op:
		d.op(e)
	case *Cond:
		d.operand(e.Test)
		d.printf(" ? ")
		d.operand(e.Then)
		d.printf(" : ")
		d.operand(e.Else)
	case *Await:
		d.printf("await ")
		d.operand(e.X)
	case *Convert:
		d.operand(e.X)
		d.printf(" as %s", e.Type)
	case *Assign:
		d.printf("(")
		d.expr(e.Left)
		d.printf(" = ")
		d.expr(e.Right)
		d.printf(")")
	case *Unknown:
		d.printf("?(")
		d.list(e.Parts)
		d.printf(")")
	}
}

// operand writes what needs parentheses within them.
func (d *dumper) operand(e Expr) {
	switch e.(type) {
	case *Cond, *Await, *Convert, *Op:
		d.printf("(")
		d.expr(e)
		d.printf(")")
	default:
		d.expr(e)
	}
}

func (d *dumper) op(e *Op) {
	sign := "op"
	if int(e.Kind) < len(opSigns) {
		sign = opSigns[e.Kind]
	}
	if len(e.Args) == 2 && e.Kind != Other && e.Kind != Slice && e.Kind != Template {
		d.operand(e.Args[0])
		d.printf(" %s ", sign)
		d.operand(e.Args[1])
		return
	}
	d.printf("%s(", sign)
	d.list(e.Args)
	d.printf(")")
}
