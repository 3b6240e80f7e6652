package web

import (
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/detect"
)

// An eventRow is a line of the list of events. Its texts are visible.
type eventRow struct {
	ID, Link    string
	At          stamp
	Kind        string // without the "jwt."
	KindLink    string
	Outcome     string
	Reason      string
	ReasonLink  string
	Class       string
	Service     string
	ServiceLink string
	Method      string
	Route       string
	Status      int
	Address     string
	AddressLink string
	Subject     string
	Claimed     bool // Subject is what an unverified token says
	Fingerprint string
	Weight      int64
}

func eventRowOf(e *event.Event, f filter, now time.Time) eventRow {
	r := eventRow{
		ID: e.ID.String(), Link: f.Detail("/events/" + e.ID.String()), At: stampOf(e.Time, now),
		Kind:     shortKind(e.Kind),
		KindLink: f.only(func(f *filter) { f.Kind = e.Kind }),
		Outcome:  e.Outcome.String(), Reason: e.Reason.String(), Class: e.Reason.Class().String(),
		Service: visible(e.ServiceName), Method: visible(e.Method), Route: visible(e.Route), Status: e.Status,
		Address: visible(e.ClientAddress), Fingerprint: visible(e.Fingerprint), Weight: e.Weight(),
		ReasonLink:  f.only(func(f *filter) { f.Reason = e.Reason }),
		ServiceLink: f.only(func(f *filter) { f.Service = e.ServiceName }),
		AddressLink: f.only(func(f *filter) { f.Address = e.ClientAddress }),
	}
	if r.Route == "" {
		r.Route = visible(e.Path)
	}
	subject, claimed := subjectOf(e)
	r.Subject, r.Claimed = visible(subject), claimed
	return r
}

// subjectOf is whom the event is about, and whether that is a mere claim.
func subjectOf(e *event.Event) (subject string, claimed bool) {
	for _, s := range []string{e.UserID, e.UserHash, e.Actor} {
		if s != "" {
			return s, false
		}
	}
	return e.ClaimedSubject, e.ClaimedSubject != ""
}

func shortKind(k event.Kind) string { return strings.TrimPrefix(k.String(), "jwt.") }

// A severityView is a severity as a word and as the shape of that name.
type severityView struct{ Name string }

func severityOf(s string) severityView {
	if v, err := catalog.ParseSeverity(s); err == nil {
		return severityView{v.String()}
	}
	return severityView{catalog.None.String()}
}

// An alertRow is a line of the list of alerts.
type alertRow struct {
	ID, Link    string
	Severity    severityView
	Rule, Title string
	State       string
	Group       detect.Labels
	First, Last stamp
	Count       int64
	Evidence    int
}

func alertRowOf(a AlertView, f filter, now time.Time) alertRow {
	r := alertRow{ID: visible(a.ID), Link: f.Detail("/alerts/" + pathEscape(a.ID)), Severity: severityOf(a.Severity),
		Rule: visible(a.Rule), Title: titleOf(a), State: visible(a.State),
		First: stampOf(a.First, now), Last: stampOf(a.Last, now), Count: a.Count, Evidence: len(a.Events)}
	for _, l := range a.Group {
		r.Group = append(r.Group, detect.Label{Key: visible(l.Key), Value: visible(l.Value)})
	}
	return r
}

// titleOf is the alert's own title, else the catalogue's, else the rule.
func titleOf(a AlertView) string {
	t := a.Title
	if t == "" {
		d, _ := catalog.DetectionOf(catalog.ID(a.Rule))
		t = d.Title
	}
	if t == "" {
		t = a.Rule
	}
	return sentence(visible(t))
}

// sentence begins s with a capital: titles of the catalogue do not, so that
// they can stand within a sentence. The name of a claim stays as it is.
func sentence(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if s == "" || s[0] < 'a' || s[0] > 'z' || strings.ContainsAny(word, "._") || slices.Contains(claimNames, word) {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

var claimNames = []string{"exp", "iat", "nbf", "iss", "aud", "sub", "jti", "kid", "alg"}
