// Package finding holds what scan and lint report: findings, the runs of checks
// with their verdicts, and the two grades. The JSON form is a promise, named
// "jotsight-report/1"; its schema stands in docs/.
//
// Reports obey the rules that they check: no token, signature or secret may be
// put into any field.
package finding

import (
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
)

// Schema names the JSON form of a Report.
const Schema = "jotsight-report/1"

// A Verdict is the result of one run of one check. Inconclusive is never a pass.
type Verdict string

const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive" // it ran, and the answer cannot be trusted
	Skipped      Verdict = "skipped"      // it could not run; Why says what it needs
)

// A Confidence says how sure a finding is.
type Confidence string

const (
	Certain   Confidence = "high"
	Firm      Confidence = "medium"
	Tentative Confidence = "low"
)

// A Finding is one weakness at one place.
type Finding struct {
	ID          catalog.ID       `json:"id"`
	Severity    catalog.Severity `json:"severity"`
	Confidence  Confidence       `json:"confidence"`
	Message     string           `json:"message"`
	Location    Location         `json:"location"`
	Related     []Related        `json:"related,omitempty"`
	Evidence    []string         `json:"evidence,omitempty"` // redacted
	References  []string         `json:"references,omitempty"`
	Fingerprint string           `json:"fingerprint"` // survives moved lines
	// Implied names the root cause that explains this finding. It is reported,
	// but not counted a second time.
	Implied    catalog.ID   `json:"implied,omitempty"`
	Suppressed *Suppression `json:"suppressed"`
}

