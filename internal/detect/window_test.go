package detect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/rule"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// A seen is one event as the oracle knows it.
type seen struct {
	at     time.Duration
	weight int64
	value  string
}

// holds is the oracle: whether any window of span has at least least, by trying
// the one that begins with each event.
func holds(list []seen, span time.Duration, least int64, distinct bool) bool {
	for _, from := range list {
		var sum int64
		values := map[string]bool{}
		for _, s := range list {
			if s.at >= from.at && s.at < from.at+span {
				sum += s.weight
				values[s.value] = true
			}
		}
		if distinct && int64(len(values)) >= least || !distinct && sum >= least {
			return true
		}
	}
	return false
}

func load(t testing.TB, text string) []*rule.Rule {
	t.Helper()
	list, err := rule.Parse("test.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func counting(kind, span, condition string) string {
	return fmt.Sprintf(`
title: base
name: base
detection: {s: {event: jwt.scope_denied}, condition: s}
---
title: counted
name: counted
correlation: {type: %s, rules: [base], group-by: [client.address], timespan: %s, condition: %s}
jotsight: {cooldown: 90d}
`, kind, span, condition)
}

// TestWindowsAgreeWithAnOracle compares the moment at which each key fires with
// that of a naive count over everything that came so far: random events, weights
// and values, out of order within the lateness.
func TestWindowsAgreeWithAnOracle(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		least := 1 + rng.Int64N(24)
		distinct := seed%2 == 1
		span := time.Duration(5+rng.IntN(20)) * time.Second
		kind, condition := "event_count", fmt.Sprintf("{gte: %d}", least)
		if distinct {
			kind, condition = "value_count", fmt.Sprintf("{gte: %d, field: http.route}", least)
		}
		engine, err := detect.New(load(t, counting(kind, fmt.Sprintf("%ds", int(span.Seconds())), condition)), detect.Config{Seed: seed + 1})
		if err != nil {
			t.Fatal(err)
		}

		const keys = 4
		type arrival struct {
			key int
			seen
			order time.Duration
		}
		var stream []arrival
		// About as many in a window as the threshold, so that both sides of it happen.
		for range 60 * keys {
			a := arrival{key: rng.IntN(keys), seen: seen{weight: 1, value: fmt.Sprint("/", rng.Int64N(2*least+1))}}
			a.at = time.Duration(rng.Int64N(int64(span) * 60 / (least + 1)))
			if a.at = a.at.Truncate(250 * time.Millisecond); rng.IntN(10) == 0 {
				a.weight = 1 + rng.Int64N(least)
			}
			a.order = a.at + time.Duration(rng.Int64N(int64(min(5*time.Second, span))))
			stream = append(stream, a)
		}
		slices.SortStableFunc(stream, func(a, b arrival) int { return int(a.order - b.order) })

		sofar, fired := make([][]seen, keys), make([]bool, keys)
		for i, a := range stream {
			sofar[a.key] = append(sofar[a.key], a.seen)
			want := !fired[a.key] && holds(sofar[a.key], span, least, distinct)
			fired[a.key] = fired[a.key] || want
			before := engine.Stats().Alerts
			engine.Process(&event.Event{
				Time: epoch.Add(a.at), Kind: event.ScopeDenied, ClientAddress: fmt.Sprint("192.0.2.", a.key),
				Route: a.value, Count: a.weight,
			}, nil)
			if got := engine.Stats().Alerts > before; got != want {
				t.Fatalf("seed %d: %s %s in %v: event %d of key %d at %v: fired %v, want %v", seed, kind, condition, span, i, a.key, a.at, got, want)
			}
		}
	}
}
