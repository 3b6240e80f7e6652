package guard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SpoolConfig makes a [MonitorLink] keep on disk what the monitor has not
// acknowledged.
type SpoolConfig struct {
	// Dir holds the files; none is written where it is empty. It is made, mode
	// 0700, where it does not exist, and must not be open for others to write.
	// Processes of one host may share it. It needs a local file system with
	// locks: Linux, macOS or a BSD.
	Dir string
	// MaxBytes bounds all files of Dir together: compressed events, about a tenth
	// of their text. Several processes may exceed it by a sixteenth each. The
	// default is 64 MiB; the least is 1 MiB.
	MaxBytes int64
}

// A spool is a queue on disk. Its segment files are named by ULIDs, so that they
// sort by age. Each is locked by whoever writes or sends it, and by nobody when
// his process has ended, in whatever way: then another spool of the directory,
// now or after a restart, adopts it.
//
// A request that was taken out is marked in its segment, and the segment deleted
// when all of them are: a crash in between lets one come out twice. A spool is
// not for several goroutines.
type spool struct {
	root    *os.Root
	most    int64 // bytes of the directory
	segment int64 // bytes from which a segment is full
	name    func() string
	say     func(what, file string, err error)

	segments []*segment // in the order in which they are sent; each is locked by us
	active   *segment   // the last of them when it can be written to, else nil
	sending  *segment   // the one that head was read from
	others   int64      // bytes in segments of others, when the directory was read
	skipped  map[string]bool
	durable  bool
	lost     int // events in damaged places, at least
	frame    []byte
}

type segment struct {
	f       *os.File
	name    string
	at, end int64 // of what is to be sent
	told    bool  // that something is wrong with it
}

const (
	segmentSuffix = ".spool"
	damagedSuffix = ".bad"
	adoptMost     = 64 // segments that one look takes, so that files stay few
)

var errSpoolFull = errors.New("spool: full")

func (c *SpoolConfig) complete() error {
	orDefault(&c.MaxBytes, 64<<20)
	switch {
	case c.Dir == "":
		return nil
	case !spoolable:
		return fmt.Errorf("Spool.Dir: %w here", errors.ErrUnsupported)
	case c.MaxBytes < 1<<20:
		return fmt.Errorf("Spool.MaxBytes: %d is less than 1 MiB", c.MaxBytes)
	}
	return nil
}

// openSpool opens the directory and tries it out. That its disk is full is no
// error: it need not be when the spool is needed.
func openSpool(c SpoolConfig, name func() string) (*spool, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, err
	}
	s := &spool{root: root, most: c.MaxBytes, segment: c.MaxBytes / 16, name: name, say: func(string, string, error) {}, skipped: make(map[string]bool)}
	info, err := root.Stat(".")
	if err == nil && info.Mode().Perm()&0o022 != 0 {
		err = fmt.Errorf("%s: others may write there (mode %v)", filepath.Clean(c.Dir), info.Mode().Perm())
	}
	var g *segment
	if err == nil {
		g, err = s.create()
	}
	if g != nil {
		s.remove(g)
	}
	if err != nil && !full(err) {
		root.Close()
		return nil, err
	}
	return s, nil
}

// create makes an empty segment and locks it.
func (s *spool) create() (*segment, error) {
	for range 4 { // somebody who looks at the directory may be quicker with the lock
		name := s.name() + segmentSuffix
		f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, err
		}
		if s.hold(f, name) {
			return &segment{f: f, name: name}, nil
		}
		f.Close()
	}
	return nil, errors.New("spool: no segment can be locked")
}

// hold locks f and reports whether it is still the file of that name.
func (s *spool) hold(f *os.File, name string) bool {
	if lock(f) != nil {
		return false
	}
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := s.root.Lstat(name)
	return err == nil && os.SameFile(mine, there)
}

// look reads the directory: it adopts the segments that nobody holds, to be sent
// before our own, and counts the bytes of the others.
func (s *spool) look() {
	dir, err := s.root.Open(".")
	if err != nil {
		s.say("spool cannot be read", "", err)
		return
	}
	defer dir.Close()
	list, err := dir.ReadDir(-1)
	if err != nil {
		s.say("spool cannot be read", "", err)
	}
	slices.SortFunc(list, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	known := make(map[string]bool)
	for _, g := range s.segments {
		known[g.name] = true
	}
	s.others = 0
	var found []*segment
	for _, entry := range list {
		name := entry.Name()
		if known[name] || !entry.Type().IsRegular() || !strings.HasSuffix(strings.TrimSuffix(name, damagedSuffix), segmentSuffix) {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue // sent by somebody else meanwhile
		}
		s.others += info.Size()
		if strings.HasSuffix(name, damagedSuffix) || s.skipped[name] || len(found) == adoptMost {
			continue
		}
		f, err := s.root.OpenFile(name, os.O_RDWR, 0)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			s.skipped[name] = true
			s.say("spool file cannot be opened", name, err)
			continue
		case !s.hold(f, name):
			f.Close()
			continue
		}
		s.others -= info.Size()
		if info, err = f.Stat(); err != nil {
			f.Close()
			continue
		}
		found = append(found, &segment{f: f, name: name, end: info.Size()})
	}
	s.segments = append(found, s.segments...)
}

