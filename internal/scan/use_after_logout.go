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
		note := ""
		for _, end := range []struct {
			name string
			step *Step
		}{{"logout", a.run.recipe.Logout}, {"revoke", a.run.recipe.Revoke}} {
			if end.step == nil {
				continue
			}
			got, spared, why := a.afterEnd(ctx, end.name, *end.step)
			if spared {
				note = "; its access token lives on after the refresh token was revoked, which the standard leaves to the service"
			}
			if why != "" {
				a.inconclusive("%s", why)
				return
			}
			accepted = append(accepted, got...)
		}
		a.judge(accepted, "", "a token whose session has ended")
		a.result.Why += note
		if len(accepted) > 0 {
			a.result.Accepted = true
			a.find(catalog.RevokedTokenAccepted, finding.Certain, "a token works after its session has ended", a.probe.Name+": "+a.result.Why)
		}
	},
})

// afterEnd opens a session of its own, ends it and uses what is left of it. What
// a revoked refresh token does to access tokens is left to the service (RFC 7009
// section 2.1): one that is spared is no finding.
func (a *attempt) afterEnd(ctx context.Context, name string, step Step) (accepted []string, spared bool, why string) {
	s, why := a.ended(ctx, name, step)
	if why != "" {
		return nil, false, why
	}
	defer s.v.close()
	r := a.run
	a.begin()
	got, err := a.confirm(ctx, variant{"access", func(string) string { return s.access() }})
	spares := name == "revoke" && r.recipe.Carrier.kind != "cookie" && mentions(step, "refresh") && !mentions(step, "access")
	ends := got == refused
	switch {
	case err != nil:
		return nil, false, err.Error()
	case got == took && spares:
		spared = true
	case got == took:
		accepted = append(accepted, "the access token after "+name)
	case !ends:
		return nil, false, "the access token after " + name + " is " + got.String()
	}
	if !spared && (r.endsAccess == nil || ends) {
		r.endsAccess = &ends
	}
	if r.recipe.Refresh == nil || s.refresh() == "" {
		return accepted, spared, ""
	}
	a.seal(ctx) // a record of the refresh says nothing of the access token
	_, got, err = s.renew(ctx, a.v, func(string, *visitor) {})
	if err == nil && got == took {
		accepted = append(accepted, "the refresh token after "+name)
	}
	return accepted, spared, ""
}

// mentions reports whether a step sends the value of a variable.
func mentions(s Step, name string) bool {
	for _, texts := range []map[string]string{members(s), s.Headers, s.Cookies, {"": s.Path}} {
		for _, t := range texts {
			for _, m := range placeholder.FindAllStringSubmatch(t, -1) {
				if m[1] == name {
					return true
				}
			}
		}
	}
	return false
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
	r.settle(ctx)
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
	r.settle(ctx)
	if r.base != nil {
		r.unrecorded(lifecycle{catalog.SilentRevocation, step, "a session was ended by " + name, good}, r.book.records(r.book.since(mark)))
	}
	return s, ""
}
