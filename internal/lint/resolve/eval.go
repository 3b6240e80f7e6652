package resolve

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// A set is what an expression may stand for, and how far that can be relied on.
type set struct {
	vals []Value
	over bool // there were too many
	// param says that a parameter had to do with it: another surrounding may give
	// other values.
	param bool
	// cut is the depth at which a cycle was met, or a bound; 0: none. What was found
	// below that depth is not all there is, and is not remembered.
	cut int32
}

func (s *set) add(v Value) {
	for _, old := range s.vals {
		if old == v {
			return
		}
	}
	if len(s.vals) >= maxValues {
		s.over = true
		return
	}
	s.vals = append(s.vals, v)
}

func (s *set) merge(t set) {
	for _, v := range t.vals {
		s.add(v)
	}
	s.also(t)
}

// also takes over what is said of t, without its values.
func (s *set) also(t set) {
	s.over = s.over || t.over
	s.param = s.param || t.param
	if t.cut != 0 && (s.cut == 0 || t.cut < s.cut) {
		s.cut = t.cut
	}
}

// A key is a question.
type key struct {
	node any // ir.Expr, *ir.Var, field
	i    int
	env  *Env
}

// ask is a question from outside.
func (r *Resolver) ask(e ir.Expr, i int, env *Env) set {
	r.steps = 0
	return r.eval(e, i, env)
}

// once answers a question that may lead back to itself.
func (r *Resolver) once(k key, f func() set) set {
	if s, ok := r.memo[k]; ok {
		return s
	}
	if at, ok := r.active[k]; ok {
		return set{cut: at}
	}
	r.steps++
	if r.depth >= maxDepth || r.steps > maxSteps {
		return set{cut: 1}
	}
	r.depth++
	d := r.depth
	r.active[k] = d
	s := f()
	delete(r.active, k)
	r.depth--
	if s.over {
		s.vals = keepTypes(s.vals)
	}
	if s.cut >= d || r.steps > maxSteps {
		s.cut = 0
	}
	if s.cut == 0 {
		r.memo[k] = s
	}
	return s
}

// keepTypes keeps of too many values what they are instances of.
func keepTypes(vals []Value) []Value {
	var s set
	for _, v := range vals {
		switch {
		case v.Of != nil:
			s.add(Value{Of: v.Of})
		case v.Is:
			s.add(Value{Symbol: v.Symbol, Is: true, Guessed: v.Guessed})
		case v.Type != nil:
			s.add(v)
		}
	}
	return s.vals
}

func (r *Resolver) eval(e ir.Expr, i int, env *Env) set {
	var s set
	if i > 0 {
		switch e.(type) {
		case *ir.Call, *ir.Await:
		default:
			return s
		}
	}
	switch e := e.(type) {
	case *ir.Name:
		return r.variable(e.Var, env)
	case *ir.Extern:
		return r.global(e.Symbol)
	case *ir.FuncRef:
		s.add(Value{Func: e.Func, Env: env.in(e.Func.Outer)})
		s.param = e.Literal && open(e.Func.Outer, env)
	case *ir.ClassRef:
		s.add(Value{Class: e.Class})
	case *ir.ModuleRef:
		s.add(Value{Module: e.Module})
	case *ir.This:
		switch f := r.this[e]; {
		case e.Class != nil:
			s.add(Value{Of: e.Class})
		default:
			for ; f != nil; f = f.Outer {
				if t := r.bound[f]; t != "" {
					s.add(Value{Symbol: t, Is: true})
					break
				}
				if o := r.owner[f]; o != nil {
					s.add(Value{Object: o})
					break
				}
				if f.Class != nil {
					s.add(Value{Of: f.Class})
					break
				}
			}
		}
	case *ir.Const:
		s.add(Value{Const: e})
	case *ir.Member:
		return r.once(key{e, 0, env}, func() set {
			var s set
			of := r.eval(e.X, 0, env)
			of.over = of.over && len(of.vals) == 0 // of what was left, types, members are known
			s.also(of)
			for _, v := range of.vals {
				s.merge(r.member(v, e.Name))
			}
			return s
		})
	case *ir.Index:
		return r.once(key{e, 0, env}, func() set { return r.at(e, env) })
	case *ir.Call:
		return r.once(key{e, i, env}, func() set { return r.result(e, i, env) })
	case *ir.Object:
		v := Value{Object: e, Env: env}
		if t := e.Type; t != nil {
			switch {
			case t.Class != nil:
				v.Of = t.Class
			case t.Symbol != "" && !t.Map:
				v.Symbol, v.Is = symbol(t.Symbol), true
			}
		}
		s.add(v)
		s.param = v.Of == nil && env == nil
	case *ir.List:
		s.add(Value{List: e, Env: env})
		s.param = env == nil
	case *ir.Op:
		switch e.Kind {
		case ir.Or:
			for _, a := range e.Args {
				s.merge(r.eval(a, 0, env))
			}
		case ir.And:
			if n := len(e.Args); n > 0 {
				return r.eval(e.Args[n-1], 0, env)
			}
		}
	case *ir.Cond:
		s.merge(r.eval(e.Then, 0, env))
		if e.Else != nil {
			s.merge(r.eval(e.Else, 0, env))
		}
	case *ir.Await:
		return r.eval(e.X, i, env)
	case *ir.Convert:
		s = r.eval(e.X, 0, env)
		return r.declared(s, e.Type)
	case *ir.Assign:
		return r.eval(e.Right, 0, env)
	}
	return s
}

