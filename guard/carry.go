package guard

import (
	"context"
	"net/http"
	"sync/atomic"
)

// Carry puts each request into its own context, for code that verifies a token
// where the request is out of sight: ValidateToken, CheckContext and
// ParseWithClaimsContext then know the client's address, by which they limit and
// record. It refuses nothing. An answer 401 that nobody asked this guard about, to
// a request without a token most often, is recorded as Observe records it.
func (g *Guard) Carry(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{Context: r.Context(), w: w, g: g, start: g.now().Sub(g.began)}
		c := &carrier{Context: r.Context(), g: g}
		c.r = r.WithContext(c) // the one that the router writes the pattern into
		next.ServeHTTP((*response)(x), c.r)
		if x.status == http.StatusUnauthorized && !c.asked.Load() {
			g.observed(x, c.r, false)
		}
	})
}

// A carrier is the context that Carry makes.
type carrier struct {
	context.Context
	g     *Guard
	r     *http.Request
	asked atomic.Bool
}

type carrierKey struct{}

// Value gives the carrier itself.
func (c *carrier) Value(key any) any {
	if _, ok := key.(carrierKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// carried is the origin of a token that is judged in a handler's context: the
// request, or nothing where no Carry of this guard stands outside. Whether and how
// it is answered is not for us to say.
func (g *Guard) carried(ctx context.Context) *origin {
	c, _ := ctx.Value(carrierKey{}).(*carrier)
	if c == nil || c.g != g {
		return &origin{meta: new(Meta), ctx: ctx, open: true}
	}
	c.asked.Store(true)
	o := &origin{r: c.r, dpop: isDPoP(c.r), open: true}
	o.addr, o.port = g.address(c.r)
	return o
}

// CheckContext judges a token as Check does, for the request that Carry put into
// ctx. Without a Carry outside, events have no address and nothing is limited.
//
// valid, unless it is nil, is asked about a token that is good otherwise. Its
// error refuses the token with the reason bad_claim; errors.Is finds it and
// golang-jwt's ErrTokenInvalidClaims, and no event has its text.
func (g *Guard) CheckContext(ctx context.Context, raw string, valid func(*Token) error) (*Token, error) {
	var also func(*Token) error
	if valid != nil {
		also = func(t *Token) error {
			if err := valid(t); err != nil {
				return invalidClaims(err)
			}
			return nil
		}
	}
	t, e := g.check(ctx, raw, g.carried(ctx), also)
	if e != nil {
		return nil, e
	}
	return t, nil
}

// ValidateToken is CheckContext in the shape that auth0/go-jwt-middleware v2 asks
// for: jwtmiddleware.New(g.ValidateToken). What handlers find under
// jwtmiddleware.ContextKey is a *Token. Handlers that expect
// *validator.ValidatedClaims are served by the package adapters/auth0compat.
func (g *Guard) ValidateToken(ctx context.Context, raw string) (any, error) {
	t, err := g.CheckContext(ctx, raw, nil)
	if err != nil {
		return nil, err
	}
	return t, nil
}
