package detect

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"slices"
	"strings"
	"time"
)

// stateVersion changes with the form of the state. One that is not understood is
// refused: the caller then starts empty and replays the log.
const stateVersion = 1

// state is everything that an engine remembers, in an order that depends on
// nothing but the events.
type state struct {
	Version    int
	Seed       uint64
	Now, Swept int64
	Stats      Stats
	Sources    []sourceState
	Units      []unitState
	Gates      []gateState
	Ring       []proof
	Next       uint32
	Active     []activeState
}

type sourceState struct {
	Name   string
	Newest int64
	Shared bool
	Ratio  ring
}

// unitState holds the cells in use, one after the other, and where they stood:
// which of them is given up first depends on it.
type unitState struct {
	Name, Shape string
	Cells       int // of the table
	Place       []int32
	Hash        []uint64
	Met         []int64
	Used        []uint16
	Seen        []uint32
	At          []int64
	Val         []uint32
}

type gateState struct {
	Window  time.Duration
	Index   int64
	Keys    int64
	Noise   int64
	Current []uint64
	Before  []uint64
}

type activeState struct {
	Key   activeKey
	Alert active
}

// Checkpoint gives the whole state, the seed included, so that an engine that is
// restored from it and given the events that followed does what this one does.
// The state is secret: with the seed, keys could be made to collide.
func (e *Engine) Checkpoint() ([]byte, error) {
	s := state{
		Version: stateVersion, Seed: e.seed, Now: e.now, Swept: e.swept, Stats: e.stats,
		Ring: e.evidence.ring, Next: e.evidence.next,
	}
	for _, src := range e.sources {
		s.Sources = append(s.Sources, sourceState{src.name, src.newest, src.shared, src.ratio})
	}
	slices.SortFunc(s.Sources, func(a, b sourceState) int { return strings.Compare(a.Name, b.Name) })
	for _, u := range e.units {
		if u.cells != nil {
			s.Units = append(s.Units, u.cells.save(u.rule.Name))
		}
	}
	for window, g := range e.gates {
		s.Gates = append(s.Gates, gateState{window, g.index, g.keys, g.noise, g.gen[0], g.gen[1]})
	}
	slices.SortFunc(s.Gates, func(a, b gateState) int { return int(a.Window - b.Window) })
	for k, a := range e.active {
		s.Active = append(s.Active, activeState{k, *a})
	}
	slices.SortFunc(s.Active, func(a, b activeState) int { return a.Alert.Alert.Compare(b.Alert.Alert) })
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(&s); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return b.Bytes(), nil
}

// Restore replaces the state of the engine by one that Checkpoint gave. Rules
// that count otherwise than they did then start empty. After an error the engine
// is as it was.
func (e *Engine) Restore(b []byte) error {
	var s state
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if s.Version != stateVersion {
		return fmt.Errorf("state: of version %d, not %d", s.Version, stateVersion)
	}
	if len(s.Ring) > proofs {
		return errState
	}
	for i := range s.Sources {
		if !s.Sources[i].Ratio.sound() {
			return errState
		}
	}
	saved := map[string]*unitState{}
	for i := range s.Units {
		if !s.Units[i].sound() {
			return errState
		}
		saved[s.Units[i].Name] = &s.Units[i]
	}
	e.seed, e.now, e.swept, e.stats = s.Seed, s.Now, s.Swept, s.Stats
	e.evidence = evidence{ring: s.Ring, next: s.Next}
	clear(e.sources)
	for _, src := range s.Sources {
		e.sources[src.Name] = &source{name: src.Name, newest: src.Newest, shared: src.Shared, ratio: src.Ratio}
	}
	for _, u := range e.units {
		u.reseed(e.seed)
		if u.cells == nil {
			continue
		}
		u.cells.make(16 * ways)
		if have := saved[u.rule.Name]; have != nil && have.Shape == u.cells.shape() {
			u.cells.load(have)
		}
	}
	for _, g := range e.gates {
		*g = gate{window: g.window, size: g.size}
	}
	for _, have := range s.Gates {
		if g := e.gates[have.Window]; g != nil && g.size/2/64*8 == len(have.Current) && len(have.Current) == len(have.Before) {
			g.index, g.keys, g.noise, g.gen = have.Index, have.Keys, have.Noise, [2][]uint64{have.Current, have.Before}
		} else if g != nil {
			g.index = have.Index
		}
	}
	clear(e.active)
	known := e.known()
	for _, d := range known {
		d.active = 0
	}
	for _, have := range s.Active {
		a := have.Alert
		if a.det = known[have.Key.Detection]; a.det == nil {
			continue // its rule is gone
		}
		if a.Alert.Group == nil {
			a.Alert.Group = Labels{}
		}
		if a.Alert.Events == nil {
			a.Alert.Events = []string{}
		}
		a.det.active++
		e.active[have.Key] = &a
	}
	return nil
}

// shape names what the content of the cells depends on.
func (t *cells) shape() string {
	return fmt.Sprint(t.window, t.late, t.min, t.max, t.distinct, t.quantum, t.size)
}

func (t *cells) save(name string) unitState {
	s := unitState{Name: name, Shape: t.shape(), Cells: len(t.hash)}
	for i, h := range t.hash {
		n := int(t.used[i])
		if h == 0 {
			continue
		}
		s.Place, s.Hash = append(s.Place, int32(i)), append(s.Hash, h)
		s.Met, s.Used, s.Seen = append(s.Met, t.met[i]), append(s.Used, t.used[i]), append(s.Seen, t.seen[i])
		s.At = append(s.At, t.at[i*t.size:][:n]...)
		s.Val = append(s.Val, t.val[i*t.size:][:n]...)
	}
	return s
}

// sound reports whether the parts of the state agree with each other.
func (s *unitState) sound() bool {
	n := 0
	for i, used := range s.Used {
		n += int(used)
		if i >= len(s.Place) || s.Place[i] < 0 || int(s.Place[i]) >= s.Cells {
			return false
		}
	}
	const most = 1 << 26 // far beyond what a cell budget in memory allows
	return s.Cells <= most && len(s.Place) == len(s.Used) && len(s.Hash) == len(s.Used) && len(s.Met) == len(s.Used) && len(s.Seen) == len(s.Used) &&
		len(s.At) == n && len(s.Val) == n && s.Cells >= ways && s.Cells&(s.Cells-1) == 0
}

// load takes the cells of a table of the same shape. If it was larger than this
// one may become, they stand where there is room, and the rest are given up.
func (t *cells) load(s *unitState) {
	exact := s.Cells <= t.limit
	if exact {
		t.make(s.Cells)
	}
	at := 0
	for i, h := range s.Hash {
		n := int(s.Used[i])
		cell := int(s.Place[i])
		if !exact {
			cell = t.place(h, 0)
		}
		if cell >= 0 && n <= t.size {
			t.fill(cell, h, s.Met[i], s.Seen[i], s.At[at:at+n], s.Val[at:])
		}
		at += n
	}
}
