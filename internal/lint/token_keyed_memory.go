package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.TokenKeyedMemory,
	Counts: "A map, set or atom of the program, kept in a variable of a module or in a field, is filled by token, token id or the sender's address, and nothing in the " +
		"program takes entries out of it: no delete, clear, dissoc or new map. A cache of a library with a bound or a lifetime is right.",
	Run: func(p *pass) {
		said := map[*ir.Var]bool{}
		for _, fn := range p.program.Funcs {
			if fn.Outer == nil { // a module's body fills its tables once
				continue
			}
			fills := func(at ir.Span, into, key ir.Expr) {
				v := p.lasting(into)
				if v == nil {
					return
				}
				by := p.chosen(key, fn, 3)
				if by == "" {
					return
				}
				p.looks()
				if said[v] || p.evicts(v) {
					return
				}
				said[v] = true
				p.report(fault{
					at: at, fn: fn, what: v.Name,
					related: []place{{v.Span, p.around(v.Span), "lives as long as the program"}, {at, fn, "adds an entry"}},
					message: fmt.Sprintf("%s: %s grows by %s, and nothing takes entries out of it", name(fn), v.Name, by),
				})
			}
			ir.Walk(fn.Body, func(st ir.Stmt) bool {
				if set, ok := st.(*ir.Set); ok {
					for i, left := range set.Left {
						switch x := left.(type) {
						case *ir.Index:
							fills(set.Span, x.X, x.Key)
						case *ir.Name: // an atom: the old map with an entry more
							if i < len(set.Right) {
								for _, key := range added(set.Right[i]) {
									fills(set.Span, x, key)
								}
							}
						}
					}
				}
				return true
			}, func(e ir.Expr) bool {
				call, ok := e.(*ir.Call)
				if !ok || len(call.Args) == 0 {
					return true
				}
				switch callee(call) {
				case "set", "add", "Store", "LoadOrStore":
					if r := receiver(call); r != nil {
						fills(call.Span, r, call.Args[0])
					}
				case "swap!", "vswap!", "alter": // (swap! seen update token …), (swap! seen conj token)
					if len(call.Args) > 2 {
						fills(call.Span, call.Args[0], call.Args[2])
					}
				}
				return true
			})
		}
	},
})

// lasting gives the variable of a module, or the field, that an expression names, if it
// holds a map or set of the language itself.
func (s *subject) lasting(e ir.Expr) *ir.Var {
	v := variable(e)
	if v == nil || v.Func != nil && v.Func.Outer != nil || v.Param > 0 {
		return nil
	}
	if v.Type != nil && (v.Type.Map || v.Type.Symbol == "go:sync.Map" || v.Type.Symbol == "js:Map" || v.Type.Symbol == "js:Set") {
		return v
	}
	for _, x := range s.resolver.Values(e) {
		switch {
		case x.Object != nil && x.Object.Type == nil, x.Object != nil && x.Object.Type.Map, x.Object != nil && x.Object.Type.Class == nil:
			return v
		case x.Symbol == "js:Map", x.Symbol == "js:Set":
			return v
		case strings.HasPrefix(x.Symbol, "go:builtin.make"), strings.HasPrefix(x.Symbol, "clj:clojure.core/atom"), strings.HasPrefix(x.Symbol, "clj:clojure.core/ref"), strings.HasPrefix(x.Symbol, "clj:clojure.core/volatile!"):
			return v
		}
	}
	return nil
}

// chosen says what a sender chooses about a key, or nothing: a token, its hash or id, or the
// sender's address.
func (s *subject) chosen(e ir.Expr, fn *ir.Func, deep int) string {
	if e == nil || deep == 0 {
		return ""
	}
	switch x := e.(type) {
	case *ir.Const, *ir.FuncRef:
		return ""
	case *ir.Op: // token + ':' + ip
		for _, a := range x.Args {
			if by := s.chosen(a, fn, deep); by != "" {
				return by
			}
		}
		return ""
	}
	row, _ := s.resolver.RowOf(e)
	text := ""
	switch x := e.(type) {
	case *ir.Name:
		text = x.Var.Name
	case *ir.Member:
		text = x.Name
	case *ir.Index:
		if c, ok := x.Key.(*ir.Const); ok {
			text = c.Text
		}
	case *ir.Call:
		text = callee(x)
		for _, t := range s.resolver.Targets(x) {
			if t.Row != nil {
				row = t.Row
			}
		}
	}
	if row != nil {
		switch {
		case row.From == "address" || row.Marks == library.Address:
			return "the sender's address"
		case row.Marks == library.Token || row.Marks == library.Hashed:
			return "a token"
		}
	}
	switch n := plain(text); {
	case n == "ip" || n == "clientip" || n == "realip" || n == "remoteaddr" || n == "remoteaddress" || n == "ipaddress":
		return "the sender's address"
	case n == "jti" || n == "jwt" || strings.HasSuffix(n, "token") || strings.HasPrefix(n, "token") && n != "tokens" && n != "tokentype":
		return "a token"
	}
	if n, ok := e.(*ir.Name); ok && n.Var.Func != nil { // what it was set to
		by := ""
		ir.Walk(n.Var.Func.Body, func(st ir.Stmt) bool {
			if set, ok := st.(*ir.Set); ok && len(set.Left) == len(set.Right) {
				for i, left := range set.Left {
					if l, ok := left.(*ir.Name); ok && l.Var == n.Var && by == "" {
						by = s.chosen(set.Right[i], fn, deep-1)
					}
				}
			}
			return by == ""
		}, nil)
		return by
	}
	return ""
}

// evicts reports whether anything in the program takes entries out of a map.
func (s *subject) evicts(v *ir.Var) (found bool) {
	is := func(e ir.Expr) bool { return variable(e) == v }
	for _, fn := range s.program.Funcs {
		top := fn.Outer == nil // a module's body gives the variable its first value
		ir.Walk(fn.Body, func(st ir.Stmt) bool {
			if set, ok := st.(*ir.Set); ok && !top && !set.Declare {
				for i, left := range set.Left {
					if is(left) && (i >= len(set.Right) || len(added(set.Right[i])) == 0) {
						found = true // a new map, or one with less in it
					}
				}
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

// added gives the keys that an expression adds to the map that it is made of, as in
// {...old, [token]: 1} and what Clojure's assoc, update and conj become.
func added(e ir.Expr) (keys []ir.Expr) {
	switch e := e.(type) {
	case *ir.Object:
		of := false
		for _, f := range e.Fields {
			switch {
			case f.Name == "" && f.Key == nil:
				of = true
			case f.Name == "":
				keys = append(keys, f.Key)
			}
		}
		if !of {
			return nil
		}
	case *ir.List:
		if len(e.Elems) > 1 {
			return e.Elems[1:]
		}
	case *ir.Call:
		switch callee(e) {
		case "assoc", "update", "conj", "assoc-in", "update-in", "merge":
			if len(e.Args) > 1 {
				return e.Args[1:]
			}
		}
	}
	return keys
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
