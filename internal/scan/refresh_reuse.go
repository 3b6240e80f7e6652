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
	Needs:    []Need{NeedLogin, NeedRefresh},
	Requests: requests(7),
	Logins:   requests(1),
	Truth:    []event.Reason{event.ReasonRefreshReuse, event.ReasonReplayed, event.ReasonFamilyRevoked, event.ReasonRevoked, event.ReasonSessionEnded},
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
	r.settle(ctx)
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
	r.settle(ctx)
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

// family asks whether the newest tokens of a family still work after an old one
// was replayed. Thief and owner cannot be told apart, so they must not (RFC 9700
// section 4.14.2).
func (a *attempt) family(ctx context.Context, s *session) {
	a.seal(ctx)
	r, access := a.run, s.access()
	res, got, err := s.renew(ctx, s.v, func(string, *visitor) {})
	if err == nil && got == took {
		r.find(found{id: catalog.FamilySurvivesReuse, confidence: finding.Certain, step: r.recipe.Refresh.Step,
			message: "after a replay the family's newest refresh token still works", evidence: []string{a.evidence(res)}})
	}
	control := attempt{run: r, v: s.v}
	got, err = control.confirm(ctx, variant{"access", func(string) string { return access }})
	r.survivor = err == nil && got == took
}

// familyAccess judges an access token that outlived the replay of its family's
// refresh token. A service that cannot end access tokens at all is told so by
// use-after-logout; and one of which nobody knows whether it can is not accused:
// access tokens that live for minutes and are never looked up are a fair choice.
func (r *run) familyAccess() {
	if !r.survivor || r.endsAccess == nil {
		return
	}
	f := found{id: catalog.FamilySurvivesReuse, confidence: finding.Certain, step: r.recipe.Refresh.Step,
		message:  "after a replay the family's access token still works",
		evidence: []string{"refresh-reuse: the access token of the family is accepted after the replay"}}
	switch {
	case !*r.endsAccess:
		f.implied = catalog.RevokedTokenAccepted
	case r.has(catalog.RawTokenDenylist): // who revokes texts ends only those that he is shown
		f.implied = catalog.RawTokenDenylist
	}
	r.find(f)
}
