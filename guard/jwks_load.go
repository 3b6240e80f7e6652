package guard

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// An outage is a row of downloads that failed.
type outage struct {
	failures int       // since the last good one
	since    time.Time // the first
	said     time.Time // when it was recorded last
	unsaid   int64     // failures since then
}

func (k *KeySet) attach(g *Guard) {
	k.life.Lock()
	defer k.life.Unlock()
	k.add(g)
	if k.cancel == nil {
		k.ctx, k.cancel = context.WithCancel(context.Background())
	}
	if k.flight == nil && k.set.Load() == nil {
		k.launch()
	}
}

func (k *KeySet) detach(g *Guard) {
	k.life.Lock()
	f := k.last
	if last := k.remove(g); last && k.cancel != nil {
		k.cancel()
		k.cancel = nil
	} else {
		f = nil
	}
	k.life.Unlock()
	if f != nil {
		<-f.ended
	}
}

// tick starts a reload that is due, and gives up a set that is too old.
func (k *KeySet) tick(now time.Time) {
	var notes []note
	k.life.Lock()
	if k.cancel != nil && k.flight == nil && !now.Before(k.next) {
		k.launch()
	}
	if set := k.set.Load(); set != nil && now.UnixNano()-k.confirmed.Load() > int64(k.c.MaxStale) {
		k.set.Store(nil)
		k.state.forget()
		k.generation.Add(1)
		notes = append(notes, note{event.KeysFailed, event.ReasonKeyUnavailable, func(e *event.Event) {
			e.Message = "the key set is too old to be used"
			e.Detail = fmt.Sprintf("no new set for %v; tokens are answered with 503", k.c.MaxStale)
		}})
	}
	k.life.Unlock()
	k.record(notes)
}

// ask says what to do about a kid that is not in set: the flight to wait for,
// or else the answer.
func (k *KeySet) ask(kid string, set *keyIndex) (*flight, error) {
	k.life.Lock()
	defer k.life.Unlock()
	now, loaded := k.now(), set != nil
	switch {
	case k.set.Load() != set: // it landed since the caller looked
		return k.last, nil
	case loaded && now.Before(k.absent[maphash.String(k.seed, kid)].again):
		return nil, ErrUnknownKey
	case k.flight != nil:
		return k.flight, nil
	case k.cancel == nil && !loaded:
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, errUnused)
	case !loaded: // tick tries again soon enough
		return nil, ErrKeysUnavailable
	case k.cancel != nil && now.Sub(k.tried) >= setCooldown:
		return k.launch(), nil
	case k.failed:
		return nil, ErrKeysUnavailable
	}
	return nil, ErrUnknownKey
}

// miss remembers a kid that a download did not bring.
func (k *KeySet) miss(kid string) {
	k.life.Lock()
	defer k.life.Unlock()
	now, id := k.now(), maphash.String(k.seed, kid)
	a := k.absent[id]
	if now.Before(a.again) {
		return // somebody who waited for the same download was here
	}
	if len(k.absent) >= maxAbsent {
		clear(k.absent)
	}
	a.wait = min(max(2*a.wait, setCooldown), setLeast)
	a.again = now.Add(a.wait)
	k.absent[id] = a
}

// launch begins a download. k.life is held, and no other is under way.
func (k *KeySet) launch() *flight {
	f := &flight{done: make(chan struct{}), late: make(chan struct{}), ended: make(chan struct{})}
	before := k.last
	k.flight, k.last, k.tried = f, f, k.now()
	base := k.ctx
	if k.cancel == nil {
		base = context.Background() // Reload, by somebody without a guard
	}
	state := k.state
	patience := time.AfterFunc(setPatience, func() { close(f.late) })
	go func() {
		defer close(f.ended)
		ctx, cancel := context.WithTimeout(base, setTimeout)
		defer cancel()
		a, err := k.fetchSafely(ctx, state)
		patience.Stop()
		k.life.Lock()
		var notes []note
		switch {
		case base.Err() != nil:
			err = errors.New("key set: the guard was closed")
		case err == nil && a.index == nil && k.set.Load() == nil: // it became too old in the meantime
			err = errors.New("key set: not modified, and there is none at hand")
			fallthrough
		default:
			notes = k.land(a, err)
		}
		f.err, k.flight = err, nil
		close(f.done)
		k.life.Unlock()
		if before != nil { // first things first
			<-before.ended
		}
		k.record(notes)
	}()
	return f
}

// fetchSafely keeps a Transport that panics from taking the process with it.
func (k *KeySet) fetchSafely(ctx context.Context, s setState) (a setAnswer, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("key set: the client panicked")
		}
	}()
	return k.fetch(ctx, s)
}

