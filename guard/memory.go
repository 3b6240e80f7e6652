package guard

import (
	"context"
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
	return &memory{families: make(map[string]*Family), watchers: make(map[int]func(Revocation))}
}

type memory struct {
	mu       sync.Mutex
	families map[string]*Family
	log      []logged
	seq      uint64
	sweepAt  int
	latest   time.Time // that anybody told us of: a Store has no clock of its own

	watchers map[int]func(Revocation)
	watch    int
}

type logged struct {
	Revocation
	seq uint64
}

// sweepEvery is how many entries may come in between two looks for ended ones.
const sweepEvery = 1024

func (m *memory) Create(_ context.Context, f Family) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.families[f.ID] != nil {
		return ErrFamilyExists
	}
	m.sweep(f.Created)
	f.Audience, f.Scope, f.Extra = slices.Clone(f.Audience), slices.Clone(f.Scope), slices.Clone(f.Extra)
	m.families[f.ID] = &f
	return nil
}

func (m *memory) Advance(_ context.Context, a Advance) (Outcome, error) {
	m.mu.Lock()
	f := m.families[a.Family]
	if f == nil {
		m.mu.Unlock()
		return Outcome{}, nil
	}
	m.sweep(a.Now)
	state := a.Judge(f)
	out := Outcome{state, *f}
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

func (m *memory) Revoke(_ context.Context, r Revocation) error {
	if err := r.Check(); err != nil {
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

// append stores r and gives the function that tells the watchers of it, outside
// the lock.
func (m *memory) append(r Revocation) (tell func(Revocation)) {
	m.seq++
	m.log = append(m.log, logged{r, m.seq})
	watchers := slices.Collect(maps.Values(m.watchers))
	return func(r Revocation) {
		for _, f := range watchers {
			f(r)
		}
	}
}

func (m *memory) Changes(_ context.Context, after Cursor) ([]Revocation, Cursor, error) {
	var from uint64
	if after != "" {
		var err error
		if from, err = strconv.ParseUint(string(after), 10, 64); err != nil {
			return nil, "", err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i, _ := slices.BinarySearchFunc(m.log, from+1, func(l logged, seq uint64) int {
		return int(l.seq) - int(seq)
	})
	var list []Revocation
	for _, l := range m.log[i:] {
		list = append(list, l.Revocation)
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
	if len(m.families)+len(m.log) < m.sweepAt+sweepEvery {
		return
	}
	maps.DeleteFunc(m.families, func(_ string, f *Family) bool { return !m.latest.Before(f.Expires) })
	m.log = slices.DeleteFunc(m.log, func(l logged) bool { return !l.Until.IsZero() && m.latest.After(l.Until.Add(afterlife)) })
	m.sweepAt = len(m.families) + len(m.log)
}
