package detect_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/rule"
	"github.com/jotsight/jotsight/rules"
)

// traffic makes three hours of a service: ordinary use and a dozen campaigns,
// each well inside an hour, so that no cooldown's edge lies within the lateness
// of a crossing. It tells which rule owes an alert about whom.
func traffic(rng *rand.Rand) (stream []event.Event, owed [][2]string) {
	at := func(d time.Duration, e event.Event) {
		e.Time, e.ServiceName = epoch.Add(d), "api"
		stream = append(stream, e)
	}
	address := func() string { return fmt.Sprintf("198.51.%d.%d", rng.IntN(4), rng.IntN(250)) }
	for s := range 3 * 3600 {
		d := time.Duration(s)*time.Second + time.Duration(rng.IntN(1000))*time.Millisecond
		switch r := rng.IntN(1000); {
		case r < 20:
			at(d, event.Event{Kind: event.VerificationFailed, Reason: event.ReasonExpired, ClientAddress: address()})
		case r < 25:
			at(d, event.Event{Kind: event.VerificationFailed, Reason: event.ReasonMalformed, ClientAddress: address()})
		case r < 60:
			at(d, event.Event{Kind: event.RefreshOK, Family: fmt.Sprint("fam", rng.IntN(300)), ClientAddress: address()})
		case r < 70:
			at(d, event.Event{Kind: event.ScopeDenied, UserID: fmt.Sprint("u", rng.IntN(300)), Route: fmt.Sprint("/r", rng.IntN(9))})
		default:
			at(d, event.Event{Kind: event.Verified, UserID: fmt.Sprint("u", rng.IntN(300)), ClientAddress: address(), Count: int64(rng.IntN(5))})
		}
	}
	for i := range 12 {
		start := time.Duration(rng.IntN(3))*time.Hour + time.Duration(5+rng.IntN(45))*time.Minute
		who := fmt.Sprint("203.0.113.", i)
		burst := func(rule string, n int, span time.Duration, e event.Event, vary func(*event.Event, int)) {
			owed = append(owed, [2]string{rule, who})
			e.ClientAddress = who
			for k := range n {
				if vary != nil {
					vary(&e, k)
				}
				at(start+time.Duration(rng.Int64N(int64(span))), e)
			}
		}
		switch rng.IntN(7) {
		case 0:
			burst("signature-bruteforce", 30+rng.IntN(400), 40*time.Second, event.Event{Kind: event.VerificationFailed, Reason: event.ReasonBadSignature}, nil)
		case 1:
			burst("refresh-abuse", 12+rng.IntN(9), 45*time.Second, event.Event{Kind: event.RefreshOK, Family: who}, nil)
		case 2:
			burst("refresh-failures", 25+rng.IntN(100), 40*time.Second, event.Event{Kind: event.RefreshFailed, Reason: event.ReasonUnknownToken}, nil)
		case 3:
			burst("scope-probing", 8, 4*time.Minute, event.Event{Kind: event.ScopeDenied, UserID: who}, func(e *event.Event, k int) { e.Route = fmt.Sprint("/admin/", k) })
		case 4:
			burst("revoked-use", 3+rng.IntN(30), 9*time.Minute, event.Event{Kind: event.RevokedUse, Reason: event.ReasonRevoked, UserID: who}, nil)
		case 5:
			burst("forged-algorithm", 1+rng.IntN(9), time.Minute, event.Event{Kind: event.VerificationFailed, Reason: event.ReasonAlgNone}, nil)
		case 6:
			burst("refresh-reuse", 1+rng.IntN(3), time.Minute, event.Event{Kind: event.RefreshReuse, Reason: event.ReasonRefreshReuse, Family: who}, nil)
		}
	}
	slices.SortStableFunc(stream, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	ids := event.NewIDs([32]byte{2})
	for i := range stream {
		stream[i].ID = ids.Next(stream[i].Time)
	}
	return stream, owed
}

// fold joins alike failures of one second into one record, as a guard does under
// a flood.
func fold(stream []event.Event) (out []event.Event) {
	type key struct {
		second int64
		kind   event.Kind
		reason event.Reason
		addr   string
	}
	at := map[key]int{}
	for _, e := range stream {
		k := key{e.Time.Unix(), e.Kind, e.Reason, e.ClientAddress}
		i, ok := at[k]
		if e.Kind != event.VerificationFailed && e.Kind != event.RefreshFailed || !ok {
			at[k] = len(out)
			out = append(out, e)
			continue
		}
		out[i].Count, out[i].Window = out[i].Weight()+1, 1
	}
	return out
}

// jumble lets events arrive up to almost five seconds late.
func jumble(rng *rand.Rand, stream []event.Event) []event.Event {
	type late struct {
		event.Event
		order time.Time
	}
	var list []late
	for _, e := range stream {
		list = append(list, late{e, e.Time.Add(time.Duration(rng.Int64N(int64(4900 * time.Millisecond))))})
	}
	slices.SortStableFunc(list, func(a, b late) int { return a.order.Compare(b.order) })
	out := make([]event.Event, len(list))
	for i := range list {
		out[i] = list[i].Event
	}
	return out
}

// detected runs the stream and names every alert as the receiver knows it in the
// end. restart is the chance that the engine is replaced by its checkpoint.
func detected(t *testing.T, list []*rule.Rule, stream []event.Event, seed uint64, restart float64) []string {
	t.Helper()
	engine, err := detect.New(list, detect.Config{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 3))
	alerts := map[string]detect.Alert{}
	emit := func(a detect.Alert) { alerts[a.ID] = a }
	for _, e := range stream {
		if rng.Float64() < restart {
			state, err := engine.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			if engine, err = detect.New(list, detect.Config{Seed: seed + 99}); err != nil {
				t.Fatal(err)
			}
			if err := engine.Restore(state); err != nil {
				t.Fatal(err)
			}
			engine.Tick(e.Time, emit)
		}
		engine.Process(&e, emit)
	}
	var names []string
	for _, a := range slices.Collect(maps.Values(alerts)) {
		names = append(names, fmt.Sprint(a.Rule, " ", a.Group, " ", a.ID))
	}
	slices.Sort(names)
	return names
}

// TestReplayIsLive runs the same three hours with restarts, in another order,
// with another seed and with folded records: the alerts must be the same, by id.
func TestReplayIsLive(t *testing.T) {
	list, err := rule.Load(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 2))
		stream, owed := traffic(rng)
		want := detected(t, list, stream, 1, 0)
		for _, o := range owed {
			// The blank behind an address keeps .1 apart from .11.
			if !slices.ContainsFunc(want, func(a string) bool {
				return strings.HasPrefix(a, o[0]+" ") && strings.Contains(a+" ", "="+o[1]+" ")
			}) {
				t.Errorf("seed %d: no %s about %s", seed, o[0], o[1])
			}
		}
		for _, a := range want {
			if !strings.Contains(a, "=203.0.113.") && !strings.Contains(a, "service.name=api") {
				t.Errorf("seed %d: accused without cause: %s", seed, a)
			}
		}
		total += len(want)
		for name, got := range map[string][]string{
			"again, another seed":        detected(t, list, stream, 7, 0),
			"restarts":                   detected(t, list, stream, 1, 0.002),
			"out of order":               detected(t, list, jumble(rng, stream), 1, 0),
			"folded":                     detected(t, list, fold(stream), 1, 0),
			"folded, jumbled, restarted": detected(t, list, jumble(rng, fold(stream)), 3, 0.002),
		} {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d: %s (-want +got):\n%s", seed, name, diff)
			}
		}
	}
	if total < 40 {
		t.Errorf("%d alerts in all: the campaigns were not seen", total)
	}
}
