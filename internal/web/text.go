package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jotsight/jotsight/guard/event"
)

// visible shows what a text would otherwise do: control characters (ANSI
// sequences among them), bidirectional and zero-width marks, and odd blanks come
// out as \u{202e}. html/template then takes care of the markup.
func visible(s string) string {
	odd := func(r rune) bool { return !event.Printable(r) || r == unicode.ReplacementChar }
	if !strings.ContainsFunc(s, odd) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if odd(r) {
			fmt.Fprintf(&b, `\u{%04x}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// A stamp is a time as pages show it. Text is UTC; a script may turn it into the
// reader's zone.
type stamp struct {
	ISO  string // for <time datetime>
	Full string
	Text string // without the date if that is today
}

func stampOf(t, now time.Time) stamp {
	if t.IsZero() {
		return stamp{}
	}
	t, now = t.UTC(), now.UTC()
	s := stamp{
		ISO:  t.Format("2006-01-02T15:04:05.000Z"),
		Full: t.Format("2006-01-02 15:04:05.000 UTC"),
		Text: t.Format("01-02 15:04:05"),
	}
	switch {
	case t.Year() != now.Year():
		s.Text = t.Format("2006-01-02 15:04")
	case t.YearDay() == now.YearDay():
		s.Text = t.Format("15:04:05")
	}
	return s
}

// age says how long ago t was, in the largest unit.
func age(t, now time.Time) string {
	d := max(now.Sub(t), 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// decimal writes a number without an exponent.
func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
