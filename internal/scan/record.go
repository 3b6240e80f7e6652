package scan

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A record is one entry of a log, however many lines it takes, read as what it
// is: JSON, logfmt, an access line in common or combined form, or text.
type record struct {
	at     time.Time
	source int
	raw    string            // every byte, wrapping and colour codes included
	text   string            // without wrapping and colour codes
	fields map[string]string // of JSON and logfmt; members of members joined with dots
	levels map[string]string // what the recipe says of the service's levels
	outer  string            // level that the wrapping states
	dated  bool              // the wrapping states a time
	access bool              // common or combined log format: an access line by its very form
	event  *event.Event      // the line is an event of jotsight's own schema
}

// records takes lines out of their wrapping, joins those of one entry (parts of
// a long line, stack traces) and reads each entry.
func (b *book) records(lines []line) []*record {
	var out []*record
	last := map[int]*assembly{}
	for _, l := range lines {
		src := b.logs[l.source]
		w := unwrap(l.text)
		if a := last[l.source]; a != nil && a.takes(src, w.text) {
			a.add(l.text, w)
			continue
		}
		if strings.TrimSpace(w.text) == "" {
			continue
		}
		r := &record{at: l.at, source: l.source, levels: src.Level, outer: w.level, dated: w.dated}
		a := &assembly{record: r}
		a.add(l.text, w)
		r.access = clf.MatchString(r.text)
		out = append(out, r)
		last[l.source] = a
	}
	for _, r := range out {
		r.read(b.logs[r.source].Format)
	}
	return out
}

// An assembly is a record whose lines are still coming.
type assembly struct {
	*record
	partial bool // the wrapping cut the last line short
	trace   rune // of a stack trace under way: p for Python's, g for Go's; 0: none
}

func (a *assembly) add(raw string, w wrapped) {
	text := plainText(w.text)
	switch {
	case a.raw == "":
		a.raw, a.text = raw, text
	case julHead.MatchString(a.text) && julBody.MatchString(text): // the second line is the one that says something
		a.raw += "\n" + raw
		a.text = text + " " + a.text
	case a.partial:
		a.raw += raw
		a.text += text
	default:
		a.raw += "\n" + raw
		a.text += "\n" + text
	}
	a.partial = w.partial
	switch {
	case strings.HasPrefix(text, "Traceback "):
		a.trace = 'p'
	case goroutine.MatchString(text):
		a.trace = 'g'
	case a.trace == 'p' && text != "" && text[0] != ' ':
		a.trace = 0 // the exception itself, which ends the trace
	}
}

// takes reports whether a line belongs to the entry before it.
func (a *assembly) takes(src LogSource, text string) bool {
	if len(a.raw) > maxLogLine {
		return false
	}
	if a.partial {
		return true
	}
	if src.Join != nil {
		return src.Join.MatchString(text)
	}
	text = plainText(text)
	switch {
	case a.access:
		return false // one line, whatever stands behind it
	case continuation.MatchString(text):
		return true
	case a.trace == 'p':
		return text != ""
	case a.trace == 'g':
		return frame.MatchString(text)
	case exception.MatchString(text), function.MatchString(text): // below the line that tells of it
		return slices.Index(levels, textLevel(a.text)) >= slices.Index(levels, "warn")
	case julHead.MatchString(a.text):
		return julBody.MatchString(text)
	}
	return false
}

var (
	continuation = regexp.MustCompile(`^(?:\s+\S|Caused by: |Suppressed: |\.\.\. \d+ (?:more|common)|goroutine \d+ |created by |Traceback |[}\])]+[,;]?\s*$|During handling of the above|The above exception was)`)
	goroutine    = regexp.MustCompile(`^goroutine \d+ \[`)
	frame        = regexp.MustCompile(`^[\w./*()\[\]-]+\(.*\)$`)
	function     = regexp.MustCompile(`^[\w./-]+\.[\w.()*{}-]+$`) // zap's stack traces
	exception    = regexp.MustCompile(`^(?:[A-Za-z_$][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error|Throwable)(?::|\s*$)`)
	julHead      = regexp.MustCompile(`^[A-Z][a-z]{2} \d{1,2}, \d{4} [^\n]* [AP]M [^\n]*$`) // java.util.logging
	julBody      = regexp.MustCompile(`^(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): `)
)

