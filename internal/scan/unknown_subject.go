package scan

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// An unknown subject that is taken is no finding: a token that nobody looks up is
// good until it ends, for a user who is gone as well. It is said, so that whoever
// thinks otherwise of his service learns it.
var _ = add(Probe{
	Name:     "unknown-subject",
	Weakness: catalog.RevokedTokenAccepted,
	Title:    "a token of a user who does not exist",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(2),
	Truth: []event.Reason{event.ReasonUserDisabled, event.ReasonBadClaim, event.ReasonUnknownToken, event.ReasonSessionEnded,
		event.ReasonRevoked, event.ReasonBindingMismatch},
	Silent: catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		name := r.recipe.Claims.subject(r.token.Payload)
		if !r.token.Payload.Has(name) {
			a.skip("the service's own tokens name no subject")
			return
		}
		if why := a.soundness(ctx); why != "" {
			a.inconclusive("%s", why)
			return
		}
		token, err := r.mint(newCanary(), alteration{payload: func(p forge.Object) forge.Object { return p.Set(name, stranger(p, name)) }})
		if err != nil {
			a.inconclusive("%v", err)
			return
		}
		res, got, err := a.send(ctx, token)
		switch {
		case err != nil:
			a.inconclusive("%v", err)
		case got == took:
			a.result.Accepted = true
			a.pass("taken, as tokens are that nobody looks up: a user who is gone stays in until exp")
		case got == limited:
			a.inconclusive("a token of an unknown user is %s", got)
		default:
			a.pass("not served (%d)", res.status)
		}
	},
})

var uuid = regexp.MustCompile(`(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// stranger is a subject of the same shape that nobody has.
func stranger(p forge.Object, name string) any {
	own, c := p.Text(name), newCanary()
	var number json.Number
	switch {
	case uuid.MatchString(own):
		return c[:8] + "-" + c[8:12] + "-4" + c[12:15] + "-8" + c[:3] + "-" + c[4:]
	case strings.Contains(own, "@"):
		return c + "@unknown.example"
	case own == "" && p.Value(name, &number):
		return 1_999_999_973
	}
	return c
}
