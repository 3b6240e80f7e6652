package detect

import (
	"math"
	"slices"
	"time"

	"github.com/jotsight/jotsight/internal/rule"
)

// cells holds, for each live key of one correlation, the recent past that its
// condition needs. It answers a question that has no order, "is there any span
// of the window's length that holds enough?", so that events which arrive out of
// order within the lateness give the alerts that they would give in order.
//
// A cell has a fixed number of entries (time, and weight or hashed value), sorted
// by time. As long as no window has held enough, at most twice the threshold
// can happen within window and lateness together, hence the room; beyond it, and
// above exactMax, times are rounded down to a 64th of the window, which can miss
// a crossing by that much and never invents one.
//
// The table is 8-way associative, without pointers, and grows to a bound. A key
// is forgotten when nothing of it is within the window, and otherwise only for
// the sake of one that has happened more often: see Engine.cell.
type cells struct {
	window, late int64 // nanoseconds
	min, max     int64
	distinct     bool
	quantum      int64 // to which times are rounded; 1 is exact
	size         int   // entries of a cell
	limit        int   // cells at most, a power of two

	hash []uint64 // 0: free
	met  []int64  // the engine's time when the key was last met
	used []uint16
	seen []uint32 // the newest evidence, see evidence
	at   []int64  // size to a cell
	val  []uint32
}

const (
	ways     = 8
	exactMax = 128
	buckets  = 64 // of a window above exactMax
)

func newCells(c *rule.Correlation, lateness time.Duration, budget int) *cells {
	t := &cells{
		window: int64(c.Window), late: int64(min(lateness, c.Window)),
		min: c.Min, max: c.Max, distinct: c.Type == rule.ValueCount,
		quantum: 1, size: int(2*min(c.Min, exactMax)) + 2,
	}
	switch {
	case t.distinct:
		t.size += 14 // a value seen again within the lateness takes room of its own
	case c.Min > exactMax:
		t.quantum, t.size = t.window/buckets, 2*buckets+2
	}
	t.limit = 64 * ways
	for t.limit*2*t.bytes() <= budget {
		t.limit *= 2
	}
	t.make(16 * ways)
	return t
}

// bytes is what one cell takes.
func (t *cells) bytes() int { return 8 + 8 + 2 + 4 + t.size*12 }

func (t *cells) make(n int) {
	t.hash, t.met, t.used, t.seen = make([]uint64, n), make([]int64, n), make([]uint16, n), make([]uint32, n)
	t.at, t.val = make([]int64, n*t.size), make([]uint32, n*t.size)
}

func (t *cells) bucket(h uint64) int { return int(h&uint64(len(t.hash)/ways-1)) * ways }

// find gives the cell of h, or -1.
func (t *cells) find(h uint64) int {
	b := t.bucket(h)
	for i, have := range t.hash[b : b+ways] {
		if have == h {
			return b + i
		}
	}
	return -1
}

// idle reports whether nothing in the cell can count any more. It goes by when
// the key was met, not by the times of its events: those of a service whose
// clock is slow are as much alive as others.
func (t *cells) idle(i int, now int64) bool {
	return t.used[i] == 0 || t.met[i] <= now-t.window-t.late
}

// place gives a free cell to h, or -1 when all of its bucket are alive and the
// table may not grow.
func (t *cells) place(h uint64, now int64) int {
	for {
		b := t.bucket(h)
		free := -1
		for i := b; i < b+ways; i++ {
			if t.hash[i] == 0 {
				free = i
				break
			}
			if t.idle(i, now) {
				free = i
			}
		}
		if free >= 0 {
			t.reset(free, h, now)
			return free
		}
		if len(t.hash) >= t.limit {
			return -1
		}
		t.grow(now)
	}
}

func (t *cells) reset(i int, h uint64, now int64) {
	t.hash[i], t.met[i], t.used[i], t.seen[i] = h, now, 0, 0
}

// grow doubles the table. A bucket becomes two, so that none can overflow.
func (t *cells) grow(now int64) {
	old := *t
	t.make(2 * len(old.hash))
	for i, h := range old.hash {
		if h != 0 && !old.idle(i, now) {
			b := t.bucket(h)
			for t.hash[b] != 0 {
				b++
			}
			t.fill(b, h, old.met[i], old.seen[i], old.at[i*t.size:][:old.used[i]], old.val[i*t.size:])
		}
	}
}

// fill sets the whole of a cell.
func (t *cells) fill(i int, h uint64, met int64, seen uint32, at []int64, val []uint32) {
	t.hash[i], t.met[i], t.used[i], t.seen[i] = h, met, uint16(len(at)), seen
	copy(t.at[i*t.size:], at)
	copy(t.val[i*t.size:], val[:len(at)])
}

