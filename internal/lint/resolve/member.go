package resolve

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A join is a symbol and what follows it.
type join struct{ symbol, name string }

// symbol brings one to the form in which rows are written: what a module.exports
// of npm holds is an export.
func symbol(s string) string {
	if strings.HasPrefix(s, "npm:") {
		if i := strings.Index(s, "#default."); i >= 0 {
			return s[:i+1] + s[i+len("#default."):]
		}
		if i := strings.Index(s, "#*."); i >= 0 {
			return s[:i+1] + s[i+len("#*."):]
		}
	}
	return s
}

// under is a member of a symbol.
func (r *Resolver) under(sym, name string) string {
	k := join{sym, name}
	s, ok := r.joined[k]
	if !ok {
		s = symbol(sym + "." + name)
		if strings.HasSuffix(sym, "#default") && name == "default" {
			s = sym
		}
		if strings.HasSuffix(sym, "#*") && name == "default" {
			s = sym[:len(sym)-1] + "default"
		}
		if len(s) > textLimit {
			s = sym
		}
		r.joined[k] = s
	}
	return s
}

// member is x.name for one x.
func (r *Resolver) member(v Value, name string) set {
	var s set
	switch {
	case v.Module != nil:
		return r.export(v.Module, name, 0)
	case v.Func != nil:
		if v.As != nil {
			if m, by := r.method(v.As, name, 0); m != nil {
				self := v
				s.add(Value{Func: m, Bound: by, Env: r.enter(Env{Func: m, Recv: &self})})
				return s
			}
		}
		s = r.assigned(v, name)
		if len(s.vals) == 0 && v.Func.Module != nil && v.Func.Module.Language == ir.Go {
			s.add(v) // http.HandlerFunc(f).ServeHTTP
		}
	case v.Of != nil:
		return r.field(v, name)
	case v.Class != nil:
		if name == "prototype" {
			s.add(v)
			return s
		}
		if m, by := r.method(v.Class, name, 0); m != nil {
			s.add(Value{Func: m, Bound: by})
			return s
		}
		s = r.field(Value{Of: v.Class}, name)
		s.merge(r.assigned(v, name))
	case v.Symbol != "":
		if v.Object != nil { // a struct of a library, written out
			if s = r.entry(v, name); len(s.vals) > 0 {
				return s
			}
		}
		return r.of(v, name)
	case v.Object != nil:
		s = r.entry(v, name)
		s.merge(r.assigned(v, name))
	}
	return s
}

// of is a member of something outside the program: its own, or one that the program
// gave it.
func (r *Resolver) of(v Value, name string) set {
	var s set
	if globalObject(v.Symbol) {
		return r.global("js:" + name)
	}
	if !v.Is {
		if row := r.row(v.Symbol); row != nil && len(row.Returns) > 0 && isType(row.Returns[0]) {
			// A field: its type counts.
			s.add(Value{Symbol: r.under(row.Returns[0], name), Guessed: v.Guessed, Call: v.Call, Env: v.Env})
			return s
		}
	}
	sym := r.under(v.Symbol, name)
	if (v.Is || v.Call != nil) && r.row(sym) == nil {
		s = r.given(v.Symbol, name)
	}
	s.add(Value{Symbol: sym, Guessed: v.Guessed})
	return s
}

// given is what the program made a member of all that have a type of a library:
// req.logger = l, or by a row that adds.
func (r *Resolver) given(sym, name string) set {
	all, added := r.sets[name], r.added[name]
	var s set
	if len(all)+len(added) == 0 || len(all)+len(added) > maxCallers {
		return s
	}
	return r.once(key{join{sym, name}, 0, nil}, func() set {
		var s set
		for _, a := range all {
			on := r.eval(a.x, 0, nil)
			s.also(on)
			for _, x := range on.vals {
				if x.Symbol == sym {
					s.merge(r.source(a.source, nil))
					break
				}
			}
		}
		for _, a := range added {
			s.merge(r.source(a, nil))
		}
		var kept set
		kept.also(s)
		for _, v := range s.vals {
			if v.Func != nil || v.Of != nil || v.Object != nil || v.Symbol != "" {
				kept.add(v)
			}
		}
		return kept
	})
}

// export is what a module gives under a name.
func (r *Resolver) export(m *ir.Module, name string, depth int) set {
	if e, ok := m.Exports[name]; ok && e != nil {
		return r.eval(e, 0, nil)
	}
	var s set
	d := m.Exports["default"]
	switch {
	case name == "default" && d == nil:
		s.add(Value{Module: m})
	case d != nil && depth < 4:
		def := r.eval(d, 0, nil)
		s.also(def)
		for _, v := range def.vals {
			if v.Module == m {
				continue
			}
			s.merge(r.member(v, name))
		}
	}
	return s
}

