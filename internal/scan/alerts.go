package scan

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// An arrival is one alert that came to the scan.
type arrival struct {
	at   time.Time
	id   string // empty: the sender gives none
	rule string
	text string // the whole of it: canaries are looked for in its evidence
	old  bool   // it was there before the scan
}

// A bell is where alerts arrive or can be asked for. Its methods may be called
// from any goroutine.
type bell interface {
	// all gives the alerts known by now, in the order in which they came.
	all() []arrival
	// rejected is how many came whose signature does not hold.
	rejected() int
	// err says why the source can no longer be trusted.
	err() error
	close()
}

// openBell opens the source of alerts that the recipe names.
func openBell(ctx context.Context, r *Recipe) (bell, error) {
	if r.Alerts.Webhook != "" {
		in, err := listen(r.Alerts)
		if err != nil {
			return nil, err
		}
		return in, nil
	}
	return openPolledBell(ctx, r)
}

// ours gives the alerts that an attempt raised: those whose evidence carries one
// of its marks; if there are none, those of its rule that came after it began
// and name nobody else.
func (a *attempt) ours(all []arrival) (mine []arrival) {
	for _, x := range all {
		if !x.old && a.marker.in(x.text) {
			mine = append(mine, x)
		}
	}
	if len(mine) > 0 || a.probe.Alert == "" {
		return mine
	}
	for _, x := range all {
		if !x.old && a.means(x) && !x.at.Before(a.first) && !a.others(x.text) {
			mine = append(mine, x)
		}
	}
	return mine
}

// means reports whether an alert is of the detection that the probe must set
// off: by our name of it, or by the one that the recipe gives.
func (a *attempt) means(x arrival) bool {
	return x.rule == string(a.probe.Alert) || slices.Contains(a.run.recipe.Alerts.Rules[string(a.probe.Alert)], x.rule)
}

// others reports whether an alert names a client that is not the attempt's.
func (a *attempt) others(text string) bool {
	if len(a.addresses) == 0 {
		return false
	}
	for _, addr := range loopbacks.FindAllString(text, -1) {
		if addr != "127.0.0.1" && !slices.Contains(a.addresses, addr) {
			return true
		}
	}
	return false
}

// alerts waits for what is still on its way and judges every attempt by it.
func (r *run) alerts(ctx context.Context) {
	why := ""
	if r.inbox == nil {
		why = "no alert source"
	} else if r.report.Partial != "" {
		why = "interrupted before alerts could arrive"
	}
	expecting := func() bool {
		all := r.inbox.all()
		return slices.ContainsFunc(r.attempts, func(a *attempt) bool {
			return a.mustAlert() && time.Since(a.last) < r.recipe.Alerts.Within && len(a.fired(all)) == 0 && !a.already(all)
		})
	}
	for why == "" && expecting() && sleep(ctx, 2*pollEvery) {
	}
	if why == "" && r.inbox.err() != nil {
		why = "the source of alerts could not be read to the end"
	}
	for _, a := range r.attempts {
		out := &a.result.Alerted
		switch {
		case why != "":
			out.Why = why
			continue
		case a.result.Verdict == "skipped":
			out.Why = "nothing was sent"
			continue
		case a.probe.Alert == "":
			out.Why = "no alert is asked for"
			continue
		case !a.mustAlert():
			out.Why = a.quiet()
			continue
		}
		out.Assessed = true
		all := r.inbox.all()
		if fired := a.fired(all); len(fired) > 0 {
			out.Fired = true
			if slices.ContainsFunc(fired, func(x arrival) bool { return a.marker.in(x.text) }) {
				out.Alerts = distinct(fired) // without a mark the next attempt's count too
			}
			ms := max(0, float64(fired[0].at.Sub(a.first).Microseconds())/1000)
			out.TimeToAlert = &ms
			continue
		}
		if a.already(all) {
			out.Assessed = false
			out.Why = "an alert of this rule was firing already, and does not come again for the same cause"
			continue
		}
		// Rules of one's own need not say whom they are about: an alert about
		// tokens at the right time is no proof that there is none.
		if vague := a.vague(all); vague != "" {
			out.Assessed = false
			out.Why = "an alert came that may be of this attack and does not say so; name its rule in alerts.rules: " + vague
		}
	}
}

// already reports whether an alert that the attack would have joined was there
// before it.
func (a *attempt) already(all []arrival) bool {
	return slices.ContainsFunc(all, func(x arrival) bool {
		return a.means(x) && (x.old || x.at.Before(a.first)) && !a.others(x.text)
	})
}

var aboutLogins = regexp.MustCompile(`(?i)jwt|token|auth|login|signature|credential|session|brute|replay|40[13]`)

// vague names an alert of somebody's own rules that came while the attack's was
// due, speaks of such things, and names nobody.
func (a *attempt) vague(all []arrival) string {
	for _, x := range all {
		_, known := catalog.DetectionOf(catalog.ID(x.rule))
		if !known && !x.old && !x.at.Before(a.first) && x.at.Sub(a.last) <= a.run.recipe.Alerts.Within &&
			aboutLogins.MatchString(x.text) && !a.others(x.text) && !a.run.claimed(x) {
			return a.run.vault.quote(x.rule)
		}
	}
	return ""
}

// claimed reports whether an alert carries the mark of another attack, or is of
// a rule that the recipe names.
func (r *run) claimed(x arrival) bool {
	for _, names := range r.recipe.Alerts.Rules {
		if slices.Contains(names, x.rule) {
			return true
		}
	}
	return slices.ContainsFunc(r.attempts, func(a *attempt) bool { return a.marker.in(x.text) }) || r.negative.marker.in(x.text)
}

// fired gives the alerts of the attempt that are of the rule asked for, or of
// any rule when the sender does not use our names.
func (a *attempt) fired(all []arrival) []arrival {
	var named, foreign []arrival
	for _, x := range a.ours(all) {
		_, known := catalog.DetectionOf(catalog.ID(x.rule))
		switch {
		case a.means(x):
			named = append(named, x)
		case !known:
			foreign = append(foreign, x)
		}
	}
	if len(named) > 0 {
		return named
	}
	return foreign
}

// mustAlert reports whether somebody should have been told of the attempt.
func (a *attempt) mustAlert() bool {
	if a.probe.Alert == "" || a.first.IsZero() || a.result.Verdict == "skipped" {
		return false
	}
	return a.quiet() == ""
}

// quiet says why an attempt needs no alert after all. A revoked token that is
// taken for a good one cannot be told from it.
func (a *attempt) quiet() string {
	if a.probe.Alert == catalog.RevokedUse && a.result.Accepted {
		return "the service does not know that the token was revoked"
	}
	// A service that is right to see a mere bad signature, or a key that it does not
	// know, need not cry out at the first.
	modest := slices.ContainsFunc(a.probe.Truth, func(r event.Reason) bool { return r.Class() != event.ClassAttack })
	if said, _ := event.ParseReason(a.result.Seen.Reason); a.probe.Alert == catalog.ForgedAlgorithm && modest && said.Class() != event.ClassAttack {
		return "not recorded as an attack, and one bad token alone raises no alert"
	}
	return ""
}

// distinct counts alerts; one that grew comes again under its id.
func distinct(list []arrival) int {
	ids, n := map[string]bool{}, 0
	for _, x := range list {
		if x.id == "" || !ids[x.id] {
			n++
		}
		ids[x.id] = true
	}
	return n
}

// describeAlert names an alert for a report.
func describeAlert(x arrival) string {
	if x.rule == "" {
		return "an alert without a rule's name"
	}
	return "an alert of " + strings.TrimSpace(clip(x.rule, 64))
}
