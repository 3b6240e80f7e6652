package web

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jotsight/jotsight/guard/event"
)

// A filter is the state of a page. All of it stands in the URL, so that a link
// shows to others what it shows to its sender.
type filter struct {
	Kind      event.Kind
	Reason    event.Reason
	Outcome   event.Outcome
	Address   string
	Service   string
	Before    Cursor
	AllAlerts bool
	UTC       bool // show UTC, not the reader's zone
}

// parseFilter reads a query string. It refuses values that no link of ours has,
// naming every one; the filter holds what could be read.
func parseFilter(q url.Values) (filter, error) {
	var f filter
	var wrong []error
	refuse := func(key, want string) { wrong = append(wrong, fmt.Errorf("%s: not %s", key, want)) }

	if s := q.Get("kind"); s != "" {
		var ok bool
		if f.Kind, ok = event.ParseKind(s); !ok {
			refuse("kind", "a kind of event")
		}
	}
	if s := q.Get("reason"); s != "" {
		var ok bool
		if f.Reason, ok = event.ParseReason(s); !ok {
			refuse("reason", "a reason")
		}
	}
	switch s := q.Get("outcome"); s {
	case "":
	case event.Success.String():
		f.Outcome = event.Success
	case event.Failure.String():
		f.Outcome = event.Failure
	case event.UnknownOutcome.String():
		f.Outcome = event.UnknownOutcome
	default:
		refuse("outcome", "success, failure or unknown")
	}
	for key, to := range map[string]*string{"address": &f.Address, "service": &f.Service} {
		s := strings.TrimSpace(q.Get(key))
		if len(s) > event.MaxClaim || !utf8.ValidString(s) {
			refuse(key, fmt.Sprintf("a text of at most %d bytes", event.MaxClaim))
			continue
		}
		*to = s
	}
	if s := q.Get("before"); s != "" {
		var ok bool
		if f.Before, ok = parseCursor(s); !ok {
			refuse("before", "a place in the list")
		}
	}
	f.AllAlerts = q.Get("alerts") == "all"
	f.UTC = q.Get("tz") == "utc"
	return f, errors.Join(wrong...)
}

// Narrow reports whether f hides any event but by its place.
func (f filter) Narrow() bool {
	return f.Kind != 0 || f.Reason != 0 || f.Outcome != 0 || f.Address != "" || f.Service != ""
}

// First reports whether the newest events are shown.
func (f filter) First() bool { return f.Before == Cursor{} }

// Path gives a link to path with the state of f.
func (f filter) Path(path string) string {
	q := f.values().Encode()
	if q == "" {
		return path
	}
	return path + "?" + q
}

// Overview is the page itself.
func (f filter) Overview() string { return f.Path("/") }

// List is the page at its list of events.
func (f filter) List() string { return f.Path("/") + "#events" }

// Detail gives a link to a page that has no filter of its own.
func (f filter) Detail(path string) string { return filter{UTC: f.UTC}.Path(path) }

// Top is the page without a filter.
func (f filter) Top() string { return f.Detail("/") }

// Newest is the first page of the list.
func (f filter) Newest() string { f.Before = Cursor{}; return f.List() }

// Clear is the list without a filter.
func (f filter) Clear() string { return f.Detail("/") + "#events" }

// ShowAlerts is the page with all alerts.
func (f filter) ShowAlerts() string { f.AllAlerts = true; return f.Path("/") + "#alerts" }

// at is the page of the list after c.
func (f filter) at(c Cursor) string { f.Before = c; return f.List() }

// only is the list narrowed further, from its top.
func (f filter) only(change func(*filter)) string {
	change(&f)
	f.Before = Cursor{}
	return f.List()
}

func (f filter) values() url.Values {
	q := url.Values{}
	set := func(key, value string) {
		if value != "" {
			q.Set(key, value)
		}
	}
	if f.Kind != 0 {
		q.Set("kind", f.Kind.String())
	}
	set("reason", f.Reason.String())
	set("outcome", f.Outcome.String())
	set("address", f.Address)
	set("service", f.Service)
	if !f.First() {
		q.Set("before", f.Before.String())
	}
	if f.AllAlerts {
		q.Set("alerts", "all")
	}
	if f.UTC {
		q.Set("tz", "utc")
	}
	return q
}

func (f filter) query(limit int) EventQuery {
	return EventQuery{Kind: f.Kind, Reason: f.Reason, Outcome: f.Outcome,
		Address: f.Address, Service: f.Service, Before: f.Before, Limit: limit}
}

// String writes nanoseconds since the Unix epoch, a dot and the id.
func (c Cursor) String() string {
	return strconv.FormatInt(c.Time.UnixNano(), 10) + "." + c.ID.String()
}

// parseCursor reads what String wrote.
func parseCursor(s string) (Cursor, bool) {
	nanos, id, ok := strings.Cut(s, ".")
	if !ok {
		return Cursor{}, false
	}
	n, err := strconv.ParseInt(nanos, 10, 64)
	if err != nil {
		return Cursor{}, false
	}
	c := Cursor{Time: time.Unix(0, n).UTC()}
	c.ID, err = event.ParseID(id)
	return c, err == nil
}

func cursorOf(e *event.Event) Cursor { return Cursor{Time: e.Time, ID: e.ID} }
