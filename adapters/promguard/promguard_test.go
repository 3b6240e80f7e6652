package promguard_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/adapters/promguard"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// value finds a metric by its name and label values, and how often it happened.
func value(t *testing.T, reg *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if !has(m, labels) {
				continue
			}
			if h := m.GetHistogram(); h != nil {
				return float64(h.GetSampleCount())
			}
			return m.GetCounter().GetValue()
		}
	}
	return -1
}

func has(m *dto.Metric, values []string) bool {
	if len(m.GetLabel()) != len(values) {
		return false
	}
	for i, l := range m.GetLabel() {
		if l.GetValue() != values[i] {
			return false
		}
	}
	return true
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := promguard.New(reg)
	if err != nil {
		t.Fatal(err)
	}
	g, err := guard.New(guard.Config{
		Keys: guard.Static([]byte("a secret of thirty-two bytes or more")), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true,
		Metrics: m, Limit: guard.LimitConfig{Failures: 5},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close(t.Context())
	h := g.Verify(http.NotFoundHandler())
	for range 30 {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer x")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	for _, test := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"jwt_events_total", []string{"verification_failed", "malformed"}, 5},
		{"jwt_events_total", []string{"rate_limited", "rate_limited"}, 25}, // folded ones are counted too
		{"jwt_events_total", []string{"missing", "missing"}, 1},            // nothing was tried, so nothing is limited
		{"jwt_events_total", []string{"guard_started", ""}, 1},
		{"jwt_events_total", []string{"verified", ""}, 0},
		{"jwt_events_total", []string{"verified", "malformed"}, -1}, // never happens, never scraped
		{"jwt_guard_duration_seconds", []string{"refused"}, 6},
		{"jwt_guard_duration_seconds", []string{"limited"}, 25},
	} {
		if got := value(t, reg, test.name, test.labels...); got != test.want {
			t.Errorf("%s%v = %v, want %v", test.name, test.labels, got, test.want)
		}
	}
	if _, err := promguard.New(reg); err == nil {
		t.Error("registered twice: no error")
	}
	if n := testing.AllocsPerRun(1000, func() {
		m.Count(event.VerificationFailed, event.ReasonExpired)
		m.Time(guard.PathSeen, time.Microsecond)
	}); n > 0 {
		t.Errorf("counting allocates %v times", n)
	}
}

// Every fact is counted, also one that nobody expects.
func TestEveryFact(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := promguard.New(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range event.Kinds() {
		for _, r := range append([]event.Reason{0}, event.Reasons()...) {
			m.Count(k, r)
			if got := value(t, reg, "jwt_events_total", strings.TrimPrefix(k.String(), "jwt."), r.String()); got != 1 {
				t.Fatalf("%v for %q: counted %v times", k, r, got)
			}
		}
	}
	m.Count(0, 0)
	m.Count(255, 255)
}
