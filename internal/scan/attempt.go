package scan

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// An attempt is one probe under way: what it sent, what came back, its verdict.
type attempt struct {
	run   *run
	probe Probe
	v     *visitor
	marker
	sent    []sent
	first   time.Time // of its first attack
	last    time.Time
	mark    int      // where its part of the log begins
	at      *Step    // what it attacked, if not what its needs say
	until   int      // and where it ends, if sealed: what is sent later is no attack
	sealed  bool     // the same where the log is read in the end
	late    bool     // its part of the log is still to be read
	planted []string // beginnings of lines that the attack itself wrote
	records []*record
	sight   sighting
	limits  int // answers that a limiter gave
	denied  int // answers that refused
	taken   int // answers that accepted
	// refusals are the kinds of answer that refused.
	refusals []*response
	breaks   []*response // server errors that are refusals
	result   finding.Run
}

// The verdicts. The first one stands.

func (a *attempt) pass(format string, args ...any) { a.end(finding.Pass, format, args) }
func (a *attempt) fail(format string, args ...any) { a.end(finding.Fail, format, args) }
func (a *attempt) skip(format string, args ...any) { a.end(finding.Skipped, format, args) }
func (a *attempt) inconclusive(format string, args ...any) {
	a.end(finding.Inconclusive, format, args)
}

// overrule takes back a verdict that a control refuted.
func (a *attempt) overrule(format string, args ...any) {
	a.result.Verdict = ""
	a.inconclusive(format, args...)
}

func (a *attempt) end(v finding.Verdict, format string, args []any) {
	if a.result.Verdict == "" {
		a.result.Verdict, a.result.Why = v, fmt.Sprintf(format, args...)
	}
}

// find reports a weakness of the protected resource.
func (a *attempt) find(id catalog.ID, c finding.Confidence, message string, evidence ...string) {
	a.run.find(found{id: id, confidence: c, message: message, evidence: evidence, step: a.run.recipe.Protected.Step})
}

// send asks for the protected resource with a token and judges the answer. What
// a limiter, a broken server or a closed connection answers is sent once more,
// from another address if there is one, else after a wait; what is limited again,
// or broken, stays so. The answer also counts for deny-then-serve.
func (a *attempt) send(ctx context.Context, token string) (*response, answer, error) {
	return a.sendWith(ctx, token, func(r *request) { a.run.recipe.Carrier.put(r, token) })
}

// sendWith is send with the token put elsewhere, or nowhere.
func (a *attempt) sendWith(ctx context.Context, token string, put func(*request)) (*response, answer, error) {
	r := a.run
	served, waited := false, r.waited
	for try := 0; ; try++ {
		res, err := a.once(ctx, a.v, token, put)
		if err != nil {
			if try > 0 || ctx.Err() != nil {
				return nil, unclear, err
			}
			a.move()
			continue
		}
		got := r.controls.judge(res)
		r.listen(res, got)
		switch {
		case r.controls.serves(res) && served:
			r.served(res)
		case try == 0 && !r.has(catalog.DenyThenServe) && r.controls.serves(res):
			served = true // once more: one accident is no finding
			continue
		case got == limited && try == 0 && r.client.net != 0:
			a.move()
			continue
		case got == limited && try < 2 && r.backOff(ctx, res):
			a.move()
			continue
		case got == broken && try == 0 && r.pardons(ctx, res):
			a.move()
			continue
		case got == broken && a.breaksAnyway(ctx, token, res):
			got = refused
		}
		if got != limited && got != broken && try > 0 {
			r.waited = min(r.waited, waited) // it was worth it
		}
		a.count(got)
		if got == refused && len(a.refusals) < 8 && !slices.ContainsFunc(a.refusals, func(no *response) bool { return alike(no, res) }) {
			a.refusals = append(a.refusals, res)
		}
		return res, got, nil
	}
}

