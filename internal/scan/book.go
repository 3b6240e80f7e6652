package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	pollEvery  = 10 * time.Millisecond
	maxLogLine = 256 << 10 // a longer line is cut there
	maxKept    = 64 << 20  // new text kept in memory; what is beyond is read, searched and let go
)

// A line is one line of a log, as it stood, with the moment at which it was
// first seen complete.
type line struct {
	source int
	text   string
	at     time.Time
}

// A book is all logs of the service, followed from the moment at which it was
// opened. One goroutine reads; its methods may be called from any.
type book struct {
	mu      sync.Mutex
	tails   []*tail
	lines   []line
	kept    int
	changed time.Time // when the last byte was seen
	failed  error
	learned time.Duration // how late the service was seen to write

	stop context.CancelFunc
	done sync.WaitGroup
}

// openBook opens every log, at its end. A log that cannot be read is an error
// now, before anything is sent.
func openBook(r *Recipe) (*book, error) {
	b := &book{changed: time.Now()}
	for i, src := range r.Logs {
		t := &tail{LogSource: src, number: i, path: r.file(src.File)}
		if err := t.open(); err != nil {
			b.close()
			return nil, &Unusable{src.name(), plainError(err)}
		}
		end, err := t.f.Seek(0, io.SeekEnd)
		if err != nil {
			b.close()
			return nil, &Unusable{src.name(), plainError(err)}
		}
		t.offset, t.start = end, end
		b.tails = append(b.tails, t)
	}
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	if len(b.tails) > 0 {
		b.done.Go(func() { b.follow(ctx) })
	}
	return b, nil
}

// plainError drops the path that the caller names anyway.
func plainError(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (b *book) close() {
	if b.stop != nil {
		b.stop()
	}
	b.done.Wait()
	for _, t := range b.tails {
		t.f.Close()
	}
}

// assessed reports whether there is a log at all.
func (b *book) assessed() bool { return len(b.tails) > 0 }

func (b *book) follow(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b.poll()
		}
	}
}

func (b *book) poll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, t := range b.tails {
		texts, err := t.read()
		if err != nil {
			b.failed = &Unusable{t.name(), plainError(err)}
		}
		if t.grew {
			b.changed = now
		}
		for _, text := range texts {
			if b.kept += len(text); b.kept > maxKept {
				b.failed = &Unusable{t.name(), fmt.Errorf("grew by more than %d MiB during the scan", maxKept>>20)}
				return
			}
			b.lines = append(b.lines, line{t.number, text, now})
		}
	}
}

// mark is the place in the book from which since reads.
func (b *book) mark() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.lines)
}

func (b *book) since(mark int) []line {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.lines[mark:])
}

func (b *book) err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

// flush is how long the service may take to write: what the recipe says, or what
// the controls taught, with half as much again, and what a busy machine adds now
// and then.
func (b *book) flush() time.Duration {
	if b.learned == 0 {
		return b.configured()
	}
	return max(b.configured(), b.learned*3/2+hiccup)
}

const hiccup = 100 * time.Millisecond

func (b *book) configured() (d time.Duration) {
	for _, t := range b.tails {
		d = max(d, t.Flush)
	}
	return d
}

// learn gives the service three times the time that it should need after a
// request that was sent just now, and keeps in mind when the first line of ours
// came. What comes later may be a summary, and says nothing of the delay.
func (b *book) learn(ctx context.Context, mark int, ours *marker) {
	sent := time.Now()
	b.settleFor(ctx, 3*b.configured())
	for _, l := range b.since(mark) {
		if ours.in(l.text) {
			b.learned = max(b.learned, l.at.Sub(sent))
			return
		}
	}
}

// settle waits until the service had its time to write, and then until nothing
// more comes, at most two seconds longer.
func (b *book) settle(ctx context.Context) { b.settleFor(ctx, b.flush()) }

func (b *book) settleFor(ctx context.Context, wait time.Duration) {
	if !b.assessed() {
		return
	}
	until := time.Now().Add(wait)
	last := until.Add(2 * time.Second)
	for now := time.Now(); now.Before(last); now = time.Now() {
		b.poll() // the goroutine that reads may not have had its turn
		b.mu.Lock()
		quiet := now.Sub(b.changed)
		b.mu.Unlock()
		if now.After(until) && quiet >= min(wait, 50*time.Millisecond) {
			return
		}
		if !sleep(ctx, pollEvery) {
			return
		}
	}
}