// land takes in what a download brought. k.life is held.
func (k *KeySet) land(a setAnswer, err error) []note {
	now := k.now()
	if k.failed = err != nil; k.failed {
		return k.fail(now, err)
	}
	k.next = now.Add(min(max(a.fresh*4/5, setLeast), setMost))
	k.confirmed.Store(now.UnixNano())
	notes := k.recovered(now)
	old := k.set.Load()
	changed := old == nil || a.index != nil && !a.index.diff(old).none()
	var complaints []string
	if a.index != nil { // else it has not been modified
		complaints = newComplaints(k.state.complaints, a.state.complaints)
	}
	k.state = a.state
	if changed {
		notes = append(notes, k.change(old, a.index)...)
	} else {
		notes = append(notes, note{kind: event.KeysRefreshed})
	}
	if len(complaints) > 0 {
		notes = append(notes, note{event.KeysFailed, event.ReasonKeyUnavailable, func(e *event.Event) {
			e.Message, e.Severity = "keys of the set were left out", event.Warn
			e.Detail = fmt.Sprintf("%d: ", len(complaints))
			for i, c := range complaints {
				if i > 0 {
					e.Detail += "; "
				}
				e.Detail += c
			}
		}})
	}
	return notes
}

// change puts in a set that differs from the old one.
func (k *KeySet) change(old, index *keyIndex) []note {
	if old == nil {
		k.set.Store(index)
		ids := make([]string, 0, len(index.keys))
		for _, key := range index.keys {
			ids = append(ids, key.ID)
		}
		return []note{{event.KeysRefreshed, 0, func(e *event.Event) {
			e.Message = "key set loaded"
			e.Detail = fmt.Sprintf("%d keys: %s", len(ids), names(ids))
		}}}
	}
	d := index.diff(old)
	k.set.Store(index)
	if d.takesAway() { // put, then bump
		k.generation.Add(1)
	}
	notes := []note{{event.KeysRefreshed, 0, func(e *event.Event) {
		e.Message = "key set changed"
		e.Detail = fmt.Sprintf("%d keys; %s", len(index.keys), d)
	}}}
	return append(notes, note{event.KeyRotated, 0, func(e *event.Event) {
		e.Message = "keys of the key set changed"
		e.Detail = d.String()
		switch {
		case len(d.exchanged) > 0: // nobody honest does that
			e.KeyID, e.Severity = event.Scrub(d.exchanged[0]), event.Warn
		case len(d.added) > 0:
			e.KeyID = event.Scrub(d.added[0])
		default:
			e.KeyID = event.Scrub(d.removed[0])
		}
	}})
}

// fail counts a failed download and gives the record of it when it is time for
// one: at the first of an outage, and each setReminder.
func (k *KeySet) fail(now time.Time, err error) []note {
	if k.c.Issuer != "" {
		k.state.url = "" // it may have moved
	}
	o := &k.outage
	if o.failures++; o.failures == 1 {
		o.since = now
	}
	first, most := setCooldown, setLeast
	if k.set.Load() == nil { // nothing works until it is there
		first, most = time.Second, setCooldown
	}
	k.next = now.Add(min(first<<min(o.failures-1, 16), most))
	o.unsaid++
	if o.failures > 1 && now.Sub(o.said) < setReminder {
		return []note{{kind: event.KeysFailed, reason: event.ReasonKeyUnavailable}}
	}
	n, window := o.unsaid, now.Sub(o.said)
	if o.failures == 1 {
		window = 0
	}
	o.said, o.unsaid = now, 0
	age := "there is no set to go on with"
	if k.set.Load() != nil {
		age = fmt.Sprintf("the set at hand is %v old", max(0, time.Duration(now.UnixNano()-k.confirmed.Load())).Round(time.Second))
	}
	return []note{{event.KeysFailed, event.ReasonKeyUnavailable, func(e *event.Event) {
		e.Message = "the key set could not be loaded"
		e.Detail = err.Error() + "; " + age
		if n > 1 {
			e.Count, e.Window = n, max(int64(window/time.Second), 1)
		}
	}}}
}

// recovered ends an outage.
func (k *KeySet) recovered(now time.Time) []note {
	o := k.outage
	k.outage = outage{}
	if o.failures == 0 {
		return nil
	}
	return []note{{event.KeysRefreshed, 0, func(e *event.Event) {
		e.Message = "the key set can be loaded again"
		e.Detail = fmt.Sprintf("after %d failures in %v, %d of them not recorded", o.failures, now.Sub(o.since).Round(time.Second), o.unsaid)
	}}}
}

// newComplaints gives those that were not made before.
func newComplaints(old, now []string) (list []string) {
	known := make(map[string]bool, len(old))
	for _, c := range old {
		known[c] = true
	}
	for _, c := range now {
		if !known[c] {
			list = append(list, c)
		}
	}
	return list
}