// breaksAnyway reports whether a server error is this service's way to refuse:
// what is no token gets the same, or the own token under the same header with a
// random signature. That the valid token still works is for the control to show that
// follows. A server error that has to do with what was forged stays unclear.
func (a *attempt) breaksAnyway(ctx context.Context, token string, res *response) bool {
	r := a.run
	if res.status < 500 || res.short {
		return false
	}
	if slices.ContainsFunc(a.breaks, func(no *response) bool { return alike(no, res) }) {
		return true
	}
	t, err := forge.Parse(token)
	switch {
	case token == "":
		return alike(res, r.controls.none)
	case err != nil:
		return alike(res, r.controls.garbage)
	case r.token == nil:
		return false
	}
	control, _, err := r.aside(ctx, a.v, forge.Unsigned(t.Header, r.token.Payload)+"."+forge.Encode(randomKey()))
	if err != nil || !alike(control, res) {
		return false
	}
	a.breaks = append(a.breaks, res)
	return true
}

// pardons reports whether a server error is worth another try. One that says that
// it will pass is waited for; one that a hostile token provokes comes again at once.
func (r *run) pardons(ctx context.Context, res *response) bool {
	switch res.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return r.backOff(ctx, res)
	}
	return true
}

// move goes on from another address, where the system has more than one.
func (a *attempt) move() {
	a.v.close()
	a.v = a.run.client.visitor()
}

func (a *attempt) count(got answer) {
	switch got {
	case limited:
		a.limits++
	case refused:
		a.denied++
	case took:
		a.taken++
	}
}

// once sends exactly one request for the protected resource.
func (a *attempt) once(ctx context.Context, v *visitor, token string, put func(*request)) (*response, error) {
	return a.onceAt(ctx, v, a.run.recipe.Protected.Step, token, put)
}

// onceAt is once for another resource.
func (a *attempt) onceAt(ctx context.Context, v *visitor, step Step, token string, put func(*request)) (*response, error) {
	req := newRequest(step, a.run.main.expand)
	if a.run.recipe.Carrier.kind == "cookie" {
		// The session's other cookies go along, its tokens do not: an attack
		// without token must be one, and no answer to it may touch the session.
		req.jar, req.without = a.run.main.jar, a.run.recipe.tokenCookies()
	}
	put(req)
	a.note(token, req.canary, req.path, v)
	res, err := v.do(ctx, req)
	if err != nil {
		return nil, err
	}
	a.result.Status = res.status
	a.last = time.Now()
	return res, nil
}

// note keeps what a request carries, before it is sent.
func (a *attempt) note(token, canary, path string, v *visitor) {
	if a.first.IsZero() {
		a.first = time.Now()
	}
	if token != "" {
		a.run.know("a token that the scan sent", token, forged)
	}
	if a.sealed {
		a.run.known = append(a.run.known, canary)
		return
	}
	a.marker.add(canary, v)
	s := describe(token, canary, path, a.run.recipe.Claims)
	// Where the log is read in the end, good requests before may have had the jti too.
	if s.jti != "" && !a.run.deferred && !slices.Contains(a.canaries, s.jti) && s.jti != a.run.jti {
		a.canaries = append(a.canaries, s.jti)
	}
	a.sent = append(a.sent, s)
}

// unread says that what was sent is no token to whoever got it, so that no record
// can name its claims: a JWT where random strings are looked up.
func (a *attempt) unread() {
	for i, s := range a.sent {
		a.sent[i] = sent{raw: s.raw, canary: s.canary, path: s.path}
	}
}

// A variant is one spelling of an attack.
type variant struct {
	name  string
	token func(canary string) string // canary goes where the attack leaves room
}

// try sends the variants, each once, and what is accepted a second time. It
// gives the names of those that were accepted both times, and why the rest
// cannot be judged, if so.
func (a *attempt) try(ctx context.Context, variants ...variant) (accepted []string, doubt string) {
	for _, v := range variants {
		got, err := a.confirm(ctx, v)
		switch {
		case err != nil:
			doubt = fmt.Sprintf("%s: %v", v.name, err)
		case got == took:
			accepted = append(accepted, v.name)
		case got != refused:
			doubt = fmt.Sprintf("%s: %s", v.name, got)
		}
	}
	if len(accepted) > 0 {
		a.result.Accepted = true
	}
	return accepted, doubt
}

