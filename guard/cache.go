package guard

import (
	"crypto/sha256"
	"hash/maphash"
	"net/netip"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/maypok86/otter/v2"
)

// entryBytes is what an entry of the usual size weighs, and the least that any
// is taken for, so that the one bound of the cache is one of count and of bytes.
// entryBase is its part that does not depend on the token.
const (
	entryBytes = 520
	entryBase  = 400
)

// newCache makes the cache of verified tokens. Its key is SHA-256 of the whole
// token and cannot be configured: shorter or weaker keys have let one token pass
// for another elsewhere. It is entered only after everything was checked, has no
// negative entries, and belongs to this guard alone.
func (g *Guard) newCache(entries int) (*otter.Cache[[sha256.Size]byte, *entry], error) {
	return otter.New(&otter.Options[[sha256.Size]byte, *entry]{
		MaximumWeight:    uint64(entries) * entryBytes,
		Weigher:          func(_ [sha256.Size]byte, t *entry) uint32 { return uint32(max(t.size(), entryBytes)) },
		ExpiryCalculator: otter.ExpiryWriting[[sha256.Size]byte, *entry](g.cacheAge),
		OnDeletion: func(e otter.DeletionEvent[[sha256.Size]byte, *entry]) {
			g.summarize(e.Value)
		},
		// Its upkeep is done by whoever enters a token. By default each entry would
		// wake a goroutine for it, which costs more than the upkeep.
		Executor: func(f func()) { f() },
		Logger:   &otter.NoopLogger{},
	})
}

// place tells apart where a token is used from: the network and the user agent.
func (g *Guard) place(addr netip.Addr, agent string) uint64 {
	return maphash.Comparable(g.seed, network(addr)) ^ maphash.String(g.seed, agent)
}

// digest gives the cache key of a token.
func digest(raw string) [sha256.Size]byte {
	s := scratches.Get().(*scratch)
	s.buf = append(s.buf, raw...)
	sum := sha256.Sum256(s.buf)
	s.free()
	return sum
}

// recall gives a token that was verified before and is still good in every
// respect that time can change, except revocation.
func (g *Guard) recall(key [sha256.Size]byte, now time.Time) *entry {
	if g.cache == nil {
		return nil
	}
	e, ok := g.cache.GetIfPresent(key)
	if !ok || now.UnixNano() >= e.until || e.keys != g.keys.Generation() {
		return nil
	}
	return e
}

// remember enters a token that was checked at now.
func (g *Guard) remember(key [sha256.Size]byte, e *entry, now time.Time) {
	if g.cache == nil {
		return
	}
	until := now.Add(g.cacheAge)
	if e.expires != 0 {
		if end := time.Unix(e.expires, 0).Add(g.policy.leeway); end.Before(until) {
			until = end
		}
	}
	if g.policy.maxAge > 0 {
		if end := time.Unix(e.issued, 0).Add(g.policy.maxAge + g.policy.leeway); end.Before(until) {
			until = end
		}
	}
	e.until = until.UnixNano()
	g.cache.Set(key, e)
}

// summarize writes the uses of a token that were counted and not yet written.
func (g *Guard) summarize(e *entry) {
	now := g.now()
	u := e.use.rest(now.UnixNano())
	if u.count <= 0 || g.successes != SuccessFold {
		return
	}
	g.writeUse(e, u, now, nil, 0)
}

// writeUse writes one record for the uses u of t. o is nil where there is no
// request at hand.
func (g *Guard) writeUse(e *entry, u use, now time.Time, o *origin, took time.Duration) {
	rec := g.rec.get(event.Verified, 0, now)
	e.describe(&rec.Event)
	if o != nil {
		g.describe(o, &rec.Event)
	} else if u.addr.IsValid() {
		rec.ClientAddress = u.addr.WithZone("").String()
	}
	if u.count > 1 {
		rec.Count = u.count
		rec.Window = max(int64((u.window+time.Second-1)/time.Second), 1)
	}
	rec.Duration = took
	g.rec.send(rec)
}
