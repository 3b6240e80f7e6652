package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "token-in-url",
	Weakness: catalog.TokenInURL,
	Title:    "the valid token in the query string",
	Stage:    StageRefusal,
	Requests: requests(6),
	Truth:    []event.Reason{event.ReasonTokenInQuery, event.ReasonMissing, event.ReasonBadScheme, event.ReasonMultipleTokens},
	Silent:   catalog.SilentMissingToken,
	Run: func(ctx context.Context, a *attempt) {
		names := []string{"access_token", "token", "jwt"}
		if c := a.run.recipe.Carrier; c.kind == "query" {
			names = []string{c.name}
		}
		var accepted []string
		for _, name := range names {
			got, err := a.twice(ctx, func(r *request) { r.query[name] = a.run.main.access() })
			switch {
			case err != nil:
				a.inconclusive("%v", err)
				return
			case got == took:
				accepted = append(accepted, "?"+name+"=")
				a.result.Accepted = true
			case got != refused:
				a.judge(nil, "a token in the URL is "+got.String(), "")
			}
		}
		a.judge(accepted, "", "a token in the URL")
		if len(accepted) > 0 {
			a.find(catalog.TokenInURL, finding.Certain, "a token in the URL is accepted, where every proxy and history keeps it", a.result.Why)
		}
	},
})
