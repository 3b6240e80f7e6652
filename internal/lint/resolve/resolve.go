// Package resolve answers what an expression of a program stands for: which
// functions a call reaches, which type a value has, which library row it means,
// which routes an application has and what runs before their handlers.
//
// It looks at the whole program and not at the order of things: a variable stands
// for everything that is ever assigned to it, a parameter for everything that is
// ever passed. What cannot be told is told so, and counted; nothing is guessed but
// the parameters of a JavaScript function that nobody mounts and that are called
// req, res, next or ctx, and these are marked.
//
// # Surroundings
//
// A function that makes functions, such as asyncHandler(fn) or Authenticator(ja),
// is used in many places, and what it makes is not the same in all of them. So a
// value carries an Env, which says for which call it was made; whoever walks into
// it hands the Env on and asks ValuesIn and TargetsIn with it. A nil Env stands
// for any call at all.
package resolve

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"slices"
)

// A Value is one thing that an expression may stand for. Values compare with ==.
type Value struct {
	Func   *ir.Func
	Class  *ir.Class // the class itself
	Of     *ir.Class // an instance of it
	Module *ir.Module
	Object *ir.Object // a literal; with Symbol too, one of a library's struct
	List   *ir.List
	Const  *ir.Const
	Symbol string   // outside the program: npm:express#Router, go:go.uber.org/zap.Logger
	Is     bool     // Symbol is a type, and the value an instance of it
	Type   *ir.Type // a list or map of which the declared type alone is known
	// Call is the call of a library that made the value or, for the parameter of a
	// function that is given to a library as in r.Route("/x", func(r chi.Router) {}),
	// that call.
	Call    *ir.Call
	Given   bool      // it is such a parameter
	Through *ir.Call  // the call of a library's wrapper around Func: http.HandlerFunc(login)
	Env     *Env      // the surroundings in which Func, Object, List or Call stand
	Bound   *ir.Class // of a method: the class of its object
	As      *ir.Class // of a function: the function type with methods that it was converted to
	Guessed bool      // by a name alone
}

// A Target is what a call may reach: a function of the program, or something
// outside it. Row is nil where the catalogue does not know the symbol.
type Target struct {
	Func   *ir.Func
	Env    *Env // of Func: with what this call passes
	Row    *library.Row
	Symbol string // outside the program
	Recv   ir.Expr
	// Skip is how many arguments stand before those of the function: 1 for
	// f.call(this, x).
	Skip int
	// Guessed says that it goes by a name alone: counted against reporting, never for it.
	Guessed bool
}

// Stats count the calls of a program.
type Stats struct {
	Calls     int
	Program   int            // that reach functions of the program
	Library   int            // that reach something outside it
	Unknown   int            // of which nothing is known
	UnknownOf map[string]int // the same by kind of callee: name, member, call, index, other
}

// Bounds of an answer. Beyond them a value is not known.
const (
	maxValues   = 8    // values of an expression
	maxDepth    = 48   // variables, members and calls through which one value is followed
	maxSteps    = 4000 // of them for one question
	maxFrames   = 6    // calls in an Env
	maxContexts = 32   // ways in which a function that mounts routes is reached
)

// A Resolver answers for one program. Not for several goroutines at once.
type Resolver struct {
	prog *ir.Program
	lib  *library.Set

	index
	rows       map[string]*library.Row
	joined     map[join]string
	envs       map[frame]*Env
	lists      map[listKey]*ir.List
	memo       map[key]set
	active     map[key]int32
	depth      int32
	steps      int
	linked     int                 // see mostLinks
	callers    map[*ir.Func][]site // of the round before
	mounted    map[*ir.Func][]hand
	added      map[string][]source
	bound      map[*ir.Func]string // the type of this, of methods that are added to something of a library
	unwrapping map[*ir.Func]bool   // wrappers whose inside links is looking for
	next       links               // of this round
	impl       map[*ir.Class][]*ir.Class
	subs       map[*ir.Class][]*ir.Class
	shapes     []string
	routers    map[string]bool
	passing    *library.Row // what a call of routes does
	known      map[*ir.Call][]Target
	ready      bool
	stats      Stats
	table      *table
	scopes     map[string]*node       // applications whose routes are declared by decorators, by family
	decorators map[*ir.Call]bool      // calls that decorate
	calling    map[*ir.Var][]*ir.Call // calls of a parameter
}

