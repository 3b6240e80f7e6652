package detect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
)

const plain = `
title: Denied
name: denied
level: low
detection: {s: {event: jwt.scope_denied}, condition: s}
jotsight: {group_by: [client.address]}
`

// A bench is an engine with its rules and what it has said.
type bench struct {
	t *testing.T
	*detect.Engine
	said  []string // "rule severity group count=n", with flags
	ended []string
}

func newBench(t *testing.T, rules string, c detect.Config) *bench {
	t.Helper()
	b := &bench{t: t}
	c.Ended = func(a detect.Alert) { b.ended = append(b.ended, describe(a)) }
	engine, err := detect.New(load(t, rules), c)
	if err != nil {
		t.Fatal(err)
	}
	b.Engine = engine
	return b
}

func describe(a detect.Alert) string {
	words := []string{a.Rule, a.Severity, "[" + a.Group.String() + "]", fmt.Sprint(a.Count)}
	if a.Escalated {
		words = append(words, "escalated")
	}
	if a.Rollup {
		words = append(words, "rollup")
	}
	return strings.Join(words, " ")
}

func (b *bench) denied(at time.Duration, who string, change ...func(*event.Event)) {
	e := event.Event{Time: epoch.Add(at), Kind: event.ScopeDenied, ClientAddress: who, ServiceName: "api"}
	for _, c := range change {
		c(&e)
	}
	b.Process(&e, func(a detect.Alert) { b.said = append(b.said, describe(a)) })
}

func (b *bench) want(what string, want ...string) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.said); diff != "" {
		b.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	b.said = nil
}

func observed(at time.Duration) func(*event.Event) {
	return func(e *event.Event) { e.Observed = epoch.Add(at) }
}

// TestClockAhead holds that a clock in the future neither expires the windows of
// others nor goes unmarked.
func TestClockAhead(t *testing.T) {
	b := newBench(t, counting("event_count", "60s", "{gte: 3}"), detect.Config{})
	b.denied(0, "a", observed(0))
	e := event.Event{Time: epoch.AddDate(50, 0, 0), Observed: epoch.Add(time.Second), Kind: event.ScopeDenied, ClientAddress: "b"}
	b.Process(&e, nil)
	if !e.ClockClamped || !e.Time.Equal(e.Observed) {
		t.Errorf("time %v, clamped %v; want the time at which it was taken in", e.Time, e.ClockClamped)
	}
	b.denied(2*time.Second, "a", observed(2*time.Second))
	b.denied(63*time.Second, "c", observed(3*time.Second)) // 60 s ahead are believed
	b.denied(3*time.Second, "a", observed(3*time.Second))
	b.want("three of a within a minute", "counted medium [client.address=a] 3")
	if s := b.Stats(); s.Clamped != 1 {
		t.Errorf("%d clamped, want 1", s.Clamped)
	}
}

// TestLate holds that an event which comes when its window is gone counts for
// when it was taken in, and is never dropped unsaid.
func TestLate(t *testing.T) {
	b := newBench(t, counting("event_count", "60s", "{gte: 3}"), detect.Config{})
	b.denied(10*time.Minute, "a", observed(10*time.Minute))
	b.denied(time.Minute, "a", observed(10*time.Minute))
	b.denied(2*time.Minute, "a", observed(10*time.Minute+time.Second))
	b.want("two of three came late", "counted medium [client.address=a] 3")
	b.denied(10*time.Minute, "z")
	b.denied(time.Minute, "z")
	if s := b.Stats(); s.Late != 3 || s.Lost != 1 {
		t.Errorf("late %d, lost %d; want 3 and 1", s.Late, s.Lost)
	}
	// A key that has nothing newer is counted in its own time.
	for i := range 3 {
		b.denied(time.Duration(i)*time.Second, "backlog")
	}
	b.want("a backlog", "counted medium [client.address=backlog] 3")
}

