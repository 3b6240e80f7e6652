package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jotsight/jotsight/guard/event"
)

// Config is how a log is kept. One of Dir and Conn is required.
type Config struct {
	Dir  string     // where the server inside this process keeps its files
	Conn *nats.Conn // a cluster instead; its operator answers for syncing and replicas

	MaxAge   time.Duration // older records go; zero: 30 days
	MaxBytes int64         // the oldest records go beyond this; zero: 4 GiB
	Repeats  int           // how many of the last event ids are known for repeats; zero: 262,144

	Log *slog.Logger // nil: silent

	queue   int64         // the server's bound on what waits to be stored; zero: its default
	backoff time.Duration // first pause before a refused message is sent again; zero: 50 ms
}

// ErrClosed answers an Append or Next after Close.
var ErrClosed = errors.New("log: closed")

const (
	subject    = "jotsight.events"
	streamName = "JOTSIGHT"

	maxInFlight      = 8
	maxInFlightBytes = 16 << 20
	maxHeld          = 64 << 20        // records kept in memory for readers that are not quite current
	maxLookBack      = 4096            // messages read at start for the ids of their events
	ackTimeout       = 5 * time.Second // a server whose disk is full says nothing
)

// A Log is an open log. Its methods may be called from many goroutines at once.
type Log struct {
	cfg Config

	link sync.RWMutex // guards the three below: a broken embedded server is replaced
	srv  *server.Server
	conn *nats.Conn
	js   jetstream.JetStream

	mu      sync.Mutex
	queue   []*piece
	held    []Record // durable, in order, the last one is number last
	size    int      // of held
	last    uint64   // the highest durable sequence
	readers map[*Reader]struct{}
	grown   chan struct{} // closed and replaced when last grows
	trouble error         // why the log cannot be written at the moment

	wake    chan struct{} // there is something in the queue
	closing chan struct{}
	abandon context.Context // done when Close will wait no longer
	giveUp  context.CancelFunc
	done    chan struct{} // write has returned
	once    sync.Once

	refused atomic.Int64 // messages that the server was too busy to take

	// Owned by write.
	tail    digest // of the last message made
	first   bool   // nothing to chain to: the log is empty
	repeats *repeats
}

// A piece is a part of one Append that fits into a message.
type piece struct {
	events []event.Event
	lines  []byte
	tick   time.Time
	taken  bool       // by the packer; guarded by Log.mu
	done   chan error // has room for the one answer
}

// Open opens the log, or makes it. A log must be open in one process only. With
// Dir, Open may take as long as the server needs to recover its files.
func Open(ctx context.Context, c Config) (*Log, error) {
	if c.MaxAge == 0 {
		c.MaxAge = 30 * 24 * time.Hour
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 4 << 30
	}
	if c.Repeats == 0 {
		c.Repeats = 1 << 18
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.backoff == 0 {
		c.backoff = 50 * time.Millisecond
	}
	l := &Log{
		cfg:     c,
		readers: map[*Reader]struct{}{},
		grown:   make(chan struct{}),
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
		repeats: newRepeats(c.Repeats),
	}
	if err := l.connect(ctx); err != nil {
		l.disconnect()
		return nil, fmt.Errorf("log %s: %w", c.Dir, err)
	}
	if err := l.lookBack(ctx); err != nil {
		l.disconnect()
		return nil, fmt.Errorf("log %s: %w", c.Dir, err)
	}
	l.abandon, l.giveUp = context.WithCancel(context.Background())
	go l.write()
	return l, nil
}

// connect makes the connection and the stream. It is the only place that knows
// whether the server is ours.
func (l *Log) connect(ctx context.Context) (err error) {
	l.link.Lock()
	defer l.link.Unlock()
	if l.conn = l.cfg.Conn; l.conn == nil {
		if l.srv, l.conn, err = embed(l.cfg.Dir, l.cfg.queue); err != nil {
			return err
		}
	}
	if l.js, err = jetstream.New(l.conn, jetstream.WithPublishAsyncTimeout(ackTimeout)); err != nil {
		return err
	}
	_, err = l.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:        streamName,
		Subjects:    []string{subject},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardOld,
		Compression: jetstream.NoCompression,
		MaxAge:      l.cfg.MaxAge,
		MaxBytes:    l.cfg.MaxBytes,
		AllowDirect: true,
	})
	return err
}

