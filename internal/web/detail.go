package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// evidenceShown is how many events an alert names at most.
const evidenceShown = 20

// alertPage is one alert: what, why, what it may be instead, what to do.
type alertPage struct {
	frame
	Alert     alertRow
	Detection catalog.Detection
	Playbook  []string // paragraphs
	Attack    []string
	Causes    []catalog.Weakness // what it is exploiting
	Evidence  []eventRow
	Missing   int // evidence that History no longer has
}

func (w *Web) alert(rw http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	found, err := w.c.History.Alerts(r.Context(), AlertQuery{ID: id, Limit: 1})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	if id == "" || len(found) == 0 {
		w.problem(rw, r, http.StatusNotFound, "There is no such alert, or it is older than what is kept.")
		return
	}
	a, f, now := found[0], filter{UTC: r.URL.Query().Get("tz") == "utc"}, w.c.Now()
	p := alertPage{frame: w.frame(r, titleOf(a), f), Alert: alertRowOf(a, f, now)}
	p.Detection, _ = catalog.DetectionOf(catalog.ID(a.Rule))
	p.Playbook = paragraphs(p.Detection.Playbook)
	for _, id := range a.Attack {
		p.Attack = append(p.Attack, visible(id))
	}
	for _, weak := range catalog.Weaknesses() {
		if slices.Contains(weak.Detections, p.Detection.ID) {
			p.Causes = append(p.Causes, weak)
		}
	}
	ids := make([]event.ID, 0, evidenceShown)
	for _, text := range a.Events[:min(len(a.Events), evidenceShown)] {
		if id, err := event.ParseID(text); err == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		events, err := w.c.History.Events(r.Context(), EventQuery{IDs: ids, Limit: len(ids)})
		if err != nil {
			w.fail(rw, r, err)
			return
		}
		for i := range events {
			p.Evidence = append(p.Evidence, eventRowOf(&events[i], f, now))
		}
	}
	p.Missing = len(a.Events) - len(p.Evidence)
	w.pages.write(rw, http.StatusOK, "alert", p)
}

func paragraphs(s string) []string {
	var list []string
	for p := range strings.SplitSeq(s, "\n") {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return list
}

// eventPage is one event with everything that it holds.
type eventPage struct {
	frame
	Row    eventRow
	Groups []fieldGroup
	Line   string // the wire form
}

type fieldGroup struct {
	Name   string
	Fields []fieldView
}

type fieldView struct {
	Key, Value, Note string
	At               stamp // instead of Value
	Claim            bool  // said by a token that was not verified
}

func (w *Web) event(rw http.ResponseWriter, r *http.Request) {
	var found []event.Event
	id, err := event.ParseID(r.PathValue("id"))
	if err == nil {
		found, err = w.c.History.Events(r.Context(), EventQuery{IDs: []event.ID{id}, Limit: 1})
		if err != nil {
			w.fail(rw, r, err)
			return
		}
	}
	if len(found) == 0 {
		w.problem(rw, r, http.StatusNotFound, "There is no such event, or it is older than what is kept.")
		return
	}
	e, f := &found[0], filter{UTC: r.URL.Query().Get("tz") == "utc"}
	p := eventPage{frame: w.frame(r, shortKind(e.Kind), f), Row: eventRowOf(e, f, w.c.Now()), Line: string(e.Append(nil))}
	p.Groups = w.fields(e)
	w.pages.write(rw, http.StatusOK, "event", p)
}

// groups says under which heading a key stands: the first prefix that fits.
var groups = []struct{ name, prefix string }{
	{"What happened", "event"}, {"What happened", "time"}, {"What happened", "error."}, {"What happened", "msg"},
	{"What happened", "severity"}, {"What happened", "jwt.outcome"}, {"What happened", "jwt.detail"},
	{"What happened", "jwt.owasp"}, {"What happened", "jwt.count"}, {"What happened", "jwt.window"},
	{"What happened", "jotsight.reason_class"}, {"What happened", "jotsight.attack"},
	{"Who and where from", "client."}, {"Who and where from", "user"}, {"Who and where from", "geo."},
	{"Who and where from", "network."}, {"Who and where from", "jwt.claimed_sub"}, {"Who and where from", "jwt.actor"},
	{"Where", "service."}, {"Where", "deployment."}, {"Where", "server."}, {"Where", "http."}, {"Where", "url."},
	{"Token", "jwt."},
	{"Record", ""},
}

// claims are the keys whose value stands in the token itself.
var claims = []string{"jwt.claimed_sub", "jwt.id", "jwt.family", "jwt.generation", "jwt.iss", "jwt.aud", "jwt.client_id",
	"jwt.scope", "jwt.alg", "jwt.kid", "jwt.typ", "jwt.iat", "jwt.nbf", "jwt.exp"}

func (w *Web) fields(e *event.Event) []fieldGroup {
	var list []fieldGroup
	for _, k := range event.Keys() {
		v, ok := w.fieldOf(k, e)
		if !ok {
			continue
		}
		name := groups[slices.IndexFunc(groups, func(g struct{ name, prefix string }) bool {
			return strings.HasPrefix(k.Key, g.prefix)
		})].name
		i := slices.IndexFunc(list, func(g fieldGroup) bool { return g.Name == name })
		if i < 0 {
			i = len(list)
			list = append(list, fieldGroup{Name: name})
		}
		list[i].Fields = append(list[i].Fields, v)
	}
	order := func(name string) int {
		return slices.IndexFunc(groups, func(g struct{ name, prefix string }) bool { return g.name == name })
	}
	slices.SortFunc(list, func(a, b fieldGroup) int { return order(a.Name) - order(b.Name) })
	return list
}

func (w *Web) fieldOf(k *event.Field, e *event.Event) (v fieldView, ok bool) {
	v = fieldView{Key: k.Key, Note: k.Note, Claim: !e.Verified && slices.Contains(claims, k.Key)}
	switch k.Type {
	case event.Text, event.Enum:
		v.Value, ok = k.Text(e)
	case event.Number:
		var n float64
		n, ok = k.Number(e)
		v.Value = decimal(n)
	case event.Bool:
		var b bool
		b, ok = k.Bool(e)
		v.Value = fmt.Sprint(b)
	case event.List:
		list := k.List(e)
		v.Value, ok = strings.Join(list, " "), len(list) > 0
	case event.Timestamp:
		v.At, ok = stampOf(k.Time(e), w.c.Now()), !k.Time(e).IsZero()
	}
	v.Value = visible(v.Value)
	return v, ok
}
