package guard

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	backoffMin = 200 * time.Millisecond
	backoffMax = 30 * time.Second
	diskEvery  = time.Second      // between two tries to write to a disk that would not
	lookEvery  = 10 * time.Second // between two looks for what others have left behind
	finalAfter = 3                // answers that say that a request is wrong
	textMost   = 4 << 20          // of a request that is split
)

// A sender is the goroutine of a MonitorLink. It alone touches the spool. One
// request is under way at a time, and meanwhile batches go on moving to disk.
type sender struct {
	*MonitorLink
	zip    *gzip.Writer
	packed []byte       // on its way to the spool
	room   []byte       // for a request that was read from the spool or packed in memory
	reads  atomic.Int32 // readers of it that the HTTP client has not closed

	now     piece   // what is being sent; without lines, nothing is
	rest    []piece // what comes after it: the other parts of a request that was too large
	stored  parcel  // where all of that lies in the spool,
	memory  *batch  // or in memory
	flying  bool
	answer  chan answer
	refused int // answers that said that it is wrong
	pause   time.Duration
	retry   time.Time // not before
	failing int       // status of the last answer, -1 without one; zero when it was good

	disk     time.Time // when the spool may be written to again
	diskDown error
	looked   time.Time
	closing  bool
	tried    bool // since Close was called, in vain
}

// A piece is a request: NDJSON, compressed.
type piece struct {
	body  []byte
	lines int
}

type answer struct {
	status   int
	after    time.Duration
	rejected int
	err      error
}

func (l *MonitorLink) send() {
	defer close(l.done)
	s := &sender{MonitorLink: l, answer: make(chan answer, 1), pause: backoffMin}
	if l.spool != nil {
		l.spool.say = s.say
		defer l.spool.close()
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s.look()
		wait := s.store()
		wait = sooner(wait, s.launch())
		if s.finished() {
			return
		}
		var due <-chan time.Time
		if wait >= 0 {
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case <-l.wake:
		case <-due:
		case a := <-s.answer:
			s.judge(a)
		case <-l.ctx.Done():
			s.abandon()
			return
		}
	}
}

// sooner gives the shorter of two waits; a negative one is none.
func sooner(a, b time.Duration) time.Duration {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

func (s *sender) look() {
	if s.spool != nil && time.Since(s.looked) >= lookEvery {
		s.looked = time.Now()
		s.spool.look()
	}
}

// store moves what is due to disk, and says when it wants to be called again.
func (s *sender) store() time.Duration {
	if s.spool == nil {
		return -1
	}
	for {
		if left := time.Until(s.disk); left > 0 {
			return left
		}
		b, wait := s.due()
		if b.lines == 0 {
			return sooner(wait, max(time.Until(s.looked.Add(lookEvery)), 0))
		}
		s.packed = s.pack(s.packed, b.text)
		err := s.spool.put(s.packed, b.lines)
		s.reportDisk(err)
		if err != nil {
			s.putBack(b)
			s.disk = time.Now().Add(diskEvery)
			continue
		}
		s.free(b)
	}
}

// launch sends the oldest request, and says when it wants to be called again.
func (s *sender) launch() time.Duration {
	if s.flying {
		return -1
	}
	if left := time.Until(s.retry); left > 0 {
		return left
	}
	if s.now.lines == 0 {
		if wait := s.next(); s.now.lines == 0 {
			return wait
		}
	}
	s.flying = true
	body := s.now.body
	go func() { s.answer <- s.post(body) }()
	return -1
}

// next takes the oldest request: from the spool, and from memory when there is
// none or it takes no more.
func (s *sender) next() time.Duration {
	if s.reads.Load() > 0 {
		s.room = nil // an HTTP client may still read a body whose answer is there
	}
	if s.spool != nil {
		p, ok := s.spool.head(s.room)
		if n := s.spool.lost; n > 0 {
			s.spool.lost = 0
			s.lose(n)
		}
		if ok {
			s.now, s.stored, s.room = piece{p.body, p.lines}, p, p.body
			return 0
		}
		if time.Until(s.disk) <= 0 {
			return -1
		}
	}
	b, wait := s.due()
	if b.lines > 0 {
		s.room = s.pack(s.room, b.text)
		s.now, s.memory = piece{s.room, b.lines}, &b
	}
	return wait
}

// settle is called when the monitor has all of a request, or never will.
func (s *sender) settle() {
	if len(s.rest) > 0 {
		s.now, s.rest = s.rest[0], s.rest[1:]
		return
	}
	if s.memory != nil {
		s.free(*s.memory)
	} else {
		s.spool.drop(s.stored)
		s.disk = time.Time{} // there is room again
	}
	s.now, s.memory = piece{}, nil
}

// judge decides what an answer means.
func (s *sender) judge(a answer) {
	s.flying = false
	n := s.now
	switch {
	case a.err == nil && a.status/100 == 2:
		s.lose(a.rejected)
		s.report(0, nil)
		s.pause, s.retry, s.refused = backoffMin, time.Time{}, 0
		if s.spool != nil {
			s.spool.persist(false)
		}
		s.settle()
		return
	case a.err == nil && a.status == http.StatusRequestEntityTooLarge && s.split():
		return
	case a.err == nil && a.status == http.StatusRequestEntityTooLarge:
		s.refused = finalAfter
	case a.err == nil && (a.status == http.StatusBadRequest || a.status == http.StatusUnprocessableEntity):
		s.refused++ // a body that broke off on its way is answered like this, too
	default:
		s.refused = 0
	}
	if a.err != nil {
		s.report(-1, a.err)
	} else {
		s.report(a.status, fmt.Errorf("status %d", a.status))
	}
	if s.tried = s.closing; s.spool != nil {
		s.spool.persist(true)
	}
	if s.refused >= finalAfter {
		s.refused = 0
		s.lose(n.lines)
		s.settle()
		return
	}
	wait := max(a.after, s.pause/2+mathrand.N(s.pause/2))
	s.pause = min(2*s.pause, backoffMax)
	if a.err == nil && unwelcome(a.status) {
		wait = backoffMax
	}
	s.retry = time.Now().Add(min(wait, backoffMax))
}

// unwelcome holds for answers that do not depend on what was sent, and that only
// somebody who changes a key or an address can change.
func unwelcome(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusUnprocessableEntity:
		return false
	}
	return status/100 == 3 || status/100 == 4
}

