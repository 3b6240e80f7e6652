package resolve

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// An index is what one reading of a program finds: where everything is assigned.
type index struct {
	sources    map[*ir.Var][]source
	fields     map[field][]source     // by class and name
	sets       map[string][]memberSet // assignments to members of what is not known yet, by name
	elems      map[*ir.Var][]source   // what is put into a list or map
	elemsOf    map[string][]memberSet // the same for members
	returns    map[*ir.Func][]*ir.Return
	within     map[*ir.Call]*ir.Func // in which a call stands
	owner      map[*ir.Func]*ir.Object
	this       map[*ir.This]*ir.Func
	calls      []*ir.Call
	typedFuncs []typedFunc
	globals    map[string][]source // assignments to names that nobody declares
	tagged     []literalIn         // objects one of whose values is something outside the program
	literals   []literalIn         // of types of libraries
}

// A literalIn is a literal and the function in which it stands.
type literalIn struct {
	object *ir.Object
	fn     *ir.Func
}

// A field is one of a class.
type field struct {
	class *ir.Class
	name  string
}

// A source is one thing that is assigned somewhere: result i of x, or an element
// or key of it.
type source struct {
	x    ir.Expr
	i    int
	kind sourceKind
	// fault says that it goes to a variable called err, the last of several.
	fault bool
}

type sourceKind uint8

const (
	whole sourceKind = iota
	element
	caught // by a catch
)

// A memberSet is an assignment to a member of x.
type memberSet struct {
	x ir.Expr
	source
}

func (r *Resolver) read(p *ir.Program) {
	n := len(p.Funcs)
	r.index = index{
		sources: make(map[*ir.Var][]source, n*4),
		fields:  make(map[field][]source, n),
		sets:    make(map[string][]memberSet),
		elems:   make(map[*ir.Var][]source),
		elemsOf: make(map[string][]memberSet),
		returns: make(map[*ir.Func][]*ir.Return, n),
		within:  make(map[*ir.Call]*ir.Func, n*8),
		owner:   make(map[*ir.Func]*ir.Object),
		this:    make(map[*ir.This]*ir.Func),
		globals: make(map[string][]source),
	}
	for _, f := range p.Funcs {
		rd := reader{r: r, f: f}
		rd.stmts(f.Body)
	}
	for _, c := range p.Classes {
		for _, d := range c.Decorators {
			r.decorator(d, c.Module)
		}
		for _, v := range c.Fields {
			for _, d := range v.Decorators {
				r.decorator(d, c.Module)
			}
		}
	}
	for _, f := range p.Funcs {
		for _, d := range f.Decorators {
			r.decorator(d, f.Module)
		}
		for _, v := range f.Params {
			for _, d := range v.Decorators {
				r.decorator(d, f.Module)
			}
		}
	}
}

// decorator reads a call that stands before a declaration, and runs with the module.
func (r *Resolver) decorator(d *ir.Call, m *ir.Module) {
	if d == nil {
		return
	}
	rd := reader{r: r}
	if m != nil {
		rd.f = m.Body
	}
	rd.expr(d)
}

// A reader goes through one function.
type reader struct {
	r *Resolver
	f *ir.Func
}

func (rd reader) stmts(list []ir.Stmt) {
	for _, s := range list {
		rd.stmt(s)
	}
}

func (rd reader) stmt(s ir.Stmt) {
	switch s := s.(type) {
	case *ir.Set:
		for i, left := range s.Left {
			switch {
			case left == nil:
			case len(s.Right) == len(s.Left):
				rd.assign(left, source{x: s.Right[i]})
				if n, ok := left.(*ir.Name); ok {
					rd.typed(s.Right[i], n.Var.Type)
				}
			case len(s.Right) == 1:
				rd.assign(left, source{x: s.Right[0], i: i, fault: i > 0 && i == len(s.Left)-1 && isErr(left)})
			}
		}
	case *ir.Loop:
		if s.Over != nil && len(s.Each) > 0 {
			// Go yields key and element, the others the element alone.
			if e := s.Each[len(s.Each)-1]; e != nil && (len(s.Each) == 2 || rd.language() != ir.Go) {
				rd.assign(e, source{x: s.Over, kind: element})
			}
		}
	case *ir.Return:
		rd.r.returns[rd.f] = append(rd.r.returns[rd.f], s)
		if rd.f != nil && len(rd.f.Results) > 0 && len(s.Values) > 0 {
			rd.typed(s.Values[0], rd.f.Results[0])
		}
	}
	ir.Parts(s, rd.stmt, rd.expr)
}

// globalObject says whether the members of a name are names that all can see.
func globalObject(sym string) bool {
	return sym == "js:globalThis" || sym == "js:global" || sym == "js:window"
}

