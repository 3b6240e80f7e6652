package scan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// A found weakness, before what belongs together is put together.
type found struct {
	id         catalog.ID
	confidence finding.Confidence
	message    string
	evidence   []string
	step       Step // where it was found
	implied    catalog.ID
	severity   catalog.Severity // when it is another than the catalogue's; None: it is that
}

func (r *run) find(f found) { r.found = append(r.found, f) }

// has reports whether a weakness was found already.
func (r *run) has(id catalog.ID) bool {
	return slices.ContainsFunc(r.found, func(f found) bool { return f.id == id })
}

// served reports a refusal that holds the data all the same.
func (r *run) served(res *response) {
	r.find(found{
		id: catalog.DenyThenServe, confidence: finding.Certain, step: r.recipe.Protected.Step,
		message:  "the answer refuses, and then holds what only a valid token should open",
		evidence: []string{fmt.Sprintf("%s %s answered %d with the data of the valid answer", r.recipe.Protected.Method, r.recipe.Protected.Path, res.status)},
	})
}

// issuance judges whether the login of the main session left a record.
func (r *run) issuance(login []*record) {
	if r.main.login == nil {
		return
	}
	ours := &marker{}
	ours.add(r.main.login.canary, r.main.v)
	r.unrecorded(lifecycle{catalog.SilentIssuance, r.recipe.Login[len(r.recipe.Login)-1], "a login issued a token", ours}, login)
}

// A lifecycle is a good step that ought to leave a record of its own.
type lifecycle struct {
	id   catalog.ID // when it does not
	step Step
	what string
	ours *marker
}

// unrecorded notes a step that none of records is of, to look for it once more
// in the end.
func (r *run) unrecorded(l lifecycle, records []*record) {
	if unseen(r.base.look(records, l.ours).tier) {
		r.unseen = append(r.unseen, l)
	}
}

// silent finds a weakness where a step left no record in all of the log.
func (r *run) silent(l lifecycle) {
	id, step, what := l.id, l.step, l.what
	switch r.base.look(r.later(0, l.ours.canaries), l.ours).tier {
	case finding.TierNone:
		r.find(found{id: id, confidence: finding.Certain, step: step, message: what + ", and the log holds nothing"})
	case finding.TierAccess:
		r.find(found{id: id, confidence: finding.Certain, step: step, message: what + ", and the log holds nothing but the line that every request gets"})
	}
}

// conclude draws the findings of the log and alert side from all attempts.
func (r *run) conclude(ctx context.Context) {
	r.passive()
	r.familyAccess()
	r.lateCallbacks()
	if r.book.assessed() {
		r.lookAgain(ctx)
		for _, a := range r.attempts {
			r.visibility(a)
		}
		r.fingerprints()
		r.searchLogs()
	}
	if r.inbox != nil && r.report.Partial == "" {
		r.alerting()
	}
}

// lookAgain looks once more for the records of attacks that seemed to leave none:
// a service that hesitated for a moment is not silent. Each attack is known by
// its own canaries, wherever its record stands by now.
func (r *run) lookAgain(ctx context.Context) {
	late := slices.DeleteFunc(slices.Clone(r.attempts), func(a *attempt) bool {
		return !a.result.Seen.Assessed || !unseen(a.result.Seen.Tier) || len(a.canaries) == 0
	})
	if len(late)+len(r.unseen) == 0 {
		return
	}
	r.book.settleFor(ctx, 2*r.book.flush()+hiccup)
	for _, l := range r.unseen {
		r.silent(l)
	}
	for _, a := range late {
		records := r.later(a.mark, a.canaries)
		if s := r.base.look(records, &a.marker); !unseen(s.tier) {
			a.records, a.sight, a.result.Seen.Tier = records, s, s.tier
			a.grade(&a.result.Seen)
		}
	}
}

func unseen(t finding.Tier) bool { return t == finding.TierNone || t == finding.TierAccess }

// later gives the records from mark on that hold one of the canaries.
func (r *run) later(mark int, canaries []string) []*record {
	return slices.DeleteFunc(r.book.records(r.book.since(mark)), func(rec *record) bool {
		return !slices.ContainsFunc(canaries, func(c string) bool { return strings.Contains(rec.raw, c) })
	})
}

