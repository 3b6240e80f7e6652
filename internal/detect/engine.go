// Package detect turns a stream of events into alerts by the rules of package
// rule. It is a deterministic function of the events and ticks that it is given,
// in their order: it has no clock, no goroutine, no file, no network and no
// configuration but its own, so that a replayed file and live traffic give the
// same alerts.
//
// # Time
//
// Time is the events' own. An event may arrive out of order: within the lateness
// of a rule it counts as if it had come in order, and an alert fires at once, not
// when the lateness has passed. The one thing that depends on the order of
// arrival is which 1,000 verifications rate.fail_ratio is about.
//
// # Memory
//
// However many services, addresses, tokens and subjects an attacker invents,
// state stays within its bound, and whoever crosses a threshold is still found:
// see cells and gate. What can no longer be told exactly raises an alert of its
// own, state-saturated.
package detect

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/rule"
)

// A Config is what may differ between engines. The zero Config is right for one
// machine.
type Config struct {
	// Seed keys the hashes of the state, so that nobody can craft keys that
	// collide. 0 draws one. It does not show in alerts, and Restore brings its own.
	Seed uint64

	// Lateness is how late an event may come and still count as if in order,
	// unless a rule says otherwise. 0 is 5 s.
	Lateness time.Duration

	// CellBytes bounds the exact state of each correlation, and GateBytes the
	// approximate state behind it of each length of window; the latter is taken
	// only when the former is full. 0 is 4 MiB and 8 MiB.
	CellBytes, GateBytes int

	// MaxActive bounds the active alerts of each detection; groups beyond it
	// share one alert, marked Rollup. 0 is 1,000.
	MaxActive int

	// Ended, if set, is given each alert for the last time when its cooldown has
	// passed. It may be called from within Process and Tick.
	Ended func(Alert)
}

// maxAhead is how far an event may be ahead of the time at which it was taken in
// before its clock is not believed.
const maxAhead = 60 * time.Second

// Stats counts what an engine has met since it was made, or restored.
type Stats struct {
	Events      int64 // events processed
	Late        int64 // behind the watermark of their service
	Lost        int64 // so late that a window could not count them
	Clamped     int64 // ahead of the time at which they were taken in, and set back
	Ungrouped   int64 // not counted by a correlation, for want of a field of its group
	Approximate int64 // counted by the gate alone
	Saturated   int64 // not counted: even the gate was full
	Alerts      int64 // alerts raised, repeats not counted
}

// An Engine runs rules over events. It belongs to one goroutine.
type Engine struct {
	seed      uint64
	config    Config
	detection []*detection
	units     []*unit
	byKind    [64][]*predicate
	gates     map[time.Duration]*gate
	evidence  evidence
	active    map[activeKey]*active
	sources   map[string]*source
	saturated *unit
	now       int64 // the newest event time or tick
	swept     int64
	turn      uint64 // counts events, so that one counts once for an alert
	stats     Stats
}

// A detection is all units that raise alerts under one slug.
type detection struct {
	slug   string
	units  int // how many
	active int // how many alerts are
}

// A unit is one rule that can raise alerts.
type unit struct {
	rule  *rule.Rule
	det   *detection
	bit   uint64 // its own, within the detection
	salt  uint64
	keys  []string // of the group's labels
	cells *cells   // nil for "the first one"
	gate  *gate
	least int64 // count from which the gate gives a cell
}

// A predicate is a plain rule with what follows from it.
type predicate struct {
	match   rule.Match
	actions []action
}

type action struct {
	unit  *unit
	group []groupField
}

type groupField struct {
	field   *event.Field
	salt    uint64
	address bool
}

// New makes an engine for rules. It gives an error if two of them have one name.
func New(rules []*rule.Rule, c Config) (*Engine, error) {
	if c.Seed == 0 {
		var b [8]byte
		rand.Read(b[:])
		c.Seed = binary.LittleEndian.Uint64(b[:]) | 1
	}
	if c.Lateness == 0 {
		c.Lateness = 5 * time.Second
	}
	if c.CellBytes == 0 {
		c.CellBytes = 4 << 20
	}
	if c.GateBytes == 0 {
		c.GateBytes = 8 << 20
	}
	if c.MaxActive == 0 {
		c.MaxActive = 1000
	}
	e := &Engine{
		seed: c.Seed, config: c,
		gates:   map[time.Duration]*gate{},
		active:  map[activeKey]*active{},
		sources: map[string]*source{},
	}
	return e, e.compile(rules)
}

