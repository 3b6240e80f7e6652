package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// A source is one log, whatever it is read from. The book calls read from one
// goroutine at a time, every few milliseconds.
type source interface {
	// read gives the lines that became complete since it was last called, and
	// reports whether anything came at all. It never waits. After an error the
	// log can no longer be trusted, and the scan ends.
	read() (lines []string, grew bool, err error)
	// close lets go of everything, processes included, and waits for that.
	close()
}

// Further things that a source may be able to do.
type (
	// A historian can show what stood in the log before the scan. history is
	// called from any goroutine.
	historian interface{ history(see func(text string)) }
	// An unfinished source may hold a line whose end has not come.
	unfinished interface{ rest() string }
	// A polled source has to be asked: what it gives is true as of that moment.
	polled interface{ asOf() time.Time }
	// A garrulous source begins with the past, and cannot say where that ends.
	garrulous interface{ tellsPast() }
	// A member source signs in, and holds what must not be told.
	member interface{ secrets() []string }
)

// openSource opens the log that l names. ctx ends what the source starts.
func openSource(ctx context.Context, r *Recipe, l LogSource, stdin io.Reader) (source, error) {
	switch {
	case l.HTTP != nil:
		return openQuery(ctx, r, l)
	case l.Cmd != "":
		return openCommand(ctx, r.Dir, l)
	case l.File == "-" && stdin == nil:
		return nil, errors.New("there is no standard input")
	case l.File == "-":
		return readStream(stdin), nil
	}
	return openTail(r.file(l.File))
}

// A splitter cuts what comes in pieces into lines.
type splitter struct{ partial []byte }

// split adds to lines those that data completes.
func (s *splitter) split(lines []string, data []byte) []string {
	s.partial = append(s.partial, data...)
	for {
		i := bytes.IndexByte(s.partial, '\n')
		if i < 0 && len(s.partial) <= maxLogLine {
			return lines
		}
		end, next := i, i+1
		if i < 0 || i > maxLogLine {
			end, next = maxLogLine, maxLogLine
		}
		lines = append(lines, string(s.partial[:end]))
		s.partial = s.partial[next:]
	}
}

// A feed holds what a goroutine has read until the book asks for it. Its methods
// may be called from any goroutine.
type feed struct {
	mu     sync.Mutex
	cut    splitter
	lines  []string
	held   int // bytes in lines
	grew   bool
	failed error
	moment time.Time
}

// Write takes a piece of the log, as the output of a process.
func (f *feed) Write(data []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.lines)
	f.lines = f.cut.split(f.lines, data)
	f.took(before)
	return len(data), nil
}

// add takes whole entries.
func (f *feed) add(lines []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.lines)
	f.lines = append(f.lines, lines...)
	if len(lines) > 0 {
		f.took(before)
	}
}

// took counts what came from before on. Nobody reads slower than a log grows but
// one who has given up, so that the bound is only there for that.
func (f *feed) took(before int) {
	f.grew = true
	for _, l := range f.lines[before:] {
		f.held += len(l)
	}
	if f.held > maxKept {
		f.lines, f.held = nil, 0
		f.failed = fmt.Errorf("grew by more than %d MiB at once", maxKept>>20)
	}
}

func (f *feed) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed == nil {
		f.failed = err
	}
}

func (f *feed) read() (lines []string, grew bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines, grew, err = f.lines, f.grew, f.failed
	f.lines, f.held, f.grew = nil, 0, false
	return lines, grew, err
}

func (f *feed) rest() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return string(f.cut.partial)
}

// current notes that nothing older than t is still to come.
func (f *feed) current(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moment = t
}

// A stream is a log that somebody else writes into a pipe of ours.
type stream struct{ feed }

// readStream reads in until it ends, which is an error: a log that has ended
// tells nothing of what is sent later.
func readStream(in io.Reader) *stream {
	s := &stream{}
	// Nothing can take this goroutine away from a pipe on which it waits: it
	// ends with the process that writes, or with ours.
	go func() {
		_, err := io.Copy(&s.feed, in)
		if err == nil {
			err = errors.New("ended in the midst of the scan")
		}
		s.fail(err)
	}()
	return s
}

func (s *stream) close()     {}
func (s *stream) tellsPast() {}