// least gives the cell of h's bucket that has counted least, and what.
func (t *cells) least(h uint64) (cell int, count int64) {
	b := t.bucket(h)
	cell, count = -1, math.MaxInt64
	for i := b; i < b+ways; i++ {
		if n := t.total(i); n < count {
			cell, count = i, n
		}
	}
	return cell, count
}

func (t *cells) total(i int) (n int64) {
	if t.distinct {
		return int64(t.used[i])
	}
	for _, v := range t.val[i*t.size:][:t.used[i]] {
		n += int64(v)
	}
	return n
}

// horizon is the time before which an event can no longer join the cell.
func (t *cells) horizon(i int) int64 {
	n := int(t.used[i])
	if n == 0 {
		return math.MinInt64
	}
	return t.at[i*t.size+n-1] - t.window - t.late
}

// insert adds an entry and gives its place, and whether its value was not in the
// cell. at is not before the horizon.
func (t *cells) insert(i int, at int64, val uint32) (pos int, fresh bool) {
	at -= at % t.quantum
	n := int(t.used[i])
	ats, vals := t.at[i*t.size:][:t.size], t.val[i*t.size:][:t.size]
	newest := at
	if n > 0 {
		newest = max(newest, ats[n-1])
	}
	drop := func(from, k int) {
		copy(ats[from:], ats[from+k:n])
		copy(vals[from:], vals[from+k:n])
		n -= k
	}
	old := 0
	for old < n && ats[old] <= newest-t.window-t.late {
		old++
	}
	drop(0, old)
	fresh = true
	if t.distinct {
		fresh = !slices.Contains(vals[:n], val)
		if !fresh {
			n = t.thin(ats[:n], vals[:n], at, val, newest-t.late)
		}
	}
	pos = n
	for pos > 0 && ats[pos-1] > at {
		pos--
	}
	if pos > 0 && ats[pos-1] == at {
		switch {
		case !t.distinct:
			vals[pos-1] = uint32(min(uint64(vals[pos-1])+uint64(val), math.MaxUint32))
			t.used[i] = uint16(n)
			return pos - 1, fresh
		case vals[pos-1] == val:
			t.used[i] = uint16(n)
			return pos - 1, fresh
		}
	}
	if n == t.size {
		if pos == 0 { // older than all that a full cell holds
			t.used[i] = uint16(n)
			return -1, fresh
		}
		drop(0, 1)
		pos--
	}
	copy(ats[pos+1:n+1], ats[pos:n])
	copy(vals[pos+1:n+1], vals[pos:n])
	ats[pos], vals[pos] = at, val
	t.used[i] = uint16(n + 1)
	return pos, fresh
}

// thin forgets sightings of val that the one at the time at makes needless: of
// those that are settled, because nothing can arrive before them any more, only
// the last can matter.
func (t *cells) thin(ats []int64, vals []uint32, at int64, val uint32, settled int64) (n int) {
	last := int64(math.MinInt64)
	if at <= settled {
		last = at
	}
	for k, v := range vals {
		if v == val && ats[k] <= settled {
			last = max(last, ats[k])
		}
	}
	for k, v := range vals {
		// In a crowd, one sighting of a value is as good as another.
		if v == val && (ats[k] < last || len(ats) == t.size && ats[k] <= at) {
			continue
		}
		ats[n], vals[n] = ats[k], v
		n++
	}
	return n
}

// crossing looks for a window around the entry at pos that fulfils the
// condition: the earliest. It gives the times of the window's first event and of
// the event with which it was fulfilled, and what has been counted since.
func (t *cells) crossing(i, pos int) (first, fired, count int64, ok bool) {
	n := int(t.used[i])
	ats, vals := t.at[i*t.size:][:n], t.val[i*t.size:][:n]
	if pos < 0 || t.distinct && int64(n) < t.min {
		return 0, 0, 0, false
	}
	lo := pos
	for lo > 0 && ats[lo-1] > ats[pos]-t.window {
		lo--
	}
	for ; lo <= pos; lo++ {
		sum, k := int64(0), lo
		for ; k < n && ats[k] < ats[lo]+t.window; k++ {
			sum += t.adds(vals, lo, k)
			if sum >= t.min && (t.max == 0 || sum <= t.max) {
				fired = ats[k]
				for k++; k < n; k++ {
					sum += t.adds(vals, lo, k)
				}
				return ats[lo], fired, sum, true
			}
		}
		if k == n {
			break // the windows that start later hold less
		}
	}
	return 0, 0, 0, false
}

// adds is what entry k adds to a window that begins with entry lo.
func (t *cells) adds(vals []uint32, lo, k int) int64 {
	if !t.distinct {
		return int64(vals[k])
	}
	if slices.Contains(vals[lo:k], vals[k]) {
		return 0
	}
	return 1
}
