package guardtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// Store tests the contract of guard.Store. open gives a Store for one test; what
// it opens it may close with t.Cleanup. Tests use ids of their own, so that a
// Store over one shared server will do.
func Store(t *testing.T, open func(*testing.T) guard.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, guard.Store)
	}{
		{"create", storeCreate},
		{"states", storeStates},
		{"retry", storeRetry},
		{"reuse", storeReuse},
		{"once", storeOnce},
		{"revoke", storeRevoke},
		{"changes", storeChanges},
		{"watch", storeWatch},
		{"family", storeFamily},
		{"context", storeContext},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

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

func step(f guard.Family, counter uint64, now time.Time) guard.Advance {
	return guard.Advance{Family: f.ID, Counter: counter, ClientID: f.ClientID, Client: "c1", Grace: 10 * time.Second, Now: now}
}

func storeCreate(t *testing.T, s guard.Store) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	f := newFamily(now)
	f.Confirm = "jkt:k1"
	create(t, s, f)
	if err := s.Create(t.Context(), f); !errors.Is(err, guard.ErrFamilyExists) {
		t.Errorf("Create of an id that is taken: got %v, want ErrFamilyExists. Two logins must never share a family.", err)
	}
	first := step(f, 0, now.Add(time.Second))
	first.Confirm = []string{f.Confirm}
	out := advance(t, s, first)
	if out.State != guard.Rotated {
		t.Fatalf("first Advance: state %d, want Rotated", out.State)
	}
	got := out.Family
	if got.Subject != f.Subject || got.ClientID != f.ClientID || !slices.Equal(got.Audience, f.Audience) ||
		!slices.Equal(got.Scope, f.Scope) || string(got.Extra) != string(f.Extra) || got.Access != f.Access || got.Idle != f.Idle || got.Confirm != f.Confirm ||
		!got.Created.Equal(f.Created) || !got.Expires.Equal(f.Expires) {
		t.Errorf("the Outcome holds %+v, want what was created: the next access token is made from it", got)
	}
	if got.Counter != 1 {
		t.Errorf("counter after the first Advance: got %d, want 1: the Outcome holds the family after the step", got.Counter)
	}
	if out := advance(t, s, step(newFamily(now), 0, now)); out.State != guard.Unknown {
		t.Errorf("Advance of a family that does not exist: state %d, want Unknown and no error", out.State)
	}
}

func storeStates(t *testing.T, s guard.Store) {
	now := time.Now().UTC()
	for _, test := range []struct {
		name string
		edit func(*guard.Family, *guard.Advance)
		want guard.State
		why  string
	}{
		{"current", func(*guard.Family, *guard.Advance) {}, guard.Rotated, ""},
		{"other client", func(_ *guard.Family, a *guard.Advance) { a.ClientID = "other" }, guard.Mismatched,
			"A refresh token is bound to its client (RFC 9700 section 2.2.2)."},
		{"no key shown", func(f *guard.Family, _ *guard.Advance) { f.Confirm = "jkt:k1" }, guard.Mismatched,
			"A refresh token of a public client is bound to its key (RFC 9449 section 5): a copy alone must not do."},
		{"other key", func(f *guard.Family, a *guard.Advance) { f.Confirm, a.Confirm = "jkt:k1", []string{"jkt:k2", "jkt:"} }, guard.Mismatched,
			"A refresh token of a public client is bound to its key (RFC 9449 section 5)."},
		{"part of a key", func(f *guard.Family, a *guard.Advance) {
			f.Confirm, a.Confirm = "jkt:k1", []string{"jkt:k", "jkt:k11", "xjkt:k1"}
		}, guard.Mismatched,
			"The words of Advance.Confirm are compared whole."},
		{"its key", func(f *guard.Family, a *guard.Advance) {
			f.Confirm, a.Confirm = "jkt:k1", []string{"x5t#S256:c", "jkt:k1"}
		}, guard.Rotated,
			"One of the words in Advance.Confirm is enough."},
		{"key of an unbound family", func(_ *guard.Family, a *guard.Advance) { a.Confirm = []string{"jkt:k1"} }, guard.Rotated,
			"A family without Confirm takes any client that is its own."},
		{"ahead", func(_ *guard.Family, a *guard.Advance) { a.Counter = 7 }, guard.Ahead,
			"A counter that was never given out means that the Store lost steps; guessing would hide it."},
		{"idle", func(f *guard.Family, a *guard.Advance) { a.Now = now.Add(f.Idle + time.Second) }, guard.Expired, ""},
		{"too old", func(f *guard.Family, a *guard.Advance) { f.Idle = 0; a.Now = f.Expires }, guard.Expired,
			"A family ends at Expires, however often it was refreshed."},
	} {
		f := newFamily(now)
		a := step(f, 0, now.Add(time.Minute))
		test.edit(&f, &a)
		create(t, s, f)
		if out := advance(t, s, a); out.State != test.want {
			t.Errorf("%s: state %d, want %d. %s", test.name, out.State, test.want, test.why)
		}
		if test.want == guard.Rotated {
			continue
		}
		good := step(f, 0, now.Add(time.Minute))
		good.Confirm = []string{f.Confirm}
		if out := advance(t, s, good); out.State != guard.Rotated {
			t.Errorf("%s: a refused Advance changed the family: the good token is then answered with state %d, want Rotated", test.name, out.State)
		}
	}
}