// typed takes a function that is written where a function type of a library is
// declared: const auth: RequestHandler = (req, res, next) => {}.
func (rd reader) typed(e ir.Expr, t *ir.Type) {
	if t == nil || t.Symbol == "" {
		return
	}
	if ref, ok := e.(*ir.FuncRef); ok && ref.Literal && len(ref.Func.Params) > 0 {
		rd.r.typedFuncs = append(rd.r.typedFuncs, typedFunc{ref.Func, symbol(t.Symbol)})
	}
}

// A typedFunc is a function of a type of a library.
type typedFunc struct {
	fn  *ir.Func
	sym string
}

// isErr says whether a variable is called as errors are.
func isErr(e ir.Expr) bool {
	n, ok := e.(*ir.Name)
	return ok && (strings.HasPrefix(n.Var.Name, "err") || strings.HasSuffix(n.Var.Name, "Err") || strings.HasSuffix(n.Var.Name, "Error"))
}

func (rd reader) language() ir.Language {
	if rd.f != nil && rd.f.Module != nil {
		return rd.f.Module.Language
	}
	return ""
}

func (rd reader) expr(e ir.Expr) {
	switch e := e.(type) {
	case *ir.Call:
		rd.r.within[e] = rd.f
		rd.r.calls = append(rd.r.calls, e)
		rd.grow(e)
	case *ir.Assign:
		rd.assign(e.Left, source{x: e.Right})
	case *ir.This:
		if e.Class == nil {
			rd.r.this[e] = rd.f
		}
	case *ir.Object:
		if e.Type != nil && e.Type.Symbol != "" && len(e.Fields) > 0 {
			rd.r.literals = append(rd.r.literals, literalIn{e, rd.f})
		}
		if e.Type == nil && len(e.Fields) < 8 {
			for i := range e.Fields {
				if _, ok := e.Fields[i].Value.(*ir.Extern); ok {
					rd.r.tagged = append(rd.r.tagged, literalIn{e, rd.f})
					break
				}
			}
		}
		for i := range e.Fields {
			f := &e.Fields[i]
			if ref, ok := f.Value.(*ir.FuncRef); ok && ref.Literal {
				rd.r.owner[ref.Func] = e
			}
			if e.Type != nil && e.Type.Class != nil && f.Name != "" {
				k := field{e.Type.Class, f.Name}
				rd.r.fields[k] = append(rd.r.fields[k], source{x: f.Value})
			}
		}
		if e.Type != nil && e.Type.Class != nil && len(e.Fields) > 0 && e.Fields[0].Name == "" && e.Fields[0].Key == nil {
			for i := range e.Fields { // Go's T{a, b}
				if i < len(e.Type.Class.Fields) && e.Fields[i].Name == "" {
					k := field{e.Type.Class, e.Type.Class.Fields[i].Name}
					rd.r.fields[k] = append(rd.r.fields[k], source{x: e.Fields[i].Value})
				}
			}
		}
	}
	ir.Parts(e, rd.stmt, rd.expr)
}

// grow takes calls that put something into a list: xs.push(x).
func (rd reader) grow(c *ir.Call) {
	m, ok := c.Fun.(*ir.Member)
	if !ok || rd.language() == ir.Go {
		return
	}
	switch m.Name {
	case "push", "unshift", "add":
		for _, a := range c.Args {
			rd.put(m.X, source{x: a})
		}
	case "set":
		if len(c.Args) == 2 {
			rd.put(m.X, source{x: c.Args[1]})
		}
	}
}

func (rd reader) put(x ir.Expr, s source) {
	switch x := x.(type) {
	case *ir.Name:
		rd.r.elems[x.Var] = append(rd.r.elems[x.Var], s)
	case *ir.Member:
		rd.r.elemsOf[x.Name] = append(rd.r.elemsOf[x.Name], memberSet{x.X, s})
	}
}

func (rd reader) assign(left ir.Expr, s source) {
	switch left := left.(type) {
	case *ir.Name:
		rd.r.sources[left.Var] = append(rd.r.sources[left.Var], s)
	case *ir.Extern:
		rd.r.globals[left.Symbol] = append(rd.r.globals[left.Symbol], s)
	case *ir.Member:
		var c *ir.Class
		switch x := left.X.(type) {
		case *ir.This:
			c = x.Class
		case *ir.Extern:
			if globalObject(x.Symbol) {
				k := "js:" + left.Name
				rd.r.globals[k] = append(rd.r.globals[k], s)
				return
			}
		case *ir.Name:
			if t := x.Var.Type; t != nil && t.Class != nil && !t.Class.Interface {
				c = t.Class
			}
		}
		if c != nil {
			k := field{c, left.Name}
			rd.r.fields[k] = append(rd.r.fields[k], s)
			return
		}
		rd.r.sets[left.Name] = append(rd.r.sets[left.Name], memberSet{left.X, s})
	case *ir.Index:
		if k, ok := left.Key.(*ir.Const); ok && k.Kind == ir.String {
			rd.r.sets[k.Text] = append(rd.r.sets[k.Text], memberSet{left.X, s})
		}
		rd.put(left.X, s)
	}
}
