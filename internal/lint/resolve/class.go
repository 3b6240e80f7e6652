package resolve

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// maxLine bounds how many classes stand above one another.
const maxLine = 8

// method finds a method of c or of what it embeds or extends, and the class that
// declares it.
func (r *Resolver) method(c *ir.Class, name string, depth int) (*ir.Func, *ir.Class) {
	if m := c.Methods[name]; m != nil {
		return m, c
	}
	if depth >= maxLine {
		return nil, nil
	}
	for _, t := range c.Embeds {
		if t != nil && t.Class != nil && t.Class != c {
			if m, by := r.method(t.Class, name, depth+1); m != nil {
				return m, by
			}
		}
	}
	if u := c.Underlying; u != nil && u.Class != nil && u.Class != c {
		return r.method(u.Class, name, depth+1)
	}
	return nil, nil
}

// fieldVar finds the declaration of a field.
func (r *Resolver) fieldVar(c *ir.Class, name string) *ir.Var {
	for _, k := range r.line(c) {
		for _, f := range k.Fields {
			if f != nil && f.Name == name {
				return f
			}
		}
	}
	return nil
}

// line lists c and the classes that it embeds or extends, nearest first.
func (r *Resolver) line(c *ir.Class) []*ir.Class {
	if len(c.Embeds) == 0 && c.Underlying == nil {
		return []*ir.Class{c}
	}
	out := []*ir.Class{c}
	for i := 0; i < len(out) && len(out) < maxLine*2; i++ {
		next := func(t *ir.Type) {
			if t == nil || t.Class == nil {
				return
			}
			for _, old := range out {
				if old == t.Class {
					return
				}
			}
			out = append(out, t.Class)
		}
		for _, t := range out[i].Embeds {
			next(t)
		}
		next(out[i].Underlying)
	}
	return out
}

// outside lists the types of libraries that c embeds, extends, or is another name for.
func (r *Resolver) outside(c *ir.Class, depth int) []string {
	var out []string
	for _, k := range r.line(c) {
		for _, t := range k.Embeds {
			if t == nil || t.Symbol == "" {
				continue
			}
			sym := symbol(t.Symbol)
			out = append(out, sym)
			if maker, made := strings.CutSuffix(sym, "()"); made { // extends AuthGuard("jwt")
				if row := r.row(maker); row != nil && len(row.Returns) == 1 && isType(row.Returns[0]) {
					maker = row.Returns[0]
				}
				out = append(out, maker)
			}
		}
		if u := k.Underlying; u != nil && u.Symbol != "" && u.Elem == nil {
			out = append(out, symbol(u.Symbol))
		}
	}
	return out
}

// below lists the classes that extend c.
func (r *Resolver) below(c *ir.Class) []*ir.Class {
	if r.subs == nil {
		r.subs = map[*ir.Class][]*ir.Class{}
		for _, k := range r.prog.Classes {
			if k.Module != nil && k.Module.Language == ir.Go {
				continue // embedding is no overriding
			}
			for _, up := range r.line(k)[1:] {
				r.subs[up] = append(r.subs[up], k)
			}
		}
	}
	if subs := r.subs[c]; len(subs) <= maxValues {
		return subs
	}
	return nil
}

// implementers lists the classes that may stand behind an interface; none if there
// are too many.
func (r *Resolver) implementers(c *ir.Class) []*ir.Class {
	if found, ok := r.impl[c]; ok {
		return found
	}
	if r.impl == nil {
		r.impl = map[*ir.Class][]*ir.Class{}
	}
	var found []*ir.Class
	if c.Module != nil && c.Module.Language != ir.Go {
		found = append(found, r.below(c)...)
	} else if c.Interface {
		need := map[string]bool{}
		for _, k := range r.line(c) {
			for name := range k.Methods {
				need[name] = true
			}
		}
		if len(need) > 0 {
			for _, k := range r.prog.Classes {
				if !k.Interface && (len(k.Methods) > 0 || len(k.Embeds) > 0) && k.Module != nil && c.Module != nil && k.Module.Language == c.Module.Language && r.hasAll(k, need) {
					found = append(found, k)
				}
			}
		}
	}
	if len(found) > maxValues {
		found = nil
	}
	r.impl[c] = found
	return found
}

func (r *Resolver) hasAll(c *ir.Class, need map[string]bool) bool {
	for name := range need {
		if m, by := r.method(c, name, 0); m == nil || by.Interface {
			return false
		}
	}
	return true
}
