//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package guard_test

import (
	"bufio"
	"bytes"
	"context"
	cryptorand "crypto/rand"
	"encoding/base64"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/guard/guardtest"
)

// numbered emits the events from to to-1, in batches that are due one by one.
func numbered(l *guard.MonitorLink, from, to int) {
	for i := from; i < to; i++ {
		e := sample(time.Now())
		e.TokenID = strconv.Itoa(i)
		l.Emit(e)
		if i%100 == 99 {
			synctest.Wait()
		}
	}
	time.Sleep(250 * time.Millisecond)
	synctest.Wait()
}

// inOrder fails unless m took 0 to n-1, in order.
func (m *mailbox) inOrder(t *testing.T, n int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.tokens) != n || m.lost != 0 {
		t.Errorf("%d events came, and %d were said to be lost; want %d and none", len(m.tokens), m.lost, n)
	}
	for i, id := range m.tokens {
		if id != strconv.Itoa(i) {
			t.Fatalf("event %s came in place %d", id, i)
		}
	}
}

func (m *mailbox) twice() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, times := range m.seen {
		n += times - 1
	}
	return n
}

// files lists the names in a spool with their sizes.
func files(t *testing.T, dir string) (list []string, bytes int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue
		}
		list = append(list, entry.Name())
		bytes += info.Size()
		if mode := info.Mode().Perm(); info.Mode().IsRegular() && mode != 0o600 {
			t.Errorf("%s has mode %v", entry.Name(), mode)
		}
	}
	return list, bytes
}

// While the monitor is away nothing is lost, and when it is back everything comes
// in order and once.
func TestSpoolOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, m := filepath.Join(t.TempDir(), "deep", "spool"), &mailbox{status: 202}
		l := m.link(dir, func(c *guard.MonitorConfig) { c.MaxBytes = 128 << 10 }) // little memory: the disk does it
		numbered(l, 0, 300)
		for round := range 3 {
			n := 300 + round*2000
			m.set([]int{0, 503, 429}[round])
			numbered(l, n, n+1500)
			if _, bytes := files(t, dir); bytes < 10_000 {
				t.Errorf("%d bytes on disk while the monitor is away", bytes)
			}
			m.set(202)
			time.Sleep(time.Minute)
			numbered(l, n+1500, n+2000)
			if _, bytes := files(t, dir); bytes != 0 {
				t.Errorf("%d bytes on disk while the monitor has everything", bytes)
			}
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		m.inOrder(t, 6300)
		if n := m.twice(); n > 0 {
			t.Errorf("%d came twice", n)
		}
		if list, _ := files(t, dir); len(list) > 0 {
			t.Errorf("left behind: %v", list)
		}
		if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
			t.Errorf("directory of mode %v", info.Mode().Perm())
		}
	})
}

// What could not be sent before Close is sent by the next run, before its own.
func TestSpoolOutlivesClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, m := t.TempDir(), new(mailbox)
		for run := range 3 {
			l := m.link(dir)
			numbered(l, run*450, run*450+450)
			start := time.Now()
			if err := l.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if waited := time.Since(start); waited > time.Second {
				t.Errorf("Close waited %v for a monitor that does not answer", waited)
			}
		}
		m.set(202)
		l := m.link(dir)
		numbered(l, 1350, 1400)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		m.inOrder(t, 1400)
		if list, _ := files(t, dir); len(list) > 0 {
			t.Errorf("left behind: %v", list)
		}
	})
}

// A spool keeps to its bound, and what is beyond is told.
func TestSpoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, m := t.TempDir(), new(mailbox)
		var log bytes.Buffer
		l := m.link(dir, func(c *guard.MonitorConfig) {
			c.MaxBytes, c.Spool.MaxBytes = 256<<10, 1<<20
			c.Log = slog.New(slog.NewTextHandler(&log, nil))
		})
		const n = 8_000
		noise := make([]byte, 300)
		for i := range n {
			e := sample(time.Now())
			e.TokenID = strconv.Itoa(i)
			cryptorand.Read(noise)
			e.UserAgent = base64.StdEncoding.EncodeToString(noise)
			l.Emit(e)
			if i%100 == 99 {
				synctest.Wait()
			}
		}
		if _, bytes := files(t, dir); bytes > 1<<20 || bytes < 900<<10 {
			t.Errorf("%d bytes on disk, want not quite 1 MiB", bytes)
		}
		if l.Offer(sample(time.Now())) {
			t.Error("a full spool and a full memory took one more")
		}
		m.set(202)
		time.Sleep(time.Minute)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := int64(len(m.tokens)) + m.lost; got != n || m.lost == 0 {
			t.Errorf("%d events came and %d were said to be lost; want %d in all", len(m.tokens), m.lost, n)
		}
		for i, id := range m.tokens {
			if id != strconv.Itoa(i) {
				t.Fatalf("event %s came in place %d: the newest are those to be refused", id, i)
			}
		}
		if got := strings.Count(log.String(), "spool is full"); got != 1 {
			t.Errorf("said %d times that the spool is full:\n%s", got, log.String())
		}
	})
}

