package clojure

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A body is one function while its forms become statements.
type body struct {
	r        *reading
	sp       *space
	file     *ir.File
	fn       *ir.Func
	scope    *scope
	out      []ir.Stmt
	depth    int
	closures int
	naming   string // what a function written next is called; "" for one without a name
	within   string // the definition at the top level around
	labels   int
}

// A scope holds the names of one let, function or catch.
type scope struct {
	up     *scope
	names  []string
	locals []local
}

// A local is what a name within a function stands for.
type local struct {
	v     *ir.Var
	funcs []*ir.Func // a function by its own name, or of letfn
	field bool       // v is the object, and the name one of its fields
}

func (s *scope) find(name string) (local, bool) {
	for ; s != nil; s = s.up {
		for i := len(s.names) - 1; i >= 0; i-- {
			if s.names[i] == name {
				return s.locals[i], true
			}
		}
	}
	return local{}, false
}

func (b *body) bind(name string, l local) {
	b.scope.names = append(b.scope.names, name)
	b.scope.locals = append(b.scope.locals, l)
}

// nested runs do with a scope of its own.
func (b *body) nested(do func()) {
	old := b.scope
	b.scope = &scope{up: old}
	do()
	b.scope = old
}

// block gives the statements that do makes.
func (b *body) block(do func()) []ir.Stmt {
	old := b.out
	b.out = nil
	b.nested(do)
	made := b.out
	b.out = old
	return made
}

func (b *body) emit(s ir.Stmt) { b.out = append(b.out, s) }

func (b *body) span(f *form) ir.Span { return ir.Span{File: b.file, Start: f.start, End: f.end} }

// variable makes a Var of this function.
func (b *body) variable(name string, f *form) *ir.Var {
	v := &ir.Var{Span: b.span(f), Name: name, Func: b.fn, Param: -1}
	if h := f.hint(); h != "" {
		v.Type = b.typeOf(h)
	}
	return v
}

// A dest says what becomes of the value of a form.
type dest struct {
	how   how
	v     *ir.Var  // of put
	hold  *ir.Expr // of keep
	label string   // of the loop that ends here; "" for none
	loop  *loop    // what recur goes to
}

type how uint8

const (
	drop how = iota
	ret
	put  // into v
	keep // as an expression, where the form makes one way only
)

// A loop is the target of a recur.
type loop struct {
	vars  []*ir.Var
	label string
}

// give ends a form with its value.
func (b *body) give(f *form, e ir.Expr, d dest) {
	at := b.span(f)
	switch d.how {
	case drop:
		switch e.(type) {
		case *ir.Name, *ir.Const, *ir.Extern, *ir.FuncRef, *ir.ClassRef, nil:
		default:
			b.emit(&ir.Do{Span: at, X: e})
		}
	case ret:
		b.emit(&ir.Return{Span: at, Values: []ir.Expr{e}})
	case put:
		b.emit(&ir.Set{Span: at, Left: []ir.Expr{b.use(d.v, f)}, Right: []ir.Expr{e}})
	case keep:
		*d.hold = e
	}
	if d.label != "" && d.how != ret {
		b.emit(&ir.Jump{Span: at, Kind: "break", Label: d.label})
	}
}

func (b *body) use(v *ir.Var, f *form) ir.Expr { return &ir.Name{Span: b.span(f), Var: v} }

func (b *body) null(f *form) ir.Expr {
	return &ir.Const{Span: b.span(f), Kind: ir.Nil, Text: "nil"}
}

// ways prepares a form that has several ways: the value that was to be kept goes
// through a temporary. The second result is to be called after the form.
func (b *body) ways(f *form, d dest) (dest, func()) {
	if d.how != keep {
		return d, func() {}
	}
	v := &ir.Var{Span: b.span(f), Name: "", Func: b.fn, Param: -1}
	return dest{how: put, v: v}, func() { *d.hold = b.use(v, f) }
}

// value lowers f and gives its value.
func (b *body) value(f *form) ir.Expr {
	var e ir.Expr
	b.into(f, dest{how: keep, hold: &e})
	if e == nil {
		e = &ir.Unknown{Span: b.span(f)}
	}
	return e
}

// named lowers the value of what is called name.
func (b *body) named(name string, f *form) ir.Expr {
	b.naming = name
	e := b.value(f)
	b.naming = ""
	return e
}

