package guardtest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jotsight/jotsight/guard"
)

// A custom is the memory store with one thing done otherwise. Families are its
// own, so that the rule of Advance can be bent; a nil field is the right way.
type custom struct {
	guard.Store

	create  func(c *custom, ctx context.Context, f guard.Family) error
	judge   func(a guard.Advance, f *guard.Family) guard.State
	reused  func(c *custom, a guard.Advance, f guard.Family) error // tells of it
	revoke  func(c *custom, ctx context.Context, r guard.Revocation) error
	changes func(c *custom, ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error)
	watch   func(c *custom, f func(guard.Revocation)) func()
	ended   func(ctx context.Context) error

	mu       sync.Mutex
	families map[string]*guard.Family
	cuts     map[string]time.Time
	share    bool // hands out its own slices
}

func build(c *custom) func() guard.Store {
	return func() guard.Store {
		own := &custom{
			Store: guard.NewMemoryStore(), create: c.create, judge: c.judge, reused: c.reused, revoke: c.revoke, changes: c.changes,
			watch: c.watch, ended: c.ended, share: c.share, families: make(map[string]*guard.Family), cuts: make(map[string]time.Time),
		}
		if own.create == nil {
			own.create = (*custom).createRight
		}
		if own.judge == nil {
			own.judge = guard.Advance.Judge
		}
		if own.reused == nil {
			own.reused = func(c *custom, a guard.Advance, f guard.Family) error {
				return c.Store.Revoke(context.Background(), guard.Revocation{Session: f.ID, Until: a.Now.Add(f.Access)})
			}
		}
		if own.revoke == nil {
			own.revoke = (*custom).revokeRight
		}
		if own.changes == nil {
			own.changes = func(c *custom, ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
				return c.Store.Changes(ctx, after)
			}
		}
		if own.watch == nil {
			own.watch = func(c *custom, f func(guard.Revocation)) func() { return c.Store.(guard.Watcher).Watch(f) }
		}
		if own.ended == nil {
			own.ended = context.Context.Err
		}
		return own
	}
}

func (c *custom) Create(ctx context.Context, f guard.Family) error {
	if err := c.ended(ctx); err != nil {
		return err
	}
	return c.create(c, ctx, f)
}

func (c *custom) createRight(_ context.Context, f guard.Family) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.families[f.ID] != nil {
		return guard.ErrFamilyExists
	}
	f.Counter, f.Rotated, f.Client, f.Revoked = 0, time.Time{}, "", false
	if !c.share {
		f.Audience, f.Scope, f.Extra = slices.Clone(f.Audience), slices.Clone(f.Scope), slices.Clone(f.Extra)
	}
	if before, ok := c.cuts[f.Subject]; ok && !f.Created.After(before) {
		f.Revoked = true
	}
	c.families[f.ID] = &f
	return nil
}

func (c *custom) Advance(ctx context.Context, a guard.Advance) (guard.Outcome, error) {
	if err := c.ended(ctx); err != nil {
		return guard.Outcome{}, err
	}
	c.mu.Lock()
	f := c.families[a.Family]
	if f == nil {
		c.mu.Unlock()
		return guard.Outcome{}, nil
	}
	out := guard.Outcome{State: c.judge(a, f)}
	out.Family = *f
	if !c.share {
		out.Family.Audience, out.Family.Scope, out.Family.Extra = slices.Clone(f.Audience), slices.Clone(f.Scope), slices.Clone(f.Extra)
	}
	c.mu.Unlock()
	if out.State == guard.Reused {
		return out, c.reused(c, a, out.Family)
	}
	return out, nil
}

func (c *custom) Revoke(ctx context.Context, r guard.Revocation) error {
	if err := c.ended(ctx); err != nil {
		return err
	}
	return c.revoke(c, ctx, r)
}

