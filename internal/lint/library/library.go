// Package library knows what functions of other people's libraries do to tokens and
// with failures: which verify, which write a log, which answer a request, which
// limit its rate, which mount a handler. It is data, in the same form as a user's
// own .jotsight.yaml, one YAML file a field of work; nothing else in lint names a
// library.
package library

// A Row says what one symbol, or all symbols of one pattern, do.
type Row struct {
	// Match is a symbol of package ir, in which * stands for any run of characters
	// but / # and ., ** for any run at all, and {a,b} for one of several.
	Match string `yaml:"match"`
	Does  Role   `yaml:"does"`

	// Arguments, counted from 0; -1 or absent: none. Receivers do not count.
	Token   *int `yaml:"token"`   // verify, decode, revoke, check: the token
	Key     *int `yaml:"key"`     // verify, issue: the key or the function that finds it
	Options *int `yaml:"options"` // an object of options, or where options begin
	Claims  *int `yaml:"claims"`  // issue: the claims; verify: where they are put
	Status  *int `yaml:"status"`  // respond: the status
	Body    *int `yaml:"body"`    // respond: what is sent
	Error   *int `yaml:"error"`   // log, report: the error; next: what makes it a failure
	Fields  *int `yaml:"fields"`  // log: where names and values begin
	Path    *int `yaml:"path"`    // route, group, mount
	Method  *int `yaml:"method"`  // route: the argument that names the HTTP method
	Chain   *int `yaml:"chain"`   // route, group, mount, wrap: where middleware and handlers begin
	Call    *int `yaml:"call"`    // the argument is a function that is called at once or later, such as a callback
	Name    *int `yaml:"name"`    // extract: the argument that names the header, cookie or parameter

	// Fails says how the caller learns that it did not work:
	//   result N    result N is an error that is not nil
	//   throws      it throws, or returns a promise that rejects
	//   callback N  argument N is called with the error first
	//   false       result 0 is false, nil or undefined
	//   next        it is a middleware that answers or passes the error on itself
	Fails string `yaml:"fails"`
	Pin   string `yaml:"pin"` // verify: name of the option (field or function) that fixes the algorithms
	// PinDefault: without Pin the library falls back to a list of its own ("list"),
	// accepts only what fits the key ("key"), or anything ("any").
	PinDefault string `yaml:"pin_default"`

	Level   string   `yaml:"level"`   // log: its level; $name: that of the method called
	HTTP    string   `yaml:"http"`    // route: the HTTP method; $name: that of the method called
	Code    int      `yaml:"code"`    // respond, throw: a status that is fixed
	Returns []string `yaml:"returns"` // the types of its results, as symbols; "same": that of the receiver; "arg N"; "element"
	Params  []string `yaml:"params"`  // the types of the parameters of the functions it is given
	Marks   string   `yaml:"marks"`   // of its result: see package flow (token, hash, claims, address, route, agent, method, ...)

	// How requests are mounted, beyond Path, Method and Chain. Options names the argument
	// that is an object of these.
	PathOption   string   `yaml:"path_option"`   // route, group, mount: the option that holds the path or prefix
	MethodOption string   `yaml:"method_option"` // route: the option that holds the HTTP method or a list of them
	Before       []string `yaml:"before"`        // route, mount: options that hold middleware, in the order in which they run
	Handler      string   `yaml:"handler"`       // route, central: the option that holds the handler
	Late         bool     `yaml:"late"`          // mount: it counts for routes too that were registered before it
	// Member names the methods that are called of an object or class which is handed over
	// or decorated: canActivate of a guard, catch of a filter, use of a middleware.
	Member []string `yaml:"member"`

	// Middleware that verifies: what happens on failure when no hook is set.
	Silent bool     `yaml:"silent"`
	Hook   []string `yaml:"hook"` // options (fields or functions) by which one is told of failures
	When   string   `yaml:"when"` // only if the named option is set, as in skip or !skip
	Note   string   `yaml:"note"` // for people: where this is documented, which version
}

// A Role is what a symbol does.
type Role string

const (
	// To tokens.
	Verify  Role = "verify"  // checks a signature
	Decode  Role = "decode"  // reads claims without checking
	Issue   Role = "issue"   // signs
	Refresh Role = "refresh" // a library's own exchange of a refresh token
	Revoke  Role = "revoke"
	Check   Role = "check"    // asks whether a token is revoked, or still known
	Extract Role = "extract"  // reads a token from a request
	Secret  Role = "password" // compares a password: what is after it is a login
	Hash    Role = "hash"     // what comes out can be logged in place of what went in

	// With failures.
	Log    Role = "log"
	Metric Role = "metric"
	Audit  Role = "audit"
	Span   Role = "span"   // records on a trace
	Report Role = "report" // error reports: Sentry and the like
	Access Role = "access" // middleware that writes a line for every request
	With   Role = "with"   // makes a logger with fields from a logger

	// With requests.
	Respond Role = "respond" // answers; a chain such as res.status(401).json(x) is two of them
	Next    Role = "next"    // passes the request on; with an error, to the central handler
	Abort   Role = "abort"   // ends the chain
	Throw   Role = "throw"   // makes or throws an error that the framework answers
	Wrap    Role = "wrap"    // returns its function argument, called by what it returns (async wrappers, http.HandlerFunc)
	Router  Role = "router"  // makes a router or application
	Route   Role = "route"   // mounts handlers at a path
	Mount   Role = "mount"   // mounts middleware, or a router at a path
	Group   Role = "group"   // makes a router within a router
	Central Role = "central" // sets the handler for errors
	Guard   Role = "guard"   // is, or makes, a middleware that verifies tokens
	Limit   Role = "limit"   // is, or makes, a middleware that limits; or asks a limiter

	// With values.
	Value Role = "value" // only Returns, Marks or Call matter
	Err   Role = "error" // makes an error; arguments that are errors are wrapped
	Exit  Role = "exit"  // never returns
)

// A Set is the rows that one run goes by.
type Set struct{ rows []*Row }

// Find gives the row of a symbol, or nil. Of several that match, the most exact
// one counts, and of equals the last one, so that a user's row beats ours.
func (s *Set) Find(symbol string) *Row { return nil }

// Builtin is the catalogue that we ship.
func Builtin() (*Set, error) { return &Set{}, nil }
