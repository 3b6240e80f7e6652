package guard

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"
	"unsafe"
)

// Gate: "limiter 1 MiB whatever the number of addresses". The limiter is 1 MiB whatever the number of addresses: a million of them, each
// charged, allocate nothing.
func TestLimiterIsOneMiB(t *testing.T) {
	l := newLimiter(30, time.Minute)
	if n := unsafe.Sizeof(l.lines); n != 1<<20 {
		t.Errorf("the cells take %d bytes, want 1 MiB", n)
	}
	if n := unsafe.Sizeof(*l) - unsafe.Sizeof(l.lines); n > 64 {
		t.Errorf("%d bytes beside the cells", n)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range uint32(1_000_000) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], i*2_654_435_761)
		l.charge(l.addr(netip.AddrFrom4(b)), 10, now)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 { // what the tests beside this one need
		t.Errorf("a million addresses allocated %d bytes", n)
	}
	runtime.KeepAlive(l)
}

// Alone in the sketch, an address is let through exactly as by a leaky bucket
// that is written out.
func TestLimiterIsALeakyBucket(t *testing.T) {
	const n, window = 30, time.Minute
	l := newLimiter(n, window)
	rnd := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	key := l.addr(netip.MustParseAddr("203.0.113.7"))
	level, last := 0.0, now // failures in the bucket
	for step := range 20_000 {
		now = now.Add(time.Duration(rnd.Int64N(int64(3 * time.Second))))
		level = max(0, level-now.Sub(last).Seconds()*n/window.Seconds())
		last = now
		if over := level - (n - 1); over < -1e-6 || over > 1e-6 { // at the edge, rounding decides
			if got, want := l.wait(key, now) > 0, over > 0; got != want {
				t.Fatalf("step %d: limited %v with %v failures in the bucket, want %v", step, got, level, want)
			}
		}
		if l.wait(key, now) > 0 {
			continue
		}
		tenths := int64(10)
		if rnd.IntN(3) == 0 {
			tenths = 1
		}
		l.charge(key, tenths, now)
		level += float64(tenths) / 10
	}
}

// Failures that were let in together shut nobody out for longer than two windows,
// and a clock that is set back for no time at all.
func TestLimiterForgives(t *testing.T) {
	l := newLimiter(30, time.Minute)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	key := l.addr(netip.MustParseAddr("203.0.113.7"))
	for range 10_000 {
		l.charge(key, 10, now)
	}
	if w := l.wait(key, now); w <= time.Minute || w > 2*time.Minute {
		t.Errorf("after 10,000 failures at one instant an address waits %v, want at most two windows", w)
	}
	if w := l.wait(key, now.Add(-time.Hour)); w != 0 {
		t.Errorf("an hour before, by a clock that was set back, it waits %v", w)
	}
	for range 30 {
		l.charge(key, 10, now.Add(-time.Hour))
	}
	if w := l.wait(key, now.Add(-time.Hour)); w <= 0 || w > time.Minute {
		t.Errorf("failures by the new clock: it waits %v", w)
	}
}
