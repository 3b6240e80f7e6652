package lint

import (
	"fmt"
	"slices"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

var _ = add(Check{
	ID: catalog.TokenKeyedMemory,
	Counts: "A map, set or atom that lives as long as the program is filled by token, address or another thing that a sender chooses, and nothing in the program " +
		"takes entries out: no delete, clear, dissoc or new map. A cache of a library with a bound or a lifetime is right.",
	Run: func(p *pass) {
		said := map[*ir.Var]bool{}
		for _, l := range p.leaks(flow.Token|flow.Prefix|flow.Hashed|flow.Address|flow.ID, "key") {
			if l.Var == nil {
				continue
			}
			p.looks()
			if said[l.Var] || p.evicts(l.Var) {
				continue
			}
			said[l.Var] = true
			by := "a token"
			if l.What&(flow.Token|flow.Prefix|flow.Hashed|flow.ID) == 0 {
				by = "the sender's address"
			}
			p.report(fault{
				at: l.Span, fn: l.Func, what: l.Var.Name, confidence: finding.Certain,
				related: append([]place{{l.Var.Span, nil, "lives as long as the program"}}, carried(l, "adds an entry")...),
				message: fmt.Sprintf("%s: %s grows by %s, and nothing takes entries out of it", name(l.Func), l.Var.Name, by),
			})
		}
	},
})

// evicts reports whether anything in the program takes entries out of a map.
func (s *subject) evicts(v *ir.Var) (found bool) {
	is := func(e ir.Expr) bool { return variable(e) == v }
	for _, fn := range s.program.Funcs {
		top := fn.Outer == nil // a module's body gives the variable its first value
		ir.Walk(fn.Body, func(st ir.Stmt) bool {
			if set, ok := st.(*ir.Set); ok && !top && !set.Declare && slices.ContainsFunc(set.Left, is) {
				found = true // a new map
			}
			return !found
		}, func(e ir.Expr) bool {
			call, ok := e.(*ir.Call)
			if !ok {
				return !found
			}
			switch callee(call) {
			case "delete", "clear", "Delete", "LoadAndDelete", "Clear", "Remove", "remove", "splice", "shift", "pop", "prune", "evict":
				found = found || receiver(call) != nil && is(receiver(call)) || len(call.Args) > 0 && is(call.Args[0])
			case "swap!", "alter", "vswap!", "swap-vals!":
				found = found || len(call.Args) > 1 && is(call.Args[0]) && slices.ContainsFunc(call.Args[1:], s.shrinks)
			case "reset!", "ref-set", "vreset!":
				found = found || len(call.Args) > 0 && is(call.Args[0])
			}
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

// shrinks recognises the functions by which Clojure takes entries out of a value.
func (s *subject) shrinks(e ir.Expr) (found bool) {
	names := []string{"dissoc", "disj", "select-keys", "empty", "filter", "remove", "reduce-kv", "into", "pop", "subvec", "take-last"}
	switch e := e.(type) {
	case *ir.Extern:
		return slices.Contains(names, last(e.Symbol))
	case *ir.FuncRef:
		ir.Walk(e.Func.Body, nil, func(x ir.Expr) bool {
			if call, ok := x.(*ir.Call); ok {
				found = found || slices.Contains(names, callee(call))
			}
			return !found
		})
	}
	return found
}

// variable is the variable or field that an expression names, or nil.
func variable(e ir.Expr) *ir.Var {
	switch e := e.(type) {
	case *ir.Name:
		return e.Var
	case *ir.Member:
		class := (*ir.Class)(nil)
		switch x := e.X.(type) {
		case *ir.This:
			class = x.Class
		case *ir.Name:
			if x.Var.Type != nil {
				class = x.Var.Type.Class
			}
		}
		if class != nil {
			for _, f := range class.Fields {
				if f.Name == e.Name {
					return f
				}
			}
		}
	}
	return nil
}
