package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A FieldError says which key of a line cannot be right, and why. It never
// holds a value from the line unless that value is a harmless lower-case word.
type FieldError struct {
	Key     string
	Problem string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("field %q: %s", Clip(e.Key, 64), e.Problem)
}

var (
	errLong    = fmt.Errorf("longer than %d bytes", MaxLine)
	errJSON    = errors.New("not one JSON object")
	errTrailer = errors.New("text after the JSON object")
)

// Decode reads one line that Append, or anybody else who keeps to the schema,
// has written. Keys that the schema does not know are skipped and counted. The
// line is refused when it is not one flat JSON object, is longer than MaxLine,
// states a key twice, has no time or no kind, or gives a known key a value that
// its type or closed set does not have; the error is then a *FieldError where a
// key can be named, and *e is unspecified.
//
// The texts of *e share the memory of line.
func (e *Event) Decode(line string) (unknown int, err error) {
	if len(line) > MaxLine {
		return 0, errLong
	}
	*e = Event{}
	d := decoder{line: line}
	if !d.take('{') {
		return 0, errJSON
	}
	var seen [2]uint64
	var strange []string
	for first := true; !d.take('}'); first = false {
		if !first && !d.take(',') {
			return 0, errJSON
		}
		key, ok := d.text()
		if !ok || !d.take(':') {
			return 0, errJSON
		}
		i, known := fieldIndex[key]
		if !known {
			for _, s := range strange {
				if s == key {
					return 0, &FieldError{key, "stated twice"}
				}
			}
			if unknown++; unknown > maxStrange {
				return 0, fmt.Errorf("more than %d keys that the schema does not know", maxStrange)
			}
			strange = append(strange, key)
			if problem := d.skip(); problem != "" {
				return 0, &FieldError{key, problem}
			}
			continue
		}
		if seen[i/64]&(1<<(i%64)) != 0 {
			return 0, &FieldError{key, "stated twice"}
		}
		seen[i/64] |= 1 << (i % 64)
		if problem := d.field(e, fields[i]); problem != "" {
			return 0, &FieldError{key, problem}
		}
	}
	if d.space(); d.at != len(d.line) {
		return 0, errTrailer
	}
	switch {
	case e.Kind == 0:
		return 0, &FieldError{"event", "missing"}
	case e.Time.IsZero():
		return 0, &FieldError{"time", "missing"}
	}
	return unknown, nil
}

// maxStrange bounds the search for a repeated unknown key.
const maxStrange = 256

// decoder reads one flat JSON object. Its methods report failure instead of
// guessing: whatever encoding/json refuses is refused here too, which a fuzz
// test holds.
type decoder struct {
	line string
	at   int
}

func (d *decoder) space() {
	for d.at < len(d.line) {
		switch d.line[d.at] {
		case ' ', '\t', '\r', '\n':
			d.at++
		default:
			return
		}
	}
}

