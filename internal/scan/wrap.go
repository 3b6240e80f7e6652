package scan

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// A wrapped line is what a service wrote, out of what its surroundings put around
// it on the way into the log.
type wrapped struct {
	text    string
	level   string // that the wrapping states; empty: none
	dated   bool   // it states a time
	partial bool   // the next line goes on with this one
}

var (
	criPrefix      = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\S{8,30} std(?:out|err) ([FP]) `)
	composePrefix  = regexp.MustCompile(`^[\w.]{1,60}(?:[-_][\w.]{1,60})*[-_]\d{1,4}\s+\| `)
	syslog5424     = regexp.MustCompile(`^<(\d{1,3})>1 (\S+) \S+ \S+ \S+ \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: \x{FEFF}?|$)`)
	syslog3164     = regexp.MustCompile(`^<(\d{1,3})>(?:(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (?:[^\s:\[]+ )?)?[^\s:\[]{1,48}(?:\[[^\]]{1,16}\])?: ?`)
	journalShort   = regexp.MustCompile(`^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*) [\w.-]+ [^\s:\[]{1,48}(?:\[\d{1,10}\]): `)
	journalShortNo = regexp.MustCompile(`^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? [\w.-]+ [^\s:\[]{1,48}: `)
)

// unwrap takes a line out of what Docker's json-file driver, a container runtime,
// docker compose, syslog (RFC 3164 and 5424) or the journal puts around it, and
// of one within the other. The line itself is not changed.
func unwrap(text string) wrapped {
	w := wrapped{text: text}
	for range 3 {
		switch {
		case criPrefix.MatchString(w.text):
			m := criPrefix.FindStringSubmatch(w.text)
			w.text, w.dated, w.partial = w.text[len(m[0]):], true, m[1] == "P"
		case strings.HasPrefix(w.text, "<") && w.syslog():
		case journalShort.MatchString(w.text):
			w.text, w.dated = w.text[len(journalShort.FindString(w.text)):], true
		case journalShortNo.MatchString(w.text):
			w.text, w.dated = w.text[len(journalShortNo.FindString(w.text)):], true
		case strings.HasPrefix(w.text, "{") && strings.Contains(w.text, `"log":`) && w.docker():
		case strings.HasPrefix(w.text, "{") && strings.Contains(w.text, `"MESSAGE"`) && w.journal():
		case composePrefix.MatchString(w.text):
			w.text = w.text[len(composePrefix.FindString(w.text)):]
		default:
			return w
		}
	}
	return w
}

// syslog takes the header of RFC 5424 or 3164 off, and its severity.
func (w *wrapped) syslog() bool {
	m := syslog5424.FindStringSubmatch(w.text)
	if m == nil {
		m = syslog3164.FindStringSubmatch(w.text)
	}
	if m == nil {
		return false
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n > 191 {
		return false
	}
	w.text, w.level, w.dated = w.text[len(m[0]):], syslogLevel(n%8), true
	return true
}

// docker takes the line out of {"log":"…\n","stream":"stderr","time":"…"}, as
// Docker writes it, and shippers after it with members of their own.
func (w *wrapped) docker() bool {
	v, rest, ok := object(w.text)
	if !ok || strings.TrimSpace(rest) != "" {
		return false
	}
	inner, text := v["log"].(string)
	_, stream := v["stream"].(string)
	_, pod := v["kubernetes"]
	if !text || !stream && !pod {
		return false
	}
	_, w.dated = v["time"]
	w.partial = stream && !pod && !strings.HasSuffix(inner, "\n") && len(inner) >= 16<<10 // Docker cuts there
	w.text = strings.TrimRight(inner, "\r\n")
	return true
}

// journal takes the message out of an entry as journalctl -o json prints it. A
// message that is no text is a list of bytes.
func (w *wrapped) journal() bool {
	v, rest, ok := object(w.text)
	if !ok || strings.TrimSpace(rest) != "" || v["__REALTIME_TIMESTAMP"] == nil && v["__CURSOR"] == nil {
		return false
	}
	var text string
	switch m := v["MESSAGE"].(type) {
	case string:
		text = m
	case []any:
		b := make([]byte, 0, len(m))
		for _, x := range m {
			n, ok := x.(json.Number)
			if !ok {
				return false
			}
			i, err := strconv.ParseUint(n.String(), 10, 8)
			if err != nil {
				return false
			}
			b = append(b, byte(i))
		}
		text = string(b)
	default:
		return false
	}
	if s, ok := v["PRIORITY"].(string); ok && len(s) == 1 && s[0] >= '0' && s[0] <= '7' {
		w.level = syslogLevel(int(s[0] - '0'))
	}
	w.text, w.dated = text, true
	return true
}
