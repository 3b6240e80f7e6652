package event

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"
	"unsafe"
)

// A Fingerprinter makes the keyed fingerprints by which tokens are compared: the
// first 16 bytes of HMAC-SHA-256, base64url, behind a prefix that names the key.
// Keyed, because a plain hash of an HS256 token is an offline oracle for a weak
// secret. All services whose events are to be compared share one key.
type Fingerprinter struct {
	prefix string
	macs   sync.Pool
}

// MinFingerprintKey is the least length of a key, in bytes.
const MinFingerprintKey = 16

// NewFingerprinter makes a Fingerprinter whose texts begin with "f" + version +
// ":". The version changes with the key. A key under 16 bytes is refused.
func NewFingerprinter(version string, key []byte) (*Fingerprinter, error) {
	if len(key) < MinFingerprintKey {
		return nil, errors.New("fingerprint key: shorter than 16 bytes")
	}
	if version == "" || strings.Trim(version, "0123456789") != "" || len(version) > 4 {
		return nil, errors.New("fingerprint key: its version must be a number of at most 4 digits")
	}
	k := append([]byte(nil), key...)
	f := &Fingerprinter{prefix: "f" + version + ":"}
	f.macs.New = func() any { return &mac{h: hmac.New(sha256.New, k)} }
	return f, nil
}

type mac struct {
	h   hash.Hash
	sum [sha256.Size]byte
}

// A Fingerprint is one before Print, and the first half of a MAC.
type Fingerprint [16]byte

// A MAC is a whole HMAC-SHA-256. It is not for print.
type MAC [sha256.Size]byte

// Fingerprint gives the half that names a token.
func (m *MAC) Fingerprint() Fingerprint { return Fingerprint(m[:16]) }

// Format prints nothing of it.
func (m MAC) Format(s fmt.State, _ rune) { io.WriteString(s, "[mac]") }

// Token gives the fingerprints of a token: of the whole (jwt.fp) and of its
// header.payload (jwt.body_fp). A text without a second dot has no body, and
// both are the same.
func (f *Fingerprinter) Token(raw string) (whole, body string) {
	w, b := f.Sum(raw)
	if whole = f.Print(w.Fingerprint()); w.Fingerprint() == b {
		return whole, whole
	}
	return whole, f.Print(b)
}

// Whole gives the MAC of a text. Two texts never have the same, whoever chose
// them: a cache may go by it.
func (f *Fingerprinter) Whole(raw string) MAC {
	m := f.macs.Get().(*mac)
	defer f.macs.Put(m)
	m.h.Reset()
	m.write(raw)
	return m.all()
}

// Sum gives the MAC of a token and the fingerprint of its header.payload, for
// less than two of them cost.
func (f *Fingerprinter) Sum(raw string) (whole MAC, body Fingerprint) {
	m := f.macs.Get().(*mac)
	defer f.macs.Put(m)
	m.h.Reset()
	if i := strings.LastIndexByte(raw, '.'); i > 0 && strings.IndexByte(raw, '.') < i {
		m.write(raw[:i])
		all := m.all()
		body = all.Fingerprint() // and the MAC goes on from there: the body is hashed once
		m.write(raw[i:])
		return m.all(), body
	}
	m.write(raw)
	whole = m.all()
	return whole, whole.Fingerprint()
}

// Text gives the fingerprint of any text, such as a family id.
func (f *Fingerprinter) Text(s string) string {
	m := f.macs.Get().(*mac)
	defer f.macs.Put(m)
	m.h.Reset()
	m.write(s)
	all := m.all()
	return f.Print(all.Fingerprint())
}

func (m *mac) write(s string) {
	m.h.Write(unsafe.Slice(unsafe.StringData(s), len(s))) // a hash neither changes nor keeps what it is given
}

// all gives the MAC of what was written so far.
func (m *mac) all() MAC { return MAC(m.h.Sum(m.sum[:0])) }

// Print gives the text of a fingerprint.
func (f *Fingerprinter) Print(p Fingerprint) string {
	var out [len("f1234:") + 22]byte
	n := copy(out[:], f.prefix)
	base64.RawURLEncoding.Encode(out[n:], p[:])
	return string(out[:n+22])
}