// visibility finds what one attempt's record lacks.
func (r *run) visibility(a *attempt) {
	seen := a.result.Seen
	if !seen.Assessed || a.result.Verdict == finding.Skipped || a.denied == 0 && a.limits == 0 && !a.result.Accepted {
		return
	}
	f := found{confidence: finding.Certain, step: a.place()}
	evidence := func(extra string) []string {
		return append([]string{a.probe.Name + ": " + extra}, r.quotes(&a.sight, 1)...)
	}
	switch {
	case seen.Tier == finding.TierNone || seen.Tier == finding.TierAccess:
		what := "no line"
		if seen.Tier == finding.TierAccess {
			what = "only the line that every request gets"
		}
		if a.result.Accepted && a.probe.Silent == catalog.SilentVerifyFailure {
			f.id, f.message = catalog.IncompleteEvent, "an attack that got in left no record of how"
			f.evidence = []string{a.probe.Name + ": accepted, " + what}
			f.implied = a.probe.Weakness
			r.find(f)
			return
		}
		f.id, f.message = a.probe.Silent, "an attack was refused, and nothing records it"
		f.evidence = []string{a.probe.Name + ": " + what}
		if a.result.Accepted {
			f.message = "an attack got in, and nothing records it"
		}
		if a.result.Accepted && a.probe.Silent == catalog.SilentRevokedUse {
			f.implied = a.probe.Weakness // who does not know of the revocation cannot record its breach
		}
		r.find(f)
		return
	case len(seen.Missing) > 0:
		f.id, f.message = catalog.IncompleteEvent, "a record of an attack does not say who, what, where or why"
		f.evidence = evidence("missing " + strings.Join(seen.Missing, ", "))
		r.find(f)
	}
	if seen.ReasonCorrect != nil && !*seen.ReasonCorrect {
		f.id, f.message = catalog.WrongReason, "an attack is recorded under the wrong reason"
		f.evidence = evidence(fmt.Sprintf("recorded as %q", r.vault.quote(seen.Reason)))
		r.find(f)
	}
	// A right reason that is benign, such as no token where one stood elsewhere,
	// is nothing to warn of.
	serious := a.probe.Truth[0].Class() != event.ClassBenign
	if said, ok := event.ParseReason(strings.TrimPrefix(seen.Reason, "jwt.")); ok && seen.ReasonCorrect != nil && *seen.ReasonCorrect {
		serious = serious && said.Class() != event.ClassBenign
	}
	if i := slices.Index(levels, seen.Severity); serious && i >= 0 && i < slices.Index(levels, "warn") {
		f.id, f.message = catalog.WrongLevel, "an attack is recorded at a level at which nobody looks"
		f.evidence = evidence("recorded at " + seen.Severity)
		r.find(f)
	}
}

// alerting finds attacks of which nobody was told, and alarms without a cause.
func (r *run) alerting() {
	all := r.inbox.all()
	for _, a := range r.attempts {
		step, out := a.place(), a.result.Alerted
		if !out.Assessed {
			continue
		}
		// An attack that left no record cannot be alerted by a monitor of records:
		// the silence is the finding, the alert its consequence.
		if !out.Fired {
			f := found{id: catalog.NoAlert, confidence: finding.Certain, step: step,
				message:  fmt.Sprintf("attacks raise no alert within %s", r.recipe.Alerts.Within),
				evidence: []string{fmt.Sprintf("%s: no alert of %s", a.probe.Name, a.probe.Alert)}}
			if seen := a.result.Seen; seen.Assessed && (seen.Tier == finding.TierNone || seen.Tier == finding.TierAccess) {
				if f.implied = a.probe.Silent; a.result.Accepted {
					f.implied = a.probe.Weakness
				}
			}
			r.find(f)
		}
		if out.Alerts > a.mostAlerts() {
			r.find(found{id: catalog.NoisyAlert, confidence: finding.Certain, step: step, message: "one attack raises many alerts",
				evidence: []string{fmt.Sprintf("%s: %d alerts", a.probe.Name, out.Alerts)}})
		}
	}
	step := r.recipe.Protected.Step
	for _, x := range r.negative.ours(all) {
		r.find(found{id: catalog.NoisyAlert, confidence: finding.Certain, step: step,
			message:  "valid traffic and one lone bad token raise an alert",
			evidence: []string{r.vault.quote(describeAlert(x))}})
	}
	if r.inbox.rejected() > 0 && len(all) == 0 {
		r.find(found{id: catalog.NoAlert, confidence: finding.Certain, step: step,
			message:  "alerts arrive, and their signature does not hold",
			evidence: []string{fmt.Sprintf("%d refused", r.inbox.rejected())}})
	}
}

