// Package resolve answers what an expression of a program stands for: which
// functions a call reaches, which type a value has, which library row it means,
// which routes an application has and what runs before their handlers.
//
// It looks at the whole program and not at the order of things: a variable stands
// for everything that is ever assigned to it, a parameter for everything that is
// ever passed. What cannot be told is told so, and counted; nothing is guessed.
package resolve

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// A Value is one thing that an expression may stand for. One of the fields is set.
type Value struct {
	Func   *ir.Func
	Class  *ir.Class // the class itself
	Of     *ir.Class // an instance of it
	Module *ir.Module
	Object *ir.Object // a literal
	Const  *ir.Const
	Symbol string    // outside the program: npm:express#default(), go:go.uber.org/zap.Logger
	Is     bool      // Symbol is a type, and the value an instance of it
	Wraps  []Value   // a function of a library around functions of the program: asyncHandler(login)
	Call   *ir.Call  // the call of a library that made it, where there is one
	Bound  *ir.Class // a method together with its object
}

// A Target is what a call may reach: a function of the program or a row of the
// catalogue.
type Target struct {
	Func   *ir.Func
	Row    *library.Row
	Symbol string // of the row
	Recv   ir.Expr
	// Guessed says that it goes by a name alone: counted against reporting, never for it.
	Guessed bool
}

// A Route is a place where requests arrive.
type Route struct {
	ir.Span
	Framework string // the symbol's package: npm:express, go:github.com/go-chi/chi/v5
	Method    string // GET, or "" for any
	Path      string // with the prefixes of the routers around it; "" where not known
	Chain     []Link // in the order in which they run; the last one is the handler
	Known     bool   // path and chain are complete
}

// A Link is one middleware or handler of a route.
type Link struct {
	ir.Span
	Func *ir.Func     // of the program
	Row  *library.Row // or of a library
	Call *ir.Call     // that made it, where there is one, with its options
}

// A Resolver answers for one program. Not for several goroutines at once.
type Resolver struct{}

// New reads a program once, to know every assignment and every call.
func New(p *ir.Program, lib *library.Set) *Resolver { return &Resolver{} }

// Values lists what e may stand for. Empty: not known.
func (r *Resolver) Values(e ir.Expr) []Value { return nil }

// Targets lists what c may reach. Empty: not known.
func (r *Resolver) Targets(c *ir.Call) []Target { return nil }

// RowOf gives the row that an expression means which is no call: a member such as
// req.headers.authorization, a function that is handed over, a type.
func (r *Resolver) RowOf(e ir.Expr) (row *library.Row, symbol string) { return nil, "" }

// Callers lists the calls that may reach f.
func (r *Resolver) Callers(f *ir.Func) []*ir.Call { return nil }

// Routes lists every route of the program that could be told.
func (r *Resolver) Routes() []*Route { return nil }

// Central lists the handlers for errors that an application of the framework has,
// in the order in which they are asked, for a route of it.
func (r *Resolver) Central(route *Route) []Link { return nil }
