package scan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "unauthenticated-issuance",
	Weakness: catalog.UnauthenticatedIssuance,
	Title:    "login and refresh without what they ask for",
	Stage:    StageLifecycle,
	Needs:    []Need{NeedLogin},
	Requests: func(r *Recipe) (n int) {
		if in, ok := r.passwordLogin(); ok {
			n = 5 * (in.requests() + 1)
		}
		if r.Refresh != nil {
			n += 3 * 2
		}
		return n
	},
	To: func(r *Recipe) []Step {
		list := append(slices.Clone(r.Login), r.Protected.Step)
		if r.Refresh != nil {
			list = append(list, r.Refresh.Step)
		}
		return list
	},
	Run: unauthenticatedIssuance,
})

// unauthenticatedIssuance asks for tokens with nothing to show for it, and proves
// what it gets by using it. Of the recipe's own user it tries two wrong
// passwords, fewer than any lockout counts, and the next login clears them.
func unauthenticatedIssuance(ctx context.Context, a *attempt) {
	var open, doubts []string
	step := a.run.recipe.Login[len(a.run.recipe.Login)-1]
	in, ok := a.run.recipe.passwordLogin()
	if ok {
		step = in.place()
		own, none, wrong := in.name(a.run.main), "", "Wrong-1-"+newCanary()
		nobody := strangerLike(own)
		a.run.know("a password that the scan tried", wrong, standing)
		for _, c := range []struct {
			name           string
			user, password *string
		}{
			{"a login without user and password", nil, nil},
			{"a login of a user who does not exist", &nobody, &wrong},
			{"a login without password", &own, nil},
			{"a login with a wrong password", &own, &wrong},
			{"a login with an empty password", &own, &none},
		} {
			if c.user == &own && own == "" && in.user != "" || c.password == &none && !a.run.recipe.Limits.LockoutOK {
				continue
			}
			t, err := a.logIn(ctx, in, c.user, c.password)
			if t.got == limited && a.run.backOff(ctx, t.res) { // once more, from another address
				a.v.close()
				a.v = a.run.client.visitor()
				t, err = a.logIn(ctx, in, c.user, c.password)
			}
			a.weigh(ctx, c.name, t, err, &open, &doubts)
		}
	}
	loginOpen := len(open)
	if a.run.recipe.Refresh != nil {
		for _, c := range []struct {
			name, token string
			drop        bool
		}{{"a refresh with a random token", newCanary() + newCanary(), false}, {"a refresh with an empty token", "", false}, {"a refresh without token", "", true}} {
			t, err := a.strangeRefresh(ctx, c.token, c.drop)
			a.weigh(ctx, c.name, t, err, &open, &doubts)
		}
	} else if !ok {
		a.skip("no step of the login sends a password, and there is no refresh")
		return
	}
	if loginOpen == 0 && len(open) > 0 {
		step = a.run.recipe.Refresh.Step
	}
	a.at = &step
	switch {
	case len(open) > 0:
		a.result.Accepted = true
		a.fail("%s: gives a token that opens the resource", strings.Join(open, ", "))
		a.run.find(found{id: catalog.UnauthenticatedIssuance, confidence: finding.Certain, step: step,
			message: "tokens are issued without authentication", evidence: []string{a.probe.Name + ": " + a.result.Why}})
	case len(doubts) > 0:
		a.inconclusive("%s", strings.Join(doubts, "; "))
	default:
		a.pass("nothing is issued without authentication")
	}
}

// weigh proves what a try got by using it.
func (a *attempt) weigh(ctx context.Context, name string, t try, err error, open, doubts *[]string) {
	switch {
	case t.res == nil:
		*doubts = append(*doubts, fmt.Sprintf("%s: %v", name, err))
		return
	case t.got == limited:
		*doubts = append(*doubts, name+": "+t.got.String())
		return
	case t.got != took:
		return // refused, or broken: nothing was issued
	}
	control := attempt{run: a.run, v: a.v}
	_, got, err := control.send(ctx, t.s.access())
	switch {
	case err != nil:
		*doubts = append(*doubts, fmt.Sprintf("%s: %v", name, err))
	case got == took:
		*open = append(*open, name+a.whose(t.s.access()))
	}
}

// whose says if a token that nobody should have is that of the recipe's own user.
func (a *attempt) whose(token string) string {
	t, err := forge.Parse(token)
	if err != nil || a.run.token == nil {
		return ""
	}
	claim := a.run.recipe.Claims.subject(a.run.token.Payload)
	if own := a.run.token.Payload.Text(claim); own != "" && own == t.Payload.Text(claim) {
		return " (as the recipe's own user)"
	}
	return " (as somebody else)"
}

// strangeRefresh asks for a new pair with a refresh token that is none. drop
// leaves out every member that would hold it.
func (a *attempt) strangeRefresh(ctx context.Context, token string, drop bool) (t try, err error) {
	if t.s, err = a.run.newSession(map[string]string{"refresh": token}); err != nil {
		return t, err
	}
	t.s.v = a.v
	req := t.s.renewal()
	if drop {
		step := a.run.recipe.Refresh.Step
		for name, v := range members(step) {
			if mentions(Step{Path: v}, "refresh") {
				step.JSON = setMember(step.JSON, name, nil)
				step.Form = maps.Clone(step.Form)
				delete(step.Form, name)
			}
		}
		without := newRequest(step, t.s.expand)
		req.json, req.form = without.json, without.form
		delete(req.cookies, step.Take["refresh"].name)
	}
	a.marker.add(req.canary, a.v)
	if t.res, err = a.v.do(ctx, req); err != nil {
		return t, err
	}
	a.result.Status = t.res.status
	t.got = t.s.renewed(ctx, t.res)
	if t.got == took && t.s.access() == "" {
		t.got = refused
	}
	return t, nil
}
