// Package bank is a small real bank API, written twice over the same handlers.
//
// The hand-written build is what one finds in the wild: HS256 by golang-jwt, a
// middleware or two, chi's access log. Each weakness that such services have is
// a switch (see [Switches]); [Blind] is the usual story, and the zero Switches
// is the same service with everything done by hand that ought to be done. A
// switch chooses between two ways of writing one step, and each way is a
// function of its own, so that whoever reads the source can blame the one and
// leave the other in peace.
//
// The guarded build puts jotsight's guard in front of the same handlers, and
// has no switches.
//
//	POST /login            {"user","password"}: a pair of tokens
//	POST /token/refresh    {"refresh_token"}: the next pair
//	POST /logout           ends the session
//	GET  /me               whose token it is
//	GET  /accounts         the caller's accounts
//	GET  /accounts/{id}    one of them
//	POST /transfers        {"from","to","cents"}; scope transfers:write
//	GET  /admin/users      scope admin, as everything below /admin
//	GET  /admin/accounts
//	GET  /admin/transfers
//	POST /admin/accounts/{id}/freeze
//	POST /admin/accounts/{id}/thaw
//	GET  /health           for load balancers
package bank

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// What the bank puts into its tokens, and for how long they live.
const (
	Issuer   = "https://bank.example"
	Audience = "bank-api"

	accessLifetime  = 15 * time.Minute
	refreshLifetime = 24 * time.Hour
)

// The scopes.
const (
	scopeRead     = "accounts:read"
	scopeTransfer = "transfers:write"
	scopeAdmin    = "admin"
)

// A Config is everything that one bank is told. The zero Config is a bank whose
// tokens nobody else can sign and whose log nobody reads.
type Config struct {
	// Guarded puts guard in front of the handlers. There are no Switches then.
	Guarded  bool
	Switches Switches
	// Secret is the HMAC key, at least 32 bytes; random when empty. The switch
	// weak-secret overrules it.
	Secret []byte
	// Log takes the access log, the records of refused tokens and, of a guarded
	// bank, the events. Nil discards them. One line is written at a time.
	Log io.Writer
	// Monitor also sends the events of a guarded bank to a jotsight monitor.
	Monitor Monitor
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// A Monitor is where a guarded bank reports to. An empty URL is nobody.
type Monitor struct {
	URL string // of the monitor, without a path
	Key string // an ingest key
}

// A Bank answers HTTP requests, from many goroutines at once.
type Bank struct {
	http.Handler
	close func(context.Context) error
}

// Close writes out what is still held back. No request may be under way.
func (b *Bank) Close(ctx context.Context) error { return b.close(ctx) }

// New builds the bank that c describes, with its users and accounts in memory.
func New(c Config) (*Bank, error) {
	if c.Log == nil {
		c.Log = io.Discard
	}
	c.Log = &oneAtATime{w: c.Log}
	if c.Now == nil {
		c.Now = time.Now
	}
	if len(c.Secret) == 0 {
		c.Secret = make([]byte, 32)
		rand.Read(c.Secret) // never fails, see crypto/rand
	}
	var errs []error
	if len(c.Secret) < 32 {
		errs = append(errs, fmt.Errorf("secret of %d bytes: HS256 needs at least 32 (RFC 7518 section 3.2)", len(c.Secret)))
	}
	if c.Guarded && c.Switches != (Switches{}) {
		errs = append(errs, errors.New("switches: a guarded bank has none"))
	}
	if !c.Guarded && c.Monitor.URL != "" {
		errs = append(errs, errors.New("monitor: only a guarded bank can report to one"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	l := newLedger()
	if c.Guarded {
		return newGuarded(c, l)
	}
	return newHandwritten(c, l), nil
}

// oneAtATime lets several loggers share a writer.
type oneAtATime struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *oneAtATime) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(b)
}

// steps are what the two builds do in their own way; all else they share.
type steps struct {
	limit   func(http.Handler) http.Handler              // before verification
	verify  func(http.Handler) http.Handler              // puts the caller into the context
	require func(string) func(http.Handler) http.Handler // a scope
	login   http.HandlerFunc
	refresh http.HandlerFunc
	logout  http.HandlerFunc
}

// routes mounts the handlers behind the steps.
func routes(r chi.Router, s steps, l *ledger) {
	r.Get("/health", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	r.Post("/login", s.login)
	r.Post("/token/refresh", s.refresh)
	r.Group(func(r chi.Router) {
		r.Use(s.limit, s.verify)
		r.Post("/logout", s.logout)
		r.Get("/me", l.me)
		r.Get("/accounts", l.list)
		r.Get("/accounts/{id}", l.show)
		r.With(s.require(scopeTransfer)).Post("/transfers", l.transfer)
		r.With(s.require(scopeAdmin)).Route("/admin", func(r chi.Router) {
			r.Get("/users", l.users)
			r.Get("/accounts", l.all)
			r.Get("/transfers", l.journal)
			r.Post("/accounts/{id}/freeze", l.freeze(true))
			r.Post("/accounts/{id}/thaw", l.freeze(false))
		})
	})
}

// clientAddress is who is at the other end. The bank stands behind a proxy on
// the same machine, if behind any: X-Forwarded-For counts from 127.0.0.1 alone.
func clientAddress(r *http.Request) string {
	if ip := middleware.GetClientIP(r.Context()); ip != "" {
		return ip
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

var behindLocalProxy = middleware.ClientIPFromXFF("127.0.0.1/32", "::1/128")
