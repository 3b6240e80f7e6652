// Package promguard counts what a guard sees in Prometheus:
//
//	jwt_events_total{event,reason}          facts, written in full or folded
//	jwt_guard_duration_seconds{path}        time spent in the guard, its handler left out
//
// Every label value comes from a closed set of package event: nothing that a
// client sends becomes a label. All children are bound when the Metrics are
// made, so that counting what is usual neither searches nor allocates.
package promguard

import (
	"fmt"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics implements guard.Metrics.
type Metrics struct {
	all    *prometheus.CounterVec
	events [][]prometheus.Counter // by kind, then reason; the zero reason is a success, nil what is not expected
	times  []prometheus.Observer  // by path
}

var _ guard.Metrics = (*Metrics)(nil)

// New registers the metrics with reg. An error means that reg has metrics of
// these names already: one Metrics may serve several guards.
func New(reg prometheus.Registerer) (*Metrics, error) {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "jwt_events_total", Help: "What happened to JSON Web Tokens, by kind and reason.",
	}, []string{"event", "reason"})
	times := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "jwt_guard_duration_seconds", Help: "Time that the guard took for a request, its handler left out.",
		Buckets: []float64{2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 1e-2, 0.1, 1},
	}, []string{"path"})
	for _, c := range []prometheus.Collector{events, times} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("promguard: %w", err)
		}
	}
	m := &Metrics{all: events}
	reasons := append([]event.Reason{0}, event.Reasons()...)
	for _, k := range append([]event.Kind{0}, event.Kinds()...) {
		row := make([]prometheus.Counter, len(reasons))
		for _, r := range reasons {
			if k != 0 && expected(k, r) {
				row[r] = m.bind(k, r)
			}
		}
		m.events = append(m.events, row)
	}
	for _, p := range guard.Paths() {
		m.times = append(m.times, times.WithLabelValues(p.String()))
	}
	return m, nil
}

func (m *Metrics) bind(k event.Kind, r event.Reason) prometheus.Counter {
	return m.all.WithLabelValues(strings.TrimPrefix(k.String(), "jwt."), r.String())
}

// expected keeps pairs that hardly happen from being scraped as zeros for ever: a
// success has no reason, and what is not about one token has none either. A pair
// that happens all the same is counted, at the price of a search.
func expected(k event.Kind, r event.Reason) bool {
	switch k {
	case event.VerificationFailed, event.RefreshFailed:
		return true
	case event.Issued, event.Verified, event.RefreshOK, event.RefreshRetry, event.Revoked, event.Logout, event.Introspected,
		event.SlowVerification, event.KeyRotated, event.KeysRefreshed, event.GuardStarted, event.GuardStopped, event.Heartbeat, event.EventsDropped:
		return r == 0
	case event.Missing:
		return r == event.ReasonMissing
	case event.RateLimited:
		return r == event.ReasonRateLimited
	case event.ScopeDenied:
		return r == 0 || r == event.ReasonScopeInsufficient
	case event.RevokedUse, event.RevokedAccepted, event.RefreshReuse, event.FamilyRevoked, event.Replayed:
		return r == 0 || r.Class() == event.ClassState
	case event.CanaryUsed:
		return r == event.ReasonCanary
	case event.RequestFailed, event.Request, event.IssueFailed, event.RevocationFailed, event.KeysFailed:
		return true
	}
	return false
}

// Count counts one fact.
func (m *Metrics) Count(k event.Kind, r event.Reason) {
	if k == 0 || int(k) >= len(m.events) || int(r) >= len(m.events[k]) {
		return
	}
	c := m.events[k][r]
	if c == nil {
		c = m.bind(k, r)
	}
	c.Inc()
}

// Time observes how long the guard took.
func (m *Metrics) Time(p guard.Path, d time.Duration) {
	if int(p) < len(m.times) {
		m.times[p].Observe(d.Seconds())
	}
}
