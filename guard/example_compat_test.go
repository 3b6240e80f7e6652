package guard_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// A service that verifies in one middleware, refuses in another, and leaves the
// routes in between open to everybody.
func ExampleGuard_Attempt() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	hello := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, refused := guard.Verdict(r.Context())
		fmt.Println("known:", refused == nil)
	})
	mux := http.NewServeMux()
	mux.Handle("/", hello)
	fmt.Println(send(g.Attempt(nil)(mux), "garbage"))
	fmt.Println(send(g.Attempt(nil)(guard.Enforce(mux)), "garbage"))
	// Output:
	// jwt.verification_failed malformed
	// known: false
	// 200
	// jwt.verification_failed malformed
	// 401
}

// What was jwt.ParseWithClaims with a key function and options.
func ExampleGuard_ParseWithClaims() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	pair, err := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, raw := range []string{pair.Access.Reveal(), pair.Access.Reveal() + "."} {
		var claims jwt.RegisteredClaims
		token, err := g.ParseWithClaims(raw, &claims)
		fmt.Println(token.Valid, claims.Subject, errors.Is(err, jwt.ErrTokenMalformed))
	}
	// Output:
	// jwt.issued  ada
	// jwt.verified  ada
	// true ada false
	// jwt.verification_failed too_many_parts
	// false  true
}

// A middleware of one's own, which has the request, around a function that has
// not. Carry also sees the answer that nobody asked the guard about.
func ExampleGuard_Carry() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	validate := func(ctx context.Context, raw string) error {
		_, err := g.ValidateToken(ctx, raw)
		return err
	}
	h := g.Carry(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw := r.Header.Get("Authorization")
		if raw == "" || validate(r.Context(), raw[len("Bearer "):]) != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	fmt.Println(send(h, "garbage"))
	fmt.Println(send(h, ""))
	// Output:
	// jwt.verification_failed malformed
	// 401
	// jwt.missing missing
	// 401
}

// A check of the caller's own: its refusal is recorded as a refusal of the token.
func ExampleGuard_CheckContext() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada", Extra: map[string]any{"tenant": "closed"}})
	errClosed := errors.New("tenant closed")
	_, err := g.CheckContext(context.Background(), pair.Access.Reveal(), func(t *guard.Token) error {
		var c struct{ Tenant string }
		if err := t.Decode(&c); err != nil || c.Tenant == "closed" {
			return errors.Join(errClosed, err)
		}
		return nil
	})
	fmt.Println(errors.Is(err, errClosed), err)
	// Output:
	// jwt.issued  ada
	// jwt.verification_failed bad_claim ada
	// true token refused: bad_claim
}

// The server of another protocol: a token from wherever it was, a rule, and a
// context for the handler. The second use of the token is counted, and written
// when the guard closes.
func ExampleGuard_Allow() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	pair, _ := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "ada", Scope: []string{"orders:read"}})
	call := func(ctx context.Context, method, raw string, rules ...guard.Rule) error {
		m := guard.Meta{Route: method}
		t, err := g.Check(ctx, raw, m)
		if err != nil {
			return err
		}
		if err := g.Allow(t, m, rules...); err != nil {
			return err
		}
		ctx = guard.NewContext(ctx, t)
		who, _ := guard.FromContext(ctx)
		fmt.Println("hello", who.Subject())
		return nil
	}
	fmt.Println(call(context.Background(), "orders.List", pair.Access.Reveal(), guard.Scope("orders:read")))
	fmt.Println(call(context.Background(), "orders.Delete", pair.Access.Reveal(), guard.Scope("orders:delete")))
	// Output:
	// jwt.issued  ada
	// jwt.verified  ada
	// hello ada
	// <nil>
	// jwt.scope_denied scope_insufficient ada
	// token refused: scope_insufficient
	// jwt.verified  ada
}

// What is wrong before there is a token to check.
func ExampleGuard_Reject() {
	g := exampleGuard(printer{})
	defer g.Close(context.Background())
	fmt.Println(g.Reject(guard.Meta{Route: "orders.List"}, guard.Refuse(event.ReasonBadScheme)))
	// Output:
	// jwt.verification_failed bad_scheme
	// token refused: bad_scheme
}
