package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/jotsight/jotsight/internal/scan"
)

// A meter shows how far a scan is: on a terminal one bar that is drawn over and
// over, elsewhere one line for each probe that has ended.
type meter struct {
	mu    sync.Mutex
	out   io.Writer
	width int // of the bar's line; 0: plain lines
	quiet bool
	shown bool // a bar stands on the line
}

func newMeter(talk io.Writer, quiet bool) *meter {
	m := &meter{out: talk, quiet: quiet}
	if f, ok := talk.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		m.width = 80
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			m.width = w
		}
	}
	return m
}

// step is scan.Options.Progress.
func (m *meter) step(p scan.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.quiet:
	case m.width > 0:
		fmt.Fprint(m.out, "\r"+bar(p, m.width)+"\x1b[K")
		m.shown = true
	case p.Verdict != "":
		fmt.Fprintf(m.out, "jotsight: %2d/%d %s: %s\n", p.Done, p.Total, p.Probe, p.Verdict)
	}
}

// stage is lint.Options.Progress: it names what is being done, on a terminal alone,
// because elsewhere it is over before anybody could read it.
func (m *meter) stage(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.quiet || m.width == 0 {
		return
	}
	line := what + " ..."
	if len(line) >= m.width {
		return
	}
	fmt.Fprint(m.out, "\r"+line+"\x1b[K")
	m.shown = true
}

// bar draws one line that is shorter than width columns.
func bar(p scan.Progress, width int) string {
	const cells = 24
	full := 0
	if p.Total > 0 {
		full = cells * p.Done / p.Total
	}
	line := fmt.Sprintf("[%s%s] %d/%d %s", strings.Repeat("#", full), strings.Repeat(".", cells-full), p.Done, p.Total, p.Probe)
	for utf8.RuneCountInString(line) >= width && line != "" {
		line = line[:len(line)-1]
	}
	return line
}

// say prints a line of talk, above the bar if there is one.
func (m *meter) say(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.quiet {
		return
	}
	m.clear()
	fmt.Fprintf(m.out, "jotsight: "+format+"\n", args...)
}

// end takes the bar away.
func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

func (m *meter) clear() {
	if m.shown {
		fmt.Fprint(m.out, "\r\x1b[K")
		m.shown = false
	}
}
