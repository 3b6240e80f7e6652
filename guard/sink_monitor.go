package guard

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// MonitorConfig says how to reach a monitor (jotsight serve).
type MonitorConfig struct {
	// URL is the monitor's address, http://127.0.0.1:7460. Where it has no path,
	// /v1/events is taken. guard.New judges it, and the rest of these fields.
	URL string
	// Key is an ingest key of the monitor: it can write events and nothing else.
	Key string
	// MaxBytes bounds what is held in memory while the monitor cannot be reached.
	// The default is 8 MiB.
	MaxBytes int
	// Spool keeps events on disk until the monitor has them. Without it, what is
	// held in memory dies with the process.
	Spool SpoolConfig
	// Client is used for the requests. The default has a timeout of 10 s.
	Client *http.Client
	// Log hears when the monitor, or the spool, is lost and found. The default is
	// slog.Default.
	Log *slog.Logger
}

// Format prints the address for every verb, never the key.
func (c MonitorConfig) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "monitor at %q", c.URL) }

// MarshalText is Format; JSON and log/slog use it.
func (c MonitorConfig) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

// Batches of a MonitorLink.
const (
	batchLines = 100                    // from so many events on a batch is sent at once
	batchEvery = 200 * time.Millisecond // after which a smaller one is
	batchBytes = 256 << 10              // the most in one request, before it is compressed
)

// MonitorSink sends events to a monitor, as a [MonitorLink].
func MonitorSink(c MonitorConfig) *MonitorLink {
	orDefault(&c.MaxBytes, 8<<20)
	if c.Client == nil {
		c.Client = &http.Client{
			Timeout: 10 * time.Second,
			// The key is for the monitor alone.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	l := &MonitorLink{
		key: c.Key, client: c.Client, log: c.Log, most: c.MaxBytes,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	var seed [32]byte
	cryptorand.Read(seed[:])
	l.ids = event.NewIDs(seed)
	var err error
	var wrong []error
	if l.url, err = eventsURL(c.URL); err != nil {
		wrong = append(wrong, err)
	}
	if c.Key == "" {
		wrong = append(wrong, errors.New("monitor: Key: missing"))
	}
	if c.MaxBytes < 0 {
		wrong = append(wrong, errors.New("monitor: MaxBytes: negative"))
	}
	if err := c.Spool.complete(); err != nil {
		wrong = append(wrong, fmt.Errorf("monitor: %w", err))
	} else if c.Spool.Dir != "" && len(wrong) == 0 {
		name := func() string { return l.ids.Next(time.Now()).String() }
		if l.spool, err = openSpool(c.Spool, name); err != nil {
			wrong = append(wrong, fmt.Errorf("monitor: Spool.Dir: %w", err))
		}
	}
	l.wrong = errors.Join(wrong...)
	return l
}

func eventsURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("monitor: URL: not an http or https address")
	case u.User != nil:
		return "", errors.New("monitor: URL: credentials do not belong in it")
	case strings.Trim(u.Path, "/") == "":
		u.Path = "/v1/events"
	}
	return u.String(), nil
}

// A MonitorLink sends events as NDJSON, compressed, in batches of a hundred or
// of a fifth of a second. It repeats what was not answered, in order and with
// growing pauses; the monitor knows repeats by their ids.
//
// It holds a bounded amount, and refuses what is newer: a guard then keeps counts
// instead, which it offers again, so that an outage costs detail and not facts.
// What is lost for good is counted and sent as events_dropped.
//
// With a spool, a batch is written to disk before it is sent, and stays there
// until the monitor has acknowledged it:
//
//   - When the process dies, kill -9 included, what was emitted in the last fifth
//     of a second is lost; the rest is sent by the next process that has the
//     directory as its spool, or by one that has it now.
//   - When the machine dies, what was not acknowledged is lost while the monitor
//     answers. From its first failure on, batches are synced to the disk (fsync),
//     and no more is lost than with the process.
//   - While the disk is full, or the spool, events stay in memory.
//
// An answer of 400 or 422 to the same request three times over, or of 413 to one
// event, is final: the events are counted as lost. Where the answer says that the
// request is not welcome at all, such as 401 for a key that was revoked, or 404,
// it is repeated every half minute, and nothing is given up.
//
// Close sends what is held, as long as its context lasts.
type MonitorLink struct {
	url, key string
	wrong    error
	client   *http.Client
	log      *slog.Logger
	most     int
	spool    *spool // owned by the sender; nil without one
	ids      *event.IDs
	wake     chan struct{}
	ctx      context.Context
	cancel   context.CancelCauseFunc
	done     chan struct{} // closed when the sender has ended

	mu      sync.Mutex
	running bool
	closed  bool
	last    bool    // the last of what was lost has been told
	queue   []batch // the last one is still being filled
	spare   []byte  // text of a batch that is done with
	bytes   int     // in memory: in queue and on its way
	lost    int64
	lostAt  time.Time
}