func storeRetry(t *testing.T, s guard.Store) {
	now := time.Now().UTC()
	f := newFamily(now)
	create(t, s, f)
	advance(t, s, step(f, 0, now))
	out := advance(t, s, step(f, 0, now.Add(9*time.Second)))
	if out.State != guard.Retried || out.Family.Counter != 1 {
		t.Errorf("the parent again, from the same client, within the grace time: state %d at counter %d, want Retried at 1. The answer may have been lost.", out.State, out.Family.Counter)
	}
	if out := advance(t, s, step(f, 1, now.Add(9*time.Second))); out.State != guard.Rotated {
		t.Errorf("the successor after a retry: state %d, want Rotated", out.State)
	}
	if out := advance(t, s, step(f, 0, now.Add(9*time.Second))); out.State != guard.Reused {
		t.Errorf("the grandparent within the grace time: state %d, want Reused. Only the immediate parent may be repeated.", out.State)
	}
	for name, edit := range map[string]func(*guard.Advance){
		"after the grace time": func(a *guard.Advance) { a.Now = now.Add(10 * time.Second) },
		"from another client":  func(a *guard.Advance) { a.Client = "c2" },
		"without a grace time": func(a *guard.Advance) { a.Grace = 0 },
	} {
		f := newFamily(now)
		create(t, s, f)
		advance(t, s, step(f, 0, now))
		a := step(f, 0, now.Add(time.Second))
		edit(&a)
		if out := advance(t, s, a); out.State != guard.Reused {
			t.Errorf("the parent again, %s: state %d, want Reused. A parent that works without bounds makes its theft invisible.", name, out.State)
		}
	}
}