// waitFor waits until ok says so of the lines since mark, at most d.
func (b *book) waitFor(ctx context.Context, mark int, d time.Duration, ok func([]line) bool) {
	for until := time.Now().Add(d); time.Now().Before(until); {
		if ok(b.since(mark)) || !sleep(ctx, 5*pollEvery) {
			return
		}
	}
}

// await finds the group of re in the log, in all of it, from its first byte;
// the last match counts. It waits for the service to write.
func (b *book) await(ctx context.Context, re *regexp.Regexp) (found string) {
	for until := time.Now().Add(b.flush() + 2*time.Second); ; {
		for _, t := range b.tails {
			t.history(b.startOf(t), func(text string) {
				for _, m := range re.FindAllStringSubmatch(text, -1) {
					found = m[len(m)-1]
				}
			})
		}
		for _, l := range b.since(0) {
			if s := match(re, l.text); s != "" {
				found = s
			}
		}
		if found != "" || time.Now().After(until) || !sleep(ctx, 5*pollEvery) {
			return found
		}
	}
}

// whole calls see with all text of all logs, from the first byte, in pieces that
// overlap by at least overlap bytes.
func (b *book) whole(overlap int, see func(source, text string)) {
	for _, t := range b.tails {
		var before string
		t.history(b.startOf(t), func(text string) {
			see(t.ID, before+text)
			before = text[max(0, len(text)-overlap):]
		})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tails {
		var text strings.Builder
		for _, l := range b.lines {
			if l.source == t.number {
				text.WriteString(l.text)
				text.WriteByte('\n')
			}
		}
		text.Write(t.partial)
		see(t.ID, text.String())
	}
}

func (b *book) startOf(t *tail) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return t.start
}

// A tail follows one file by name: through truncation, replacement and a time
// in which it is not there.
type tail struct {
	LogSource
	number  int
	path    string
	f       *os.File
	info    os.FileInfo
	offset  int64
	start   int64 // what was there before the scan
	partial []byte
	grew    bool
}

func (t *tail) open() error {
	f, err := os.Open(t.path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("is a directory")
	}
	if err != nil {
		f.Close()
		return err
	}
	t.f, t.info = f, info
	return nil
}

// read gives the lines that became complete. A file that was replaced is read to
// its end first.
func (t *tail) read() (lines []string, err error) {
	t.grew = false
	lines, err = t.more(lines)
	if err != nil {
		return lines, err
	}
	info, err := os.Stat(t.path)
	switch {
	case err != nil:
		return lines, nil // between two names of a rotation
	case !os.SameFile(info, t.info):
		old := t.f
		if t.open() != nil {
			return lines, nil
		}
		lines, _ = (&tail{f: old, offset: t.offset}).more(lines)
		old.Close()
		t.offset, t.start = 0, 0
		return t.more(lines)
	case info.Size() < t.offset:
		t.offset, t.start, t.partial = 0, 0, nil
		return t.more(lines)
	}
	return lines, nil
}

func (t *tail) more(lines []string) ([]string, error) {
	var buf [64 << 10]byte
	for {
		n, err := t.f.ReadAt(buf[:], t.offset)
		if n > 0 {
			t.grew = true
			t.offset += int64(n)
			t.partial = append(t.partial, buf[:n]...)
			for {
				i := bytes.IndexByte(t.partial, '\n')
				if i < 0 && len(t.partial) <= maxLogLine {
					break
				}
				end, next := i, i+1
				if i < 0 || i > maxLogLine {
					end, next = maxLogLine, maxLogLine
				}
				lines = append(lines, string(t.partial[:end]))
				t.partial = t.partial[next:]
			}
		}
		if err == io.EOF || n == 0 && err == nil {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
	}
}

// history calls see with what stood in the file before the scan began.
func (t *tail) history(start int64, see func(text string)) {
	f, err := os.Open(t.path)
	if err != nil {
		return
	}
	defer f.Close()
	r := io.LimitReader(f, start)
	buf := make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			see(string(buf[:n]))
		}
		if err != nil {
			return
		}
	}
}

// sleep waits and reports whether the context still stands.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
