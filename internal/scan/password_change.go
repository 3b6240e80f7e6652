package scan

import (
	"context"
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "password-change",
	Weakness: catalog.RevokedTokenAccepted,
	Title:    "the tokens of another session after a password change",
	Stage:    StageEnd,
	Needs:    []Need{NeedLogin, NeedPasswordChange},
	Requests: requests(6),
	Logins:   requests(3),
	Truth:    []event.Reason{event.ReasonRevoked, event.ReasonSessionEnded, event.ReasonFamilyRevoked, event.ReasonUnknownToken},
	Silent:   catalog.SilentRevokedUse,
	Run:      passwordChange,
})

// passwordChange changes the password in one session and uses what another one
// holds: whoever stole a session is to be shut out by it.
func passwordChange(ctx context.Context, a *attempt) {
	r := a.run
	stolen, err := r.open(ctx)
	if err != nil {
		a.inconclusive("%v", err)
		return
	}
	defer stolen.v.close()
	owner, err := r.open(ctx)
	if err != nil {
		a.inconclusive("%v", err)
		return
	}
	defer owner.v.close()
	before := attempt{run: r, v: stolen.v}
	switch _, got, err := before.send(ctx, stolen.access()); {
	case err == nil && got == refused:
		a.skip("a login ends the sessions before it, so that there is none for a password change to end")
		return
	case err != nil || got != took:
		a.inconclusive("the token of a new session is %s", orError(got, err))
		return
	}
	change := *r.recipe.PasswordChange
	res, err := owner.step(ctx, change)
	if err != nil || res.status >= 400 {
		a.inconclusive("password_change: %s", statusOr(res, err))
		return
	}
	r.settle(ctx)
	a.begin()
	var accepted []string
	got, err := a.confirm(ctx, variant{"access", func(string) string { return stolen.access() }})
	doubt := ""
	switch {
	case err != nil || got != took && got != refused:
		doubt = "the access token after a password change is " + orError(got, err)
	case got == took:
		accepted = append(accepted, "the access token")
	}
	a.seal(ctx)
	if r.recipe.Refresh != nil && stolen.refresh() != "" {
		if _, got, err := stolen.renew(ctx, a.v, func(string, *visitor) {}); err == nil && got == took {
			accepted = append(accepted, "the refresh token")
		}
	}
	a.judge(accepted, doubt, "another session after a password change")
	a.result.Why += r.restorePassword(ctx, change)
	if len(accepted) > 0 {
		a.result.Accepted = true
		f := found{id: catalog.RevokedTokenAccepted, confidence: finding.Firm, step: change,
			message: "a password change does not end the other sessions", evidence: []string{a.probe.Name + ": " + strings.Join(accepted, ", ")}}
		if r.has(catalog.RawTokenDenylist) && len(accepted) == 1 && got == took { // who revokes texts ends only those that he is shown
			f.implied = catalog.RawTokenDenylist
		}
		r.find(f)
	}
}

// restorePassword puts the old password back and says so if it cannot.
func (r *run) restorePassword(ctx context.Context, change Step) string {
	old, next := r.recipe.Vars["password"], r.recipe.Vars["new_password"]
	if next == "" || next == old {
		return ""
	}
	s, err := r.openWith(ctx, map[string]string{"password": next, "new_password": old})
	if err == nil {
		defer s.v.close()
		var res *response
		if res, err = s.step(ctx, change); err == nil && res.status < 400 {
			return ""
		}
		return "; THE PASSWORD COULD NOT BE PUT BACK and is vars.new_password now: " + statusOr(res, err)
	}
	return "; THE PASSWORD COULD NOT BE PUT BACK and is vars.new_password now: " + err.Error()
}

func statusOr(res *response, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("answered %d", res.status)
}
