package resolve

import (
	"strconv"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// callee lists what a call calls, before it is told apart.
func (r *Resolver) callee(c *ir.Call, env *Env) (s set, skip int) {
	if m, ok := c.Fun.(*ir.Member); ok {
		switch m.Name {
		case "call", "apply", "bind":
			of := r.eval(m.X, 0, env)
			var fs set
			fs.also(of)
			for _, v := range of.vals {
				if v.Func != nil || v.Symbol != "" && !v.Is && strings.HasPrefix(v.Symbol, "npm:") {
					fs.add(v)
				}
			}
			if len(fs.vals) > 0 {
				if m.Name == "apply" {
					return fs, len(c.Args) // what it passes is not known
				}
				return fs, 1
			}
		}
	}
	return r.eval(c.Fun, 0, env), 0
}

// targets tells what a call reaches.
func (r *Resolver) targets(c *ir.Call, env *Env) []Target {
	s, skip := r.callee(c, env)
	if m, ok := c.Fun.(*ir.Member); ok && m.Name == "bind" && skip == 1 {
		return nil // nothing is called yet
	}
	var recv ir.Expr
	if m, ok := c.Fun.(*ir.Member); ok && skip == 0 {
		recv = m.X
	}
	var out []Target
	for _, v := range s.vals {
		if v.Module != nil {
			for _, d := range r.export(v.Module, "default", 0).vals {
				out = r.target(out, d, c, env, skip, recv)
			}
			continue
		}
		out = r.target(out, v, c, env, skip, recv)
	}
	return narrowed(out)
}

// narrowed drops what a better answer makes idle: where a call passes the request on
// it is that and no call of whatever comes next, and a declared function type says
// less than the functions that are there.
func narrowed(out []Target) []Target {
	if len(out) < 2 {
		return out
	}
	next, funcs := -1, 0
	for i, t := range out {
		if t.Row != nil && t.Row.Does == library.Next {
			next = i
		}
		if t.Func != nil {
			funcs++
		}
	}
	if next >= 0 {
		return out[next : next+1]
	}
	if funcs == 0 || funcs == len(out) {
		return out
	}
	kept := out[:0]
	for _, t := range out {
		if t.Func != nil || t.Row != nil {
			kept = append(kept, t)
		}
	}
	return kept
}

// taughtRecord is what a function does that //jotsight:observes stands before: nobody
// looks into it.
var taughtRecord = &library.Row{Match: "//jotsight:observes", Does: library.Log, Level: "warn"}

func (r *Resolver) target(out []Target, v Value, c *ir.Call, env *Env, skip int, recv ir.Expr) []Target {
	switch {
	case v.Func != nil && v.Func.Doc != "" && strings.Contains(v.Func.Doc, "jotsight:observes"):
		return append(out, Target{Symbol: v.Func.Name, Row: taughtRecord, Recv: recv, Skip: skip})
	case v.Func != nil:
		e := Env{Func: v.Func, Call: c, Skip: skip, Up: env, Out: v.Env}
		if v.Env != nil && v.Env.Func == v.Func { // a method with its object
			e.Recv, e.Out = v.Env.Recv, v.Env.Out
		}
		return append(out, Target{Func: v.Func, Env: r.enter(e), Recv: recv, Skip: skip, Guessed: v.Guessed})
	case v.Class != nil:
		if m, _ := r.method(v.Class, "constructor", 0); m != nil {
			return append(out, Target{Func: m, Env: r.enter(Env{Func: m, Call: c, Up: env}), Recv: recv, Guessed: v.Guessed})
		}
		for _, sym := range r.outside(v.Class, 0) {
			return append(out, Target{Symbol: sym, Row: r.row(sym), Recv: recv})
		}
	case v.Symbol != "":
		sym, row := v.Symbol, r.row(v.Symbol)
		if row == nil && v.Call != nil && !v.Is && r.routes(v.Call) {
			row = r.passing // routes that are called are what comes next
		}
		if v.Is { // a value of a function type
			if called := r.row(r.under(sym, "call")); called != nil {
				row = called
			} else if row != nil && row.Does == library.Wrap {
				row = nil
			}
		}
		return append(out, Target{Symbol: sym, Row: row, Recv: recv, Skip: skip, Guessed: v.Guessed})
	}
	return out
}

// routes says whether a call of Clojure puts routes together, or something around
// them.
func (r *Resolver) routes(c *ir.Call) bool {
	if f := r.within[c]; f == nil || f.Module == nil || f.Module.Language != ir.Clojure {
		return false
	}
	for _, t := range r.known[c] {
		if t.Row != nil && (mounting(t.Row.Does) || t.Row.Chain.Set()) {
			return true
		}
	}
	return false
}

// result is what result i of a call may be.
func (r *Resolver) result(c *ir.Call, i int, env *Env) set {
	fun, skip := r.callee(c, env)
	m, _ := c.Fun.(*ir.Member)
	if m != nil && m.Name == "bind" && skip == 1 {
		return fun
	}
	var s set
	s.also(fun)
	for _, v := range fun.vals {
		switch {
		case v.Func != nil:
			s.merge(r.returned(v, c, i, env, skip))
		case v.Class != nil:
			if i == 0 {
				s.add(Value{Of: v.Class})
			}
		case v.Module != nil:
			for _, d := range r.export(v.Module, "default", 0).vals {
				switch {
				case d.Func != nil:
					s.merge(r.returned(d, c, i, env, skip))
				case d.Class != nil && i == 0:
					s.add(Value{Of: d.Class})
				case d.Symbol != "":
					s.merge(r.made(d, c, i, env))
				}
			}
		case v.Symbol != "":
			s.merge(r.made(v, c, i, env))
		}
	}
	if m != nil && len(s.vals) == 0 || m != nil && passes(m.Name) {
		s.merge(r.passed(m, c, env))
	}
	return s
}

// passes says whether a method of a list or promise gives on what it is called on.
func passes(name string) bool {
	switch name {
	case "then", "catch", "finally", "filter", "slice", "concat", "reverse", "sort", "flat":
		return true
	}
	return false
}

// passed is what methods of lists and promises give.
func (r *Resolver) passed(m *ir.Member, c *ir.Call, env *Env) set {
	switch m.Name {
	case "then", "catch", "finally":
		var s set
		if m.Name != "then" {
			s.merge(r.eval(m.X, 0, env))
		}
		for _, a := range c.Args {
			for _, f := range r.eval(a, 0, env).vals {
				if f.Func != nil {
					s.merge(r.returned(f, nil, 0, env, 0))
				}
			}
		}
		return s
	case "filter", "slice", "reverse", "sort", "flat":
		return r.onlyLists(r.eval(m.X, 0, env))
	case "concat":
		s := r.onlyLists(r.eval(m.X, 0, env))
		if len(s.vals) > 0 {
			for _, a := range c.Args {
				s.merge(r.eval(a, 0, env))
			}
		}
		return s
	case "get", "find", "pop", "shift", "at":
		of := r.eval(m.X, 0, env)
		for _, v := range of.vals {
			if v.List == nil && v.Object == nil && (v.Symbol == "" || !strings.HasPrefix(v.Symbol, "js:")) {
				return set{}
			}
		}
		return r.items(m.X, of, env)
	}
	return set{}
}

// onlyLists keeps the lists of a set.
func (r *Resolver) onlyLists(of set) set {
	var s set
	s.also(of)
	for _, v := range of.vals {
		if v.List != nil {
			s.add(v)
		}
	}
	return s
}

// returned is what a function of the program gives back when c calls it.
func (r *Resolver) returned(v Value, c *ir.Call, i int, env *Env, skip int) set {
	f := v.Func
	var t *ir.Type
	if i < len(f.Results) {
		t = f.Results[i]
	}
	var s set
	if t != nil {
		if t.Class != nil && settled(t.Class) {
			s.add(Value{Of: t.Class})
			return s
		}
		if t.Symbol != "" && strings.HasPrefix(t.Symbol, "go:builtin.") && t.Symbol != "go:builtin.string" && t.Symbol != "go:builtin.any" {
			s.add(Value{Symbol: t.Symbol, Is: true})
			return s
		}
	}
	s = r.results(f, i, v.Env)
	if s.param && c != nil {
		e := Env{Func: f, Call: c, Skip: skip, Up: env, Out: v.Env}
		if v.Env != nil && v.Env.Func == f {
			e.Recv, e.Out = v.Env.Recv, v.Env.Out
		}
		s = r.results(f, i, r.enter(e))
		if !s.param && open(r.within[c], env) {
			for _, v := range s.vals {
				// Its surroundings speak of what the function around c was given.
				s.param = s.param || v.Env != nil
			}
		}
	}
	return r.declared(s, t)
}

func (r *Resolver) results(f *ir.Func, i int, env *Env) set {
	env = env.in(f)
	return r.once(key{f, i, env}, func() set {
		var s set
		for _, ret := range r.returns[f] {
			switch {
			case len(ret.Values) == 1 && i > 0:
				s.merge(r.eval(ret.Values[0], i, env))
			case i < len(ret.Values):
				s.merge(r.eval(ret.Values[i], 0, env))
			case len(ret.Values) == 0 && i < len(f.Results):
				// Named results: frontends write them out, or they are not known.
			}
		}
		return s
	})
}

// open says whether a closure within f speaks of parameters that env does not bind.
func open(f *ir.Func, env *Env) bool {
	for ; f != nil; f = f.Outer {
		if (len(f.Params) > 0 || f.Recv != nil) && env.frame(f) == nil {
			return true
		}
	}
	return false
}

// made is what a call of something outside the program gives.
func (r *Resolver) made(v Value, c *ir.Call, i int, env *Env) set {
	var s set
	row := r.row(v.Symbol)
	if v.Is {
		if called := r.row(r.under(v.Symbol, "call")); called != nil {
			row = called
		} else {
			row = nil
		}
	}
	if v.Symbol == "go:builtin.append" && i == 0 && len(c.Args) > 0 {
		s.merge(r.eval(c.Args[0], 0, env))
		if c.Spread {
			s.merge(r.eval(c.Args[len(c.Args)-1], 0, env))
		} else if len(c.Args) > 1 {
			s.add(Value{List: r.rest(c, 1), Env: env})
		}
		return s
	}
	if v.Symbol == "js:Promise" && c.New && i == 0 && len(c.Args) == 1 {
		if ref, ok := c.Args[0].(*ir.FuncRef); ok && len(ref.Func.Params) > 0 {
			for _, done := range r.callsOf(ref.Func, ref.Func.Params[0]) {
				if len(done.Args) > 0 {
					s.merge(r.eval(done.Args[0], 0, env))
				}
			}
			if len(s.vals) > 0 {
				return s
			}
		}
	}
	if v.Symbol == "go:builtin.new" && i == 0 && len(c.Args) == 1 {
		if ref, ok := c.Args[0].(*ir.ClassRef); ok {
			s.add(Value{Of: ref.Class})
			return s
		}
	}
	if row != nil && row.Does == library.Wrap && i == 0 {
		at, _ := row.Chain.Index(len(c.Args))
		for n := at; n < len(c.Args); n++ {
			in := r.eval(c.Args[n], 0, env)
			s.also(in)
			for _, f := range in.vals {
				f.Through = c
				s.add(f)
			}
			if len(in.vals) > 0 {
				break
			}
		}
		if len(s.vals) > 0 {
			return s
		}
	}
	if row != nil && i < len(row.Returns) && row.Returns[i] != "" {
		ret := row.Returns[i]
		switch {
		case ret == "same":
			if m, ok := c.Fun.(*ir.Member); ok {
				of := r.eval(m.X, 0, env)
				if !function(of) {
					return of
				}
			}
			if len(c.Args) > 0 {
				return r.eval(c.Args[0], 0, env)
			}
			return s
		case ret == "element":
			if m, ok := c.Fun.(*ir.Member); ok {
				of := r.eval(m.X, 0, env)
				return r.items(m.X, of, env)
			}
			return s
		case strings.HasPrefix(ret, "arg "):
			if n, err := strconv.Atoi(ret[len("arg "):]); err == nil && n >= 0 && n < len(c.Args) {
				return r.eval(c.Args[n], 0, env)
			}
			return s
		case strings.HasPrefix(ret, "call "):
			if n, err := strconv.Atoi(ret[len("call "):]); err == nil && n >= 0 && n < len(c.Args) {
				fs := r.eval(c.Args[n], 0, env)
				s.also(fs)
				for _, f := range fs.vals {
					if f.Func != nil {
						s.merge(r.returned(f, nil, 0, env, 0))
					}
				}
			}
			return s
		case strings.HasPrefix(ret, "new "):
			if n, err := strconv.Atoi(ret[len("new "):]); err == nil && n >= 0 && n < len(c.Args) {
				for _, of := range r.eval(c.Args[n], 0, env).vals {
					switch {
					case of.Class != nil:
						s.add(Value{Of: of.Class, Guessed: of.Guessed})
					case of.Symbol != "" && !of.Is:
						s.add(Value{Symbol: of.Symbol, Is: true, Guessed: of.Guessed})
					}
				}
			}
			return s
		default:
			s.add(Value{Symbol: ret, Is: true, Call: c, Env: env, Guessed: v.Guessed})
			// Two routers that one call makes, in a function that is called twice, are two.
			s.param = env == nil && mounting(row.Does)
			return s
		}
	}
	if i > 0 {
		s.add(Value{Symbol: r.after(r.called(v.Symbol), "."+strconv.Itoa(i)), Guessed: v.Guessed})
		return s
	}
	if c.New {
		s.add(Value{Symbol: v.Symbol, Is: true, Call: c, Env: env, Guessed: v.Guessed})
		return s
	}
	s.add(Value{Symbol: r.called(v.Symbol), Call: c, Env: env, Guessed: v.Guessed})
	return s
}

// called is the symbol of a result.
func (r *Resolver) called(sym string) string { return r.after(sym, "()") }

// after is a symbol with a sign behind it.
func (r *Resolver) after(sym, sign string) string {
	k := join{sym, sign}
	s, ok := r.joined[k]
	if !ok {
		if s = sym + sign; len(s) > textLimit {
			s = sym
		}
		r.joined[k] = s
	}
	return s
}

// function says whether what stands before a dot is a package or namespace, so that
// what follows is a function of it and no method.
func function(of set) bool {
	for _, v := range of.vals {
		if v.Symbol == "" || v.Is || v.Call != nil || strings.ContainsAny(v.Symbol, "#.(") && !strings.HasSuffix(v.Symbol, "#default") {
			return false
		}
	}
	return len(of.vals) > 0
}
