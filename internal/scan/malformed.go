package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "malformed",
	Weakness: catalog.SignatureNotVerified,
	Title:    "texts that are no token",
	Stage:    StageRefusal,
	Requests: requests(6),
	// Where tokens are no JWTs, any text may be one, and is unknown.
	Truth:  []event.Reason{event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonTooManyParts, event.ReasonUnknownToken},
	Silent: catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		const spoiled = "the own token with another first character"
		variants := []variant{
			{"one dot", func(c string) string { return "not-a-jwt." + c }},
			{"three segments of garbage", func(c string) string { return "eyJ" + c + "." + newCanary() + "." + newCanary() }},
		}
		if a.run.token != nil {
			// A log that prints what it cannot parse gives this one away, and one
			// guess at a character makes it whole.
			variants = append(variants, variant{spoiled, func(string) string { return "x" + a.run.main.access()[1:] }})
		}
		accepted, doubt := a.try(ctx, variants...)
		a.judge(accepted, doubt, "a text that is no token")
		switch {
		case len(accepted) == 0:
		case accepted[0] == spoiled: // it is a token, but for its header
			a.find(catalog.FailOpen, finding.Certain, "a header that cannot be read lets the token pass", a.result.Why)
		default:
			a.find(catalog.SignatureNotVerified, finding.Certain, "a text that is no token opens the resource", a.result.Why)
		}
	},
})