func (e *Engine) compile(rules []*rule.Rule) error {
	names := map[string]bool{}
	predicates := map[*rule.Rule]*predicate{}
	// In the order of the rules, whether a rule raises alerts itself, is counted
	// by others, or both.
	act := func(r *rule.Rule, a action) {
		p := predicates[r]
		if p == nil {
			p = &predicate{match: r.Match}
			predicates[r] = p
			for _, k := range event.Kinds() {
				if r.Kinds.Has(k) {
					e.byKind[k] = append(e.byKind[k], p)
				}
			}
		}
		p.actions = append(p.actions, a)
	}
	for _, r := range rules {
		if names[r.Name] {
			return fmt.Errorf("rule %q: twice", r.Name)
		}
		names[r.Name] = true
		if r.Silent {
			continue
		}
		u, err := e.unit(r)
		if err != nil {
			return err
		}
		if r.Correlation == nil {
			act(r, action{u, e.group(r.Hints.Group)})
			continue
		}
		for _, p := range r.Correlation.Of {
			act(p.Rule, action{u, e.group(p.Group)})
		}
	}
	self := &rule.Rule{
		Name: string(catalog.StateSaturated), Detection: string(catalog.StateSaturated),
		Version: "1", Hints: rule.Hints{Cooldown: rule.DefaultCooldown},
	}
	if d, ok := catalog.DetectionOf(catalog.StateSaturated); ok {
		self.Title, self.Level = d.Title, d.Severity
	}
	var err error
	if e.saturated, err = e.unit(self); err == nil {
		e.saturated.keys = []string{"rule"}
	}
	return err
}

func (e *Engine) unit(r *rule.Rule) (*unit, error) {
	u := &unit{rule: r}
	u.reseed(e.seed)
	for _, d := range e.detection {
		if d.slug == r.Detection {
			u.det = d
		}
	}
	if u.det == nil {
		u.det = &detection{slug: r.Detection}
		e.detection = append(e.detection, u.det)
	}
	if u.det.units == 64 {
		return nil, fmt.Errorf("detection %q: more than 64 rules", r.Detection)
	}
	u.bit = 1 << u.det.units
	u.det.units++
	e.units = append(e.units, u)
	c := r.Correlation
	if c == nil {
		for _, f := range r.Hints.Group {
			u.keys = append(u.keys, f.Key)
		}
		return u, nil
	}
	u.keys = c.Keys
	if c.Min == 1 && c.Type == rule.EventCount && c.Max == 0 {
		return u, nil
	}
	lateness := r.Hints.Lateness
	if lateness == 0 {
		lateness = e.config.Lateness
	}
	u.cells = newCells(c, lateness, e.config.CellBytes)
	u.least = min(4, c.Min)
	if c.Type == rule.ValueCount {
		u.least = min(2, c.Min)
	}
	if u.gate = e.gates[c.Window]; u.gate == nil {
		u.gate = &gate{window: int64(c.Window), size: e.config.GateBytes}
		e.gates[c.Window] = u.gate
	}
	return u, nil
}

func (u *unit) reseed(seed uint64) { u.salt = xxh3.HashStringSeed(u.rule.Name, seed) }

func (e *Engine) group(fields []*event.Field) []groupField {
	var list []groupField
	for _, f := range fields {
		// The labels' names are part of the key, by way of the field: two rules of
		// one detection that group by different fields never share an alert.
		list = append(list, groupField{f, xxh3.HashString(f.Key), f.Key == "client.address"})
	}
	return list
}

// Process takes the next event. It may correct e.Time and sets the features that
// the engine computes; it keeps nothing of ev. emit is called for each alert that
// fires, grows tenfold or escalates.
func (e *Engine) Process(ev *event.Event, emit func(Alert)) {
	e.stats.Events++
	e.turn++
	if !ev.Observed.IsZero() && ev.Time.Sub(ev.Observed) > maxAhead {
		ev.Time, ev.ClockClamped = ev.Observed, true
		e.stats.Clamped++
	}
	t := nanos(ev.Time)
	e.advance(t)
	s := e.source(ev.ServiceName)
	if t < s.newest-int64(e.config.Lateness) {
		e.stats.Late++
	}
	s.newest = max(s.newest, t)
	s.enrich(ev)
	if int(ev.Kind) >= len(e.byKind) {
		return
	}
	for _, p := range e.byKind[ev.Kind] {
		if !p.match(ev) {
			continue
		}
		for i := range p.actions {
			e.take(&p.actions[i], ev, t, emit)
		}
	}
}

// Tick says that time has passed without events, as told by the log of events.
func (e *Engine) Tick(now time.Time, emit func(Alert)) { e.advance(nanos(now)) }

// Stats gives the counters.
func (e *Engine) Stats() Stats { return e.stats }

// advance moves the engine's time, which only decides what may be forgotten.
func (e *Engine) advance(t int64) {
	e.now = max(e.now, t)
	if e.now-e.swept > int64(10*time.Second) {
		e.swept = e.now
		e.sweep()
	}
}

func (e *Engine) source(name string) *source {
	s := e.sources[name]
	if s != nil {
		return s
	}
	s = &source{name: strings.Clone(name)}
	if len(e.sources) >= maxSources {
		const others = "\x00" // no service can have this name: it does not pass a decoder unescaped
		if s = e.sources[others]; s != nil {
			return s
		}
		s = &source{name: others, shared: true}
	}
	e.sources[s.name] = s
	return s
}