// entry is a field of an object literal. An object may be spread into itself, by a
// variable: x = {...x, a}.
func (r *Resolver) entry(v Value, name string) set {
	for i := range v.Object.Fields {
		if f := &v.Object.Fields[i]; f.Name == "" {
			return r.once(key{part{v.Object, name}, 0, v.Env}, func() set { return r.entries(v, name) })
		}
	}
	return r.entries(v, name)
}

// A part asks for a field of an object.
type part struct {
	object *ir.Object
	name   string
}

func (r *Resolver) entries(v Value, name string) set {
	var s set
	for i := range v.Object.Fields {
		f := &v.Object.Fields[i]
		switch {
		case f.Name == name && f.Value != nil:
			s.merge(r.eval(f.Value, 0, v.Env))
		case f.Name == "" && f.Key == nil && f.Value != nil && v.Symbol == "": // a spread
			spread := r.eval(f.Value, 0, v.Env)
			s.also(spread)
			for _, x := range spread.vals {
				s.merge(r.member(x, name))
			}
		case f.Name == "" && f.Key != nil && f.Value != nil:
			if k := r.keyOf(f.Key, v.Env); k == name {
				s.merge(r.eval(f.Value, 0, v.Env))
			}
		}
	}
	return s
}

// assigned is what was written to a member of an object, wherever.
func (r *Resolver) assigned(v Value, name string) set {
	all := r.sets[name]
	var s set
	if len(all) == 0 || len(all) > maxCallers {
		return s
	}
	return r.once(key{put{v, name}, 0, nil}, func() set {
		var s set
		for _, a := range all {
			on := r.eval(a.x, 0, nil)
			s.also(on)
			for _, x := range on.vals {
				if same(x, v) {
					s.merge(r.source(a.source, nil))
					break
				}
			}
		}
		return s
	})
}

type put struct {
	v    Value
	name string
}

// field is a field or method of an instance.
func (r *Resolver) field(v Value, name string) set {
	if v.Object != nil && v.Object.Type != nil && v.Object.Type.Map {
		return r.entry(v, name)
	}
	c := v.Of
	return r.once(key{field{c, name}, 0, nil}, func() set {
		var s set
		if m, by := r.method(c, name, 0); m != nil && !by.Interface && (len(m.Body) > 0 || len(r.below(c)) == 0) {
			s.add(Value{Func: m, Bound: by})
			for _, sub := range r.below(c) {
				if o := sub.Methods[name]; o != nil && o != m {
					s.add(Value{Func: o, Bound: sub})
				}
			}
			return s
		}
		if f := r.fieldVar(c, name); f != nil {
			if t := f.Type; t != nil && t.Class != nil && settled(t.Class) {
				s.add(Value{Of: t.Class})
				return s
			}
			s.merge(r.written(c, name))
			for _, src := range r.sources[f] {
				s.merge(r.source(src, nil))
			}
			return r.declared(s, f.Type)
		}
		if s = r.written(c, name); len(s.vals) > 0 {
			return s
		}
		for _, sub := range r.implementers(c) {
			if m, by := r.method(sub, name, 0); m != nil && !by.Interface {
				s.add(Value{Func: m, Bound: by})
			}
		}
		if len(s.vals) > 0 {
			return s
		}
		// What is embedded from outside.
		for _, t := range r.outside(c, 0) {
			s.add(Value{Symbol: r.under(t, name)})
		}
		return s
	})
}

// written is what is assigned to a field, by its class and those above it.
func (r *Resolver) written(c *ir.Class, name string) set {
	var s set
	for _, k := range r.line(c) {
		for _, src := range r.fields[field{k, name}] {
			s.merge(r.source(src, nil))
		}
	}
	for _, k := range r.below(c) {
		for _, src := range r.fields[field{k, name}] {
			s.merge(r.source(src, nil))
		}
	}
	if all := r.sets[name]; len(all) <= maxCallers {
		for _, a := range all {
			on := r.eval(a.x, 0, nil)
			s.also(on)
			for _, x := range on.vals {
				if x.Of == c || x.Class == c {
					s.merge(r.source(a.source, nil))
					break
				}
			}
		}
	}
	return s
}

// isType says whether what stands in a row's returns names a type.
func isType(s string) bool {
	return strings.Contains(s, ":") && !strings.HasPrefix(s, "arg ")
}
