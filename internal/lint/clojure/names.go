package clojure

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A meaning is what a symbol stands for where it is used. One field is set, or
// none where it is not known.
type meaning struct {
	local  *local
	def    *def
	extern string // a var outside of the program: ns/name
	class  string // a class of Java, with static a member of it
	static string
}

// resolve finds what a symbol means here.
func (b *body) resolve(name string) meaning {
	if space, rest := split(name); space != "" {
		return b.qualified(space, rest)
	}
	if l, ok := b.scope.find(name); ok {
		return meaning{local: &l}
	}
	return b.global(name)
}

// global finds a symbol without namespace that is no local.
func (b *body) global(name string) meaning {
	s := b.sp
	if d := s.defs[name]; d != nil {
		return meaning{def: d}
	}
	if full := s.refers[name]; full != "" {
		space, rest := split(full)
		return b.var_(space, rest)
	}
	for _, n := range s.all {
		if from := b.r.space(n, s.root); from != nil {
			if d := from.defs[name]; d != nil {
				return meaning{def: d}
			}
		}
	}
	if core[name] && !s.hidden[name] {
		return meaning{extern: "clojure.core/" + name}
	}
	if n := s.brought(name, b.r); n != "" {
		return meaning{extern: n + "/" + name}
	}
	if c := s.className(name); c != "" {
		if own := b.r.records[c]; own != nil {
			return meaning{def: &def{class: own}}
		}
		return meaning{class: c}
	}
	return meaning{}
}

// brought is the namespace outside of the program that (:refer :all) took a name
// from: one whose names we know, else the only one there is.
func (s *space) brought(name string, r *reading) string {
	var unknown []string
	for _, n := range s.all {
		if len(r.spaces[n]) > 0 {
			continue
		}
		if publics[n][name] {
			return n
		}
		if publics[n] == nil {
			unknown = append(unknown, n)
		}
	}
	if len(unknown) == 1 && (name == "" || name[0] < 'A' || name[0] > 'Z' || !strings.Contains(name, ".")) {
		return unknown[0]
	}
	return ""
}

// qualified finds space/rest, where space is an alias, a namespace or a class.
func (b *body) qualified(space, rest string) meaning {
	if full := b.sp.aliases[space]; full != "" {
		return b.var_(full, rest)
	}
	if len(b.r.spaces[space]) > 0 {
		return b.var_(space, rest)
	}
	if c := b.sp.className(space); c != "" {
		return meaning{class: c, static: rest}
	}
	return meaning{extern: space + "/" + rest}
}

// var_ finds a var of a namespace, of the program or not.
func (b *body) var_(space, rest string) meaning {
	if s := b.r.space(space, b.sp.root); s != nil {
		d := s.defs[rest]
		if d == nil { // a macro that we do not know defines it, such as one that reads SQL
			d = &def{v: &ir.Var{Name: rest, Func: s.module.Body, Param: -1}}
			d.v.Span = ir.Span{File: s.module.Body.File}
			s.defs[rest] = d
		}
		return meaning{def: d}
	}
	return meaning{extern: space + "/" + rest}
}

// symbol lowers a symbol that is used as a value.
func (b *body) symbol(f *form) ir.Expr {
	at := b.span(f)
	switch f.text {
	case "nil":
		return &ir.Const{Span: at, Kind: ir.Nil, Text: "nil"}
	case "true", "false":
		return &ir.Const{Span: at, Kind: ir.Bool, Text: f.text}
	}
	m := b.resolve(f.text)
	switch {
	case m.local != nil:
		return b.localValue(f, m.local)
	case m.def != nil:
		return b.defValue(f, m.def)
	case m.extern != "":
		return &ir.Extern{Span: at, Symbol: "clj:" + m.extern}
	case m.class != "" && m.static != "":
		return &ir.Extern{Span: at, Symbol: "java:" + m.class + "." + m.static}
	case m.class != "":
		return &ir.Extern{Span: at, Symbol: "java:" + m.class}
	}
	return b.implicit(f)
}

// implicit is a name that nothing binds: what a macro that we do not know binds.
// It is a variable of the function, the same one wherever it is used.
func (b *body) implicit(f *form) ir.Expr {
	s := b.scope
	for s.up != nil {
		s = s.up
	}
	v := &ir.Var{Span: b.span(f), Name: f.text, Func: b.fn, Param: -1}
	s.names = append(s.names, f.text)
	s.locals = append(s.locals, local{v: v})
	return b.use(v, f)
}

func (b *body) localValue(f *form, l *local) ir.Expr {
	switch {
	case l.field:
		return &ir.Member{Span: b.span(f), X: b.use(l.v, f), Name: f.text, Of: b.span(f)}
	case len(l.funcs) > 0:
		return &ir.FuncRef{Span: b.span(f), Func: asValue(l.funcs)}
	}
	return b.use(l.v, f)
}