func (d *decoder) take(c byte) bool {
	d.space()
	if d.at < len(d.line) && d.line[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *decoder) word(w string) bool {
	if strings.HasPrefix(d.line[d.at:], w) {
		d.at += len(w)
		return true
	}
	return false
}

// text reads a string. The usual one, without an escape, is a slice of the line;
// any backslash leaves for encoding/json, because a hand-made reading of escapes
// that differs from everybody else's is an evasion.
func (d *decoder) text() (string, bool) {
	if !d.take('"') {
		return "", false
	}
	from := d.at
	for i := from; i < len(d.line); i++ {
		switch c := d.line[i]; {
		case c == '"':
			d.at = i + 1
			s := d.line[from:i]
			if !utf8.ValidString(s) {
				s = string([]rune(s)) // each byte that is not UTF-8 becomes U+FFFD, as in encoding/json
			}
			return s, true
		case c == '\\':
			return d.escaped(from, i)
		case c < 0x20:
			return "", false
		}
	}
	return "", false
}

func (d *decoder) escaped(from, i int) (string, bool) {
	for ; i < len(d.line); i++ {
		switch d.line[i] {
		case '\\':
			i++
		case '"':
			d.at = i + 1
			var s string
			err := json.Unmarshal([]byte(d.line[from-1:i+1]), &s)
			return s, err == nil
		}
	}
	return "", false
}

// number gives the text of a JSON number (RFC 8259 section 6).
func (d *decoder) number() (string, bool) {
	d.space()
	from := d.at
	digits := func() (n int) {
		for d.at < len(d.line) && d.line[d.at]-'0' <= 9 {
			d.at++
			n++
		}
		return n
	}
	if d.at < len(d.line) && d.line[d.at] == '-' {
		d.at++
	}
	zero := d.at < len(d.line) && d.line[d.at] == '0'
	if n := digits(); n == 0 || zero && n > 1 {
		return "", false
	}
	if d.at < len(d.line) && d.line[d.at] == '.' {
		d.at++
		if digits() == 0 {
			return "", false
		}
	}
	if d.at < len(d.line) && d.line[d.at]|0x20 == 'e' {
		d.at++
		if d.at < len(d.line) && (d.line[d.at] == '+' || d.line[d.at] == '-') {
			d.at++
		}
		if digits() == 0 {
			return "", false
		}
	}
	return d.line[from:d.at], true
}

func (d *decoder) field(e *Event, f *Field) (problem string) {
	d.space()
	if d.word("null") {
		return "" // absent, in other words
	}
	switch f.Type {
	case Text, Enum, Timestamp:
		s, ok := d.text()
		switch {
		case !ok:
			return "not a string"
		case f.Derived || s == "":
		case f.text != nil:
			*f.text(e) = Clip(s, f.max)
		case f.set != nil:
			if !f.set(e, s) {
				return "unknown value" + harmless(s)
			}
		case f.when != nil:
			t, err := time.Parse(time.RFC3339Nano, s)
			if err != nil {
				return "not a time of RFC 3339"
			}
			if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 || t.IsZero() {
				return "not a year of four digits"
			}
			*f.when(e) = t
		}
	case Number:
		s, ok := d.number()
		switch {
		case !ok:
			return "not a number"
		case !f.setNum(e, s):
			return "out of its range"
		}
	case Bool:
		switch {
		case d.word("true"):
			*f.flag(e) = true
		case !d.word("false"):
			return "neither true nor false"
		}
	case List:
		if !d.take('[') {
			return "not an array of strings"
		}
		var values []string
		for first := true; !d.take(']'); first = false {
			if !first && !d.take(',') {
				return "not an array of strings"
			}
			s, ok := d.text()
			if !ok {
				return "not an array of strings"
			}
			if len(values) < MaxValues {
				values = append(values, Clip(s, f.max))
			}
		}
		*f.list(e) = values
	}
	return ""
}

// skip passes over the value of a key that the schema does not know.
func (d *decoder) skip() (problem string) {
	d.space()
	switch {
	case d.at == len(d.line):
		return "without a value"
	case d.line[d.at] == '{':
		return "nested; the schema is flat"
	case d.line[d.at] == '[':
		d.at++
		for first := true; !d.take(']'); first = false {
			if !first && !d.take(',') {
				return "not a JSON value"
			}
			if problem := d.scalar(); problem != "" {
				return problem
			}
		}
		return ""
	}
	return d.scalar()
}

func (d *decoder) scalar() (problem string) {
	d.space()
	if d.at < len(d.line) {
		switch c := d.line[d.at]; {
		case c == '"':
			if _, ok := d.text(); ok {
				return ""
			}
		case c == '-' || c-'0' <= 9:
			if s, ok := d.number(); ok {
				if _, ok := parseFloat(s); !ok {
					return "out of its range" // no other reader takes it
				}
				return ""
			}
		case c == '{' || c == '[':
			return "nested; the schema is flat"
		case d.word("true"), d.word("false"), d.word("null"):
			return ""
		}
	}
	return "not a JSON value"
}

// harmless repeats a value in an error only when it is a short lower-case word:
// no token, and no secret worth the name, is one.
func harmless(s string) string {
	if len(s) > 40 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_.") != "" {
		return ""
	}
	return " " + strconv.Quote(s)
}

func parseInt(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return n, true
	}
	f, ok := parseFloat(s)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

func parseFloat(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && finite(f)
}

// finite tells the floats that JSON has a number for.
func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// parseSeconds reads what seconds wrote, to the nanosecond, and other spellings
// of a number as a float.
func parseSeconds(s string, to *time.Duration) bool {
	if n, ok := parseNanos(s); ok {
		*to = n
		return true
	}
	f, ok := parseFloat(s)
	if !ok || math.Abs(f) > float64(math.MaxInt64)/1e9-1 {
		return false
	}
	*to = time.Duration(math.Round(f * 1e9))
	return true
}

// parseNanos reads a JSON number without an exponent and with at most nine
// decimals.
func parseNanos(s string) (time.Duration, bool) {
	s, negative := strings.CutPrefix(s, "-")
	whole, decimals, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 64)
	if err != nil || n > math.MaxInt64/uint64(time.Second) || len(decimals) > 9 {
		return 0, false
	}
	unit := uint64(time.Second)
	n *= unit
	for i := range len(decimals) {
		digit := uint64(decimals[i] - '0')
		if digit > 9 {
			return 0, false
		}
		unit /= 10
		n += digit * unit
	}
	switch {
	case negative && n <= -math.MinInt64:
		return time.Duration(-n), true
	case n <= math.MaxInt64:
		return time.Duration(n), !negative
	}
	return 0, false
}
