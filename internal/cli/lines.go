package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unsafe"

	"github.com/jotsight/jotsight/guard/event"
)

// recent remembers at least the last half of its size of ids.
type recent struct{ young, old map[event.ID]struct{} }

const recentIDs = 1 << 18

func (s *recent) repeats(id event.ID) bool {
	if _, ok := s.young[id]; ok {
		return true
	}
	if _, ok := s.old[id]; ok {
		return true
	}
	if s.young == nil || len(s.young) >= recentIDs/2 {
		s.young, s.old = map[event.ID]struct{}{}, s.young
	}
	s.young[id] = struct{}{}
	return false
}

// lines reads the events of one input.
type lines struct {
	name    string
	in      *bufio.Reader
	close   func() error
	line    int
	problem error        // why the line that was just read cannot be used
	event   event.Event  // the last that was read
	next    *event.Event // it, until it is used
}

func openLines(name string, stdin io.Reader) (*lines, error) {
	l := &lines{name: name, close: func() error { return nil }}
	in := stdin
	if name == "-" {
		l.name = "stdin"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err == nil && info.IsDir() {
			err = &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		in, l.close = f, f.Close
	}
	l.in = bufio.NewReaderSize(in, event.MaxLine+2)
	return l, nil
}

// begin looks at the first bytes, which is the first time that it may have to
// wait for them.
func (l *lines) begin() error {
	if magic, _ := l.in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(l.in)
		if err != nil {
			return err
		}
		l.in = bufio.NewReaderSize(z, event.MaxLine+2)
	}
	if mark, _ := l.in.Peek(3); string(mark) == "\ufeff" {
		l.in.Discard(3)
	}
	return nil
}

// read gives the next event, which is good until the next read, skipping blank
// lines. When the line cannot be used, problem says why and the event is nil. The
// error is the end, or what kept the input from being read.
func (l *lines) read() (*event.Event, error) {
	if l.line == 0 {
		if err := l.begin(); err != nil {
			return nil, err
		}
	}
	for {
		l.problem = nil
		l.line++
		text, err := l.in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.in.ReadSlice('\n')
		}
		switch {
		case long:
			l.problem = fmt.Errorf("longer than %d bytes", event.MaxLine)
			return nil, nil
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		}
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			if err != nil {
				return nil, err
			}
			continue
		}
		// The event's texts are those of the reader's buffer. That holds until the
		// next read, which comes when the engine has done with the event.
		if _, l.problem = l.event.Decode(unsafe.String(&text[0], len(text))); l.problem != nil {
			return nil, nil
		}
		return &l.event, nil
	}
}
