package scan

import (
	"encoding/json"
	"fmt"
	"regexp"
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
	raw    string            // every byte, colour codes included
	text   string            // without colour codes
	fields map[string]string // of JSON and logfmt; members of members joined with dots
	levels map[string]string // what the recipe says of the service's levels
	access bool              // common or combined log format: an access line by its very form
	event  *event.Event      // the line is an event of jotsight's own schema
}

// records joins continuation lines (of stack traces) to what they continue and
// reads each entry.
func (b *book) records(lines []line) []*record {
	var out []*record
	last := map[int]*record{}
	for _, l := range lines {
		src := b.logs[l.source]
		if before := last[l.source]; before != nil && continues(src, l.text) && before.fields == nil && len(before.raw) < maxLogLine {
			before.raw += "\n" + l.text
			before.text += "\n" + plainText(l.text)
			continue
		}
		if strings.TrimSpace(l.text) == "" {
			continue
		}
		r := &record{at: l.at, source: l.source, raw: l.text, text: plainText(l.text), levels: src.Level}
		r.read(src.Format)
		out = append(out, r)
		last[l.source] = r
	}
	return out
}

var continuation = regexp.MustCompile(`^(?:\s+\S|Caused by: |\.\.\. \d+ more|goroutine \d+ |Traceback )`)

func continues(src LogSource, text string) bool {
	if src.Join != nil {
		return src.Join.MatchString(text)
	}
	return continuation.MatchString(text)
}

var (
	ansi    = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)`)
	clf     = regexp.MustCompile(`^\S+ \S+ .{1,128}? \[[^\]]{10,40}\] "(?:[^"\\]|\\.)*" \d{3} (?:\d+|-)`)
	logfmt  = regexp.MustCompile(`(?:^|\s)([A-Za-z_][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)`)
	logfmt1 = regexp.MustCompile(`^(?:\S+ ){0,4}?[A-Za-z_][\w.@/-]*=`)
)

func plainText(s string) string { return ansi.ReplaceAllString(s, "") }

// read finds the form of a record. JSON comes before any other form, since a
// field's value may look like anything.
func (r *record) read(format string) {
	if format == "auto" || format == "json" {
		if i := strings.IndexByte(r.text, '{'); i >= 0 && i < 200 {
			var v map[string]any
			d := json.NewDecoder(strings.NewReader(r.text[i:]))
			d.UseNumber()
			if d.Decode(&v) == nil {
				r.fields = map[string]string{}
				flatten(r.fields, "", v, 0)
				var e event.Event
				if _, err := e.Decode(strings.TrimSpace(r.text[i:])); err == nil {
					r.event = &e
				}
				return
			}
		}
	}
	if (format == "auto" || format == "clf") && clf.MatchString(r.text) {
		r.access = true
		return
	}
	if format == "auto" && !logfmt1.MatchString(r.text) || format == "text" || format == "json" || format == "clf" {
		return
	}
	pairs := logfmt.FindAllStringSubmatch(r.text, -1)
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
	if rest := strings.TrimSpace(logfmt.ReplaceAllString(r.text, " ")); rest != "" {
		r.fields["msg"] = strings.TrimSpace(rest + " " + r.fields["msg"])
	}
}

func flatten(to map[string]string, prefix string, v any, depth int) {
	if len(to) > 500 || depth > 8 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			flatten(to, join(prefix, k), x, depth+1)
		}
	case []any:
		for i, x := range v {
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

// weight is how many facts the record stands for: an event may be folded.
func (r *record) weight() int64 {
	if r.event != nil {
		return r.event.Weight()
	}
	return 1
}

// levels, worst last. A record has one of them or none.
var levels = []string{"trace", "debug", "info", "warn", "error", "fatal"}

var levelWords = map[string]string{
	"trace": "trace", "silly": "trace", "finest": "trace",
	"debug": "debug", "dbg": "debug", "fine": "debug", "verbose": "debug",
	"info": "info", "inf": "info", "information": "info", "notice": "info", "http": "info",
	"warn": "warn", "warning": "warn", "wrn": "warn",
	"error": "error", "err": "error", "severe": "error",
	"fatal": "fatal", "critical": "fatal", "crit": "fatal", "alert": "fatal", "emerg": "fatal", "panic": "fatal",
}

var levelText = regexp.MustCompile(`(?:^|[\s\[(<|])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE|PANIC|trace|debug|info|warn|warning|error|fatal)(?:[\s\])>|:]|$)`)

// level gives the record's level in one vocabulary, empty when it states none.
// Only the first part of a text is looked at: further on stands what attackers wrote.
func (r *record) level() string {
	if r.event != nil && r.event.Severity != 0 {
		return levels[min((int(r.event.Severity)-1)/4, len(levels)-1)]
	}
	if r.fields != nil {
		v, ok := r.field("level", "lvl", "severity", "levelname", "log.level", "severity_text", "loglevel")
		if !ok {
			return ""
		}
		if w, ok := r.levels[v]; ok {
			return w
		}
		if w, ok := levelWords[strings.ToLower(v)]; ok {
			return w
		}
		if n, err := strconv.Atoi(v); err == nil {
			return numericLevel(n)
		}
		w, _, _ := strings.Cut(strings.ToLower(v), "+") // slog's WARN+1
		return levelWords[w]
	}
	head := r.text[:min(len(r.text), 80)]
	if m := levelText.FindStringSubmatch(head); m != nil {
		return levelWords[strings.ToLower(m[1])]
	}
	return ""
}

// numericLevel reads pino's and bunyan's 10 to 60, and syslog's 7 to 0. slog's
// numbers cannot be told from syslog's, and slog writes words.
func numericLevel(n int) string {
	if n >= 10 {
		return levels[min(n/10-1, len(levels)-1)]
	}
	return [...]string{"fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"}[max(0, min(n, 7))]
}