var (
	ansi   = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)`)
	clf    = regexp.MustCompile(`^(?:[\w.-]+:\d+ )?\S+ \S+ .{1,128}? \[[^\]]{10,40}\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-)`)
	logfmt = regexp.MustCompile(`(?:^|\s)([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)`)
)

func plainText(s string) string { return ansi.ReplaceAllString(s, "") }

// read finds the form of a record. JSON comes before any other form, since a
// field's value may look like anything.
func (r *record) read(format string) {
	r.access = r.access && (format == "auto" || format == "clf")
	if r.access {
		return
	}
	if (format == "auto" || format == "json") && r.readJSON() {
		return
	}
	first, _, _ := strings.Cut(r.text, "\n")
	if format == "text" || format == "json" || format == "clf" {
		return
	}
	pairs := logfmt.FindAllStringSubmatch(first, -1)
	if len(pairs) < 2 && format == "auto" {
		return
	}
	r.fields = map[string]string{}
	for _, p := range pairs {
		v := p[2]
		if s, err := strconv.Unquote(v); err == nil {
			v = s
		}
		if v != "" {
			r.fields[p[1]] = v
		}
	}
	r.beside(logfmt.ReplaceAllString(first, " "))
}

// textBeside is the member under which text stands that is beside the members.
const textBeside = "(text)"

func (r *record) beside(text string) {
	if text = strings.TrimSpace(text); text != "" {
		r.fields[textBeside] = text
	}
}

// readJSON reads an object that ends the text. What stands before it is a prefix
// or a message: WARN token refused {"reason":"expired"}.
func (r *record) readJSON() bool {
	i := strings.IndexByte(r.text, '{')
	if i < 0 || i > 300 {
		return false
	}
	v, rest, ok := object(r.text[i:])
	if !ok {
		return false
	}
	first, _, _ := strings.Cut(rest, "\n") // a stack trace may follow
	if first = strings.Trim(first, " \t\r"); first != "" && first != "[]" {
		return false
	}
	if _, gelf := v["short_message"]; gelf { // its additional fields begin with _
		for k, x := range v {
			if name, ok := strings.CutPrefix(k, "_"); ok && v[name] == nil {
				v[name] = x
				delete(v, k)
			}
		}
	}
	r.fields = map[string]string{}
	flatten(r.fields, "", v, 0)
	r.beside(r.text[:i])
	r.asEvent(r.text[i : len(r.text)-len(rest)])
	// A shipper that does not know better keeps the line as the message.
	for _, k := range []string{"message", "MESSAGE", "msg", "log", "body", "short_message", "event.original"} {
		inner := strings.TrimSpace(r.fields[k])
		if !strings.HasPrefix(inner, "{") {
			continue
		}
		if v, rest, ok := object(inner); ok && strings.TrimSpace(rest) == "" {
			delete(r.fields, k)
			under := r.fields
			r.fields = map[string]string{}
			flatten(r.fields, "", v, 0)
			for k, v := range under { // what the line itself says comes first
				if _, has := r.fields[k]; !has && len(r.fields) <= 500 {
					r.fields[k] = v
				}
			}
			r.asEvent(inner)
		}
	}
	return true
}

// asEvent notes a text that is an event of jotsight's own schema.
func (r *record) asEvent(text string) {
	var e event.Event
	if _, err := e.Decode(strings.TrimSpace(text)); err == nil {
		r.event = &e
	}
}

// object reads a JSON object at the beginning of a text, and gives what follows.
func object(text string) (v map[string]any, rest string, ok bool) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil, "", false
	}
	return v, text[d.InputOffset():], true
}

// flatten writes the members of members under names joined with dots. The
// attributes of OpenTelemetry, a list of keys and typed values, become members.
func flatten(to map[string]string, prefix string, v any, depth int) {
	if len(to) > 500 || depth > 8 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			for _, typed := range []string{"stringValue", "intValue", "boolValue", "doubleValue"} {
				if x, ok := v[typed]; ok {
					flatten(to, prefix, x, depth+1)
					return
				}
			}
		}
		for k, x := range v {
			flatten(to, join(prefix, k), x, depth+1)
		}
	case []any:
		for i, x := range v {
			if m, ok := x.(map[string]any); ok && len(m) == 2 && m["value"] != nil {
				if k, ok := m["key"].(string); ok {
					flatten(to, join(prefix, k), m["value"], depth+1)
					continue
				}
			}
			flatten(to, fmt.Sprintf("%s.%d", prefix, i), x, depth+1)
		}
	case string:
		if v != "" {
			to[prefix] = v
		}
	case json.Number:
		to[prefix] = v.String()
	case bool:
		to[prefix] = strconv.FormatBool(v)
	}
}

// field gives the first of the keys that the record has. A key matches by its
// last parts too: "http.route" finds "request.http.route", but not "subroute".
func (r *record) field(keys ...string) (string, bool) {
	for _, want := range keys {
		if v, ok := r.fields[want]; ok {
			return v, true
		}
		best := "" // the shortest, then the first, so that a map's order decides nothing
		for k := range r.fields {
			if n := len(k) - len(want); n >= 0 && strings.EqualFold(k[n:], want) && (n == 0 || k[n-1] == '.') &&
				(best == "" || len(k) < len(best) || len(k) == len(best) && k < best) {
				best = k
			}
		}
		if best != "" {
			return r.fields[best], true
		}
	}
	return "", false
}

// weight is how many facts the record stands for: an event may be folded, and
// other tools say so in their own words, also some that write our names.
func (r *record) weight() int64 {
	if r.event != nil && r.event.Weight() > 1 {
		return r.event.Weight()
	}
	n := int64(1)
	if v, ok := r.field("count", "repeated", "repeat_count", "repeatCount", "repeats", "occurrences", "times", "suppressed", "folded", "similar"); ok {
		if i, err := strconv.ParseInt(v, 10, 64); err == nil {
			n = i
		}
	} else if m := foldedText.FindStringSubmatch(r.about()); m != nil {
		n, _ = strconv.ParseInt(m[1]+m[2]+m[3], 10, 64) // one of them, digits
	}
	if n < 1 || n > 1e6 {
		return 1
	}
	return n
}

// foldedText finds "message repeated 57 times", "(57 times)", "57 similar
// messages suppressed", "suppressed 57 times".
var foldedText = regexp.MustCompile(`(?i)(?:repeat\w*|suppress\w*|seen|occurred|happened)[^\d\n]{0,24}(\d{1,6})(?: more| similar)?(?: times?\b| messages?\b| records?\b)|[(\[x](\d{1,6}) (?:times|x)\b|\b(\d{1,6}) (?:similar|identical|more|other|repeated)[^\d\n]{0,30}(?:suppress|folded|skipped|dropped|omitted|collapsed)`)

// brief is the record for people: level, what it says, and then whatever else it
// holds that is not about every request.
func (r *record) brief() string {
	if r.fields == nil {
		return r.text
	}
	var parts []string
	done := map[string]bool{}
	put := func(k string) {
		if v := r.fields[k]; v != "" && !done[k] {
			done[k] = true
			parts = append(parts, k+"="+v)
		}
	}
	keys := slices.Sorted(maps.Keys(r.fields))
	for _, wanted := range [][]string{levelKeys, {textBeside}, reasonKeys} {
		for _, w := range wanted {
			for _, k := range keys {
				if strings.EqualFold(k, w) {
					put(k)
				}
			}
		}
	}
	for _, k := range keys {
		if !free.MatchString(k) {
			put(k)
		}
	}
	for _, k := range keys {
		put(k)
	}
	return strings.Join(parts, " ")
}
