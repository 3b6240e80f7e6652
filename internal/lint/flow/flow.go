// Package flow walks a program as requests would: from every route, middleware and
// function that nobody calls, through all that it calls, with a token that is
// good, bad, missing, revoked. It answers with ways: how each of these ends, and
// what was recorded before it did.
package flow

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// A Tier says how much of an event was recorded. Tiers compare with < and >.
type Tier uint8

const (
	None    Tier = iota
	Access       // a line for every request, whatever happened: no record of a failure
	Generic      // a record that exists only because of the failure, without saying which
	Typed        // the error, its name or class is in it
	Full         // typed, with where and who: address, route, token id or hash, subject
)

// An Op is one place at which something happens to a token.
type Op struct {
	ir.Span
	Kind library.Role // Verify, Decode, Issue, Refresh, Revoke, Check, Extract, Secret
	Func *ir.Func     // in which it stands
	Call *ir.Call     // nil for what is no call (req.headers.authorization)
	Row  *library.Row // nil for what is known by what it does, such as the look-up of a stored token
	Name string       // for people: jwt.Parse, req.headers.authorization
	// Use is refresh where the token is a refresh token, by names and routes; else "".
	Use     string
	From    string // extract: header, cookie, query, ..., as the row says
	Guessed bool

	seq  int  // from 1, in the order in which walks met them
	used bool // Use is settled
}

// An Outcome is what an Op came to on a Way.
type Outcome uint8

const (
	Failed    Outcome = iota // the token was bad
	Absent                   // there was no token
	Hit                      // the token was revoked, or is not known any more
	Succeeded                // it was done: issued, refreshed, revoked, verified
)

// An Exit is how a way ends.
type Exit uint8

const (
	Responds Exit = iota // an answer was written, or the framework answers
	Serves               // the request goes on as if nothing had happened
	Returns              // an ordinary end
	Escapes              // into code that we do not see: nothing is known
)

// A Way is one class of paths from an Op to the end of the request: the one with
// the least that was recorded among those with the same Op, Outcome, Exit and
// answering place.
type Way struct {
	Op      *Op
	Outcome Outcome
	Exit    Exit
	Root    *Root
	Status  int      // of the answer, 0: not known
	At      ir.Span  // where it is answered: the response, throw, return or next
	Branch  ir.Span  // the branch that the outcome took first in At's function
	Func    *ir.Func // that holds At
	Steps   []Step   // from the Op to the end
	Seen    []Observation
	Tier    Tier // of what was recorded, all together
	Level   string
	EnvOnly bool // recorded in development alone
	Central bool // a central handler answered
	Denied  bool // Serves, after a refusal was written
	Again   bool // another token had been verified on it before
	Guessed bool // the way needs a guess
	Error   bool // the text of the library's error is in the answer
	Dropped bool // Returns: without the error, so that no caller can tell what failed
}

// A Root is where a walk begins.
type Root struct {
	Func   *ir.Func
	Routes []*resolve.Route // that run it; none for code that nobody mounts
	Link   bool             // it is a middleware: what it passes on is another root's business
}

// A Step is one place of a way, with what happens there, for people.
type Step struct {
	ir.Span
	Func *ir.Func
	What string
}

// An Observation is one record.
type Observation struct {
	ir.Span
	Func   *ir.Func
	Role   library.Role
	Level  string
	Tier   Tier
	Fields []string // reason, address, route, agent, token, subject, issuer, ...: what of an event is in it
	Env    bool     // in development alone
	Print  bool     // unstructured
}

// A Leak is a value that gets where it must not.
type Leak struct {
	ir.Span
	Func *ir.Func
	What Mark // token, prefix, secret, unverified claim, error text
	// Into is log, url, answer, identity, key (of a map or set that lives as long as
	// the program), claim, or denylist: asked or told by a Check or Revoke that knows
	// what is revoked, and not what still stands.
	Into  string
	Var   *ir.Var // key: the map or set, a variable of a module or a field
	From  ir.Span // where the value came from
	Steps []Step  // between
	Op    *Op     // the decode of an unverified claim
	Obs   *Observation
}

// A Mark says what a value holds.
type Mark uint16

const (
	Token   Mark = 1 << iota // an encoded token, an Authorization header, a cookie with one
	Prefix                   // a piece of one
	Hashed                   // a hash of one
	Key                      // a secret
	Claim                    // a verified claim
	Claimed                  // an unverified claim
	Subject
	ID // jti, session or family
	Address
	Path
	Agent
	Reason  // the error of a failed operation, its name or text
	Millis  // a time in milliseconds
	Headers // all of them
	User    // what a request says of itself: foreign text
	Record  // a stored record that holds a token, as a whole
)

// Facts are all that the checks need to know.
type Facts struct {
	Ops    []*Op
	Ways   []*Way
	Leaks  []*Leak
	Routes []*resolve.Route
	Stats  Stats
}

// Stats say how much could not be told.
type Stats struct {
	Calls, Unresolved int // calls, and those of them whose target is not known
	Cut               int // walks that met a bound
}

// Analyze walks p.
func Analyze(p *ir.Program, r *resolve.Resolver, lib *library.Set) *Facts {
	facts := &Facts{Routes: r.Routes()}
	w := &walker{
		p: p, r: r, lib: lib, facts: facts,
		memo: map[memoKey]*summary{}, ops: map[opKey]*Op{}, quiets: map[ir.Expr]bool{}, makers: map[*ir.Func]*value{}, ways: map[wayKey]*Way{}, leaks: map[leakKey]*Leak{},
		entered: map[*ir.Func]bool{}, reached: map[ir.Expr]bool{}, centralOf: map[*resolve.Route][]resolve.Link{}, defaults: map[string]string{},
	}
	w.all = maxAll + maxEach*len(p.Funcs)
	w.index = newIndex(w)
	w.walkAll()
	w.gather()
	return facts
}