// New reads a program once, to know every assignment and every call.
func New(p *ir.Program, lib *library.Set) *Resolver {
	r := &Resolver{
		prog: p, lib: lib,
		rows: map[string]*library.Row{}, routers: map[string]bool{},
		joined: map[join]string{},
		envs:   map[frame]*Env{}, unwrapping: map[*ir.Func]bool{},
		lists:  map[listKey]*ir.List{},
		memo:   map[key]set{},
		bound:  map[*ir.Func]string{},
		active: map[key]int32{},
	}
	r.read(p)
	chained(r.calls)
	return r
}

// chained puts calls of a chain, such as r.Use(a).Use(b), into the order in which
// they run: the reader meets the outermost first, and all begin at one place.
func chained(calls []*ir.Call) {
	for i := 0; i < len(calls); {
		j := i + 1
		for j < len(calls) && calls[j].File == calls[i].File && calls[j].Start == calls[i].Start && calls[j].End < calls[j-1].End {
			j++
		}
		slices.Reverse(calls[i:j])
		i = j
	}
}

// Values lists what e may stand for, whoever calls the function around it. Empty:
// not known.
func (r *Resolver) Values(e ir.Expr) []Value { return r.ValuesIn(e, nil) }

// ValuesIn is Values in one surrounding.
func (r *Resolver) ValuesIn(e ir.Expr, env *Env) []Value {
	r.prepare()
	return r.ask(e, 0, env).vals
}

// Result lists what result i of a call may stand for.
func (r *Resolver) Result(c *ir.Call, i int, env *Env) []Value {
	r.prepare()
	return r.ask(c, i, env).vals
}

// Targets lists what c may reach, whoever calls the function around it. Empty: not
// known.
func (r *Resolver) Targets(c *ir.Call) []Target {
	r.prepare()
	t, ok := r.known[c]
	if !ok {
		t = r.TargetsIn(c, nil)
		r.known[c] = t
	}
	return t
}

// TargetsIn is Targets in one surrounding.
func (r *Resolver) TargetsIn(c *ir.Call, env *Env) []Target {
	r.prepare()
	r.steps = 0
	return r.targets(c, env)
}

// RowOf gives the row that an expression means which is no call: a member such as
// req.headers.authorization, a function that is handed over, a type.
func (r *Resolver) RowOf(e ir.Expr) (row *library.Row, symbol string) { return r.RowIn(e, nil) }

// RowIn is RowOf in one surrounding.
func (r *Resolver) RowIn(e ir.Expr, env *Env) (row *library.Row, symbol string) {
	for _, v := range r.ValuesIn(e, env) {
		if v.Symbol == "" {
			continue
		}
		if row := r.row(v.Symbol); row != nil {
			return row, v.Symbol
		}
		symbol = v.Symbol
	}
	return nil, symbol
}

// Callers lists the calls that may reach f.
func (r *Resolver) Callers(f *ir.Func) []*ir.Call {
	r.prepare()
	var calls []*ir.Call
	for _, s := range r.callers[f] {
		calls = append(calls, s.call)
	}
	return calls
}

// Handed lists the calls of libraries to which f is given, to be called by them.
func (r *Resolver) Handed(f *ir.Func) []*ir.Call {
	r.prepare()
	var calls []*ir.Call
	for _, h := range r.mounted[f] {
		if h.call != nil {
			calls = append(calls, h.call)
		}
	}
	return calls
}

// Around gives the function in which a call stands.
func (r *Resolver) Around(c *ir.Call) *ir.Func { return r.within[c] }

// Stats say how much of the program could be told.
func (r *Resolver) Stats() Stats {
	r.prepare()
	return r.stats
}

func (r *Resolver) row(symbol string) *library.Row {
	row, ok := r.rows[symbol]
	if !ok {
		row = r.lib.Find(symbol)
		r.rows[symbol] = row
	}
	return row
}
