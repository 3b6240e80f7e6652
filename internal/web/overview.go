package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// How much the overview shows.
const (
	eventsShown = 50
	alertsShown = 12
	alertsMost  = 500
	scansShown  = 5
)

// silentAfter is how long a service may say nothing, heartbeats included, before
// the page calls it silent. Guards send one every 30 s.
const silentAfter = 2 * time.Minute

// An overview is the page that lists everything, and each of its sections.
type overview struct {
	frame
	Status status
	Alerts alertList
	Scans  scanList
	Events eventList
}

// status is the head of the page.
type status struct {
	Filter   filter
	Timeline timeline
	Services []serviceView
	Silent   []serviceView
	Never    bool // nothing has ever reported
	Firing   int64
	Accepted string // links to the list of such events
	Refused  string
	Unknown  string
}

type serviceView struct {
	Name   string
	Link   string
	Last   stamp
	Age    string
	Silent bool
}

type alertList struct {
	Filter filter
	Rows   []alertRow
	More   bool // there may be more than shown
	Never  bool
}

type scanList struct {
	Rows    []scanRow
	BaseURL string // of the snippet
}

type eventList struct {
	Filter   filter
	Rows     []eventRow
	Next     string // link to the older ones, or empty
	Kinds    []event.Kind
	Reasons  []event.Reason
	Outcomes []event.Outcome
	Never    bool
	Silent   []serviceView
	LastSeen stamp  // the newest sign of life
	BaseURL  string // of the snippets
}

func (w *Web) overview(rw http.ResponseWriter, r *http.Request) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		w.problem(rw, r, http.StatusBadRequest, err.Error())
		return
	}
	// Before anything is read: what is added meanwhile is then asked for once
	// more, and not missed.
	p := overview{frame: w.frame(r, "Overview", f)}
	p.Totals = w.totalsID(w.c.Live.Totals())
	ctx := r.Context()
	alerts, err := w.readAlerts(ctx, f)
	if err == nil {
		p.Status, err = w.readStatus(ctx, f, alerts)
	}
	if err == nil {
		p.Alerts = w.alertList(f, alerts, p.Status)
		p.Events, err = w.readEvents(ctx, r, f, p.Status)
	}
	if err == nil {
		p.Scans, err = w.readScans(ctx, r)
	}
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.pages.write(rw, http.StatusOK, "overview", p)
}

// fragment gives one section of the overview, as the page would have it.
func (w *Web) fragment(rw http.ResponseWriter, r *http.Request) {
	f, err := parseFilter(r.URL.Query())
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	ctx := r.Context()
	name := r.PathValue("name")
	var data any
	switch name {
	case "status", "alerts", "events":
		var alerts []AlertView
		var s status
		if alerts, err = w.readAlerts(ctx, f); err != nil {
			break
		}
		if s, err = w.readStatus(ctx, f, alerts); err != nil {
			break
		}
		switch name {
		case "status":
			data = s
		case "alerts":
			data = w.alertList(f, alerts, s)
		default:
			data, err = w.readEvents(ctx, r, f, s)
		}
	case "scans":
		data, err = w.readScans(ctx, r)
	default:
		http.NotFound(rw, r)
		return
	}
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.pages.writeFragment(rw, name, data)
}

func (w *Web) readAlerts(ctx context.Context, f filter) ([]AlertView, error) {
	limit := alertsShown + 1
	if f.AllAlerts {
		limit = alertsMost
	}
	return w.c.History.Alerts(ctx, AlertQuery{Limit: limit})
}

func (w *Web) alertList(f filter, alerts []AlertView, s status) alertList {
	l := alertList{Filter: f, Never: s.Never}
	if !f.AllAlerts && len(alerts) > alertsShown {
		alerts, l.More = alerts[:alertsShown], true
	}
	for _, a := range alerts {
		l.Rows = append(l.Rows, alertRowOf(a, f, w.c.Now()))
	}
	return l
}

func (w *Web) readStatus(ctx context.Context, f filter, alerts []AlertView) (status, error) {
	now := w.c.Now()
	from, to := hour(now)
	sum, err := w.c.History.Summary(ctx, from, to, timelineStep)
	if err != nil {
		return status{}, err
	}
	of := func(o event.Outcome) string { return f.only(func(f *filter) { f.Outcome = o }) }
	s := status{Filter: f, Timeline: drawTimeline(sum.Bins, alerts, now), Firing: sum.Firing,
		Accepted: of(event.Success), Refused: of(event.Failure), Unknown: of(event.UnknownOutcome)}
	for _, one := range sum.Services {
		if one.Name == ownName { // its audit is no sign of life of anybody else
			continue
		}
		v := serviceView{Name: visible(one.Name), Last: stampOf(one.Last, now), Age: age(one.Last, now),
			Silent: now.Sub(one.Last) > silentAfter,
			Link:   f.only(func(f *filter) { f.Service = one.Name })}
		s.Services = append(s.Services, v)
		if v.Silent {
			s.Silent = append(s.Silent, v)
		}
	}
	s.Never = len(s.Services) == 0
	return s, nil
}

func (w *Web) readEvents(ctx context.Context, r *http.Request, f filter, s status) (eventList, error) {
	events, err := w.c.History.Events(ctx, f.query(eventsShown+1))
	if err != nil {
		return eventList{}, err
	}
	l := eventList{Filter: f, Kinds: event.Kinds(), Reasons: event.Reasons(),
		Outcomes: []event.Outcome{event.Success, event.Failure, event.UnknownOutcome},
		Never:    s.Never, Silent: s.Silent, BaseURL: w.baseURL(r)}
	if len(events) > eventsShown {
		events = events[:eventsShown]
		l.Next = f.at(cursorOf(&events[eventsShown-1]))
	}
	now := w.c.Now()
	for i := range events {
		l.Rows = append(l.Rows, eventRowOf(&events[i], f, now))
	}
	if len(s.Services) > 0 {
		newest := slices.MaxFunc(s.Services, func(a, b serviceView) int { return cmp.Compare(a.Last.ISO, b.Last.ISO) })
		l.LastSeen = newest.Last
	}
	return l, nil
}

func (w *Web) readScans(ctx context.Context, r *http.Request) (scanList, error) {
	reports, err := w.c.History.Scans(ctx, scansShown)
	l := scanList{BaseURL: w.baseURL(r)}
	for _, one := range reports {
		l.Rows = append(l.Rows, scanRowOf(one, w.c.Now()))
	}
	return l, err
}

// baseURL is what a service would be told to send to: as configured, else as
// this reader reaches us.
func (w *Web) baseURL(r *http.Request) string {
	if w.c.BaseURL != "" {
		return w.c.BaseURL
	}
	u := url.URL{Scheme: "http", Host: visible(r.Host)}
	if w.c.Secure {
		u.Scheme = "https"
	}
	return u.String()
}
