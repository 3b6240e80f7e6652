package guard

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"hash/maphash"
	"sync"
	"time"
)

// A ProofMemory remembers which proofs were used, for all processes of a
// service. Its method is called from many goroutines.
type ProofMemory interface {
	// Use notes that the proof id was used, until the time given, and reports
	// whether it was the first: of any number of simultaneous calls with one id
	// exactly one is told so. id is 43 characters of base64url and no secret. An
	// error means that nobody knows; the request is then answered 503.
	Use(ctx context.Context, id string, until time.Time) (first bool, err error)
}

// proofID names a proof: SHA-256 of the thumbprint of its key and of its jti.
func proofID(thumbprint, jti string) [sha256.Size]byte {
	return sha256.Sum256([]byte(thumbprint + "\x00" + jti))
}

// A freshness is what a memory says of a proof.
type freshness uint8

const (
	fresh    freshness = iota
	replayed           // it was used before
	overrun            // it is older than what the memory still holds: nobody knows
)

// A replay is the memory of one process. It holds the youngest proofs, and knows
// from which second on it holds them all: when it is full the oldest leaves, and
// whatever is not younger than that one is refused from then on. So no proof
// passes twice however many there are, and a flood shortens the time for which
// a proof is good instead of costing memory. A key has one shard, chosen by a
// seed: what one client does shortens it for few others.
type replay struct {
	seed   maphash.Seed
	most   int // entries of a shard
	shards [replayShards]replayShard
}

const replayShards = 16

type replayShard struct {
	mu    sync.Mutex
	known map[[16]byte]struct{}
	order byAge
	floor int64 // all proofs that were used and issued after this second are known
}

type aged struct {
	id     [16]byte
	issued int64
}

func newReplay(most int) *replay {
	return &replay{seed: maphash.MakeSeed(), most: max(most/replayShards, 1)}
}

// use notes a proof that was issued at the second issued. Proofs up to the second
// expired are refused for their age: they need not be known.
func (r *replay) use(thumbprint, jti string, issued, expired int64) freshness {
	sum := proofID(thumbprint, jti)
	id := [16]byte(sum[:])
	s := &r.shards[maphash.String(r.seed, thumbprint)%replayShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.order) > 0 && s.order[0].issued <= expired {
		s.drop()
	}
	if _, ok := s.known[id]; ok {
		return replayed
	}
	full := len(s.order) >= r.most
	if issued <= s.floor || full && issued <= s.order[0].issued {
		return overrun
	}
	if full {
		s.drop()
	}
	if s.known == nil {
		s.known = make(map[[16]byte]struct{})
	}
	s.known[id] = struct{}{}
	heap.Push(&s.order, aged{id, issued})
	return fresh
}

// drop forgets the oldest, and from then on takes none that is as old: the clock
// may be set back.
func (s *replayShard) drop() {
	oldest := heap.Pop(&s.order).(aged)
	delete(s.known, oldest.id)
	s.floor = max(s.floor, oldest.issued)
}

// byAge is a heap with the oldest proof in front.
type byAge []aged

func (h byAge) Len() int           { return len(h) }
func (h byAge) Less(i, j int) bool { return h[i].issued < h[j].issued }
func (h byAge) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byAge) Push(x any)        { *h = append(*h, x.(aged)) }
func (h *byAge) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
