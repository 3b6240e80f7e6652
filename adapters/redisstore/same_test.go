//go:build unix

package redisstore_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/jotsight/jotsight/adapters/redisstore"
	"github.com/jotsight/jotsight/adapters/redisstore/redistest"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/redis/go-redis/v9"
)

// A world drives the memory store, which uses Advance.Judge itself, and the one
// over Redis, whose script follows it, with the same random steps.
type world struct {
	r        *rand.Rand
	now      time.Time
	n        int
	families []guard.Family
	counter  map[string]uint64
	rotated  map[string]time.Time
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// moment is a time at or near a boundary, to the nanosecond.
func (w *world) moment(f guard.Family) time.Time {
	last := w.rotated[f.ID]
	if last.IsZero() {
		last = f.Created
	}
	near := pick(w.r, w.now, w.now, w.now, w.now, w.now, w.now, f.Expires, last.Add(f.Idle), last.Add(10*time.Second), last.Add(9*time.Second+999_999_999), last, f.Created)
	return near.Add(pick(w.r, 0, 0, time.Nanosecond, -time.Nanosecond, 999_999_999, time.Second, -time.Second))
}

func (w *world) family() guard.Family {
	w.n++
	created := w.now.Add(time.Duration(w.r.Int64N(int64(2 * time.Second))))
	f := guard.Family{
		ID: fmt.Sprintf("%032x", w.n), Subject: pick(w.r, "ann", "bob", "eve {x} \x00\n"), ClientID: pick(w.r, "web", "", "app one"),
		Audience: pick(w.r, nil, []string{"orders"}), Scope: []string{"read", "write"}, Extra: pick(w.r, nil, []byte(`{"a":1}`)),
		Created: created, Expires: created.Add(pick(w.r, time.Hour, 30*24*time.Hour, 200*365*24*time.Hour, 0)),
		Idle: pick(w.r, 0, time.Minute, 90*time.Second+999_999_999, -1), Access: pick(w.r, 0, 15*time.Minute, 15*time.Minute+30*time.Second+1),
		Confirm: pick(w.r, "", "", "jkt:k1"),
		Counter: uint64(w.r.IntN(2)), Revoked: w.r.IntN(2) == 0, // the Store's own, not to be taken over
	}
	return f
}

func (w *world) advance() guard.Advance {
	f := w.families[max(0, len(w.families)-1-w.r.IntN(4))]
	c := w.counter[f.ID]
	return guard.Advance{
		Family:   pick(w.r, f.ID, f.ID, f.ID, f.ID, f.ID, f.ID, "unknown"),
		Counter:  pick(w.r, c, c, c, c, c, c-1, c-1, c-1, c-1, c-2, c+1, 0, c+10, 1<<53, 1<<53+1, math.MaxInt64, math.MaxUint64-1),
		ClientID: pick(w.r, f.ClientID, f.ClientID, f.ClientID, f.ClientID, f.ClientID, f.ClientID, "other"),
		Client:   pick(w.r, "c1", "c1", "c1", "c1", "", "c 2"),
		Confirm:  pick(w.r, []string{f.Confirm}, []string{f.Confirm}, []string{"jkt:k0", "jkt:k1"}, nil),
		Grace:    pick(w.r, 10*time.Second, 10*time.Second, 9*time.Second+999_999_999, 1, 0, -time.Hour), Now: w.moment(f),
	}
}

func (w *world) revocation() guard.Revocation {
	f := w.families[w.r.IntN(len(w.families))]
	until := pick(w.r, time.Time{}, w.now.Add(time.Hour), w.now.Add(time.Hour+1), w.now.Add(2*time.Hour))
	r := guard.Revocation{Until: until, Issuer: pick(w.r, "", "", "https://a.example"), Cause: pick(w.r, 0, 0, event.ReasonUserDisabled), Reason: "a \"reason\"", Actor: "é\n"}
	switch w.r.IntN(8) {
	case 0:
		r.Session = f.ID
	case 1:
		r.Subject, r.Before = f.Subject, f.Created.Add(pick(w.r, -1, 0, 1, -time.Hour))
	case 2:
		r.KeyID = "k1"
	case 3:
		r.Identity = "x"
	default:
		r.JTI = fmt.Sprint("j", w.r.IntN(4))
	}
	return r
}

func TestSameAsMemory(t *testing.T) {
	client := connect(t, redistest.Start(t).Addr)
	seeds, steps := 60, 200
	if testing.Short() {
		seeds = 10
	}
	states := make(map[guard.State]int)
	for seed := range uint64(seeds) {
		w := &world{
			r: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.UTC),
			counter: make(map[string]uint64), rotated: make(map[string]time.Time),
		}
		memory := guard.NewMemoryStore()
		store := open(t, client, redisstore.Config{Prefix: fmt.Sprint("same", seed), Now: func() time.Time { return w.now }})
		var from [2]guard.Cursor
		for step := range steps {
			w.now = w.now.Add(pick(w.r, 0, 1, time.Millisecond, time.Second, 3*time.Second, 9*time.Second))
			fail := func(what, got, want any) {
				t.Helper()
				t.Fatalf("seed %d, step %d: %v\nRedis  %+v\nmemory %+v", seed, step, what, got, want)
			}
			switch n := w.r.IntN(20); {
			case len(w.families) == 0 || n == 0:
				f := w.family()
				if len(w.families) > 0 && w.r.IntN(4) == 0 {
					f.ID = w.families[0].ID
				} else {
					w.families = append(w.families, f)
				}
				a, b := memory.Create(t.Context(), f), store.Create(t.Context(), f)
				if errors.Is(a, guard.ErrFamilyExists) != errors.Is(b, guard.ErrFamilyExists) || (a == nil) != (b == nil) {
					fail("Create", b, a)
				}
			case n == 1:
				r := w.revocation()
				if a, b := memory.Revoke(t.Context(), r), store.Revoke(t.Context(), r); a != nil || b != nil {
					fail(r, b, a)
				}
			case n == 2:
				for i, s := range []guard.Store{memory, store} {
					_, next, err := s.Changes(t.Context(), from[i])
					if err != nil {
						t.Fatal(err)
					}
					from[i] = next
				}
			default:
				a := w.advance()
				want, err := memory.Advance(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				got, err := store.Advance(t.Context(), a)
				if err != nil {
					t.Fatalf("seed %d, step %d: %+v: %v", seed, step, a, err)
				}
				if !reflect.DeepEqual(got, want) {
					fail(a, got, want)
				}
				states[got.State]++
				if got.State != guard.Unknown {
					w.counter[got.Family.ID], w.rotated[got.Family.ID] = got.Family.Counter, got.Family.Rotated
				}
			}
		}
		for _, after := range [][2]guard.Cursor{{}, from} {
			want, _, err := memory.Changes(t.Context(), after[0])
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := store.Changes(t.Context(), after[1])
			if err != nil {
				t.Fatal(err)
			}
			if g, w := last(got), last(want); !reflect.DeepEqual(g, w) {
				t.Fatalf("seed %d: Changes\nRedis  %+v\nmemory %+v", seed, g, w)
			}
		}
	}
	for s := guard.Unknown; s <= guard.Ahead; s++ {
		if states[s] < 20 {
			t.Errorf("state %d came up %d times: the test says nothing of it", s, states[s])
		}
	}
	t.Log(states)
}

// last keeps the newest of each name, which is what a guard makes of a list.
func last(list []guard.Revocation) map[string]guard.Revocation {
	m := make(map[string]guard.Revocation)
	for _, r := range list {
		r.Until, r.Before = r.Until.UTC(), r.Before.UTC()
		m[r.Identity+"|"+r.JTI+"|"+r.Session+"|"+r.Subject+"|"+r.KeyID+"|"+r.Issuer] = r
	}
	return m
}

// Counters have 64 bits, and numbers of Lua 53.
func TestCounters(t *testing.T) {
	client := connect(t, redistest.Start(t).Addr)
	store := open(t, client, redisstore.Config{Prefix: "far"})
	now := time.Now()
	for i, c := range []uint64{0, 9, 10, 99, 1<<53 - 1, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - 1} {
		f := guard.Family{ID: fmt.Sprint(i), Created: now, Expires: now.Add(time.Hour)}
		if err := store.Create(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		set(t, client, "{far}:f:"+f.ID, "step", fmt.Sprintf("%d - x -", c))
		for _, test := range []struct {
			counter uint64
			want    guard.State
		}{{c + 1, guard.Ahead}, {c, guard.Rotated}, {c, guard.Retried}, {c + 2, guard.Ahead}, {c + 1, guard.Rotated}, {c, guard.Reused}} {
			if test.counter < c || test.want == guard.Rotated && test.counter == math.MaxUint64 {
				break // around the end
			}
			out, err := store.Advance(t.Context(), guard.Advance{Family: f.ID, Counter: test.counter, Grace: time.Second, Now: now})
			if err != nil || out.State != test.want {
				t.Errorf("counter %d, presented %d: state %d, %v; want %d", c, test.counter, out.State, err, test.want)
			}
			if test.want == guard.Rotated && out.Family.Counter != test.counter+1 {
				t.Errorf("counter %d: moved on to %d", test.counter, out.Family.Counter)
			}
		}
	}
}

func set(t *testing.T, client redis.UniversalClient, key, field, value string) {
	t.Helper()
	if err := client.HSet(t.Context(), key, field, value).Err(); err != nil {
		t.Fatal(err)
	}
}