func (c *custom) revokeRight(ctx context.Context, r guard.Revocation) error {
	if err := r.Check(); err != nil {
		return err
	}
	if r.Subject != "" && r.Before.IsZero() {
		r.Before = time.Now()
	}
	c.mu.Lock()
	for id, f := range c.families {
		if id == r.Session || f.Subject == r.Subject && !f.Created.After(r.Before) {
			f.Revoked = true
		}
	}
	if r.Subject != "" && r.Before.After(c.cuts[r.Subject]) {
		c.cuts[r.Subject] = r.Before
	}
	c.mu.Unlock()
	return c.Store.Revoke(ctx, r)
}

func (c *custom) Changes(ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	if err := c.ended(ctx); err != nil {
		return nil, "", err
	}
	return c.changes(c, ctx, after)
}

func (c *custom) Watch(f func(guard.Revocation)) func() { return c.watch(c, f) }

func (c *custom) Family(ctx context.Context, id string) (guard.Family, bool, error) {
	if err := c.ended(ctx); err != nil {
		return guard.Family{}, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.families[id]
	if f == nil {
		return guard.Family{}, false, nil
	}
	own := *f
	own.Audience, own.Scope, own.Extra = slices.Clone(f.Audience), slices.Clone(f.Scope), slices.Clone(f.Extra)
	return own, true, nil
}

// edited gives a judge that bends the question or the family, and mends the
// family afterwards.
func edited(bend func(a *guard.Advance, f *guard.Family)) func(guard.Advance, *guard.Family) guard.State {
	return func(a guard.Advance, f *guard.Family) guard.State {
		was := *f
		bend(&a, f)
		state := a.Judge(f)
		f.Expires, f.Idle, f.ClientID, f.Confirm, f.Created = was.Expires, was.Idle, was.ClientID, was.Confirm, was.Created
		if state != guard.Rotated {
			f.Counter, f.Rotated = was.Counter, was.Rotated
		}
		return state
	}
}

// told gives a revoke that stores something else.
func told(bend func(r *guard.Revocation)) func(*custom, context.Context, guard.Revocation) error {
	return func(c *custom, ctx context.Context, r guard.Revocation) error {
		if err := r.Check(); err != nil {
			return err
		}
		bend(&r)
		return c.revokeRight(ctx, r)
	}
}

// listed gives a changes that leaves something out or changes it.
func listed(bend func(list []guard.Revocation) []guard.Revocation) func(*custom, context.Context, guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	return func(c *custom, ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
		list, next, err := c.Store.Changes(ctx, after)
		return bend(list), next, err
	}
}

func brokenStores() []defect {
	const ms = time.Millisecond
	deaf := func(context.Context) error { return nil }
	return []defect{
		// Create
		{name: "an id is taken over", in: "create once", says: "Two logins must never share a family", store: build(&custom{
			create: func(c *custom, ctx context.Context, f guard.Family) error {
				c.mu.Lock()
				delete(c.families, f.ID)
				c.mu.Unlock()
				return c.createRight(ctx, f)
			},
		})},
		{name: "an id is taken and nobody hears", in: "create once", says: "Two logins must never share a family", store: build(&custom{
			create: func(c *custom, ctx context.Context, f guard.Family) error {
				c.createRight(ctx, f)
				return nil
			},
		})},
		{name: "a family does not begin at zero", in: "create", says: "Create begins at counter zero", store: build(&custom{
			create: func(c *custom, ctx context.Context, f guard.Family) error {
				err := c.createRight(ctx, f)
				c.mu.Lock()
				defer c.mu.Unlock()
				c.families[f.ID].Counter = f.Counter
				return err
			},
		})},
		{name: "texts are cut", in: "create", says: "every text must come back as it was", store: build(&custom{
			create: func(c *custom, ctx context.Context, f guard.Family) error {
				f.Subject, _, _ = strings.Cut(f.Subject, "\x00")
				return c.createRight(ctx, f)
			},
		})},
		{name: "the audience is lost", in: "create", says: "the next access token is made from it", store: build(&custom{
			create: func(c *custom, ctx context.Context, f guard.Family) error {
				f.Audience = nil
				return c.createRight(ctx, f)
			},
		})},
		{name: "memory is shared", in: "borrowed", says: "it must keep a copy", store: build(&custom{share: true})},

		// Advance
		{name: "the outcome is the family before", in: "create", says: "the Outcome holds the family after the step", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				state := a.Judge(f)
				f.Client = ""
				return state
			},
		})},
		{name: "any client will do", in: "states", says: "bound to its client", store: build(&custom{
			judge: edited(func(a *guard.Advance, f *guard.Family) { a.ClientID = f.ClientID }),
		})},
		{name: "a copy is enough", in: "states", says: "a copy alone must not do", store: build(&custom{
			judge: edited(func(_ *guard.Advance, f *guard.Family) { f.Confirm = "" }),
		})},
		{name: "a piece of a key is enough", in: "states", says: "compared whole", store: build(&custom{
			judge: edited(func(a *guard.Advance, f *guard.Family) {
				for _, word := range a.Confirm {
					if f.Confirm != "" && strings.Contains(word, f.Confirm) {
						a.Confirm = []string{f.Confirm}
					}
				}
			}),
		})},
		{name: "what is ahead is guessed", in: "states", says: "guessing would hide it", store: build(&custom{
			judge: edited(func(a *guard.Advance, f *guard.Family) { a.Counter = min(a.Counter, f.Counter) }),
		})},
		{name: "counters are signed", in: "states", says: "Counters have 64 bits", store: build(&custom{
			judge: edited(func(a *guard.Advance, _ *guard.Family) {
				if int64(a.Counter) < 0 {
					a.Counter = 0
				}
			}),
		})},
		{name: "counters are bytes", in: "chain", says: "want Rotated", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				a.Counter &= 0x7f
				state := a.Judge(f)
				f.Counter &= 0x7f
				return state
			},
		})},
		{name: "old ones are forgotten", in: "chain", says: "every older token is known", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				if a.Counter+100 < f.Counter {
					return guard.Unknown
				}
				return a.Judge(f)
			},
		})},
		{name: "a stranger ends the family", in: "refused", says: "A stranger's copy must not log the user out", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				state := a.Judge(f)
				f.Revoked = f.Revoked || state == guard.Mismatched
				return state
			},
		})},
		{name: "the client is asked before the end", in: "refused", says: "Judge looks at the end first", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				if !f.Revoked && a.ClientID != f.ClientID {
					return guard.Mismatched
				}
				return a.Judge(f)
			},
		})},
		{name: "what has ended is an alarm", in: "refused", says: "What has ended needs no alarm", store: build(&custom{
			judge: edited(func(a *guard.Advance, f *guard.Family) {
				if a.Counter < f.Counter {
					f.Expires, f.Idle = a.Now.Add(1), 0
				}
			}),
		})},
		{name: "the grace time is a moment longer", in: "bounds", says: "not a moment later", store: build(&custom{
			judge: edited(func(a *guard.Advance, _ *guard.Family) {
				if a.Grace > 0 {
					a.Grace += ms
				}
			}),
		})},
		{name: "no grace is some", in: "bounds", says: "A grace that is zero is none, also where clocks differ", store: build(&custom{
			judge: edited(func(a *guard.Advance, _ *guard.Family) { a.Grace = max(a.Grace, 1) }),
		})},
		{name: "clocks may not differ", in: "bounds", says: "Processes share the Store and not a clock", store: build(&custom{
			judge: edited(func(a *guard.Advance, f *guard.Family) {
				if a.Now.Before(f.Rotated) {
					a.Grace = 0
				}
			}),
		})},
		{name: "idle is a moment less", in: "bounds", says: "Idle is the longest time", store: build(&custom{
			judge: edited(func(_ *guard.Advance, f *guard.Family) {
				if f.Idle > 0 {
					f.Idle -= ms
				}
			}),
		})},
		{name: "idle counts from the login", in: "bounds", says: "begins the idle time anew", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				if f.Idle > 0 && a.Now.Sub(f.Created) > f.Idle {
					return guard.Expired
				}
				return a.Judge(f)
			},
		})},
		{name: "idle is for ever", in: "bounds", says: "Idle is the longest time", store: build(&custom{
			judge: edited(func(_ *guard.Advance, f *guard.Family) { f.Idle = 0 }),
		})},
		{name: "the end never comes", in: "bounds", says: "A family ends at Expires", store: build(&custom{
			judge: edited(func(a *guard.Advance, f *guard.Family) { f.Expires = a.Now.Add(1) }),
		})},
		{name: "a retry is a theft", in: "retry", says: "The answer may have been lost", store: build(&custom{
			judge: edited(func(a *guard.Advance, _ *guard.Family) { a.Grace = 0 }),
		})},
		{name: "a retry lengthens the grace", in: "retry", says: "A retry must not lengthen the grace time", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				state := a.Judge(f)
				if state == guard.Retried {
					f.Rotated = a.Now
				}
				return state
			},
		})},
		{name: "a grandparent is a parent", in: "retry", says: "Only the immediate parent may be repeated", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				if a.Counter+2 == f.Counter && !f.Revoked {
					return guard.Retried
				}
				return a.Judge(f)
			},
		})},
		{name: "reuse goes on", in: "retry", says: "makes its theft invisible", store: build(&custom{
			judge: edited(func(a *guard.Advance, _ *guard.Family) { a.Grace = 1000 * time.Hour }),
		})},
		{name: "reuse ends nothing", in: "reuse", says: "want Reused and revoked", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				was := f.Revoked
				state := a.Judge(f)
				f.Revoked = was
				return state
			},
		})},
		{name: "reuse is found for ever", in: "reuse", says: "a reuse is found once", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				if f.Revoked && a.Counter < f.Counter {
					return guard.Reused
				}
				return a.Judge(f)
			},
		})},
		{name: "reuse leaves access tokens", in: "reuse", says: "access tokens would go on working", store: build(&custom{
			reused: func(*custom, guard.Advance, guard.Family) error { return nil },
		})},
		{name: "reuse ends too soon", in: "reuse", says: "before the last access token does", store: build(&custom{
			reused: func(c *custom, a guard.Advance, f guard.Family) error {
				return c.Store.Revoke(context.Background(), guard.Revocation{Session: f.ID, Until: a.Now.Add(time.Minute)})
			},
		})},
		{name: "reuse ends all logins", in: "reuse", says: "only the family in question ends", store: build(&custom{
			reused: func(c *custom, a guard.Advance, f guard.Family) error {
				c.Store.Revoke(context.Background(), guard.Revocation{Session: f.ID, Until: a.Now.Add(f.Access)})
				return c.revokeRight(context.Background(), guard.Revocation{Subject: f.Subject, Before: a.Now, Until: a.Now.Add(f.Access)})
			},
		})},
		{name: "not one step", in: "once", says: "is not one step", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				state := a.Judge(f)
				if state == guard.Retried {
					return guard.Rotated
				}
				return state
			},
		})},
		{name: "finding and revoking are two steps", in: "reused once", says: "finding and revoking is one step", store: build(&custom{
			judge: func(a guard.Advance, f *guard.Family) guard.State {
				state := a.Judge(f)
				if state == guard.Revoked {
					return guard.Reused
				}
				return state
			},
		})},

		// Revoke
		{name: "who logged out comes back", in: "revoke", says: "who was logged out would come back", store: build(&custom{
			revoke: func(c *custom, ctx context.Context, r guard.Revocation) error { return c.Store.Revoke(ctx, r) },
		})},
		{name: "once only", in: "revoke", says: "doing so twice is doing it once", store: build(&custom{
			revoke: func() func(*custom, context.Context, guard.Revocation) error {
				var mu sync.Mutex
				seen := make(map[string]bool)
				return func(c *custom, ctx context.Context, r guard.Revocation) error {
					mu.Lock()
					defer mu.Unlock()
					name := fmt.Sprint(r.Identity, r.JTI, r.Session, r.Subject, r.KeyID)
					if seen[name] {
						return errors.New("duplicate key")
					}
					seen[name] = true
					return c.revokeRight(ctx, r)
				}
			}(),
		})},
		{name: "sessions must be families", in: "revoke", says: "kept for the access tokens all the same", store: build(&custom{
			revoke: func(c *custom, ctx context.Context, r guard.Revocation) error {
				c.mu.Lock()
				_, ok := c.families[r.Session]
				c.mu.Unlock()
				if r.Session != "" && !ok {
					return errors.New("no such family")
				}
				return c.revokeRight(ctx, r)
			},
		})},
		{name: "a jti ends a family", in: "revoke", says: "look like its family", store: build(&custom{
			revoke: func(c *custom, ctx context.Context, r guard.Revocation) error {
				c.mu.Lock()
				if f := c.families[r.JTI]; f != nil {
					f.Revoked = true
				}
				c.mu.Unlock()
				return c.revokeRight(ctx, r)
			},
		})},
		{name: "nothing is checked", in: "revoke", says: "what Revocation.Check refuses must not be stored", store: build(&custom{
			revoke: func(c *custom, ctx context.Context, r guard.Revocation) error {
				if r.Check() != nil {
					return nil
				}
				return c.revokeRight(ctx, r)
			},
		})},
		{name: "the last one counts", in: "revoke twice", says: "a second revocation can only lengthen the first", store: func() guard.Store {
			var mu sync.Mutex
			until := make(map[string]time.Time)
			return build(&custom{
				revoke: func(c *custom, ctx context.Context, r guard.Revocation) error {
					mu.Lock()
					until[r.JTI] = r.Until
					mu.Unlock()
					return c.revokeRight(ctx, r)
				},
				changes: listed(func(list []guard.Revocation) []guard.Revocation {
					mu.Lock()
					defer mu.Unlock()
					for i := range list {
						list[i].Until = until[list[i].JTI]
					}
					return list
				}),
			})()
		}},
		{name: "a subject keeps its logins", in: "revoke subject", says: "It takes the families that were created up to Before", store: build(&custom{
			revoke: func(c *custom, ctx context.Context, r guard.Revocation) error {
				if r.Subject != "" {
					return c.Store.Revoke(ctx, r)
				}
				return c.revokeRight(ctx, r)
			},
		})},
		{name: "a subject loses the next login", in: "revoke subject", says: "It takes the families that were created up to Before", store: build(&custom{
			revoke: told(func(r *guard.Revocation) {
				if r.Subject != "" {
					r.Before = r.Before.Add(time.Minute)
				}
			}),
		})},
		{name: "a login that comes late slips through", in: "revoke subject", says: "stored only afterwards", store: build(&custom{
			revoke: func(c *custom, ctx context.Context, r guard.Revocation) error {
				defer func() {
					c.mu.Lock()
					defer c.mu.Unlock()
					clear(c.cuts)
				}()
				return c.revokeRight(ctx, r)
			},
		})},
		{name: "the zero Before is the year one", in: "revoke subject", says: "the zero Before is now", store: build(&custom{
			revoke: told(func(r *guard.Revocation) {
				if r.Subject != "" && r.Before.IsZero() {
					r.Before = time.Unix(0, 0)
				}
			}),
		})},
		{name: "subjects are prefixes", in: "revoke subject", says: "was revoked: state", store: build(&custom{
			revoke: func(c *custom, ctx context.Context, r guard.Revocation) error {
				c.mu.Lock()
				for _, f := range c.families {
					if r.Subject != "" && strings.HasPrefix(f.Subject, r.Subject) && !f.Created.After(r.Before) {
						f.Revoked = true
					}
				}
				c.mu.Unlock()
				return c.revokeRight(ctx, r)
			},
		})},

		// Changes
		{name: "revocations are lost", in: "changes", says: "would be accepted elsewhere", store: build(&custom{
			changes: listed(func([]guard.Revocation) []guard.Revocation { return nil }),
		})},
		{name: "newest first", in: "changes", says: "not oldest first", store: build(&custom{
			changes: listed(func(list []guard.Revocation) []guard.Revocation { slices.Reverse(list); return list }),
		})},
		{name: "everything each time", in: "changes", says: "every poll would read everything", store: build(&custom{
			changes: func(c *custom, ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
				if after != "" && strings.Trim(string(after), "0123456789") != "" {
					return nil, "", errors.New("no cursor")
				}
				return c.Store.Changes(ctx, "")
			},
		})},
		{name: "any cursor will do", in: "changes", says: "an empty answer would hide revocations", store: build(&custom{
			changes: func(c *custom, ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
				if list, next, err := c.Store.Changes(ctx, after); err == nil {
					return list, next, nil
				}
				return nil, after, nil
			},
		})},
		{name: "one reader for all", in: "changes", says: "would be accepted elsewhere", store: func() guard.Store {
			var mu sync.Mutex
			var place guard.Cursor
			return build(&custom{
				changes: func(c *custom, ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
					mu.Lock()
					defer mu.Unlock()
					list, next, err := c.Store.Changes(ctx, place)
					place = next
					return list, next, err
				},
			})()
		}},
		{name: "the cause is lost", in: "changes fields", says: "tokens are refused and recorded by what it says", store: build(&custom{
			changes: listed(func(list []guard.Revocation) []guard.Revocation {
				for i := range list {
					list[i].Cause = 0
				}
				return list
			}),
		})},
		{name: "never is 1970", in: "changes fields", says: "the zero time must stay the zero time", store: build(&custom{
			changes: listed(func(list []guard.Revocation) []guard.Revocation {
				for i := range list {
					if list[i].Until.IsZero() {
						list[i].Until = time.Unix(0, 0)
					}
				}
				return list
			}),
		})},
		{name: "times are nanoseconds in 64 bits", in: "changes fields", says: "tokens are refused and recorded by what it says", store: build(&custom{
			changes: listed(func(list []guard.Revocation) []guard.Revocation {
				for i := range list {
					if !list[i].Until.IsZero() {
						list[i].Until = time.Unix(0, list[i].Until.UnixNano())
					}
				}
				return list
			}),
		})},
		{name: "issuers are one", in: "changes fields", says: "one revocation hides another", store: build(&custom{
			changes: listed(func(list []guard.Revocation) []guard.Revocation {
				seen := make(map[string]bool)
				return slices.DeleteFunc(list, func(r guard.Revocation) bool {
					was := seen[r.JTI]
					seen[r.JTI] = r.JTI != ""
					return was
				})
			}),
		})},
		{name: "the first thousand", in: "changes snapshot", says: "left out", store: build(&custom{
			changes: listed(func(list []guard.Revocation) []guard.Revocation { return list[:min(len(list), 1000)] }),
		})},
		{name: "the place is taken too late", in: "changes meanwhile", says: "missed", store: build(&custom{
			changes: func(c *custom, ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
				list, _, err := c.Store.Changes(ctx, after)
				if err != nil {
					return nil, "", err
				}
				time.Sleep(50 * time.Microsecond) // others write
				_, next, err := c.Store.Changes(ctx, "")
				return list, next, err
			},
		})},

		// Watch
		{name: "nobody is told", in: "watch", says: "not told of a revoked jti before Revoke returned", store: build(&custom{
			watch: func(*custom, func(guard.Revocation)) func() { return func() {} },
		})},
		{name: "watchers are told later", in: "watch", says: "before Revoke returned", store: build(&custom{
			watch: func(c *custom, f func(guard.Revocation)) func() {
				return c.Store.(guard.Watcher).Watch(func(r guard.Revocation) { time.AfterFunc(time.Second, func() { f(r) }) })
			},
		})},
		{name: "reuse is told to nobody", in: "watch", says: "the thief's access token must be refused from then on", store: build(&custom{
			watch: func(c *custom, f func(guard.Revocation)) func() {
				return c.Store.(guard.Watcher).Watch(func(r guard.Revocation) {
					if r.Session == "" {
						f(r)
					}
				})
			},
		})},
		{name: "stop does not stop", in: "watch", says: "told of a revocation after stop", store: build(&custom{
			watch: func(c *custom, f func(guard.Revocation)) func() {
				c.Store.(guard.Watcher).Watch(f)
				return func() {}
			},
		})},
		{name: "what is refused is told", in: "watch", says: "not stored, because it names nothing", store: func() guard.Store {
			var hear func(guard.Revocation)
			return build(&custom{
				watch: func(c *custom, f func(guard.Revocation)) func() {
					hear = f
					return c.Store.(guard.Watcher).Watch(f)
				},
				revoke: func(c *custom, ctx context.Context, r guard.Revocation) error {
					if r.Check() != nil {
						hear(r)
					}
					return c.revokeRight(ctx, r)
				},
			})()
		}},
		{name: "the last watcher alone", in: "watch several", says: "each guard of a process has a copy of its own", store: func() guard.Store {
			var mu sync.Mutex
			var stop func()
			return build(&custom{
				watch: func(c *custom, f func(guard.Revocation)) func() {
					mu.Lock()
					defer mu.Unlock()
					if stop != nil {
						stop()
					}
					stop = c.Store.(guard.Watcher).Watch(f)
					return stop
				},
			})()
		}},
		{name: "one stop stops all", in: "watch several", says: "not told any more after another one stopped", store: func() guard.Store {
			var mu sync.Mutex
			stops := make(map[int]func())
			return build(&custom{
				watch: func(c *custom, f func(guard.Revocation)) func() {
					mu.Lock()
					defer mu.Unlock()
					stops[len(stops)] = c.Store.(guard.Watcher).Watch(f)
					return func() {
						mu.Lock()
						defer mu.Unlock()
						for stop := range maps.Values(stops) {
							stop()
						}
					}
				},
			})()
		}},

		// FamilyReader
		{name: "an old look", in: "family", says: "would be called active", store: func() guard.Store {
			return stale{build(&custom{})()}
		}},
		{name: "a look at nothing", in: "family", says: "want that there is none", store: func() guard.Store {
			return inventive{build(&custom{})()}
		}},

		// Contexts
		{name: "an ended context is an unknown token", in: "context", says: "A Store that was not asked must say so", store: func() guard.Store {
			return unasked{build(&custom{})()}
		}},
		{name: "an ended context is no change", in: "context", says: "A guard would take its copy for complete", store: func() guard.Store {
			return unasked{build(&custom{})()}
		}},
		{name: "an ended context is a revocation", in: "context", says: "Whoever logged out would be told that it was done", store: func() guard.Store {
			return unasked{build(&custom{})()}
		}},
		{name: "an ended context is a family", in: "context", says: "Its refresh token would never work", store: func() guard.Store {
			return unasked{build(&custom{})()}
		}},
		{name: "contexts never end", in: "context", says: "a request would hang with it", store: build(&custom{
			ended: deaf,
			changes: func(c *custom, ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
				if ctx.Err() != nil {
					select {}
				}
				return c.Store.Changes(ctx, after)
			},
		})},
	}
}

