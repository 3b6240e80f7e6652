package scan

import (
	"errors"
	"io"
	"os"
	"sync"
)

// A tail follows one file by name: through truncation, replacement and a time
// in which it is not there.
type tail struct {
	path   string
	f      *os.File
	info   os.FileInfo
	offset int64
	cut    splitter
	grew   bool

	mu    sync.Mutex
	start int64 // what was there before the scan
}

// openTail follows the file from its end.
func openTail(path string) (*tail, error) {
	t := &tail{path: path}
	if err := t.open(); err != nil {
		return nil, err
	}
	t.offset, t.start = t.info.Size(), t.info.Size()
	return t, nil
}

func (t *tail) close() { t.f.Close() }

func (t *tail) rest() string { return string(t.cut.partial) }

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
// its end first; one that shrank was cut, and is read from its first byte.
func (t *tail) read() (lines []string, grew bool, err error) {
	t.grew = false
	if lines, err = t.more(lines); err != nil {
		return lines, t.grew, err
	}
	info, err := os.Stat(t.path)
	switch {
	case err != nil: // between two names of a rotation, or gone until the next line
		return lines, t.grew, nil
	case !os.SameFile(info, t.info):
		old := t.f
		if t.open() != nil {
			return lines, t.grew, nil
		}
		was := &tail{f: old, offset: t.offset, cut: t.cut}
		lines, _ = was.more(lines)
		if rest := was.rest(); rest != "" { // nobody will end this line
			lines = append(lines, rest)
		}
		old.Close()
		t.anew()
		lines, err = t.more(lines)
	case info.Size() < t.offset:
		t.anew()
		lines, err = t.more(lines)
	}
	return lines, t.grew, err
}

// anew begins at the first byte: what was there before the scan is elsewhere now.
func (t *tail) anew() {
	t.offset, t.cut = 0, splitter{}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start = 0
}

func (t *tail) more(lines []string) ([]string, error) {
	var buf [64 << 10]byte
	for {
		n, err := t.f.ReadAt(buf[:], t.offset)
		if n > 0 {
			t.grew = true
			t.offset += int64(n)
			lines = t.cut.split(lines, buf[:n])
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
func (t *tail) history(see func(text string)) {
	t.mu.Lock()
	start := t.start
	t.mu.Unlock()
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