// global is what lies outside the program, or what the program assigned to a name
// that nobody declares.
func (r *Resolver) global(sym string) set {
	all := r.globals[sym]
	if len(all) == 0 {
		return set{vals: []Value{{Symbol: symbol(sym)}}}
	}
	return r.once(key{sym, 0, nil}, func() set {
		var s set
		for _, src := range all {
			s.merge(r.source(src, nil))
		}
		return s
	})
}

// variable is all that is ever assigned to v.
func (r *Resolver) variable(v *ir.Var, env *Env) set {
	env = env.in(v.Func)
	return r.once(key{v, 0, env}, func() set {
		var s set
		if t := v.Type; t != nil && t.Class != nil && settled(t.Class) {
			s.add(Value{Of: t.Class})
			return s
		}
		for _, src := range r.sources[v] {
			s.merge(r.source(src, env))
		}
		if f := v.Func; f != nil {
			switch {
			case v.Param >= 0 && v.Param < len(f.Params) && f.Params[v.Param] == v:
				s.merge(r.parameter(v, env))
			case f.Recv == v:
				if fr := env.frame(f); fr != nil && fr.Recv != nil {
					s.add(*fr.Recv)
				} else {
					s.param = true
				}
			}
		}
		return r.declared(s, v.Type)
	})
}

// settled says that a declaration with this type leaves nothing to ask.
func settled(c *ir.Class) bool {
	return !c.Interface && (c.Underlying == nil || c.Underlying.Func == nil && c.Underlying.Elem == nil && c.Underlying.Class == nil && c.Underlying.Symbol == "")
}

// declared narrows s to what a declared type allows, and falls back to the type.
func (r *Resolver) declared(s set, t *ir.Type) set {
	if t == nil {
		return s
	}
	out := set{over: s.over, param: s.param, cut: s.cut}
	switch {
	case t.Class != nil && t.Class.Underlying != nil && t.Class.Underlying.Func != nil:
		for _, v := range s.vals {
			if v.Func != nil {
				v.As = t.Class
			}
			out.add(v)
		}
		if len(out.vals) == 0 {
			out.add(Value{Of: t.Class})
		}
	case t.Class != nil && !t.Class.Interface:
		for _, v := range s.vals {
			if v.Of == t.Class || v.Object != nil || v.List != nil {
				out.add(v)
			}
		}
		if len(out.vals) == 0 {
			out.add(Value{Of: t.Class})
		}
	case t.Class != nil:
		for _, v := range s.vals {
			if v.Of != nil && !v.Of.Interface || v.Symbol != "" || v.Object != nil || v.Func != nil {
				out.add(v)
			}
		}
		if len(out.vals) == 0 {
			out.add(Value{Of: t.Class})
		}
	case t.Symbol != "" && t.Elem == nil:
		sym := symbol(t.Symbol)
		same := false
		for _, v := range s.vals {
			if strange(v) && sym != "go:builtin.any" {
				// A result whose type no row tells: the declaration does.
				v.Symbol, v.Is = sym, true
			}
			if v.Is && v.Symbol != sym && versionless(v.Symbol) == versionless(sym) {
				v.Symbol = sym
			}
			same = same || v.Symbol == sym && v.Is
			out.add(v)
		}
		if !same && !plain(sym) {
			out.vals = append([]Value{{Symbol: sym, Is: true}}, out.vals...)
		}
	case t.Elem != nil:
		for _, v := range s.vals {
			if strange(v) {
				continue
			}
			out.add(v)
		}
		out.add(Value{Type: t})
	default:
		return s
	}
	return out
}

// instance is a value of which the type alone is known.
func instance(t *ir.Type) (v Value, ok bool) {
	switch {
	case t == nil:
	case t.Class != nil:
		return Value{Of: t.Class}, true
	case t.Elem != nil:
		return Value{Type: t}, true
	case t.Symbol != "" && !plain(symbol(t.Symbol)):
		return Value{Symbol: symbol(t.Symbol), Is: true}, true
	}
	return v, false
}

// strange says that v is the result of a call that no row describes.
func strange(v Value) bool {
	return v.Symbol != "" && !v.Is && v.Call != nil && len(v.Symbol) > 2 && v.Symbol[len(v.Symbol)-2:] == "()"
}

