// Package library knows what functions of other people's libraries do to tokens and
// with failures: which verify, which write a log, which answer a request, which
// limit its rate, which mount a handler. It is data, in the same form as a user's
// own .jotsight.yaml, one YAML file a field of work; nothing else in lint names a
// library.
//
// # Files
//
// A file is a list of rows. Rows of one package stand in a group, which says the
// package once:
//
//   - in: go:github.com/golang-jwt/jwt
//     rows:
//   - {match: Parse, does: verify, token: 0, key: 1, options: 2, fails: result 1, returns: [Token, "go:builtin.error"]}
//   - {match: [Parser.Parse, Parser.ParseWithClaims], does: verify, ...}
//   - {match: "js:console.{error,warn}", does: log, level: $name, plain: true}
//
// "in" and "match" take one or several. They are joined by what stands between
// them in a symbol: a dot in Go and Java, # for npm (a dot where there is a # already),
// / in Clojure, nothing after js:. In a group, types in returns and params that
// name no language are of the group: Token above is Token of golang-jwt.
//
// # Versions and spellings
//
// A package of Go without a version stands for every major version: the rows
// of go:github.com/golang-jwt/jwt hold for …/jwt/v4 and …/jwt/v5 too, but a row that
// names the version wins. npm:p#default.x is npm:p#x, and npm:node:http is npm:http.
package library

// A Row says what one symbol, or all symbols of one pattern, do. Rows are shared:
// nobody may change one.
type Row struct {
	// Match is the pattern as it was written, joined with its group: a symbol of
	// package ir, in which * stands for any run of characters but / # and . (at
	// least one), ** for any run at all, and {a,b} for one of several.
	Match string
	Does  Role
	Where string // file:line

	// What a call holds where. The zero Arg is nowhere.
	Token   Arg // verify, decode, revoke, check, hash: the token. Where it is taken from a request: nowhere
	Key     Arg // verify, issue: the key or the function that finds it
	Options Arg // an object of options, or the first of functions that set options
	Claims  Arg // issue: the claims; verify: where they are put
	Status  Arg // respond, status, throw: the status
	Body    Arg // respond, throw: what is sent
	Error   Arg // log, report, next, error: the error. Without it an error may be any argument
	Message Arg // log: the text
	Path    Arg // route, group, mount. Where it is optional it is there if it is a string or a regexp
	Method  Arg // route: what names the HTTP method. extract: see Name
	Name    Arg // extract, value: what names the header, cookie, parameter, or key
	Chain   Arg // route, group, mount, wrap, central: the first of the middlewares and handlers; all that follow are too
	To      Arg // write: what is written to; "this": what the receiver was made of. router: the router that its routes are added to
	Call    Arg // a function that is called with what the row is about: a callback, a listener

	// How requests are mounted by options and members, beyond Path, Method and Chain. The
	// path of a route that stands in an object is an Arg with a field: path: 0.url.
	Before  []string // route, mount: options of the object at Options that hold middlewares, in the order in which they run
	Handler string   // route, central: the option that holds the handler; it runs last
	First   bool     // route: the handler comes first at Chain, and middlewares follow it, as in Echo
	Late    bool     // mount: it counts for routes too that were registered before it
	// Adds is what becomes a member, named by Name, of the receiver and of all others
	// of its type: fastify.decorate("authenticate", f).
	Adds Arg
	// Member names the methods that are called of an object or class which is handed
	// over or decorated, or that extends or implements this symbol: [canActivate] of a
	// guard, [catch] of a filter, [use] of a middleware, [ServeHTTP] of a handler.
	Member []string

	// Except are beginnings of the text at Name with which the symbol is another matter:
	// passport.authenticate("google") verifies no token of ours.
	Except []string

	Fails Failure

	Pin        []string // verify, guard, and what makes a parser: options, fields or functions that fix the algorithms
	PinDefault string   // without Pin: "list" of the library's own, what fits the "key", "any"; "fixed": it cannot be left out
	Audience   []string // verify, guard: options that check the audience
	Issuer     []string // verify, guard: options that check the issuer
	NoExpiry   []string // verify, guard: options that switch off the check of exp, or of all claims
	NoVerify   []string // verify: options by which the signature is not checked
	Needs      []string // verify: options without any of which it only decodes
	Lifetime   []string // issue: options that set exp
	Promise    bool     // verify: without a callback it answers with a promise, always

	Level  string // log: trace debug info warn error fatal
	HTTP   string // route: the HTTP method, "" for any
	Code   int    // respond, throw, guard, limit: a status that is fixed, or the default
	From   string // extract: header, cookie, query, param, form, body, address, url, method, state (what middlewares leave)
	Marks  Mark   // of the result, or of what the callback gets
	Plain  bool   // log, access: its lines are text and not records: print, console
	Exits  bool   // it never returns: log.Fatal
	Silent bool   // guard, limit, router: without a hook, nothing is recorded when it refuses
	Hook   []string
	When   string // only if the option is set; !name: only if it is not

	// Returns are the types of the results, as symbols; where Fails says that a
	// result of Go is an error, it need not be said here. Others: "same" as the
	// receiver (or, for functions, as argument 0), "arg N", "element" of the receiver, "call N": what the function
	// in argument N returns; "new N": an instance of the class in argument N. "" is not known.
	Returns []string
	// Params are the types of the parameters of the functions at Chain, Before, Handler and Call.
	// A function with as many parameters as ErrorParams has, and more than Params,
	// takes those: Express's (err, req, res, next).
	Params      []string
	ErrorParams []string

	// Records is what the symbol writes down by itself: an access line, an operation
	// on tokens that observes itself, or (of a router) a framework's own central
	// handler. Any of error, status, address, route, method, agent, subject. Without
	// "error", an access line says nothing of a failure.
	Records []string
	// Uncaught, of a router: errors that reach the framework's own central
	// handler. "silent": answered and not recorded; "log": recorded; "log 500":
	// recorded unless they say a status below 500; "log other": unless they are
	// errors that a row with does: throw made.
	Uncaught string

	Note string // for people: where this is documented, since which version
}

