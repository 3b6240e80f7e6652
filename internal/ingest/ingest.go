// Package ingest turns bytes from outside into events of the log.
//
// Silence in parsing is a weakness of our own: a line that cannot be read is
// refused by itself, with its number and the field to blame, it is counted, and
// the good lines around it are kept. What is accepted is on the disk before the
// answer is given.
package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/jotsight/jotsight/guard/event"
)

// A Log takes the events that were accepted, with their wire forms, a line end
// after each. Append returns when they are durable, or with an error after which
// the sender must send them again. It keeps both slices.
type Log interface {
	Append(ctx context.Context, events []event.Event, lines []byte) error
}

// Keys tells whose a write-only key is. It is called once a request with the
// SHA-256 of the key, which is never kept; comparing hashes needs no constant
// time.
type Keys interface {
	Source(ctx context.Context, hash [sha256.Size]byte) (source string, found bool, err error)
}

// KeyHash gives the form in which a key is kept and compared.
func KeyHash(key string) [sha256.Size]byte { return sha256.Sum256([]byte(key)) }

// Config is what a Handler needs. Log, Keys and IDs are required; a zero field
// means its default.
type Config struct {
	Log    Log
	Keys   Keys
	IDs    *event.IDs
	Now    func() time.Time // time.Now
	Logger *slog.Logger     // silent

	MaxBody   int64         // bytes of one request, decompressed; 16 MiB
	MaxEvents int           // of one request; 20,000
	MaxHeld   int64         // bytes of all requests under way, as they lie in memory; 128 MiB, beyond it the answer is 429
	Wait      time.Duration // for the log, before the answer is 503; 30 s
	// Trouble says why the log cannot be written just now, so that nobody waits for
	// what is known; nil for a log that does not tell.
	Trouble func() error
}

// Stats count since the start.
type Stats struct{ Accepted, Refused, UnknownKeys, Busy int64 }

// A Handler answers POST /v1/events.
type Handler struct {
	cfg  Config
	held atomic.Int64

	accepted, refused, unknown, busy atomic.Int64
	noted                            atomic.Int64 // Unix second of the last log line about refusals
}

// New makes a Handler.
func New(c Config) *Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxBody == 0 {
		c.MaxBody = 16 << 20
	}
	if c.MaxEvents == 0 {
		c.MaxEvents = 20_000
	}
	if c.MaxHeld == 0 {
		c.MaxHeld = 128 << 20
	}
	if c.Wait == 0 {
		c.Wait = 30 * time.Second
	}
	return &Handler{cfg: c}
}

// Stats gives the counts.
func (h *Handler) Stats() Stats {
	return Stats{h.accepted.Load(), h.refused.Load(), h.unknown.Load(), h.busy.Load()}
}

// A LineError says what is wrong with one line, counted from 1 as the sender
// sees it. It repeats nothing of the line but the names of keys.
type LineError struct {
	Line    int    `json:"line"`
	Field   string `json:"field,omitempty"`
	Problem string `json:"problem"`
}

// An Answer is what the sender is told.
type Answer struct {
	Accepted int         `json:"accepted"`
	Rejected int         `json:"rejected"`
	Errors   []LineError `json:"errors,omitempty"` // the first ones, MaxErrors at most
}

// MaxErrors bounds Answer.Errors.
const MaxErrors = 10

