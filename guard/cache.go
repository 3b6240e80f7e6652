package guard

import (
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

// newCache makes the cache of verified tokens. Its key is the MAC of the
// whole token and cannot be configured: shorter or weaker keys have let one token
// pass for another elsewhere. It is entered only after everything was checked, has no
// negative entries, and belongs to this guard alone.
func (g *Guard) newCache(entries int) (*otter.Cache[event.MAC, *entry], error) {
	return otter.New(&otter.Options[event.MAC, *entry]{
		MaximumWeight: uint64(entries) * entryBytes,
		Weigher:       func(_ event.MAC, t *entry) uint32 { return uint32(max(t.size(), entryBytes)) },
		OnDeletion: func(e otter.DeletionEvent[event.MAC, *entry]) {
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

// recall gives a token that was verified before and is still good in every
// respect that time can change, except revocation.
func (g *Guard) recall(raw string, sum uint64, now time.Time) *entry {
	if g.cache == nil || !g.sieve.held(sum) {
		return nil
	}
	e, ok := g.cache.GetIfPresent(g.rec.prints.Whole(raw))
	if !ok || now.UnixNano() >= e.until || e.keys != g.keys.Generation() {
		return nil
	}
	return e
}

// remember enters a token that was checked at now.
func (g *Guard) remember(sum uint64, e *entry, now time.Time) {
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
	g.cache.Set(e.whole, e)
	g.sieve.mark(sum, now)
}

// sweep drops entries that are not believed any more. They are few enough to be
// looked at once a minute; a clock for each of them, which the cache could keep,
// would make entering one a third dearer.
func (g *Guard) sweep(now time.Time) {
	if g.cache == nil {
		return
	}
	for e := range g.cache.Values() {
		if now.UnixNano() >= e.until {
			g.cache.Invalidate(e.whole)
		}
	}
}

// summarize writes the uses of a token that were counted and not yet written.
func (g *Guard) summarize(e *entry) {
	now := g.now()
	u := e.use.rest(now.UnixNano())
	if g.successes != SuccessFold || u.count <= 0 {
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
