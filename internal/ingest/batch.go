package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A batch is what one request brought.
type batch struct {
	source string
	now    time.Time
	ids    *event.IDs

	events   []event.Event
	lines    []byte // of events, in the wire form that is kept
	rejected int
	errors   []LineError
	unknown  int // keys that the schema does not know
}

func (b *batch) parse(body []byte) {
	if isArray(body) {
		b.array(body)
		return
	}
	number := 0
	for rest := string(body); rest != ""; {
		line := rest
		if i := strings.IndexByte(rest, '\n'); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
		} else {
			rest = ""
		}
		number++
		if line = strings.TrimSpace(line); line != "" {
			b.take(number, line)
		}
	}
}

// array takes the members of a JSON array; a member's number is its line.
func (b *batch) array(body []byte) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.Token() // the bracket
	number := 1
	for ; dec.More(); number++ {
		var member json.RawMessage
		if err := dec.Decode(&member); err != nil {
			b.refuse(number, errors.New("not JSON; nothing after it was read"))
			return
		}
		b.take(number, string(member))
	}
	if _, err := dec.Token(); err != nil {
		b.refuse(number, errors.New("the array has no end"))
	}
}

func (b *batch) take(number int, line string) {
	b.events = append(b.events, event.Event{}) // decoded in place: an event is a kilobyte
	e := &b.events[len(b.events)-1]
	unknown, err := e.Decode(line)
	switch {
	case err != nil:
	case e.Kind.Audit():
		err = &event.FieldError{Key: "event", Problem: "reserved for the monitor's own audit"}
	case e.Time.Unix() < 0:
		err = &event.FieldError{Key: "time", Problem: "before 1970"}
	}
	if err != nil {
		b.events = b.events[:len(b.events)-1]
		b.refuse(number, err)
		return
	}
	b.unknown += unknown
	b.stamp(e)
	b.lines = append(e.Append(b.lines), '\n')
}

func (b *batch) refuse(number int, err error) {
	b.rejected++
	if len(b.errors) == MaxErrors {
		return
	}
	problem := LineError{Line: number, Problem: err.Error()}
	var f *event.FieldError
	if errors.As(err, &f) {
		problem.Field, problem.Problem = event.Scrub(event.Clip(f.Key, event.MaxClaim)), f.Problem
	}
	b.errors = append(b.errors, problem)
}

// maxAhead is how far a clock may be ahead of ours before it is not believed. It
// is the engine's as well, which sets such events back in files that it replays.
const maxAhead = 60 * time.Second

// stamp sets what the monitor knows better than the sender, and takes out what
// no event may hold: tokens, and the identity of a token that nobody verified.
func (b *batch) stamp(e *event.Event) {
	e.Observed, e.Origin, e.Trust = b.now, "http", "trusted"
	e.FailRatio, e.FailSample, e.ClockClamped = 0, 0, false
	if e.Time.Sub(b.now) > maxAhead {
		e.Time, e.ClockClamped = b.now, true
	}
	if e.ID.IsZero() {
		e.ID = b.ids.Next(b.now)
	}
	if e.ServiceName == "" {
		e.ServiceName = b.source
	}
	if e.Severity == 0 {
		e.Severity = event.DefaultSeverity(e.Kind, e.Reason)
	}
	if !e.Verified && refused(e.Kind) {
		if e.ClaimedSubject == "" {
			e.ClaimedSubject = e.UserID
		}
		e.UserID, e.UserHash = "", ""
	}
	e.Scrub()
}

// refused holds for the kinds whose token may never have been verified.
func refused(k event.Kind) bool {
	switch k {
	case event.VerificationFailed, event.Missing, event.Request, event.RequestFailed,
		event.RefreshFailed, event.RateLimited, event.CanaryUsed:
		return true
	}
	return false
}
