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
			kid := tainted(fn, headerParameter("kid"))
			if kid.from.File == nil {
				continue
			}
			p.looks()
			if p.screens(fn, kid) {
				continue
			}
			ir.Walk(fn.Body, nil, func(e ir.Expr) bool {
				call, ok := e.(*ir.Call)
				if !ok {
					return true
				}
				sink := sinks[callee(call)]
				if sink == "" || !slices.ContainsFunc(call.Args, func(a ir.Expr) bool {
					return kid.in(a) && (sink != query || puts(a))
				}) {
					return true
				}
				p.report(fault{
					at: call.Span, fn: fn, what: callee(call),
					related: []place{{kid.from, fn, "kid is read from the header of the token"}, {call.Span, fn, "becomes a part of " + sink}},
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