// versionless is a symbol of Go without major versions: rows name types without.
func versionless(sym string) string {
	if !strings.HasPrefix(sym, "go:") {
		return sym
	}
	i := strings.LastIndex(sym, "/v")
	if i < 0 {
		return sym
	}
	j := i + 2
	for j < len(sym) && sym[j] >= '0' && sym[j] <= '9' {
		j++
	}
	if j == i+2 || j < len(sym) && sym[j] != '/' && sym[j] != '.' {
		return sym
	}
	return sym[:i] + sym[j:]
}

// plain types say nothing that a value does not say better.
func plain(sym string) bool {
	switch sym {
	case "go:builtin.any", "js:any", "js:unknown", "js:object", "js:Object", "js:Function", "js:string", "js:number", "js:boolean":
		return true
	}
	return false
}

func (r *Resolver) source(src source, env *Env) set {
	s := r.eval(src.x, src.i, env)
	if src.kind == element {
		return r.items(src.x, s, env)
	}
	if src.fault && len(s.vals) == 1 && !s.vals[0].Is && s.vals[0].Symbol != "" || src.fault && len(s.vals) == 0 {
		// In Go, err at the end of several results is an error.
		return set{vals: []Value{{Symbol: "go:builtin.error", Is: true}}, param: s.param, cut: s.cut}
	}
	return s
}

// at is what an index may give.
func (r *Resolver) at(e *ir.Index, env *Env) set {
	of := r.eval(e.X, 0, env)
	var s set
	s.also(of)
	if name := r.keyOf(e.Key, env); name != "" {
		for _, v := range of.vals {
			if v.List == nil {
				s.merge(r.member(v, name))
			}
		}
		if len(s.vals) > 0 {
			return s
		}
	}
	s.merge(r.items(e.X, of, env))
	return s
}

// keyOf is the text of a constant key, or "".
func (r *Resolver) keyOf(e ir.Expr, env *Env) string {
	if e == nil {
		return ""
	}
	if c, ok := e.(*ir.Const); ok {
		if c.Kind == ir.String || c.Kind == ir.Keyword {
			return c.Text
		}
		return ""
	}
	if s := r.eval(e, 0, env); len(s.vals) == 1 && !s.over {
		if c := s.vals[0].Const; c != nil && (c.Kind == ir.String || c.Kind == ir.Keyword) {
			return c.Text
		}
	}
	return ""
}

// items is what may be within a list or map that x stands for.
func (r *Resolver) items(x ir.Expr, of set, env *Env) set {
	var s set
	var typed []Value
	s.also(of)
	for _, v := range of.vals {
		switch {
		case v.List != nil:
			for _, e := range v.List.Elems {
				s.merge(r.eval(e, 0, v.Env))
			}
		case v.Type != nil && v.Type.Elem != nil:
			if e, ok := instance(v.Type.Elem); ok {
				typed = append(typed, e)
			}
		case v.Of != nil && v.Of.Underlying != nil && v.Of.Underlying.Elem != nil:
			if e, ok := instance(v.Of.Underlying.Elem); ok {
				typed = append(typed, e)
			}
		case v.Symbol != "" && v.Object == nil:
			s.add(Value{Symbol: r.after(v.Symbol, "[]"), Guessed: v.Guessed})
		case v.Object != nil && v.Of == nil:
			for i := range v.Object.Fields {
				f := &v.Object.Fields[i]
				if f.Value != nil {
					s.merge(r.eval(f.Value, 0, v.Env))
				}
			}
		}
	}
	switch x := x.(type) {
	case *ir.Name:
		for _, src := range r.elems[x.Var] {
			s.merge(r.source(src, env.in(x.Var.Func)))
		}
	case *ir.Member:
		for _, put := range r.elemsOf[x.Name] {
			if r.alias(put.x, x.X, env) {
				s.merge(r.source(put.source, nil))
			}
		}
	}
	if len(s.vals) == 0 {
		for _, v := range typed {
			s.add(v)
		}
	}
	return s
}

// alias says whether two expressions may stand for the same object.
func (r *Resolver) alias(a, b ir.Expr, env *Env) bool {
	va, vb := r.eval(a, 0, nil), r.eval(b, 0, env)
	for _, x := range va.vals {
		for _, y := range vb.vals {
			if same(x, y) {
				return true
			}
		}
	}
	return false
}

func same(x, y Value) bool {
	switch {
	case x.Of != nil:
		return x.Of == y.Of
	case x.Object != nil:
		return x.Object == y.Object
	case x.List != nil:
		return x.List == y.List
	case x.Class != nil:
		return x.Class == y.Class
	case x.Func != nil:
		return x.Func == y.Func
	case x.Call != nil:
		return x.Call == y.Call
	}
	return false
}