// mostAlerts is how many alerts an attempt may raise: one for a burst, however
// long, and one for each spelling of an attack that is serious every time.
func (a *attempt) mostAlerts() int {
	if a.probe.Stage >= StageBurst {
		return 1
	}
	return max(4, len(a.sent))
}

// place is where the attempt attacked.
func (a *attempt) place() Step {
	if a.at != nil {
		return *a.at
	}
	if slices.Contains(a.probe.Needs, NeedRefresh) {
		return a.run.recipe.Refresh.Step
	}
	return a.run.recipe.Protected.Step
}

func (r *run) quotes(s *sighting, n int) (out []string) {
	if s.best != nil {
		return []string{"log: " + r.vault.quote(s.best.brief())}
	}
	for _, rec := range s.attacks[:min(n, len(s.attacks))] {
		out = append(out, "log: "+r.vault.quote(rec.brief()))
	}
	return out
}

// causes tell which weakness explains which others, so that one root cause costs
// once.
var causes = map[catalog.ID][]catalog.ID{
	catalog.UnauthenticatedAccess: {catalog.AlgNoneAccepted, catalog.SignatureNotVerified, catalog.DenyThenServe},
	catalog.SignatureNotVerified:  {catalog.AlgNoneAccepted, catalog.FailOpen, catalog.CritIgnored},
	catalog.SilentVerifyFailure:   {catalog.LostEvents},
	catalog.RefreshNotRotated:     {catalog.RefreshReuseAccepted},
	catalog.NumericdateMillis:     {catalog.ExpiredAccepted, catalog.NotBeforeIgnored}, // a reader of seconds takes all for later
}

// findings puts together what was found: one finding for each weakness and place.
func (r *run) findings() []finding.Finding {
	type key struct {
		id           catalog.ID
		method, path string
		implied      bool
	}
	var order []key
	byKey := map[key]*finding.Finding{}
	have := map[catalog.ID]bool{} // by itself, not as the effect of another
	for _, f := range r.found {
		have[f.id] = have[f.id] || f.implied == ""
	}
	for cause, effects := range causes {
		for i := range r.found {
			if f := &r.found[i]; have[cause] && slices.Contains(effects, f.id) {
				f.implied = cause
				delete(have, f.id)
			}
		}
	}
	for _, f := range r.found {
		path, _, _ := strings.Cut(f.step.Path, "?")
		k := key{f.id, f.step.Method, path, f.implied != ""}
		if k.implied && have[f.id] {
			k.implied = false // it stands by itself elsewhere; this is more of the same
			f.implied = ""
		}
		w, _ := catalog.WeaknessOf(f.id)
		if f.severity == catalog.None {
			f.severity = w.Severity
		}
		if byKey[k] != nil {
			byKey[k].Evidence = addEvidence(byKey[k].Evidence, f.evidence)
			if f.severity > byKey[k].Severity { // the worse of two, and what it says
				byKey[k].Severity, byKey[k].Message = f.severity, f.message
			}
			continue
		}
		out := &finding.Finding{
			ID: f.id, Severity: f.severity, Confidence: f.confidence, Message: f.message, Implied: f.implied,
			Location: finding.Location{Method: f.step.Method, Route: path}, Evidence: addEvidence(nil, f.evidence),
			References: w.Standards(),
		}
		out.Fingerprint = finding.Fingerprint(out, "") // of the route: the same under any name of the recipe
		out.Location.Path, out.Location.Line = f.step.File, f.step.Line
		byKey[k] = out
		order = append(order, k)
	}
	list := make([]finding.Finding, 0, len(order))
	for _, k := range order {
		list = append(list, *byKey[k])
	}
	return finding.Sorted(list)
}

const maxEvidence = 8

func addEvidence(list, more []string) []string {
	for _, e := range more {
		if !slices.Contains(list, e) && len(list) < maxEvidence {
			list = append(list, e)
		}
	}
	return list
}
