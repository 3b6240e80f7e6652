package guardtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/guard/guardtest"
)

func brokenSinks() []defect {
	paged := func(f func(p *page, e *event.Event)) func(*testing.T) guardtest.SinkTest {
		return func(t *testing.T) guardtest.SinkTest {
			p := new(page)
			return guardtest.SinkTest{Sink: emitter(func(e *event.Event) { f(p, e) }), Events: p.events(t), Block: p.block}
		}
	}
	line := func(p *page, e *event.Event) { p.Write(append(e.Append(nil), '\n')) }
	return []defect{
		{name: "the event is kept", in: "borrowed", says: "the Sink kept the event", sink: func(*testing.T) guardtest.SinkTest {
			k := new(keeper)
			return guardtest.SinkTest{Sink: k, Events: k.events}
		}},
		{name: "every second is out", in: "concurrent", says: "What is lost must be counted", sink: func(*testing.T) guardtest.SinkTest {
			d := new(dropper)
			return guardtest.SinkTest{Sink: d, Events: d.events}
		}},
		{name: "the event is changed", in: "borrowed", says: "it belongs to the guard", sink: paged(func(p *page, e *event.Event) {
			line(p, e)
			e.Audience[0] = "mine"
		})},
		{name: "a field is lost", in: "fields", says: "Rules look at every key", sink: paged(func(p *page, e *event.Event) {
			own := *e
			own.ClaimedSubject = ""
			line(p, &own)
		})},
		{name: "events are doubled", in: "concurrent", says: "came out 2 times", sink: paged(func(p *page, e *event.Event) {
			line(p, e)
			line(p, e)
		})},
		{name: "Emit waits for ever", in: "blocked", says: "the request that it is about waits as long", sink: func(t *testing.T) guardtest.SinkTest {
			wait := make(chan struct{})
			return guardtest.SinkTest{
				Sink:  emitter(func(*event.Event) { waitFor(wait) }),
				Block: func() func() { return func() { close(wait) } },
			}
		}},
		{name: "what was not taken comes out", in: "offer", says: "the guard offers it again", sink: func(t *testing.T) guardtest.SinkTest {
			p := new(page)
			return guardtest.SinkTest{Sink: offerer{func(e *event.Event) bool { line(p, e); return e.ID[15]%2 == 0 }}, Events: p.events(t)}
		}},
		{name: "what was taken is dropped", in: "offer", says: "the Sink's to keep or to count", sink: func(t *testing.T) guardtest.SinkTest {
			p := new(page)
			return guardtest.SinkTest{Sink: offerer{func(e *event.Event) bool {
				if e.ID[15]%2 == 0 {
					line(p, e)
				}
				return true
			}}, Events: p.events(t)}
		}},
		{name: "everything is taken", in: "blocked", says: "a Sink without bounds takes the service with it", sink: func(t *testing.T) guardtest.SinkTest {
			return guardtest.SinkTest{
				Sink:  offerer{func(*event.Event) bool { return true }},
				Block: func() func() { return func() {} },
			}
		}},
		{name: "Close forgets", in: "close", says: "did not come out", sink: func(t *testing.T) guardtest.SinkTest {
			return guardtest.SinkTest{Sink: emitter(func(*event.Event) {}), Events: func() []event.Event { return nil }}
		}},
		{name: "twice is an error", in: "close", says: "already closed", sink: func(t *testing.T) guardtest.SinkTest {
			p := new(page)
			return guardtest.SinkTest{Sink: &closes{emitter: func(e *event.Event) { line(p, e) }}, Events: p.events(t)}
		}},
		{name: "late events hang", in: "close", says: "Emit after Close does not return", sink: func(t *testing.T) guardtest.SinkTest {
			p := new(page)
			n := 0
			return guardtest.SinkTest{Sink: emitter(func(e *event.Event) {
				if n++; n > 1 {
					select {}
				}
				line(p, e)
			}), Events: p.events(t)}
		}},
	}
}

// waitFor waits longer than any request may.
func waitFor(c chan struct{}) {
	select {
	case <-c:
	case <-time.After(6 * time.Second):
	}
}

type emitter func(*event.Event)

func (f emitter) Emit(e *event.Event) { f(e) }

type offerer struct{ offer func(*event.Event) bool }

func (o offerer) Emit(e *event.Event)       { o.offer(e) }
func (o offerer) Offer(e *event.Event) bool { return o.offer(e) }

// closes can be closed once.
type closes struct {
	emitter
	closed bool
}

func (c *closes) Close(context.Context) error {
	if c.closed {
		return errors.New("already closed")
	}
	c.closed = true
	return nil
}

// keeper keeps the pointer.
type keeper struct{ list []*event.Event }

func (k *keeper) Emit(e *event.Event) { k.list = append(k.list, e) }
func (k *keeper) events() (list []event.Event) {
	for _, e := range k.list {
		list = append(list, *e)
	}
	return list
}

// dropper drops every second event and says nothing.
type dropper struct {
	page
	n int
}

func (d *dropper) Emit(e *event.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n++; d.n%2 == 1 {
		d.text.Write(append(e.Append(nil), '\n'))
	}
}
func (d *dropper) events() []event.Event { return d.page.events(new(testing.T))() }