func storeReuse(t *testing.T, s guard.Store) {
	now := time.Now().UTC()
	f := newFamily(now)
	create(t, s, f)
	_, from, err := s.Changes(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	advance(t, s, step(f, 0, now))
	later := now.Add(time.Minute)
	if out := advance(t, s, step(f, 0, later)); out.State != guard.Reused || !out.Family.Revoked {
		t.Fatalf("reuse: state %d, revoked %v; want Reused and revoked", out.State, out.Family.Revoked)
	}
	if out := advance(t, s, step(f, 1, later)); out.State != guard.Revoked {
		t.Errorf("the current token after reuse: state %d, want Revoked. Nobody knows which of the two holders is the thief.", out.State)
	}
	list, _, err := s.Changes(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(r guard.Revocation) bool { return r.Session == f.ID })
	if i < 0 {
		t.Fatal("reuse is not among the Changes: the family's access tokens would go on working")
	}
	if until := list[i].Until; !until.IsZero() && until.Before(later.Add(f.Access)) {
		t.Errorf("the revocation after reuse ends at %v, before the last access token does (%v)", until, later.Add(f.Access))
	}
}

// storeOnce is why Advance is one step.
func storeOnce(t *testing.T, s guard.Store) {
	now := time.Now().UTC()
	f := newFamily(now)
	create(t, s, f)
	const n = 100
	var mu sync.Mutex
	count := make(map[guard.State]int)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			out, err := s.Advance(t.Context(), step(f, 0, now))
			if err != nil {
				t.Errorf("Advance: %v", err)
			}
			mu.Lock()
			count[out.State]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if count[guard.Rotated] != 1 || count[guard.Retried] != n-1 {
		t.Errorf("%d simultaneous calls with one counter: %d Rotated, %d Retried, %d Reused; want 1, %d, 0. Reading and then writing is not one step.",
			n, count[guard.Rotated], count[guard.Retried], count[guard.Reused], n-1)
	}
}

func storeRevoke(t *testing.T, s guard.Store) {
	now := time.Now().UTC()
	for name, of := range map[string]func(guard.Family) guard.Revocation{
		"session": func(f guard.Family) guard.Revocation { return guard.Revocation{Session: f.ID, Until: f.Expires} },
		"subject": func(f guard.Family) guard.Revocation {
			return guard.Revocation{Subject: f.Subject, Before: now.Add(time.Second), Until: f.Expires}
		},
	} {
		f := newFamily(now)
		create(t, s, f)
		for range 2 {
			if err := s.Revoke(t.Context(), of(f)); err != nil {
				t.Fatalf("Revoke of a %s: %v; doing so twice is doing it once", name, err)
			}
		}
		if out := advance(t, s, step(f, 0, now.Add(time.Minute))); out.State != guard.Revoked {
			t.Errorf("refresh after its %s was revoked: state %d, want Revoked", name, out.State)
		}
	}
	f := newFamily(now.Add(time.Hour))
	create(t, s, f)
	if err := s.Revoke(t.Context(), guard.Revocation{Subject: f.Subject, Before: now, Until: f.Expires}); err != nil {
		t.Fatal(err)
	}
	if out := advance(t, s, step(f, 0, now.Add(time.Hour))); out.State != guard.Rotated {
		t.Errorf("a login after the subject's revocation: state %d, want Rotated", out.State)
	}
	if err := s.Revoke(t.Context(), guard.Revocation{Session: "not-a-family", Until: now.Add(time.Hour)}); err != nil {
		t.Errorf("Revoke of a session that is no family: %v; it is kept for the access tokens all the same", err)
	}
	for _, r := range []guard.Revocation{{}, {JTI: "a", Session: "b"}, {JTI: "a", Cause: event.ReasonMalformed}} {
		if s.Revoke(t.Context(), r) == nil {
			t.Errorf("Revoke of %+v: no error; what Revocation.Check refuses must not be stored", r)
		}
	}
}

func storeChanges(t *testing.T, s guard.Store) {
	_, from, err := s.Changes(t.Context(), "")
	if err != nil {
		t.Fatalf("Changes from the zero Cursor: %v", err)
	}
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	var want []guard.Revocation
	for range 3 {
		r := guard.Revocation{JTI: rand.Text(), Issuer: "https://login.example", Until: until, Cause: event.ReasonUserDisabled, Reason: "left", Actor: "admin"}
		want = append(want, r)
		if err := s.Revoke(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	missing := func(list []guard.Revocation, want []guard.Revocation) {
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
			if g := list[i]; g.Issuer != w.Issuer || !g.Until.Equal(w.Until) || g.Cause != w.Cause {
				t.Errorf("Changes gave %+v, want %+v", g, w)
			}
		}
	}
	list, next, err := s.Changes(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	missing(list, want)
	if list, _, err = s.Changes(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	missing(list, want)
	more := guard.Revocation{JTI: rand.Text(), Until: until}
	if err := s.Revoke(t.Context(), more); err != nil {
		t.Fatal(err)
	}
	if list, _, err = s.Changes(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	missing(list, []guard.Revocation{more})
	if _, _, err := s.Changes(t.Context(), "no cursor of yours"); err == nil {
		t.Errorf("Changes from a Cursor that the Store never gave: no error; an empty answer would hide revocations")
	}
}

func storeWatch(t *testing.T, s guard.Store) {
	w, ok := s.(guard.Watcher)
	if !ok {
		return // a second ability, not a duty
	}
	var mu sync.Mutex
	var got []string
	stop := w.Watch(func(r guard.Revocation) {
		mu.Lock()
		got = append(got, r.JTI+r.Session)
		mu.Unlock()
	})
	now := time.Now().UTC()
	f := newFamily(now)
	create(t, s, f)
	jti := rand.Text()
	if err := s.Revoke(t.Context(), guard.Revocation{JTI: jti, Until: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	advance(t, s, step(f, 0, now))
	advance(t, s, step(f, 0, now.Add(time.Minute)))
	mu.Lock()
	if !slices.Contains(got, jti) || !slices.Contains(got, f.ID) {
		t.Errorf("told of %q; want the revoked jti and the reused family, before Revoke and Advance return: the first request after that must be refused", got)
	}
	mu.Unlock()
	stop()
	n := len(got)
	if err := s.Revoke(t.Context(), guard.Revocation{JTI: rand.Text(), Until: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if len(got) != n {
		t.Error("told of a revocation after stop")
	}
}

func storeContext(t *testing.T, s guard.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Changes(ctx, "")
		s.Advance(ctx, step(newFamily(time.Now()), 0, time.Now()))
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("a call whose context has ended does not return: a request would hang with it")
	}
}
