package guardtest

import (
	"crypto/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard"
)

// An ear is a watcher that remembers.
type ear struct {
	mu   sync.Mutex
	list []guard.Revocation
}

func (e *ear) hear(r guard.Revocation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, r)
}

func (e *ear) all() []guard.Revocation {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.list)
}

// heard counts the revocations that name it.
func (e *ear) heard(name string) (n int) {
	for _, r := range e.all() {
		if slices.Contains([]string{r.Identity, r.JTI, r.Session, r.Subject, r.KeyID}, name) {
			n++
		}
	}
	return n
}

func storeWatch(t *testing.T, s guard.Store) {
	w, ok := s.(guard.Watcher)
	if !ok {
		return // a second ability, not a duty
	}
	e := new(ear)
	stop := w.Watch(e.hear)
	now := today()
	f := newFamily(now)
	create(t, s, f)
	advance(t, s, step(f, 0, now))
	advance(t, s, step(f, 0, now))
	if e.heard(f.ID) > 0 {
		t.Error("told of a revocation where a token was rotated and retried: a good session would be refused")
	}
	jti := rand.Text()
	revoke(t, s, guard.Revocation{JTI: jti, Until: now.Add(time.Hour)})
	if e.heard(jti) == 0 {
		t.Error("not told of a revoked jti before Revoke returned: the first request after that must be refused")
	}
	advance(t, s, step(f, 0, now.Add(time.Minute)))
	if e.heard(f.ID) == 0 {
		t.Error("not told of a reused family before Advance returned: the thief's access token must be refused from then on")
	}
	subject := rand.Text()
	before := today()
	revoke(t, s, guard.Revocation{Subject: subject, Until: now.Add(time.Hour)})
	for _, r := range e.all() {
		if r.Subject == subject && r.Before.Before(before) {
			t.Errorf("told of a revoked subject with Before %v, want now: the zero time would revoke nothing", r.Before)
		}
	}
	n := len(e.all())
	if s.Revoke(t.Context(), guard.Revocation{}); len(e.all()) > n {
		t.Error("told of a revocation that was not stored, because it names nothing")
	}
	stop()
	after := rand.Text()
	revoke(t, s, guard.Revocation{JTI: after, Until: now.Add(time.Hour)})
	if e.heard(after) > 0 {
		t.Error("told of a revocation after stop")
	}
}

func storeWatchSeveral(t *testing.T, s guard.Store) {
	w, ok := s.(guard.Watcher)
	if !ok {
		return
	}
	now := today()
	one, two := new(ear), new(ear)
	stopOne, stopTwo := w.Watch(one.hear), w.Watch(two.hear)
	defer stopTwo()
	a, b := rand.Text(), rand.Text()
	revoke(t, s, guard.Revocation{JTI: a, Until: now.Add(time.Hour)})
	stopOne()
	stopOne() // twice is once
	revoke(t, s, guard.Revocation{JTI: b, Until: now.Add(time.Hour)})
	if one.heard(a) == 0 || two.heard(a) == 0 {
		t.Error("not all that watch were told: each guard of a process has a copy of its own")
	}
	if two.heard(b) == 0 {
		t.Error("who watches was not told any more after another one stopped")
	}
	if one.heard(b) > 0 {
		t.Error("told of a revocation after stop")
	}
	// Guards come and go while tokens are revoked.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				stop := w.Watch(new(ear).hear)
				if err := s.Revoke(t.Context(), guard.Revocation{JTI: rand.Text(), Until: now.Add(time.Hour)}); err != nil {
					t.Errorf("Revoke: %v", err)
				}
				stop()
			}
		})
	}
	wg.Wait()
}
