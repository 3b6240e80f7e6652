package guard

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Gate: the fold is bounded in memory, and its counts are exact. A million pairs of address and reason within one second, each with the longest
// texts that a client can send, stay within a few megabytes, and the sum of what
// is written and what is counted is exact.
func TestFoldIsBounded(t *testing.T) {
	f := newFold()
	heap := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	reasons := []event.Reason{event.ReasonBadSignature, event.ReasonExpired, event.ReasonMalformed, event.ReasonAlgNone}
	before := heap()
	const facts = 1_000_000
	written := 0
	for i := range uint32(facts) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], i/uint32(len(reasons))*2_654_435_761)
		k := foldKey{netip.AddrFrom4(b), event.VerificationFailed, reasons[i%uint32(len(reasons))]}
		switch v, slot := f.admit(k, 0); v {
		case writeFull:
			written++
		case keepSample:
			long := strings.Repeat("x", 16<<10)
			slot.keep(&event.Event{Kind: k.kind, Reason: k.reason, ClientAddress: k.addr.String(), UserAgent: long, Path: long, Audience: []string{long}})
		}
	}
	if grown := heap() - before; grown > 32<<20 {
		t.Errorf("a million pairs hold %d MiB", grown>>20)
	}
	var sum, records int64
	f.turn(time.Second, func(k foldKey, e *event.Event) {
		records++
		sum += e.Weight()
		if len(e.UserAgent) > event.MaxText || len(e.Audience[0]) > event.MaxClaim {
			t.Fatalf("a sample holds a text of %d bytes", max(len(e.UserAgent), len(e.Audience[0])))
		}
		if k.addr.IsValid() != (e.ClientAddress != "") {
			t.Fatalf("a record of %v names the address %q", k.addr, e.ClientAddress)
		}
	})
	if sum+int64(written) != facts {
		t.Errorf("%d written and %d folded, want %d in all", written, sum, facts)
	}
	if most := int64(foldKeys + foldShards*len(reasons)); records > most {
		t.Errorf("%d records, want at most %d", records, most)
	}
	runtime.KeepAlive(f)
}

// A fact whose description never comes, because somebody's hook has panicked, is
// counted all the same.
func TestFoldWithoutASample(t *testing.T) {
	f := newFold()
	k := foldKey{netip.MustParseAddr("203.0.113.7"), event.VerificationFailed, event.ReasonBadSignature}
	var sum int64
	for range 3 {
		for range 100 {
			switch v, slot := f.admit(k, foldFull); {
			case v == writeFull:
				sum++
			case v == keepSample && sum > 200: // the first of them is never described
				slot.keep(&event.Event{Kind: k.kind, Reason: k.reason})
			}
		}
		f.turn(time.Second, func(_ foldKey, e *event.Event) { sum += e.Weight() })
	}
	f.turn(time.Second, func(_ foldKey, e *event.Event) { sum += e.Weight() })
	if sum != 300 {
		t.Errorf("the records stand for %d facts, want 300", sum)
	}
}

// What a token was decoded in holds nothing of it afterwards.
func TestScratchIsWiped(t *testing.T) {
	s := &scratch{make([]byte, 0, 1024)}
	if _, ok := s.decode("eyJzdWIiOiJhIn0"); !ok {
		t.Fatal("not decoded")
	}
	if _, ok := s.decode("eyJzdWI=iOiJ"); ok {
		t.Fatal("decoded")
	}
	room := s.buf[:cap(s.buf)]
	s.free()
	if rest := strings.Trim(string(room), "\x00"); rest != "" {
		t.Errorf("%q is left", rest)
	}
}
