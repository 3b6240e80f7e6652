package event

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestFingerprint(t *testing.T) {
	key := []byte("0123456789abcdef")
	f, err := NewFingerprinter("1", key)
	if err != nil {
		t.Fatal(err)
	}
	plain := func(s string) string { // the definition, written out
		m := hmac.New(sha256.New, []byte("0123456789abcdef"))
		m.Write([]byte(s))
		return "f1:" + base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:16])
	}
	key[0] = 'x' // the caller's bytes are his own again
	for token, body := range map[string]string{
		"h.p.s": "h.p", "h.p.": "h.p", "h..s": "h.", "a.b.c.d": "a.b.c", // a body is what is in front of the last dot
		"h.p": "h.p", "opaque": "opaque", "": "", ".": ".", "..": ".",
	} {
		whole, part := f.Token(token)
		if whole != plain(token) || part != plain(body) {
			t.Errorf("%q: got %s, %s; want %s, %s", token, whole, part, plain(token), plain(body))
		}
	}
	if got := f.Text("family"); got != plain("family") {
		t.Errorf("text: got %s, want %s", got, plain("family"))
	}
}

// TestGuessingShows holds what detection stands on: one body under many
// signatures has one jwt.body_fp and many jwt.fp.
func TestGuessingShows(t *testing.T) {
	f, err := NewFingerprinter("12", []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	wholes, bodies := map[string]bool{}, map[string]bool{}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 100 {
				whole, body := f.Token(fmt.Sprintf("header.payload.%d-%d", i, j))
				mu.Lock()
				wholes[whole], bodies[body] = true, true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(wholes) != 800 || len(bodies) != 1 {
		t.Errorf("%d fingerprints and %d bodies, want 800 and 1", len(wholes), len(bodies))
	}
	for s := range wholes {
		if !strings.HasPrefix(s, "f12:") || len(s) != 26 {
			t.Errorf("%q is not f12: and 22 characters", s)
		}
	}
}

func TestNewFingerprinterRefuses(t *testing.T) {
	long := []byte(strings.Repeat("k", 16))
	for _, c := range []struct {
		version string
		key     []byte
	}{{"1", nil}, {"1", long[:15]}, {"", long}, {"v1", long}, {"12345", long}, {"1:", long}} {
		if f, err := NewFingerprinter(c.version, c.key); err == nil {
			t.Errorf("version %q, key of %d bytes: got %v, want an error", c.version, len(c.key), f)
		} else if strings.Contains(err.Error(), "kkk") {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}
