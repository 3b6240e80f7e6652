package scan

import (
	"context"
	"fmt"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "refresh-burst",
	Weakness: catalog.NoRefreshRateLimit,
	Title:    "many refreshes of one session",
	Stage:    StageBurst,
	Needs:    []Need{NeedLogin, NeedRefresh},
	Requests: func(r *Recipe) int { return r.Limits.Refreshes },
	Logins:   requests(1),
	Truth:    []event.Reason{event.ReasonRateLimited},
	Silent:   catalog.SilentRefresh,
	Alert:    catalog.RefreshAbuse,
	Run: func(ctx context.Context, a *attempt) {
		s, err := a.run.open(ctx)
		if err != nil {
			a.inconclusive("%v", err)
			return
		}
		defer s.v.close()
		a.run.settle(ctx)
		a.begin()
		n := a.run.recipe.Limits.Refreshes
		done := 0
		for ; done < n; done++ {
			res, got, err := s.renew(ctx, a.v, a.noteRefresh(s.refresh()))
			a.last = time.Now()
			if err != nil {
				a.inconclusive("refresh %d: %v", done+1, err)
				return
			}
			a.result.Status = res.status
			a.count(got)
			if got == limited || got == refused && done >= 3 {
				a.pass("%s at refresh %d of %d (%d)", got, done+1, n, res.status)
				return
			}
			if got != took {
				a.inconclusive("refresh %d is %s (%d)", done+1, got, res.status)
				return
			}
		}
		a.result.Accepted = true
		a.fail("%d refreshes in a row, none refused", n)
		a.run.find(found{id: catalog.NoRefreshRateLimit, confidence: finding.Certain, step: a.run.recipe.Refresh.Step,
			message: "refresh can be called without limit", evidence: []string{fmt.Sprintf("%s: %s", a.probe.Name, a.result.Why)}})
	},
})
