package scan

import (
	"maps"
	"testing"
)

// An event and the access line of the same request are read as one: what only
// the event holds must not be lost to the line that lacks it.
func TestUnion(t *testing.T) {
	event, line := map[string]bool{hasToken: true, hasAddress: false}, map[string]bool{hasToken: false, hasAddress: true}
	want := map[string]bool{hasToken: true, hasAddress: true}
	for _, got := range []map[string]bool{union(event, line), union(line, event)} {
		if !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
