package scan

import (
	"context"
	"fmt"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "use-after-logout",
	Weakness: catalog.RevokedTokenAccepted,
	Title:    "a token after logout or revocation",
	Stage:    StageLifecycle,
	Needs:    []Need{NeedLogin, NeedLogout},
	Requests: func(r *Recipe) int {
		if r.Logout != nil && r.Revoke != nil {
			return 10
		}
		return 5
	},
	Logins: func(r *Recipe) int {
		if r.Logout != nil && r.Revoke != nil {
			return 2
		}
		return 1
	},
	Truth:  []event.Reason{event.ReasonRevoked, event.ReasonSessionEnded, event.ReasonFamilyRevoked, event.ReasonUnknownToken},
	Silent: catalog.SilentRevokedUse,
	Alert:  catalog.RevokedUse,
	Run: func(ctx context.Context, a *attempt) {
		var accepted []string
		for _, end := range []struct {
			name string
			step *Step
		}{{"logout", a.run.recipe.Logout}, {"revoke", a.run.recipe.Revoke}} {
			if end.step == nil {
				continue
			}
			got, why := a.afterEnd(ctx, end.name, *end.step)
			if why != "" {
				a.inconclusive("%s", why)
				return
			}
			accepted = append(accepted, got...)
		}
		a.judge(accepted, "", "a token whose session has ended")
		if len(accepted) > 0 {
			a.result.Accepted = true
			a.find(catalog.RevokedTokenAccepted, finding.Certain, "a token works after its session has ended", a.probe.Name+": "+a.result.Why)
		}
	},
})

// afterEnd opens a session of its own, ends it and uses what is left of it.
func (a *attempt) afterEnd(ctx context.Context, name string, step Step) (accepted []string, why string) {
	s, why := a.ended(ctx, name, step)
	if why != "" {
		return nil, why
	}
	defer s.v.close()
	r := a.run
	a.begin()
	got, err := a.confirm(ctx, variant{"access", func(string) string { return s.access() }})
	ends := got == refused
	switch {
	case err != nil:
		return nil, err.Error()
	case got == took:
		accepted = append(accepted, "the access token after "+name)
	case got != refused:
		return nil, "the access token after " + name + " is " + got.String()
	}
	if r.endsAccess == nil || ends {
		r.endsAccess = &ends
	}
	if r.recipe.Refresh == nil || s.refresh() == "" {
		return accepted, ""
	}
	a.seal(ctx) // a record of the refresh says nothing of the access token
	_, got, err = s.renew(ctx, a.v, func(string, *visitor) {})
	if err == nil && got == took {
		accepted = append(accepted, "the refresh token after "+name)
	}
	return accepted, ""
}

// ended opens a session, sees that its token works, and ends it by a step of the
// recipe. The caller closes its visitor.
func (a *attempt) ended(ctx context.Context, name string, step Step) (s *session, why string) {
	r := a.run
	s, err := r.open(ctx)
	if err != nil {
		return nil, err.Error()
	}
	before := attempt{run: r, v: s.v}
	if _, got, err := before.send(ctx, s.access()); err != nil || got != took {
		return s, "the token of a new session is " + orError(got, err)
	}
	r.book.settle(ctx)
	mark := r.book.mark()
	good := &marker{}
	req := s.request(step)
	good.add(req.canary, s.v)
	res, err := s.v.do(ctx, req)
	if err != nil {
		return s, err.Error()
	}
	if res.status >= 400 {
		return s, fmt.Sprintf("%s answered %d", name, res.status)
	}
	r.book.settle(ctx)
	if r.base != nil {
		r.unrecorded(lifecycle{catalog.SilentRevocation, step, "a session was ended by " + name, good}, r.book.records(r.book.since(mark)))
	}
	return s, ""
}
