package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Config is what a Web needs. History, Accounts, Live and Emit are required.
type Config struct {
	History  History
	Accounts Accounts
	Live     Live

	// Emit takes the monitor's own audit events: jotsight.ui_login and
	// jotsight.ui_login_failed. It is called once a login and may keep the event.
	Emit func(*event.Event)

	// BaseURL is where people reach the monitor, such as
	// "https://jotsight.example.com", without a slash at the end.
	BaseURL string

	// Secure says that people reach the monitor by TLS. Cookies are then bound to
	// this host and to TLS. Without it nothing but loopback is safe.
	Secure bool

	// ClientIP names the address of a request. Nil takes it from the connection.
	ClientIP func(*http.Request) string

	// Version is shown in the foot of the pages.
	Version string

	Log *slog.Logger     // nil: no log
	Now func() time.Time // nil: time.Now
}

// A Web serves the dashboard. Make it with [New].
type Web struct {
	c       Config
	handler http.Handler
	pages   pages
	assets  assets
	hasher  hasher
	limits  *limits
	ids     *event.IDs
	boot    string // tells the totals of this process from those of the last
	setup   setup
	streams chan struct{} // one slot an open stream

	closing   chan struct{} // closed by Close: streams end
	closeOnce sync.Once
}

// maxStreams bounds the pages that can be live at once. Others work, and are
// current when they are loaded.
const maxStreams = 256

// New checks c and asks Accounts whether there is a user yet. If there is none,
// SetupURL gives the link to make one.
func New(c Config) (*Web, error) {
	if c.History == nil || c.Accounts == nil || c.Live == nil || c.Emit == nil {
		panic("web: New without History, Accounts, Live or Emit")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.ClientIP == nil {
		c.ClientIP = remoteIP
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")

	w := &Web{
		c:       c,
		hasher:  newHasher(),
		limits:  newLimits(),
		streams: make(chan struct{}, maxStreams),
		closing: make(chan struct{}),
	}
	var seed [32]byte
	rand.Read(seed[:]) // never fails: see crypto/rand
	w.ids = event.NewIDs(seed)
	w.boot = secretText(6)

	var err error
	if w.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if w.pages, err = loadPages(w.assets); err != nil {
		return nil, err
	}
	has, err := c.Accounts.HasUser(context.Background())
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	if !has {
		w.setup.arm(secretText(32))
	}
	w.handler = w.routes()
	return w, nil
}

// SetupURL gives the link that makes the first user, and an empty text once
// there is one. Whoever has the link owns the monitor: it belongs in the
// terminal of whoever started it, and in no log.
func (w *Web) SetupURL() string {
	if token := w.setup.token(); token != "" {
		return w.c.BaseURL + "/setup/" + token
	}
	return ""
}

// ServeHTTP serves every path of the dashboard.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }

// Close ends the open streams, so that http.Server.Shutdown need not wait for
// them. Everything else goes on working. It may be called more than once.
func (w *Web) Close() { w.closeOnce.Do(func() { close(w.closing) }) }

func (w *Web) routes() http.Handler {
	mux := http.NewServeMux()

	// Open to strangers.
	mux.HandleFunc("GET /assets/{name}", w.asset)
	mux.HandleFunc("GET /favicon.ico", w.favicon)
	mux.HandleFunc("GET /login", w.loginForm)
	mux.HandleFunc("POST /login", w.login)
	mux.HandleFunc("GET /setup/{token}", w.setupForm)
	mux.HandleFunc("POST /setup/{token}", w.setUp)

	// Pages: a stranger goes to the login page.
	page := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, w.members(h, w.askLogin)) }
	page("GET /{$}", w.overview)
	page("GET /alerts/{id}", w.alert)
	page("GET /events/{id}", w.event)
	page("POST /logout", w.logout)
	page("/", w.notFound)

	// For programs and scripts: a stranger gets 401.
	data := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, w.members(h, refuseJSON)) }
	data("GET /fragments/{name}", w.fragment)
	data("GET /stream", w.stream)
	data("GET /v1/events", w.apiEvents)
	data("GET /v1/alerts", w.apiAlerts)
	data("GET /v1/scans", w.apiScans)

	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(http.HandlerFunc(w.crossOrigin))
	return secure(csrf.Handler(mux))
}

// remoteIP is the address at the other end of the connection.
func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// secretText gives n random bytes as text that fits a URL and a cookie.
func secretText(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

func hashText(s string) [32]byte { return sha256.Sum256([]byte(s)) }
