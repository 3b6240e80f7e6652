package finding

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/jotsight/jotsight/guard/event"
)

// TextOptions say what the reader of a text can show. The zero value is plain
// text of 80 columns with box-drawing characters.
type TextOptions struct {
	Width  int  // columns; 0 means 80, and fewer than 40 mean 40
	Colour bool // ANSI colours; every colour repeats what a word says
	ASCII  bool // no character beyond ASCII of our own
}

// Terminal finds out what w can show. getenv is os.Getenv, or a test's. Colour
// needs a terminal and no NO_COLOR (https://no-color.org); ASCII follows from a
// locale that is not UTF-8.
func Terminal(w io.Writer, getenv func(string) string) TextOptions {
	var o TextOptions
	locale := getenv("LC_ALL")
	if locale == "" {
		locale = getenv("LC_CTYPE")
	}
	if locale == "" {
		locale = getenv("LANG")
	}
	o.ASCII = locale != "" && !strings.Contains(strings.ToLower(strings.ReplaceAll(locale, "-", "")), "utf8")
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return o
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil {
		o.Width = width
	}
	o.Colour = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	return o
}

// Columns is the width to write for.
func (o TextOptions) Columns() int {
	switch {
	case o.Width == 0:
		return 80
	case o.Width < 40:
		return 40
	}
	return min(o.Width, 120)
}

// Escape makes foreign text fit for a terminal: what does not print, line ends
// included, becomes an escape of Go's, so that nothing in it can move the
// cursor, colour, end a line or turn the direction of the text.
func Escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case event.Printable(r):
			b.WriteString(s[i : i+n])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// A style is an ANSI colour or weight.
type style string

const (
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

func (o TextOptions) paint(s style, text string) string {
	if !o.Colour || s == "" || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Bold marks a heading where the reader can show it.
func (o TextOptions) Bold(text string) string { return o.paint(bold, text) }

// columns is how many columns s takes, its ANSI sequences apart.
func columns(s string) (n int) {
	for i := 0; i < len(s); {
		if s[i] == 0x1b {
			end := strings.IndexByte(s[i:], 'm')
			if end < 0 {
				return n
			}
			i += end + 1
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		n += runeColumns(r)
		i += size
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x1100 && unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		r >= 0x1f300 && r <= 0x1faff, r >= 0xff01 && r <= 0xff60:
		return 2
	}
	return 1
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-columns(s), 0))
}

// fit cuts plain text to a width and marks the cut.
func (o TextOptions) fit(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	mark := "…"
	if o.ASCII {
		mark = "~"
	}
	n := 0
	for i, r := range s {
		if n += runeColumns(r); n > width-1 {
			return s[:i] + mark
		}
	}
	return s
}

// Wrap breaks plain text into lines of at most width columns, at spaces where
// there are any.
func Wrap(s string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		for columns(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			cut, n := 0, 0
			for i, r := range word {
				if n += runeColumns(r); n > width {
					break
				}
				cut = i + utf8.RuneLen(r)
			}
			lines, word = append(lines, word[:cut]), word[cut:]
		}
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// box draws lines in a frame of the given width with a title.
func (o TextOptions) box(title string, lines []string, width int) []string {
	const fancy, plain = "┌─┐│└┘", "+-+|++"
	c := []rune(fancy)
	if o.ASCII {
		c = []rune(plain)
	}
	corner := func(i int) string { return string(c[i]) }
	rule := func(n int) string { return strings.Repeat(corner(1), max(n, 0)) }
	title = o.fit(title, width-6)
	out := []string{corner(0) + corner(1) + " " + o.Bold(title) + " " + rule(width-5-columns(title)) + corner(2)}
	for _, l := range lines {
		out = append(out, corner(3)+" "+pad(l, width-4)+" "+corner(3))
	}
	return append(out, corner(4)+rule(width-2)+corner(5))
}

// beside puts blocks side by side where they fit into the width, and one under
// the other where they do not.
func (o TextOptions) beside(blocks [][]string) (lines []string) {
	const gap = 2
	total, tall := -gap, 0
	for _, b := range blocks {
		total += columns(b[0]) + gap
		tall = max(tall, len(b))
	}
	if total > o.Columns() {
		for _, b := range blocks {
			lines = append(lines, b...)
		}
		return lines
	}
	for i := range tall {
		var line strings.Builder
		for j, b := range blocks {
			cell := ""
			if i < len(b) {
				cell = b[i]
			}
			if j < len(blocks)-1 {
				cell = pad(cell, columns(b[0])+gap)
			}
			line.WriteString(cell)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}