// took is accepted under a name that no variable of this file hides.
const took = accepted

// confirm sends a variant and, when it is accepted, sends it again: one accident
// is no finding. Nor is it a pass: what is accepted now and then is unclear.
func (a *attempt) confirm(ctx context.Context, v variant) (got answer, err error) {
	return a.repeat(func() (answer, error) {
		_, got, err := a.send(ctx, v.token(newCanary()))
		return got, err
	})
}

// repeat asks once, and when that is accepted a second time, and if the answers
// differ a third.
func (a *attempt) repeat(ask func() (answer, error)) (got answer, err error) {
	a.run.renewOneTime()
	if got, err = ask(); err != nil || got != took {
		return got, err
	}
	for range 2 {
		a.run.renewOneTime()
		if got, err = ask(); err != nil || got == took {
			return got, err
		}
	}
	return unclear, nil
}

// twice is confirm for a token that stands where nobody looks: a record cannot
// say more of it than of no token.
func (a *attempt) twice(ctx context.Context, put func(*request)) (got answer, err error) {
	return a.repeat(func() (answer, error) {
		_, got, err := a.sendWith(ctx, "", put)
		return got, err
	})
}

// judge is the usual end of a probe whose tokens must be refused.
func (a *attempt) judge(accepted []string, doubt, what string) {
	switch {
	case len(accepted) > 0:
		a.fail("%s: accepted (%s)", what, strings.Join(accepted, ", "))
	case doubt != "":
		a.inconclusive("%s", doubt)
	default:
		a.pass("%s: refused", what)
	}
}

// look reads what the log held of the attempt.
func (a *attempt) look(ctx context.Context) {
	seen := &a.result.Seen
	r := a.run
	switch {
	case a.probe.Silent == "" && len(a.probe.Truth) == 0:
		seen.Why = "this check does not ask what is recorded"
		return
	case a.result.Verdict == finding.Skipped:
		seen.Why = "nothing was sent"
		return
	case !r.book.assessed():
		seen.Why = "no log source"
		return
	case a.result.Accepted && a.result.Verdict == finding.Pass:
		seen.Why = "what may be taken owes no record of an attack"
		return
	case a.probe.Silent == "":
		seen.Why = "it asks for no record of its own"
		return
	case r.base == nil:
		seen.Why = "no control to compare with"
		return
	}
	if r.deferred {
		a.late = true
		return
	}
	if a.until == 0 {
		r.settle(ctx)
	}
	lines := r.book.since(a.mark)
	if a.until > 0 {
		lines = lines[:a.until-a.mark]
	}
	a.read(r.book.records(lines))
}

// read judges the attempt by records among which its own are.
func (a *attempt) read(records []*record) {
	r, seen := a.run, &a.result.Seen
	seen.Assessed = true
	records = slices.DeleteFunc(records, a.belated)
	seen.Leak = slices.ContainsFunc(records, func(rec *record) bool { return r.leaks(rec.raw) })
	a.records = slices.DeleteFunc(records, func(rec *record) bool {
		return slices.ContainsFunc(a.planted, func(m string) bool { return strings.HasPrefix(rec.text, m) })
	})
	a.sight = r.base.look(a.records, &a.marker)
	seen.Tier = a.sight.tier
	a.grade(seen)
}

// belated reports whether a record is that of an attack which was sent before,
// written later than the service was seen to write: taken for one of this
// attack's, it would give it a wrong reason.
func (a *attempt) belated(rec *record) bool {
	holds := func(canary string) bool { return strings.Contains(rec.raw, canary) }
	if slices.ContainsFunc(a.run.known, holds) {
		return true
	}
	of := func(x *attempt) bool { // also where a log prints the token and nothing else
		return slices.ContainsFunc(x.canaries, holds) || slices.ContainsFunc(x.sent, func(s sent) bool { return s.raw != "" && holds(s.raw) })
	}
	return !of(a) && slices.ContainsFunc(a.run.attempts, of)
}

