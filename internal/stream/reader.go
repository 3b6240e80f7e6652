package stream

import (
	"context"
	"errors"
	"slices"
	"sort"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A Reader gives the records of a log from some sequence on, each once and in
// order: from memory while it keeps up, and from the files when it does not. It
// belongs to one goroutine.
type Reader struct {
	log  *Log
	next uint64
	lost uint64
	back jetstream.MessagesContext // open while reading back
}

// The bounds of what is read ahead when reading back. A consumer that is bounded
// by the number of messages is soon declared too slow and crawls.
const (
	readAhead = 8 << 20
	readWait  = 5 * time.Second
)

// Reader gives a reader whose first record is number from, or the oldest that is
// still kept. Sequences begin with 1.
func (l *Log) Reader(from uint64) *Reader {
	r := &Reader{log: l, next: max(from, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers[r] = struct{}{}
	return r
}

// Close lets go of what the log keeps for r.
func (r *Reader) Close() {
	r.stop()
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	delete(r.log.readers, r)
	r.log.trim()
}

// Lost gives how many records retention took away before r could read them.
func (r *Reader) Lost() uint64 { return r.lost }

// Next waits for the next record. Its error is ctx's, ErrClosed, or that a
// stored record is damaged; the next call then goes on behind that one.
func (r *Reader) Next(ctx context.Context) (Record, error) {
	for {
		rec, grown, behind := r.held(true)
		switch {
		case grown == nil:
			r.stop()
			return rec, nil
		case behind:
			rec, err := r.readBack(ctx)
			if err == nil || !errors.Is(err, errAgain) {
				return rec, err
			}
		default:
			r.stop()
			select {
			case <-grown:
			case <-ctx.Done():
				return Record{}, ctx.Err()
			case <-r.log.done:
				if _, grown, behind := r.held(false); grown != nil && !behind {
					return Record{}, ErrClosed
				}
			}
		}
	}
}

// More reports whether the next record is in memory, so that Next will not wait.
func (r *Reader) More() bool {
	_, grown, _ := r.held(false)
	return grown == nil
}

// held gives the next record from memory, and with take moves on behind it; or
// the channel that is closed when the log grows, and whether the record has to
// be read back.
func (r *Reader) held(take bool) (rec Record, grown <-chan struct{}, behind bool) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	i := sort.Search(len(l.held), func(i int) bool { return l.held[i].Seq >= r.next })
	if i < len(l.held) && (i > 0 || l.held[i].Seq == r.next) {
		rec = l.held[i]
		if take {
			r.next = rec.Seq + 1
			l.trim()
		}
		return rec, nil, false
	}
	return Record{}, l.grown, r.next <= l.last
}

// trim lets go of the records that every reader has behind it; l.mu is held.
func (l *Log) trim() {
	least := l.last + 1
	for r := range l.readers {
		least = min(least, r.next)
	}
	n := 0
	for n < len(l.held) && l.held[n].Seq < least {
		l.size -= l.held[n].size()
		n++
	}
	l.held = slices.Delete(l.held, 0, n)
}

// errAgain says that the state of the log has to be looked at anew.
var errAgain = errors.New("again")

// readBack gives the next record from the files.
func (r *Reader) readBack(ctx context.Context) (Record, error) {
	if r.back == nil {
		if err := r.start(ctx); err != nil {
			return Record{}, r.retry(ctx, err)
		}
	}
	wait, cancel := context.WithTimeout(ctx, readWait)
	defer cancel()
	m, err := r.back.Next(jetstream.NextContext(wait))
	if err != nil {
		r.stop()
		return Record{}, r.retry(ctx, err)
	}
	meta, err := m.Metadata()
	if err != nil {
		r.stop()
		return Record{}, r.retry(ctx, err)
	}
	seq := meta.Sequence.Stream
	if seq < r.next { // the consumer began anew
		return Record{}, errAgain
	}
	r.lost += seq - r.next
	r.moveTo(seq + 1)
	return open(seq, m.Data())
}

func (r *Reader) moveTo(next uint64) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.next = next
}

// start opens a consumer at the next record.
func (r *Reader) start(ctx context.Context) error {
	s, err := r.log.stream(ctx)
	if err != nil {
		return err
	}
	state := s.CachedInfo().State
	if first := state.FirstSeq; state.Msgs > 0 && r.next < first {
		r.lost += first - r.next
		r.moveTo(first)
	}
	if state.Msgs == 0 {
		r.lost += state.LastSeq + 1 - r.next
		r.moveTo(state.LastSeq + 1)
		return errAgain
	}
	c, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:   r.next,
	})
	if err != nil {
		return err
	}
	r.back, err = c.Messages(jetstream.PullMaxBytes(readAhead))
	return err
}

// retry pauses after an error of the server, which may be about to come back.
func (r *Reader) retry(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	select {
	case <-r.log.done:
		return ErrClosed
	default:
	}
	if errors.Is(err, errAgain) || errors.Is(err, context.DeadlineExceeded) {
		return errAgain
	}
	select {
	case <-time.After(100 * time.Millisecond):
		return errAgain
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Reader) stop() {
	if r.back != nil {
		r.back.Stop()
		r.back = nil
	}
}
