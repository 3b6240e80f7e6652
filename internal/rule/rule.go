// Package rule reads detections written in Sigma (specification 2.1) and
// compiles them to closures over the fields of an event. It has no state and no
// clock: what counts over time is described here and counted by package detect.
//
// What is understood: detections (maps, lists of maps, keywords) with every
// modifier except expand, conditions, and the correlations event_count and
// value_count over sliding windows. Whatever else the specification has
// (filters, the other five correlations, correlations of correlations) is
// refused when loading, like every unknown field, modifier or hint, with the
// file, line and column at fault: a rule that cannot fire as it was meant is
// worse than none.
package rule

import (
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// A Rule is one document of a rule file, compiled. It does not change once it is
// loaded and may be used from many goroutines.
type Rule struct {
	Name        string // unique among the loaded; other documents refer to it
	ID          string // UUID, for other tools
	Detection   string // the slug under which it raises alerts; several documents may share one
	Version     string // changes when what the detection means changes
	Title       string
	Description string
	Level       catalog.Severity
	Tags        []string
	Attack      []string // ATT&CK technique ids, from the tags: T1550.001
	Benign      []string // known causes that are no attack
	Playbook    string   // what to do about an alert
	File        string
	Line        int

	// Silent rules serve as parts of correlations and raise nothing themselves.
	Silent bool

	// Match and Kinds are the predicate of a plain rule: Match can be true only
	// for the kinds in Kinds. Both are unset when there is a Correlation.
	Match Match
	Kinds Kinds

	Correlation *Correlation
	Hints       Hints
}

// A Match says whether an event is what a detection describes.
type Match func(*event.Event) bool

// A Type is a type of correlation.
type Type uint8

const (
	EventCount Type = iota + 1 // how many events
	ValueCount                 // how many distinct values of Fields
)

// A Correlation counts the events of plain rules, apart for each group.
type Correlation struct {
	Type   Type
	Of     []Part
	Keys   []string       // names of the group's labels, in the order of group-by
	Fields []*event.Field // ValueCount: what is distinct, as a tuple
	Window time.Duration  // sliding; two events exactly Window apart are not in one
	Min    int64          // the least count that fires, at least 1
	Max    int64          // the greatest count that fires; 0 is no bound
}

// A Part is one plain rule that a correlation counts.
type Part struct {
	Rule  *Rule
	Group []*event.Field // the fields that fill Correlation.Keys
}

// Hints are what the top-level block "jotsight:" says, which other Sigma tools
// ignore. Zero times mean that the rule does not say.
type Hints struct {
	Group         []*event.Field // plain rules: events that agree in these share an alert
	Cooldown      time.Duration  // within it, one group raises one alert; 1h unless stated
	ResolveAfter  time.Duration  // quiet time that resolves an alert; for package alert
	Lateness      time.Duration  // how late an event may come and still count exactly
	MinSamples    int64          // correlations: no alert below this count
	Exact         bool           // never approximate; for keys that no attacker can invent
	Inhibits      []string       // slugs that are muted for the same entity; for package alert
	Escalate      []Escalation
	SeverityByEnv map[string]catalog.Severity // by deployment.environment.name
}

// An Escalation raises the level of an active alert when its count has reached
// At, or ten times what it fired with if At is 0.
type Escalation struct {
	At int64
	To catalog.Severity
}

// Kinds is a set of event kinds.
type Kinds uint64

const allKinds = ^Kinds(0)

// Has reports whether k is in the set.
func (s Kinds) Has(k event.Kind) bool { return s>>k&1 != 0 }

// DefaultCooldown is the cooldown of a rule that states none.
const DefaultCooldown = time.Hour
