package event

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestIDIsAULID(t *testing.T) {
	// The example of the ULID specification: 1469918176385 ms.
	id := NewIDs([32]byte{7}).Next(time.UnixMilli(1469918176385))
	if got := id.String(); len(got) != 26 || !strings.HasPrefix(got, "01ARYZ6S41") {
		t.Errorf("got %s, want 01ARYZ6S41 and 16 more", got)
	}
	if back, err := ParseID(id.String()); err != nil || back != id {
		t.Errorf("got %v, %v", back, err)
	}
	for _, s := range []string{"00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARYZ6S41TSV4RRFFQ69G5FAV"} {
		if id, err := ParseID(s); err != nil || id.String() != s {
			t.Errorf("%s: got %v, %v", s, id, err)
		}
	}
	for _, s := range []string{"", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01aryz6s41tsv4rrffq69g5fav", "01ARYZ6S41TSV4RRFFQ69G5FA", "01ARYZ6S41TSV4RRFFQ69G5FAVV",
		"01ARYZ6S41TSV4RRFFQ69G5FAI", "01ARYZ6S41TSV4RRFFQ69G5FAU", "01ARYZ6S41TSV4RRFFQ69G5F-V", "01ARYZ6S41TSV4RRFFQ69G5F\x00V"} {
		if id, err := ParseID(s); err == nil {
			t.Errorf("%q is an id: %v", s, id)
		}
	}
}

func TestIDsSortByTimeAndNeverMeet(t *testing.T) {
	g := NewIDs([32]byte{1})
	at := time.UnixMilli(1_700_000_000_000)
	last := ""
	for i := range 1000 {
		if s := g.Next(at.Add(time.Duration(i) * time.Millisecond)).String(); s <= last {
			t.Fatalf("%s does not sort behind %s", s, last)
		} else {
			last = s
		}
	}
	var mu sync.Mutex
	seen := map[ID]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				id := g.Next(at)
				mu.Lock()
				if seen[id] {
					t.Errorf("%v twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if a, b := NewIDs([32]byte{2}).Next(at), NewIDs([32]byte{3}).Next(at); a == b {
		t.Error("two seeds make the same id")
	}
}
