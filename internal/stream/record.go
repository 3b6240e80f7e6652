package stream

import (
	"bytes"
	"iter"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A Record is what stands in the log under one sequence number: events that were
// written together, or a tick. Several readers share it: neither the record nor
// its events may be changed.
type Record struct {
	Seq         uint64
	First, Last time.Time // of the events' times; of a tick, both are its time
	Events      []*event.Event
	Lines       []byte // the events' wire forms, each with a line end
}

// Tick reports whether r says nothing but that time has passed, until r.Last.
func (r *Record) Tick() bool { return len(r.Events) == 0 }

// All gives each event with its line, without the line end.
func (r *Record) All() iter.Seq2[*event.Event, []byte] {
	return func(yield func(*event.Event, []byte) bool) {
		rest := r.Lines
		for _, e := range r.Events {
			line, after, _ := bytes.Cut(rest, []byte{'\n'})
			if !yield(e, line) {
				return
			}
			rest = after
		}
	}
}

// size estimates what r holds in memory, in bytes.
func (r *Record) size() int { return len(r.Lines) + len(r.Events)*eventSize }

// eventSize is about what a decoded event takes beside its line.
const eventSize = 1200
