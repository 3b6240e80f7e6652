package otelguard_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/adapters/otelguard"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/guard/guardtest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
)

// config is that of a guard which refuses everything.
func config() guard.Config {
	return guard.Config{
		Keys: guard.Static([]byte("a secret of thirty-two bytes or more")), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true,
	}
}

func open(t *testing.T, c guard.Config) *guard.Guard {
	t.Helper()
	g, err := guard.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(context.Background()) })
	return g
}

// values collects what reader has: counts by attributes.
func values(t *testing.T, reader *sdkmetric.ManualReader) map[string]int64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int64)
	name := func(m metricdata.Metrics, set attribute.Set) string {
		return m.Name + " " + m.Unit + " " + set.Encoded(attribute.DefaultEncoder())
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				if !d.IsMonotonic || d.Temporality != metricdata.CumulativeTemporality {
					t.Errorf("%s is not a counter", m.Name)
				}
				for _, p := range d.DataPoints {
					got[name(m, p.Attributes)] = p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					got[name(m, p.Attributes)] = int64(p.Count)
					if len(p.Bounds) != 12 || p.Bounds[0] != 2e-6 {
						t.Errorf("%s has the bounds %v", m.Name, p.Bounds)
					}
				}
			default:
				t.Errorf("%s is a %T", m.Name, d)
			}
		}
	}
	return got
}

func TestMetrics(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	m, err := otelguard.New(provider.Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	c := config()
	c.Metrics, c.Limit = m, guard.LimitConfig{Failures: 5}
	h := open(t, c).Verify(http.NotFoundHandler())
	for range 30 {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer x")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	got := values(t, reader)
	for want, n := range map[string]int64{
		"jwt.guard.events {event} error.type=malformed,jwt.event=verification_failed": 5,
		"jwt.guard.events {event} error.type=rate_limited,jwt.event=rate_limited":     25, // folded ones are counted too
		"jwt.guard.events {event} error.type=missing,jwt.event=missing":               1,
		"jwt.guard.events {event} jwt.event=guard_started":                            1,
		"jwt.guard.duration s jwt.guard.path=refused":                                 6,
		"jwt.guard.duration s jwt.guard.path=limited":                                 25,
	} {
		if got[want] != n {
			t.Errorf("%s = %d, want %d", want, got[want], n)
		}
		delete(got, want)
	}
	if len(got) > 0 {
		t.Errorf("more than that: %v", got)
	}
}

// Counting makes nothing, with the SDK behind it too.
func TestCountingAllocatesNothing(t *testing.T) {
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	m, err := otelguard.New(provider.Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() {
		m.Count(event.Verified, 0)
		m.Count(event.VerificationFailed, event.ReasonExpired)
		m.Time(guard.PathSeen, time.Microsecond)
	}); n > 0 {
		t.Errorf("counting allocates %v times", n)
	}
}

// Whatever a guard may count is counted, and nothing else panics.
func TestEveryFact(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	m, err := otelguard.New(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for k := range event.Kind(255) {
		for r := range event.Reason(255) {
			m.Count(k, r)
		}
		if k > 0 && int(k) <= len(event.Kinds()) && !k.Audit() {
			want += len(event.Reasons()) + 1
		}
	}
	m.Time(guard.Path(200), 0)
	if got := len(values(t, reader)); got != want {
		t.Errorf("%d series, want %d", got, want)
	}
}

// Events name the span that is active, and what the client sent where there is
// none.
func TestTrace(t *testing.T) {
	ids := trace.SpanContextConfig{TraceID: trace.TraceID{1, 15: 2}, SpanID: trace.SpanID{3, 7: 4}}
	traced := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(ids))
	const header = "00-11111111111111111111111111111111-2222222222222222-01"
	var seen []event.Event
	c := config()
	c.Trace, c.Events.Sink = otelguard.Trace, sinkFunc(func(e *event.Event) { seen = append(seen, *e) })
	g := open(t, c)
	serve := func(ctx context.Context, header string) {
		r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
		r.Header.Set("Authorization", "Bearer x")
		r.Header.Set("Traceparent", header)
		g.Verify(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
	}
	for _, test := range []struct {
		name        string
		do          func()
		trace, span string
	}{
		{"span and header", func() { serve(traced, header) }, ids.TraceID.String(), ids.SpanID.String()},
		{"header alone", func() { serve(t.Context(), header) }, header[3:35], header[36:52]},
		{"neither", func() { serve(t.Context(), "") }, "", ""},
		{"Check", func() { g.Check(traced, "x", guard.Meta{}) }, ids.TraceID.String(), ids.SpanID.String()},
		{"Check told otherwise", func() { g.Check(traced, "x", guard.Meta{TraceID: header[3:35], SpanID: header[36:52]}) }, header[3:35], header[36:52]},
		{"Check without", func() { g.Check(t.Context(), "x", guard.Meta{}) }, "", ""},
	} {
		seen = nil
		test.do()
		if len(seen) != 1 || seen[0].TraceID != test.trace || seen[0].SpanID != test.span {
			t.Errorf("%s: %+v, want trace %q, span %q", test.name, seen, test.trace, test.span)
		}
	}
}

type sinkFunc func(*event.Event)

func (f sinkFunc) Emit(e *event.Event) { f(e) }

// An archive is an exporter that keeps records.
type archive struct {
	mu   sync.Mutex
	list []sdklog.Record
}

func (a *archive) Export(_ context.Context, records []sdklog.Record) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range records {
		a.list = append(a.list, r.Clone())
	}
	return nil
}
func (a *archive) Shutdown(context.Context) error   { return nil }
func (a *archive) ForceFlush(context.Context) error { return nil }

// events makes events of the records, by way of the wire form.
func (a *archive) events(t *testing.T) (list []event.Event) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.list {
		var line strings.Builder
		line.WriteString(`{"event":` + quote(r.EventName()))
		add := func(key, value string) { line.WriteString("," + key + ":" + value) }
		text := func(key, s string) { add(`"`+key+`"`, quote(s)) }
		text("time", r.Timestamp().UTC().Format(time.RFC3339Nano))
		text("msg", r.Body().AsString())
		add(`"severity"`, attribute.IntValue(int(r.Severity())).String())
		if r.TraceID().IsValid() {
			text("trace_id", r.TraceID().String())
			text("span_id", r.SpanID().String())
		}
		r.WalkAttributes(func(kv attribute.KeyValue) bool {
			key := `"` + string(kv.Key) + `"`
			switch v := kv.Value; v.Type() {
			case attribute.STRING:
				text(string(kv.Key), v.AsString())
			case attribute.STRINGSLICE:
				var members []string
				for _, s := range v.AsStringSlice() {
					members = append(members, quote(s))
				}
				add(key, "["+strings.Join(members, ",")+"]")
			default:
				add(key, v.String())
			}
			return true
		})
		line.WriteString("}")
		var e event.Event
		if unknown, err := e.Decode(line.String()); err != nil || unknown > 0 {
			t.Fatalf("%s: %v, %d unknown", line.String(), err, unknown)
		}
		list = append(list, e)
	}
	return list
}

func TestSink(t *testing.T) {
	guardtest.Sink(t, func(t *testing.T) guardtest.SinkTest {
		a := new(archive)
		provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(a)))
		return guardtest.SinkTest{Sink: otelguard.Sink(provider.Logger("test")), Events: func() []event.Event { return a.events(t) }}
	})
}

