package scan

import (
	"context"
	"fmt"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "access-as-refresh",
	Weakness: catalog.TokenTypeConfusion,
	Title:    "the access token where the refresh token belongs",
	Stage:    StageLifecycle,
	Needs:    []Need{NeedRefresh},
	Requests: requests(4),
	Truth: []event.Reason{event.ReasonCrossTokenUse, event.ReasonBadType, event.ReasonUnknownToken, event.ReasonMalformed, event.ReasonBadEncoding,
		event.ReasonBadSignature, event.ReasonMissingClaim, event.ReasonBadClaim, event.ReasonBadAudience},
	Silent: catalog.SilentRefresh,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		access := r.main.access()
		if access == r.main.refresh() {
			a.skip("the service has one token for both")
			return
		}
		for range 2 {
			s := r.main.with("refresh", access)
			s.vars["access"] = ""
			res, got, err := s.renew(ctx, a.v, a.noteRefresh(access))
			if err != nil {
				a.inconclusive("%v", err)
				return
			}
			a.result.Status = res.status
			a.count(got)
			if _, err := forge.Parse(r.main.refresh()); err != nil {
				a.unread()
			}
			if got == refused {
				a.pass("refused with %d", res.status)
				return
			}
			if got != took {
				a.inconclusive("the access token as refresh token is %s", got)
				return
			}
			control := attempt{run: r, v: s.v}
			if _, got, err := control.send(ctx, s.access()); err != nil || got != took {
				a.inconclusive("it is exchanged, and what it gives is %s", orError(got, err))
				return
			}
		}
		a.result.Accepted = true
		a.fail("the access token is exchanged for a new one, which works")
		r.find(found{id: catalog.TokenTypeConfusion, confidence: finding.Certain, step: r.recipe.Refresh.Step,
			message: "an access token works as a refresh token, so that whoever steals one stays", evidence: []string{fmt.Sprintf("%s: %s", a.probe.Name, a.result.Why)}})
	},
})
