package guard

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// A sieve says which tokens are certainly not in the cache, at a tenth of what
// the key of the cache costs. Under an attack most tokens are new, and so are
// spared a digest that would be looked up in vain. It holds one bit a token, of
// the current generation and of the one before, each as old as an entry can get:
// a token that was entered and has not expired is in one of them.
type sieve struct {
	seed        maphash.Seed
	life        time.Duration
	turned      atomic.Int64 // Unix nanoseconds
	now, before atomic.Pointer[sieveBits]
}

type sieveBits [1 << 12]atomic.Uint64 // 32 KiB

func newSieve(life time.Duration) *sieve {
	s := &sieve{seed: maphash.MakeSeed(), life: life}
	s.now.Store(new(sieveBits))
	s.before.Store(new(sieveBits))
	return s
}

func (s *sieve) sum(raw string) uint64 { return maphash.String(s.seed, raw) }

// held reports whether a token may be in the cache.
func (s *sieve) held(sum uint64) bool { return s.now.Load().has(sum) || s.before.Load().has(sum) }

// mark notes that a token is entered.
func (s *sieve) mark(sum uint64, now time.Time) {
	if turned := s.turned.Load(); now.UnixNano()-turned > int64(s.life) && s.turned.CompareAndSwap(turned, now.UnixNano()) {
		s.before.Store(s.now.Swap(new(sieveBits)))
	}
	word, bit := s.now.Load().at(sum)
	if word.Load()&bit == 0 {
		word.Or(bit)
	}
}

func (b *sieveBits) at(sum uint64) (*atomic.Uint64, uint64) {
	return &b[sum>>6%uint64(len(b))], 1 << (sum & 63)
}

func (b *sieveBits) has(sum uint64) bool {
	word, bit := b.at(sum)
	return word.Load()&bit != 0
}
