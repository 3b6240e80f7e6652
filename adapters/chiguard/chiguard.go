// Package chiguard names the routes of chi in guard's events.
//
// A guard refuses most attacks before the router has looked at the request, and
// chi sets Request.Pattern only while it routes: from v5.2.3 on without the
// prefix of a mounted router, rightly from v5.3.0 on, and in older versions not
// at all. Route asks chi's tree instead, with what v5.0.0 already had.
package chiguard

import (
	"net/http"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
)

// Route is the hook for guard.Config.Route where the guard's middleware is used
// inside the router (r.Use, r.With, r.Group). It gives the template as chi's
// RoutePattern spells it, "/orders/{id}" for "/orders/" also, before the request
// is routed and after; and nothing where no route takes the request, a wrong
// method included, so that the event names the path.
//
// It is safe for concurrent use.
func Route(r *http.Request) string {
	at := chi.RouteContext(r.Context())
	if at == nil || at.Routes == nil {
		return ""
	}
	if n := len(at.RoutePatterns); n > 0 && !strings.HasSuffix(at.RoutePatterns[n-1], "*") {
		return join(at.RoutePatterns) // routed to the end, and no router below
	}
	method, path := r.Method, ""
	if at.RouteMethod != "" {
		method = at.RouteMethod // middleware may rewrite both, as chi's GetHead and StripSlashes do
	}
	if len(at.RoutePatterns) == 0 {
		path = at.RoutePath
	}
	return match(at.Routes, method, path, r)
}

// Of is the hook for a guard that stands around the router: g.Verify(router). It
// is asked for routes when requests come, which may be long after Of.
func Of(router chi.Routes) func(*http.Request) string {
	return func(r *http.Request) string { return match(router, r.Method, "", r) }
}

// contexts are for looking up. What Match writes into one stays there.
var contexts = sync.Pool{New: func() any { return chi.NewRouteContext() }}

// match looks path up, or the path of r where it is empty, in the way that chi
// routes.
func match(routes chi.Routes, method, path string, r *http.Request) string {
	switch {
	case path != "":
	case r.URL.RawPath != "":
		path = r.URL.RawPath
	case r.URL.Path != "":
		path = r.URL.Path
	default:
		path = "/"
	}
	at := contexts.Get().(*chi.Context)
	defer contexts.Put(at)
	at.Reset()
	if !routes.Match(at, method, path) {
		return ""
	}
	return join(at.RoutePatterns)
}

// join makes one template of those of a router and of the ones mounted in it:
// "/api/*" and "/orders/{id}" are "/api/orders/{id}".
func join(patterns []string) string {
	var p string
	if len(patterns) == 1 {
		p = patterns[0]
	} else {
		n := 0
		for _, s := range patterns {
			n += len(s)
		}
		var b strings.Builder
		b.Grow(n)
		for i, s := range patterns {
			if i+1 < len(patterns) {
				s = strings.TrimSuffix(s, "/*") // the next one begins with a slash
			}
			b.WriteString(s)
		}
		p = b.String()
	}
	for strings.Contains(p, "/*/") {
		p = strings.ReplaceAll(p, "/*/", "/")
	}
	if p != "/" {
		p = strings.TrimSuffix(strings.TrimSuffix(p, "//"), "/")
	}
	return p
}
