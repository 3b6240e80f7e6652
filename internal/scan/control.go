package scan

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// valid sends the valid token from v's address. It is no attack: its line is
// never taken for the record of one.
func (r *run) valid(ctx context.Context, v *visitor) (*response, answer, error) {
	r.renewOneTime()
	return r.aside(ctx, v, r.main.access())
}

// aside asks for the resource as a control among attacks.
func (r *run) aside(ctx context.Context, v *visitor, token string) (*response, answer, error) {
	a := attempt{run: r, v: v}
	res, err := a.once(ctx, v, "", func(q *request) { r.recipe.Carrier.put(q, token) })
	r.known = append(r.known, a.canaries...)
	if token != "" && token != r.main.access() {
		r.known = append(r.known, token) // a log that prints tokens may print nothing else of it
	}
	if err != nil {
		return nil, unclear, err
	}
	got := r.controls.judge(res)
	if r.controls.open() && r.controls.okStatus(res.status) {
		got = took
	}
	return res, got, nil
}

// doubt sends the control that could refute the attempt's verdict. A token that
// got in means nothing if garbage gets in as well just then: a cache or a service
// that fails open. Tokens that were refused mean nothing if the valid one is now
// refused in the same way: a session that died, or a limiter that does not say
// so. It reports whether the probe is worth another try.
func (r *run) doubt(ctx context.Context, a *attempt, foundBefore int, signerBefore *signer) (again bool) {
	if ctx.Err() != nil || len(a.sent) == 0 {
		return false
	}
	if a.result.Verdict == finding.Fail && a.taken > 0 && !slices.Contains(a.probe.Needs, NeedRefresh) {
		if r.controls.open() || r.controls.credulous() {
			return false
		}
		r.unread = true
		if _, got, err := r.aside(ctx, a.v, garbage()); err == nil && got == took {
			r.withdraw(foundBefore)
			r.signer = signerBefore
			a.result.Accepted = false
			a.overrule("the resource is answered to garbage too, just now: a cache, or a service that lets anybody in for a time")
		}
		return false
	}
	if a.probe.Stage >= StageLifecycle {
		r.revive(ctx) // such probes end sessions and fill limits; they know it
		return false
	}
	res, got, err := r.valid(ctx, a.v)
	if err == nil && got == took {
		return false
	}
	same := err == nil && slices.ContainsFunc(a.refusals, func(no *response) bool { return alike(no, res) })
	logins := r.logged
	r.revive(ctx)
	if !same || a.result.Verdict != finding.Pass {
		return false
	}
	if r.dead == "" && r.logged == logins && !slices.ContainsFunc(r.controls.refusals(), func(no *response) bool { return alike(no, res) }) {
		r.controls.limits = append(r.controls.limits, res) // the same session is welcome elsewhere: so answers a limiter
	}
	a.overrule("after it the valid token is answered %d in the same way, so that the refusals prove nothing", res.status)
	return r.dead == ""
}

// withdraw takes back what was found since, but for what no control can refute.
func (r *run) withdraw(since int) {
	late := slices.DeleteFunc(slices.Clone(r.found[since:]), func(f found) bool { return f.id != catalog.DenyThenServe })
	r.found = append(r.found[:since], late...)
}

// usable says why no probe can be judged at present; empty: all can.
func (r *run) usable(ctx context.Context) string {
	if r.dead != "" && !r.gone {
		r.revive(ctx)
	}
	return r.dead
}

// revive sends the valid token until it is accepted: it waits for a limiter
// within reason, and logs in anew when the session has died. What it cannot mend
// stands in dead.
func (r *run) revive(ctx context.Context) {
	for try := 0; ; try++ {
		v := r.client.visitor()
		res, got, err := r.valid(ctx, v)
		v.close()
		r.dead = ""
		switch {
		case err != nil:
			r.dead = "the target does not answer any more: " + err.Error()
			if try > 1 || !sleep(ctx, 100*time.Millisecond) {
				return
			}
			continue
		case got == took:
			return
		}
		r.dead = fmt.Sprintf("in the midst of the scan the valid token is %s (%d)", got, res.status)
		if (got == limited || got == broken) && r.backOff(ctx, res) {
			continue
		}
		if r.main.supplied || try > 2 {
			r.gone = got == refused
			return
		}
		r.early = r.early || time.Now().Before(expiry(r.main))
		fresh, err := r.open(ctx)
		if err != nil {
			r.dead, r.gone = r.dead+", and "+err.Error(), true
			return
		}
		r.main.v.close()
		r.main = fresh
		r.logged++
		r.adopt()
	}
}

// patience is how long a scan waits for limiters and broken servers that do not
// let go, in all.
const patience = 10 * time.Second

// backOff waits as long as a limiter or a broken server asks for, if it asks at
// all, and reports whether it is worth to try again. Nobody waits for longer than
// what is left of the scan's patience: then it is for the probe to say that it
// could not be judged.
func (r *run) backOff(ctx context.Context, res *response) bool {
	wait := retryAfter(res, time.Now())
	if wait > patience-r.waited {
		return false
	}
	r.waited += wait
	return sleep(ctx, wait)
}

// retryAfter is the wait that an answer asks for, in seconds or as a date (RFC
// 9110 section 10.2.3), and one second if it asks for none.
func retryAfter(res *response, now time.Time) time.Duration {
	text := res.header.Get("Retry-After")
	if s, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		if date, err := http.ParseTime(res.header.Get("Date")); err == nil {
			now = date // its clock, not ours
		}
		return max(0, at.Sub(now))
	}
	return time.Second
}

// slowLog is the delay of a log from which on it is not waited for after every
// probe, if its records can be told by their canaries.
const slowLog = 300 * time.Millisecond

// settle waits for the log, unless it is read in the end.
func (r *run) settle(ctx context.Context) {
	if !r.deferred {
		r.book.settle(ctx)
	}
}

// lookLate reads what the log held of every attempt, where that was put off: each
// record by the canary that it carries, or by what links it to one.
func (r *run) lookLate(ctx context.Context) {
	if !r.deferred {
		return
	}
	r.book.settle(ctx)
	all := r.book.records(r.book.since(0))
	for _, a := range r.attempts {
		if !a.late {
			continue
		}
		// Not by address: what was sent from there afterwards is no attack.
		own, _ := r.base.attribute(all, &marker{canaries: a.canaries})
		a.read(own)
	}
}
