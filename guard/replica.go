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
	down       atomic.Bool  // the Store did not answer the last time

	mu       sync.RWMutex
	tokens   map[identity]revoked
	byName   map[target]revoked
	subjects map[target]subjectRevoked

	turn   chan struct{} // held by whoever asks the Store
	tried  atomic.Int64  // when it was asked last
	cursor Cursor        // owned by the turn
}

// A target is what a revocation names, with the issuer it is narrowed to.
type target struct {
	kind   byte // 'j' jti, 's' session, 'u' subject, 'k' key
	issuer string
	name   string
}

type revoked struct {
	until time.Time
	cause event.Reason
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
	r.tried.Store(now.UnixNano())
	list, next, err := r.store.Changes(ctx, r.cursor)
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
// answers at once; a Store that has just failed is not asked again.
func (r *replica) fresh(ctx context.Context, now time.Time) bool {
	switch {
	case !r.stale(now):
		return true
	case now.UnixNano()-r.tried.Load() < int64(time.Second) && r.down.Load():
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	return r.sync(ctx, now) == nil || !r.stale(now)
}

func (r *replica) stale(now time.Time) bool {
	return now.UnixNano()-r.synced.Load() > int64(r.maxStale)
}

func (r *replica) put(v Revocation) {
	new := revoked{v.Until, v.cause()}
	r.mu.Lock()
	switch {
	case v.Identity != "":
		var id identity
		if n, err := base64.RawURLEncoding.Decode(id[:], []byte(v.Identity)); err == nil && n == len(id) {
			r.tokens[id] = new
		}
	case v.JTI != "":
		r.byName[target{'j', v.Issuer, v.JTI}] = new
	case v.Session != "":
		r.byName[target{'s', v.Issuer, v.Session}] = new
	case v.KeyID != "":
		r.byName[target{'k', v.Issuer, v.KeyID}] = new
	case v.Subject != "":
		k := target{'u', v.Issuer, v.Subject}
		if before := v.Before.Unix(); before >= r.subjects[k].before {
			r.subjects[k] = subjectRevoked{new, before}
		}
	}
	r.mu.Unlock()
	r.generation.Add(1)
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
