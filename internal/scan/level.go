package scan

import (
	"regexp"
	"strconv"
	"strings"
)

// levels, worst last. A record has one of them or none.
var levels = []string{"trace", "debug", "info", "warn", "error", "fatal"}

// levelWords are the words of the loggers, in lower case.
var levelWords = map[string]string{
	"trace": "trace", "trc": "trace", "trce": "trace", "silly": "trace", "finest": "trace", "finer": "trace", "verbose": "trace", "vrb": "trace",
	"debug": "debug", "dbg": "debug", "dbug": "debug", "fine": "debug", "config": "debug",
	"info": "info", "inf": "info", "information": "info", "informational": "info", "notice": "info", "http": "info", "log": "info",
	"warn": "warn", "warning": "warn", "wrn": "warn",
	"error": "error", "err": "error", "eror": "error", "severe": "error", "fail": "error", "dpanic": "error",
	"fatal": "fatal", "ftl": "fatal", "critical": "fatal", "crit": "fatal", "alert": "fatal", "emerg": "fatal", "emergency": "fatal", "panic": "fatal", "pnc": "fatal",
}

// levelText finds the level of a line of text: WARN, [warn], warn:, WARN[0001],
// (WARN), app.WARNING: and the like.
var levelText = regexp.MustCompile(`(?:^|[\s\[(<|:])(TRACE|TRC|DEBUG|DBG|INFO|INF|NOTICE|WARN|WRN|WARNING|ERROR|ERR|FATAL|FTL|CRITICAL|CRIT|SEVERE|PANIC|PNC|Info|Information|Warn|Warning|trace|trce|debug|dbug|verbose|info|notice|warn|warning|error|fail|fatal|crit|critical|alert|emerg)(?:[\s\])>|:\[]|$)|` +
	`\.(DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY):` + // Monolog
	`|^(http): `) // winston; elsewhere it is the name of a package

// levelLetter finds the letter of glog and klog: W0102 15:04:05.678901
var levelLetter = regexp.MustCompile(`^([IWEF])\d{4} \d\d:\d\d:\d\d`)

// levelKeys are the members in which loggers write it, the most telling first.
var levelKeys = []string{"level", "lvl", "@l", "levelname", "log.level", "severity_text", "severityText", "loglevel", "severity", "priority"}

// level gives the record's level in one vocabulary, empty when it states none.
// Only the first part of a text is looked at: further on stands what attackers
// wrote. What the line itself states comes before what its wrapping says, which
// knows no more than the stream.
func (r *record) level() string {
	if r.event != nil && r.event.Severity != 0 {
		return levels[min((int(r.event.Severity)-1)/4, len(levels)-1)]
	}
	if r.fields == nil {
		if l := textLevel(r.text); l != "" {
			return l
		}
		return r.outer
	}
	for _, k := range levelKeys {
		v, ok := r.field(k)
		if !ok {
			continue
		}
		if w, ok := r.levels[v]; ok {
			return w
		}
		if l := wordLevel(v); l != "" {
			return l
		}
		if n, err := strconv.Atoi(v); err == nil {
			return numericLevel(k, n)
		}
	}
	if v, ok := r.field("severity_number", "severityNumber"); ok {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			return numericLevel("severity", n+100)
		}
	}
	if l := textLevel(r.fields[textBeside]); l != "" {
		return l
	}
	if _, serilog := r.fields["@mt"]; serilog {
		return "info" // Serilog's compact form leaves it out
	}
	return r.outer
}

// wordLevel reads a word, that of slog's levels in between, WARN+1, included.
func wordLevel(v string) string {
	w := strings.ToLower(strings.TrimSpace(v))
	if i := strings.IndexAny(w, "+-"); i > 0 {
		w = w[:i]
	}
	return levelWords[w]
}

func textLevel(text string) string {
	head := text[:min(len(text), 80)]
	if m := levelLetter.FindStringSubmatch(head); m != nil {
		return map[string]string{"I": "info", "W": "warn", "E": "error", "F": "fatal"}[m[1]]
	}
	if m := levelText.FindStringSubmatch(head); m != nil {
		return levelWords[strings.ToLower(m[1]+m[2]+m[3])]
	}
	return ""
}

// numericLevel reads pino's and bunyan's 10 to 60, syslog's 7 to 0, and under the
// name severity OpenTelemetry's 1 to 24, where they cannot be syslog's. slog's own
// numbers below zero are debug; its others cannot be told from syslog's, and slog
// writes words.
func numericLevel(key string, n int) string {
	switch {
	case n < 0:
		return "debug"
	case n <= 7:
		return syslogLevel(n)
	case key == "severity" && n > 100: // of a member that can be nothing else
		return levels[min((n-101)/4, len(levels)-1)]
	case key == "severity" && n <= 24 && n%10 != 0:
		return levels[min((n-1)/4, len(levels)-1)]
	}
	return levels[max(0, min(n/10-1, len(levels)-1))]
}

// syslogLevel reads a severity of RFC 5424, table 2.
func syslogLevel(n int) string {
	return [...]string{"fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"}[n&7]
}
