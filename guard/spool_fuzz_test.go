package guard

import (
	"bytes"
	"testing"
)

// Whatever stands in a segment file: reading ends, moves on at every step, gives
// out only what holds, and tells of everything else.
func FuzzSegment(f *testing.F) {
	good := appendRecord(appendRecord(appendRecord(nil, []byte("first"), 2), nil, 1), bytes.Repeat([]byte("jsp1"), 100), 7)
	done := bytes.Clone(good)
	done[recordState] = '0'
	f.Add(good, 0, byte(0))
	f.Add(good, 5, byte(0x80))
	f.Add(good, len(good)-1, byte(1))
	f.Add(good[:len(good)-3], 0, byte(0))
	f.Add(done, 0, byte(0))
	f.Add(bytes.Repeat([]byte("jsp1"), 30_000), 17, byte(3))
	f.Add(append(make([]byte, 40_000), good...), 3, byte(0))
	f.Fuzz(func(t *testing.T, file []byte, at int, flip byte) {
		whole := segmentOf(t, file)
		if at < 0 || at >= len(file) || flip == 0 {
			return
		}
		file = bytes.Clone(file)
		file[at] ^= flip
		// One damaged byte costs the record in which it lies and no other.
		if hurt := segmentOf(t, file); len(hurt) < len(whole)-1 {
			t.Errorf("%d records of %d are left", len(hurt), len(whole))
		}
	})
}

// segmentOf gives what can be read of a file.
func segmentOf(t *testing.T, file []byte) (list []parcel) {
	r, end := bytes.NewReader(file), int64(len(file))
	for at := int64(0); at < end; {
		p, err := readRecord(r, at, end, nil)
		if err != nil {
			t.Fatal(err)
		}
		if p.next <= at || p.next > end {
			t.Fatalf("from %d to %d of %d", at, p.next, end)
		}
		switch {
		case p.lines > 0 && p.lost > 0, p.lines < 0, p.lost < 0, p.lines == 0 && len(p.body) > 0:
			t.Fatalf("%d lines, %d lost, a body of %d bytes", p.lines, p.lost, len(p.body))
		case p.lines > 0:
			if again := appendRecord(nil, p.body, p.lines); !bytes.Equal(again, file[at:p.next]) {
				t.Fatalf("the record at %d is not what was read of it", at)
			}
			list = append(list, p)
		case p.lost == 0 && file[at+recordState] != '0':
			t.Fatalf("nothing at %d, and nothing is said of it", at)
		}
		at = p.next
	}
	return list
}