// A Role is what a symbol does.
type Role string

const (
	// To tokens.
	Verify  Role = "verify"   // checks a signature
	Decode  Role = "decode"   // reads claims without checking
	Issue   Role = "issue"    // signs
	Refresh Role = "refresh"  // a library's own exchange of a refresh token
	Revoke  Role = "revoke"   // makes a token useless
	Check   Role = "check"    // asks whether a token is revoked, or still known
	Extract Role = "extract"  // reads a thing of a request by name; whether it is a token, the name says. See From and Name
	Secret  Role = "password" // compares a password: what is after it is a login
	Hash    Role = "hash"     // what comes out can be logged in place of what went in

	// With failures.
	Log    Role = "log"
	Metric Role = "metric" // counts; made by With where labels are set first
	Audit  Role = "audit"
	Span   Role = "span"   // records on a trace
	Report Role = "report" // error reports: Sentry and the like
	Access Role = "access" // middleware that writes a line for every request; see Records
	Write  Role = "write"  // writes to what is at To: an answer if that is one, a log if it is the standard output or error
	With   Role = "with"   // makes a logger, record or metric with fields (or an error, or a level) from another; writes nothing

	// With requests.
	Respond Role = "respond" // answers
	Status  Role = "status"  // sets the status of an answer that something else sends: res.status(401)
	Next    Role = "next"    // passes the request on; with an Error, to the central handler
	Abort   Role = "abort"   // ends the chain; with Status or Code it answers too, with Error it keeps one for the central handler
	Throw   Role = "throw"   // makes or throws an error that the framework answers
	Collect Role = "collect" // keeps an error for the central handler, and goes on: gin's c.Error
	Wrap    Role = "wrap"    // returns its function argument, called by what it returns (async wrappers, http.HandlerFunc)
	Router  Role = "router"  // makes a router or application
	Route   Role = "route"   // mounts handlers at a path; or, a decorator, the method it stands on
	Mount   Role = "mount"   // mounts middleware, or a router at a path
	Group   Role = "group"   // makes a router within a router: its result, the parameter of its callback, or (a decorator) the class
	Central Role = "central" // sets the handler for errors, or (a decorator, a class) is one
	Guard   Role = "guard"   // is, or makes, a middleware that verifies tokens
	Limit   Role = "limit"   // makes a middleware that limits; with Fails: asks a limiter

	// With values.
	Value Role = "value" // only Returns, Marks, Methods or Call matter
	Find  Role = "find"  // looks something up in a store: what is at Name, or is argument 0
	Save  Role = "save"  // writes to, or deletes from, a store
	Err   Role = "error" // makes an error; arguments that are errors are wrapped
	Exit  Role = "exit"  // never returns
)

// A Mark says what a value holds; package flow has them as bits.
type Mark string

const (
	Token   Mark = "token"   // an encoded token, or an Authorization header
	Prefix  Mark = "prefix"  // a piece of one
	Hashed  Mark = "hash"    // a hash, from which nothing can be read
	Key     Mark = "key"     // a secret
	Claims  Mark = "claims"  // verified
	Claimed Mark = "claimed" // not verified
	Subject Mark = "subject"
	ID      Mark = "id" // jti, session, family
	Address Mark = "address"
	Path    Mark = "path"
	Agent   Mark = "agent"
	Valid   Mark = "valid"  // true if the verification that made the value succeeded
	Reason  Mark = "reason" // an error of a failed operation, its name or text
	Method  Mark = "method"
	Millis  Mark = "millis" // a time in milliseconds
	Headers Mark = "headers"
	User    Mark = "user" // foreign text of a request
)
