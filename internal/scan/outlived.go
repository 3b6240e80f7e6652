package scan

import (
	"context"
	"fmt"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "outlived",
	Weakness: catalog.ExpiredAccepted,
	Title:    "the service's own token, after its time",
	Stage:    StageEnd,
	Needs:    []Need{NeedJWT},
	Requests: func(r *Recipe) int {
		if r.Limits.Patience == 0 {
			return 0
		}
		return 6
	},
	Logins: func(r *Recipe) int {
		if r.Limits.Patience == 0 {
			return 0
		}
		return 2
	},
	Truth:  []event.Reason{event.ReasonExpired, event.ReasonTooOld},
	Silent: catalog.SilentVerifyFailure,
	Run:    outlived,
})

// hold opens a session before the first probe if its token may be waited for:
// the other probes run while it grows old.
func (r *run) hold(ctx context.Context) {
	if r.recipe.Limits.Patience == 0 || r.signer != nil || r.token == nil {
		return
	}
	if r.main.supplied {
		r.held = r.main
		return
	}
	if life := lifetime(r.token); life == 0 || life > r.recipe.Limits.Patience {
		return
	}
	if s, err := r.open(ctx); err == nil {
		r.held = s
	}
}

// outlived uses a token after its exp. It waits for that no longer than the
// recipe's patience, and not at all where minted tokens have settled the question.
func outlived(ctx context.Context, a *attempt) {
	r := a.run
	patience, life := r.recipe.Limits.Patience, lifetime(r.token)
	switch {
	case r.signer != nil && r.signer.sound != nil && *r.signer.sound == took:
		a.skip("tokens can be signed, as expired does")
		return
	case life == 0:
		a.skip("the service's own tokens carry no exp")
		return
	case r.held == nil:
		a.skip("needs the signing key or a short-lived token (it lives %s; --patience %s)", life, (life + time.Minute).Round(time.Minute))
		return
	}
	defer func() {
		if r.held != r.main {
			r.held.v.close()
		}
	}()
	if time.Until(expiry(r.held)) > 0 && !a.stillGood(ctx) {
		return
	}
	if !a.await(ctx, expiry(r.held).Add(time.Second), patience) {
		return
	}
	r.settle(ctx)
	a.begin()
	got, err := a.confirm(ctx, variant{"expired", func(string) string { return r.held.access() }})
	if err == nil && got == took {
		// Within a leeway it may be taken, so that only what comes later counts.
		if !a.await(ctx, expiry(r.held).Add(r.opts.Leeway+time.Second), patience) {
			return
		}
		got, err = a.confirm(ctx, variant{"expired", func(string) string { return r.held.access() }})
	}
	since := time.Since(expiry(r.held)).Round(time.Second)
	switch {
	case err != nil || got != took && got != refused:
		a.inconclusive("a token after its exp is %s", orError(got, err))
	case got == took:
		a.result.Accepted = true
		a.fail("taken %s after its exp", since)
		a.find(catalog.ExpiredAccepted, finding.Certain, "an expired token is accepted", fmt.Sprintf("%s: %s", a.probe.Name, a.result.Why))
	case !r.heldGood && r.early: // the scan's logouts end other sessions too
		a.inconclusive("refused %s after its exp, and it may be that a logout of the scan ended its session before", since)
	default:
		a.pass("refused %s after its exp", since)
	}
}

// stillGood sees that the held token works before its exp, so that a later
// refusal is due to that. A session that a logout of the scan ended is replaced.
func (a *attempt) stillGood(ctx context.Context) bool {
	r := a.run
	if _, got, err := r.aside(ctx, r.held.v, r.held.access()); err == nil && got == took {
		r.heldGood = true
		return true
	}
	if r.held.supplied {
		a.inconclusive("the supplied token is refused before its exp")
		return false
	}
	s, err := r.open(ctx)
	if err != nil {
		a.inconclusive("%v", err)
		return false
	}
	r.held.v.close()
	r.held, r.heldGood = s, true
	return true
}

// await waits until a time, if the recipe's patience lasts.
func (a *attempt) await(ctx context.Context, until time.Time, patience time.Duration) bool {
	left := time.Until(until)
	if waited := time.Since(a.run.report.Started); left > 0 && waited+left > patience+time.Second {
		a.inconclusive("its exp, and the leeway that a verifier may allow, come %s from now; --patience %s waits for that",
			left.Round(time.Second), (waited+left).Round(time.Second)+time.Second)
		return false
	}
	return left <= 0 || sleep(ctx, left)
}

// lifetime is how long a token lives from its issue; 0: for ever, or unknown.
func lifetime(t *forge.Token) time.Duration {
	var exp, iat float64
	if !t.Payload.Value("exp", &exp) || inMillis(t.Payload, "exp") {
		return 0
	}
	if !t.Payload.Value("iat", &iat) {
		iat = float64(time.Now().Unix())
	}
	return max(0, time.Duration(exp-iat)*time.Second)
}

// expiry is when the session's access token ends.
func expiry(s *session) time.Time {
	t, err := forge.Parse(s.access())
	var exp float64
	if err != nil || !t.Payload.Value("exp", &exp) {
		return time.Time{}
	}
	return time.Unix(int64(exp), 0)
}