// A Location is a place in code, or a route of a service.
type Location struct {
	Path     string `json:"path,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Function string `json:"function,omitempty"`
	Method   string `json:"method,omitempty"`
	Route    string `json:"route,omitempty"`
}

// Related is a further place that belongs to a finding: a step of a path
// through the code, or of an exchange.
type Related struct {
	Location
	Message string `json:"message"`
}

// A Suppression says why a finding does not fail a run. It hides nothing: the
// finding stays in every report and in the grade.
type Suppression struct {
	Reason string `json:"reason"`
	By     string `json:"by"`              // directive, baseline or configuration
	Until  string `json:"until,omitempty"` // its last day, as in 2027-01-31; empty: no end
}

// A Run is one check that was tried, with its verdict.
type Run struct {
	Check    string     `json:"check"`
	Weakness catalog.ID `json:"weakness"`
	Title    string     `json:"title,omitempty"`
	Verdict  Verdict    `json:"verdict"`
	Why      string     `json:"why"`
	Accepted bool       `json:"accepted"`
	Status   int        `json:"status,omitempty"`
	Requests int        `json:"requests,omitempty"`
	Seen     Seen       `json:"seen"`
	Alerted  Alerted    `json:"alerted"`
}

// A Tier says how well the log side saw an attack.
type Tier string

const (
	TierNone     Tier = "none"     // no line at all
	TierAccess   Tier = "access"   // nothing but the line that a good request gets too
	TierPartial  Tier = "partial"  // a record of the failure, with fields missing
	TierComplete Tier = "complete" // who, what, where and why
)

// Seen says what the log side held of a run's attack.
type Seen struct {
	Assessed      bool     `json:"assessed"`
	Tier          Tier     `json:"tier,omitempty"`
	Severity      string   `json:"severity,omitempty"` // level of the record
	Reason        string   `json:"reason,omitempty"`   // as recorded
	ReasonCorrect *bool    `json:"reason_correct,omitempty"`
	Missing       []string `json:"missing,omitempty"` // keys that a complete record would have
	Leak          bool     `json:"leak"`
	ForgedLine    bool     `json:"forged_line"`
	TimeToRecord  *float64 `json:"time_to_record_ms,omitempty"`
	Why           string   `json:"why,omitempty"` // why it was not assessed
}

// Alerted says what the alert side made of it.
type Alerted struct {
	Assessed    bool     `json:"assessed"`
	Fired       bool     `json:"fired"`
	TimeToAlert *float64 `json:"time_to_alert_ms,omitempty"`
	Alerts      int      `json:"alerts,omitempty"`
	Why         string   `json:"why,omitempty"`
}

// A Grade is one of the two marks. Score is 0 to 100.
type Grade struct {
	Assessed   bool        `json:"assessed"`
	Letter     string      `json:"letter,omitempty"`
	Score      int         `json:"score"`
	Deductions []Deduction `json:"deductions,omitempty"`
	Basis      string      `json:"basis,omitempty"` // how much was tried: a grade of few checks is worth little
	Why        string      `json:"why,omitempty"`   // why it was not assessed
}

// A Deduction is one reason for points lost.
type Deduction struct {
	ID     catalog.ID `json:"id"`
	Points int        `json:"points"`
	Why    string     `json:"why"`
}

// Grades are the two marks of a service: were attacks refused, and were they seen?
type Grades struct {
	Rubric     string `json:"rubric"` // version of the rules by which points are taken
	Protection Grade  `json:"protection"`
	Visibility Grade  `json:"visibility"`
}

// Stats are the sizes of what was looked at.
type Stats struct {
	Files      int   `json:"files"`
	Lines      int   `json:"lines"`
	Requests   int   `json:"requests"`
	DurationMS int64 `json:"duration_ms"`
	// How long attacks took to be recorded and to be alerted; nil: none was.
	TimeToRecord *Spread `json:"time_to_record,omitempty"`
	TimeToAlert  *Spread `json:"time_to_alert,omitempty"`
	Code         *Code   `json:"code,omitempty"` // of lint alone
}

// Code says what a lint read, and how much of it could not be told.
type Code struct {
	Languages  []Language `json:"languages"` // by name
	Functions  int        `json:"functions"`
	Routes     int        `json:"routes"`
	Operations int        `json:"operations"` // places where something happens to a token
	Calls      int        `json:"calls"`
	Unresolved int        `json:"unresolved"` // calls whose target is not known: nothing is guessed of them
	Unsure     int        `json:"unsure"`     // ways out that lead into code that is not there, and are not judged
	Cut        int        `json:"cut"`        // walks that met a bound
	Skipped    []Omitted  `json:"skipped"`    // by reason
}

// A Language is how much of one language was read.
type Language struct {
	Name  string `json:"name"`
	Files int    `json:"files"`
	Lines int    `json:"lines"`
}

// Omitted are files that were not read, or not as others are, for one reason.
type Omitted struct {
	Why   string   `json:"why"` // binary, generated, huge, minified, broken, symlink, unreadable, ...
	Count int      `json:"count"`
	Names []string `json:"names"` // the first few
}

// A Spread is the middle and the end of a set of times.
type Spread struct {
	MedianMS float64 `json:"median_ms"`
	MaxMS    float64 `json:"max_ms"`
}

// A Report is the whole result of one scan or lint.
type Report struct {
	Tool    string    `json:"tool"`
	Version string    `json:"version"`
	Schema  string    `json:"schema"`
	Command string    `json:"command"`
	Target  string    `json:"target"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// Partial says why the report is not whole, such as that somebody interrupted
	// the scan. Empty: it is whole.
	Partial  string    `json:"partial,omitempty"`
	Grades   Grades    `json:"grades"`
	Runs     []Run     `json:"runs"`
	Findings []Finding `json:"findings"`
	Notes    []string  `json:"notes,omitempty"` // about suppressions that ended or match nothing
	Baseline *Compared `json:"baseline,omitempty"`
	Stats    Stats     `json:"stats"`
}

// Compared counts the findings of a report against those of a baseline.
type Compared struct {
	New   int `json:"new"`   // not in the baseline
	Known int `json:"known"` // in the baseline, and still there
	Gone  int `json:"gone"`  // in the baseline, and not found any more
}
