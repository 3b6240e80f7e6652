package otelguard

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

// Sink makes log records of events: the event name is the kind, jwt.canary_used,
// the severity number is the event's own, the body its message, the trace that of
// the event, and the attributes are the other keys of the wire form.
//
// What becomes of a record is up to the SDK. Its batch processor drops records
// when its queue is full and tells nobody; where events are evidence, give
// guard.Tee a guard.JSONSink or a guard.MonitorSink beside it.
func Sink(l log.Logger) guard.Sink { return sink{l} }

type sink struct{ log.Logger }

// elsewhere are keys that have a place of their own in a record.
var elsewhere = map[string]bool{"time": true, "observed": true, "event": true, "severity": true, "msg": true, "trace_id": true, "span_id": true}

// fractions are the numbers that need not be whole: an attribute has one type.
var fractions = map[string]bool{"jwt.duration": true, "geo.location.lat": true, "geo.location.lon": true, "rate.fail_ratio": true}

func (s sink) Emit(e *event.Event) {
	ctx := context.Background()
	severity, name := log.Severity(e.Severity), e.Kind.String()
	if !s.Enabled(ctx, log.EnabledParameters{Severity: severity, EventName: name}) {
		return
	}
	var r log.Record
	r.SetEventName(name)
	r.SetTimestamp(e.Time)
	r.SetObservedTimestamp(e.Observed)
	r.SetSeverity(severity)
	r.SetSeverityText(severity.String())
	r.SetBody(attribute.StringValue(tame(e.Message)))
	var room [40]attribute.KeyValue
	attrs := room[:0]
	for _, f := range event.Keys() {
		if elsewhere[f.Key] || !f.Present(e) {
			continue
		}
		var v attribute.Value
		switch f.Type {
		case event.Text, event.Enum:
			s, _ := f.Text(e)
			v = attribute.StringValue(tame(s))
		case event.Number:
			n, _ := f.Number(e)
			if fractions[f.Key] {
				v = attribute.Float64Value(n)
			} else {
				v = attribute.Int64Value(int64(n))
			}
		case event.Bool:
			b, _ := f.Bool(e)
			v = attribute.BoolValue(b)
		case event.List:
			v = attribute.StringSliceValue(tameAll(f.List(e)))
		default:
			continue
		}
		attrs = append(attrs, attribute.KeyValue{Key: attribute.Key(f.Key), Value: v})
	}
	r.AddAttributes(attrs...)
	s.Logger.Emit(traced(ctx, e), r)
}

// traced puts the trace of an event where an SDK looks for it.
func traced(ctx context.Context, e *event.Event) context.Context {
	t, err := trace.TraceIDFromHex(strings.ToLower(e.TraceID))
	if err != nil {
		return ctx
	}
	s, err := trace.SpanIDFromHex(strings.ToLower(e.SpanID))
	if err != nil {
		return ctx
	}
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: t, SpanID: s}))
}

// tame bounds a text and takes out what a reader of the record may not escape:
// controls, separators, and marks that turn the direction of text.
func tame(s string) string {
	return strings.Map(func(r rune) rune {
		if event.Printable(r) {
			return r
		}
		return utf8.RuneError
	}, event.Clip(s, event.MaxText))
}

func tameAll(list []string) []string {
	list = slices.Clone(list[:min(len(list), event.MaxValues)])
	for i, s := range list {
		list[i] = tame(s)
	}
	return list
}
