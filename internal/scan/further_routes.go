package scan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "further-routes",
	Weakness: catalog.UnauthenticatedAccess,
	Title:    "no token, a random signature and alg none on every further route",
	Stage:    StageClaims, // after what the first route says about keys
	Needs:    []Need{NeedRoutes},
	Requests: func(r *Recipe) int { return 10 * len(r.Also) },
	Truth:    []event.Reason{event.ReasonMissing, event.ReasonBadSignature, event.ReasonAlgNone},
	Run: func(ctx context.Context, a *attempt) {
		var weak, doubts []string
		for _, p := range a.run.recipe.Also {
			got, doubt := a.route(ctx, p)
			if got != "" {
				weak = append(weak, p.Method+" "+p.Path+" "+got)
			}
			if doubt != "" {
				doubts = append(doubts, p.Method+" "+p.Path+": "+doubt)
			}
		}
		switch {
		case len(weak) > 0:
			a.result.Accepted = true
			a.fail("%s", strings.Join(weak, "; "))
		case len(doubts) > 0:
			a.inconclusive("%s", strings.Join(doubts, "; "))
		default:
			a.pass("%d further routes refuse", len(a.run.recipe.Also))
		}
	},
})

// route tries one further route, with controls of its own, because every route
// has its own way to succeed and to refuse. It says what gets in, or why it
// cannot be judged.
func (a *attempt) route(ctx context.Context, p Protected) (weak, doubt string) {
	r := a.run
	c := controls{ok: p.OK, proof: p.Proof, identity: r.controls.identity}
	ask := func(token string, put bool) *response {
		r.renewOneTime()
		res, err := a.onceAt(ctx, a.v, p.Step, token, func(q *request) {
			if put {
				if token == "" {
					token = r.main.access()
				}
				r.recipe.Carrier.put(q, token)
			}
		})
		if err != nil && doubt == "" {
			doubt = err.Error()
		}
		return res
	}
	for _, x := range []struct {
		to    **response
		token string
		put   bool
	}{{&c.valid[0], "", true}, {&c.valid[1], "", true}, {&c.none, "", false}, {&c.garbage, garbage(), true}, {&c.valid[2], "", true}} {
		if *x.to = ask(x.token, x.put); *x.to == nil {
			return "", doubt
		}
	}
	if err := c.learn(); err != nil {
		return "", err.Error()
	}
	if c.serves(c.none) || c.serves(c.garbage) {
		a.findAt(p, catalog.DenyThenServe, "a further route refuses, and then holds what only a valid token should open")
		weak = "holds its data in the refusal"
	}
	if c.open() {
		again := ask("", false)
		if again != nil && c.judgeOpen(again) {
			a.findAt(p, catalog.UnauthenticatedAccess, "a further protected resource answers without a token")
			return "answers without a token", doubt
		}
		return "", cmp.Or(doubt, "an answer without a token differs from time to time")
	}
	if r.token == nil {
		return weak, doubt
	}
	for _, x := range []struct {
		id    catalog.ID
		what  string
		token func() string
	}{
		{catalog.SignatureNotVerified, "takes a random signature", func() string { return garbled(r.token) }},
		{catalog.AlgNoneAccepted, "takes alg none", func() string {
			return forge.Unsigned(r.token.Header.Set("alg", "none"), r.token.Payload.Set("jti", newCanary())) + "."
		}},
	} {
		times := 0
		for range 2 {
			res := ask(x.token(), true)
			if res == nil {
				return weak, doubt
			}
			got := c.judge(res)
			if got == took {
				times++
				continue
			}
			if got != refused && doubt == "" {
				doubt = fmt.Sprintf("%s: %s", x.what, got)
			}
			break
		}
		if times == 2 {
			a.findAt(p, x.id, "a further route "+x.what)
			return x.what, doubt
		}
	}
	return weak, doubt
}

// judgeOpen reports whether an answer without token is again the one with it.
func (c *controls) judgeOpen(r *response) bool {
	with := *c
	with.none = r
	return with.open()
}

// findAt reports a weakness of a further route. What the first route has as well
// is the same root cause, and stands there.
func (a *attempt) findAt(p Protected, id catalog.ID, message string) {
	if slices.ContainsFunc(a.run.found, func(f found) bool {
		return f.id == id && f.step.Path == a.run.recipe.Protected.Path && f.step.Method == a.run.recipe.Protected.Method
	}) {
		return
	}
	a.run.find(found{id: id, confidence: finding.Certain, step: p.Step, message: message})
}