type batch struct {
	text  []byte
	lines int
	since time.Time
}

func (l *MonitorLink) check() error { return l.wrong }

// Emit takes e, and counts it as lost when there is no room.
func (l *MonitorLink) Emit(e *event.Event) {
	if !l.Offer(e) {
		l.lose(1)
	}
}

func (l *MonitorLink) lose(n int) {
	if n == 0 {
		return
	}
	l.mu.Lock()
	l.lost += int64(n)
	l.lostAt = time.Now()
	l.mu.Unlock()
}

// Offer takes e unless there is no room.
func (l *MonitorLink) Offer(e *event.Event) bool {
	if e.ID.IsZero() { // the monitor could not tell its repeats
		named := *e
		named.ID = l.ids.Next(e.Time)
		e = &named
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.wrong != nil || l.bytes >= l.most {
		return false
	}
	if !l.running {
		l.running = true
		go l.send()
	}
	n := len(l.queue)
	if n == 0 || len(l.queue[n-1].text) >= batchBytes {
		l.queue = append(l.queue, batch{text: l.spare[:0], since: time.Now()})
		l.spare = nil
		n++
	}
	b := &l.queue[n-1]
	before := len(b.text)
	b.text = append(e.Append(b.text), '\n')
	b.lines++
	crowded := l.crowded()
	l.bytes += len(b.text) - before
	if b.lines == 1 || b.lines == batchLines || !crowded && l.crowded() {
		l.rouse()
	}
	return true
}

// crowded holds when half of the memory is taken: then no batch waits to become
// larger. The caller holds mu.
func (l *MonitorLink) crowded() bool { return l.bytes >= l.most/2 }

func (l *MonitorLink) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// due takes the oldest batch whose time has come, with the confession of what was
// lost before it. When there is none, wait says how long until there will be,
// negative when none is being filled.
func (l *MonitorLink) due() (b batch, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		b = l.queue[0]
		wait = batchEvery - time.Since(b.since)
		if !l.closed && wait > 0 && b.lines < batchLines && len(b.text) < batchBytes && !l.crowded() {
			return batch{}, wait
		}
		l.queue[0] = batch{}
		if l.queue = l.queue[1:]; len(l.queue) == 0 {
			l.queue = nil
		}
		return l.confess(b), 0
	}
	if l.closed && !l.last { // once: the monitor may refuse this line too
		l.last = true
		return l.confess(b), 0
	}
	return batch{}, -1
}

// confess puts what was lost at the head of a batch. The caller holds mu.
func (l *MonitorLink) confess(b batch) batch {
	if l.lost == 0 {
		return b
	}
	e := event.Event{Time: l.lostAt, ID: l.ids.Next(l.lostAt), Kind: event.EventsDropped, Severity: event.Error,
		Count: l.lost, Origin: "guard", Message: "events lost", Detail: "the monitor did not take them"}
	l.lost = 0
	text := append(e.Append(nil), '\n')
	l.bytes += len(text)
	return batch{append(text, b.text...), b.lines + 1, b.since}
}

// putBack undoes due.
func (l *MonitorLink) putBack(b batch) {
	l.mu.Lock()
	l.queue = append([]batch{b}, l.queue...)
	l.mu.Unlock()
}

// free says that a batch is in memory no longer.
func (l *MonitorLink) free(b batch) {
	l.mu.Lock()
	l.bytes -= len(b.text)
	if cap(b.text) <= 2*batchBytes {
		l.spare = b.text
	}
	l.mu.Unlock()
}

// held reports whether Close was called, and whether anything waits in memory.
func (l *MonitorLink) held() (closed, waiting bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed, len(l.queue) > 0 || l.closed && l.lost > 0 && !l.last
}

// Close sends what is held and stops. When ctx ends first, or the monitor does
// not answer, what is on disk stays there for the next run, and the error says
// how many events were not delivered and are not on disk either.
func (l *MonitorLink) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	running := l.running
	l.mu.Unlock()
	l.rouse()
	if running {
		select {
		case <-l.done:
		case <-ctx.Done():
			l.cancel(ctx.Err())
			select {
			case <-l.done: // what is held goes to disk
			case <-time.After(closeGrace): // a disk that hangs is no reason to
			}
		}
	}
	l.cancel(nil)
	if !running && l.spool != nil {
		l.spool.close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := l.lost
	for _, b := range l.queue {
		lost += int64(b.lines)
	}
	if lost > 0 {
		return fmt.Errorf("monitor: %d events were not delivered", lost)
	}
	return nil
}

const closeGrace = 2 * time.Second
