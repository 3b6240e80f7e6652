package guard

import (
	"bytes"
	"compress/gzip"
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// MonitorConfig says how to reach a monitor (jotsight serve).
type MonitorConfig struct {
	// URL is the monitor's address, http://127.0.0.1:7460. Where it has no path,
	// /v1/events is taken. guard.New judges it.
	URL string
	// Key is an ingest key of the monitor: it can write events and nothing else.
	Key string
	// MaxBytes bounds what is held while the monitor cannot be reached. The
	// default is 8 MiB.
	MaxBytes int
	// Client is used for the requests. The default has a timeout of 10 s.
	Client *http.Client
	// Log hears when the monitor is lost and found. The default is slog.Default.
	Log *slog.Logger
}

// Format prints the address for every verb, never the key.
func (c MonitorConfig) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "monitor at %q", c.URL) }

// Batches of a MonitorLink.
const (
	batchLines = 100                    // from so many events on a batch is sent at once
	batchEvery = 200 * time.Millisecond // after which a smaller one is
	batchBytes = 256 << 10              // the most in one request, before it is compressed
	backoffMin = 200 * time.Millisecond
	backoffMax = 30 * time.Second
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
	l.url, l.wrong = eventsURL(c.URL)
	if l.wrong == nil && c.Key == "" {
		l.wrong = errors.New("monitor: Key: missing")
	}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	var seed [32]byte
	cryptorand.Read(seed[:])
	l.ids = event.NewIDs(seed)
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
// of a fifth of a second. It repeats what was not answered, with growing pauses;
// the monitor knows repeats by their ids. It holds a bounded amount and refuses
// more: a guard then keeps counts instead. What is lost is counted and sent as
// events_dropped.
//
// Close sends what is held, as long as its context lasts.
type MonitorLink struct {
	url, key string
	wrong    error
	client   *http.Client
	log      *slog.Logger
	most     int
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
	bytes   int     // in queue and on its way
	lost    int64
	lostAt  time.Time

	failing bool // owned by the sender
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
	l.mu.Lock()
	l.lost += int64(n)
	l.lostAt = time.Now()
	l.mu.Unlock()
}

// Offer takes e unless there is no room.
func (l *MonitorLink) Offer(e *event.Event) bool {
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
		l.queue = append(l.queue, batch{since: time.Now()})
		n++
	}
	b := &l.queue[n-1]
	before := len(b.text)
	b.text = append(e.Append(b.text), '\n')
	b.lines++
	l.bytes += len(b.text) - before
	if b.lines == 1 || b.lines == batchLines {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// send is the sender's goroutine. It owns what it took until that is answered.
func (l *MonitorLink) send() {
	defer close(l.done)
	for {
		b, ok := l.next()
		if !ok {
			return
		}
		if !l.deliver(b) {
			return
		}
		l.mu.Lock()
		l.bytes -= len(b.text)
		l.mu.Unlock()
	}
}

// next waits for a batch that is due.
func (l *MonitorLink) next() (batch, bool) {
	for {
		l.mu.Lock()
		wait := time.Duration(-1)
		if len(l.queue) > 0 {
			b := l.queue[0]
			wait = batchEvery - time.Since(b.since)
			if l.closed || wait <= 0 || b.lines >= batchLines {
				l.queue = l.queue[1:]
				b = l.confess(b)
				l.mu.Unlock()
				return b, true
			}
		} else if l.closed {
			b := batch{}
			if !l.last { // once: the monitor may refuse this line too
				l.last = true
				b = l.confess(b)
			}
			l.mu.Unlock()
			return b, b.lines > 0
		}
		l.mu.Unlock()
		var due <-chan time.Time
		if wait >= 0 {
			due = time.After(wait)
		}
		select {
		case <-l.wake:
		case <-due:
		case <-l.ctx.Done():
			return batch{}, false
		}
	}
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

// deliver sends b until it is answered for good. It reports false when the
// sender was told to stop.
func (l *MonitorLink) deliver(b batch) bool {
	pause := backoffMin
	for {
		status, after, err := l.post(b.text)
		switch {
		case err == nil && status/100 == 2:
			l.report(nil)
			return true
		case err == nil && status == http.StatusRequestEntityTooLarge && b.lines > 1:
			one, two := b.halves()
			return l.deliver(one) && l.deliver(two)
		case err == nil && (status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge ||
			status == http.StatusUnsupportedMediaType || status == http.StatusUnprocessableEntity):
			l.report(fmt.Errorf("status %d", status))
			l.lose(b.lines)
			return true
		case err == nil:
			err = fmt.Errorf("status %d", status)
		}
		l.report(err)
		wait := max(after, pause/2+mathrand.N(pause/2))
		pause = min(2*pause, backoffMax)
		select {
		case <-time.After(min(wait, backoffMax)):
		case <-l.ctx.Done():
			l.lose(b.lines)
			return false
		}
	}
}

// halves splits a batch at a line.
func (b batch) halves() (batch, batch) {
	at, n := 0, 0
	for n < b.lines/2 {
		at += bytes.IndexByte(b.text[at:], '\n') + 1
		n++
	}
	return batch{b.text[:at], n, b.since}, batch{b.text[at:], b.lines - n, b.since}
}

func (l *MonitorLink) post(text []byte) (status int, after time.Duration, err error) {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	z.Write(text)
	z.Close()
	req, err := http.NewRequestWithContext(l.ctx, http.MethodPost, l.url, &body)
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+l.key)
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	var answer struct {
		Rejected int `json:"rejected"`
	}
	reply, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode/100 == 2 && json.Unmarshal(reply, &answer) == nil && answer.Rejected > 0 {
		l.lose(answer.Rejected)
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		after = time.Duration(min(s, 3600)) * time.Second
	}
	return resp.StatusCode, after, nil
}

// report logs when the monitor is lost and when it is found again.
func (l *MonitorLink) report(err error) {
	if l.failing == (err != nil) {
		return
	}
	l.failing = err != nil
	log := l.log
	if log == nil {
		log = slog.Default()
	}
	if err != nil {
		log.Warn("monitor does not take events", slog.String("error", err.Error()))
	} else {
		log.Info("monitor takes events again")
	}
}

// Close sends what is held and stops. When ctx ends first, the error says how
// many events were not delivered.
func (l *MonitorLink) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	running := l.running
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	if running {
		select {
		case <-l.done:
		case <-ctx.Done():
			l.cancel(ctx.Err())
			<-l.done
		}
	}
	l.cancel(nil)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.queue {
		l.lost += int64(b.lines)
	}
	l.queue = nil
	if l.lost > 0 {
		return fmt.Errorf("monitor: %d events were not delivered", l.lost)
	}
	return nil
}
