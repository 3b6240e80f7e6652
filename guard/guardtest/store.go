package guardtest

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
)

// Store tests the contract of guard.Store, and those of guard.Watcher and
// guard.FamilyReader where the Store is one. open gives a Store for one test; what it opens it may close with
// t.Cleanup. Tests use ids of their own, so that a Store over one shared server
// will do.
//
// Times are used to the millisecond.
func Store(t *testing.T, open func(*testing.T) guard.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, guard.Store)
	}{
		{"create", storeCreate},
		{"create once", storeCreateOnce},
		{"borrowed", storeBorrowed},
		{"states", storeStates},
		{"refused", storeRefused},
		{"bounds", storeBounds},
		{"retry", storeRetry},
		{"reuse", storeReuse},
		{"chain", storeChain},
		{"once", storeOnce},
		{"reused once", storeReusedOnce},
		{"revoke", storeRevoke},
		{"revoke twice", storeRevokeTwice},
		{"revoke subject", storeRevokeSubject},
		{"changes", storeChanges},
		{"changes fields", storeChangesFields},
		{"changes snapshot", storeChangesSnapshot},
		{"changes meanwhile", storeChangesMeanwhile},
		{"watch", storeWatch},
		{"watch several", storeWatchSeveral},
		{"family", storeFamily},
		{"context", storeContext},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// today is a moment that every Store can keep.
func today() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// newFamily makes a family that nobody else uses.
func newFamily(now time.Time) guard.Family {
	var id [16]byte
	rand.Read(id[:])
	return guard.Family{
		ID: hex.EncodeToString(id[:]), Subject: "u-" + rand.Text(), ClientID: "web",
		Audience: []string{"orders", "stock"}, Scope: []string{"read", "write"}, Extra: []byte(`{"tenant":"t1"}`),
		Created: now, Expires: now.Add(24 * time.Hour), Idle: time.Hour, Access: 15 * time.Minute,
	}
}

func advance(t *testing.T, s guard.Store, a guard.Advance) guard.Outcome {
	t.Helper()
	out, err := s.Advance(t.Context(), a)
	if err != nil {
		t.Fatalf("Advance: %v", err)
	}
	return out
}

func create(t *testing.T, s guard.Store, f guard.Family) {
	t.Helper()
	if err := s.Create(t.Context(), f); err != nil {
		t.Fatalf("Create: %v", err)
	}
}

func revoke(t *testing.T, s guard.Store, r guard.Revocation) {
	t.Helper()
	if err := s.Revoke(t.Context(), r); err != nil {
		t.Fatalf("Revoke: %v", err)
	}
}

func step(f guard.Family, counter uint64, now time.Time) guard.Advance {
	return guard.Advance{Family: f.ID, Counter: counter, ClientID: f.ClientID, Client: "c1", Grace: 10 * time.Second, Now: now}
}

// lasting says what of a family a Store has changed that it had to keep.
func lasting(got, want guard.Family) string {
	switch {
	case got.ID != want.ID:
		return "ID"
	case got.Subject != want.Subject:
		return "Subject"
	case got.ClientID != want.ClientID:
		return "ClientID"
	case !slices.Equal(got.Audience, want.Audience):
		return "Audience"
	case !slices.Equal(got.Scope, want.Scope):
		return "Scope"
	case string(got.Extra) != string(want.Extra):
		return "Extra"
	case got.Confirm != want.Confirm:
		return "Confirm"
	case !got.Created.Equal(want.Created):
		return "Created"
	case !got.Expires.Equal(want.Expires):
		return "Expires"
	case got.Idle != want.Idle:
		return "Idle"
	case got.Access != want.Access:
		return "Access"
	}
	return ""
}

func storeCreate(t *testing.T, s guard.Store) {
	now := today()
	f := newFamily(now)
	f.Confirm = "jkt:k1"
	create(t, s, f)
	first := step(f, 0, now.Add(time.Second))
	first.Confirm = []string{f.Confirm}
	out := advance(t, s, first)
	if out.State != guard.Rotated {
		t.Fatalf("first Advance: state %d, want Rotated", out.State)
	}
	got := out.Family
	if field := lasting(got, f); field != "" {
		t.Errorf("%s: the Outcome holds %+v, want what was created: the next access token is made from it", field, got)
	}
	if got.Counter != 1 || !got.Rotated.Equal(first.Now) || got.Client != first.Client || got.Revoked {
		t.Errorf("after the first Advance: counter %d, rotated %v, client %q, revoked %v; want 1, %v, %q, false: the Outcome holds the family after the step",
			got.Counter, got.Rotated, got.Client, got.Revoked, first.Now, first.Client)
	}
	if out := advance(t, s, step(newFamily(now), 0, now)); out.State != guard.Unknown {
		t.Errorf("Advance of a family that does not exist: state %d, want Unknown and no error", out.State)
	}

	odd := newFamily(now) // what a Store may stumble over
	odd.Subject, odd.ClientID, odd.Audience, odd.Scope, odd.Extra = "o'neil \"é\"\n\x00{}", "", nil, nil, nil
	create(t, s, odd)
	out = advance(t, s, step(odd, 0, now))
	if field := lasting(out.Family, odd); out.State != guard.Rotated || field != "" {
		t.Errorf("a family with quotes, control characters and empty fields: state %d, %s of %+v; every text must come back as it was", out.State, field, out.Family)
	}

	begun := newFamily(now)
	begun.Counter, begun.Rotated, begun.Client, begun.Revoked = 7, now, "c1", true
	create(t, s, begun)
	if out := advance(t, s, step(begun, 0, now)); out.State != guard.Rotated {
		t.Errorf("a family that was created with Counter and Revoked set: state %d, want Rotated: Create begins at counter zero, those fields are the Store's own", out.State)
	}
}

func storeCreateOnce(t *testing.T, s guard.Store) {
	now := today()
	f := newFamily(now)
	const n = 20
	var mu sync.Mutex
	created := 0
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			switch err := s.Create(t.Context(), f); {
			case err == nil:
				mu.Lock()
				created++
				mu.Unlock()
			case !errors.Is(err, guard.ErrFamilyExists):
				t.Errorf("Create of an id that is taken: got %v, want ErrFamilyExists. Two logins must never share a family.", err)
			}
		})
	}
	wg.Wait()
	if created != 1 {
		t.Errorf("%d of %d simultaneous calls created one id, want 1. Two logins must never share a family.", created, n)
	}
	thief := f
	thief.Subject = "mallory"
	if err := s.Create(t.Context(), thief); !errors.Is(err, guard.ErrFamilyExists) {
		t.Errorf("Create of an id that is taken: got %v, want ErrFamilyExists. Two logins must never share a family.", err)
	}
	if out := advance(t, s, step(f, 0, now)); out.State != guard.Rotated || out.Family.Subject != f.Subject {
		t.Errorf("after a refused Create: state %d of %q, want Rotated of %q: what was there must stand", out.State, out.Family.Subject, f.Subject)
	}
}

func storeBorrowed(t *testing.T, s guard.Store) {
	now := today()
	f := newFamily(now)
	given := f
	given.Audience, given.Scope, given.Extra = slices.Clone(f.Audience), slices.Clone(f.Scope), slices.Clone(f.Extra)
	create(t, s, given)
	given.Audience[0], given.Scope[0], given.Extra[2] = "changed", "admin", 'X'
	out := advance(t, s, step(f, 0, now))
	if field := lasting(out.Family, f); field != "" {
		t.Errorf("%s: what the caller changed after Create reached the Store: it must keep a copy", field)
	}
	out.Family.Audience, out.Family.Scope = append(out.Family.Audience[:0], "changed"), append(out.Family.Scope[:0], "admin")
	if out = advance(t, s, step(f, 1, now)); lasting(out.Family, f) != "" {
		t.Errorf("%s: what the caller changed in an Outcome reached the Store: one caller would widen the scope of all", lasting(out.Family, f))
	}
}