func (b *body) defValue(f *form, d *def) ir.Expr {
	at := b.span(f)
	switch {
	case d.maker:
		return &ir.ClassRef{Span: at, Class: d.class}
	case d.multi != nil:
		return &ir.FuncRef{Span: at, Func: d.multi.fn}
	case len(d.arities) > 0:
		return &ir.FuncRef{Span: at, Func: asValue(d.arities)}
	case d.v != nil:
		return b.use(d.v, f)
	case d.class != nil:
		return &ir.ClassRef{Span: at, Class: d.class}
	}
	return &ir.Unknown{Span: at}
}

// asValue picks the arity by which a function is known that is handed over: that
// of one argument, as ring handlers and callbacks have, or the smallest one with any.
func asValue(arities []*ir.Func) *ir.Func {
	for _, f := range arities {
		if len(f.Params) == 1 {
			return f
		}
	}
	for _, f := range arities {
		if len(f.Params) > 0 {
			return f
		}
	}
	return arities[0]
}

// arity picks the one that takes n arguments.
func arity(arities []*ir.Func, n int) *ir.Func {
	var rest *ir.Func
	for _, f := range arities {
		if f.Variadic {
			rest = f
		} else if len(f.Params) == n {
			return f
		}
	}
	if rest != nil {
		return rest
	}
	return asValue(arities)
}

// publics holds names of namespaces whose names code takes all at once, to tell
// them apart where it does so with several.
var publics = map[string]map[string]bool{
	"compojure.core":             words("GET POST PUT DELETE HEAD OPTIONS PATCH ANY defroutes routes context let-routes let-request make-route routing rfn wrap-routes compile-route wrap-route-middleware"),
	"compojure.api.sweet":        words("GET POST PUT DELETE HEAD OPTIONS PATCH ANY defroutes routes context let-routes api defapi resource undocumented middleware route-middleware swagger-routes describe path-for dynamic"),
	"compojure.api.core":         words("GET POST PUT DELETE HEAD OPTIONS PATCH ANY defroutes routes context let-routes undocumented middleware route-middleware"),
	"buddy.auth":                 words("authenticated? throw-unauthorized"),
	"buddy.auth.middleware":      words("wrap-authentication wrap-authorization authentication-request"),
	"buddy.auth.accessrules":     words("wrap-access-rules restrict success error"),
	"ring.util.response":         words("redirect created bad-request not-found response status header file-response content-type find-header get-header update-header charset get-charset set-cookie response? resource-data resource-response url-response"),
	"ring.util.http-response":    words("ok created accepted no-content bad-request bad-request! unauthorized unauthorized! forbidden forbidden! not-found not-found! method-not-allowed not-acceptable conflict conflict! gone unprocessable-entity unprocessable-entity! too-many-requests too-many-requests! internal-server-error internal-server-error! found see-other moved-permanently temporary-redirect service-unavailable header set-cookie content-type status"),
	"slingshot.slingshot":        words("try+ throw+ get-throw-info get-thrown-object"),
	"liberator.core":             words("resource defresource run-resource by-method log! to-location"),
	"taoensso.timbre":            words("trace debug info warn error fatal report tracef debugf infof warnf errorf fatalf spy log logf log-errors log-and-rethrow-errors logged-future with-context"),
	"clojure.tools.logging":      words("trace debug info warn error fatal tracef debugf infof warnf errorf fatalf log logf logp spy spyf enabled?"),
	"clojure.test":               words("deftest is are testing use-fixtures"),
	"clojure.core.async":         words("go go-loop thread chan <! >! <!! >!! close! put! take! alts! alts!! timeout onto-chan pipeline"),
	"com.stuartsierra.component": words("Lifecycle start stop using system-map system-using start-system stop-system"),
	"mount.core":                 words("defstate start stop args"),
	"korma.core":                 words("select insert update delete where values set-fields fields entity-fields defentity limit offset order join with transform prepare pk table has-many has-one belongs-to many-to-many aggregate raw exec-raw sqlfn"),
	"korma.db":                   words("defdb mysql postgres h2 sqlite3 transaction rollback"),
	"clojure.string":             words("blank? join split lower-case upper-case trim replace starts-with? ends-with? includes? capitalize reverse split-lines"),
	"hiccup.core":                words("html h"),
	"hiccup.page":                words("html5 include-css include-js"),
	"hiccup.form":                words("form-to text-field password-field submit-button label hidden-field text-area"),
	"clojure.java.io":            words("file reader writer resource input-stream output-stream copy delete-file as-file"),
}

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}