func (s *spool) used() int64 {
	n := s.others
	for _, g := range s.segments {
		n += g.end
	}
	return n
}

// put adds a request to the end of the queue.
func (s *spool) put(body []byte, lines int) error {
	s.frame = appendRecord(s.frame[:0], body, lines)
	size := int64(len(s.frame))
	if s.used()+size > s.most {
		if s.look(); s.used()+size > s.most {
			return errSpoolFull
		}
	}
	if g := s.active; g != nil && g.end > 0 && g.end+size > s.segment {
		s.active = nil
	}
	fresh := s.active == nil
	if fresh {
		g, err := s.create()
		if err != nil {
			return err
		}
		s.active = g
		s.segments = append(s.segments, g)
	}
	g := s.active
	if _, err := g.f.WriteAt(s.frame, g.end); err != nil {
		if g.f.Truncate(g.end) != nil {
			s.active = nil // what is torn now stays the end of this segment
		}
		return err
	}
	g.end += size
	if s.durable {
		s.sync(g, fresh)
	}
	return nil
}

// sync brings a segment to the disk, and with names its name too.
func (s *spool) sync(g *segment, names bool) {
	err := g.f.Sync()
	if names {
		if dir, wrong := s.root.Open("."); wrong == nil {
			err = errors.Join(err, dir.Sync(), dir.Close())
		}
	}
	if err != nil && !g.told {
		g.told = true
		s.say("spool file cannot be synced", g.name, err)
	}
}

// persist makes what is in the queue, and what comes, outlive a failure of the
// power, until it is called with false. What others left behind was synced by
// them, or is no worse for it.
func (s *spool) persist(on bool) {
	if on && !s.durable && s.active != nil {
		s.sync(s.active, true)
	}
	s.durable = on
}

// head gives the oldest request, in room if it fits. What cannot be read is
// skipped and counted in lost.
func (s *spool) head(room []byte) (p parcel, ok bool) {
	for len(s.segments) > 0 {
		g := s.segments[0]
		if g.at >= g.end {
			if !s.spent(g) {
				return parcel{}, false
			}
			continue
		}
		p, err := readRecord(g.f, g.at, g.end, room)
		switch {
		case err != nil:
			s.say("spool file cannot be read", g.name, err)
			s.lost++
			s.setAside(g)
		case p.lost == 0 && p.lines == 0: // sent, and not deleted
			g.at = p.next
		case p.lost > 0:
			if !g.told {
				g.told = true
				s.say("spool file is damaged", g.name, nil)
			}
			s.lost += p.lost
			g.at = p.next
		default:
			s.sending = g
			return p, true
		}
	}
	return parcel{}, false
}

// drop takes p, which head gave last, out of the queue.
func (s *spool) drop(p parcel) {
	g, at := s.sending, s.sending.at
	if g.at = p.next; g.at >= g.end {
		s.spent(g)
		return
	}
	if _, err := g.f.WriteAt([]byte{'0'}, at+recordState); err != nil && !g.told {
		g.told = true
		s.say("spool file cannot be written", g.name, err)
	}
}

// spent frees the room of a segment that was sent, and reports whether there may
// be another one behind it. The active one is emptied and used again.
func (s *spool) spent(g *segment) bool {
	if g != s.active {
		s.remove(g)
		return true
	}
	if g.end > 0 {
		if g.f.Truncate(0) != nil {
			s.active = nil
			return true
		}
		g.at, g.end = 0, 0
	}
	return false
}

func (s *spool) forget(g *segment) {
	s.segments = slices.DeleteFunc(s.segments, func(h *segment) bool { return g == h })
	if s.active == g {
		s.active = nil
	}
	g.f.Close()
}

// remove deletes a segment. It is unlocked after that, so that nobody finds it.
func (s *spool) remove(g *segment) {
	if err := s.root.Remove(g.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		// It would be sent again, by us too: let it be empty at least.
		s.skipped[g.name] = true
		s.say("spool file cannot be deleted", g.name, errors.Join(err, g.f.Truncate(0)))
	}
	s.forget(g)
}

// setAside leaves a segment for people to look at.
func (s *spool) setAside(g *segment) {
	if err := s.root.Rename(g.name, g.name+damagedSuffix); err != nil {
		s.skipped[g.name] = true
	}
	s.forget(g)
}

// close leaves what is in the queue to the next run.
func (s *spool) close() {
	if g := s.active; g != nil && g.at >= g.end {
		s.remove(g)
	}
	for _, g := range slices.Clone(s.segments) {
		g.f.Sync()
		s.forget(g)
	}
	s.root.Close()
}
