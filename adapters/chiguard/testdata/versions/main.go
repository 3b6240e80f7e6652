// This program runs guard under one version of chi and compares the routes that
// its events name with the table. The test copies it into a module of its own.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"versions/chiguard"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

var secret = []byte("a secret of thirty-two bytes or more")

// routes notes which route, or else which path, each event names.
type routes []string

func (l *routes) Emit(e *event.Event) {
	if e.Kind == event.GuardStarted {
		return
	}
	at := e.Route
	if at == "" {
		at = "path " + e.Path
	}
	*l = append(*l, at)
}

func ok(w http.ResponseWriter, _ *http.Request) {}

// copied passes another Request on, so that what chi writes into that one is
// not seen outside.
func copied(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.Clone(r.Context())) })
}

func api(r chi.Router) {
	r.Get("/", ok)
	r.Get("/orders/{id}", ok)
	r.Get("/carts/", ok)
	r.Get("/files/*", ok)
	r.Get(`/date/{d:\d{4}-\d{2}}`, ok)
	r.Group(func(r chi.Router) { r.Get("/me", ok) })
	r.Route("/api", func(r chi.Router) {
		r.Route("/v1", func(r chi.Router) { r.Get("/u/{id}", ok) })
	})
	sub := chi.NewRouter()
	sub.Get("/", ok)
	sub.Get("/users/{id}", ok)
	r.Mount("/admin", sub)
	r.Mount("/static", http.HandlerFunc(ok))
}

// paths of api, and what they are called.
var paths = [][2]string{
	{"GET /", "/"},
	{"GET /orders/7", "/orders/{id}"},
	{"GET /orders/a%2Fb", "/orders/{id}"},
	{"GET /carts/", "/carts"},
	{"GET /files/a/b", "/files/*"},
	{"GET /date/2026-11", `/date/{d:\d{4}-\d{2}}`},
	{"GET /me", "/me"},
	{"GET /api/v1/u/3", "/api/v1/u/{id}"},
	{"GET /admin", "/admin"},
	{"GET /admin/", "/admin"},
	{"GET /admin/users/3", "/admin/users/{id}"},
	{"GET /static/logo.svg", "/static/*"},
	{"POST /orders/7", "path /orders/7"}, // 405
	{"GET /nope", "path /nope"},
	{"GET /api/nope", "path /api/nope"},
	{"BREW /orders/7", "path /orders/7"}, // no method of chi's
}