func (l *Log) disconnect() {
	l.link.Lock()
	defer l.link.Unlock()
	if l.srv == nil {
		return
	}
	if l.conn != nil {
		l.conn.Close()
	}
	l.srv.Shutdown()
	l.srv.WaitForShutdown()
	l.srv = nil
}

// stream gives the stream as the server knows it now.
func (l *Log) stream(ctx context.Context) (jetstream.Stream, error) {
	l.link.RLock()
	defer l.link.RUnlock()
	return l.js.Stream(ctx, streamName)
}

// lookBack finds the end of the chain and the ids of the last events.
func (l *Log) lookBack(ctx context.Context) error {
	s, err := l.stream(ctx)
	if err != nil {
		return err
	}
	state := s.CachedInfo().State
	l.last = state.LastSeq
	if l.first = state.Msgs == 0; l.first {
		return nil
	}
	var back [][]*event.Event
	known := 0
	for seq := state.LastSeq; seq >= state.FirstSeq && seq+maxLookBack > state.LastSeq && known < l.cfg.Repeats; seq-- {
		m, err := s.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) && seq < state.LastSeq {
			continue
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", seq, err)
		}
		if seq == state.LastSeq {
			l.tail = digestOf(m.Data)
		}
		r, err := open(seq, m.Data)
		if err != nil {
			return err
		}
		back = append(back, r.Events)
		known += len(r.Events)
	}
	for i := len(back) - 1; i >= 0; i-- {
		for _, e := range back[i] {
			l.repeats.add(e.ID)
		}
	}
	return nil
}

// Append writes events, whose wire forms with a line end each are lines, and
// returns when they are on the disk. An event whose id is among the last ones
// written is left out: it is there already. The log keeps events and lines, so
// the caller may not touch them again.
//
// While the log cannot be written, Append waits and the log tries again. When
// ctx ends first the error is ctx's, and the events may or may not be written.
func (l *Log) Append(ctx context.Context, events []event.Event, lines []byte) error {
	var pieces []*piece
	for len(events) > 0 {
		n, at := 0, 0
		for n < len(events) && n < maxEvents {
			end := bytes.IndexByte(lines[at:], '\n') + 1
			if end == 0 {
				return errors.New("log: fewer lines than events")
			}
			if n > 0 && at+end > maxBytes {
				break
			}
			n, at = n+1, at+end
		}
		pieces = append(pieces, &piece{events: events[:n], lines: lines[:at], done: make(chan error, 1)})
		events, lines = events[n:], lines[at:]
	}
	return l.put(ctx, pieces)
}

// Tick writes that time has passed until now, so that whoever replays the log
// sees it pass too.
func (l *Log) Tick(ctx context.Context, now time.Time) error {
	return l.put(ctx, []*piece{{tick: now, done: make(chan error, 1)}})
}

func (l *Log) put(ctx context.Context, pieces []*piece) error {
	l.mu.Lock()
	select {
	case <-l.closing:
		l.mu.Unlock()
		return ErrClosed
	default:
	}
	l.queue = append(l.queue, pieces...)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	for _, p := range pieces {
		select {
		case err := <-p.done:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			l.withdraw(pieces)
			return ctx.Err()
		}
	}
	return nil
}

// withdraw takes back what the packer has not taken, so that callers who have
// gone leave nothing behind while the log cannot be written.
func (l *Log) withdraw(pieces []*piece) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := map[*piece]bool{}
	for _, p := range pieces {
		gone[p] = !p.taken
	}
	kept := l.queue[:0]
	for _, p := range l.queue {
		if !gone[p] {
			kept = append(kept, p)
		}
	}
	clear(l.queue[len(kept):])
	l.queue = kept
}

// A State is how the log stands.
type State struct {
	Last    uint64 // the highest sequence that is on the disk
	Trouble error  // why the log cannot be written at the moment; nil when it can
}

// State tells how the log stands.
func (l *Log) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return State{Last: l.last, Trouble: l.trouble}
}

// Close writes what is queued and closes the log. When ctx ends first, the rest
// is given up, and the Appends that wait for it get ErrClosed.
func (l *Log) Close(ctx context.Context) error {
	l.once.Do(func() {
		l.mu.Lock()
		close(l.closing)
		l.mu.Unlock()
	})
	var err error
	select {
	case <-l.done:
	case <-ctx.Done():
		l.giveUp()
		<-l.done
		err = ctx.Err()
	}
	l.giveUp()
	l.disconnect()
	return err
}
