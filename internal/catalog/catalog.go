// Package catalog names every weakness and every detection of jotsight: one id,
// one text, one set of references, used alike by scan, lint, the rules, reports,
// SARIF, the dashboard and the documentation. Ids are promises: never reused,
// never renamed. The package imports nothing of ours and its values never change.
package catalog

import (
	"cmp"
	"slices"
)

// An ID is the slug of an entry, such as "silent-verify-failure".
type ID string

// A Severity says how bad a finding is. Higher is worse, so severities compare
// with < and >.
type Severity int

const (
	None Severity = iota // informational
	Low
	Medium
	High
	Critical
)

var severityNames = []string{"none", "low", "medium", "high", "critical"}

func (s Severity) String() string {
	if s < None || s > Critical {
		return "none"
	}
	return severityNames[s]
}

// MarshalText writes the lower-case name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the lower-case name.
func (s *Severity) UnmarshalText(b []byte) error {
	v, err := ParseSeverity(string(b))
	*s = v
	return err
}

// A Side is a vantage point from which a weakness can be seen.
type Side uint8

const (
	Lint   Side = 1 << iota // the linter finds the line
	Scan                    // the scanner proves it from outside, or from the log side
	Detect                  // a detection fires when it is exploited
)

// A Weakness is one way in which a service can be wrong about its tokens.
type Weakness struct {
	ID       ID
	Title    string // a sentence without full stop: "A rotated refresh token works again"
	Group    string // heading under which documents list it
	Sides    Side
	Severity Severity
	CWE      []int
	Why      string // what it costs, in a few sentences, for somebody who has never met it
	Fix      string // what to do, concretely; with guard where guard does it
	Refs     Refs
	// Detections that fire when it is exploited or that belong to it.
	Detections []ID
}

// A Detection is a rule that we ship: what it sees and what to do about it. How
// it counts stands in rules/<id>.yml alone.
type Detection struct {
	ID       ID
	Title    string
	Severity Severity
	When     string   // what makes it fire, with the default figures
	Benign   []string // known harmless causes
	Playbook string   // what to do when it fires
	Refs     Refs
}

// Weaknesses lists every weakness, by id.
func Weaknesses() []Weakness { return sorted(weaknesses, func(w Weakness) ID { return w.ID }) }

// Detections lists every detection, by id.
func Detections() []Detection { return sorted(detections, func(d Detection) ID { return d.ID }) }

// WeaknessOf finds a weakness.
func WeaknessOf(id ID) (Weakness, bool) {
	return find(weaknesses, func(w Weakness) bool { return w.ID == id })
}

// DetectionOf finds a detection.
func DetectionOf(id ID) (Detection, bool) {
	return find(detections, func(d Detection) bool { return d.ID == id })
}

func sorted[T any](list []T, id func(T) ID) []T {
	return slices.SortedFunc(slices.Values(list), func(a, b T) int { return cmp.Compare(id(a), id(b)) })
}

func find[T any](list []T, is func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	return found, false
}
