package scan

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// The burst goes to a user who does not exist, unless the recipe gives a
// throw-away user or says that its own may be locked out.
var _ = add(Probe{
	Name:     "login-burst",
	Weakness: catalog.NoLoginRateLimit,
	Title:    "wrong passwords in a row",
	Stage:    StageBrute,
	Needs:    []Need{NeedLogin},
	Requests: func(r *Recipe) int {
		in, ok := r.passwordLogin()
		if !ok {
			return 0
		}
		return r.Limits.Brute * in.requests()
	},
	Logins: requests(1),
	Truth:  []event.Reason{event.ReasonRateLimited},
	Run:    loginBurst,
})

func loginBurst(ctx context.Context, a *attempt) {
	r, l := a.run, a.run.recipe.Limits
	in, ok := r.recipe.passwordLogin()
	switch {
	case !ok:
		a.skip("no step of the login sends a password in JSON or in a form")
		return
	case l.Brute == 0:
		a.skip("limits.brute is 0")
		return
	}
	step := in.place()
	a.at = &step
	user, who := a.victim(in)
	first := answers{}
	limitedAt := 0
	for i := range l.Brute {
		wrong := "Wrong-1-" + newCanary()
		r.know("a password that the scan tried", wrong, standing)
		t, err := a.logIn(ctx, in, &user, &wrong)
		if ctx.Err() != nil {
			return
		}
		if t.got == took {
			a.inconclusive("a wrong password is taken, as unauthenticated-issuance says")
			return
		}
		if t.res == nil || t.got == broken && i < 3 {
			if i >= 3 {
				limitedAt = i + 1 // the address was shut out
				break
			}
			a.inconclusive("a wrong password: %s", orError(t.got, err))
			return
		}
		a.count(t.got)
		if t.got == limited || first.differs(t) {
			limitedAt = i + 1
			break
		}
	}
	locked := false
	if l.LockoutOK {
		s, err := r.open(ctx)
		if locked = err != nil; !locked {
			s.v.close()
		}
	}
	switch {
	case locked && limitedAt == 0:
		a.pass("the right password is refused after %d wrong ones: the user is locked out", l.Brute)
	case locked:
		a.pass("limited from wrong password %d of %d on, and the user is locked out", limitedAt, l.Brute)
	case limitedAt > 0:
		a.pass("limited from wrong password %d of %d on, for %s", limitedAt, l.Brute, who)
	default:
		a.fail("%d wrong passwords in a row for %s, each answered %d", l.Brute, who, a.result.Status)
		f := found{id: catalog.NoLoginRateLimit, confidence: finding.Certain, step: step, message: "passwords can be tried without limit", evidence: []string{a.probe.Name + ": " + a.result.Why}}
		if !l.LockoutOK && l.Throwaway == "" {
			f.confidence = finding.Firm
			f.evidence = append(f.evidence, "whether a user who exists is locked out was not tried: limits.throwaway or limits.lockout_ok allows it")
		}
		r.find(f)
	}
	if a.limits > 0 && r.base != nil && !r.has(catalog.SilentRateLimit) && a.limiterSilent(ctx) {
		r.find(found{id: catalog.SilentRateLimit, confidence: finding.Certain, step: step, message: "a limiter refuses, and nothing records it",
			evidence: []string{fmt.Sprintf("%s: %d answers of %d", a.probe.Name, a.limits, http.StatusTooManyRequests)}})
	}
}

// victim is the user whose password is guessed, and who that is.
func (a *attempt) victim(in passwordLogin) (user, who string) {
	l := a.run.recipe.Limits
	own := in.name(a.run.main)
	switch {
	case l.LockoutOK && own != "":
		return own, "the user of the recipe"
	case l.Throwaway != "":
		return l.Throwaway, "the throw-away user"
	}
	return strangerLike(own), "a user who does not exist"
}

// strangerLike is a user of the same shape who does not exist.
func strangerLike(own string) string {
	if strings.Contains(own, "@") {
		return newCanary() + "@unknown.example"
	}
	return newCanary()
}

// answers remember what the first wrong passwords were told.
type answers struct {
	n      int
	status int
	words  map[string]bool
	took   time.Duration // the longest of the first three
}

// differs reports whether an answer says that something has changed: another
// status, other words, or a second and more of delay that was not there before.
func (f *answers) differs(t try) bool {
	f.n++
	words := marks(t.res)
	switch {
	case f.n <= 3 && f.status == 0:
		f.status, f.words = t.res.status, words
		f.took = t.took
		return false
	case t.res.status != f.status:
		return true
	case f.n <= 3:
		f.took = max(f.took, t.took)
		return false
	}
	slow := t.took > time.Second && t.took > 4*f.took
	return slow || !alikeInWords(f.words, words)
}

// alikeInWords reports whether most of what two answers say is the same, apart
// from what changes by itself, such as a request id or a count.
func alikeInWords(x, y map[string]bool) bool {
	same, all := 0, 0
	for _, m := range []map[string]bool{x, y} {
		for w := range m {
			if strings.ContainsAny(w, "0123456789") {
				continue
			}
			if all++; x[w] && y[w] {
				same++
			}
		}
	}
	return 2*same >= all
}

// limiterSilent reports whether no record speaks of the limiter that answered.
func (a *attempt) limiterSilent(ctx context.Context) bool {
	r := a.run
	spoken := func(lines []line) bool {
		for _, rec := range r.base.look(r.book.records(lines), &a.marker).attacks {
			if _, is, known := rec.reason([]event.Reason{event.ReasonRateLimited}, &a.marker); known && is {
				return true
			}
		}
		return false
	}
	r.book.settle(ctx)
	if spoken(r.book.since(a.mark)) {
		return false
	}
	r.book.settleFor(ctx, 2*r.book.flush()+hiccup)
	return !spoken(r.book.since(a.mark))
}
