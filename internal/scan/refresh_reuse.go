package scan

import (
	"context"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "refresh-reuse",
	Weakness: catalog.RefreshReuseAccepted,
	Title:    "a rotated refresh token again",
	Stage:    StageLifecycle,
	Needs:    []Need{NeedRefresh},
	Requests: requests(5),
	Logins:   requests(1),
	Truth:    []event.Reason{event.ReasonRefreshReuse, event.ReasonReplayed, event.ReasonFamilyRevoked, event.ReasonRevoked},
	Silent:   catalog.SilentRefresh,
	Alert:    catalog.RefreshReuse,
	Run:      refreshReuse,
})

func refreshReuse(ctx context.Context, a *attempt) {
	r := a.run
	s, err := r.open(ctx)
	if err != nil {
		a.inconclusive("%v", err)
		return
	}
	defer s.v.close()
	first := s.refresh()

	// Two good refreshes, so that what is replayed is no longer the last one: a
	// client that lost an answer may repeat that.
	r.book.settle(ctx)
	mark := r.book.mark()
	good := &marker{}
	rotated := true
	for range 2 {
		res, got, err := s.renew(ctx, s.v, good.add)
		if err != nil || got != took {
			a.inconclusive("a good refresh is %s", orError(got, err))
			return
		}
		rotated = s.refresh() != first
		if !rotated {
			r.find(found{id: catalog.RefreshNotRotated, confidence: finding.Certain, step: r.recipe.Refresh.Step,
				message: "refresh leaves the refresh token as it was", evidence: []string{a.evidence(res)}})
			break
		}
	}
	since := time.Now()
	r.book.settle(ctx)
	if r.base != nil {
		r.unrecorded(lifecycle{catalog.SilentRefresh, r.recipe.Refresh.Step, "a refresh token was used", good}, r.book.records(r.book.since(mark)))
	}

	// The thief comes from elsewhere.
	a.begin()
	old := s.with("refresh", first)
	res, got, err := old.renew(ctx, a.v, a.noteRefresh(first))
	if grace := r.recipe.Refresh.Grace; err == nil && got == took && rotated && grace > 0 {
		if !sleep(ctx, time.Until(since.Add(grace+250*time.Millisecond))) {
			return
		}
		old.vars["refresh"] = first
		res, got, err = old.renew(ctx, a.v, a.noteRefresh(first))
	}
	a.last = time.Now()
	if err != nil {
		a.inconclusive("%v", err)
		return
	}
	a.result.Status = res.status
	a.count(got)
	switch got {
	case took:
		a.result.Accepted = true
		if rotated {
			a.fail("the first refresh token works after two rotations")
		} else {
			a.fail("the refresh token is not rotated, and works again")
		}
		r.find(found{id: catalog.RefreshReuseAccepted, confidence: finding.Certain, step: r.recipe.Refresh.Step,
			message: "a used refresh token works again", evidence: []string{a.result.Why}})
	case refused:
		a.pass("refused with %d", res.status)
		a.family(ctx, s)
	default:
		a.inconclusive("the replay is %s", got)
	}
}

// family asks whether the newest token of a family still works after an old one
// was replayed. Thief and owner cannot be told apart, so it must not.
func (a *attempt) family(ctx context.Context, s *session) {
	a.seal(ctx)
	res, got, err := s.renew(ctx, s.v, func(string, *visitor) {})
	if err == nil && got == took {
		a.run.find(found{id: catalog.FamilySurvivesReuse, confidence: finding.Certain, step: a.run.recipe.Refresh.Step,
			message: "after a replay the family's newest refresh token still works", evidence: []string{a.evidence(res)}})
	}
}