// A record says in its own fields what has a place there, and nothing twice.
func TestRecord(t *testing.T) {
	a := new(archive)
	s := otelguard.Sink(sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(a))).Logger("test"))
	e := event.Event{
		Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Kind: event.CanaryUsed, Reason: event.ReasonCanary, Severity: event.Critical,
		Message: "planted token used", TraceID: strings.Repeat("ab", 16), SpanID: strings.Repeat("cd", 8), Duration: time.Second, Status: 401,
		UserAgent: "a\x1b[31m\u202eb" + strings.Repeat("c", 1000), Audience: []string{"x\ny"},
	}
	s.Emit(&e)
	if len(a.list) != 1 {
		t.Fatalf("%d records", len(a.list))
	}
	r := a.list[0]
	if r.EventName() != "jwt.canary_used" || r.Severity() != log.SeverityFatal1 || r.SeverityText() != "FATAL" || r.Body().AsString() != e.Message ||
		!r.Timestamp().Equal(e.Time) || r.TraceID().String() != e.TraceID || r.SpanID().String() != e.SpanID {
		t.Errorf("%+v", r)
	}
	var keys []string
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		keys = append(keys, string(kv.Key))
		switch text := kv.Value.String(); {
		case kv.Key == "jwt.duration" && kv.Value.Type() != attribute.FLOAT64, kv.Key == "http.response.status_code" && kv.Value.Type() != attribute.INT64:
			t.Errorf("%s is a %v", kv.Key, kv.Value.Type())
		case strings.ContainsAny(text, "\x1b\u202e\n") || len(text) > 600:
			t.Errorf("%s: %q", kv.Key, text)
		}
		return true
	})
	for _, key := range []string{"event", "time", "msg", "severity", "trace_id", "span_id"} {
		if slices.Contains(keys, key) {
			t.Errorf("%s is an attribute, too", key)
		}
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
