package scan

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "refresh-twice", // after refresh-reuse, which replays an older one
	Weakness: catalog.RefreshReuseAccepted,
	Title:    "one refresh token twice at once, and once more later",
	Stage:    StageLifecycle,
	Needs:    []Need{NeedLogin, NeedRefresh},
	Requests: requests(4),
	Logins:   requests(1),
	Truth:    []event.Reason{event.ReasonRefreshReuse, event.ReasonReplayed, event.ReasonFamilyRevoked, event.ReasonRevoked, event.ReasonSessionEnded, event.ReasonUnknownToken},
	Silent:   catalog.SilentRefresh,
	Run:      refreshTwice,
})

// refreshTwice exchanges one refresh token from two tabs of one client at once,
// and from elsewhere a moment later. A retry within a grace that is answered with
// the same successor is no reuse. With another successor it is a grace only if
// it ends.
func refreshTwice(ctx context.Context, a *attempt) {
	r := a.run
	if r.has(catalog.RefreshNotRotated) {
		a.skip("the refresh token is not rotated, as refresh-reuse says")
		return
	}
	s, err := r.open(ctx)
	if err != nil {
		a.inconclusive("%v", err)
		return
	}
	defer s.v.close()
	first := s.refresh()
	tabs, got, err := s.atOnce(ctx)
	if err != nil {
		a.inconclusive("%v", err)
		return
	}
	if !slices.Contains(got[:], took) {
		a.inconclusive("a good refresh is %s, and another %s", got[0], got[1])
		return
	}
	since := time.Now()
	successors := []string{}
	for i, tab := range tabs {
		if got[i] == took && !slices.Contains(successors, tab.refresh()) {
			successors = append(successors, tab.refresh())
		}
	}

	// The thief comes from elsewhere. One of the two before him was good, so the
	// log is judged by him alone; but where both succeeded, he comes within the
	// grace that this may be.
	if len(successors) == 1 {
		r.settle(ctx)
	}
	a.begin()
	thief := s.with("refresh", first)
	res, later, err := thief.renew(ctx, a.v, a.noteRefresh(first))
	if err == nil && later == took && !slices.Contains(successors, thief.refresh()) && !r.has(catalog.RefreshReuseAccepted) {
		grace := r.recipe.Refresh.Grace
		if grace == 0 {
			grace = r.opts.GraceWait
		}
		if !sleep(ctx, time.Until(since.Add(grace+250*time.Millisecond))) {
			return
		}
		thief.vars["refresh"] = first
		if res, later, err = thief.renew(ctx, a.v, a.noteRefresh(first)); err == nil && later == refused {
			a.pass("taken again at once, and refused with %d after %s: a grace", res.status, grace)
			return
		}
	}
	a.last = time.Now()
	if err != nil {
		a.inconclusive("%v", err)
		return
	}
	a.result.Status = res.status
	a.count(later)
	switch {
	case later == took && slices.Contains(successors, thief.refresh()):
		a.pass("taken again, for the same successor")
		return
	case later == took:
		a.fail("the refresh token works again after its exchange")
	case later == refused && len(successors) > 1:
		a.fail("two exchanges at the same instant both succeed, for two successors")
	case later == refused:
		a.pass("exchanged once, then refused with %d", res.status)
		return
	default:
		a.inconclusive("the replay is %s", later)
		return
	}
	a.result.Accepted = true
	r.find(found{id: catalog.RefreshReuseAccepted, confidence: finding.Firm, step: r.recipe.Refresh.Step,
		message: "a used refresh token works again", evidence: []string{a.probe.Name + ": " + a.result.Why}})
}

// atOnce exchanges the session's refresh token twice at the same instant.
func (s *session) atOnce(ctx context.Context) (tabs [2]*session, got [2]answer, err error) {
	var requests [2]*request
	for i := range tabs {
		tabs[i] = s.with("refresh", s.refresh())
		requests[i] = tabs[i].renewal()
	}
	var answers [2]*response
	var errs [2]error
	var both sync.WaitGroup
	for i := range tabs {
		both.Go(func() { answers[i], errs[i] = s.v.do(ctx, requests[i]) })
	}
	both.Wait()
	for i := range tabs {
		if errs[i] != nil {
			return tabs, got, errs[i]
		}
		got[i] = tabs[i].renewed(ctx, answers[i])
	}
	return tabs, got, nil
}
