package stream

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jotsight/jotsight/guard/event"
)

// A message is one that was sealed and is not yet known to be on the disk.
type message struct {
	record Record
	data   []byte
	prev   digest
	sum    digest
	first  bool // there is nothing before it
	pieces []*piece
	ack    jetstream.PubAckFuture
	err    error // why it was not even sent
}

func digestOf(m []byte) digest { return sha256.Sum256(m) }

// write packs what is queued and sends it, a few messages at a time, until the
// log closes. It needs no timer: it takes what has queued up whenever one of the
// few places in flight is free, so that messages grow with the load.
func (l *Log) write() {
	defer close(l.done)
	var flight []*message // in the order of the chain
	size := 0
	closing := l.closing
	for {
		for len(flight) < maxInFlight && size < maxInFlightBytes {
			m := l.pack(flight)
			if m == nil {
				break
			}
			m.ack, m.err = l.publish(m)
			flight = append(flight, m)
			size += len(m.data)
		}
		if len(flight) == 0 {
			if closing == nil { // and nothing was queued
				return
			}
			select {
			case <-l.wake:
			case <-closing:
				closing = nil
			}
			continue
		}
		head, refused := flight[0], flight[0].err
		if refused == nil {
			wake := l.wake
			if len(flight) == maxInFlight || size >= maxInFlightBytes {
				wake = nil
			}
			select {
			case <-wake:
				continue
			case a := <-head.ack.Ok():
				l.settle(head, a.Sequence)
				flight, size = flight[1:], size-len(head.data)
				continue
			case refused = <-head.ack.Err():
			case <-l.abandon.Done():
				refused = ErrClosed
			}
		}
		if !l.resend(flight, refused) {
			return
		}
		flight, size = nil, 0
	}
}

// pack makes the next message of what is queued, or gives nil. Events that the
// log has already are left out; who waits for nothing else waits for the last
// message in flight, because the first copy may be in it.
func (l *Log) pack(flight []*message) *message {
	for {
		pieces := l.take()
		if pieces == nil {
			return nil
		}
		m := &message{pieces: pieces, prev: l.tail, first: l.first}
		if t := pieces[0].tick; !t.IsZero() {
			m.record.First, m.record.Last = t, t
		} else if !l.fill(&m.record, pieces) {
			if n := len(flight); n > 0 {
				flight[n-1].pieces = append(flight[n-1].pieces, pieces...)
			} else {
				answer(pieces, nil)
			}
			continue
		}
		m.data, m.sum = seal(&m.record, m.prev)
		l.tail, l.first = m.sum, false
		return m
	}
}

// take gives the pieces at the head of the queue that fit into one message.
func (l *Log) take() []*piece {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, events, size := 0, 0, 0
	for ; n < len(l.queue); n++ {
		p := l.queue[n]
		events, size = events+len(p.events), size+len(p.lines)
		if n > 0 && (events > maxEvents || size > maxBytes || !p.tick.IsZero()) {
			break
		}
		p.taken = true
		if !p.tick.IsZero() {
			n++
			break
		}
	}
	if n == 0 {
		return nil
	}
	pieces := l.queue[:n:n]
	l.queue = l.queue[n:]
	return pieces
}

// fill puts the events of pieces into r and reports whether any was new.
func (l *Log) fill(r *Record, pieces []*piece) bool {
	events, size := 0, 0
	for _, p := range pieces {
		events, size = events+len(p.events), size+len(p.lines)
	}
	r.Events, r.Lines = make([]*event.Event, 0, events), make([]byte, 0, size)
	for _, p := range pieces {
		rest := p.lines
		for i := range p.events {
			e := &p.events[i]
			end := bytes.IndexByte(rest, '\n') + 1
			line := rest[:end]
			rest = rest[end:]
			if !l.repeats.add(e.ID) {
				continue
			}
			if len(r.Events) == 0 || e.Time.Before(r.First) {
				r.First = e.Time
			}
			if len(r.Events) == 0 || e.Time.After(r.Last) {
				r.Last = e.Time
			}
			r.Events = append(r.Events, e)
			r.Lines = append(r.Lines, line...)
		}
	}
	return len(r.Events) > 0
}

// publish sends m under the name of its digest, to be stored directly after the
// message before it or not at all.
func (l *Log) publish(m *message) (jetstream.PubAckFuture, error) {
	opts := []jetstream.PublishOpt{jetstream.WithMsgID(m.sum.id())}
	if !m.first {
		opts = append(opts, jetstream.WithExpectLastMsgID(m.prev.id()))
	}
	l.link.RLock()
	defer l.link.RUnlock()
	return l.js.PublishMsgAsync(&nats.Msg{Subject: subject, Data: m.data}, opts...)
}

