package guard

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// When a use of a token that is good is written, beside the first and those from
// a new place.
const (
	useEvery  = 1024
	useWithin = time.Minute
	// A client may change its user agent with every request: so many records a
	// second of one token are enough.
	useApart = 50 * time.Millisecond
)

// A usage counts the uses of one token. What is counted and not yet written is
// lost to nobody: it is written with the next record, or when the token leaves
// the cache.
type usage struct {
	count atomic.Int64  // uses that are not written yet
	place atomic.Uint64 // where the last written one came from: address prefix and user agent
	last  atomic.Int64  // when, Unix nanoseconds; zero for never, gone once the token has left the cache

	mu   sync.Mutex
	addr [16]byte // of the last written one; zero for none
}

// gone is so long ago that every use from then on is written.
const gone = -1 << 62

// seen counts a use and reports whether it ought to be written.
func (u *usage) seen(place uint64, now int64) bool {
	n := u.count.Add(1)
	since := now - u.last.Load()
	return n >= useEvery || since >= int64(useWithin) || u.place.Load() != place && since >= int64(useApart)
}

// A use is what one record of a token in use stands for.
type use struct {
	addr   netip.Addr
	count  int64
	window time.Duration
}

// take settles what is counted. here is the use at hand together with the ones
// before it from the same place; before are those from the place before, zero
// where the place has not changed.
func (u *usage) take(addr netip.Addr, place uint64, now int64) (here, before use) {
	u.mu.Lock()
	defer u.mu.Unlock()
	since := time.Duration(0)
	last := u.last.Load()
	if last > 0 {
		since = time.Duration(now - last)
	}
	if last != gone {
		u.last.Store(now)
	}
	n := u.count.Swap(0)
	here = use{addr, n, since}
	if u.place.Swap(place) != place && n > 0 {
		here = use{addr: addr, count: 1}
		before = use{address(u.addr), n - 1, since}
	}
	u.addr = [16]byte{}
	if addr.IsValid() {
		u.addr = addr.As16()
	}
	return here, before
}

// rest gives what is still counted, for the summary at now. A request that still
// holds the token writes its use by itself from then on: last is set before count
// is read, so that a use which is counted later finds it.
func (u *usage) rest(now int64) use {
	u.mu.Lock()
	defer u.mu.Unlock()
	what := use{addr: address(u.addr)}
	if last := u.last.Swap(gone); last > 0 {
		what.window = time.Duration(now - last)
	}
	what.count = u.count.Swap(0)
	return what
}

// address unpacks an address that stands in a usage.
func address(b [16]byte) netip.Addr {
	if b == [16]byte{} {
		return netip.Addr{}
	}
	return netip.AddrFrom16(b).Unmap()
}
