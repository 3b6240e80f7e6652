package guard

import (
	"context"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// An alarm asks the Store for revocations in the background, and records when it
// gets no answer: at once, again when the copy has become too old to be believed
// and the Outage policy decides, and from then on each alarmEvery, for a monitor
// that has not heard the first. It is used by one goroutine at a time.
type alarm struct {
	g      *Guard
	failed bool // the last question got no answer
	stale  bool // and the copy was too old
	told   time.Time
}

const alarmEvery = 30 * time.Second

func (a *alarm) poll(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := a.g.replica.sync(within, a.g.now())
	if ctx.Err() != nil {
		return // closing
	}
	now := a.g.now()
	if err == nil {
		a.settle(now)
		a.failed, a.stale = false, false
		return
	}
	stale := a.g.replica.stale(now)
	if a.failed && a.stale == stale && now.Sub(a.told) < alarmEvery {
		return
	}
	if !a.failed {
		a.told = now // of what is counted from now on
	}
	a.failed, a.stale = true, stale
	then := ""
	switch {
	case stale && a.g.outage == FailOpen:
		then = "; tokens are let through unchecked"
	case stale:
		then = "; every token is refused"
	}
	a.record(now, "revocations cannot be read: "+event.Scrub(err.Error())+then)
}

// settle records what was let through at the end of an outage.
func (a *alarm) settle(now time.Time) {
	if a.g.replica.unchecked.Load() > 0 {
		a.record(now, "revocations could not be read; tokens were let through unchecked")
	}
}

// record writes one record, which stands for all tokens that were let through
// since the last: those are counted by the metrics already.
func (a *alarm) record(now time.Time, detail string) {
	n := a.g.replica.unchecked.Swap(0)
	if n == 0 {
		a.g.rec.metrics.Count(event.RevocationFailed, event.ReasonStoreUnavailable)
	}
	e := a.g.rec.get(event.RevocationFailed, event.ReasonStoreUnavailable, now)
	if n > 1 {
		e.Count, e.Window = n, max(int64(now.Sub(a.told)/time.Second), 1)
	}
	e.Detail = detail
	a.g.rec.send(e)
	a.told = now
}

// unrevoked says why a token whose signature held is good no longer, or may not
// be believed to be, and zero when nothing stands against it. What is known to be
// revoked is refused as such also while the Store is away.
func (g *Guard) unrevoked(ctx context.Context, e *entry, raw string, now time.Time) event.Reason {
	if g.replica == nil {
		return 0
	}
	fresh := g.replica.fresh(ctx, now)
	why := g.replica.check(e, raw)
	switch {
	case fresh || why != 0:
		return why
	case g.outage == FailClosed:
		return event.ReasonStoreUnavailable
	}
	g.replica.unchecked.Add(1)
	g.rec.metrics.Count(event.RevocationFailed, event.ReasonStoreUnavailable)
	return 0
}
