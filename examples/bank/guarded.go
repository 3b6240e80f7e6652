package bank

import (
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/jotsight/jotsight/guard"
)

// guarded is the bank whose security is jotsight's guard.
type guarded struct {
	guard   *guard.Guard
	issuer  *guard.Issuer
	ledger  *ledger
	guesses *counter // wrong passwords: no token is involved, so guard is not either
	log     *slog.Logger
}

func newGuarded(c Config, l *ledger) (*Bank, error) {
	r := chi.NewRouter()
	var sink guard.Sink = guard.JSONSink(c.Log)
	if c.Monitor.URL != "" {
		sink = guard.Tee(sink, guard.MonitorSink(guard.MonitorConfig{URL: c.Monitor.URL, Key: c.Monitor.Key}))
	}
	g, err := guard.New(guard.Config{
		Keys:       guard.Static(c.Secret),
		Algorithms: []string{"HS256"},
		Issuers:    []string{Issuer},
		Audience:   []string{Audience},
		ClientIP:   func(r *http.Request) netip.Addr { return parseAddress(clientAddress(r)) },
		Route: func(q *http.Request) string {
			return r.Find(chi.NewRouteContext(), q.Method, q.URL.Path)
		},
		Revocation: guard.RevocationConfig{Store: guard.NewMemoryStore()},
		Events:     guard.EventConfig{Sink: sink, Service: "bank", Environment: "demo"},
		Log:        slog.New(slog.NewJSONHandler(c.Log, nil)),
		Now:        c.Now,
	})
	if err != nil {
		return nil, err
	}
	issuer, err := guard.NewIssuer(guard.IssuerConfig{
		Guard:           g,
		Key:             guard.Key{Material: c.Secret},
		AccessLifetime:  accessLifetime,
		RefreshLifetime: refreshLifetime,
	})
	if err != nil {
		return nil, err
	}
	b := &guarded{guard: g, issuer: issuer, ledger: l,
		guesses: newCounter(guessesPerMinute, c.Now),
		log:     slog.New(slog.NewJSONHandler(c.Log, nil)),
	}
	// No access log: guard's events say more, and nobody can put a token into
	// their URL.
	r.Use(behindLocalProxy, middleware.RequestID)
	routes(r, steps{
		limit:   unlimited, // guard has its own
		verify:  chi.Chain(g.Verify, known).Handler,
		require: func(scope string) func(http.Handler) http.Handler { return g.Require(guard.Scope(scope)) },
		login:   b.login,
		refresh: issuer.RefreshHandler().ServeHTTP,
		logout:  issuer.LogoutHandler().ServeHTTP,
	}, l)
	return &Bank{Handler: r, close: g.Close}, nil
}

// known tells the handlers whose token guard has verified.
func known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, _ := guard.FromContext(r.Context())
		next.ServeHTTP(w, r.WithContext(withCaller(r.Context(), caller{t.Subject(), t.Scopes()})))
	})
}

func (b *guarded) login(w http.ResponseWriter, r *http.Request) {
	var c credentials
	if !read(w, r, &c) {
		return
	}
	from := clientAddress(r)
	if !b.guesses.free(from) {
		b.log.WarnContext(r.Context(), "login limited", slog.String("client.address", from))
		refuse(w, http.StatusTooManyRequests, http.StatusText(http.StatusTooManyRequests))
		return
	}
	u, ok := b.ledger.authenticate(c)
	if !ok {
		b.guesses.add(from)
		b.log.WarnContext(r.Context(), "login refused", slog.String("client.address", from))
		refuse(w, http.StatusUnauthorized, "wrong user or password")
		return
	}
	m := b.guard.Meta(r)
	m.Actor = u.Name
	p, err := b.issuer.Issue(r.Context(), guard.Grant{Subject: u.Name, Scope: u.Scopes, Meta: m})
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "no token can be issued now")
		return
	}
	_ = p.Respond(w) // the client has gone when it fails
}

func parseAddress(s string) netip.Addr {
	a, _ := netip.ParseAddr(s) // the zero Addr is unknown
	return a
}
