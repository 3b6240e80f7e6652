// Package otelguard joins a guard to OpenTelemetry: its counts become metrics,
// its events log records, and events name the trace in which they happened.
//
//	m, err := otelguard.New(provider.Meter("github.com/jotsight/jotsight/guard"))
//	g, err := guard.New(guard.Config{
//		…
//		Metrics: m,
//		Trace:   otelguard.Trace,
//		Events:  guard.EventConfig{Sink: otelguard.Sink(logs.Logger("jotsight"))},
//	})
//
// The metrics are
//
//	jwt.guard.events    {event}, counter    jwt.event, error.type    facts, written in full or folded
//	jwt.guard.duration  s, histogram        jwt.guard.path           time in the guard, its handler left out
//
// Every attribute value comes from a closed set of package event: nothing that a
// client sends becomes one. error.type is absent for a success. The package uses
// the API of OpenTelemetry alone; which SDK stands behind it is up to the caller.
package otelguard

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Metrics implements guard.Metrics. One may serve several guards.
type Metrics struct {
	events metric.Int64Counter
	times  metric.Float64Histogram
	facts  [][][]metric.AddOption  // by kind, then reason; the zero reason is a success
	paths  [][]metric.RecordOption // by path
}

var _ guard.Metrics = (*Metrics)(nil)

// buckets are seconds: a token that was seen before takes microseconds, and one
// whose keys must be fetched a good part of a second.
var buckets = []float64{2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 1e-2, 0.1, 1}

// New makes the instruments. All sets of attributes are made now, so that
// counting makes none.
func New(meter metric.Meter) (*Metrics, error) {
	events, err := meter.Int64Counter("jwt.guard.events", metric.WithUnit("{event}"),
		metric.WithDescription("What happened to JSON Web Tokens, by kind and reason."))
	if err != nil {
		return nil, fmt.Errorf("otelguard: jwt.guard.events: %w", err)
	}
	times, err := meter.Float64Histogram("jwt.guard.duration", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(buckets...),
		metric.WithDescription("Time that the guard took for a request, its handler left out."))
	if err != nil {
		return nil, fmt.Errorf("otelguard: jwt.guard.duration: %w", err)
	}
	m := &Metrics{events: events, times: times, facts: make([][][]metric.AddOption, len(event.Kinds())+1)}
	for _, k := range event.Kinds() {
		if k.Audit() {
			continue // the monitor's own
		}
		name := attribute.String("jwt.event", strings.TrimPrefix(k.String(), "jwt."))
		row := [][]metric.AddOption{{metric.WithAttributeSet(attribute.NewSet(name))}}
		for _, r := range event.Reasons() {
			set := attribute.NewSet(name, attribute.String("error.type", r.String()))
			row = append(row, []metric.AddOption{metric.WithAttributeSet(set)})
		}
		m.facts[k] = row
	}
	for _, p := range guard.Paths() {
		set := attribute.NewSet(attribute.String("jwt.guard.path", p.String()))
		m.paths = append(m.paths, []metric.RecordOption{metric.WithAttributeSet(set)})
	}
	return m, nil
}

// Count counts one fact.
func (m *Metrics) Count(k event.Kind, r event.Reason) {
	if int(k) < len(m.facts) && int(r) < len(m.facts[k]) {
		m.events.Add(context.Background(), 1, m.facts[k][r]...)
	}
}

// Time records how long the guard took.
func (m *Metrics) Time(p guard.Path, d time.Duration) {
	if int(p) < len(m.paths) {
		m.times.Record(context.Background(), d.Seconds(), m.paths[p]...)
	}
}

// Trace is a guard.Config.Trace: events name the span that is active in the
// context of a request, that of an OpenTelemetry middleware further out, and not
// only what the client sent.
func Trace(ctx context.Context) (traceID, spanID string) {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return "", ""
	}
	return sc.TraceID().String(), sc.SpanID().String()
}
