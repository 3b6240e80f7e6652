package guardtest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
)

func storeStates(t *testing.T, s guard.Store) {
	now := today()
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
		{"far ahead", func(_ *guard.Family, a *guard.Advance) { a.Counter = 1<<64 - 2 }, guard.Ahead,
			"Counters have 64 bits, all of them."},
		{"idle", func(f *guard.Family, a *guard.Advance) { a.Now = now.Add(f.Idle + time.Second) }, guard.Expired, ""},
		{"without an idle time", func(f *guard.Family, a *guard.Advance) { f.Idle = 0; a.Now = now.Add(23 * time.Hour) }, guard.Rotated,
			"Idle zero is any."},
		{"too old", func(f *guard.Family, a *guard.Advance) { f.Idle = 0; a.Now = f.Expires }, guard.Expired,
			"A family ends at Expires, however often it was refreshed."},
	} {
		f := newFamily(now)
		a := step(f, 0, now.Add(time.Minute))
		test.edit(&f, &a)
		create(t, s, f)
		out := advance(t, s, a)
		if out.State != test.want {
			t.Errorf("%s: state %d, want %d. %s", test.name, out.State, test.want, test.why)
		}
		if field := lasting(out.Family, f); field != "" {
			t.Errorf("%s: the Outcome does not hold the family (%s): the event must say whose it was", test.name, field)
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

// storeRefused holds the order in which Judge asks: only whoever could have used
// the token may end the family with it.
func storeRefused(t *testing.T, s guard.Store) {
	now := today()
	for _, test := range []struct {
		name string
		edit func(guard.Family, *guard.Advance)
		want guard.State
		why  string
	}{
		{"from another client", func(_ guard.Family, a *guard.Advance) { a.ClientID = "other" }, guard.Mismatched,
			"A stranger's copy must not log the user out."},
		{"after the end", func(f guard.Family, a *guard.Advance) { a.Now = f.Expires }, guard.Expired,
			"What has ended needs no alarm."},
		{"after the end, from another client", func(f guard.Family, a *guard.Advance) { a.Now, a.ClientID = f.Expires, "other" }, guard.Expired,
			"Judge looks at the end first."},
		{"ahead, from another client", func(_ guard.Family, a *guard.Advance) { a.Counter, a.ClientID = 9, "other" }, guard.Mismatched,
			"Judge looks at the client before the counter."},
	} {
		f := newFamily(now)
		create(t, s, f)
		advance(t, s, step(f, 0, now))
		a := step(f, 0, now.Add(time.Minute)) // reuse, if it were allowed
		test.edit(f, &a)
		if out := advance(t, s, a); out.State != test.want || out.Family.Revoked {
			t.Errorf("an old token %s: state %d, revoked %v; want %d and not. %s", test.name, out.State, out.Family.Revoked, test.want, test.why)
		}
		if out := advance(t, s, step(f, 1, now.Add(time.Minute))); out.State != guard.Rotated {
			t.Errorf("an old token %s ended the family: the good one is then answered with state %d, want Rotated. %s", test.name, out.State, test.why)
		}
	}
	f := newFamily(now)
	create(t, s, f)
	revoke(t, s, guard.Revocation{Session: f.ID, Until: now.Add(time.Hour)})
	a := step(f, 0, f.Expires)
	a.ClientID = "other"
	if out := advance(t, s, a); out.State != guard.Revoked {
		t.Errorf("a revoked family, too late and from another client: state %d, want Revoked: Judge looks at that first", out.State)
	}
}

// storeBounds holds the moments at which a rule begins and ends.
func storeBounds(t *testing.T, s guard.Store) {
	now := today()
	const ms = time.Millisecond
	for _, test := range []struct {
		name  string
		idle  time.Duration
		first time.Duration // of the first Advance, after Created
		again uint64        // the counter of the second
		after time.Duration // after the first
		grace time.Duration
		want  guard.State
		why   string
	}{
		{"the last moment of the grace time", time.Hour, 0, 0, 10*time.Second - ms, 10 * time.Second, guard.Retried, "The answer may have been lost."},
		{"the end of the grace time", time.Hour, 0, 0, 10 * time.Second, 10 * time.Second, guard.Reused, "The grace time ends when it is over, not a moment later."},
		{"no grace time", time.Hour, 0, 0, 0, 0, guard.Reused, "A grace that is zero is none."},
		{"no grace time, and a clock that is behind", time.Hour, time.Minute, 0, -ms, 0, guard.Reused, "A grace that is zero is none, also where clocks differ."},
		{"a negative grace time", time.Hour, time.Minute, 0, -2 * time.Second, -time.Second, guard.Reused, "A grace that is negative is none."},
		{"a retry where clocks differ", time.Hour, time.Minute, 0, -ms, 10 * time.Second, guard.Retried, "Processes share the Store and not a clock."},
		{"the last moment of the idle time", time.Hour, time.Minute, 1, time.Hour, 0, guard.Rotated, "Idle is the longest time between two refreshes."},
		{"after the idle time", time.Hour, time.Minute, 1, time.Hour + ms, 0, guard.Expired, "Idle is the longest time between two refreshes."},
		{"idle since the last refresh, not the login", time.Hour, 59 * time.Minute, 1, 59 * time.Minute, 0, guard.Rotated, "Each refresh begins the idle time anew."},
		{"the last moment of the family", 0, 0, 1, 24*time.Hour - ms, 0, guard.Rotated, ""},
		{"the end of the family", 0, 0, 1, 24 * time.Hour, 0, guard.Expired, "A family ends at Expires, however often it was refreshed."},
	} {
		f := newFamily(now)
		f.Idle = test.idle
		create(t, s, f)
		first := now.Add(test.first)
		if out := advance(t, s, step(f, 0, first)); out.State != guard.Rotated {
			t.Fatalf("%s: first Advance: state %d, want Rotated", test.name, out.State)
		}
		a := step(f, test.again, first.Add(test.after))
		a.Grace = test.grace
		if out := advance(t, s, a); out.State != test.want {
			t.Errorf("%s: state %d, want %d. %s", test.name, out.State, test.want, test.why)
		}
	}
}

func storeRetry(t *testing.T, s guard.Store) {
	now := today()
	f := newFamily(now)
	create(t, s, f)
	advance(t, s, step(f, 0, now))
	out := advance(t, s, step(f, 0, now.Add(9*time.Second)))
	if out.State != guard.Retried || out.Family.Counter != 1 {
		t.Errorf("the parent again, from the same client, within the grace time: state %d at counter %d, want Retried at 1. The answer may have been lost.", out.State, out.Family.Counter)
	}
	if !out.Family.Rotated.Equal(now) {
		t.Errorf("after a retry Rotated is %v, want %v: a retry changes nothing", out.Family.Rotated, now)
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
	f = newFamily(now)
	create(t, s, f)
	advance(t, s, step(f, 0, now))
	advance(t, s, step(f, 0, now.Add(9*time.Second)))
	if out := advance(t, s, step(f, 0, now.Add(18*time.Second))); out.State != guard.Reused {
		t.Errorf("the parent again, 18 s after it was rotated and 9 s after a retry: state %d, want Reused. A retry must not lengthen the grace time.", out.State)
	}
}

func storeReuse(t *testing.T, s guard.Store) {
	now := today()
	f, other := newFamily(now), newFamily(now)
	other.Subject = f.Subject
	create(t, s, f)
	create(t, s, other)
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
	if out := advance(t, s, step(f, 0, later)); out.State != guard.Revoked {
		t.Errorf("the old token once more: state %d, want Revoked: a reuse is found once", out.State)
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
	if out := advance(t, s, step(other, 0, later)); out.State != guard.Rotated {
		t.Errorf("another login of the same user after reuse: state %d, want Rotated: only the family in question ends", out.State)
	}
}

// storeChain holds that every older token is known for ever.
func storeChain(t *testing.T, s guard.Store) {
	now := today()
	const n = 130 // further than a byte that is signed, and several digits
	f := newFamily(now)
	create(t, s, f)
	for c := range uint64(n) {
		now = now.Add(time.Minute)
		if out := advance(t, s, step(f, c, now)); out.State != guard.Rotated || out.Family.Counter != c+1 {
			t.Fatalf("counter %d: state %d, then at %d; want Rotated, at %d", c, out.State, out.Family.Counter, c+1)
		}
	}
	if out := advance(t, s, step(f, 9, now)); out.State != guard.Reused {
		t.Errorf("the token of counter 9 at counter %d: state %d, want Reused: every older token is known", n, out.State)
	}
}

// storeOnce is why Advance is one step.
func storeOnce(t *testing.T, s guard.Store) {
	now := today()
	f := newFamily(now)
	create(t, s, f)
	count := simultaneously(t, s, 100, step(f, 0, now))
	if count[guard.Rotated] != 1 || count[guard.Retried] != 99 {
		t.Errorf("100 simultaneous calls with one counter: %d Rotated, %d Retried, %d Reused; want 1, 99, 0. Reading and then writing is not one step.",
			count[guard.Rotated], count[guard.Retried], count[guard.Reused])
	}
	if out := advance(t, s, step(f, 1, now)); out.State != guard.Rotated || out.Family.Counter != 2 {
		t.Errorf("after them the successor: state %d, then at %d; want Rotated, at 2", out.State, out.Family.Counter)
	}
}

// storeReusedOnce is the other half: of many thieves one is found, and all are refused.
func storeReusedOnce(t *testing.T, s guard.Store) {
	now := today()
	f := newFamily(now)
	create(t, s, f)
	advance(t, s, step(f, 0, now))
	count := simultaneously(t, s, 50, step(f, 0, now.Add(time.Minute)))
	if count[guard.Reused] != 1 || count[guard.Revoked] != 49 {
		t.Errorf("50 simultaneous reuses of one token: %v; want one Reused (state %d) and 49 Revoked (state %d): finding and revoking is one step",
			count, guard.Reused, guard.Revoked)
	}
	// Without a grace time a second use is a reuse, however close it follows.
	f = newFamily(now)
	create(t, s, f)
	a := step(f, 0, now)
	a.Grace = 0
	count = simultaneously(t, s, 50, a)
	if count[guard.Rotated] != 1 || count[guard.Reused] != 1 || count[guard.Revoked] != 48 {
		t.Errorf("50 simultaneous calls without a grace time: %v; want one Rotated, one Reused, 48 Revoked: it is not one step", count)
	}
}

// simultaneously makes n calls and counts what they are told.
func simultaneously(t *testing.T, s guard.Store, n int, a guard.Advance) map[guard.State]int {
	t.Helper()
	var mu sync.Mutex
	count := make(map[guard.State]int)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			<-start
			out, err := s.Advance(t.Context(), a)
			if err != nil {
				t.Errorf("Advance: %v", err)
				return
			}
			mu.Lock()
			count[out.State]++
			mu.Unlock()
		})
	}
	close(start)
	wg.Wait()
	return count
}
