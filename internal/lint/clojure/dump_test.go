package clojure

import (
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// dump writes functions as text that a person can compare with the source.
func dump(funcs []*ir.Func) string {
	p := &printer{names: map[*ir.Var]string{}, used: map[string]int{}}
	for _, f := range funcs {
		if f.Name == "<module>" && len(f.Body) == 0 {
			continue
		}
		var params []string
		if f.Recv != nil {
			params = append(params, "recv "+p.variable(f.Recv))
		}
		for _, v := range f.Params {
			params = append(params, p.variable(v))
		}
		if f.Variadic {
			params[len(params)-1] += "..."
		}
		fmt.Fprintf(&p.b, "func %s(%s)\n", f.Name, strings.Join(params, ", "))
		p.stmts(f.Body, 1)
	}
	return p.b.String()
}

type printer struct {
	b     strings.Builder
	names map[*ir.Var]string
	used  map[string]int
}

// variable names each Var so that two of one name can be told apart.
func (p *printer) variable(v *ir.Var) string {
	if n := p.names[v]; n != "" {
		return n
	}
	n := v.Name
	if n == "" {
		n = "$"
	}
	p.used[n]++
	if k := p.used[n]; k > 1 || n == "$" {
		n = fmt.Sprint(n, k)
	}
	p.names[v] = n
	return n
}

func (p *printer) stmts(list []ir.Stmt, depth int) {
	for _, s := range list {
		p.stmt(s, depth)
	}
}

func (p *printer) line(depth int, format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

func (p *printer) stmt(s ir.Stmt, d int) {
	switch s := s.(type) {
	case *ir.Do:
		p.line(d, "%s", p.expr(s.X))
	case *ir.Set:
		p.line(d, "%s = %s", p.list(s.Left), p.list(s.Right))
	case *ir.If:
		p.line(d, "if %s", p.expr(s.Cond))
		p.stmts(s.Then, d+1)
		if len(s.Else) > 0 {
			p.line(d, "else")
			p.stmts(s.Else, d+1)
		}
	case *ir.Switch:
		p.line(d, "switch %s", p.expr(s.Tag))
		for _, c := range s.Cases {
			p.line(d, "case %s", p.list(c.Values))
			p.stmts(c.Body, d+1)
		}
	case *ir.Loop:
		switch {
		case s.Over != nil:
			p.line(d, "for %s in %s", p.list(s.Each), p.expr(s.Over))
		default:
			p.line(d, "loop %s", s.Label)
		}
		p.stmts(s.Body, d+1)
	case *ir.Try:
		p.line(d, "try")
		p.stmts(s.Body, d+1)
		for _, c := range s.Catches {
			bind := "_"
			if c.Bind != nil {
				bind = p.variable(c.Bind)
			}
			p.line(d, "catch %s %s", bind, p.list(c.Types))
			p.stmts(c.Body, d+1)
		}
		if len(s.Finally) > 0 {
			p.line(d, "finally")
			p.stmts(s.Finally, d+1)
		}
	case *ir.Return:
		p.line(d, "return %s", p.list(s.Values))
	case *ir.Throw:
		p.line(d, "throw %s", p.expr(s.X))
	case *ir.Spawn:
		p.line(d, "spawn %s", p.expr(s.X))
	case *ir.Jump:
		p.line(d, "%s %s", s.Kind, s.Label)
	default:
		p.line(d, "%T", s)
	}
}

func (p *printer) list(list []ir.Expr) string {
	var parts []string
	for _, e := range list {
		parts = append(parts, p.expr(e))
	}
	return strings.Join(parts, ", ")
}

var signs = map[ir.OpKind]string{ir.Not: "not", ir.And: "and", ir.Or: "or", ir.Equal: "==", ir.NotEqual: "!=", ir.Less: "<",
	ir.LessEqual: "<=", ir.Greater: ">", ir.GreaterEqual: ">=", ir.Add: "+", ir.Sub: "-", ir.Mul: "*", ir.Div: "/", ir.Slice: "slice", ir.InstanceOf: "is"}

func (p *printer) expr(e ir.Expr) string {
	switch e := e.(type) {
	case nil:
		return "<nil>"
	case *ir.Name:
		return p.variable(e.Var)
	case *ir.Extern:
		return e.Symbol
	case *ir.FuncRef:
		if e.Literal {
			return "&" + e.Func.Name
		}
		return e.Func.Name
	case *ir.ClassRef:
		return e.Class.Name
	case *ir.Const:
		switch e.Kind {
		case ir.String, ir.Regexp:
			return fmt.Sprintf("%q", e.Text)
		case ir.Keyword:
			return ":" + e.Text
		}
		return e.Text
	case *ir.Member:
		return p.expr(e.X) + "." + e.Name
	case *ir.Index:
		return p.expr(e.X) + "[" + p.expr(e.Key) + "]"
	case *ir.Call:
		s := ""
		if e.New {
			s = "new "
		}
		args := p.list(e.Args)
		if e.Spread {
			args += "..."
		}
		return s + p.expr(e.Fun) + "(" + args + ")"
	case *ir.Object:
		var parts []string
		for _, f := range e.Fields {
			switch {
			case f.Name != "":
				parts = append(parts, f.Name+": "+p.expr(f.Value))
			case f.Key != nil:
				parts = append(parts, "["+p.expr(f.Key)+"]: "+p.expr(f.Value))
			default:
				parts = append(parts, "..."+p.expr(f.Value))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *ir.List:
		return "[" + p.list(e.Elems) + "]"
	case *ir.Op:
		if len(e.Args) == 1 {
			return signs[e.Kind] + " " + p.expr(e.Args[0])
		}
		var parts []string
		for _, a := range e.Args {
			parts = append(parts, p.expr(a))
		}
		return "(" + strings.Join(parts, " "+signs[e.Kind]+" ") + ")"
	case *ir.Await:
		return "@" + p.expr(e.X)
	case *ir.Convert:
		if e.Type != nil && e.Type.Class != nil {
			return p.expr(e.X) + "::" + e.Type.Class.Name
		}
		return p.expr(e.X)
	case *ir.Unknown:
		return "?" + p.list(e.Parts)
	}
	return fmt.Sprintf("%T", e)
}
