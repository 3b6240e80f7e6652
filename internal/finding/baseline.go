package finding

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
)

// BaselineSchema names the form of a baseline file.
const BaselineSchema = "jotsight-baseline/1"

// A Baseline admits the past: the findings that it names do not fail a run. They
// stay in every report, marked, and in the grade.
type Baseline struct {
	Schema   string  `json:"schema"`
	Findings []Known `json:"findings"`
}

// Known is one finding of a Baseline. The fingerprint alone decides; the rest is
// for people.
type Known struct {
	Fingerprint string     `json:"fingerprint"`
	ID          catalog.ID `json:"id"`
	Location    string     `json:"location,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	Until       string     `json:"until,omitempty"` // its last day, as in 2027-01-31; empty: no end
}

const maxBaseline = 16 << 20

// ReadBaseline reads what Write wrote, edited by people or not.
func ReadBaseline(in io.Reader) (*Baseline, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxBaseline+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxBaseline {
		return nil, fmt.Errorf("longer than %d bytes", maxBaseline)
	}
	b := new(Baseline)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(b); err != nil {
		return nil, fmt.Errorf("not a baseline: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("not a baseline: more than one document")
	}
	if b.Schema != BaselineSchema {
		return nil, fmt.Errorf("schema %.40q: not %s", b.Schema, BaselineSchema)
	}
	for i, k := range b.Findings {
		if k.Fingerprint == "" {
			return nil, fmt.Errorf("findings[%d].fingerprint: missing", i)
		}
		if _, err := time.Parse(Day, k.Until); k.Until != "" && err != nil {
			return nil, fmt.Errorf("findings[%d].until %.40q: not a day such as 2027-01-31", i, k.Until)
		}
	}
	return b, nil
}

// Write writes b as indented JSON.
func (b *Baseline) Write(w io.Writer) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(EscapeJSON(text), '\n'))
	return err
}

// Mark suppresses the findings that b knows, and counts in r.Baseline what is
// new, known and gone. An entry that has ended marks nothing, and a note says so.
func (b *Baseline) Mark(r *Report, today time.Time) {
	known := map[string]Known{}
	for _, k := range b.Findings {
		known[k.Fingerprint] = k
	}
	found := map[string]bool{}
	r.Baseline = &Compared{}
	for i := range r.Findings {
		f := &r.Findings[i]
		found[f.Fingerprint] = true
		k, ok := known[f.Fingerprint]
		until, _ := time.Parse(Day, k.Until)
		switch {
		case ok && k.Until != "" && ended(until, today):
			r.Notes = append(r.Notes, fmt.Sprintf("baseline: %s %s ended on %s, and the finding counts again", f.ID, f.Location, k.Until))
			r.Baseline.Known++
		case ok:
			r.Baseline.Known++
			if f.Suppressed == nil {
				reason := k.Reason
				if reason == "" {
					reason = "known when the baseline was written"
				}
				f.Suppressed = &Suppression{Reason: reason, By: "baseline", Until: k.Until}
			}
		case f.Suppressed == nil:
			r.Baseline.New++
		}
	}
	if r.Partial == "" {
		for fingerprint := range known {
			if !found[fingerprint] {
				r.Baseline.Gone++
			}
		}
	}
}

// BaselineOf admits all findings of r but those that the configuration suppresses
// anyway. What old says about a finding that is still there is kept; old may be nil.
func BaselineOf(r *Report, old *Baseline) *Baseline {
	b := &Baseline{Schema: BaselineSchema, Findings: []Known{}}
	said := map[string]Known{}
	if old != nil {
		for _, k := range old.Findings {
			said[k.Fingerprint] = k
		}
	}
	seen := map[string]bool{}
	for _, f := range Sorted(r.Findings) {
		if f.Suppressed != nil && f.Suppressed.By != "baseline" || seen[f.Fingerprint] {
			continue
		}
		seen[f.Fingerprint] = true
		k := said[f.Fingerprint]
		b.Findings = append(b.Findings, Known{
			Fingerprint: f.Fingerprint, ID: f.ID, Location: f.Location.String(), Reason: k.Reason, Until: k.Until,
		})
	}
	return b
}
