package resolve

import (
	"testing"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// fn makes a function with parameters for the tests below.
func fn(name string, outer *ir.Func, m *ir.Module, params ...string) *ir.Func {
	f := &ir.Func{Name: name, Outer: outer, Module: m}
	for i, p := range params {
		f.Params = append(f.Params, &ir.Var{Name: p, Func: f, Param: i})
	}
	return f
}

func name(v *ir.Var) ir.Expr { return &ir.Name{Var: v} }

func do(x ir.Expr) ir.Stmt { return &ir.Do{X: x} }

// What asyncHandler(login) gives calls login, and what asyncHandler(logout) gives
// calls logout, though both are one closure.
func TestSurroundings(t *testing.T) {
	m := &ir.Module{Language: ir.JavaScript, Path: "app.js"}
	body := fn("<module>", nil, m)
	wrap := fn("asyncHandler", body, m, "fn")
	inner := fn("asyncHandler.func1", wrap, m, "req", "res", "next")
	call := &ir.Call{Fun: name(wrap.Params[0]), Args: []ir.Expr{name(inner.Params[0])}}
	inner.Body = []ir.Stmt{do(call)}
	wrap.Body = []ir.Stmt{&ir.Return{Values: []ir.Expr{&ir.FuncRef{Func: inner, Literal: true}}}}
	login, logout := fn("login", body, m, "req"), fn("logout", body, m, "req")
	var made []*ir.Call
	for _, f := range []*ir.Func{login, logout} {
		c := &ir.Call{Fun: &ir.FuncRef{Func: wrap}, Args: []ir.Expr{&ir.FuncRef{Func: f}}}
		made = append(made, c)
		body.Body = append(body.Body, do(c))
	}
	r := New(&ir.Program{Modules: []*ir.Module{m}, Funcs: []*ir.Func{body, wrap, inner, login, logout}}, &library.Set{})
	if got := r.Targets(call); len(got) != 2 {
		t.Errorf("any surrounding: %d targets, want both", len(got))
	}
	for i, want := range []*ir.Func{login, logout} {
		vals := r.Values(made[i])
		if len(vals) != 1 || vals[0].Func != inner {
			t.Fatalf("asyncHandler(%s) = %v, want the closure", want.Name, vals)
		}
		got := r.TargetsIn(call, vals[0].Env)
		if len(got) != 1 || got[0].Func != want {
			t.Errorf("what asyncHandler(%s) calls: %v", want.Name, got)
		}
	}
	if got := r.Callers(login); len(got) != 1 || got[0] != call {
		t.Errorf("callers of login: %v, want the call in the closure", got)
	}
}
