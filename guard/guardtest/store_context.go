package guardtest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
)

// storeContext holds that a call whose context has ended returns, and that it
// does not say no because of it.
func storeContext(t *testing.T, s guard.Store) {
	now := today()
	f := newFamily(now)
	create(t, s, f)
	jti := rand.Text()
	revoke(t, s, guard.Revocation{JTI: jti, Until: now.Add(time.Hour)})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if out, err := s.Advance(ended, step(f, 0, now)); err == nil && out.State != guard.Rotated {
			t.Errorf("Advance after its context has ended: state %d and no error. A Store that was not asked must say so, and not that the token is bad.", out.State)
		}
		if r, ok := s.(guard.FamilyReader); ok {
			if _, found, err := r.Family(ended, f.ID); err == nil && !found {
				t.Error("Family after its context has ended: none and no error. A good refresh token would be called inactive.")
			}
		}
		if list, _, err := s.Changes(ended, ""); err == nil {
			found := false
			for _, r := range list {
				found = found || r.JTI == jti
			}
			if !found {
				t.Error("Changes after its context has ended: nothing and no error. A guard would take its copy for complete.")
			}
		}
		late := rand.Text()
		if err := s.Revoke(ended, guard.Revocation{JTI: late, Until: now.Add(time.Hour)}); err == nil {
			list, _, err := s.Changes(context.WithoutCancel(ended), "")
			found := err != nil
			for _, r := range list {
				found = found || r.JTI == late
			}
			if !found {
				t.Error("Revoke after its context has ended: no error, and nothing is revoked. Whoever logged out would be told that it was done.")
			}
		}
		g := newFamily(now)
		if err := s.Create(ended, g); err == nil {
			if out, err := s.Advance(context.WithoutCancel(ended), step(g, 0, now)); err == nil && out.State == guard.Unknown {
				t.Error("Create after its context has ended: no error, and no family. Its refresh token would never work.")
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("a call whose context has ended does not return: a request would hang with it")
	}
}
