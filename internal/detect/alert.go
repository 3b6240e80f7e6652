package detect

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"github.com/jotsight/jotsight/guard/event"
)

// An Alert says that a detection has fired for one group of events. The engine
// may give the same alert again, under the same ID, when it has grown tenfold or
// become more severe: whoever receives it replaces what it holds by ID.
//
// Values of Group can be attacker input. They are bounded and printable, and
// nothing more: every channel escapes them for itself.
type Alert struct {
	ID          string    `json:"id"`
	Rule        string    `json:"rule"` // the detection's slug
	Title       string    `json:"title"`
	Severity    string    `json:"severity"` // low, medium, high or critical
	Group       Labels    `json:"group"`
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
	Count       int64     `json:"count"`  // events; for a value_count, distinct values
	Events      []string  `json:"events"` // ids, MaxEvents at most, the earliest known first
	Fingerprint string    `json:"fingerprint"`
	Attack      []string  `json:"attack,omitempty"`    // ATT&CK technique ids
	Escalated   bool      `json:"escalated,omitempty"` // more severe, or worse, than when it fired
	Rollup      bool      `json:"rollup,omitempty"`    // stands for the groups beyond the bound on active alerts
}

// Compare orders alerts by when they began, those of one moment by rule and ID.
func (a Alert) Compare(b Alert) int {
	return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID))
}

// MaxEvents bounds Alert.Events.
const MaxEvents = 20

// A Label is one value that all events of an alert share.
type Label struct{ Key, Value string }

// Labels are written as one JSON object, in their order.
type Labels []Label

// MarshalJSON writes {"key":"value",…}.
func (l Labels) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, label := range l {
		if i > 0 {
			b = append(b, ',')
		}
		k, err := json.Marshal(label.Key)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(label.Value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, k...), ':'), v...)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, in its order.
func (l *Labels) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(strings.NewReader(string(b)))
	var values map[string]string
	if err := json.Unmarshal(b, &values); err != nil {
		return err
	}
	*l = (*l)[:0]
	for {
		t, err := dec.Token()
		if err != nil {
			return nil // the end; the syntax is known to be right
		}
		k, ok := t.(string)
		if !ok {
			continue
		}
		if _, err := dec.Token(); err != nil {
			return err
		}
		*l = append(*l, Label{k, values[k]})
	}
}

// String gives "key=value key=value".
func (l Labels) String() string {
	parts := make([]string, len(l))
	for i, label := range l {
		parts[i] = label.Key + "=" + label.Value
	}
	return strings.Join(parts, " ")
}

// printable makes a value safe to stand on a line of text: whatever could move a
// cursor, end a line or turn the direction of text becomes U+FFFD. Groups are
// told apart by their hash, so that two which look alike stay two.
func printable(s string) string {
	return event.Clip(strings.Map(func(r rune) rune {
		if !event.Printable(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s), event.MaxText)
}
