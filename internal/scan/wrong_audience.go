package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "wrong-audience",
	Weakness: catalog.AudienceNotChecked,
	Title:    "a token for another service",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(9),
	Truth:    []event.Reason{event.ReasonBadAudience, event.ReasonMissingClaim, event.ReasonBadClaim, event.ReasonMalformed},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		p := a.run.token.Payload
		if !p.Has("aud") && a.run.recipe.Claims.Audience == "" {
			a.skip("the service's own tokens carry no audience")
			return
		}
		set := func(v any) func(forge.Object) forge.Object {
			return func(p forge.Object) forge.Object { return p.Set("aud", v) }
		}
		foreign := "urn:" + newCanary()
		list := []alteration{
			{name: "another", payload: set(foreign)},
			// Readers that expect one text took a list for nothing (CVE-2020-26160).
			{name: "a list of others", payload: set([]string{foreign, foreign + "2"})},
		}
		if p.Has("aud") {
			list = append(list, alteration{name: "none", payload: func(p forge.Object) forge.Object { return p.Delete("aud") }})
		}
		if own := a.run.audience(); own != "" {
			list = append(list, alteration{name: "the right one within a longer one", payload: set(own + ".example")})
		}
		if len(a.altered(ctx, "a foreign audience", list...)) > 0 {
			a.find(catalog.AudienceNotChecked, finding.Certain, "a token for another audience is accepted", a.result.Why)
		}
	},
})

// audience is the one that the recipe names, or the first of the own token's.
func (r *run) audience() string {
	if r.recipe.Claims.Audience != "" {
		return r.recipe.Claims.Audience
	}
	var list []string
	if r.token.Payload.Value("aud", &list) && len(list) > 0 {
		return list[0]
	}
	return r.token.Payload.Text("aud")
}