// split halves the request, and reports false when it is one event.
func (s *sender) split() bool {
	if s.now.lines < 2 {
		return false
	}
	z, err := gzip.NewReader(bytes.NewReader(s.now.body))
	if err != nil {
		return false
	}
	text, err := io.ReadAll(io.LimitReader(z, textMost))
	if err != nil {
		return false
	}
	at, n := 0, 0
	for n < s.now.lines/2 {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			return false
		}
		at += i + 1
		n++
	}
	s.rest = append([]piece{{s.pack(nil, text[at:]), s.now.lines - n}}, s.rest...)
	s.now = piece{s.pack(nil, text[:at]), n}
	return true
}

// pack compresses text into room.
func (s *sender) pack(room, text []byte) []byte {
	out := bytes.NewBuffer(room[:0])
	if s.zip == nil {
		s.zip, _ = gzip.NewWriterLevel(out, gzip.BestSpeed)
	} else {
		s.zip.Reset(out)
	}
	s.zip.Write(text)
	s.zip.Close()
	return out.Bytes()
}

// A loan is a reader of a buffer that is used again when nobody reads it.
type loan struct {
	bytes.Reader
	out    *atomic.Int32
	closed atomic.Bool
}

func lend(body []byte, out *atomic.Int32) *loan {
	out.Add(1)
	r := &loan{out: out}
	r.Reset(body)
	return r
}

func (r *loan) Close() error {
	if !r.closed.Swap(true) {
		r.out.Add(-1)
	}
	return nil
}

func (s *sender) post(body []byte) (a answer) {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.url, nil)
	if err != nil {
		return answer{err: err}
	}
	req.Body, req.ContentLength = lend(body, &s.reads), int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return lend(body, &s.reads), nil }
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	a.status = resp.StatusCode
	var said struct {
		Rejected int `json:"rejected"`
	}
	reply, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if a.status/100 == 2 && json.Unmarshal(reply, &said) == nil {
		a.rejected = max(said.Rejected, 0)
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		a.after = time.Duration(min(n, 3600)) * time.Second
	}
	return a
}

// finished reports whether the sender may end: Close was called, and nothing is
// in memory that could still go somewhere.
func (s *sender) finished() bool {
	closed, waiting := s.held()
	if !closed {
		return false
	}
	if !s.closing {
		s.closing = true
		s.retry, s.disk = time.Time{}, time.Time{} // once more, at once
		s.rouse()
		return false
	}
	switch {
	case s.flying || waiting:
		return false
	case s.now.lines == 0:
		return true
	case s.tried && s.memory != nil && s.spool != nil:
		s.keep()
	}
	return s.tried && s.memory == nil
}

// keep puts a request that was sent from memory on disk.
func (s *sender) keep() {
	for _, p := range append([]piece{s.now}, s.rest...) {
		if s.spool.put(p.body, p.lines) != nil {
			return
		}
	}
	s.free(*s.memory)
	s.now, s.rest, s.memory = piece{}, nil, nil
}

// abandon ends without the monitor: what can be kept is kept.
func (s *sender) abandon() {
	if s.flying {
		s.judge(<-s.answer)
	}
	if s.spool != nil {
		s.spool.persist(true)
		if s.memory != nil {
			s.keep()
		}
		s.disk = time.Time{}
		s.store()
	}
	if s.memory != nil {
		s.lose(s.now.lines)
		for _, p := range s.rest {
			s.lose(p.lines)
		}
	}
}

// report logs when the monitor is lost, and for what, and when it is found again.
func (s *sender) report(failing int, err error) {
	if s.failing == failing {
		return
	}
	s.failing = failing
	if err != nil {
		s.logger().Warn("monitor does not take events", slog.String("error", err.Error()))
	} else {
		s.logger().Info("monitor takes events again")
	}
}

// reportDisk logs when the spool cannot be written to, and when it can again.
func (s *sender) reportDisk(err error) {
	if (s.diskDown == nil) == (err == nil) {
		return
	}
	s.diskDown = err
	switch {
	case err == nil:
		s.logger().Info("spool is written again")
	case errors.Is(err, errSpoolFull):
		s.logger().Warn("spool is full; events stay in memory")
	default:
		s.logger().Error("spool cannot be written; events stay in memory", slog.String("error", err.Error()))
	}
}

// say logs what the spool finds wrong with a file.
func (s *sender) say(what, file string, err error) {
	attrs := []any{slog.String("file", file)}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	s.logger().Error(what, attrs...)
}

func (s *sender) logger() *slog.Logger {
	if s.log == nil {
		return slog.Default()
	}
	return s.log
}
