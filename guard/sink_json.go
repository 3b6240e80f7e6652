package guard

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

const (
	linesFull  = 256 << 10              // bytes that are written at once
	linesEvery = 200 * time.Millisecond // the longest that an event waits in the buffer
	linesWait  = 100 * time.Millisecond // the longest that a caller waits for a writer that is stuck
)

// JSONSink writes events as JSON lines to w, as a [LineSink].
func JSONSink(w io.Writer) *LineSink {
	return &LineSink{w: w, turn: make(chan struct{}, 1), now: time.Now}
}

// A LineSink appends events to a buffer that is written out as a whole: when it
// is full, while the caller who filled it waits, and a fifth of a second after
// its first event at the latest. There is no standing writer goroutine with a
// queue before it, because none is scheduled under the very flood that it is
// meant to record. While one buffer is being written another is filled; when
// that is full too, callers wait. A writer that finishes nothing for a tenth of
// a second is stuck, and holds nobody up for longer.
//
// Lines that a writer fails to take are counted, and the count is written as
// events_dropped as soon as the writer works again.
//
// Close writes what is buffered. A LineSink that was closed still works, without
// a buffer, so that several guards may share one.
type LineSink struct {
	w    io.Writer
	now  func() time.Time
	turn chan struct{} // held by whoever writes; guards w, spare, torn and err
	mu   sync.Mutex    // guards buf, timer and closed

	buf    []byte
	timer  *time.Timer
	closed bool

	lost  atomic.Int64 // events that nobody has been told of
	wrote atomic.Int64 // writes that have finished
	spare []byte
	torn  bool // the last write ended within a line
	err   error
}

// Emit appends e, and counts it as lost when the writer is stuck.
func (s *LineSink) Emit(e *event.Event) {
	if !s.Offer(e) {
		s.lost.Add(1)
	}
}

// Offer appends e unless the writer is stuck.
func (s *LineSink) Offer(e *event.Event) bool {
	s.mu.Lock()
	for len(s.buf) >= linesFull {
		s.mu.Unlock()
		if !s.makeRoom() {
			return false
		}
		s.mu.Lock()
	}
	if s.buf == nil {
		s.buf = make([]byte, 0, linesFull+linesFull/8)
	}
	first := len(s.buf) == 0
	s.buf = append(e.Append(s.buf), '\n')
	full, closed := len(s.buf) >= linesFull, s.closed
	if first && !closed {
		if s.timer == nil {
			s.timer = time.AfterFunc(linesEvery, s.write)
		} else {
			s.timer.Reset(linesEvery)
		}
	}
	s.mu.Unlock()
	if full || closed {
		select {
		case s.turn <- struct{}{}:
			s.writeFor(linesWait)
		default: // somebody is writing; when closed, he or whoever fills the buffer writes this too
			if closed {
				s.makeRoom()
			}
		}
	}
	return true
}

// makeRoom waits until a buffer was written, by whomever, and reports false when
// none was for too long.
func (s *LineSink) makeRoom() bool {
	before := s.wrote.Load()
	t := time.NewTimer(linesWait)
	defer t.Stop()
	select {
	case s.turn <- struct{}{}:
		s.writeFor(linesWait)
	case <-t.C:
	}
	return s.wrote.Load() != before
}

// writeFor writes the buffer out and waits for that, but no longer than d: a
// writer that is stuck keeps the turn and a goroutine, and nobody else. The
// caller has the turn.
func (s *LineSink) writeFor(d time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.writeOut()
		<-s.turn
	}()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}

// write waits for the turn and writes the buffer out.
func (s *LineSink) write() {
	s.turn <- struct{}{}
	s.writeOut()
	<-s.turn
}

// writeOut writes the buffer out. The caller has the turn.
func (s *LineSink) writeOut() {
	s.mu.Lock()
	out := s.buf
	s.buf = s.spare[:0]
	s.mu.Unlock()
	s.spare = nil
	if len(out) > 0 || s.lost.Load() > 0 {
		s.put(out)
	}
	if cap(out) <= 2*linesFull {
		s.spare = out[:0]
	}
	s.wrote.Add(1)
}

// put writes lines, and before them what happened to earlier ones. The caller
// has the turn.
func (s *LineSink) put(lines []byte) {
	if lost := s.lost.Load(); s.torn || lost > 0 {
		var head []byte
		if s.torn {
			head = append(head, '\n')
		}
		if lost > 0 {
			e := event.Event{Time: s.now(), Kind: event.EventsDropped, Severity: event.Error, Count: lost,
				Origin: "guard", Message: "events lost", Detail: "the writer did not take them"}
			head = append(e.Append(head), '\n')
		}
		if s.try(head) > 0 {
			s.lost.Add(int64(bytes.Count(lines, newline)))
			return
		}
		s.lost.Add(-lost)
	}
	if len(lines) > 0 {
		s.lost.Add(s.try(lines))
	}
}

var newline = []byte{'\n'}

// try writes b and says how many of its lines did not get out whole.
func (s *LineSink) try(b []byte) int64 {
	n, err := s.w.Write(b)
	n = min(max(n, 0), len(b))
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	s.err = err
	if err == nil {
		s.torn = false
		return 0
	}
	if n > 0 {
		s.torn = b[n-1] != '\n'
	}
	return int64(bytes.Count(b[n:], newline))
}

// Flush writes out what is buffered, waiting for the writer until ctx ends. The
// error is that of the last write.
func (s *LineSink) Flush(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		s.turn <- struct{}{}
		s.writeOut()
		done <- s.err
		<-s.turn
	}()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("event sink: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("event sink: %w", ctx.Err())
	}
}

// Close writes out what is buffered and stops buffering.
func (s *LineSink) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	return s.Flush(ctx)
}