// parameter is all that is passed for v.
func (r *Resolver) parameter(v *ir.Var, env *Env) set {
	f := v.Func
	if fr := env.frame(f); fr != nil {
		s := r.argument(v, site{fr.Call, fr.Skip, fr.Elem}, fr.Up)
		if len(s.vals) > 0 || len(r.mounted[f]) == 0 {
			return s
		}
	}
	s := set{param: true}
	if n := len(r.callers[f]); n <= maxCallers {
		for _, c := range r.callers[f] {
			s.merge(r.argument(v, c, nil))
		}
	}
	for _, h := range r.mounted[f] {
		s.merge(r.handedTo(v, h, env))
	}
	if len(s.vals) == 0 && !s.over {
		s.merge(r.byShape(v))
	}
	s.param = true
	return s
}

// maxCallers is how many calls of a function are asked what they pass.
const maxCallers = 64

// argument is what one call passes for v.
func (r *Resolver) argument(v *ir.Var, c site, env *Env) set {
	if c.elem != nil {
		if v.Param == 0 {
			return r.eval(c.elem, 0, env)
		}
		return set{}
	}
	if c.call == nil {
		return set{}
	}
	n := v.Param + c.skip
	args := c.call.Args
	if v.Func.Variadic && v.Param == len(v.Func.Params)-1 {
		if c.call.Spread && n == len(args)-1 {
			return r.eval(args[n], 0, env)
		}
		if n > len(args) {
			n = len(args)
		}
		var s set
		s.add(Value{List: r.rest(c.call, n), Env: env})
		return s
	}
	if n >= len(args) || c.call.Spread && n == len(args)-1 {
		return set{}
	}
	return r.eval(args[n], 0, env)
}

// A listKey names a list that no literal holds: arguments of a call from one on.
type listKey struct {
	call *ir.Call
	from int
}

func (r *Resolver) rest(c *ir.Call, from int) *ir.List {
	k := listKey{c, from}
	l := r.lists[k]
	if l == nil {
		l = &ir.List{Span: c.Span, Elems: c.Args[from:]}
		r.lists[k] = l
	}
	return l
}

// handedTo is what a library passes for v.
func (r *Resolver) handedTo(v *ir.Var, h hand, env *Env) set {
	var s set
	if h.row == nil {
		return s
	}
	params := h.row.Params
	if n := len(h.row.ErrorParams); n > len(params) && len(v.Func.Params) == n {
		params = h.row.ErrorParams
	}
	val := Value{Is: true}
	if v.Param < len(params) {
		val.Symbol = params[v.Param]
	}
	if v.Param == 0 && h.row.Does == library.Group && val.Symbol == "" && len(h.row.Returns) > 0 && isType(h.row.Returns[0]) {
		val.Symbol = h.row.Returns[0]
	}
	if val.Symbol == "" {
		return s
	}
	if h.call != nil && v.Param == 0 && (h.row.Does == library.Group || r.isRouter(val.Symbol)) {
		val.Call, val.Env, val.Given = h.call, env.in(r.within[h.call]), true
	}
	s.add(val)
	return s
}

// textLimit bounds what text puts together.
const textLimit = 512

// text is the string that e stands for; false where it is not known.
func (r *Resolver) text(e ir.Expr, env *Env) (string, bool) {
	return r.textAt(e, env, 8)
}

func (r *Resolver) textAt(e ir.Expr, env *Env, depth int) (string, bool) {
	if depth == 0 || e == nil {
		return "", false
	}
	if op, ok := e.(*ir.Op); ok && (op.Kind == ir.Add || op.Kind == ir.Template) {
		out := ""
		for _, a := range op.Args {
			part, ok := r.textAt(a, env, depth-1)
			if !ok {
				return "", false
			}
			if out += part; len(out) > textLimit {
				return "", false
			}
		}
		return out, true
	}
	switch x := e.(type) {
	case *ir.Name:
		src := r.sources[x.Var]
		if x.Var.Param < 0 && len(src) == 1 && src[0].i == 0 && src[0].kind == whole {
			if _, ok := src[0].x.(*ir.Op); ok {
				return r.textAt(src[0].x, env.in(x.Var.Func), depth-1)
			}
		}
		if fr := env.in(x.Var.Func).frame(x.Var.Func); fr != nil && x.Var.Param >= 0 && fr.Elem == nil && fr.Call != nil {
			if n := x.Var.Param + fr.Skip; n < len(fr.Call.Args) {
				return r.textAt(fr.Call.Args[n], fr.Up, depth-1)
			}
		}
	}
	s := r.eval(e, 0, env)
	if len(s.vals) != 1 || s.over {
		return "", false
	}
	if c := s.vals[0].Const; c != nil && (c.Kind == ir.String || c.Kind == ir.Keyword) {
		return c.Text, true
	}
	return "", false
}
