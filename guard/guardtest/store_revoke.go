package guardtest

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

func storeRevoke(t *testing.T, s guard.Store) {
	now := today()
	f, other := newFamily(now), newFamily(now)
	create(t, s, f)
	create(t, s, other)
	for range 2 {
		if err := s.Revoke(t.Context(), guard.Revocation{Session: f.ID, Until: f.Expires}); err != nil {
			t.Fatalf("Revoke: %v; doing so twice is doing it once: whoever got no answer asks again", err)
		}
	}
	if out := advance(t, s, step(f, 0, now.Add(time.Minute))); out.State != guard.Revoked || !out.Family.Revoked {
		t.Errorf("refresh after its session was revoked: state %d, revoked %v; want Revoked: who was logged out would come back", out.State, out.Family.Revoked)
	}
	if out := advance(t, s, step(other, 0, now.Add(time.Minute))); out.State != guard.Rotated {
		t.Errorf("refresh after another session was revoked: state %d, want Rotated", out.State)
	}
	if err := s.Revoke(t.Context(), guard.Revocation{Session: "not-a-family " + rand.Text(), Until: now.Add(time.Hour)}); err != nil {
		t.Errorf("Revoke of a session that is no family: %v; it is kept for the access tokens all the same", err)
	}
	// What names access tokens leaves refresh tokens alone.
	f = newFamily(now)
	create(t, s, f)
	revoke(t, s, guard.Revocation{JTI: f.ID, Until: f.Expires})
	revoke(t, s, guard.Revocation{KeyID: f.ID, Until: f.Expires})
	if out := advance(t, s, step(f, 0, now)); out.State != guard.Rotated {
		t.Errorf("refresh after a jti and a kid that look like its family were revoked: state %d, want Rotated", out.State)
	}
	for _, r := range []guard.Revocation{{}, {JTI: "a", Session: "b"}, {JTI: "a", Cause: event.ReasonMalformed}} {
		if s.Revoke(t.Context(), r) == nil {
			t.Errorf("Revoke of %+v: no error; what Revocation.Check refuses must not be stored", r)
		}
	}
}

// storeRevokeTwice holds that a second revocation of a name takes nothing back.
func storeRevokeTwice(t *testing.T, s guard.Store) {
	now := today()
	hour := now.Add(time.Hour)
	for _, test := range []struct {
		name          string
		first, second time.Time
		want          time.Time
	}{
		{"shorter", hour, now.Add(time.Minute), hour},
		{"longer", now.Add(time.Minute), hour, hour},
		{"for ever, then for an hour", time.Time{}, hour, time.Time{}},
		{"for an hour, then for ever", hour, time.Time{}, time.Time{}},
		{"the same", hour, hour, hour},
	} {
		_, from, err := s.Changes(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		jti := rand.Text()
		revoke(t, s, guard.Revocation{JTI: jti, Until: test.first})
		revoke(t, s, guard.Revocation{JTI: jti, Until: test.second})
		for _, after := range []guard.Cursor{"", from} {
			if got := longest(t, s, after, func(r guard.Revocation) bool { return r.JTI == jti }); !got.Until.Equal(test.want) {
				t.Errorf("revoked twice, %s: the Changes give it until %v, want %v: a second revocation can only lengthen the first", test.name, got.Until, test.want)
			}
		}
	}
	subject := rand.Text()
	revoke(t, s, guard.Revocation{Subject: subject, Before: now, Until: hour})
	revoke(t, s, guard.Revocation{Subject: subject, Before: now.Add(-time.Hour), Until: hour})
	if got := longest(t, s, "", func(r guard.Revocation) bool { return r.Subject == subject }); !got.Before.Equal(now) {
		t.Errorf("a subject revoked twice, the second time for older tokens: the Changes give Before %v, want %v: a second revocation can only lengthen the first", got.Before, now)
	}
}

// longest gives what a guard makes of the Changes: of one name, the most.
func longest(t *testing.T, s guard.Store, after guard.Cursor, is func(guard.Revocation) bool) (got guard.Revocation) {
	t.Helper()
	list, _, err := s.Changes(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range list {
		if !is(r) {
			continue
		}
		if !found {
			got, found = r, true
			continue
		}
		if !got.Until.IsZero() && (r.Until.IsZero() || r.Until.After(got.Until)) {
			got.Until = r.Until
		}
		if r.Before.After(got.Before) {
			got.Before = r.Before
		}
	}
	if !found {
		t.Fatal("Changes left out what was revoked: a revoked token would be accepted elsewhere")
	}
	return got
}

func storeRevokeSubject(t *testing.T, s guard.Store) {
	now := today()
	subject := "u-" + rand.Text()
	login := func(at time.Time) guard.Family {
		f := newFamily(at)
		f.Subject = subject
		return f
	}
	old, exact, later := login(now.Add(-time.Hour)), login(now), login(now.Add(time.Millisecond))
	stranger := newFamily(now.Add(-time.Hour))
	for _, f := range []guard.Family{old, exact, later, stranger} {
		create(t, s, f)
	}
	for range 2 {
		revoke(t, s, guard.Revocation{Subject: subject, Before: now, Until: now.Add(15 * time.Minute)})
	}
	late := login(now.Add(-time.Second)) // by a process whose clock is behind
	create(t, s, late)
	next := login(now.Add(time.Second))
	create(t, s, next)
	for _, test := range []struct {
		name string
		f    guard.Family
		want guard.State
	}{
		{"an older login", old, guard.Revoked},
		{"a login of that very moment", exact, guard.Revoked},
		{"a login that is older, but stored only afterwards", late, guard.Revoked},
		{"a login a moment later", later, guard.Rotated},
		{"a login stored afterwards", next, guard.Rotated},
		{"somebody else's login", stranger, guard.Rotated},
	} {
		// An hour later its access tokens are long gone, and its refresh tokens are not.
		for _, after := range []time.Duration{time.Second, 50 * time.Minute} {
			want, counter := test.want, uint64(0)
			if want == guard.Rotated && after > time.Second {
				counter = 1
			}
			a := step(test.f, counter, now.Add(after))
			a.Now = test.f.Created.Add(after)
			if out := advance(t, s, a); out.State != want {
				t.Errorf("refresh of %s than the revocation of its subject, after %v: state %d, want %d. It takes the families that were created up to Before.", test.name, after, out.State, want)
			}
		}
	}
	f := newFamily(today().Add(-time.Minute))
	create(t, s, f)
	revoke(t, s, guard.Revocation{Subject: f.Subject, Until: now.Add(time.Hour)})
	if out := advance(t, s, step(f, 0, today())); out.State != guard.Revoked {
		t.Errorf("refresh after its subject was revoked without Before: state %d, want Revoked: the zero Before is now", out.State)
	}
	// Somebody whose name is part of another's is somebody else.
	for i, name := range []string{"ann", "ann:b", "ann b", "u0:ann"} {
		f := newFamily(now)
		f.Subject = fmt.Sprint(name, f.ID)
		create(t, s, f)
		revoke(t, s, guard.Revocation{Subject: name, Before: now.Add(time.Hour), Issuer: "https://login.example", Until: now.Add(time.Hour)})
		if out := advance(t, s, step(f, 0, now)); out.State != guard.Rotated {
			t.Errorf("%d: refresh of %q after %q was revoked: state %d, want Rotated", i, f.Subject, name, out.State)
		}
	}
}
