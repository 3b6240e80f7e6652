package guard

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
)

// Meta says where a token came from, for events and for the limiter. Guard.Meta
// takes it from an HTTP request; other protocols fill in what they have.
type Meta struct {
	Address   netip.Addr // of the client, resolved
	Port      int
	UserAgent string
	Method    string
	Route     string // the template, /orders/{id}; or the full name of an RPC
	Path      string // without the query
	Host      string
	RequestID string
	TraceID   string // W3C trace context, hex
	SpanID    string
	Source    event.Source
	// ClientID is the client that was authenticated, or that names itself where
	// clients have no secret. Refresh tokens are bound to it.
	ClientID string
	// Actor is who asked, where that was authenticated: an operator who revokes,
	// a user who logs in.
	Actor string
	// Proof is the DPoP proof that came with a token (RFC 9449), or with a request
	// for one. In Check it stands for the scheme DPoP, under which only bound
	// tokens are good. It must be for Method and for URL, which is the URL as the
	// client addressed it, "https://api.example/orders/7".
	Proof event.Raw
	URL   string
	// Certificate is the client's, whose key it has shown (RFC 8705).
	Certificate *x509.Certificate

	address string // Address as text, where it was written before
}

// Meta describes a request. The address comes from Config.ClientIP, the route
// from Config.Route or from the router, and what the client shows of its keys as
// Config.Binding says.
func (g *Guard) Meta(r *http.Request) Meta {
	addr, port := g.address(r)
	m := g.meta(r, addr, port, 0)
	if p := proofOf(r); p != "" {
		m.Proof, m.URL = event.NewRaw(p), g.binding.requestURL(r)
	}
	m.Certificate = g.binding.certificate(r)
	return m
}

func (g *Guard) meta(r *http.Request, addr netip.Addr, port int, from event.Source) Meta {
	m := Meta{
		Address: addr, Port: port, Source: from,
		UserAgent: first(r.Header["User-Agent"]), Method: r.Method, Host: r.Host,
		RequestID: first(r.Header["X-Request-Id"]), Route: g.routeOf(r),
	}
	if m.Route == "" {
		m.Path = r.URL.Path
	}
	if m.TraceID, m.SpanID = g.traceOf(r.Context()); m.TraceID == "" {
		m.TraceID, m.SpanID = traceparent(first(r.Header["Traceparent"]))
	}
	return m
}

// traceOf asks Config.Trace, and takes nothing from it that is no trace.
func (g *Guard) traceOf(ctx context.Context) (trace, span string) {
	if g.trace == nil {
		return "", ""
	}
	trace, span = g.trace(ctx)
	if len(trace) != 32 || len(span) != 16 || !hex(trace) || !hex(span) {
		return "", ""
	}
	return trace, span
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (g *Guard) address(r *http.Request) (netip.Addr, int) {
	if g.clientIP != nil {
		if a := g.clientIP(r).Unmap(); a.IsValid() {
			return a, 0
		}
		// Who can make the resolver fail must not get out of the limit by it.
	}
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		a, _ := netip.ParseAddr(r.RemoteAddr)
		return a.Unmap(), 0
	}
	return ap.Addr().Unmap(), int(ap.Port())
}

func (g *Guard) routeOf(r *http.Request) string {
	if g.route != nil { // the pattern may be that of a mux around the router, or wrong (chi v5.2.3)
		return template(g.route(r))
	}
	return template(r.Pattern)
}

// template cuts the method off a pattern of http.ServeMux.
func template(pattern string) string {
	if _, rest, ok := strings.Cut(pattern, " "); ok {
		return strings.TrimLeft(rest, " ")
	}
	return pattern
}

// MuxRoute gives the hook for Config.Route of a service that is routed by mux.
func MuxRoute(mux *http.ServeMux) func(*http.Request) string {
	return func(r *http.Request) string {
		_, pattern := mux.Handler(r)
		return pattern
	}
}

// traceparent reads the header of W3C Trace Context, version 00, and gives
// nothing for what is not exactly that.
func traceparent(h string) (trace, span string) {
	if len(h) != 55 || h[:3] != "00-" || h[35] != '-' || h[52] != '-' || !hex(h[3:35]) || !hex(h[36:52]) || !hex(h[53:]) {
		return "", ""
	}
	if trace, span = h[3:35], h[36:52]; strings.Trim(trace, "0") == "" || strings.Trim(span, "0") == "" {
		return "", "" // section 3.2.2: all zero is invalid
	}
	return trace, span
}

func hex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// describe writes m into e. Every text that a client chooses is scrubbed: the
// event must not hold a token, wherever the client put one.
func (m *Meta) describe(e *event.Event) {
	if m.Address.IsValid() {
		if e.ClientAddress = m.address; e.ClientAddress == "" {
			e.ClientAddress = m.Address.WithZone("").String()
		}
		e.ClientPort = m.Port
	}
	e.UserAgent = event.Scrub(m.UserAgent)
	e.Method = event.Scrub(m.Method)
	e.Route = event.Scrub(m.Route)
	e.Path = event.Scrub(m.Path)
	e.ServerAddress = event.Scrub((&url.URL{Host: m.Host}).Hostname())
	e.RequestID = event.Scrub(m.RequestID)
	e.TraceID, e.SpanID = m.TraceID, m.SpanID
	e.Source = m.Source
	e.Actor = event.Scrub(m.Actor)
}
