package guard

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// NewMemoryStore makes a Store for one process. What it holds ends with it. It
// is a Watcher. Families and revocations that have ended are taken out as new
// ones come in.
func NewMemoryStore() Store {
	return &memory{
		families: make(map[string]*Family), cuts: make(map[string]cut), newest: make(map[target]uint64),
		watchers: make(map[int]func(Revocation)),
	}
}

type memory struct {
	mu       sync.Mutex
	families map[string]*Family
	cuts     map[string]cut // by subject
	last     time.Time      // the end of the last family

	log    []logged // by seq; one whose name has a newer entry says nothing any more
	newest map[target]uint64
	seq    uint64

	sweepAt int
	latest  time.Time // that anybody told us of: a Store has no clock of its own

	watchers map[int]func(Revocation)
	watch    int
}

type logged struct {
	Revocation
	seq uint64
}

// A cut is the revocation of a subject, for families of which the Store learns
// later: a process whose clock is behind creates one that is older than it.
type cut struct{ before, until time.Time }

// sweepEvery is how many entries may come in between two looks for ended ones.
const sweepEvery = 1024

func (m *memory) Create(ctx context.Context, f Family) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.families[f.ID] != nil {
		return ErrFamilyExists
	}
	m.sweep(f.Created)
	f.Counter, f.Rotated, f.Client, f.Revoked = 0, time.Time{}, "", false
	f = f.clone()
	if c, ok := m.cuts[f.Subject]; ok && !f.Created.After(c.before) {
		f.Revoked = true
	}
	m.families[f.ID] = &f
	if f.Expires.After(m.last) {
		m.last = f.Expires
	}
	return nil
}

func (m *memory) Advance(ctx context.Context, a Advance) (Outcome, error) {
	if err := ctx.Err(); err != nil {
		return Outcome{}, err
	}
	m.mu.Lock()
	f := m.families[a.Family]
	if f == nil {
		m.mu.Unlock()
		return Outcome{}, nil
	}
	m.sweep(a.Now)
	state := a.Judge(f)
	out := Outcome{state, f.clone()}
	if state != Reused {
		m.mu.Unlock()
		return out, nil
	}
	r := Revocation{Session: f.ID, Until: a.Now.Add(f.Access), Reason: "refresh token reuse"}
	tell := m.append(r)
	m.mu.Unlock()
	tell(r)
	return out, nil
}

// Family implements FamilyReader.
func (m *memory) Family(ctx context.Context, id string) (Family, bool, error) {
	if err := ctx.Err(); err != nil {
		return Family{}, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.families[id]
	if f == nil {
		return Family{}, false, nil
	}
	return f.clone(), true, nil
}

// clone gives a Family that shares no memory with f.
func (f Family) clone() Family {
	f.Audience, f.Scope, f.Extra = slices.Clone(f.Audience), slices.Clone(f.Scope), slices.Clone(f.Extra)
	return f
}

func (m *memory) Revoke(ctx context.Context, r Revocation) error {
	if err := r.Check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.Subject != "" && r.Before.IsZero() {
		r.Before = time.Now()
	}
	m.mu.Lock()
	m.sweep(m.latest)
	if f := m.families[r.Session]; f != nil {
		f.Revoked = true
	}
	if r.Subject != "" {
		c := m.cuts[r.Subject]
		if r.Before.After(c.before) {
			c.before = r.Before
		}
		c.until = m.last
		if r.Before.After(m.last) {
			c.until = r.Before
		}
		m.cuts[r.Subject] = c
		for _, f := range m.families {
			if f.Subject == r.Subject && !f.Created.After(r.Before) {
				f.Revoked = true
			}
		}
	}
	tell := m.append(r)
	m.mu.Unlock()
	tell(r)
	return nil
}

// append stores r unless it is stored already, and gives the function that tells
// the watchers of it, outside the lock.
func (m *memory) append(r Revocation) (tell func(Revocation)) {
	more, name := true, r.target()
	if at, ok := m.newest[name]; ok {
		i, _ := m.find(at)
		r, more = r.lengthen(m.log[i].Revocation)
	}
	if more {
		m.seq++
		m.log = append(m.log, logged{r, m.seq})
		m.newest[name] = m.seq
	}
	watchers := slices.Collect(maps.Values(m.watchers))
	return func(r Revocation) {
		for _, f := range watchers {
			f(r)
		}
	}
}

// find gives the place of the first entry from seq on.
func (m *memory) find(seq uint64) (int, bool) {
	return slices.BinarySearchFunc(m.log, seq, func(l logged, seq uint64) int {
		switch {
		case l.seq < seq:
			return -1
		case l.seq > seq:
			return 1
		}
		return 0
	})
}

func (m *memory) Changes(ctx context.Context, after Cursor) ([]Revocation, Cursor, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	var from uint64
	if after != "" {
		var err error
		if from, err = strconv.ParseUint(string(after), 10, 64); err != nil {
			return nil, "", fmt.Errorf("memory store: cursor: %w", err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if from > m.seq {
		return nil, "", fmt.Errorf("memory store: cursor %d is ahead of %d", from, m.seq)
	}
	i, _ := m.find(from + 1)
	var list []Revocation
	for _, l := range m.log[i:] {
		if m.newest[l.target()] == l.seq {
			list = append(list, l.Revocation)
		}
	}
	return list, Cursor(strconv.FormatUint(m.seq, 10)), nil
}

func (m *memory) Watch(f func(Revocation)) (stop func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watch++
	id := m.watch
	m.watchers[id] = f
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watchers, id)
	}
}

// sweep forgets what has ended, now and then. The caller holds mu.
func (m *memory) sweep(now time.Time) {
	if now.After(m.latest) {
		m.latest = now
	}
	if len(m.families)+len(m.log)+len(m.cuts) < m.sweepAt+sweepEvery {
		return
	}
	maps.DeleteFunc(m.families, func(_ string, f *Family) bool { return m.latest.After(f.Expires.Add(afterlife)) })
	maps.DeleteFunc(m.cuts, func(_ string, c cut) bool { return m.latest.After(c.until.Add(afterlife)) })
	m.log = slices.DeleteFunc(m.log, func(l logged) bool {
		if m.newest[l.target()] != l.seq {
			return true
		}
		ended := !l.Until.IsZero() && m.latest.After(l.Until.Add(afterlife))
		if ended {
			delete(m.newest, l.target())
		}
		return ended
	})
	m.sweepAt = len(m.families) + len(m.log) + len(m.cuts)
}
