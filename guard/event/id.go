package event

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// An ID is a ULID: 48 bits of Unix milliseconds, then 80 random bits. Its text
// form sorts by time. The zero ID means none.
type ID [16]byte

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var errID = errors.New("not a ULID")

// IsZero reports whether no id was set.
func (id ID) IsZero() bool { return id == ID{} }

// String gives the 26 characters of the text form.
func (id ID) String() string { return string(id.append(nil)) }

func (id ID) append(b []byte) []byte {
	hi, lo := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	var text [26]byte
	for i := 25; i >= 0; i-- {
		text[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return append(b, text[:]...)
}

// ParseID reads the 26 characters that String writes. Other ULID spellings,
// such as lower case, are refused: one id has one spelling.
func ParseID(s string) (ID, error) {
	if len(s) != 26 || s[0] > '7' {
		return ID{}, errID
	}
	var hi, lo uint64
	for i := range 26 {
		v := crockfordValue[s[i]]
		if v == 0 {
			return ID{}, errID
		}
		hi = hi<<5 | lo>>59
		lo = lo<<5 | uint64(v-1)
	}
	var id ID
	binary.BigEndian.PutUint64(id[:8], hi)
	binary.BigEndian.PutUint64(id[8:], lo)
	return id, nil
}

// crockfordValue holds value+1 of each character, so that zero means none.
var crockfordValue = func() (v [256]uint8) {
	for i := range crockford {
		v[crockford[i]] = uint8(i + 1)
	}
	return v
}()

// IDs makes ids. It holds a stream cipher that the caller seeds from a secret
// source: ids need not be secret, but nobody should be able to make one in
// advance and so have the real event dropped as its repeat.
type IDs struct {
	mu  sync.Mutex
	rng *rand.ChaCha8
}

// NewIDs seeds a maker of ids.
func NewIDs(seed [32]byte) *IDs { return &IDs{rng: rand.NewChaCha8(seed)} }

// Next makes the id of something that happened at t.
func (g *IDs) Next(t time.Time) ID {
	g.mu.Lock()
	a, b := g.rng.Uint64(), g.rng.Uint64()
	g.mu.Unlock()
	var id ID
	binary.BigEndian.PutUint64(id[:8], uint64(t.UnixMilli())<<16|a>>48)
	binary.BigEndian.PutUint64(id[8:], b)
	return id
}
