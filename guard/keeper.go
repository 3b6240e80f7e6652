package guard

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A keeper is a KeySource with a life of its own: keys come and go in it, and it
// records that. The guards that use it lend it their clocks and recorders. A
// type that embeds a keeper is one too.
type keeper interface {
	KeySource
	// suits says what is wrong with the keeper itself, and what it cannot do for a
	// guard of that Config.
	suits(c *Config) error
	// attach is called once by New, and tick each second from then on until
	// detach, which returns when nothing of the keeper runs on the guard's behalf.
	attach(g *Guard)
	tick(now time.Time)
	detach(g *Guard)
}

// users are the guards that a keeper serves. There may be several, and each is
// told everything.
type users struct {
	mu   sync.Mutex // to change the list
	list atomic.Pointer[[]*Guard]
}

func (u *users) all() []*Guard {
	if list := u.list.Load(); list != nil {
		return *list
	}
	return nil
}

// add reports whether g is the first.
func (u *users) add(g *Guard) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := append(slices.Clone(u.all()), g)
	u.list.Store(&list)
	return len(list) == 1
}

// remove reports whether g was the last.
func (u *users) remove(g *Guard) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(u.all()), func(o *Guard) bool { return o == g })
	u.list.Store(&list)
	return len(list) == 0
}

// now asks the clock of the first guard.
func (u *users) now() time.Time {
	if list := u.all(); len(list) > 0 {
		return list[0].now()
	}
	return time.Now()
}

// A note is what a keeper has to say.
type note struct {
	kind   event.Kind
	reason event.Reason
	text   func(*event.Event)
}

func (u *users) record(notes []note) {
	for _, g := range u.all() {
		for _, n := range notes {
			if n.text == nil { // only to be counted
				g.rec.metrics.Count(n.kind, n.reason)
				continue
			}
			rec := g.rec.fact(n.kind, n.reason, g.now())
			n.text(&rec.Event)
			rec.Detail = event.Clip(event.Scrub(rec.Detail), event.MaxText)
			g.rec.send(rec)
		}
	}
}

// errUnused is the answer of a keeper that was asked for keys without a guard.
var errUnused = errors.New("no guard uses this key source; one that wraps it must embed it")