// setups are the ways to put a guard and a router together.
var setups = []struct {
	name  string
	build func(g *guard.Guard) http.Handler
	paths [][2]string
}{
	{"use", func(g *guard.Guard) http.Handler {
		r := chi.NewRouter()
		r.Use(g.Verify)
		api(r)
		return r
	}, paths},
	{"use, and a middleware that copies", func(g *guard.Guard) http.Handler {
		r := chi.NewRouter()
		r.Use(g.Verify, copied)
		api(r)
		return r
	}, paths},
	{"around", func(g *guard.Guard) http.Handler {
		r := chi.NewRouter()
		outer.of = r
		api(r)
		return g.Verify(r)
	}, paths},
	{"under a ServeMux", func(g *guard.Guard) http.Handler {
		r := chi.NewRouter()
		r.Use(g.Verify)
		api(r)
		mux := http.NewServeMux()
		mux.Handle("/api/", r)
		return mux
	}, [][2]string{{"GET /api/v1/u/3", "/api/v1/u/{id}"}, {"GET /api/nope", "path /api/nope"}}},
	{"use in a router below", func(g *guard.Guard) http.Handler {
		r := chi.NewRouter()
		r.Route("/in", func(r chi.Router) {
			r.Use(g.Verify)
			r.Get("/x/{id}", ok)
			r.Route("/deep", func(r chi.Router) { r.Get("/{a}/{b}", ok) })
		})
		return r
	}, [][2]string{{"GET /in/x/3", "/in/x/{id}"}, {"GET /in/deep/1/2", "/in/deep/{a}/{b}"}, {"GET /in/nope", "path /in/nope"}}},
	{"with and group", func(g *guard.Guard) http.Handler {
		r := chi.NewRouter()
		r.With(g.Verify).Get("/with/{id}", ok)
		r.Group(func(r chi.Router) { r.Use(g.Verify); r.Get("/group/{id}", ok) })
		return r
	}, [][2]string{{"GET /with/3", "/with/{id}"}, {"GET /group/3", "/group/{id}"}}},
	{"behind StripSlashes", func(g *guard.Guard) http.Handler {
		r := chi.NewRouter()
		r.Use(middleware.StripSlashes, g.Verify)
		api(r)
		return r
	}, [][2]string{{"GET /orders/7/", "/orders/{id}"}, {"GET /api/v1/u/3/", "/api/v1/u/{id}"}}},
	{"behind GetHead", func(g *guard.Guard) http.Handler {
		r := chi.NewRouter()
		r.Use(middleware.GetHead, g.Verify)
		api(r)
		return r
	}, [][2]string{{"HEAD /orders/7", "/orders/{id}"}}},
	{"a router for each host", func(g *guard.Guard) http.Handler {
		hosts := map[string]chi.Router{"a.example": chi.NewRouter(), "b.example": chi.NewRouter()}
		hosts["a.example"].Get("/a/{id}", ok)
		hosts["b.example"].Get("/b/{id}", ok)
		outer.by = func(r *http.Request) chi.Routes { return hosts[r.Host] }
		return g.Verify(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hosts[r.Host].ServeHTTP(w, r) }))
	}, [][2]string{{"GET http://a.example/a/3", "/a/{id}"}, {"GET http://b.example/b/3", "/b/{id}"}, {"GET http://b.example/a/3", "path /a/3"}}},
}

// outer is the router that a guard stands around.
var outer struct {
	of chi.Routes
	by func(*http.Request) chi.Routes
}

func route(r *http.Request) string {
	switch {
	case outer.by != nil:
		return chiguard.Of(outer.by(r))(r)
	case outer.of != nil:
		return chiguard.Of(outer.of)(r)
	}
	return chiguard.Route(r)
}

func main() {
	good, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "ada", "exp": time.Now().Add(time.Hour).Unix()}).SignedString(secret)
	if err != nil {
		panic(err)
	}
	bad := 0
	check := func(setup, ask, what string, got routes, want ...string) {
		if fmt.Sprint(got) != fmt.Sprint(routes(want)) {
			bad++
			fmt.Printf("%s: %s, %s: %q, want %q\n", setup, ask, what, got, want)
		}
	}
	n := 0
	for _, s := range setups {
		outer.of, outer.by = nil, nil
		var seen routes
		g, err := guard.New(guard.Config{
			Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true, Route: route,
			Limit:  guard.LimitConfig{Disabled: true},
			Events: guard.EventConfig{Sink: &seen, Successes: guard.SuccessAll},
		})
		if err != nil {
			panic(err)
		}
		h := s.build(g)
		for _, p := range s.paths {
			method, url, _ := strings.Cut(p[0], " ")
			r := httptest.NewRequest(method, url, nil)
			r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:4711", n>>8, n&255) // a flood of one address would be folded
			r.Header.Set("Authorization", "Bearer "+good[:len(good)-3]+"AAA")
			seen = nil
			h.ServeHTTP(httptest.NewRecorder(), r)
			check(s.name, p[0], "refused", seen, p[1])
			r.Header.Set("Authorization", "Bearer "+good)
			seen = nil
			h.ServeHTTP(httptest.NewRecorder(), r)
			check(s.name, p[0], "admitted", seen, p[1], p[1]) // the token, and then the request
			n += 2
		}
		g.Close(context.Background())
	}
	fmt.Printf("%d requests\n", n)
	if bad > 0 {
		os.Exit(1)
	}
}