// settle hands a message that is on the disk to the readers, then tells those
// who wait for it.
func (l *Log) settle(m *message, seq uint64) {
	m.record.Seq = seq
	l.mu.Lock()
	if l.trouble != nil {
		l.cfg.Log.Info("event log is written again", "record", seq)
		l.trouble = nil
	}
	l.last = seq
	if len(l.readers) > 0 {
		l.held = append(l.held, m.record)
		l.size += m.record.size()
		for l.size > maxHeld {
			l.size -= l.held[0].size()
			l.held[0] = Record{}
			l.held = l.held[1:]
		}
	}
	close(l.grown)
	l.grown = make(chan struct{})
	l.mu.Unlock()
	answer(m.pieces, nil)
}

func answer(pieces []*piece, err error) {
	for _, p := range pieces {
		p.done <- err
	}
}

var errForeign = errors.New("another process has written to it")

const (
	maxPause   = 5 * time.Second // between two attempts
	askTimeout = 3 * time.Second // for the state of the log; a broken server says nothing
)

// resend stores the messages of flight, of which the first was refused, one
// after the other and as often as it takes. Those behind it were refused as
// well, since each demands its predecessor. It reports false when the log was
// closed without waiting; then everybody has been told.
func (l *Log) resend(flight []*message, refused error) bool {
	for _, m := range flight[1:] {
		if m.err != nil {
			continue
		}
		select {
		case <-m.ack.Ok():
		case <-m.ack.Err():
		case <-l.abandon.Done():
		}
	}
	l.note(refused)
	pause := l.cfg.backoff
	for {
		if l.abandon.Err() != nil {
			l.fail(flight)
			return false
		}
		var err error
		if flight, err = l.stored(flight); err == nil {
			if len(flight) == 0 {
				return true
			}
			var seq uint64
			if seq, err = l.publishOne(flight[0]); err == nil {
				l.settle(flight[0], seq)
				if flight = flight[1:]; len(flight) == 0 {
					return true
				}
				pause = l.cfg.backoff
				continue
			}
		}
		l.note(err)
		select {
		case <-time.After(pause):
		case <-l.abandon.Done():
			continue
		}
		pause = min(2*pause, maxPause)
		if !busy(err) {
			l.restart()
		}
	}
}

// stored settles those messages of flight that are on the disk after all, which
// happens when only the answer was lost, and gives the others.
func (l *Log) stored(flight []*message) ([]*message, error) {
	ctx, cancel := context.WithTimeout(l.abandon, askTimeout)
	defer cancel()
	s, err := l.stream(ctx)
	if err != nil {
		return flight, err
	}
	state := s.CachedInfo().State
	if state.Msgs == 0 {
		flight[0].first = true // the age limit has taken the end of the chain
		return flight, nil
	}
	last, err := s.GetMsg(ctx, state.LastSeq)
	if err != nil {
		return flight, fmt.Errorf("record %d: %w", state.LastSeq, err)
	}
	sum := digestOf(last.Data)
	if sum == flight[0].prev {
		return flight, nil
	}
	i := slices.IndexFunc(flight, func(m *message) bool { return m.sum == sum })
	if i < 0 {
		return flight, errForeign
	}
	for j, m := range flight[:i+1] {
		l.settle(m, state.LastSeq-uint64(i-j))
	}
	return flight[i+1:], nil
}

func (l *Log) publishOne(m *message) (uint64, error) {
	ack, err := l.publish(m)
	if err != nil {
		return 0, err
	}
	select {
	case a := <-ack.Ok():
		return a.Sequence, nil
	case err := <-ack.Err():
		return 0, err
	case <-l.abandon.Done():
		return 0, ErrClosed
	}
}

// busy reports whether err says that the server has too much to store, which
// passes by itself.
func busy(err error) bool {
	var e *jetstream.APIError
	return errors.As(err, &e) && e.ErrorCode == 10167
}

// restart replaces the server inside this process: after a failed write it
// refuses everything until it has read its files again.
func (l *Log) restart() {
	if l.cfg.Conn != nil {
		return
	}
	l.disconnect()
	ctx, cancel := context.WithTimeout(l.abandon, startTimeout)
	defer cancel()
	if err := l.connect(ctx); err != nil {
		l.note(err)
	}
}

// note keeps why the log cannot be written, and says so once.
func (l *Log) note(err error) {
	if busy(err) {
		l.refused.Add(1)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trouble == nil {
		l.cfg.Log.Error("event log cannot be written", slog.Any("error", err))
	}
	l.trouble = err
}

// fail tells everybody that the log has closed before their events were on the
// disk.
func (l *Log) fail(flight []*message) {
	for _, m := range flight {
		answer(m.pieces, ErrClosed)
	}
	for {
		pieces := l.take()
		if pieces == nil {
			return
		}
		answer(pieces, ErrClosed)
	}
}
