package guard

import (
	"fmt"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// The copy keeps the most of what it is told of a name, and is not new where it
// is told nothing new.
func TestReplicaLengthens(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	hour, minute := now.Add(time.Hour), now.Add(time.Minute)
	const forEver = time.Duration(-1)
	id := TokenIdentity("e30.e30.")
	for _, kind := range []func(until time.Time) Revocation{
		func(until time.Time) Revocation { return Revocation{JTI: "x", Until: until} },
		func(until time.Time) Revocation { return Revocation{Session: "x", Issuer: "a", Until: until} },
		func(until time.Time) Revocation { return Revocation{KeyID: "x", Until: until} },
		func(until time.Time) Revocation { return Revocation{Identity: id, Until: until} },
		func(until time.Time) Revocation { return Revocation{Subject: "x", Before: now, Until: until} },
	} {
		for _, test := range []struct {
			first, second time.Time
			more          bool
			kept          time.Duration // how long after now
		}{
			{hour, minute, false, time.Hour},
			{minute, hour, true, time.Hour},
			{hour, hour, false, time.Hour},
			{time.Time{}, hour, false, forEver},
			{hour, time.Time{}, true, forEver},
		} {
			r := newReplica(RevocationConfig{Store: NewMemoryStore()})
			r.put(kind(test.first))
			before := r.generation.Load()
			r.put(kind(test.second))
			name := fmt.Sprintf("%+v, then until %v", kind(test.first), test.second)
			if more := r.generation.Load() > before; more != test.more {
				t.Errorf("%s: a new generation %v, want %v", name, more, test.more)
			}
			size := func() int { return len(r.tokens) + len(r.byName) + len(r.subjects) }
			if test.kept == forEver {
				if r.sweep(now.AddDate(100, 0, 0)); size() != 1 {
					t.Errorf("%s: swept, though it is for ever", name)
				}
				continue
			}
			if r.sweep(now.Add(test.kept + afterlife)); size() != 1 {
				t.Errorf("%s: swept too early", name)
			}
			if r.sweep(now.Add(test.kept + afterlife + 1)); size() != 0 {
				t.Errorf("%s: not swept", name)
			}
		}
	}
	r := newReplica(RevocationConfig{Store: NewMemoryStore()})
	r.put(Revocation{Subject: "x", Before: now, Until: hour})
	before := r.generation.Load()
	r.put(Revocation{Subject: "x", Before: now.Add(-time.Hour), Until: hour})
	if got := r.subjects[target{'u', "", "x"}].before; got != now.Unix() || r.generation.Load() != before {
		t.Errorf("a subject revoked for older tokens too: before %d, want %d and no new generation", got, now.Unix())
	}
	r.put(Revocation{Identity: "not a digest", Until: hour})
	if len(r.tokens) > 0 || r.generation.Load() != before {
		t.Error("an identity that names no token was entered")
	}
	r.put(Revocation{JTI: "x", Cause: event.ReasonUserDisabled})
	if got := r.byName[target{'j', "", "x"}].cause; got != event.ReasonUserDisabled {
		t.Errorf("cause %v", got)
	}
}