// A directory that goes away costs the spool and nothing else.
func TestSpoolDegradesToMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, m := filepath.Join(t.TempDir(), "spool"), new(mailbox)
		var log bytes.Buffer
		l := m.link(dir, func(c *guard.MonitorConfig) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		numbered(l, 0, 1000)
		m.set(202)
		time.Sleep(time.Minute)
		numbered(l, 1000, 1100)
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		m.inOrder(t, 1100)
		if got := strings.Count(log.String(), "spool cannot be written"); got != 1 {
			t.Errorf("said %d times:\n%s", got, log.String())
		}
	})
}

// Whatever lies in the directory, a link sends what can be read, counts what
// cannot, and follows no link.
func TestSpoolDamage(t *testing.T) {
	fill := func(t *testing.T, dir string) { // three segments of 100 events in two records each
		for run := range 3 {
			l := new(mailbox).link(dir)
			numbered(l, run*100, run*100+60)
			numbered(l, run*100+60, run*100+100)
			l.Close(t.Context())
		}
	}
	edit := func(t *testing.T, dir string, n int, f func([]byte) []byte) {
		list, _ := files(t, dir)
		name := filepath.Join(dir, list[n])
		b, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(name, f(b), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	second := func(b []byte) int { return 1 + bytes.Index(b[1:], []byte("jsp1")) }
	for _, test := range []struct {
		name       string
		damage     func(t *testing.T, dir string)
		lost, said int // events that do not come; what events_dropped says
	}{
		{"none", func(*testing.T, string) {}, 0, 0},
		{"torn end", func(t *testing.T, dir string) {
			edit(t, dir, 2, func(b []byte) []byte { return b[:len(b)-7] })
		}, 40, 40},
		{"torn header", func(t *testing.T, dir string) {
			edit(t, dir, 1, func(b []byte) []byte { return b[:second(b)+19] })
		}, 40, 1},
		{"body", func(t *testing.T, dir string) {
			edit(t, dir, 0, func(b []byte) []byte { b[60] ^= 1; return b })
		}, 60, 60},
		{"header", func(t *testing.T, dir string) {
			edit(t, dir, 0, func(b []byte) []byte { b[5] ^= 0x80; return b })
		}, 60, 1},
		{"zeros at the end", func(t *testing.T, dir string) {
			edit(t, dir, 0, func(b []byte) []byte { return append(b, make([]byte, 100_000)...) })
		}, 0, 1},
		{"noise", func(t *testing.T, dir string) {
			edit(t, dir, 1, func(b []byte) []byte { return bytes.Repeat([]byte("jsp1\x00\x00"), 30_000) })
		}, 100, 1},
		{"empty", func(t *testing.T, dir string) {
			edit(t, dir, 1, func(b []byte) []byte { return nil })
		}, 100, 0},
		{"strangers", func(t *testing.T, dir string) {
			outside := filepath.Join(filepath.Dir(dir), "outside")
			os.WriteFile(outside, []byte("keep"), 0o600)
			os.Symlink(outside, filepath.Join(dir, "00.spool"))
			os.Mkdir(filepath.Join(dir, "01.spool"), 0o700)
			os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("keep"), 0o600)
			os.WriteFile(filepath.Join(dir, "zz.spool.bad"), []byte("keep"), 0o600)
			t.Cleanup(func() {
				for _, name := range []string{outside, filepath.Join(dir, "notes.txt"), filepath.Join(dir, "zz.spool.bad")} {
					if b, err := os.ReadFile(name); string(b) != "keep" {
						t.Errorf("%s: %q, %v", name, b, err)
					}
				}
			})
		}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "spool")
				fill(t, dir)
				test.damage(t, dir)
				m := &mailbox{status: 202}
				l := m.link(dir)
				numbered(l, 300, 301)
				time.Sleep(time.Minute)
				numbered(l, 301, 302)
				if err := l.Close(t.Context()); err != nil {
					t.Error(err)
				}
				if got, want := len(m.tokens), 302-test.lost; got != want || m.lost != int64(test.said) {
					t.Errorf("%d events came and %d were said to be lost; want %d and %d", got, m.lost, want, test.said)
				}
				if !slices.IsSortedFunc(m.tokens, func(a, b string) int { x, _ := strconv.Atoi(a); y, _ := strconv.Atoi(b); return x - y }) {
					t.Error("out of order")
				}
				if left, _ := filepath.Glob(filepath.Join(dir, "*Z*.spool")); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
			})
		})
	}
}