// begin starts the attempt's part of the log anew: what it sent before was good.
func (a *attempt) begin() {
	a.mark, a.until = a.run.book.mark(), 0
	if a.run.deferred {
		a.run.known = append(a.run.known, a.canaries...)
		a.marker = marker{}
	}
}

// seal ends the attempt's part of the log: what it sends from now on is a control.
func (a *attempt) seal(ctx context.Context) {
	if a.sealed = a.run.deferred; !a.sealed {
		a.run.settle(ctx)
		a.until = a.run.book.mark()
	}
}

// grade finds the fullest of the attack's records and says what it lacks.
func (a *attempt) grade(seen *finding.Seen) {
	truth := a.truth()
	right, wrong := 0, 0
	level := -1
	for _, rec := range a.sight.attacks {
		of := a.sentIn(rec)
		have := rec.has(of, a.addresses)
		for _, other := range a.sight.linked {
			if other != rec && a.together(other, rec) {
				have = union(have, without(other.has(of, a.addresses), hasReason))
			}
		}
		said, is, known := rec.reason(truth, &a.marker)
		have[hasReason] = known
		if a.denied+a.limits == 0 {
			said, known = "", false
		}
		if known && is {
			right++
		} else if known {
			wrong++
		}
		lack := missing(of[0].wanted(a.denied+a.limits > 0), have)
		if a.sight.best == nil || len(lack) < len(seen.Missing) || len(lack) == len(seen.Missing) && is && said != "" && (seen.ReasonCorrect == nil || !*seen.ReasonCorrect) {
			a.sight.best, seen.Missing, seen.Reason = rec, lack, said
			seen.ReasonCorrect = nil
			if known {
				seen.ReasonCorrect = &is
			}
		}
		if known || a.taken == 0 { // where good requests stand beside the bad, their records do not count
			level = max(level, slices.Index(levels, rec.level()))
		}
	}
	if a.sight.best == nil {
		return
	}
	if level >= 0 {
		seen.Severity = levels[level]
	}
	if len(seen.Missing) == 0 {
		seen.Tier = finding.TierComplete
	}
	if right+wrong > 0 {
		// Of several records of one attack, the right ones speak for it.
		is := right > 0
		seen.ReasonCorrect = &is
	}
	if !a.first.IsZero() { // else the attack's own requests were none of ours to time
		ms := a.timeToRecord()
		seen.TimeToRecord = &ms
	}
}

// truth is what a right record may say; a limiter that answered may say so.
func (a *attempt) truth() []event.Reason {
	if a.limits > 0 {
		return append(slices.Clone(a.probe.Truth), event.ReasonRateLimited)
	}
	return a.probe.Truth
}

// sentIn gives the tokens that a record may be about: the one whose canary it
// carries, otherwise all of them. Never empty.
func (a *attempt) sentIn(rec *record) []sent {
	for _, s := range a.sent {
		if strings.Contains(rec.raw, s.canary) {
			return []sent{s}
		}
	}
	for _, s := range a.sent { // several forgeries may bear the jti of the own token
		if s.jti != "" && strings.Contains(rec.raw, s.jti) {
			return []sent{s}
		}
	}
	if len(a.sent) == 0 {
		return []sent{{}}
	}
	return a.sent
}

// together reports whether two records can be joined by what they hold.
func (a *attempt) together(x, y *record) bool {
	for _, c := range a.canaries {
		if strings.Contains(x.raw, c) && strings.Contains(y.raw, c) {
			return true
		}
	}
	for _, k := range linkKeys {
		if v, ok := x.field(k); ok && len(v) >= 4 && strings.Contains(y.raw, v) {
			return true
		}
	}
	return false
}

func without(m map[string]bool, key string) map[string]bool {
	delete(m, key)
	return m
}

// timeToRecord is the time in milliseconds from the first attack to its first record.
func (a *attempt) timeToRecord() float64 {
	at := a.sight.attacks[0].at
	for _, r := range a.sight.attacks {
		if r.at.Before(at) {
			at = r.at
		}
	}
	return max(0, float64(at.Sub(a.first).Microseconds())/1000)
}
