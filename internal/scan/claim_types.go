package scan

import (
	"context"
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "claim-types",
	Weakness: catalog.VerboseError,
	Title:    "claims of the wrong type",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT},
	Requests: requests(7),
	Truth: []event.Reason{event.ReasonBadClaim, event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonMissingClaim, event.ReasonBadSignature,
		event.ReasonExpired, event.ReasonInternalError},
	Silent: catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		sub := r.recipe.Claims.subject(r.token.Payload)
		var failed []string
		for _, alt := range []alteration{
			{name: "exp is an object", payload: func(p forge.Object) forge.Object { return p.Set("exp", map[string]any{"at": []int{1}}) }},
			{name: sub + " is a list", payload: func(p forge.Object) forge.Object { return p.Set(sub, []any{map[string]any{}, nil}) }},
			{name: "exp is 1e300", payload: func(p forge.Object) forge.Object { return p.Set("exp", 1e300) }}, // no integer holds it
		} {
			token := forge.Unsigned(r.token.Header, alt.payload(r.fresh())) + "." + forge.Encode(randomKey())
			if r.signer != nil {
				if why := a.soundness(ctx); why != "" {
					a.inconclusive("%s", why)
					return
				}
				var err error
				if token, err = r.mint(newCanary(), alt); err != nil {
					a.inconclusive("%v", err)
					return
				}
			}
			res, got, err := a.send(ctx, token) // what breaks is sent a second time
			if err != nil {
				a.inconclusive("%s: %v", alt.name, err)
				return
			}
			if got == broken && res.status < 500 {
				a.inconclusive("%s: %s", alt.name, got)
				return
			}
			if got == broken {
				failed = append(failed, fmt.Sprintf("%s: %d", alt.name, res.status))
			}
			if got == limited {
				a.inconclusive("%s: %s", alt.name, got)
			}
			if got == refused && !r.controls.soft && r.controls.okStatus(res.status) {
				// Taken, for somebody whose name is a list: no refusal that a record is owed.
				a.denied--
				a.taken++
			}
		}
		if len(failed) == 0 {
			a.pass("no claim of the wrong type breaks the service")
			return
		}
		// A service that is broken for everybody, or by every bad token, proves nothing.
		a.seal(ctx)
		if _, got, err := r.aside(ctx, a.v, garbled(r.token)); err != nil || got == broken {
			a.inconclusive("a token with a random signature is %s too: types have no part in it", orError(got, err))
			return
		}
		control := attempt{run: r, v: r.client.visitor()}
		defer control.v.close()
		if _, got, err := control.send(ctx, r.main.access()); err != nil || got != took {
			a.inconclusive("the valid token is %s", orError(got, err))
			return
		}
		a.fail("the service fails: %s", strings.Join(failed, ", "))
		a.find(catalog.VerboseError, finding.Firm, "a token with a claim of the wrong type makes the service fail, and the answer tells it", failed...)
	},
})
