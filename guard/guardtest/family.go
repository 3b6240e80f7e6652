package guardtest

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
)

// storeFamily tests guard.FamilyReader, where the Store is one.
func storeFamily(t *testing.T, s guard.Store) {
	r, ok := s.(guard.FamilyReader)
	if !ok {
		return // a second ability, not a duty
	}
	look := func(id string) guard.Family {
		t.Helper()
		f, found, err := r.Family(t.Context(), id)
		if err != nil || !found {
			t.Fatalf("Family of one that was created: found %v, %v", found, err)
		}
		return f
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	f := newFamily(now)
	f.Confirm = "jkt:k1"
	create(t, s, f)
	got := look(f.ID)
	if got.ID != f.ID || got.Subject != f.Subject || got.ClientID != f.ClientID || !slices.Equal(got.Audience, f.Audience) ||
		!slices.Equal(got.Scope, f.Scope) || string(got.Extra) != string(f.Extra) || got.Access != f.Access || got.Idle != f.Idle ||
		got.Confirm != f.Confirm || !got.Created.Equal(f.Created) || !got.Expires.Equal(f.Expires) || got.Counter != 0 || got.Revoked {
		t.Errorf("Family gave %+v, want what was created", got)
	}
	if len(got.Scope) > 0 {
		got.Scope[0] = "changed"
		if again := look(f.ID); again.Scope[0] != f.Scope[0] {
			t.Error("a change of what Family gave reached the Store: one caller would widen the scope of all")
		}
	}
	first := step(f, 0, now.Add(time.Second))
	first.Confirm = []string{f.Confirm}
	advance(t, s, first)
	if got := look(f.ID); got.Counter != 1 || !got.Rotated.Equal(now.Add(time.Second)) {
		t.Errorf("after Advance Family gave counter %d and Rotated %v; a token that was exchanged would be called active", got.Counter, got.Rotated)
	}
	for range 3 {
		look(f.ID)
	}
	second := step(f, 1, now.Add(2*time.Second))
	second.Confirm = []string{f.Confirm}
	if out := advance(t, s, second); out.State != guard.Rotated {
		t.Errorf("after Family the current token is answered with state %d, want Rotated: looking must change nothing", out.State)
	}
	if err := s.Revoke(t.Context(), guard.Revocation{Session: f.ID, Until: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if !look(f.ID).Revoked {
		t.Error("Family does not say that the family was revoked: its refresh token would be called active")
	}
	user := newFamily(now)
	user.Subject = rand.Text()
	create(t, s, user)
	if err := s.Revoke(t.Context(), guard.Revocation{Subject: user.Subject, Before: now.Add(time.Second), Until: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if !look(user.ID).Revoked {
		t.Error("Family does not say that the subject's families were revoked: their refresh tokens would be called active")
	}
	var id [16]byte
	rand.Read(id[:])
	if f, found, err := r.Family(t.Context(), hex.EncodeToString(id[:])); err != nil || found || f.ID != "" {
		t.Errorf("Family of none: %+v, %v, %v; want that there is none, and no error", f, found, err)
	}
}