// values lowers several forms in their order: where a later one needs statements,
// what stands before it and does something is put into temporaries.
func (b *body) values(forms []*form) []ir.Expr {
	if len(forms) == 0 {
		return nil
	}
	list := make([]ir.Expr, 0, len(forms))
	for _, f := range forms {
		before := len(b.out)
		e := b.value(f)
		if len(b.out) > before {
			for j, x := range list {
				if inert(x) {
					continue
				}
				v := &ir.Var{Span: x.At(), Func: b.fn, Param: -1}
				b.out = append(b.out, nil)
				copy(b.out[before+1:], b.out[before:])
				b.out[before] = &ir.Set{Span: x.At(), Left: []ir.Expr{&ir.Name{Span: x.At(), Var: v}}, Right: []ir.Expr{x}, Declare: true}
				before++
				list[j] = &ir.Name{Span: x.At(), Var: v}
			}
		}
		list = append(list, e)
	}
	return list
}

// inert says that it does not matter when e is evaluated.
func inert(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.Name, *ir.Const, *ir.Extern, *ir.FuncRef, *ir.ClassRef:
		return true
	case *ir.Member:
		return inert(e.X)
	}
	return false
}

// into lowers f and does with its value what d says.
func (b *body) into(f *form, d dest) {
	if b.depth++; b.depth > 2*maxDepth {
		b.depth--
		if b.file.Broken == "" {
			b.file.Broken = "forms nested too deep"
		}
		b.give(f, &ir.Unknown{Span: b.span(f)}, d)
		return
	}
	naming := b.naming
	b.naming = ""
	b.form(f, d, naming)
	b.depth--
}

func (b *body) form(f *form, d dest, naming string) {
	switch f.kind {
	case list:
		if len(f.kids) == 0 {
			b.give(f, &ir.List{Span: b.span(f)}, d)
			return
		}
		b.naming = naming
		b.call(f, d)
		b.naming = ""
	case lambda:
		b.give(f, b.lambda(f, naming), d)
	case already:
		b.give(f, f.expr, d)
	case tagged:
		b.into(f.kids[0], d)
	case syntaxQuote, varQuote, unquote, splice:
		b.into(f.kids[0], d)
	case quote:
		b.give(f, b.quoted(f.kids[0], 0), d)
	case deref:
		b.give(f, &ir.Await{Span: b.span(f), X: b.value(f.kids[0])}, d)
	case vector, set:
		b.give(f, &ir.List{Span: b.span(f), Elems: b.values(f.kids)}, d)
	case table:
		b.give(f, b.answer(f, b.table(f)), d)
	case symbol:
		b.give(f, b.symbol(f), d)
	default:
		b.give(f, b.constant(f), d)
	}
}

