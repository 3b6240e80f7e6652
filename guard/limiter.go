package guard

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"
)

// cells of a limiter; they are 1 MiB. Both that a key has stand in one cache line:
// addresses that are new to the processor then cost one wait for memory, not two.
const (
	cells     = 1 << 17
	lineCells = 8
)

// A limiter is a leaky bucket for each key (the generic cell rate algorithm of
// ITU-T I.371), kept in a count-min sketch of fixed size: however many addresses
// an attacker invents, there is nothing to evict and nothing grows. A cell holds
// the time at which its bucket will be empty. Two keys that share cells can only
// tighten each other, and the seed keeps anybody from choosing whom to share
// with.
type limiter struct {
	seed   maphash.Seed
	window int64 // nanoseconds in which a full bucket runs empty
	unit   int64 // nanoseconds that one failure adds
	lines  [cells / lineCells][lineCells]atomic.Int64
}

// newLimiter lets n failures happen at once and n more in each window.
func newLimiter(n int, window time.Duration) *limiter {
	return &limiter{seed: maphash.MakeSeed(), window: int64(window), unit: max(int64(window)/int64(n), 1)}
}

func (l *limiter) addr(a netip.Addr) uint64 { return maphash.Comparable(l.seed, a) }
func (l *limiter) text(s string) uint64     { return maphash.String(l.seed, s) }

func (l *limiter) pair(key uint64) (a, b *atomic.Int64) {
	line := &l.lines[key%uint64(len(l.lines))]
	one := key >> 32 % lineCells
	other := (one + 1 + key>>40%(lineCells-1)) % lineCells
	return &line[one], &line[other]
}

// fill says in how many nanoseconds the bucket of key will be empty. More than
// charge ever puts in means that the clock was set back: nobody is to wait until
// it has caught up.
func (l *limiter) fill(a, b *atomic.Int64, now int64) int64 {
	n := min(a.Load(), b.Load()) - now
	if n < 0 || n > 2*l.window {
		return 0
	}
	return n
}

// wait says how long key is over its limit, zero when it is not.
func (l *limiter) wait(key uint64, now time.Time) time.Duration {
	a, b := l.pair(key)
	return time.Duration(max(l.fill(a, b, now.UnixNano())-(l.window-l.unit), 0))
}

// charge adds a failure of tenths/10 units to key, up to two windows: a burst
// that was let in together does not shut its address out for hours.
func (l *limiter) charge(key uint64, tenths int64, now time.Time) {
	a, b := l.pair(key)
	at := now.UnixNano()
	empty := at + min(l.fill(a, b, at)+l.unit*tenths/10, 2*l.window)
	l.raise(a, empty)
	l.raise(b, empty)
}

// take charges one unit unless key is over its limit, and then says for how long.
func (l *limiter) take(key uint64, now time.Time) time.Duration {
	if w := l.wait(key, now); w > 0 {
		return w
	}
	l.charge(key, 10, now)
	return 0
}

// raise sets c to the later time, unless it holds one from before the clock was
// set back.
func (l *limiter) raise(c *atomic.Int64, to int64) {
	for {
		old := c.Load()
		if old >= to && old <= to+2*l.window || c.CompareAndSwap(old, to) {
			return
		}
	}
}

// network is the part of an address that one client holds: all of an IPv4
// address, the first 64 bits of an IPv6 one.
func network(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if a.Is6() {
		p, _ := a.WithZone("").Prefix(64)
		return p.Addr()
	}
	return a
}
