package stream

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/jotsight/jotsight/guard/event"
)

// The bounds of one message, before compression. A single event may be longer
// than what is left and then begins a message of its own.
const (
	maxEvents = 1000
	maxBytes  = 512 << 10
)

// The wire form of a message, all numbers big-endian:
//
//	0   version, 1
//	1   codec of the lines: 0 none, 1 s2
//	2   count of events, uint32; none is a tick, time that passed
//	6   time of the earliest event, or of the tick; Unix nanoseconds, int64
//	14  time of the latest event
//	22  SHA-256 of the message before, zero in the first
//	54  the lines, each an event and a line end
const (
	version    = 1
	codecNone  = 0
	codecS2    = 1
	headerSize = 54
)

// A digest is the SHA-256 of a whole message.
type digest [sha256.Size]byte

// id names a message to the server, so that a repeat is known for one.
func (d digest) id() string { return base64.RawURLEncoding.EncodeToString(d[:16]) }

// seal makes the message that follows the one with digest prev.
func seal(r *Record, prev digest) ([]byte, digest) {
	m := make([]byte, headerSize, headerSize+s2.MaxEncodedLen(len(r.Lines)))
	m[0] = version
	binary.BigEndian.PutUint32(m[2:], uint32(len(r.Events)))
	binary.BigEndian.PutUint64(m[6:], uint64(r.First.UnixNano()))
	binary.BigEndian.PutUint64(m[14:], uint64(r.Last.UnixNano()))
	copy(m[22:], prev[:])
	if packed := s2.Encode(m[headerSize:cap(m)], r.Lines); len(packed) < len(r.Lines) {
		m[1] = codecS2
		m = m[:headerSize+len(packed)]
	} else {
		m[1] = codecNone
		m = append(m, r.Lines...)
	}
	return m, sha256.Sum256(m)
}

// errMessage says that a stored message is not one of ours, or damaged.
var errMessage = errors.New("not a message of this log")

// open reads a message back. The events are those that seal was given: what the
// log holds was decoded before it was written, so a line that cannot be decoded
// now is damage.
func open(seq uint64, m []byte) (Record, error) {
	r := Record{Seq: seq}
	if len(m) < headerSize || m[0] != version {
		return r, fmt.Errorf("record %d: %w", seq, errMessage)
	}
	count := binary.BigEndian.Uint32(m[2:])
	r.First = time.Unix(0, int64(binary.BigEndian.Uint64(m[6:]))).UTC()
	r.Last = time.Unix(0, int64(binary.BigEndian.Uint64(m[14:]))).UTC()
	switch m[1] {
	case codecNone:
		r.Lines = bytes.Clone(m[headerSize:])
	case codecS2:
		n, err := s2.DecodedLen(m[headerSize:])
		if err != nil || n > maxBytes+event.MaxLine+1 {
			return r, fmt.Errorf("record %d: length of its lines: %w", seq, errMessage)
		}
		if r.Lines, err = s2.Decode(nil, m[headerSize:]); err != nil {
			return r, fmt.Errorf("record %d: %w", seq, err)
		}
	default:
		return r, fmt.Errorf("record %d: codec %d: %w", seq, m[1], errMessage)
	}
	if count > maxEvents {
		return r, fmt.Errorf("record %d: %d events: %w", seq, count, errMessage)
	}
	events := make([]event.Event, count)
	r.Events = make([]*event.Event, count)
	text := string(r.Lines)
	for i := range events {
		line, rest, ended := strings.Cut(text, "\n")
		if !ended {
			return r, fmt.Errorf("record %d: fewer lines than events: %w", seq, errMessage)
		}
		if _, err := events[i].Decode(line); err != nil {
			return r, fmt.Errorf("record %d: event %d: %w", seq, i, err)
		}
		r.Events[i] = &events[i]
		text = rest
	}
	if text != "" {
		return r, fmt.Errorf("record %d: more lines than events: %w", seq, errMessage)
	}
	return r, nil
}
