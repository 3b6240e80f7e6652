package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/jotsight/jotsight/internal/finding"
)

// apiMost bounds one answer of the JSON form.
const apiMost = 500

// apiEvents answers {"events":[…],"next":"…"}: events in their wire form, and
// the value of before that gives those after them, if there are more.
func (w *Web) apiEvents(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f, err := parseFilter(q)
	limit, errLimit := parseLimit(q)
	if err != nil || errLimit != nil {
		refuse(rw, http.StatusBadRequest, firstOf(err, errLimit).Error())
		return
	}
	events, err := w.c.History.Events(r.Context(), f.query(limit+1))
	if err != nil {
		w.failJSON(rw, r, err)
		return
	}
	next := ""
	if len(events) > limit {
		events = events[:limit]
		next = cursorOf(&events[limit-1]).String()
	}
	b := []byte(`{"events":[`)
	for i := range events {
		if i > 0 {
			b = append(b, ',')
		}
		b = events[i].Append(append(b, '\n'))
	}
	b = append(b, "\n],\"next\":"...)
	b = strconv.AppendQuote(b, next) // digits, a dot and a ULID: the same in JSON
	sendJSON(rw, http.StatusOK, append(b, "}\n"...))
}

func (w *Web) apiAlerts(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, err := parseLimit(q)
	if err != nil {
		refuse(rw, http.StatusBadRequest, err.Error())
		return
	}
	alerts, err := w.c.History.Alerts(r.Context(), AlertQuery{ID: q.Get("id"), Limit: limit})
	w.answer(rw, r, map[string]any{"alerts": nonNil(alerts)}, err)
}

func (w *Web) apiScans(rw http.ResponseWriter, r *http.Request) {
	limit, err := parseLimit(r.URL.Query())
	if err != nil {
		refuse(rw, http.StatusBadRequest, err.Error())
		return
	}
	reports, err := w.c.History.Scans(r.Context(), limit)
	w.answer(rw, r, map[string]any{"scans": nonNil(reports)}, err)
}

func parseLimit(q url.Values) (int, error) {
	s := q.Get("limit")
	if s == "" {
		return 100, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > apiMost {
		return 0, fmt.Errorf("limit: not a number from 1 to %d", apiMost)
	}
	return n, nil
}

func (w *Web) answer(rw http.ResponseWriter, r *http.Request, v any, err error) {
	if err != nil {
		w.failJSON(rw, r, err)
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		w.failJSON(rw, r, err)
		return
	}
	sendJSON(rw, http.StatusOK, append(finding.EscapeJSON(b), '\n'))
}

func (w *Web) failJSON(rw http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return
	}
	w.c.Log.ErrorContext(r.Context(), "answer failed", "error", err, "http.route", r.Pattern)
	refuse(rw, http.StatusInternalServerError, "the monitor could not answer")
}

func refuse(rw http.ResponseWriter, status int, why string) {
	b, _ := json.Marshal(map[string]string{"error": why}) // texts: cannot fail
	sendJSON(rw, status, append(finding.EscapeJSON(b), '\n'))
}

func sendJSON(rw http.ResponseWriter, status int, b []byte) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	rw.Write(b)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// nonNil makes an empty list [] and not null.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
