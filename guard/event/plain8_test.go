package event

import "testing"

// Eight bytes at once say the same as one by one, with any byte at any place
// among plain ones and beside itself.
func TestPlain8(t *testing.T) {
	for c := range 256 {
		for at := range 8 {
			for _, beside := range []byte{'a', ' ', '~', '!', '[', ']', '#', byte(c)} {
				b := []byte("abcdefgh")
				b[at], b[(at+1)%8] = byte(c), beside
				if got, want := plain8(string(b)), plain[c] && plain[beside]; got != want {
					t.Fatalf("%q: got %v, want %v", b, got, want)
				}
			}
		}
	}
}
