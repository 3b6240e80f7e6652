package lint

import (
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// A subject is what all checks of a run look at. What several of them need is made
// once, when it is asked for.
type subject struct {
	*flow.Facts
	program  *ir.Program
	resolver *resolve.Resolver
	lib      *library.Set
	strict   bool

	ids    map[*ir.Func]int
	does   []deed
	turn   int // of reach
	serves []served
	calls  map[*ir.Call]*ir.Func
}

// A deed is what a function does by itself.
type deed struct {
	next    []int // functions that it calls, holds or hands over
	ops     []*flow.Op
	limits  []place // calls that limit, or ask a limiter
	refuses bool    // answers 429
	records []place // observations, whatever they are about
	stores  bool    // asks or tells a store or another service
	unknown bool    // calls something of which nothing is known
	link    bool    // it is a link of a route's chain
	seen    int     // the turn in which reach came by
}

// deeds reads every function once.
func (s *subject) deeds() []deed {
	if s.does != nil {
		return s.does
	}
	s.ids = make(map[*ir.Func]int, len(s.program.Funcs))
	s.does = make([]deed, len(s.program.Funcs)+1)
	s.calls = map[*ir.Call]*ir.Func{}
	for i, fn := range s.program.Funcs {
		s.ids[fn] = i
	}
	methods := map[string]bool{}
	for _, c := range s.program.Classes {
		for name := range c.Methods {
			methods[name] = true
		}
	}
	for i, fn := range s.program.Funcs {
		d := &s.does[i]
		for f := fn; f != nil; f = f.Outer { // what a function that makes middleware says is said of what it makes
			if strings.Contains(f.Doc, "jotsight:ratelimits") {
				d.limits = append(d.limits, place{head(f), f, "is said to limit the rate"})
			}
		}
		var called ir.Expr // of the call that was met last; it is visited right after it
		ir.Walk(fn.Body, nil, func(e ir.Expr) bool {
			switch e := e.(type) {
			case *ir.Call:
				s.calls[e] = fn
				called = e.Fun
				targets := s.resolver.Targets(e)
				d.unknown = d.unknown || len(targets) == 0
				for _, t := range targets {
					d.target(s, e, fn, t)
				}
			case *ir.FuncRef:
				d.follow(s, e.Func)
			case *ir.Const:
				d.refuses = d.refuses || e.Kind == ir.Number && e.Text == "429"
			case *ir.Extern:
				d.refuses = d.refuses || tooMany(e.Symbol)
			case *ir.Member:
				d.refuses = d.refuses || tooMany(e.Name)
				if ir.Expr(e) != called && methods[e.Name] { // a method that is handed over
					for _, v := range s.resolver.Values(e) {
						if v.Func != nil {
							d.follow(s, v.Func)
						}
					}
				}
			}
			return true
		})
	}
	known := map[ir.Span]bool{} // what flow knows of an operation is more than its row says
	for _, op := range s.Ops {
		known[op.Span] = true
	}
	for i := range s.does {
		s.does[i].ops = slices.DeleteFunc(s.does[i].ops, func(op *flow.Op) bool { return known[op.Span] })
	}
	for _, op := range s.Ops {
		if i, ok := s.ids[op.Func]; ok {
			s.does[i].ops = append(s.does[i].ops, op)
		}
	}
	for _, r := range s.Routes {
		for _, l := range r.Chain {
			if i, ok := s.ids[l.Func]; ok {
				s.does[i].link = true
			}
		}
	}
	return s.does
}

func (d *deed) follow(s *subject, fn *ir.Func) {
	if i, ok := s.ids[fn]; ok {
		d.next = append(d.next, i)
	}
}

func (d *deed) target(s *subject, call *ir.Call, fn *ir.Func, t resolve.Target) {
	if t.Func != nil {
		d.follow(s, t.Func)
	}
	if t.Row == nil {
		d.unknown = d.unknown || t.Func == nil && !harmless(t.Symbol)
		return
	}
	switch t.Row.Does {
	case library.Verify, library.Decode, library.Issue, library.Refresh, library.Secret: // flow need not have come by
		d.ops = append(d.ops, &flow.Op{Span: call.Span, Kind: t.Row.Does, Func: fn, Call: call, Row: t.Row, Name: callee(call), Guessed: t.Guessed})
	case library.Find, library.Save, library.Check, library.Revoke:
		d.stores = true
	case library.Limit:
		d.limits = append(d.limits, place{call.Span, fn, "limits the rate"})
	case library.Log, library.Metric, library.Audit, library.Span, library.Report:
		if !t.Guessed {
			d.records = append(d.records, place{call.Span, fn, "writes a record"})
		}
	}
}

// tooMany recognises the names that frameworks give to status 429.
func tooMany(name string) bool {
	i := strings.LastIndexAny(name, ".#/") + 1
	plain := strings.ReplaceAll(strings.ToLower(name[i:]), "_", "")
	return strings.Contains(plain, "toomanyrequests") || plain == "ratelimitexceeded"
}

// reach visits what functions do, and what those do that they lead to, each once.
// Middlewares and handlers are not entered from others: the next one of a chain
// may be any, as far as the call goes, and the chain of each route says which.
func (s *subject) reach(from []*ir.Func, visit func(*ir.Func, *deed)) {
	does := s.deeds()
	s.turn++
	var todo []int
	push := func(i int) {
		if does[i].seen != s.turn {
			does[i].seen = s.turn
			todo = append(todo, i)
		}
	}
	for _, fn := range from {
		if i, ok := s.ids[fn]; ok {
			push(i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		visit(s.program.Funcs[i], &does[i])
		for _, n := range does[i].next {
			if !does[n].link {
				push(n)
			}
		}
	}
}

// harmless reports whether a symbol that the catalogue does not know is of the
// language itself, and so asks nobody anything.
func harmless(symbol string) bool {
	for _, p := range []string{"go:builtin.", "go:strings.", "go:strconv.", "go:time.", "go:fmt.", "go:os.Getenv", "go:errors.", "js:", "clj:clojure.core/", "clj:clojure.string/", "java:java.util.", "java:java.lang."} {
		if strings.HasPrefix(symbol, p) && symbol != "js:fetch" {
			return true
		}
	}
	return false
}
