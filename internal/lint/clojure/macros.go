package clojure

import "github.com/jotsight/jotsight/internal/lint/ir"

// specialForms are known by their bare names, whatever a namespace refers.
var specialForms map[string]special

// macros are those of clojure.core and of libraries, by full name, that are lowered
// by what they do. All others are calls.
var macros map[string]special

// The tables name functions that look into the tables, hence not in one step.
var _ = func() bool {
	specialForms = map[string]special{
		"if": ifForm, "do": doForm, "let*": let, "fn*": fn, "loop*": loopForm, "quote": quoteForm, "var": varForm,
		"recur": recur, "throw": throw, "try": try, "def": def_, "new": newForm, "set!": reset, ".": dot,
		"monitor-enter": ignore, "monitor-exit": ignore,
	}
	core := map[string]special{
		"let": let, "fn": fn, "loop": loopForm, "when": when, "when-not": whenNot, "if-not": ifNot,
		"if-let": ifLet(false, false), "when-let": ifLet(false, true), "if-some": ifLet(true, false), "when-some": ifLet(true, true),
		"when-first": ifLet(true, true), "cond": cond, "condp": condp, "case": caseForm,
		"and": logic(ir.And), "or": logic(ir.Or), "doseq": each(false), "for": each(true), "dotimes": each(false), "while": while,
		"->": thread(false), "->>": thread(true), "some->": threadSome(false), "some->>": threadSome(true),
		"cond->": threadCond(false), "cond->>": threadCond(true), "as->": threadAs, "doto": doto, "..": dots,
		"letfn": letfn, "binding": binding, "with-redefs": binding, "with-open": let, "with-local-vars": let,
		"locking": doLast, "time": doForm, "dosync": doForm, "io!": doForm, "with-out-str": doForm, "doall": doLast, "dorun": doLast,
		"lazy-seq": doForm, "with-meta": first, "vary-meta": first, "identity": doForm, "assert": assert, "comment": ignore, "declare": ignore,
		"future": spawn(0), "delay": later, "bound-fn": fn, "partial": partial, "comp": comp, "constantly": constantly, "fnil": first, "memoize": first,
		"complement": complement, "apply": applyForm, "not": unary(not), "nil?": unary(isNil), "some?": unary(isSome),
		"true?": unary(isBool("true")), "false?": unary(isBool("false")), "empty?": unary(not), "boolean": unary(same), "seq": unary(same),
		"not-empty": unary(same), "vec": unary(same), "name": unary(same), "keyword": doForm,
		"str": operation(ir.Add), "+": operation(ir.Add), "-": operation(ir.Sub), "*": operation(ir.Mul), "/": operation(ir.Div),
		"=": operation(ir.Equal), "==": operation(ir.Equal), "identical?": operation(ir.Equal), "not=": operation(ir.NotEqual),
		"<": operation(ir.Less), "<=": operation(ir.LessEqual), ">": operation(ir.Greater), ">=": operation(ir.GreaterEqual),
		"get": get, "get-in": getIn, "assoc": assoc, "assoc-in": assocIn, "update": update(false), "update-in": update(true), "merge": merge,
		"select-keys": selectKeys, "dissoc": dissoc,
		"contains?": contains, "some": someOf,
		"reset!": reset, "vreset!": reset, "ref-set": reset, "list": listOf, "vector": listOf, "hash-map": mapOf, "array-map": mapOf, "instance?": instance,
		"def": def_, "defonce": def_, "defn": defn, "defn-": defn, "defmacro": ignore, "definline": defn, "defmulti": ignore, "defmethod": defmethod,
		"defprotocol": ignore, "defrecord": defrecord, "deftype": defrecord, "extend-type": extendType, "extend-protocol": extendProtocol,
		"reify": reify, "proxy": proxy, "ns": ignore, "in-ns": ignore, "require": ignore, "use": ignore, "import": ignore, "refer": ignore, "set-validator!": ignore,
		"gen-class": ignore, "definterface": ignore, "deref": await, "force": await, "new": newForm, "atom": atom, "volatile!": atom, "ref": atom, "agent": atom,
	}
	macros = map[string]special{
		"slingshot.slingshot/try+": try, "slingshot.slingshot/throw+": throw,
		"manifold.deferred/let-flow": let, "manifold.deferred/let-flow'": let, "clojure.core.async/go": spawn(0),
		"clojure.core.async/thread": spawn(0), "clojure.core.async/go-loop": goLoop, "manifold.deferred/future": spawn(0),
		"clojure.core.async/<!": first, "clojure.core.async/<!!": first,
		"clojure.string/blank?": unary(not), "clojure.string/trim": unary(same), "clojure.core/parse-boolean": unary(same),
		"compojure.core/defroutes": defroutes, "compojure.api.sweet/defroutes": defroutes, "compojure.api.core/defroutes": defroutes,
		"compojure.api.sweet/defapi": defroutes, "compojure.api.api/defapi": defroutes,
		"io.pedestal.http.route.definition/defroutes": def_,
		"liberator.core/defresource":                  defresource, "liberator.core/resource": resource,
		"mount.core/defstate": defstate, "mount.core/with-args": doForm,
	}
	for k, v := range core {
		macros["clojure.core/"+k] = v
	}
	return true
}()

