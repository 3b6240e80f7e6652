package guard

import (
	"context"
	"encoding/base64"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A replica is the local copy of a Store's revocations. No request asks the
// Store: a token that was compared with the current generation is good for one
// atomic load.
//
// Put, then bump: whoever sees the new generation sees what it stands for.
type replica struct {
	store    Store
	maxStale time.Duration
	stop     func()

	generation atomic.Uint64
	synced     atomic.Int64 // Unix nanoseconds of the last answer of the Store
	tried      atomic.Int64 // and of the last question
	failing    atomic.Bool  // the last question got no answer
	unchecked  atomic.Int64 // tokens that were let through without an answer, and are not recorded yet

	mu       sync.RWMutex
	tokens   map[identity]revoked
	byName   map[target]revoked
	subjects map[target]subjectRevoked

	turn   chan struct{} // held by whoever asks the Store
	cursor Cursor        // owned by the turn
}

type revoked struct {
	until time.Time
	cause event.Reason
}

// lengthen is Revocation.lengthen.
func (v revoked) lengthen(old revoked) (revoked, bool) {
	if !v.until.IsZero() && (old.until.IsZero() || old.until.After(v.until)) {
		v.until = old.until
	}
	return v, !v.until.Equal(old.until)
}

type subjectRevoked struct {
	revoked
	before int64 // Unix seconds
}

func newReplica(c RevocationConfig) *replica {
	r := &replica{
		store: c.Store, maxStale: c.MaxStale, stop: func() {}, turn: make(chan struct{}, 1),
		tokens: make(map[identity]revoked), byName: make(map[target]revoked),
		subjects: make(map[target]subjectRevoked),
	}
	r.generation.Store(1)
	if w, ok := c.Store.(Watcher); ok {
		r.stop = w.Watch(r.put)
	}
	return r
}

// sync asks the Store for what is new. Whoever comes second waits for the first.
func (r *replica) sync(ctx context.Context, now time.Time) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return r.ask(ctx, now)
}

// ask is sync for whoever holds the turn.
func (r *replica) ask(ctx context.Context, now time.Time) error {
	r.tried.Store(now.UnixNano())
	list, next, err := r.store.Changes(ctx, r.cursor)
	r.failing.Store(err != nil)
	if err != nil {
		return err
	}
	for i := range list {
		r.put(list[i])
	}
	r.cursor = next
	r.synced.Store(now.UnixNano())
	return nil
}

// catchUp is the most that a request waits for the Store when the copy is old.
const catchUp = 500 * time.Millisecond

// fresh reports whether the copy may be believed. One that is too old, because
// the process was suspended for example, is brought up to date if the Store
// answers at once: one request asks, the others wait for it. A Store that has
// just failed is not asked again, so that an outage delays few requests.
func (r *replica) fresh(ctx context.Context, now time.Time) bool {
	if !r.stale(now) {
		return true
	}
	if r.failing.Load() && (r.justTried(now) || len(r.turn) > 0) {
		return false
	}
	wait, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-wait.Done():
		return false
	}
	switch {
	case !r.stale(now):
		return true
	case r.failing.Load() && r.justTried(now):
		return false
	}
	// Not within ctx: a client that goes away is no sign that the Store has.
	end, _ := wait.Deadline()
	within, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
	defer cancel()
	return r.ask(within, now) == nil
}

func (r *replica) stale(now time.Time) bool {
	return now.UnixNano()-r.synced.Load() > int64(r.maxStale)
}

func (r *replica) justTried(now time.Time) bool {
	return now.UnixNano()-r.tried.Load() < int64(time.Second)
}

// put enters a revocation. One that says nothing new changes nothing: a Store
// may give it twice.
func (r *replica) put(v Revocation) {
	if r.enter(&v) {
		r.generation.Add(1)
	}
}

func (r *replica) enter(v *Revocation) (more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	new, name := revoked{v.Until, v.cause()}, v.target()
	switch name.kind {
	case 'i':
		var id identity
		if n, err := base64.RawURLEncoding.Decode(id[:], []byte(v.Identity)); err != nil || n != len(id) {
			return false // names no token that there could be
		}
		return enter(r.tokens, id, new)
	case 'u':
		new := subjectRevoked{new, v.Before.Unix()}
		old, known := r.subjects[name]
		if known {
			longer := false
			new.revoked, longer = new.revoked.lengthen(old.revoked)
			if more := new.before > old.before; !more && !longer {
				return false
			}
			new.before = max(new.before, old.before)
		}
		r.subjects[name] = new
		return true
	}
	return enter(r.byName, name, new)
}

func enter[K comparable](m map[K]revoked, name K, v revoked) (more bool) {
	if old, known := m[name]; known {
		if v, more = v.lengthen(old); !more {
			return false
		}
	}
	m[name] = v
	return true
}

// check says why the token, which was encoded as raw, is no longer good, zero
// when it is.
func (r *replica) check(e *entry, raw string) event.Reason {
	now := r.generation.Load()
	if e.revocation.Load() == now {
		return 0
	}
	if why := r.search(e, raw); why != 0 {
		return why
	}
	e.revocation.Store(now)
	return 0
}

func (r *replica) search(e *entry, raw string) event.Reason {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.tokens)+len(r.byName)+len(r.subjects) == 0 {
		return 0
	}
	if len(r.tokens) > 0 { // most services revoke by name, and need no digest
		if v, ok := r.tokens[identityOf(raw[:strings.LastIndexByte(raw, '.')])]; ok {
			return v.cause
		}
	}
	for _, issuer := range [2]string{"", e.issuer} {
		for _, k := range [3]target{{'j', issuer, e.text(textID)}, {'s', issuer, e.text(textSession)}, {'k', issuer, e.head.kid}} {
			if v, ok := r.byName[k]; ok && k.name != "" {
				return v.cause
			}
		}
		// A token without iat cannot show that it is younger.
		if v, ok := r.subjects[target{'u', issuer, e.text(textSubject)}]; ok && e.text(textSubject) != "" && e.issued <= v.before {
			return v.cause
		}
		if e.issuer == "" {
			break
		}
	}
	return 0
}

// afterlife is how much longer than its Until a revocation is kept: clocks
// differ, and a leeway lets tokens outlive their exp.
const afterlife = time.Hour

// sweep forgets revocations of tokens that have expired by themselves.
func (r *replica) sweep(now time.Time) {
	ended := func(v revoked) bool { return !v.until.IsZero() && now.After(v.until.Add(afterlife)) }
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, v := range r.tokens {
		if ended(v) {
			delete(r.tokens, k)
		}
	}
	for k, v := range r.byName {
		if ended(v) {
			delete(r.byName, k)
		}
	}
	for k, v := range r.subjects {
		if ended(v.revoked) {
			delete(r.subjects, k)
		}
	}
}