// TestSlowClock holds that a service whose clock is an hour behind is watched like
// any other, however many keys the others bring.
func TestSlowClock(t *testing.T) {
	b := newBench(t, counting("event_count", "60s", "{gte: 3}"), detect.Config{})
	for i := range 3000 {
		at := time.Hour + time.Duration(i)*10*time.Millisecond
		b.denied(at, fmt.Sprint("other", i), observed(at))
		if i%1000 == 0 {
			b.denied(at-time.Hour, "a", observed(at))
		}
	}
	b.want("three within 20 s", "counted medium [client.address=a] 3")
}

// TestRollup holds that a botnet makes one alert, not thousands.
func TestRollup(t *testing.T) {
	b := newBench(t, plain, detect.Config{MaxActive: 3})
	for i := range 15 {
		b.denied(time.Duration(i)*time.Second, fmt.Sprint("bot", i))
	}
	b.denied(20*time.Second, "bot1")
	b.want("15 groups", "denied low [client.address=bot0] 1", "denied low [client.address=bot1] 1", "denied low [client.address=bot2] 1",
		"denied low [] 1 rollup", "denied low [] 10 rollup")
	if got := len(b.Active()); got != 4 {
		t.Errorf("%d active alerts, want 4", got)
	}
	// When the cooldown is over there is room again, and each has its last word.
	b.Tick(epoch.Add(2*time.Hour), nil)
	want := []string{"denied low [client.address=bot0] 1", "denied low [client.address=bot1] 2", "denied low [client.address=bot2] 1", "denied low [] 12 rollup"}
	if diff := cmp.Diff(want, b.ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	b.denied(3*time.Hour, "bot9")
	b.want("later", "denied low [client.address=bot9] 1")
}

// TestSeverity holds what the hints say about levels.
func TestSeverity(t *testing.T) {
	b := newBench(t, plain[:len(plain)-2]+", escalate: [{on: count, at: 3, to: high}, {on: count, to: critical}], severity_by_env: {production: medium}}\n", detect.Config{})
	prod := func(e *event.Event) { e.Environment = "production" }
	for range 10 {
		b.denied(0, "a")
	}
	b.want("by count", "denied low [client.address=a] 1", "denied high [client.address=a] 3 escalated", "denied critical [client.address=a] 10 escalated")
	b.denied(0, "b", prod)
	b.want("by environment", "denied medium [client.address=b] 1")
}

// TestGroups holds that groups are told apart, field by field.
func TestGroups(t *testing.T) {
	rules := strings.Replace(counting("event_count", "60s", "{gte: 2}"), "[client.address]", "[user.id, client.address]", 1)
	b := newBench(t, rules, detect.Config{})
	user := func(id string) func(*event.Event) { return func(e *event.Event) { e.UserID = id } }
	b.denied(0, "c", user("ab"))
	b.denied(0, "bc", user("a"))
	b.denied(0, "", user("abc"))
	b.denied(0, "abc")
	b.denied(0, "", user("abc"))
	b.want("no two alike")
	if n := b.Stats().Ungrouped; n != 3 {
		t.Errorf("%d ungrouped, want 3", n)
	}
	b.denied(0, "::ffff:192.0.2.1", user("a"))
	b.denied(0, "192.0.2.1", user("a"))
	b.want("one address in two spellings", "counted medium [user.id=a client.address=192.0.2.1] 2")
	b.denied(0, "2001:db8::1", user("a"))
	b.denied(0, "2001:db8::2", user("a"))
	b.want("one network", "counted medium [user.id=a client.address=2001:db8::/64] 2")
	b.denied(0, "::1", user("a"))
	b.denied(0, "::2", user("a"))
	b.want("loopback is no network")
}

// TestLargeThreshold holds the rounded windows to their bound: never early, and
// at most a 64th of the window less to look at.
func TestLargeThreshold(t *testing.T) {
	for _, c := range []struct {
		span time.Duration // over which 1,000 events are spread
		want int
	}{{0, 1}, {58 * time.Second, 1}, {61 * time.Second, 0}, {10 * time.Minute, 0}} {
		b := newBench(t, counting("event_count", "60s", "{gte: 1000}"), detect.Config{})
		for i := range 1000 {
			b.denied(30*time.Second+c.span*time.Duration(i)/999, "a")
		}
		if got := len(b.said); got != c.want {
			t.Errorf("1,000 events over %v: %d alerts, want %d", c.span, got, c.want)
		}
	}
}

// TestFoldedBeyondTheWindow holds that a record which stands for more time than
// the window adds its even share.
func TestFoldedBeyondTheWindow(t *testing.T) {
	for count, want := range map[int64]int{190: 0, 200: 1} {
		b := newBench(t, counting("event_count", "60s", "{gte: 20}"), detect.Config{})
		b.denied(0, "a", func(e *event.Event) { e.Count, e.Window = count, 600 })
		if got := len(b.said); got != want {
			t.Errorf("%d events in 10 minutes: %d alerts, want %d", count, got, want)
		}
	}
}

// TestRange holds a condition with two bounds: it is judged as the count grows.
func TestRange(t *testing.T) {
	b := newBench(t, counting("event_count", "60s", "{gte: 3, lt: 5}"), detect.Config{})
	weight := func(n int64) func(*event.Event) { return func(e *event.Event) { e.Count = n } }
	b.denied(0, "a", weight(2))
	b.denied(time.Second, "a", weight(2))
	b.want("four", "counted medium [client.address=a] 4")
	b.denied(0, "b", weight(2))
	b.denied(time.Second, "b", weight(3))
	b.want("five at once")
}

// TestEvidence holds which events an alert names.
func TestEvidence(t *testing.T) {
	engine, err := detect.New(load(t, counting("event_count", "60s", "{gte: 3}")), detect.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ids := event.NewIDs([32]byte{7})
	var want, got []string
	for i := range 40 {
		at := epoch.Add(time.Duration(i) * time.Second)
		if i == 1 { // the first is out of the window of the alert
			at = epoch.Add(70 * time.Second)
		}
		if i > 1 {
			at = at.Add(70 * time.Second)
		}
		e := event.Event{Time: at, ID: ids.Next(at), Kind: event.ScopeDenied, ClientAddress: "a"}
		if i > 0 && i <= detect.MaxEvents {
			want = append(want, e.ID.String())
		}
		other := event.Event{Time: at, ID: ids.Next(at), Kind: event.ScopeDenied, ClientAddress: fmt.Sprint("b", i)}
		engine.Process(&other, nil)
		engine.Process(&e, nil)
		if i == 20 {
			state, err := engine.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			if err := engine.Restore(state); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, a := range engine.Active() {
		got = a.Events
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestRestore holds what is refused, and what survives a change of rules.
func TestRestore(t *testing.T) {
	rules := counting("event_count", "60s", "{gte: 3}")
	b := newBench(t, rules, detect.Config{})
	b.denied(0, "a")
	b.denied(0, "a")
	state, err := b.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		cut := state[:len(state)*i/50]
		if err := b.Restore(cut); err == nil {
			t.Errorf("%d of %d bytes of state: no error", len(cut), len(state))
		}
	}
	b.denied(time.Second, "a")
	b.want("after refused states", "counted medium [client.address=a] 3")

	for change, want := range map[string]int{
		"{gte: 3}": 1, // as it was
		"{gte: 4}": 0, // another threshold: it starts empty
	} {
		next := newBench(t, counting("event_count", "60s", change)+"---"+plain, detect.Config{Seed: 77})
		if err := next.Restore(state); err != nil {
			t.Fatal(err)
		}
		next.denied(time.Second, "a")
		got := 0
		for _, s := range next.said {
			if strings.HasPrefix(s, "counted") {
				got++
			}
		}
		if got != want {
			t.Errorf("%s: %d alerts, want %d", change, got, want)
		}
	}
}

// TestDamagedState flips every byte of a state. Most of it has no meaning that
// could be checked; but nothing of it may break the engine.
func TestDamagedState(t *testing.T) {
	rules := counting("event_count", "60s", "{gte: 3}") + "---" + plain
	b := newBench(t, rules, detect.Config{})
	id := func(e *event.Event) { e.ID = event.NewIDs([32]byte{1}).Next(e.Time) }
	for i := range 5 {
		b.denied(time.Duration(i)*time.Second, fmt.Sprint("a", i%2), id)
	}
	e := event.Event{Time: epoch, Kind: event.Verified}
	b.Process(&e, nil)
	state, err := b.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range state {
		damaged := bytes.Clone(state)
		damaged[i] ^= byte(1 + i*37%255)
		next := newBench(t, rules, detect.Config{})
		if next.Restore(damaged) != nil {
			refused++
		}
		for k := range 5 {
			next.denied(time.Duration(k)*time.Second, fmt.Sprint("a", k%2), id)
		}
		next.Process(&event.Event{Time: epoch, Kind: event.Verified}, nil)
		if _, err := next.Checkpoint(); err != nil {
			t.Errorf("byte %d: %v", i, err)
		}
	}
	if refused < len(state)/3 {
		t.Errorf("%d of %d damaged states refused", refused, len(state))
	}
}

// TestSaturated holds that the engine says when it can no longer be exact.
func TestSaturated(t *testing.T) {
	b := newBench(t, counting("event_count", "60s", "{gte: 3}"), detect.Config{CellBytes: 1, GateBytes: 1 << 10})
	for i := range 20_000 {
		b.denied(time.Duration(i)*time.Millisecond, fmt.Sprint("k", i))
	}
	found := 0
	for _, s := range b.said {
		if strings.HasPrefix(s, "state-saturated high [rule=counted]") {
			found++
		}
	}
	if found == 0 || found > 6 { // once, and when it has grown tenfold
		t.Errorf("state-saturated told %d times:\n%s", found, strings.Join(b.said, "\n"))
	}
}

// TestSourcesAreBounded holds that services cannot be invented without end.
func TestSourcesAreBounded(t *testing.T) {
	b := newBench(t, plain, detect.Config{})
	for i := range 10_000 {
		e := event.Event{Time: epoch, Kind: event.Verified, ServiceName: fmt.Sprint("s", i)}
		b.Process(&e, nil)
		if want := int64(1); i < 4000 && e.FailSample != want || i > 5000 && e.FailSample != 0 {
			t.Fatalf("service %d: sample of %d", i, e.FailSample)
		}
	}
}

// TestFeaturesAreOurs holds that no event can bring its own.
func TestFeaturesAreOurs(t *testing.T) {
	b := newBench(t, plain, detect.Config{})
	b.denied(0, "a", func(e *event.Event) { e.FailRatio, e.FailSample = 1, 1000 })
	e := event.Event{Time: epoch, Kind: event.Missing, FailRatio: 1, FailSample: 1000}
	b.Process(&e, nil)
	if e.FailRatio != 0 || e.FailSample != 0 {
		t.Errorf("ratio %v of %d", e.FailRatio, e.FailSample)
	}
}

// TestAlertJSON holds the wire form, and that a group comes back in its order.
func TestAlertJSON(t *testing.T) {
	a := detect.Alert{
		ID: "1", Rule: "r", Severity: "high", Title: "T", Group: detect.Labels{{Key: "z", Value: `"<é`}, {Key: "a", Value: ""}},
		First: epoch, Last: epoch.Add(time.Second), Count: 2, Events: []string{"x"}, Fingerprint: "f",
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"1","rule":"r","title":"T","severity":"high","group":{"z":"\"\u003cé","a":""},"first":"2026-01-05T09:00:00Z","last":"2026-01-05T09:00:01Z","count":2,"events":["x"],"fingerprint":"f"}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	var back detect.Alert
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	for _, empty := range []string{`{}`, `null`} {
		l := detect.Labels{{Key: "old", Value: "old"}}
		if err := json.Unmarshal([]byte(empty), &l); err != nil || len(l) != 0 {
			t.Errorf("%s: %v, %v", empty, l, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"a":1}`), &back.Group); err == nil {
		t.Error("a label that is no text: no error")
	}
}
