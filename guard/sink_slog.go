package guard

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/jotsight/jotsight/guard/event"
)

// SlogSink gives events to a slog.Handler: the level follows from the severity,
// the message is constant, and the attributes are the keys of the wire form. What
// slog.NewJSONHandler makes of them is a line that package event reads.
func SlogSink(h slog.Handler) Sink { return slogSink{h} }

type slogSink struct{ h slog.Handler }

func (s slogSink) Emit(e *event.Event) {
	ctx := context.Background()
	level := levelOf(e.Severity)
	if !s.h.Enabled(ctx, level) {
		return
	}
	msg := e.Message
	if msg == "" {
		msg = e.Kind.String()
	}
	r := slog.NewRecord(e.Time.UTC(), level, msg, 0)
	var room [40]slog.Attr
	attrs := room[:0]
	for _, f := range event.Keys() {
		switch f.Key {
		case "time", "msg": // in the record itself
			continue
		}
		if !f.Present(e) {
			continue
		}
		switch f.Type {
		case event.Text, event.Enum:
			v, _ := f.Text(e)
			attrs = append(attrs, slog.String(f.Key, tame(v)))
		case event.Number:
			v, _ := f.Number(e)
			if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
				attrs = append(attrs, slog.Int64(f.Key, int64(v)))
			} else {
				attrs = append(attrs, slog.Float64(f.Key, v))
			}
		case event.Bool:
			v, _ := f.Bool(e)
			attrs = append(attrs, slog.Bool(f.Key, v))
		case event.List:
			attrs = append(attrs, slog.Any(f.Key, tameAll(f.List(e))))
		case event.Timestamp:
			attrs = append(attrs, slog.Time(f.Key, f.Time(e)))
		}
	}
	r.AddAttrs(attrs...)
	_ = s.h.Handle(ctx, r)
}

// levelOf turns an OpenTelemetry severity number into slog's: both have four
// steps a name, and slog begins at INFO.
func levelOf(s event.Severity) slog.Level {
	if s == 0 {
		return slog.LevelInfo
	}
	return slog.Level(int(s) - int(event.Info))
}

// tame bounds a text and takes out what no handler is sure to escape: controls,
// separators, and marks that turn the direction of text.
func tame(s string) string {
	return strings.Map(func(r rune) rune {
		if event.Printable(r) {
			return r
		}
		return utf8.RuneError
	}, event.Clip(s, event.MaxText))
}

func tameAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = tame(s)
	}
	return out
}