// take counts one event that a rule has matched.
func (e *Engine) take(a *action, ev *event.Event, t int64, emit func(Alert)) {
	u := a.unit
	key, whole := e.key(a.group, ev)
	if u.cells == nil {
		if u.rule.Correlation != nil && !whole {
			e.stats.Ungrouped++
			return
		}
		e.fire(hit{u: u, key: key, ev: ev, group: a.group, first: t, fired: t, last: t, count: ev.Weight(), seen: ev.Weight()}, emit)
		return
	}
	if !whole {
		e.stats.Ungrouped++
		return
	}
	val, weight, ok := u.weigh(ev, e.seed)
	if !ok {
		e.stats.Ungrouped++
		return
	}
	h := key ^ u.salt
	if h == 0 {
		h = 1
	}
	c := u.cells
	i, filled := e.cell(u, h, weight, emit)
	if i < 0 {
		return
	}
	if t <= c.horizon(i) {
		// Nothing of its time is left to join. It counts for when it came in,
		// if that is known: hiding behind a slow clock must not pay.
		if t = nanos(ev.Observed); ev.Observed.IsZero() || t <= c.horizon(i) {
			e.stats.Lost++
			return
		}
	}
	c.met[i] = e.now
	// What came before without a cell is taken to have come at the greatest pace
	// that is allowed: who is slower has room for the error, who is faster is found.
	for k := filled; k > 0; k-- {
		c.insert(i, t-k*c.window/(c.min-1), 1)
	}
	pos, fresh := c.insert(i, t, val)
	if fresh || !c.distinct {
		c.seen[i] = e.evidence.add(h, t, ev.ID, c.seen[i])
	}
	x := hit{u: u, key: key, ev: ev, group: a.group, first: t, last: t, seen: ev.Weight()}
	if c.distinct {
		x.seen = 0
		if fresh {
			x.seen = 1
		}
	}
	if u.det.active > 0 && e.grow(&x, emit) {
		return
	}
	first, fired, count, ok := c.crossing(i, pos)
	if !ok {
		return
	}
	x.first, x.fired, x.count = first, fired, count
	x.last = c.at[i*c.size+int(c.used[i])-1]
	x.events = e.evidence.since(h, c.seen[i], first)
	e.fire(x, emit)
}

// weigh gives what an event adds to a cell: its weight, or the hash of its value.
func (u *unit) weigh(ev *event.Event, seed uint64) (val uint32, weight int64, ok bool) {
	c := u.rule.Correlation
	if c.Type == rule.ValueCount {
		h := seed
		for _, f := range c.Fields {
			if h, ok = hashField(groupField{field: f, address: f.Key == "client.address"}, ev, h); !ok {
				return 0, 0, false
			}
		}
		return uint32(h >> 32), 1, true
	}
	weight = ev.Weight()
	if span := int64(c.Window / time.Second); ev.Window > span && span > 0 {
		// The record stands for more time than the window: take its even share.
		weight = max(1, int64(float64(weight)*float64(span)/float64(ev.Window)))
	}
	weight = min(weight, 1<<31)
	return uint32(weight), weight, true
}

// cell gives the cell of a key, or -1 while the key is not worth one. filled is
// what the key has counted before without a cell, at most.
func (e *Engine) cell(u *unit, h uint64, weight int64, emit func(Alert)) (i int, filled int64) {
	c := u.cells
	if i = c.find(h); i >= 0 {
		return i, 0
	}
	if i = c.place(h, e.now); i >= 0 {
		if u.gate.gen[0] == nil || u.rule.Hints.Exact {
			return i, 0 // nothing was ever turned away
		}
	} else if u.rule.Hints.Exact {
		e.stats.Saturated++
		e.saturate(u, emit)
		return -1, 0
	}
	bound := u.gate.add(h, weight, e.now)
	if u.gate.full() {
		e.saturate(u, emit)
	}
	if i < 0 {
		if bound < u.least && weight < u.least {
			e.stats.Approximate++
			return -1, 0
		}
		least, count := c.least(h)
		if count >= max(bound, weight) {
			// All of the bucket have happened at least as often.
			e.stats.Saturated++
			e.saturate(u, emit)
			return -1, 0
		}
		if count >= u.least {
			count -= u.least - 1 // with which it came in: the gate has that
		}
		u.gate.add(c.hash[least], count, e.now)
		c.reset(least, h, e.now)
		i = least
	}
	if c.distinct {
		return i, 0
	}
	// What the gate says beyond this event. Admission comes with count least at
	// the latest, so that more is the doing of keys that share its counters.
	return i, max(0, min(bound-weight, u.least-1))
}

// key hashes the group of an event, and reports whether it is whole.
func (e *Engine) key(group []groupField, ev *event.Event) (h uint64, whole bool) {
	h, whole = e.seed, true
	for _, g := range group {
		next, ok := hashField(g, ev, h^g.salt)
		if !ok {
			whole = false
			continue
		}
		h = next
	}
	return h, whole
}

// nanos gives the time in nanoseconds, within the years that an int64 can hold.
func nanos(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < 0:
		return 0
	case s > 9e9:
		return 9e18
	}
	return t.UnixNano()
}

var errState = errors.New("state: damaged")
