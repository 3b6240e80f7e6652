package guardtest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/guard/guardtest"
)

// Stores and sinks that break one rule each, and what the suite must say to it.
var broken = map[string]struct {
	store func() guard.Store
	sink  func(*testing.T) guardtest.SinkTest
	want  string
}{
	"reuse goes on":      {store: func() guard.Store { return forgiving{guard.NewMemoryStore()} }, want: "makes its theft invisible"},
	"revocation is lost": {store: func() guard.Store { return forgetful{guard.NewMemoryStore()} }, want: "would be accepted elsewhere"},
	"a copy is enough":   {store: func() guard.Store { return copied{guard.NewMemoryStore()} }, want: "a copy alone must not do"},
	"an old look":        {store: func() guard.Store { return stale{guard.NewMemoryStore()} }, want: "would be called active"},
	"not one step":       {store: func() guard.Store { return hasty{guard.NewMemoryStore()} }, want: "is not one step"},
	"the event is kept": {sink: func(*testing.T) guardtest.SinkTest {
		k := new(keeper)
		return guardtest.SinkTest{Sink: k, Events: k.events}
	}, want: "the Sink kept the event"},
	"every second is out": {sink: func(*testing.T) guardtest.SinkTest {
		d := new(dropper)
		return guardtest.SinkTest{Sink: d, Events: d.events}
	}, want: "What is lost must be counted"},
}

// forgiving lets a parent be used again without end.
type forgiving struct{ guard.Store }

func (s forgiving) Advance(ctx context.Context, a guard.Advance) (guard.Outcome, error) {
	a.Grace = 1000 * time.Hour
	return s.Store.Advance(ctx, a)
}

// copied loses the key that a family is bound to.
type copied struct{ guard.Store }

func (s copied) Create(ctx context.Context, f guard.Family) error {
	f.Confirm = ""
	return s.Store.Create(ctx, f)
}

// forgetful stores no revocation.
type forgetful struct{ guard.Store }

func (forgetful) Revoke(_ context.Context, r guard.Revocation) error { return r.Check() }

// stale reads families as they were created.
type stale struct{ guard.Store }

func (s stale) Family(ctx context.Context, id string) (guard.Family, bool, error) {
	f, ok, err := s.Store.(guard.FamilyReader).Family(ctx, id)
	f.Revoked = false
	return f, ok, err
}

// hasty tells everybody that he rotated.
type hasty struct{ guard.Store }

func (s hasty) Advance(ctx context.Context, a guard.Advance) (guard.Outcome, error) {
	out, err := s.Store.Advance(ctx, a)
	if out.State == guard.Retried {
		out.State = guard.Rotated
	}
	return out, err
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

// The suites are tested in a child process, since a test cannot fail and pass.
func TestBrokenOnesFail(t *testing.T) {
	if name := os.Getenv("GUARDTEST_BROKEN"); name != "" {
		b := broken[name]
		if b.store != nil {
			guardtest.Store(t, func(*testing.T) guard.Store { return b.store() })
		} else {
			guardtest.Sink(t, b.sink)
		}
		return
	}
	for name, b := range broken {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBrokenOnesFail$")
		cmd.Env = append(os.Environ(), "GUARDTEST_BROKEN="+name)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), b.want) {
			t.Errorf("%s: %v, and the suite does not say %q:\n%s", name, err, b.want, out)
		}
	}
}
