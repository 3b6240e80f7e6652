package guardtest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

func changes(t *testing.T, s guard.Store, after guard.Cursor) ([]guard.Revocation, guard.Cursor) {
	t.Helper()
	list, next, err := s.Changes(t.Context(), after)
	if err != nil {
		t.Fatalf("Changes: %v", err)
	}
	return list, next
}

func storeChanges(t *testing.T, s guard.Store) {
	_, from := changes(t, s, "")
	if _, again := changes(t, s, from); again == "" && from != "" {
		t.Error("Changes without news gave the zero Cursor: every poll would then read everything")
	}
	until := today().Add(time.Hour)
	var want []guard.Revocation
	for range 3 {
		r := guard.Revocation{JTI: rand.Text(), Issuer: "https://login.example", Until: until}
		want = append(want, r)
		revoke(t, s, r)
	}
	// Two who read, each at his own place.
	list, next := changes(t, s, from)
	ordered(t, list, want)
	list, _ = changes(t, s, from)
	ordered(t, list, want)
	list, _ = changes(t, s, "")
	ordered(t, list, want)
	more := guard.Revocation{JTI: rand.Text(), Until: until}
	revoke(t, s, more)
	list, last := changes(t, s, next)
	ordered(t, list, []guard.Revocation{more})
	list, _ = changes(t, s, last)
	if len(list) > 0 && slices.ContainsFunc(list, func(r guard.Revocation) bool { return r.JTI == want[0].JTI }) {
		t.Errorf("Changes from the newest Cursor give what is old: every poll would read everything")
	}
	if _, _, err := s.Changes(t.Context(), "no cursor of yours"); err == nil {
		t.Errorf("Changes from a Cursor that the Store never gave: no error; an empty answer would hide revocations")
	}
}

// ordered holds that want is in list, oldest first.
func ordered(t *testing.T, list, want []guard.Revocation) {
	t.Helper()
	at := -1
	for _, w := range want {
		i := slices.IndexFunc(list, func(r guard.Revocation) bool { return r.JTI == w.JTI })
		if i < 0 {
			t.Fatalf("Changes left out %q: a revoked token would be accepted elsewhere", w.JTI)
		}
		if i < at {
			t.Errorf("Changes are not oldest first")
		}
		at = i
	}
}

// storeChangesFields holds that every kind comes out as it went in.
func storeChangesFields(t *testing.T, s guard.Store) {
	_, from := changes(t, s, "")
	digest := sha256.Sum256([]byte(rand.Text()))
	now := today()
	odd := "o'neil \"é\" \n\x00{}:|" + rand.Text()
	for _, r := range []guard.Revocation{
		{Identity: base64.RawURLEncoding.EncodeToString(digest[:]), Until: now.Add(time.Hour)},
		{JTI: rand.Text(), Issuer: "https://login.example", Until: now.Add(time.Hour), Cause: event.ReasonUserDisabled, Reason: "left", Actor: "admin"},
		{Session: odd, Until: now.Add(time.Hour), Cause: event.ReasonSessionEnded, Reason: odd, Actor: odd},
		{Subject: odd, Before: now.Add(-time.Minute), Until: now.Add(time.Hour)},
		{KeyID: rand.Text()}, // for ever
		{JTI: rand.Text(), Until: now.Add(time.Hour), Issuer: "a"},
		{JTI: odd, Until: time.Date(2290, 1, 1, 0, 0, 0, 0, time.UTC)}, // beyond nanoseconds in 64 bits
	} {
		revoke(t, s, r)
		for name, after := range map[string]guard.Cursor{"the snapshot": "", "what is new": from} {
			list, _ := changes(t, s, after)
			i := slices.IndexFunc(list, func(g guard.Revocation) bool {
				return g.Identity == r.Identity && g.JTI == r.JTI && g.Session == r.Session && g.Subject == r.Subject && g.KeyID == r.KeyID
			})
			if i < 0 {
				t.Errorf("%s left out %+v: a revoked token would be accepted elsewhere", name, r)
				continue
			}
			g := list[i]
			if g.Issuer != r.Issuer || !g.Until.Equal(r.Until) || !g.Before.Equal(r.Before) || g.Cause != r.Cause || g.Reason != r.Reason || g.Actor != r.Actor {
				t.Errorf("%s gave %+v, want %+v: tokens are refused and recorded by what it says", name, g, r)
			}
			if g.Until.IsZero() != r.Until.IsZero() || g.Before.IsZero() != r.Before.IsZero() {
				t.Errorf("%s gave Until %v and Before %v, want %v and %v: the zero time must stay the zero time", name, g.Until, g.Before, r.Until, r.Before)
			}
		}
	}
	// One name of two issuers is two names.
	jti := rand.Text()
	for _, issuer := range []string{"", "https://a.example", "https://b.example"} {
		revoke(t, s, guard.Revocation{JTI: jti, Issuer: issuer, Until: now.Add(time.Hour)})
	}
	for name, after := range map[string]guard.Cursor{"the snapshot": "", "what is new": from} {
		seen := make(map[string]bool)
		list, _ := changes(t, s, after)
		for _, r := range list {
			if r.JTI == jti {
				seen[r.Issuer] = true
			}
		}
		if len(seen) != 3 {
			t.Errorf("%s has a jti of %d issuers, want 3: one revocation hides another", name, len(seen))
		}
	}
}

// storeChangesSnapshot holds that a guard that starts late learns of everything.
func storeChangesSnapshot(t *testing.T, s guard.Store) {
	const n = 2500
	until := today().Add(time.Hour)
	_, from := changes(t, s, "")
	want := make([]guard.Revocation, n)
	var wg sync.WaitGroup
	for w := range 5 {
		wg.Go(func() {
			for i := w; i < n; i += 5 {
				want[i] = guard.Revocation{JTI: rand.Text(), Until: until}
				if err := s.Revoke(t.Context(), want[i]); err != nil {
					t.Errorf("Revoke: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for name, after := range map[string]guard.Cursor{"the snapshot": "", "what is new": from} {
		list, _ := changes(t, s, after)
		seen := make(map[string]bool)
		for _, r := range list {
			seen[r.JTI] = true
		}
		missing := 0
		for _, r := range want {
			if !seen[r.JTI] {
				missing++
			}
		}
		if missing > 0 {
			t.Errorf("%s left out %d of %d: a revoked token would be accepted elsewhere", name, missing, n)
		}
	}
}

// storeChangesMeanwhile holds that nothing falls between two questions.
func storeChangesMeanwhile(t *testing.T, s guard.Store) {
	const writers, each = 8, 60
	until := today().Add(time.Hour)
	_, from := changes(t, s, "")
	run := rand.Text()
	name := func(w, i int) string { return fmt.Sprint(run, "-", w, "-", i) }
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := s.Revoke(t.Context(), guard.Revocation{JTI: name(w, i), Until: until}); err != nil {
					t.Errorf("Revoke: %v", err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	seen := make(map[string]bool)
	for over := false; ; {
		list, next := changes(t, s, from)
		for _, r := range list {
			seen[r.JTI] = true
		}
		if from = next; over {
			break
		}
		select {
		case <-done:
			over = true // one question more
		default:
		}
	}
	missing := 0
	for w := range writers {
		for i := range each {
			if !seen[name(w, i)] {
				missing++
			}
		}
	}
	if missing > 0 {
		t.Errorf("who followed the Changes while %d others revoked missed %d of %d: a place in the sequence was given before what comes earlier was there", writers, missing, writers*each)
	}
}