func ignore(b *body, f *form, _ []*form, d dest) { b.none(f, d) }

func doForm(b *body, f *form, args []*form, d dest) { b.all(f, args, d) }

// doLast lowers a macro whose last argument is what counts.
func doLast(b *body, f *form, args []*form, d dest) { b.all(f, args, d) }

// first lowers a function that gives its first argument, near enough.
func first(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	list := b.values(args)
	for _, e := range list[1:] {
		b.give(f, e, dest{})
	}
	b.give(f, list[0], d)
}

func quoteForm(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	b.give(f, b.quoted(args[0], 0), d)
}

func varForm(b *body, f *form, args []*form, d dest) { b.all(f, args, d) }

func newForm(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	b.give(f, b.construct(f, args[0], args[0].text, args[1:]), d)
}

// dot lowers (. object method args…).
func dot(b *body, f *form, args []*form, d dest) {
	if len(args) < 2 {
		b.nothing(f, d)
		return
	}
	m, rest := args[1], args[2:]
	if m.kind == list && len(m.kids) > 0 {
		m, rest = m.kids[0], m.kids[1:]
	}
	b.give(f, b.method(f, &form{kind: symbol, start: m.start, end: m.end, text: "." + m.text}, append([]*form{args[0]}, rest...)), d)
}

// dots lowers (.. x (a) (b 1)).
func dots(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	x := args[0]
	for _, step := range args[1:] {
		e := b.value(x)
		x = insert(step, done(x, e), false)
		head := *x.kids[0]
		head.text = "." + head.text
		x.kids[0] = &head
	}
	b.into(x, d)
}

// binding lowers binding and with-redefs: the vars are set.
func binding(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	for i := 0; i+1 < len(args[0].kids); i += 2 {
		e := b.value(args[0].kids[i+1])
		place := b.value(args[0].kids[i])
		if n, ok := place.(*ir.Name); ok {
			b.emit(&ir.Set{Span: b.span(args[0].kids[i]), Left: []ir.Expr{n}, Right: []ir.Expr{e}})
			continue
		}
		b.give(args[0].kids[i+1], e, dest{})
	}
	b.all(f, args[1:], d)
}

// spawn lowers future, go and thread, whose body runs beside.
func spawn(skip int) special {
	return func(b *body, f *form, args []*form, d dest) {
		x := &form{kind: list, start: f.start, end: f.end, kids: []*form{{kind: symbol, text: "fn*", start: f.start, end: f.start}, {kind: vector, start: f.start, end: f.start}}}
		x.kids = append(x.kids, args[min(skip, len(args)):]...)
		b.emit(&ir.Spawn{Span: b.span(f), X: &ir.Call{Span: b.span(f), Fun: b.value(x)}})
		if d.how != drop || d.label != "" {
			b.give(f, &ir.Unknown{Span: b.span(f)}, d)
		}
	}
}

func goLoop(b *body, f *form, args []*form, d dest) {
	l := &form{kind: list, start: f.start, end: f.end, kids: append([]*form{{kind: symbol, text: "loop*", start: f.start, end: f.start}}, args...)}
	spawn(0)(b, f, []*form{l}, d)
}

// later lowers delay: its body runs where it is asked for, if at all.
func later(b *body, f *form, args []*form, d dest) { b.all(f, args, d) }

func await(b *body, f *form, args []*form, d dest) {
	if len(args) == 0 {
		b.nothing(f, d)
		return
	}
	b.give(f, &ir.Await{Span: b.span(f), X: b.value(args[0])}, d)
}

// atom lowers what holds a value: it stands for it.
func atom(b *body, f *form, args []*form, d dest) { first(b, f, args[:min(1, len(args))], d) }

// assert lowers (assert x): what does not hold is thrown.
func assert(b *body, f *form, args []*form, d dest) {
	if len(args) > 0 {
		b.conditions(&form{kind: table, kids: []*form{{kind: keyword, text: "pre"}, {kind: vector, kids: args[:1]}}})
	}
	b.none(f, d)
}

func complement(b *body, f *form, args []*form, d dest) {
	b.naming = ""
	list := b.values(args)
	b.give(f, b.closure(f, 1, false, func(c *body, params []ir.Expr) ir.Expr {
		if len(list) == 0 {
			return params[0]
		}
		return b.op(f, ir.Not, &ir.Call{Span: b.span(f), Fun: list[0], Args: params})
	}), d)
}
