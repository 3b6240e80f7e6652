package scan

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// eventually waits for what needs no more than its turn.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 20 seconds", what)
		}
	}
}

// testBook opens the logs of a recipe.
func testBook(t *testing.T, stdin io.Reader, logs ...LogSource) *book {
	t.Helper()
	for i := range logs {
		logs[i].Format = "auto"
	}
	b, err := openBook(t.Context(), &Recipe{Dir: t.TempDir(), Logs: logs}, stdin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	return b
}

func (b *book) texts(mark int) (out []string) {
	for _, l := range b.since(mark) {
		out = append(out, l.text)
	}
	return out
}

// TestRotatedUnderLoad loses no line of a log that is rotated again and again
// while a service writes into it, and gives none twice.
func TestRotatedUnderLoad(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be renamed there")
	}
	path := filepath.Join(t.TempDir(), "app.log")
	write(t, path, "before\n", 0)
	b := testBook(t, nil, LogSource{ID: "app", File: path, Flush: time.Millisecond})
	const n = 3000
	var want []string
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if i%500 == 499 {
			// As logrotate does: rename, and the service opens its log anew a moment later.
			if err := os.Rename(path, fmt.Sprintf("%s.%d", path, i)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(f, "late %d\n", i)
			want = append(want, fmt.Sprintf("late %d", i))
			f.Close()
			if f, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
				t.Fatal(err)
			}
			// Two rotations within one look at the name hide a whole file; a log
			// that lives shorter than that is nobody's.
			at := b.mark()
			fmt.Fprintf(f, "new %d\n", i)
			want = append(want, fmt.Sprintf("new %d", i))
			eventually(t, "the new file", func() bool { return b.mark() > at && strings.HasPrefix(b.since(at)[len(b.since(at))-1].text, "new ") })
			continue
		}
		fmt.Fprintf(f, "line %d\n", i)
		want = append(want, fmt.Sprintf("line %d", i))
	}
	f.Close()
	eventually(t, "all lines", func() bool { return b.mark() >= len(want) })
	if got := b.texts(0); !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d, each once and in order", len(got), len(want))
	}
}

// TestGoneAndBack reads a log whose name was missing for a while, and one that
// was copied and cut.
func TestGoneAndBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	write(t, path, "old\n", 0)
	tl, err := openTail(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { tl.close() }()
	read := func() string {
		lines, _, err := tl.read()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, ",")
	}
	write(t, path, "unfinished", os.O_APPEND)
	if runtime.GOOS != "windows" {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if got := read(); got != "" {
			t.Errorf("gone: %q", got)
		}
		write(t, path, "back\n", 0)
		if got := read(); got != "unfinished,back" {
			t.Errorf("back: %q, want the unfinished line and the new one", got)
		}
	}
	write(t, path, "", os.O_TRUNC)
	write(t, path, "x\n", os.O_APPEND) // shorter than what was read
	if got := read(); got != "x" {
		t.Errorf("cut: %q, want x", got)
	}
	seen := ""
	tl.history(func(text string) { seen += text })
	if seen != "" {
		t.Errorf("the past of a file that is no longer there: %q", seen)
	}
}

func needShell(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell")
	}
}

// TestCommand follows what a command prints, on both of its outputs, and ends its
// children with it.
func TestCommand(t *testing.T) {
	t.Parallel()
	needShell(t)
	dir := t.TempDir()
	log, pid := filepath.Join(dir, "log"), filepath.Join(dir, "pid")
	write(t, log, "past\n", 0)
	b := testBook(t, nil, LogSource{ID: "app", Cmd: "echo aloud >&2; sleep 600 & echo $! >" + pid + "; tail -n +1 -f " + log})
	if got := b.texts(0); !slices.Contains(got, "past") || !slices.Contains(got, "aloud") {
		t.Errorf("the past is %q", got)
	}
	mark := b.mark()
	write(t, log, "new\n", os.O_APPEND)
	eventually(t, "the new line", func() bool { return slices.Equal(b.texts(mark), []string{"new"}) })
	if err := b.err(); err != nil {
		t.Error(err)
	}
	b.close()
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the child", func() bool { return gone(child) })
}

// TestCommandThatEnds is an error that names the command by its first word and
// tells its last.
func TestCommandThatEnds(t *testing.T) {
	t.Parallel()
	needShell(t)
	_, err := openBook(t.Context(), &Recipe{Dir: t.TempDir(), Logs: []LogSource{{ID: "app", Format: "auto", Cmd: "false --password=hush || { echo no such container; exit 3; }", where: "r.yaml:4: logs[0].cmd"}}}, nil)
	var u *Unusable
	if !errors.As(err, &u) || err.Error() != `r.yaml:4: logs[0].cmd: false: the command ended: exit status 3: "no such container"` {
		t.Errorf("error %v", err)
	}
	b := testBook(t, nil, LogSource{ID: "app", Cmd: "sleep 1; echo bye"})
	eventually(t, "the end of the command", func() bool { return b.err() != nil })
}

// TestCommandWithCursor runs a command again and again, and reads each entry once.
func TestCommandWithCursor(t *testing.T) {
	t.Parallel()
	needShell(t)
	for _, tt := range []struct{ name, cmd string }{
		{"a cursor of its own", `n=${CURSOR:-0}; tail -n +$((n+1)) LOG; echo "-- cursor: $(wc -l <LOG)"`},
		{"a member of the last entry", `n=$(echo "${CURSOR:-0}"); awk -v n="$n" 'NR>n {print "{\"text\":\"" $0 "\",\"__CURSOR\":" NR "}"}' LOG`},
		{"since the beginning", `: $SINCE; cat LOG`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log := filepath.Join(t.TempDir(), "log")
			write(t, log, "past\n", 0)
			b := testBook(t, nil, LogSource{ID: "app", Cmd: strings.ReplaceAll(tt.cmd, "LOG", log)})
			mark := b.mark()
			if mark != 1 {
				t.Errorf("the past has %d lines, want 1: %q", mark, b.texts(0))
			}
			for i := range 3 {
				write(t, log, fmt.Sprintf("line %d\n", i), os.O_APPEND)
				b.settle(t.Context())
				if got := b.texts(mark); len(got) != i+1 || !strings.Contains(got[i], fmt.Sprintf("line %d", i)) {
					t.Fatalf("after %d lines: %q", i+1, got)
				}
			}
		})
	}
}

// TestStdin reads what is piped in; that it ends is an error.
func TestStdin(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	go io.WriteString(out, "past\n")
	b := testBook(t, in, LogSource{ID: "stdin", File: "-"})
	mark := b.mark()
	io.WriteString(out, "new\n")
	eventually(t, "the new line", func() bool { return slices.Equal(b.texts(mark), []string{"new"}) })
	out.Close()
	eventually(t, "the end", func() bool { return b.err() != nil })
	if got := b.err().Error(); got != "log standard input: ended in the midst of the scan" {
		t.Errorf("error %q", got)
	}
}

// FuzzSplit cuts the same lines out of a text, however it is cut before.
func FuzzSplit(f *testing.F) {
	f.Add("a\nb\r\n\n\x00c", 2)
	f.Fuzz(func(t *testing.T, text string, at int) {
		at = max(0, min(at, len(text)))
		var whole, parts splitter
		want := whole.split(nil, []byte(text))
		got := parts.split(parts.split(nil, []byte(text[:at])), []byte(text[at:]))
		if !slices.Equal(got, want) || string(whole.partial) != string(parts.partial) {
			t.Errorf("%q and %q, want %q and %q", got, parts.partial, want, whole.partial)
		}
	})
}
