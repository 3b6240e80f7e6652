package guard

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Bounds of a fold.
const (
	foldFull   = 10   // records that one key may have in full between two turns
	foldShards = 16   // so that two processors seldom meet
	foldKeys   = 4096 // keys between two turns; what is beyond shares one record a reason
)

// A foldKey is what facts must have in common to be written as one.
type foldKey struct {
	addr   netip.Addr
	kind   event.Kind
	reason event.Reason
}

// A fold keeps a flood of like facts from becoming a flood of records. The first
// few of a key are written in full; from then on the first is kept as a sample
// and the rest are counted, and turn gives the sample out with its count. Memory
// is bounded, and the sum of what is written and what turn gives out is exactly
// the number of facts.
type fold struct {
	seed   maphash.Seed
	shards [foldShards]foldShard
}

type foldShard struct {
	mu    sync.Mutex
	cells map[foldKey]*foldCell
	fresh []foldCell // made many at a time
	_     [16]byte   // a cache line each
}

type foldCell struct {
	full   int
	count  int64        // facts that were not written
	sample *event.Event // of these; nil while it is being described
	waited bool         // a turn has gone by without it
}

type verdict uint8

const (
	writeFull  verdict = iota
	keepSample         // describe it and hand it to keep
	countOnly          // it is counted; nothing more is to be done
)

func newFold() *fold {
	f := &fold{seed: maphash.MakeSeed()}
	for i := range f.shards {
		f.shards[i].cells = make(map[foldKey]*foldCell)
	}
	return f
}

func (f *fold) shard(k foldKey) *foldShard {
	return &f.shards[maphash.Comparable(f.seed, k)%foldShards]
}

// cell finds the cell of k, and the key under which it stands. The caller holds mu.
func (s *foldShard) cell(k foldKey) (*foldCell, foldKey) {
	c := s.cells[k]
	if c == nil {
		if len(s.cells) >= foldKeys/foldShards {
			k.addr = netip.Addr{}
			if c = s.cells[k]; c != nil {
				return c, k
			}
		}
		if len(s.fresh) == 0 {
			s.fresh = make([]foldCell, 32)
		}
		c, s.fresh = &s.fresh[0], s.fresh[1:]
		s.cells[k] = c
	}
	return c, k
}

// A foldSlot is the place where a sample is awaited.
type foldSlot struct {
	shard *foldShard
	at    foldKey
}

// admit decides what becomes of one more fact of key k. The slot is for keep.
func (f *fold) admit(k foldKey, full int) (verdict, foldSlot) {
	s := f.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	c, at := s.cell(k)
	switch {
	case c.full < full:
		c.full++
		return writeFull, foldSlot{}
	case c.count == 0:
		c.count = 1
		return keepSample, foldSlot{s, at}
	}
	c.count++
	return countOnly, foldSlot{}
}

// keep stores the sample that admit asked for. A cell is not given out before it
// has one; when somebody else's came first, the cell may be gone by now, and the
// count of this fact went with it.
func (slot foldSlot) keep(e *event.Event) {
	slot.shard.mu.Lock()
	defer slot.shard.mu.Unlock()
	if c := slot.shard.cells[slot.at]; c != nil && c.count > 0 {
		c.set(slot.at, e)
	}
}

func (c *foldCell) set(at foldKey, e *event.Event) {
	if c.sample != nil {
		return
	}
	sample := *e
	sample.Own() // a client chooses how long its texts are
	c.sample = &sample
	if !at.addr.IsValid() {
		c.sample.ClientAddress, c.sample.ClientPort = "", 0
	}
}

// add counts a record that could not be written, with the weight it has.
func (f *fold) add(k foldKey, e *event.Event) {
	s := f.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	c, at := s.cell(k)
	c.count += e.Weight()
	c.set(at, e)
}

// turn gives out what was counted since the last turn and begins anew. A sample
// that nobody described has no time.
func (f *fold) turn(window time.Duration, give func(foldKey, *event.Event)) {
	type held struct {
		k foldKey
		c *foldCell
	}
	for i := range f.shards {
		s := &f.shards[i]
		var list []held
		s.mu.Lock()
		for k, c := range s.cells {
			switch {
			case c.count > 0 && c.sample != nil:
				list = append(list, held{k, c})
				delete(s.cells, k)
			case c.count > 0 && c.waited: // whoever described it has panicked: the count goes out without
				c.sample = new(event.Event)
				list = append(list, held{k, c})
				delete(s.cells, k)
			case c.count > 0: // its sample is being described: next time
				c.full, c.waited = 0, true
			default:
				delete(s.cells, k)
			}
		}
		s.mu.Unlock()
		for _, h := range list {
			e := h.c.sample
			if h.c.count > 1 {
				e.Count = h.c.count
				e.Window = max(e.Window, int64((window+time.Second-1)/time.Second), 1)
				if e.Verified {
					// The others need not be of the same token.
					e.UserID, e.TokenID, e.Family, e.Fingerprint, e.BodyFingerprint = "", "", "", "", ""
				}
			}
			give(h.k, e)
		}
	}
}

// left is how much was counted and not given out.
func (f *fold) left() (n int64) {
	for i := range f.shards {
		s := &f.shards[i]
		s.mu.Lock()
		for _, c := range s.cells {
			n += c.count
		}
		s.mu.Unlock()
	}
	return n
}
