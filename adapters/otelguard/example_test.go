package otelguard_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/jotsight/jotsight/adapters/otelguard"
	"github.com/jotsight/jotsight/guard"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

func ExampleNew() {
	reader := sdkmetric.NewManualReader() // an exporter, in a service
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	metrics, err := otelguard.New(meters.Meter("github.com/jotsight/jotsight/guard"))
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := guard.New(guard.Config{
		Keys: guard.Static("a secret of thirty-two bytes or more"), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Metrics: metrics, Trace: otelguard.Trace,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close(context.Background())
	g.Verify(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))

	var data metricdata.ResourceMetrics
	reader.Collect(context.Background(), &data)
	for _, m := range data.ScopeMetrics[0].Metrics {
		fmt.Println(m.Name, m.Unit)
	}
	// Unordered output:
	// jwt.guard.events {event}
	// jwt.guard.duration s
}

func ExampleSink() {
	logs := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(printer{}))) // OTLP, in a service
	g, err := guard.New(guard.Config{
		Keys: guard.Static("a secret of thirty-two bytes or more"), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Events: guard.EventConfig{Sink: otelguard.Sink(logs.Logger("orders"))},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	g.Check(context.Background(), "not a token", guard.Meta{})
	g.Close(context.Background())
	// Output:
	// jwt.guard_started INFO guard started
	// jwt.verification_failed WARN token refused
	// jwt.guard_stopped WARN guard stopped
}

type printer struct{}

func (printer) Export(_ context.Context, records []sdklog.Record) error {
	for _, r := range records {
		fmt.Println(r.EventName(), r.SeverityText(), r.Body().AsString())
	}
	return nil
}
func (printer) Shutdown(context.Context) error   { return nil }
func (printer) ForceFlush(context.Context) error { return nil }