// stale reads families as they were created.
type stale struct{ guard.Store }

func (s stale) Family(ctx context.Context, id string) (guard.Family, bool, error) {
	f, ok, err := s.Store.(guard.FamilyReader).Family(ctx, id)
	f.Revoked = false
	return f, ok, err
}

// inventive finds everything.
type inventive struct{ guard.Store }

func (s inventive) Family(ctx context.Context, id string) (guard.Family, bool, error) {
	f, _, err := s.Store.(guard.FamilyReader).Family(ctx, id)
	return f, true, err
}

// unasked answers no where it did not ask.
type unasked struct{ guard.Store }

func (u unasked) Create(ctx context.Context, f guard.Family) error {
	if ctx.Err() != nil {
		return nil
	}
	return u.Store.Create(ctx, f)
}

func (u unasked) Advance(ctx context.Context, a guard.Advance) (guard.Outcome, error) {
	if ctx.Err() != nil {
		return guard.Outcome{}, nil
	}
	return u.Store.Advance(ctx, a)
}

func (u unasked) Revoke(ctx context.Context, r guard.Revocation) error {
	if ctx.Err() != nil {
		return nil
	}
	return u.Store.Revoke(ctx, r)
}

func (u unasked) Changes(ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	if ctx.Err() != nil {
		return nil, after, nil
	}
	return u.Store.Changes(ctx, after)
}
