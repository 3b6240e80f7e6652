package scan

import (
	"context"

	"github.com/jotsight/jotsight/internal/catalog"
)

// The name is random, so that no user can be locked out by it.
var _ = add(Probe{
	Name:     "log-forging-login",
	Weakness: catalog.LogInjection,
	Title:    "line breaks, colours and quotes in the user name of a failed login",
	Stage:    StageRefusal,
	Needs:    []Need{NeedLogin, NeedLog},
	Requests: func(r *Recipe) int {
		in, ok := r.passwordLogin()
		if !ok {
			return 0
		}
		return in.requests()
	},
	Run: func(ctx context.Context, a *attempt) {
		in, ok := a.run.recipe.passwordLogin()
		if !ok {
			a.skip("no step of the login sends a password in JSON or in a form")
			return
		}
		step := in.place()
		a.at = &step
		var all forgeries
		user, wrong := all.in(a, "the user name").text(), "Wrong-1-"+newCanary()
		a.run.know("a password that the scan tried", wrong, standing)
		t, err := a.logIn(ctx, in, &user, &wrong)
		switch {
		case t.res == nil:
			a.inconclusive("%s", orError(t.got, err))
		case t.got == took:
			a.inconclusive("a wrong password is taken, as unauthenticated-issuance says")
		default:
			a.judgeForgeries(ctx, all, "nothing in a user name forges, splits or colours a line")
		}
	},
})
