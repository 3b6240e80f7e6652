package detect_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
)

// TestFloodHidesNobody lets an attacker invent keys while 200 abusers stay only
// just above the threshold, slowly, among ordinary clients: every abuser must be
// found, nobody else accused, and the state stay within its bound.
//
// It runs at a tenth of the size for which the defaults are made; FLOOD=10 runs
// the whole.
func TestFloodHidesNobody(t *testing.T) {
	scale := 1
	if s := os.Getenv("FLOOD"); s != "" {
		scale, _ = strconv.Atoi(s)
	}
	const abusers = 200
	list := load(t, counting("event_count", "60s", "{gt: 10}"))
	for _, rate := range []int{200, 2_000, 10_000} {
		rate *= scale
		t.Run(fmt.Sprint(rate, " keys a second"), func(t *testing.T) {
			config := detect.Config{Seed: 5, CellBytes: scale * 420 << 10, GateBytes: scale * 840 << 10, MaxActive: 1 << 20}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			engine, err := detect.New(list, config)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, uint64(rate)))
			caught, accused := map[string]bool{}, map[string]bool{}
			alert := func(a detect.Alert) {
				switch who := a.Group.String(); {
				case a.Rule != "counted":
				case strings.Contains(who, "abuser"):
					caught[who] = true
				default:
					accused[who] = true
				}
			}
			now := epoch
			send := func(who string) {
				engine.Process(&event.Event{Time: now, Kind: event.ScopeDenied, ClientAddress: who}, alert)
			}
			const seconds = 100
			invented, start := 0, time.Now()
			for ms := range seconds * 1000 {
				now = epoch.Add(time.Duration(ms) * time.Millisecond)
				for range (rate*(ms+1))/1000 - (rate*ms)/1000 {
					invented++
					send("invented" + strconv.Itoa(invented))
				}
				// 15 events a minute of each abuser, and one of each ordinary client.
				if ms%(4000/abusers) == 0 {
					send(fmt.Sprint("abuser", ms/(4000/abusers)%abusers))
				}
				if rng.IntN(60_000/2000) == 0 {
					send(fmt.Sprint("client", rng.IntN(2000)))
				}
			}
			took := time.Since(start)
			runtime.GC()
			runtime.ReadMemStats(&after)
			size := int64(after.HeapAlloc) - int64(before.HeapAlloc)
			t.Logf("caught %d, accused %d of %d keys, %d KiB, %d ns/event, %+v", len(caught), len(accused), invented, size>>10, took.Nanoseconds()/int64(engine.Stats().Events), engine.Stats())
			if len(caught) != abusers {
				t.Errorf("caught %d of %d abusers", len(caught), abusers)
			}
			if len(accused) != 0 {
				t.Errorf("accused %d keys that did nothing", len(accused))
			}
			if bound := int64(config.CellBytes + config.GateBytes + 2<<20); size > bound {
				t.Errorf("%d bytes of state, want at most %d", size, bound)
			}
			runtime.KeepAlive(engine)
		})
	}
}

// TestFloodMovesNoThreshold starts 200 keys in the middle of a flood, when all of
// them have to pass the gate: at the pace that is just allowed none may be
// accused, just above it hardly one may be missed, and well above it none.
func TestFloodMovesNoThreshold(t *testing.T) {
	const keys, calm = 200, 70_000
	list := load(t, counting("event_count", "60s", "{gt: 10}"))
	for _, rate := range []int{1, 3} { // invented keys a millisecond
		for pace, want := range map[int][2]int{10: {0, 0}, 11: {keys * 97 / 100, keys}, 15: {keys, keys}} {
			engine, err := detect.New(list, detect.Config{Seed: 5, CellBytes: 420 << 10, GateBytes: 420 << 10})
			if err != nil {
				t.Fatal(err)
			}
			fired := map[string]bool{}
			alert := func(a detect.Alert) {
				if a.Rule == "counted" {
					fired[a.Group.String()] = true
				}
			}
			invented := 0
			for ms := range calm + 90_000 {
				send := func(who string) {
					engine.Process(&event.Event{Time: epoch.Add(time.Duration(ms) * time.Millisecond), Kind: event.ScopeDenied, ClientAddress: who}, alert)
				}
				for range rate {
					invented++
					send("invented" + strconv.Itoa(invented))
				}
				step := 60_000 / pace
				if since := ms - calm; since >= 0 {
					if k := (since%step*keys + step - 1) / step; k*step/keys == since%step {
						send("key" + strconv.Itoa(k))
					}
				}
			}
			if engine.Stats().Approximate == 0 {
				t.Error("no flood: everything had a cell")
			}
			if len(fired) < want[0] || len(fired) > want[1] {
				t.Errorf("%d,000 invented keys a second: %d of %d keys fired at %d a minute, want %d", rate, len(fired), keys, pace, want)
			}
		}
	}
}