// constant lowers what stands for itself.
func (b *body) constant(f *form) ir.Expr {
	c := &ir.Const{Span: b.span(f), Text: f.text}
	switch f.kind {
	case text:
		c.Kind = ir.String
	case number:
		c.Kind = ir.Number
	case regex:
		c.Kind = ir.Regexp
	case keyword:
		c.Kind, c.Text = ir.Keyword, b.keyword(f.text)
	case char:
		c.Kind, c.Text = ir.String, strings.TrimPrefix(f.text, `\`)
	default:
		c.Kind = ir.String
	}
	return c
}

// keyword gives a keyword with its namespace: ::a, ::s/a.
func (b *body) keyword(name string) string {
	if !strings.HasPrefix(name, ":") {
		return name
	}
	name = name[1:]
	if space, rest := split(name); space != "" {
		if full := b.sp.aliases[space]; full != "" {
			space = full
		}
		return space + "/" + rest
	}
	return b.sp.name + "/" + name
}

// quoted lowers data. A symbol that names something of the program is a reference
// to it, since that is why routes and components quote it.
func (b *body) quoted(f *form, depth int) ir.Expr {
	switch f.kind {
	case list, vector, set:
		l := &ir.List{Span: b.span(f)}
		for _, k := range f.kids {
			l.Elems = append(l.Elems, b.quoted(k, depth+1))
		}
		return l
	case table:
		o := &ir.Object{Span: b.span(f)}
		for i := 0; i+1 < len(f.kids); i += 2 {
			o.Fields = append(o.Fields, b.field(f.kids[i], b.quoted(f.kids[i+1], depth+1)))
		}
		return o
	case symbol:
		if m := b.resolve(f.text); m.def != nil && !m.def.macro {
			return b.symbol(f)
		}
		return &ir.Const{Span: b.span(f), Kind: ir.String, Text: f.text}
	case quote, syntaxQuote, varQuote, unquote, deref, splice, tagged:
		return b.quoted(f.kids[0], depth+1)
	}
	return b.constant(f)
}

// table lowers {…}.
func (b *body) table(f *form) ir.Expr {
	o := &ir.Object{Span: b.span(f)}
	var values []*form
	for i := 0; i+1 < len(f.kids); i += 2 {
		values = append(values, f.kids[i+1])
	}
	if len(values) == 1 && f.kids[0].kind == keyword {
		o.Fields = []ir.Field{b.field(f.kids[0], b.named(f.kids[0].text, values[0]))}
		return o
	}
	for i := range values {
		if k := f.kids[2*i]; k.kind == keyword && values[i].kind == list && fnHeads[values[i].head()] {
			values[i] = &form{kind: already, start: values[i].start, end: values[i].end, expr: b.named(b.keyword(k.text), values[i])}
		}
	}
	for i, e := range b.values(values) {
		o.Fields = append(o.Fields, b.field(f.kids[2*i], e))
	}
	return o
}

// answers is what a map with a :status that is a number is given to, so that a row of
// the library says what it is: an answer of ring.
const answers = "clj:ring/answer"

// answer marks a map that is an answer.
func (b *body) answer(f *form, e ir.Expr) ir.Expr {
	o, ok := e.(*ir.Object)
	if !ok {
		return e
	}
	status := false
	for _, x := range o.Fields {
		if x.Name != "status" {
			continue
		}
		switch v := x.Value.(type) {
		case *ir.Const:
			status = v.Kind == ir.Number && len(v.Text) == 3
		case *ir.Name, *ir.Op, *ir.Member, *ir.Call:
			status = hasField(o, "body", "headers")
		}
	}
	if !status {
		return e
	}
	return &ir.Call{Span: o.Span, Fun: b.extern(f, answers), Args: []ir.Expr{o}}
}

func hasField(o *ir.Object, names ...string) bool {
	for _, x := range o.Fields {
		if slices.Contains(names, x.Name) {
			return true
		}
	}
	return false
}

var fnHeads = map[string]bool{"fn": true, "fn*": true}

func (b *body) field(key *form, value ir.Expr) ir.Field {
	fd := ir.Field{Span: b.span(key), Value: value}
	if n, ok := b.constKey(key); ok {
		fd.Name = n
	} else {
		fd.Key = b.value(key)
	}
	return fd
}

// constKey is the name of a key that is known: :a, "a".
func (b *body) constKey(f *form) (string, bool) {
	switch f.kind {
	case keyword:
		return b.keyword(f.text), true
	case text:
		return f.text, f.text != ""
	case quote:
		if k := f.kids[0]; k.kind == symbol {
			return k.text, true
		}
	}
	return "", false
}

// member is x.key for a key that is known, else x[key].
func (b *body) member(at *form, x ir.Expr, key *form) ir.Expr {
	if n, ok := b.constKey(key); ok {
		return &ir.Member{Span: b.span(at), X: x, Name: n, Of: b.span(key)}
	}
	return &ir.Index{Span: b.span(at), X: x, Key: b.value(key)}
}

// op makes an operation.
func (b *body) op(at *form, k ir.OpKind, args ...ir.Expr) ir.Expr {
	return &ir.Op{Span: b.span(at), Kind: k, Args: args}
}

// extern names something outside of the program.
func (b *body) extern(at *form, symbol string) ir.Expr {
	return &ir.Extern{Span: b.span(at), Symbol: symbol}
}

// all lowers forms in their order, the last one as the value.
func (b *body) all(at *form, forms []*form, d dest) {
	if len(forms) == 0 {
		b.nothing(at, d)
		return
	}
	for _, f := range forms[:len(forms)-1] {
		b.into(f, dest{})
	}
	b.into(forms[len(forms)-1], d)
}

// nothing gives nil.
func (b *body) nothing(at *form, d dest) { b.give(at, b.null(at), d) }

// temp puts e into a variable of its own and gives a form that stands for it as
// often as needed.
func (b *body) temp(at *form, name string, e ir.Expr) *ir.Var {
	v := &ir.Var{Span: b.span(at), Name: name, Func: b.fn, Param: -1}
	b.emit(&ir.Set{Span: b.span(at), Left: []ir.Expr{b.use(v, at)}, Right: []ir.Expr{e}, Declare: true})
	return v
}

// done wraps an expression as a form.
func done(at *form, e ir.Expr) *form {
	return &form{kind: already, start: at.start, end: at.end, expr: e}
}

// label gives a name for a loop that no other has.
func (b *body) label() string {
	b.labels++
	return "loop" + strconv.Itoa(b.labels)
}

// typeOf is the type of a hint: the class of the program or of Java.
func (b *body) typeOf(hint string) *ir.Type {
	if m := b.resolve(hint); m.def != nil && m.def.class != nil {
		return &ir.Type{Class: m.def.class}
	}
	if c := b.sp.className(hint); c != "" {
		return &ir.Type{Symbol: "java:" + c}
	}
	return nil
}
