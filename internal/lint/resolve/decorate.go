package resolve

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// decorated takes the routes of classes whose decorators say that they have some:
// @Controller("auth") class AuthController { @Post("login") login() {} }.
func (r *Resolver) decorated() {
	r.scopes, r.decorators = map[string]*node{}, map[*ir.Call]bool{}
	for _, c := range r.prog.Classes {
		for _, d := range c.Decorators {
			r.decorators[d] = true
		}
		for _, f := range c.Fields {
			for _, d := range f.Decorators {
				r.decorators[d] = true
			}
		}
	}
	for _, f := range r.prog.Funcs {
		for _, d := range f.Decorators {
			r.decorators[d] = true
		}
		for _, p := range f.Params {
			for _, d := range p.Decorators {
				r.decorators[d] = true
			}
		}
	}
	methods := map[*ir.Class][]*ir.Func{}
	for _, f := range r.prog.Funcs {
		if f.Class != nil && len(f.Decorators) > 0 {
			methods[f.Class] = append(methods[f.Class], f)
		}
	}
	for _, c := range r.prog.Classes {
		r.controller(c, methods)
	}
}

// A note is one decorator, as it was written or as a function of the program made it.
type note struct {
	call *ir.Call
	t    Target
	env  *Env
}

// notes are the decorators that rows know. One that the program declares is what
// it returns: a call of a library, or one that is given several of them.
func (r *Resolver) notes(list []*ir.Call, env *Env, depth int) []note {
	var out []note
	for _, d := range list {
		if d == nil || depth > 4 {
			continue
		}
		r.steps = 0
		for _, t := range r.targets(d, env) {
			switch {
			case t.Func != nil:
				for _, ret := range r.returns[t.Func] {
					for _, x := range ret.Values {
						if c, ok := x.(*ir.Call); ok {
							out = append(out, r.notes([]*ir.Call{c}, t.Env, depth+1)...)
						}
					}
				}
			case t.Row != nil && mounting(t.Row.Does):
				out = append(out, note{d, t, env})
			case t.Row == nil || t.Row.Chain.Set():
				var inner []*ir.Call
				for _, a := range d.Args {
					inner = append(inner, r.callsIn(a, env)...)
				}
				out = append(out, r.notes(inner, env, depth+1)...)
			}
		}
	}
	return out
}

// callsIn lists the calls that an argument is: itself, or those of a list, with
// what is put into it later.
func (r *Resolver) callsIn(a ir.Expr, env *Env) (list []*ir.Call) {
	switch a := a.(type) {
	case *ir.Call:
		return []*ir.Call{a}
	case *ir.List:
		for _, x := range a.Elems {
			if c, ok := x.(*ir.Call); ok {
				list = append(list, c)
			}
		}
	case *ir.Name:
		for _, src := range r.sources[a.Var] {
			if l, ok := src.x.(*ir.List); ok {
				list = append(list, r.callsIn(l, env)...)
			}
		}
		for _, src := range r.elems[a.Var] {
			if c, ok := src.x.(*ir.Call); ok {
				list = append(list, c)
			}
		}
	}
	return list
}

func (r *Resolver) controller(c *ir.Class, methods map[*ir.Class][]*ir.Func) {
	var n *node
	notes := r.notes(c.Decorators, nil, 0)
	for _, d := range notes {
		if d.t.Row.Does != library.Group {
			continue
		}
		sc := scope(d.t.Symbol)
		root := r.scopes[sc]
		if root == nil {
			root = r.nodeAt("scope "+sc, nil, d.t.Symbol)
			r.scopes[sc] = root
		}
		n = r.nodeAt(c, nil, d.t.Symbol)
		n.edges = append(n.edges, edge{root, r.decoratorPath(d), place{d.call}, nil})
	}
	if n == nil {
		return
	}
	r.decorate(n, notes)
	for _, k := range r.line(c) {
		for _, f := range methods[k] {
			r.action(n, f)
		}
	}
}

// decoratorPath is the path in a decorator: its argument, or the field path of it.
func (r *Resolver) decoratorPath(d note) string {
	i, ok := d.t.Row.Path.Index(len(d.call.Args))
	if !ok {
		return ""
	}
	if f := d.t.Row.Path.Field; f != "" {
		if s := r.option(d.call.Args[i], f, d.env); s != "" {
			return s
		}
	}
	if s, ok := r.pathText(d.call.Args[i], d.env); ok {
		return s
	}
	return r.option(d.call.Args[i], "path", d.env)
}

// decorate takes what the decorators of a class mount before all of its routes.
func (r *Resolver) decorate(n *node, notes []note) {
	for _, d := range notes {
		links := r.noted(d)
		switch d.t.Row.Does {
		case library.Mount:
			n.uses = append(n.uses, use{late: true, links: links})
			r.table.middlewares = append(r.table.middlewares, links...)
		case library.Central:
			r.addCentral(n, links)
		}
	}
}

// noted are the links that a decorator names.
func (r *Resolver) noted(d note) []Link {
	from, ok := d.t.Row.Chain.Index(len(d.call.Args))
	if !ok {
		return nil
	}
	var out []Link
	for _, a := range d.call.Args[from:] {
		out = append(out, r.links(a, d.env, d.t.Row, 0)...)
	}
	return out
}

// action takes one method of a controller.
func (r *Resolver) action(n *node, f *ir.Func) {
	notes := r.notes(f.Decorators, nil, 0)
	var before, central []Link
	for _, d := range notes {
		switch d.t.Row.Does {
		case library.Mount:
			before = append(before, r.noted(d)...)
		case library.Central:
			central = append(central, r.noted(d)...)
		}
	}
	for _, d := range notes {
		if d.t.Row.Does != library.Route {
			continue
		}
		m := &mounted{Span: d.call.Span, symbol: d.t.Symbol, path: r.decoratorPath(d), methods: r.methodsOf(d.call, d.t, d.env), at: place{d.call}, known: true, call: d.call}
		m.chain = append(before[:len(before):len(before)], Link{Span: f.Span, Func: f})
		m.central = central
		r.table.central = append(r.table.central, central...)
		n.routes = append(n.routes, m)
	}
}
