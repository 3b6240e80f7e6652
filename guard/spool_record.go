package guard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A segment file of a spool is a row of records and nothing else. A record is one
// request as it will be sent, behind a header of 20 bytes, big endian:
//
//	 0  "jsp1", or "jsp0" once the monitor has it
//	 4  length of the body
//	 8  events in the body
//	12  CRC-32C of the body
//	16  CRC-32C of the 12 bytes before
//
// A header that holds says how far it is to the next record and how many events
// are lost with a body that does not hold; where no header holds, the next one
// is searched for. So a torn end, or a damaged place, costs what lay there alone.
const (
	recordMagic  = "jsp"
	recordState  = 3 // where the digit stands
	recordHeader = 20
	recordMost   = 1 << 20 // bytes of a body
	recordLines  = 1 << 20 // events of a body, more than fit in
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendRecord(b, body []byte, lines int) []byte {
	from := len(b)
	b = append(b, recordMagic+"1"...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	b = binary.BigEndian.AppendUint32(b, uint32(lines))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(body, castagnoli))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b[from+4:], castagnoli))
	return append(b, body...)
}

// A header is what stands before a body.
type header struct {
	length int64
	lines  int
	sum    uint32
	done   bool // the monitor has it
}

// headerAt reads a header, if b begins with one.
func headerAt(b []byte) (h header, ok bool) {
	if len(b) < recordHeader || string(b[:recordState]) != recordMagic || b[recordState]|1 != '1' ||
		crc32.Checksum(b[4:16], castagnoli) != binary.BigEndian.Uint32(b[16:]) {
		return header{}, false
	}
	lines := binary.BigEndian.Uint32(b[8:])
	h = header{int64(binary.BigEndian.Uint32(b[4:])), int(lines), binary.BigEndian.Uint32(b[12:]), b[recordState] == '0'}
	return h, h.length <= recordMost && 0 < lines && lines <= recordLines
}

// A parcel is what readRecord found at a place of a segment: a body, or how many
// events are lost there, at least, or neither, when the monitor has it. next is
// the place behind it.
type parcel struct {
	body  []byte
	lines int
	lost  int
	next  int64
}

// readRecord reads the record that begins at at, before end, into room if it
// fits. next is always beyond at. An error is one of reading the file; what the
// file holds is none.
func readRecord(f io.ReaderAt, at, end int64, room []byte) (parcel, error) {
	torn := parcel{lost: 1, next: end}
	var head [recordHeader]byte
	n, err := f.ReadAt(head[:min(recordHeader, end-at)], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return torn, err
	}
	h, ok := headerAt(head[:n])
	if !ok {
		next, err := nextHeader(f, at+1, end)
		return parcel{lost: 1, next: next}, err
	}
	next := at + recordHeader + h.length
	if h.done {
		return parcel{next: min(next, end)}, nil
	}
	torn.lost = h.lines
	if next > end {
		return torn, nil
	}
	if int64(cap(room)) < h.length {
		room = make([]byte, h.length)
	}
	body := room[:h.length]
	if n, err := f.ReadAt(body, at+recordHeader); int64(n) < h.length {
		if errors.Is(err, io.EOF) { // the file is shorter than it was
			return torn, nil
		}
		return torn, err
	}
	if crc32.Checksum(body, castagnoli) != h.sum {
		return parcel{lost: h.lines, next: next}, nil
	}
	return parcel{body: body, lines: h.lines, next: next}, nil
}

// nextHeader finds the first header that holds from at on, or end.
func nextHeader(f io.ReaderAt, at, end int64) (int64, error) {
	window := make([]byte, 32<<10)
	for end-at >= recordHeader {
		n, err := f.ReadAt(window[:min(int64(len(window)), end-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return end, err
		}
		if n < recordHeader {
			break
		}
		for i := 0; ; i++ {
			j := bytes.Index(window[i:n], []byte(recordMagic))
			if j < 0 {
				break
			}
			i += j
			if _, ok := headerAt(window[i:n]); ok {
				return at + int64(i), nil
			}
		}
		at += int64(n - recordHeader + 1)
	}
	return end, nil
}
