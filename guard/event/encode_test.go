package event

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// typical is a refused token as a guard writes it: 23 keys.
func typical() *Event {
	return &Event{
		Time: time.Date(2026, 3, 4, 5, 6, 7, 123456789, time.UTC), ID: NewIDs([32]byte{1}).Next(time.UnixMilli(1772600767123)),
		Kind: VerificationFailed, Severity: Warn, RequestID: "b1946ac92492d234", Outcome: Failure, Reason: ReasonBadSignature,
		ServiceName: "bank", ServiceInstance: "bank-7d9f", ClientAddress: "203.0.113.7", ClientPort: 49152,
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Method: "GET", Route: "/accounts/{id}", Status: 401,
		ClaimedSubject: "alice", TokenID: "0b7e2a6c-6b0f-4c0c-8f9e-3a6d3e0a8d11", Fingerprint: "f1:Zm9vYmFyYmF6cXV4MTIzNA", BodyFingerprint: "f1:YmFyYmF6cXV4MTIzNGZvbw",
		Use: Access, Source: Header, Algorithm: "HS256", KeyID: "k1", Duration: 48 * time.Microsecond,
	}
}

func TestEscaping(t *testing.T) {
	for in, want := range map[string]string{
		"plain":            `"plain"`,
		`"\`:               `"\"\\"`,
		"a\nb":             `"a\nb"`,
		"\r\t\x00\x1b[31m": `"\u000d\u0009\u0000\u001b[31m"`,
		"\x7f":             `"\u007f"`,
		"\u0085\u009b31m":  `"\u0085\u009b31m"`,
		"\u2028\u2029":     `"\u2028\u2029"`,
		"\u202a\u202e":     `"\u202a\u202e"`,
		"\u2066\u2069":     `"\u2066\u2069"`,
		"\u061c\u200e":     `"\u061c\u200e"`,
		"\u200b\u2060":     `"\u200b\u2060"`,
		"\ufeff":           `"\ufeff"`,
		"\U000e0041":       `"\udb40\udc41"`, // a tag: text that nobody sees
		"a\u00a0b\u3000":   `"a\u00a0b\u3000"`,
		"grüße 日本 🙂 </a>":  `"grüße 日本 🙂 </a>"`,
		"\xff":             `"\ufffd"`,
		"a\xc3":            `"a\ufffd"`,
		"\xed\xa0\x80":     `"\ufffd\ufffd\ufffd"`, // a surrogate in disguise
		"\ufffd":           "\"\ufffd\"",
	} {
		got := string(quote(nil, in, MaxText))
		if got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back != string([]rune(in)) {
			t.Errorf("%q: encoding/json reads %q, %v", in, back, err)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aü", 2, "a"}, {"aü", 3, "aü"}, {"日本", 5, "日"}, {"🙂🙂", 7, "🙂"}, {"🙂", 3, ""},
		// Bytes that are no rune must not make a value vanish: they are cut anywhere.
		{strings.Repeat("\x80", 10), 8, strings.Repeat("\x80", 8)},
		{"abc\x80\x80\x80\x80\x80", 7, "abc\x80\x80\x80\x80"},
	} {
		if got := Clip(c.in, c.most); got != c.want {
			t.Errorf("Clip(%q, %d) = %q, want %q", c.in, c.most, got, c.want)
		}
	}
	for most := range 40 {
		s := Clip("zwölf Boxkämpfer 日本語 🙂🙂", most)
		if len(s) > most || !utf8.ValidString(s) {
			t.Errorf("%d bytes: %q", most, s)
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	e, b := typical(), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { b = e.Append(b[:0]) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// TestTheLongestEventFitsIntoALine holds MaxLine: no event that Append writes is
// refused by Decode for its length, however its texts are escaped.
func TestTheLongestEventFitsIntoALine(t *testing.T) {
	e := &Event{Time: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), Kind: RefreshReuse, Severity: Critical}
	worst := strings.Repeat("\x01", 600)
	for _, f := range fields {
		switch {
		case f.text != nil:
			*f.text(e) = worst
		case f.list != nil:
			for range MaxValues {
				*f.list(e) = append(*f.list(e), worst)
			}
		}
	}
	line := e.Append(nil)
	if _, err := new(Event).Decode(string(line)); err != nil {
		t.Errorf("%d bytes: %v", len(line), err)
	}
	t.Logf("%d of %d bytes", len(line), MaxLine)
}

// TestNumbersThatJSONDoesNotHave holds that the line stays JSON when an enricher
// divides by nothing.
func TestNumbersThatJSONDoesNotHave(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		e := &Event{Time: time.Unix(1, 0), Kind: Verified, Located: true, Latitude: x, Longitude: x, FailRatio: x, FailSample: 5}
		line := e.Append(nil)
		if !json.Valid(line) {
			t.Errorf("%v: not JSON: %s", x, line)
		}
		if _, err := new(Event).Decode(string(line)); err != nil {
			t.Errorf("%v: %v", x, err)
		}
	}
}

func TestDurationsAreExact(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1: "0.000000001", time.Second: "1", -1500 * time.Millisecond: "-1.5", 48 * time.Microsecond: "0.000048",
		math.MaxInt64: "9223372036.854775807", math.MinInt64: "-9223372036.854775808",
	} {
		e := Event{Time: time.Unix(1, 0), Kind: Verified, Duration: d}
		line := string(e.Append(nil))
		if !strings.Contains(line, `"jwt.duration":`+want+"}") {
			t.Errorf("%d ns: %s, want %s", d, line, want)
		}
		var got Event
		if _, err := got.Decode(line); err != nil || got.Duration != d {
			t.Errorf("%d ns: %d, %v", d, got.Duration, err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	e, buf := typical(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.Append(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecode(b *testing.B) {
	line := string(typical().Append(nil))
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	var e Event
	for b.Loop() {
		if _, err := e.Decode(line); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeJSON is the yardstick: encoding/json into a map.
func BenchmarkDecodeJSON(b *testing.B) {
	line := typical().Append(nil)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			b.Fatal(err)
		}
	}
}