// Two links, as two processes have them, share a directory: each sends its own
// once, and what one leaves behind the other picks up.
func TestSpoolShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, m := t.TempDir(), new(mailbox)
		one, two := m.link(dir), m.link(dir)
		numbered(one, 0, 500)
		numbered(two, 500, 1000)
		if err := one.Close(t.Context()); err != nil { // the monitor is away
			t.Error(err)
		}
		m.set(202)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(m.tokens) != 1000 {
			t.Errorf("%d events came, want also those of the one that was closed: 1000", len(m.tokens))
		}
		if n := m.twice(); n > 0 {
			t.Errorf("%d came twice", n)
		}
		if err := two.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if list, _ := files(t, dir); len(list) > 0 {
			t.Errorf("left behind: %v", list)
		}
	})
}

// What an answer means.
func TestMonitorAnswers(t *testing.T) {
	for _, test := range []struct {
		status int
		comes  bool          // in the end
		within time.Duration // of the monitor's taking events again
	}{
		{0, true, time.Minute},
		{400, false, 0},
		{401, true, 31 * time.Second}, // the key was revoked, and perhaps given back
		{403, true, 31 * time.Second},
		{404, true, 31 * time.Second},
		{405, true, 31 * time.Second},
		{408, true, time.Minute},
		{413, false, 0}, // 100 events are halved down to single ones first
		{415, true, 31 * time.Second},
		{422, false, 0},
		{429, true, time.Minute},
		{302, true, 31 * time.Second},
		{500, true, time.Minute},
		{503, true, time.Minute},
	} {
		for _, spooled := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d spool=%v", test.status, spooled), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					dir, m := "", &mailbox{status: test.status}
					if spooled {
						dir = t.TempDir()
					}
					l := m.link(dir)
					numbered(l, 0, 100)
					time.Sleep(10 * time.Minute)
					if n := m.set(202); n > 250 { // 100 single ones and the ways there, or a few repeats
						t.Errorf("%d requests in ten minutes", n)
					}
					time.Sleep(test.within)
					numbered(l, 100, 101)
					if err := l.Close(t.Context()); err != nil {
						t.Error(err)
					}
					comes, lost := 101, int64(0)
					if !test.comes {
						comes, lost = 1, 100
					}
					if len(m.tokens) != comes || m.lost != lost {
						t.Errorf("%d events came and %d were said to be lost; want %d and %d", len(m.tokens), m.lost, comes, lost)
					}
				})
			})
		}
	}
}

// Close with a context that has ended keeps what it can.
func TestSpoolCloseInHaste(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, m := t.TempDir(), new(mailbox)
		l := m.link(dir)
		for i := range 50 {
			e := sample(time.Now())
			e.TokenID = strconv.Itoa(i)
			l.Emit(e)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Close(ctx); err != nil {
			t.Error(err)
		}
		m.set(202)
		l = m.link(dir)
		numbered(l, 50, 60)
		l.Close(t.Context())
		m.inOrder(t, 60)
	})
}

