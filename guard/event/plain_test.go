package event

import (
	"slices"
	"testing"
)

// Eight bytes at once say the same as one by one, with any byte at any place
// among plain ones and beside itself.
func TestPlainUpTo(t *testing.T) {
	for c := range 256 {
		for at := range 8 {
			for _, beside := range []byte{'a', ' ', '~', '!', '[', ']', '#', byte(c)} {
				b := []byte("abcdefgh")
				b[at], b[(at+1)%8] = byte(c), beside
				want := slices.IndexFunc(b, func(c byte) bool { return !plain[c] })
				if want < 0 {
					want = len(b)
				}
				if got := plainUpTo(string(b)); got != want {
					t.Fatalf("%q: got %d, want %d", b, got, want)
				}
			}
		}
	}
}
