package detect_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/rule"
	"github.com/jotsight/jotsight/rules"
)

func shipped(t testing.TB) *detect.Engine {
	t.Helper()
	list, err := rule.Load(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := detect.New(list, detect.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// mix makes n events of about 490 bytes on the wire: 100,000 users, 50,000
// addresses, 3 in 100 of them failures, 5 refreshes, the rest verified.
func mix(n int) []event.Event {
	list := make([]event.Event, n)
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range list {
		e := &list[i]
		*e = event.Event{
			Time: epoch.Add(time.Duration(i) * time.Millisecond), Kind: event.Verified, Outcome: event.Success, Verified: true,
			ServiceName: "orders", ServiceVersion: "1.4.2", Environment: "production",
			ClientAddress: fmt.Sprintf("198.%d.%d.%d", 18+rng.IntN(2), rng.IntN(100), rng.IntN(250)), UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0",
			Method: "GET", Route: "/orders/{id}", Status: 200, UserID: fmt.Sprint("u", rng.IntN(100_000)),
			TokenID: fmt.Sprint("jti-", i), Fingerprint: fmt.Sprintf("f1:%022d", rng.IntN(100_000)), Use: event.Access, Issuer: "https://id.example.test",
			ClientID: "web", Algorithm: "RS256", KeyID: "2026-10",
		}
		e.ID = event.NewIDs([32]byte{byte(i), byte(i >> 8), byte(i >> 16)}).Next(e.Time)
		switch i % 100 {
		case 7, 41, 83:
			e.Kind, e.Outcome, e.Verified, e.UserID, e.Status = event.VerificationFailed, event.Failure, false, "", 401
			e.Reason = event.ReasonExpired
			if i/100%3 == 0 {
				e.Reason, e.KeyID, e.Issuer, e.Fingerprint = event.ReasonMalformed, "", "", ""
			}
		case 3, 23, 43, 63, 93:
			e.Kind, e.Family = event.RefreshOK, fmt.Sprint("fam", rng.IntN(100_000))
		}
	}
	return list
}

// TestQuietEventsAllocateNothing holds the path of all events that raise no alert.
func TestQuietEventsAllocateNothing(t *testing.T) {
	engine := shipped(t)
	list := mix(30_000)
	for i := range list {
		engine.Process(&list[i], nil)
	}
	i := 0
	got := testing.AllocsPerRun(10_000, func() {
		list[i].Time = list[i].Time.Add(30 * time.Second)
		engine.Process(&list[i], nil)
		i++
	})
	if got != 0 {
		t.Errorf("%v allocations an event, want 0", got)
	}
	if n := engine.Stats().Alerts; n != 0 {
		t.Errorf("%d alerts; this traffic is meant to be quiet", n)
	}
}

func BenchmarkProcess(b *testing.B) {
	list := mix(1 << 17)
	verified := make([]event.Event, 0, len(list))
	for _, e := range list {
		if e.Kind == event.Verified {
			verified = append(verified, e)
		}
	}
	for name, list := range map[string][]event.Event{"mixed": list, "verified": verified} {
		b.Run(name, func(b *testing.B) {
			engine := shipped(b)
			b.ReportAllocs()
			span := time.Duration(1<<17) * time.Millisecond // to come round again
			i := 0
			for b.Loop() {
				e := &list[i]
				engine.Process(e, nil)
				e.Time = e.Time.Add(span)
				if i++; i == len(list) {
					i = 0
				}
			}
		})
	}
	b.Run("checkpoint", func(b *testing.B) {
		engine := shipped(b)
		for i := range list {
			engine.Process(&list[i], nil)
		}
		for b.Loop() {
			state, err := engine.Checkpoint()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(state)), "bytes")
		}
	})
}
