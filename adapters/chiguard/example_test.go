package chiguard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-chi/chi/v5"
	"github.com/jotsight/jotsight/adapters/chiguard"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// printer shows where events happened.
type printer struct{}

func (printer) Emit(e *event.Event) {
	if e.Kind == event.VerificationFailed {
		fmt.Println(e.Reason, e.Route)
	}
}

func ExampleRoute() {
	g, err := guard.New(guard.Config{
		Keys: guard.Static([]byte("a secret of thirty-two bytes or more")), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true,
		Route: chiguard.Route, Events: guard.EventConfig{Sink: printer{}},
	})
	if err != nil {
		panic(err)
	}
	defer g.Close(context.Background())
	r := chi.NewRouter()
	r.Use(g.Verify)
	r.Route("/api", func(r chi.Router) {
		r.Get("/orders/{id}", func(http.ResponseWriter, *http.Request) {})
	})
	q := httptest.NewRequest("GET", "/api/orders/7", nil)
	q.Header.Set("Authorization", "Bearer garbage")
	r.ServeHTTP(httptest.NewRecorder(), q)
	// Output:
	// malformed /api/orders/{id}
}

// A guard that stands around the router asks it for the route.
func ExampleOf() {
	r := chi.NewRouter()
	g, err := guard.New(guard.Config{
		Keys: guard.Static([]byte("a secret of thirty-two bytes or more")), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true,
		Route: chiguard.Of(r), Events: guard.EventConfig{Sink: printer{}},
	})
	if err != nil {
		panic(err)
	}
	defer g.Close(context.Background())
	r.Get("/orders/{id}", func(http.ResponseWriter, *http.Request) {})
	q := httptest.NewRequest("GET", "/orders/7", nil)
	q.Header.Set("Authorization", "Bearer garbage")
	g.Verify(r).ServeHTTP(httptest.NewRecorder(), q)
	// Output: malformed /orders/{id}
}
