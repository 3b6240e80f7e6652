package lint

import (
	"fmt"
	"slices"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

var _ = add(Check{
	ID: catalog.KIDInjection,
	Counts: "The kid of a token's header, which its sender chooses, becomes a part of the name of a file, of the text of a query, or of a command. As a key of a " +
		"map, and as a parameter of a query, it does no harm, and neither does it where it is compared with a list or matched with a pattern first.",
	Run: func(p *pass) {
		for _, fn := range p.program.Funcs {
			tainted := p.headerVars(fn, "kid")
			if tainted == nil {
				continue
			}
			p.looks()
			if p.screens(fn, tainted) {
				continue
			}
			ir.Walk(fn.Body, nil, func(e ir.Expr) bool {
				call, ok := e.(*ir.Call)
				if !ok {
					return true
				}
				sink := sinks[callee(call)]
				if sink == "" || !slices.ContainsFunc(call.Args, func(a ir.Expr) bool {
					return tainted.in(a) && (sink != query || puts(a))
				}) {
					return true
				}
				p.report(fault{
					at: call.Span, fn: fn, what: callee(call),
					related: []place{{tainted.from, fn, "kid is read from the header of the token"}, {call.Span, fn, "becomes a part of " + sink}},
					message: fmt.Sprintf("%s: the kid of a token becomes a part of %s", name(fn), sink),
				})
				return true
			})
		}
	},
})

const query = "the text of a query"

// sinks are functions, by their last names, that open, ask or run what they are given.
var sinks = map[string]string{
	"readFile": "the name of a file", "readFileSync": "the name of a file", "ReadFile": "the name of a file", "Open": "the name of a file",
	"createReadStream": "the name of a file", "slurp": "the name of a file",
	"query": query, "Query": query, "QueryRow": query, "QueryContext": query, "QueryRowContext": query, "Exec": query, "execute!": query, "Raw": query, "$queryRawUnsafe": query,
	"exec": "a command", "execSync": "a command", "spawn": "a command", "Command": "a command", "sh": "a command",
}

// A taint is the variables of a function that hold a header parameter.
type taint struct {
	vars  map[*ir.Var]bool
	names []string
	from  ir.Span
}

// in reports whether an expression holds the parameter.
func (t *taint) in(e ir.Expr) (found bool) {
	var look func(e ir.Expr)
	look = func(e ir.Expr) {
		switch x := e.(type) {
		case *ir.Name:
			found = found || t.vars[x.Var]
		case *ir.Call:
			if _, known := sinks[callee(x)]; known { // what is read is not what it was called
				return
			}
		}
		found = found || parameter(e, t.names...) != ""
		if !found {
			ir.Parts(e, func(ir.Stmt) {}, look)
		}
	}
	look(e)
	return found
}

// headerVars finds where a function reads a parameter of a token's header, and what
// it puts it into; nil where it reads none.
func (s *subject) headerVars(fn *ir.Func, names ...string) *taint {
	t := &taint{vars: map[*ir.Var]bool{}, names: names}
	ir.Walk(fn.Body, nil, func(e ir.Expr) bool {
		if t.from.File == nil && parameter(e, names...) != "" {
			t.from = e.At()
		}
		return true
	})
	if t.from.File == nil {
		return nil
	}
	for range 4 { // through a few variables
		before := len(t.vars)
		ir.Walk(fn.Body, func(st ir.Stmt) bool {
			set, ok := st.(*ir.Set)
			if !ok || len(set.Right) == 0 {
				return true
			}
			for i, left := range set.Left {
				n, ok := left.(*ir.Name)
				if !ok {
					continue
				}
				right := set.Right[min(i, len(set.Right)-1)]
				if len(set.Left) > len(set.Right) && i > 0 {
					continue // ok of kid, ok := x.(string)
				}
				if t.in(right) {
					t.vars[n.Var] = true
				}
			}
			return true
		}, nil)
		if len(t.vars) == before {
			break
		}
	}
	return t
}

// screens reports whether a function tests the parameter against a pattern or a list before it goes on.
func (s *subject) screens(fn *ir.Func, t *taint) (found bool) {
	ir.Walk(fn.Body, func(st ir.Stmt) bool {
		if cond, ok := st.(*ir.If); ok {
			ir.Walk([]ir.Stmt{&ir.Do{X: cond.Cond}}, nil, func(e ir.Expr) bool {
				if call, ok := e.(*ir.Call); ok {
					switch callee(call) {
					case "test", "match", "MatchString", "includes", "has", "Contains", "contains?", "re-matches", "Valid", "validate", "hasOwnProperty":
						found = found || slices.ContainsFunc(call.Args, t.in) || receiver(call) != nil && t.in(receiver(call))
					}
				}
				return true
			})
		}
		return true
	}, nil)
	return found
}

// puts reports whether a text is put together, and not a parameter.
func puts(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.Op:
		return e.Kind == ir.Add || e.Kind == ir.Template
	case *ir.Call:
		switch callee(e) {
		case "Sprintf", "format", "str", "concat", "Join":
			return true
		}
	}
	return false
}
