package scan

import (
	"cmp"
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
	logs    []LogSource // what the recipe says of each source
	sources []source    // in the same order

	mu      sync.Mutex
	lines   []line
	kept    int
	changed time.Time // when the last byte was seen
	failed  error
	learned time.Duration // how late the service was seen to write
	known   bool          // learned is all that the controls taught

	stop context.CancelFunc
	done sync.WaitGroup
}

// openBook opens every log and reads what is in it so far. A log that cannot be
// read is an error now, before anything is sent.
func openBook(ctx context.Context, r *Recipe, stdin io.Reader) (*book, error) {
	b := &book{changed: time.Now(), logs: r.Logs}
	follow, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	for _, log := range r.Logs {
		s, err := openSource(follow, r, log, stdin)
		if err != nil {
			b.close()
			return nil, &Unusable{log.name(), plainError(err)}
		}
		b.sources = append(b.sources, s)
	}
	if len(b.sources) > 0 {
		b.done.Go(func() { b.follow(follow) })
	}
	if !b.begun(ctx) {
		b.close()
		return nil, cmp.Or(b.err(), ctx.Err())
	}
	return b, nil
}

// begun waits until every source that tells its past as if it were new has told
// it, at most ten seconds, and reports whether the log can be used.
func (b *book) begun(ctx context.Context) bool {
	if slices.ContainsFunc(b.sources, func(s source) bool { _, ok := s.(garrulous); return ok }) {
		began := time.Now()
		for time.Since(began) < 10*time.Second && sleep(ctx, pollEvery) {
			b.mu.Lock()
			quiet := time.Since(b.changed)
			b.mu.Unlock()
			if b.err() != nil || quiet > 300*time.Millisecond {
				break
			}
		}
	}
	return b.err() == nil && ctx.Err() == nil
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
	for _, s := range b.sources {
		s.close()
	}
}

// assessed reports whether there is a log at all.
func (b *book) assessed() bool { return len(b.sources) > 0 }

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
	if b.kept > maxKept {
		return
	}
	for i, src := range b.sources {
		texts, grew, err := src.read()
		if err != nil && b.failed == nil {
			b.failed = &Unusable{b.logs[i].name(), plainError(err)}
		}
		if grew {
			b.changed = now
		}
		for _, text := range texts {
			if b.kept += len(text); b.kept > maxKept {
				b.failed = &Unusable{b.logs[i].name(), fmt.Errorf("grew by more than %d MiB during the scan", maxKept>>20)}
				return
			}
			b.lines = append(b.lines, line{i, text, now})
		}
	}
}

// secrets gives what the sources were given when they signed in.
func (b *book) secrets() (all []string) {
	for _, s := range b.sources {
		if m, ok := s.(member); ok {
			all = append(all, m.secrets()...)
		}
	}
	return all
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

// flush is how long the service may take to write. Until the controls have taught
// it, that is what the recipe says. After them it is what they taught, with half
// as much again and what a busy machine adds now and then, or what the recipe
// says in so many words, if that is more. What comes later still is found in the
// end, by its canaries.
func (b *book) flush() time.Duration {
	if !b.known {
		return b.configured()
	}
	named := time.Duration(0)
	for _, t := range b.logs {
		if t.Flush != defaultFlush {
			named = max(named, t.Flush)
		}
	}
	return max(named, b.learned*3/2+hiccup)
}

const hiccup = 100 * time.Millisecond

// taught ends the lesson: all controls are sent.
func (b *book) taught() { b.known = true }

func (b *book) configured() (d time.Duration) {
	for _, t := range b.logs {
		d = max(d, t.Flush)
	}
	return d
}

// learn gives the service three times the time that it should need after a
// request that was sent just now, or twice the time that its first line took, and
// keeps that time in mind. What comes later may be a summary, and says nothing of the delay.
func (b *book) learn(ctx context.Context, mark int, ours *marker) {
	sent := time.Now()
	for range 3 {
		b.settleFor(ctx, b.configured())
		for _, l := range b.since(mark) {
			if !ours.in(l.text) {
				continue
			}
			b.learned = max(b.learned, l.at.Sub(sent))
			b.settleFor(ctx, 2*l.at.Sub(sent)-time.Since(sent)) // for what else such a request writes
			return
		}
	}
}

// settle waits until the service had its time to write, and then until nothing
// more comes, at most two seconds longer.
func (b *book) settle(ctx context.Context) { b.settleFor(ctx, b.flush()) }

func (b *book) settleFor(ctx context.Context, wait time.Duration) { b.settleUntil(ctx, wait, nil) }

// settleUntil is settleFor that ends earlier when the log is quiet and holds
// enough. Of several sources one may be slower than the rest: then all the time
// is needed. enough is asked again only when there are further lines; nil: never.
func (b *book) settleUntil(ctx context.Context, wait time.Duration, enough func() bool) {
	if !b.assessed() {
		return
	}
	until := time.Now().Add(wait)
	last := until.Add(2 * time.Second)
	asked := -1
	for now := time.Now(); now.Before(last); now = time.Now() {
		b.poll() // the goroutine that reads may not have had its turn
		b.mu.Lock()
		quiet, n := now.Sub(b.changed), len(b.lines)
		b.mu.Unlock()
		if enough != nil && len(b.sources) == 1 && n != asked && quiet >= min(wait, 50*time.Millisecond) {
			if asked = n; enough() {
				return
			}
		}
		if now.After(until) && quiet >= min(wait, 50*time.Millisecond) && b.asked(until) {
			return
		}
		if !sleep(ctx, pollEvery) {
			return
		}
	}
}

// asked reports whether every source that has to be asked was asked after t.
func (b *book) asked(t time.Time) bool {
	return !slices.ContainsFunc(b.sources, func(s source) bool {
		p, ok := s.(polled)
		return ok && p.asOf().Before(t)
	})
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
		for _, src := range b.sources {
			if past, ok := src.(historian); ok {
				past.history(func(text string) {
					for _, m := range re.FindAllStringSubmatch(text, -1) {
						found = m[len(m)-1]
					}
				})
			}
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
	for i, src := range b.sources {
		past, ok := src.(historian)
		if !ok {
			continue
		}
		var before string
		past.history(func(text string) {
			see(b.logs[i].ID, before+text)
			before = text[max(0, len(text)-overlap):]
		})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, src := range b.sources {
		var text strings.Builder
		for _, l := range b.lines {
			if l.source == i {
				text.WriteString(l.text)
				text.WriteByte('\n')
			}
		}
		if u, ok := src.(unfinished); ok {
			text.WriteString(u.rest())
		}
		see(b.logs[i].ID, text.String())
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
