package lint

import (
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// A setting is one option of a call: a field of an object, or a function that sets it.
type setting struct {
	ir.Span
	name  string
	value ir.Expr // nil for a function without arguments
}

// settings are the options of an operation.
type settings struct {
	list []setting
	// open says that there may be others: a variable of which nothing is known, or a
	// spread of one.
	open bool
}

// get finds the first setting with one of the names. A name may be that of a
// function, or a field as in jwt.secret.
func (o settings) get(names ...string) (setting, bool) {
	for _, s := range o.list {
		if slices.Contains(names, s.name) {
			return s, true
		}
	}
	return setting{}, false
}

// options are those that an operation is given, wherever they stand: in an argument,
// in the receiver, or where the receiver was made.
func (s *subject) options(op *flow.Op) (o settings) {
	if op.Call == nil || op.Row == nil {
		o.open = true
		return o
	}
	s.optionsOf(&o, op.Call, op.Row, 3)
	return o
}

func (s *subject) optionsOf(o *settings, call *ir.Call, row *library.Row, deep int) {
	if deep == 0 {
		o.open = true
		return
	}
	at := row.Options
	switch at.Kind {
	case library.Argument, library.Last:
		i, ok := at.Index(len(call.Args))
		if !ok {
			break
		}
		for n, a := range call.Args[i:] {
			if call.Spread && i+n == len(call.Args)-1 {
				o.open = true
				break
			}
			s.collect(o, a, deep)
		}
	case library.This:
		s.made(o, receiver(call), deep)
	}
	if at.Kind != library.This { // a service that is configured where it is made
		s.made(o, receiver(call), deep)
	}
}

// made takes in the options of what e stands for: fields of a literal, or those of the call that made it.
func (s *subject) made(o *settings, e ir.Expr, deep int) {
	if e == nil {
		return
	}
	for _, v := range s.resolver.Values(e) {
		switch {
		case v.Object != nil:
			s.fields(o, v.Object, deep)
		case v.Call != nil:
			for _, t := range s.resolver.Targets(v.Call) {
				if t.Row != nil && t.Row.Options.Kind != library.Nowhere {
					s.optionsOf(o, v.Call, t.Row, deep-1)
				}
			}
		}
	}
}

// collect reads one argument: an object of options, a list of them, or a call of a function that sets one.
func (s *subject) collect(o *settings, e ir.Expr, deep int) {
	if deep == 0 {
		o.open = true
		return
	}
	switch e := e.(type) {
	case *ir.Object:
		s.fields(o, e, deep)
		return
	case *ir.List:
		for _, x := range e.Elems {
			s.collect(o, x, deep-1)
		}
		return
	case *ir.FuncRef: // a callback among them
		return
	case *ir.Const:
		return
	}
	values := s.resolver.Values(e)
	if len(values) == 0 {
		o.open = true
	}
	for _, v := range values {
		switch {
		case v.Object != nil:
			s.fields(o, v.Object, deep)
		case v.List != nil:
			for _, x := range v.List.Elems {
				s.collect(o, x, deep-1)
			}
		case v.Call != nil:
			set := setting{Span: v.Call.Span, name: callee(v.Call)}
			if len(v.Call.Args) > 0 {
				set.value = v.Call.Args[0]
			}
			o.list = append(o.list, set)
		case v.Func != nil, v.Const != nil:
		case v.Symbol != "":
			o.list = append(o.list, setting{Span: e.At(), name: last(v.Symbol)})
		default:
			o.open = true
		}
	}
}

func (s *subject) fields(o *settings, x *ir.Object, deep int) {
	for _, f := range x.Fields {
		switch {
		case f.Name != "":
			o.list = append(o.list, setting{f.Span, f.Name, f.Value})
			if inner, ok := f.Value.(*ir.Object); ok && deep > 1 { // secret: within jwt: { secret }
				s.fields(o, inner, deep-1)
			}
		case f.Key == nil && f.Value != nil:
			s.collect(o, f.Value, deep-1)
		default:
			o.open = true
		}
	}
}

// receiver is what a method is called of, or nil.
func receiver(call *ir.Call) ir.Expr {
	if m, ok := call.Fun.(*ir.Member); ok {
		return m.X
	}
	return nil
}

// callee is the last name of what a call calls.
func callee(call *ir.Call) string {
	switch f := call.Fun.(type) {
	case *ir.Member:
		return f.Name
	case *ir.Extern:
		return last(f.Symbol)
	case *ir.Name:
		return f.Var.Name
	case *ir.FuncRef:
		return last(f.Func.Name)
	case *ir.ClassRef:
		return f.Class.Name
	}
	return ""
}

// last is the last name of a symbol, without the mark of a result.
func last(symbol string) string {
	symbol = strings.TrimSuffix(symbol, "()")
	return symbol[strings.LastIndexAny(symbol, ".#/:")+1:]
}

// arg gives the expressions that an Arg of an operation's row means: one, or for
// a field of an object each that it may be.
func (s *subject) arg(op *flow.Op, a library.Arg) []ir.Expr {
	if op.Call == nil {
		return nil
	}
	return s.argOf(op.Call, a, 3)
}

func (s *subject) argOf(call *ir.Call, a library.Arg, deep int) (list []ir.Expr) {
	var at ir.Expr
	switch a.Kind {
	case library.This:
		at = receiver(call)
	default:
		if i, ok := a.Index(len(call.Args)); ok {
			at = call.Args[i]
		}
	}
	if at == nil || deep == 0 {
		return nil
	}
	if a.Field == "" {
		return []ir.Expr{at}
	}
	var o settings
	s.collect(&o, at, 3)
	for _, f := range o.list {
		if f.name == a.Field && f.value != nil {
			list = append(list, f.value)
		}
	}
	return list
}

// keys gives the expressions that stand for the key of an operation, those within
// functions that find it too.
func (s *subject) keys(op *flow.Op) (list []ir.Expr) {
	if op.Row == nil || op.Call == nil {
		return nil
	}
	list = s.arg(op, op.Row.Key)
	if len(list) == 0 && !op.Row.Key.Set() {
		if r := receiver(op.Call); r != nil {
			for _, v := range s.resolver.Values(r) {
				if v.Call == nil {
					continue
				}
				for _, t := range s.resolver.Targets(v.Call) {
					if t.Row != nil && t.Row.Key.Set() {
						list = append(list, s.argOf(v.Call, t.Row.Key, 2)...)
					}
				}
			}
		}
	}
	for _, fn := range s.keyFuncs(op) {
		ir.Walk(fn.Body, func(st ir.Stmt) bool {
			if r, ok := st.(*ir.Return); ok && len(r.Values) > 0 {
				list = append(list, r.Values[0])
			}
			return true
		}, nil)
	}
	return list
}

// keyFuncs lists the functions of the program that find the key of an operation.
func (s *subject) keyFuncs(op *flow.Op) (list []*ir.Func) {
	if op.Row == nil {
		return nil
	}
	for _, e := range s.arg(op, op.Row.Key) {
		for _, v := range s.resolver.Values(e) {
			if v.Func != nil && !slices.Contains(list, v.Func) {
				list = append(list, v.Func)
			}
		}
	}
	return list
}

// consts lists the literals that an expression may stand for.
func (s *subject) consts(e ir.Expr) (list []*ir.Const) {
	for _, v := range s.resolver.Values(e) {
		switch {
		case v.Const != nil:
			list = append(list, v.Const)
		case v.List != nil:
			for _, x := range v.List.Elems {
				if c, ok := x.(*ir.Const); ok {
					list = append(list, c)
				}
			}
		}
	}
	return list
}