func TestSpoolConfiguration(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o600)
	open := filepath.Join(dir, "open")
	os.Mkdir(open, 0o700)
	os.Chmod(open, 0o777)
	for want, c := range map[string]guard.SpoolConfig{
		"Spool.MaxBytes: 1000 is less than 1 MiB":         {Dir: dir, MaxBytes: 1000},
		"Spool.MaxBytes: -1 is less":                      {Dir: dir, MaxBytes: -1},
		"Spool.Dir: mkdir":                                {Dir: file},
		"Spool.Dir: " + open + ": others may write there": {Dir: open},
	} {
		_, err := guard.New(guard.Config{ObserveOnly: true, Events: guard.EventConfig{
			Sink: guard.Tee(guard.MonitorSink(guard.MonitorConfig{URL: "http://127.0.0.1:7460", Key: "k", Spool: c}))}})
		if err == nil || !strings.Contains(err.Error(), "Events.Sink: monitor: "+want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
}

// Gate: "8 goroutines x 20,000 records lose none", by way of the disk, and with
// memory for a hundredth of them.
func TestSpoolLosesNothing(t *testing.T) {
	m := &mailbox{status: http.StatusAccepted, quick: true}
	losesNothing(t, m.link(t.TempDir(), func(c *guard.MonitorConfig) { c.MaxBytes = 1 << 20 }), m.count)
}

func TestSpoolKeepsContract(t *testing.T) {
	guardtest.Sink(t, func(t *testing.T) guardtest.SinkTest {
		m := &mailbox{status: http.StatusAccepted}
		return guardtest.SinkTest{Sink: m.link(t.TempDir()), Events: m.events}
	})
}

const childSpool = "JOTSIGHT_TEST_SPOOL"

// A child emits until it is killed, and says after each event which it was.
func TestSpoolChild(t *testing.T) {
	dir := os.Getenv(childSpool)
	if dir == "" {
		return // the child of TestSpoolSurvivesKill
	}
	l := guard.MonitorSink(guard.MonitorConfig{URL: os.Getenv("JOTSIGHT_TEST_URL"), Key: "k", Log: quiet(), Spool: guard.SpoolConfig{Dir: dir}})
	out := bufio.NewWriterSize(os.Stdout, 64)
	for i := 0; ; i++ {
		e := sample(time.Now())
		e.TokenID = os.Getenv("JOTSIGHT_TEST_RUN") + "." + strconv.Itoa(i)
		if !l.Offer(e) {
			i--
			continue
		}
		fmt.Fprintln(out, i)
		out.Flush()
		if i%20 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// The promise, with a real process and a real kill -9: whatever was emitted more
// than a fifth of a second before comes, in order, whether the monitor was there
// or not. A second is allowed here, because the machine may be busy.
func TestSpoolSurvivesKill(t *testing.T) {
	server := newReceiver(t, func(int, string) (int, string) { return 202, "" })
	away := newReceiver(t, func(int, string) (int, string) { return 503, "" })
	dir := t.TempDir()
	promised := make(map[int]int) // by run
	for run := range 3 {
		url := server.URL
		if run%2 == 0 {
			url = away.URL
		}
		child := exec.Command(os.Args[0], "-test.run=^TestSpoolChild$", "-test.count=1")
		child.Env = append(os.Environ(), childSpool+"="+dir, "JOTSIGHT_TEST_URL="+url, "JOTSIGHT_TEST_RUN="+strconv.Itoa(run))
		said, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		type note struct {
			at time.Time
			n  int
		}
		var notes []note
		begun := make(chan struct{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for lines := bufio.NewScanner(said); lines.Scan(); {
				if n, err := strconv.Atoi(lines.Text()); err == nil {
					if notes = append(notes, note{time.Now(), n}); len(notes) == 1 {
						close(begun)
					}
				}
			}
		}()
		select {
		case <-begun:
		case <-time.After(20 * time.Second):
			t.Fatal("the child emits nothing")
		}
		time.Sleep(1300 * time.Millisecond)
		killed := time.Now()
		child.Process.Kill()
		<-ended
		child.Wait()
		for _, n := range notes {
			if killed.Sub(n.at) > time.Second {
				promised[run] = n.n + 1
			}
		}
	}
	l := guard.MonitorSink(guard.MonitorConfig{URL: server.URL, Key: "k", Log: quiet(), Spool: guard.SpoolConfig{Dir: dir}})
	l.Emit(sample(time.Now()))
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, _ := server.got(t)
	next := make(map[int]int)
	repeats := 0
	ids := make(map[event.ID]bool)
	for _, e := range list {
		var run, n int
		if ids[e.ID] {
			repeats++
			continue
		}
		ids[e.ID] = true
		if _, err := fmt.Sscanf(e.TokenID, "%d.%d", &run, &n); err != nil {
			continue
		}
		if n != next[run] {
			t.Fatalf("run %d: event %d came where %d was due", run, n, next[run])
		}
		next[run] = n + 1
	}
	if repeats > 3*1000 { // a request for each kill
		t.Errorf("%d repeats", repeats)
	}
	for run, n := range promised {
		if n < 100 || next[run] < n {
			t.Errorf("run %d: %d events came, %d were promised", run, next[run], n)
		}
		t.Logf("run %d: %d events came, %d were promised; %d repeats in all", run, next[run], n, repeats)
	}
	if left, err := fs.Glob(os.DirFS(dir), "*.spool"); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
