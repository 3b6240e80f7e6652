package guard

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
)

// A Rule is what a route asks of a token that is good: made by Scope, AnyScope,
// Type, Claim or Must.
type Rule struct {
	scope  []string // what the client would need; for the challenge and the event
	detail string   // what was asked, for the event
	ok     func(*Token) bool
}

// Scope asks for every one of the values in the token's scope.
func Scope(values ...string) Rule {
	return Rule{values, "scope", func(t *Token) bool {
		return !slices.ContainsFunc(values, func(v string) bool { return !t.HasScope(v) })
	}}
}

// AnyScope asks for at least one of the values.
func AnyScope(values ...string) Rule {
	return Rule{values, "any scope", func(t *Token) bool { return slices.ContainsFunc(values, t.HasScope) }}
}

// Type asks for a typ, such as "at+jwt", without regard to case and to a leading
// "application/".
func Type(typ string) Rule {
	plain := func(s string) string { return strings.TrimPrefix(strings.ToLower(s), "application/") }
	return Rule{nil, "typ", func(t *Token) bool { return plain(t.head.typ) == plain(typ) }}
}

// Claim asks for a claim of that value, or for an array that holds it. Numbers
// compare as float64, as encoding/json decodes them into an interface.
func Claim(name string, value any) Rule {
	switch n := reflect.ValueOf(value); {
	case n.IsValid() && n.CanInt():
		value = float64(n.Int())
	case n.IsValid() && n.CanUint():
		value = float64(n.Uint())
	}
	return Rule{nil, "claim " + name, func(t *Token) bool {
		text, ok := t.member(name)
		if !ok {
			return false
		}
		var got any
		if json.Unmarshal([]byte(text), &got) != nil {
			return false
		}
		if list, ok := got.([]any); ok {
			return slices.ContainsFunc(list, func(v any) bool { return reflect.DeepEqual(v, value) })
		}
		return reflect.DeepEqual(got, value)
	}}
}

// Must asks what ok says. The name stands in the event.
func Must(name string, ok func(*Token) bool) Rule { return Rule{nil, name, ok} }

// ruled holds the rules of a route. The request is inside already.
type ruled struct {
	g     *Guard
	next  http.Handler
	rules []Rule
}

func (h *ruled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	for _, rule := range h.rules {
		if !rule.ok(&x.token) {
			h.deny(w, r, x, rule)
			return
		}
	}
	h.next.ServeHTTP(w, r)
}

func (h *ruled) deny(w http.ResponseWriter, r *http.Request, x *exchange, rule Rule) {
	g := h.g
	o := origin{r: r}
	o.addr, o.port = g.address(r)
	g.recordDenied(&o, &x.token, rule)
	x.denied = true
	e := refuse(event.ReasonScopeInsufficient)
	if x.token.bound&byKey != 0 {
		e = g.binding.challenge(e)
	}
	if g.custom {
		g.deny(w, r, e)
		return
	}
	denyScope(w, e, rule.scope)
}

// Allow asks the rules about a token that Check found good, and records the first
// one that says no, as Require does for HTTP: the error is then an *Error of
// status 403.
func (g *Guard) Allow(t *Token, m Meta, rules ...Rule) error {
	for _, rule := range rules {
		if !rule.ok(t) {
			g.recordDenied(&origin{meta: &m, addr: m.Address.Unmap(), port: m.Port, from: m.Source}, t, rule)
			return refuse(event.ReasonScopeInsufficient)
		}
	}
	return nil
}

// recordDenied records that a good token does not satisfy a rule.
func (g *Guard) recordDenied(o *origin, t *Token, rule Rule) {
	rec := g.rec.flood(event.ScopeDenied, event.ReasonScopeInsufficient, o.addr, g.now())
	if rec == nil {
		return
	}
	g.describe(o, &rec.Event)
	t.describe(&rec.Event)
	rec.ScopeRequired, rec.Detail = rule.scope, rule.detail
	rec.Status = http.StatusForbidden
	g.rec.send(rec)
}