// ServeHTTP takes newline-delimited JSON, or an array of events, plain or with
// gzip. 202 says how many lines are durable now and which were refused; a sender
// that gets anything else may send the same events again, because an event whose
// id is known is taken once.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST") // reading is the page's business
		Refuse(w, http.StatusMethodNotAllowed, "events are posted")
		return
	}
	source, ok := Admit(w, r, h.cfg.Keys, h.cfg.Logger)
	if !ok {
		return
	}
	body, release, err := h.read(w, r)
	defer release()
	if err != nil {
		var s *statusError
		if !errors.As(err, &s) {
			s = &statusError{http.StatusBadRequest, "the body broke off or is not what Content-Encoding says"}
		}
		if s.status == http.StatusTooManyRequests {
			h.busy.Add(1)
			w.Header().Set("Retry-After", "1")
		}
		Refuse(w, s.status, s.problem)
		return
	}
	b := batch{source: source, now: h.cfg.Now(), ids: h.cfg.IDs,
		events: make([]event.Event, 0, most(body)), lines: make([]byte, 0, len(body)+len(body)/4)}
	b.parse(body)
	h.unknown.Add(int64(b.unknown))
	if len(b.events) > 0 {
		if h.cfg.Trouble != nil && h.cfg.Trouble() != nil {
			refuseForNow(w)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), h.cfg.Wait)
		defer cancel()
		if err := h.cfg.Log.Append(ctx, b.events, b.lines); err != nil {
			h.cfg.Logger.Error("events not written", slog.String("source", source), slog.Any("error", err))
			refuseForNow(w)
			return
		}
	}
	h.accepted.Add(int64(len(b.events)))
	h.note(source, &b)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	json.NewEncoder(w).Encode(Answer{len(b.events), b.rejected, b.errors})
}

type statusError struct {
	status  int
	problem string
}

func (e *statusError) Error() string { return e.problem }

var errHeld = &statusError{http.StatusTooManyRequests, "too much under way; come again"}

// eventSize is about what a decoded event takes beside its line. The shortest
// line has a twentieth of it, so that bytes alone would be no bound.
const eventSize = 1200

// most gives how many events body can hold at most, in one quick pass.
func most(body []byte) int {
	if isArray(body) {
		return bytes.Count(body, []byte{'{'})
	}
	return bytes.Count(bytes.TrimSuffix(body, []byte{'\n'}), []byte{'\n'}) + 1
}

// read takes the body into memory, as long as the bytes of all requests under
// way leave room for it. release gives the room back.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	var mine int64
	release = func() { h.held.Add(-mine) }
	in := io.Reader(http.MaxBytesReader(w, r.Body, h.cfg.MaxBody))
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, release, err
		}
		in = z
	default:
		return nil, release, &statusError{http.StatusUnsupportedMediaType, "Content-Encoding: gzip or none"}
	}
	if t := r.Header.Get("Content-Type"); t != "" {
		if kind, _, err := mime.ParseMediaType(t); err != nil || strings.HasPrefix(kind, "multipart/") {
			return nil, release, &statusError{http.StatusUnsupportedMediaType, "Content-Type: application/x-ndjson or application/json"}
		}
	}
	for {
		if len(body) == cap(body) {
			grow := int64(max(cap(body), 64<<10))
			if h.held.Add(grow) > h.cfg.MaxHeld {
				h.held.Add(-grow)
				return nil, release, errHeld
			}
			mine += grow
			body = append(make([]byte, 0, mine), body...)
		}
		n, err := in.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		var long *http.MaxBytesError
		switch {
		case int64(len(body)) > h.cfg.MaxBody || errors.As(err, &long):
			return nil, release, &statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("longer than %d bytes", h.cfg.MaxBody)}
		case err == io.EOF:
			n := most(body)
			if n > h.cfg.MaxEvents {
				return nil, release, &statusError{http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d events", h.cfg.MaxEvents)}
			}
			decoded := int64(n) * eventSize
			if mine += decoded; h.held.Add(decoded) > h.cfg.MaxHeld {
				return nil, release, errHeld
			}
			return body, release, nil
		case err != nil:
			return nil, release, err
		}
	}
}

func refuseForNow(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	Refuse(w, http.StatusServiceUnavailable, "the log cannot be written at the moment; send the same events again")
}

// note writes one log line a second at most about lines that were refused.
func (h *Handler) note(source string, b *batch) {
	if b.rejected == 0 {
		return
	}
	h.refused.Add(int64(b.rejected))
	now := b.now.Unix()
	if last := h.noted.Load(); last == now || !h.noted.CompareAndSwap(last, now) {
		return
	}
	e := b.errors[0]
	h.cfg.Logger.Warn("events refused", slog.String("source", source), slog.Int("refused", b.rejected),
		slog.Int("line", e.Line), slog.String("field", e.Field), slog.String("problem", e.Problem),
		slog.Int64("refused.total", h.refused.Load()))
}

// isArray reports whether a body is a JSON array rather than lines.
func isArray(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte{'['})
}
