package monitor

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/klauspost/compress/gzip"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/ingest"
	"github.com/jotsight/jotsight/internal/web"
)

// routes are what programs write to, and the page for the rest.
func (m *Monitor) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/events", m.ingest)
	mux.HandleFunc("POST /v1/scans", m.addScan)
	for _, read := range []string{"events", "alerts", "scans"} {
		mux.Handle("GET /v1/"+read, m.web)
	}
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) {
		ingest.Refuse(w, http.StatusNotFound, "no such path, or not with this method")
	})
	mux.HandleFunc("GET /healthz", m.health)
	mux.Handle("/", m.web)
	return mux
}

// maxReport bounds a report, after decompression.
const maxReport = 16 << 20

// addScan keeps a report for the page. The key is an ingest key, which may write
// and nothing else.
func (m *Monitor) addScan(w http.ResponseWriter, r *http.Request) {
	source, ok := ingest.Admit(w, r, m.history, m.c.Log)
	if !ok {
		return
	}
	report, status, problem := readReport(w, r)
	if report == nil {
		ingest.Refuse(w, status, problem)
		return
	}
	added, err := m.history.AddScan(r.Context(), report)
	if err != nil {
		m.c.Log.Error("report not kept", slog.String("source", source), slog.Any("error", err))
		w.Header().Set("Retry-After", "5")
		ingest.Refuse(w, http.StatusServiceUnavailable, "the history cannot be written at the moment; send this again")
		return
	}
	if added {
		m.hub.Add(web.Totals{Scans: 1})
	}
	answer(w, http.StatusAccepted, struct {
		Added bool `json:"added"` // false: it was there already
	}{added})
}

// readReport reads a report and takes out what could be a token. Without a
// report, status and problem say why.
func readReport(w http.ResponseWriter, r *http.Request) (report *finding.Report, status int, problem string) {
	in := io.Reader(http.MaxBytesReader(w, r.Body, maxReport))
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, http.StatusBadRequest, "the body is not what Content-Encoding says"
		}
		in = io.LimitReader(z, maxReport+1)
	}
	body, err := io.ReadAll(in)
	var long *http.MaxBytesError
	if len(body) > maxReport || errors.As(err, &long) {
		return nil, http.StatusRequestEntityTooLarge, "the report is too long"
	}
	report = &finding.Report{}
	if err == nil {
		err = json.Unmarshal([]byte(event.Scrub(string(body))), report)
	}
	switch {
	case err != nil:
		return nil, http.StatusBadRequest, "not a report: not JSON of its form"
	case report.Schema != finding.Schema:
		return nil, http.StatusBadRequest, "not a report: schema is not " + finding.Schema
	}
	return report, 0, ""
}

// A Health is what GET /healthz tells everybody who can reach it: numbers of our
// own working, and nothing of what is watched.
type Health struct {
	Status   string `json:"status"` // ok, or what is wrong first
	Log      uint64 `json:"log"`    // records that are on the disk
	Detector uint64 `json:"detector_behind"`
	History  uint64 `json:"history_behind"`
	Accepted int64  `json:"accepted"` // events, since the start
	Refused  int64  `json:"refused"`  // lines, since the start
	Owed     int64  `json:"owed"`     // deliveries in the outbox
	Dead     int64  `json:"dead"`     // deliveries that were given up
}

// farBehind is from how many records on a reader counts as behind.
const farBehind = 1000

func (m *Monitor) health(w http.ResponseWriter, r *http.Request) {
	state, counts := m.log.State(), m.ingest.Stats()
	h := Health{
		Status: "ok", Log: state.Last, Accepted: counts.Accepted, Refused: counts.Refused,
		Detector: state.Last - min(m.detector.place.Load(), state.Last),
		History:  state.Last - min(m.historian.place.Load(), state.Last),
	}
	var err error
	h.Owed, h.Dead, err = m.history.CountOutbox(r.Context())
	switch {
	case state.Trouble != nil:
		h.Status = "the log cannot be written"
	case err != nil:
		h.Status = "the history cannot be read"
	case h.Detector > farBehind:
		h.Status = "the detector is behind"
	case h.History > farBehind:
		h.Status = "the history is behind"
	}
	status := http.StatusOK
	if h.Status != "ok" {
		status = http.StatusServiceUnavailable
	}
	answer(w, status, h)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // an error is the client's: it has gone
}
