package event

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// line builds a line that is good but for what a test puts into it.
func line(more string) string {
	return `{"time":"2026-03-04T05:06:07Z","event":"jwt.verified"` + more + `}`
}

func TestDecodeRefuses(t *testing.T) {
	const secret = "eyJhbGciOiJIUzI1NiJ9"
	for _, c := range []struct{ name, line, want string }{
		{"nothing", "", "not one JSON object"},
		{"no JSON", "token refused", "not one JSON object"},
		{"an array", "[]", "not one JSON object"},
		{"a string", `"event"`, "not one JSON object"},
		{"null", "null", "not one JSON object"},
		{"cut short", `{"time":"2026-03-04T05:06:07Z"`, "not one JSON object"},
		{"cut in a text", `{"time":"2026-03-`, `field "time": not a string`},
		{"a comma too many", line(","), "not one JSON object"},
		{"two commas", `{"time":"2026-03-04T05:06:07Z",,"event":"jwt.verified"}`, "not one JSON object"},
		{"no colon", `{"time" "2026-03-04T05:06:07Z"}`, "not one JSON object"},
		{"a key that is no text", `{1:2}`, "not one JSON object"},
		{"two objects", line("") + line(""), "text after the JSON object"},
		{"text after it", line("") + "x", "text after the JSON object"},
		{"too long", line(`,"msg":"` + strings.Repeat("x", MaxLine) + `"`), "longer than 65536 bytes"},
		{"no kind", `{"time":"2026-03-04T05:06:07Z"}`, `field "event": missing`},
		{"no time", `{"event":"jwt.verified"}`, `field "time": missing`},
		{"null for a kind", `{"time":"2026-03-04T05:06:07Z","event":null}`, `field "event": missing`},
		{"an unknown kind", `{"time":"2026-03-04T05:06:07Z","event":"jwt.exploded"}`, `field "event": unknown value "jwt.exploded"`},
		{"a token for a kind", `{"time":"2026-03-04T05:06:07Z","event":"` + secret + `"}`, `field "event": unknown value`},
		{"an unknown reason", line(`,"error.type":"moonphase"`), `field "error.type": unknown value "moonphase"`},
		{"an unknown schema", line(`,"schema":"jotsight/2"`), `field "schema": unknown value`},
		{"an unknown outcome", line(`,"jwt.outcome":"maybe"`), `field "jwt.outcome": unknown value "maybe"`},
		{"a key twice", line(`,"jwt.id":"a","jwt.id":"b"`), `field "jwt.id": stated twice`},
		{"a key twice, once escaped", line(`,"jwt.id":"a","jwt\u002eid":"b"`), `field "jwt.id": stated twice`},
		{"a foreign key twice", line(`,"tenant":1,"tenant":2`), `field "tenant": stated twice`},
		{"a kind twice", line(`,"event":"jwt.issued"`), `field "event": stated twice`},
		{"nested", line(`,"jwt":{"id":"a"}`), `field "jwt": nested; the schema is flat`},
		{"nested in an array", line(`,"tags":[["a"]]`), `field "tags": nested; the schema is flat`},
		{"a foreign key without a value", line(`,"tenant":`), `field "tenant": not a JSON value`},
		{"a foreign value that is none", line(`,"tenant":tru`), `field "tenant": not a JSON value`},
		{"a foreign number that is none", line(`,"tenant":01`), `field "tenant": not a JSON value`},
		{"a number for a text", line(`,"jwt.id":7`), `field "jwt.id": not a string`},
		{"a text for a number", line(`,"client.port":"443"`), `field "client.port": not a number`},
		{"a text for a list", line(`,"jwt.aud":"bank"`), `field "jwt.aud": not an array of strings`},
		{"a number in a list", line(`,"jwt.aud":["bank",7]`), `field "jwt.aud": not an array of strings`},
		{"a comma in a list", line(`,"jwt.aud":["bank",]`), `field "jwt.aud": not an array of strings`},
		{"a text for a truth", line(`,"jwt.verified":"true"`), `field "jwt.verified": neither true nor false`},
		{"a number for a time", `{"time":1772600767,"event":"jwt.verified"}`, `field "time": not a string`},
		{"a time without a zone", `{"time":"2026-03-04T05:06:07","event":"jwt.verified"}`, `field "time": not a time of RFC 3339`},
		{"a time of year 0", `{"time":"0000-01-01T00:00:00Z","event":"jwt.verified"}`, `field "time": not a year of four digits`},
		{"a time of year 10000, by its zone", `{"time":"9999-12-31T23:59:59-01:00","event":"jwt.verified"}`, `field "time": not a year of four digits`},
		{"severity 0", line(`,"severity":0`), `field "severity": out of its range`},
		{"severity 25", line(`,"severity":25`), `field "severity": out of its range`},
		{"severity 257, which wraps to 1", line(`,"severity":257`), `field "severity": out of its range`},
		{"a port beyond 16 bits", line(`,"client.port":65536`), `field "client.port": out of its range`},
		{"a status of two digits", line(`,"http.response.status_code":99`), `field "http.response.status_code": out of its range`},
		{"half a count", line(`,"jwt.count":1.5`), `field "jwt.count": out of its range`},
		{"a count below zero", line(`,"jwt.count":-1`), `field "jwt.count": out of its range`},
		{"a count beyond 64 bits", line(`,"jwt.count":9223372036854775808`), `field "jwt.count": out of its range`},
		{"a foreign number beyond all", line(`,"tenant":1e700`), `field "tenant": out of its range`},
		{"one in an array", line(`,"tenant":[1,-1e700]`), `field "tenant": out of its range`},
		{"a number beyond all", line(`,"jwt.exp":1e999`), `field "jwt.exp": out of its range`},
		{"a leading zero", line(`,"jwt.exp":007`), `field "jwt.exp": not a number`},
		{"a plus", line(`,"jwt.exp":+7`), `field "jwt.exp": not a number`},
		{"hexadecimal", line(`,"jwt.exp":0x7`), "not one JSON object"},
		{"a latitude beyond the pole", line(`,"geo.location.lat":90.1`), `field "geo.location.lat": out of its range`},
		{"a ratio above one", line(`,"rate.fail_ratio":1.1`), `field "rate.fail_ratio": out of its range`},
		{"a duration beyond all", line(`,"jwt.duration":1e300`), `field "jwt.duration": out of its range`},
		{"a duration just beyond", line(`,"jwt.duration":9223372036.854775808`), `field "jwt.duration": out of its range`},
		{"no ULID", line(`,"id":"8ZZZZZZZZZZZZZZZZZZZZZZZZZ"`), `field "id": unknown value`},
		{"a line break in a text", line(`,"jwt.id":"a` + "\n" + `b"`), `field "jwt.id": not a string`},
		{"an escape that is none", line(`,"jwt.id":"\x41"`), `field "jwt.id": not a string`},
		{"a long key", line(`,"` + strings.Repeat("k", 100) + `":{}`), `field "` + strings.Repeat("k", 64) + `": nested; the schema is flat`},
		{"keys without end", line(strange(300)), "more than 256 keys that the schema does not know"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := new(Event).Decode(c.line)
			if err == nil || err.Error() != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Error("the error repeats a token")
			}
			var field *FieldError
			if errors.As(err, &field) != strings.HasPrefix(c.want, "field ") {
				t.Errorf("a key is named by a *FieldError alone: %T", err)
			}
		})
	}
}

func strange(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	return b.String()
}

func TestDecodeAdmits(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		name, line string
		want       Event
		unknown    int
	}{
		{"the least", line(""), Event{Time: at, Kind: Verified}, 0},
		{"white space", " {\t\"time\" : \"2026-03-04T05:06:07Z\" ,\r\n\"event\":\"jwt.verified\" } \n", Event{Time: at, Kind: Verified}, 0},
		{"another zone", `{"time":"2026-03-04T06:06:07+01:00","event":"jwt.verified"}`, Event{Time: at, Kind: Verified}, 0},
		{"keys escaped", `{"t\u0069me":"2026-03-04T05:06:07Z","event":"jwt.verified"}`, Event{Time: at, Kind: Verified}, 0},
		{"texts escaped", line(`,"jwt.id":"\u0061\"\\\/\n\ud83d\ude42"`), Event{Time: at, Kind: Verified, TokenID: "a\"\\/\n🙂"}, 0},
		{"foreign keys", line(`,"tenant":"acme","tags":["a",1,null,true],"x":null,"y":-1.5e+3,"z":[]`), Event{Time: at, Kind: Verified}, 5},
		{"null for absent", line(`,"jwt.id":null,"jwt.aud":null,"jwt.exp":null,"jwt.verified":null`), Event{Time: at, Kind: Verified}, 0},
		{"empty for absent", line(`,"jwt.id":"","error.type":"","jwt.outcome":""`), Event{Time: at, Kind: Verified}, 0},
		{"derived keys are not believed", line(`,"jwt.owasp":"sys_crash","jotsight.reason_class":"benign"`), Event{Time: at, Kind: Verified}, 0},
		{"whole numbers in other spellings", line(`,"jwt.exp":1.7e3,"jwt.iat":5.0,"jwt.count":1E2`), Event{Time: at, Kind: Verified, Expires: 1700, IssuedAt: 5, Count: 100}, 0},
		{"the least and the greatest", line(`,"jwt.iat":-9223372036854775808,"jwt.exp":9223372036854775807`), Event{Time: at, Kind: Verified, IssuedAt: math.MinInt64, Expires: math.MaxInt64}, 0},
		{"seconds in other spellings", line(`,"jwt.duration":4.8e-5`), Event{Time: at, Kind: Verified, Duration: 48000}, 0},
		{"more than nine decimals", line(`,"jwt.duration":0.0000480004`), Event{Time: at, Kind: Verified, Duration: 48000}, 0},
		{"the equator", line(`,"geo.location.lat":0,"geo.location.lon":-0.0`), Event{Time: at, Kind: Verified, Located: true}, 0},
		{"a long text is cut", line(`,"jwt.id":"` + strings.Repeat("é", 100) + `"`), Event{Time: at, Kind: Verified, TokenID: strings.Repeat("é", 64)}, 0},
		{"broken bytes are replaced", line(",\"jwt.id\":\"a\xffb\""), Event{Time: at, Kind: Verified, TokenID: "a\ufffdb"}, 0},
		{"an empty list", line(`,"jwt.aud":[]`), Event{Time: at, Kind: Verified}, 0},
		{"many foreign keys", line(strange(256)), Event{Time: at, Kind: Verified}, 256},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Event{Family: "what stood there before"}
			unknown, err := got.Decode(c.line)
			if err != nil || unknown != c.unknown {
				t.Fatalf("%d unknown keys, %v; want %d", unknown, err, c.unknown)
			}
			if d := differences(got, c.want); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDecodeBoundsLists(t *testing.T) {
	many := line(`,"jwt.aud":["` + strings.Repeat(`a","`, 1000) + `z"]`)
	var e Event
	if _, err := e.Decode(many); err != nil || len(e.Audience) != MaxValues {
		t.Errorf("%d members, %v; want %d", len(e.Audience), err, MaxValues)
	}
}

// TestOldLinesDecode reads lines that were written once and must be readable for
// ever. Nothing in the file may change: a new form of line gets a new file.
func TestOldLinesDecode(t *testing.T) {
	const file, sum = "testdata/lines-1.ndjson", "2bbe99d4971d6f8ccc2f7e06538479c292e56d502798980130335e0775e4c903"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := sha256.Sum256(b); hex.EncodeToString(got[:]) != sum {
		t.Errorf("%s was edited: old lines stand for what others have stored", file)
	}
	kinds, reasons, keys := map[Kind]bool{}, map[Reason]bool{}, map[string]bool{}
	for i, l := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		var e Event
		if unknown, err := e.Decode(l); err != nil || unknown != 0 {
			t.Errorf("%s:%d: %d unknown keys, %v", file, i+1, unknown, err)
			continue
		}
		kinds[e.Kind], reasons[e.Reason] = true, true
		var values map[string]any
		if err := json.Unmarshal([]byte(l), &values); err != nil {
			t.Fatal(err)
		}
		for k, v := range values {
			keys[k] = true
			f, _ := FieldOf(k)
			if got, ok := f.Text(&e); ok && got != v {
				t.Errorf("%s:%d: %s is %q, want %q", file, i+1, k, got, v)
			}
			if got, ok := f.Number(&e); ok && got != v {
				t.Errorf("%s:%d: %s is %v, want %v", file, i+1, k, got, v)
			}
		}
	}
	if len(kinds) < 40 || len(reasons) < 46 || len(keys) < 67 {
		t.Errorf("the file holds %d kinds, %d reasons and %d keys", len(kinds), len(reasons), len(keys))
	}
}

// FuzzDecode compares Decode with encoding/json: what we admit, it admits, and
// both read the same; and what we wrote ourselves we read back.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{line(""), line(`,"jwt.id":"\u0061\ud800"`), line(strange(3)), line(`,"jwt.aud":["a","b"],"x":[1,null]`),
		line(`,"jwt.exp":1e3,"jwt.duration":0.000048`), string(typical().Append(nil)), `{"time":"9999-12-31T23:59:59.999999999Z","event":"jwt.missing"}`,
		line(",\"msg\":\"\xff\u2028\""), line(`,"geo.location.lat":-0`), `{}`, `{"a":[}`, line(`,"a":"\ud83d\ude42"`)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var e Event
		unknown, err := e.Decode(s)
		if err != nil {
			return // stricter than encoding/json we may be
		}
		var values map[string]any
		if err := json.Unmarshal([]byte(s), &values); err != nil {
			t.Fatalf("we admit what encoding/json refuses: %v\n%q", err, s)
		}
		for key, v := range values {
			field, known := FieldOf(key)
			if !known {
				unknown--
				continue
			}
			if field.Derived || v == nil || v == "" {
				continue
			}
			same := true
			switch field.Type {
			case Text, Enum:
				got, _ := field.Text(&e)
				same = got == clipped(v, field)
			case Number:
				got, _ := field.Number(&e)
				same = got == v || math.Abs(got-v.(float64)) <= 1e-9*math.Abs(got)
			case Bool:
				got, _ := field.Bool(&e)
				same = got == v
			case List:
				same = len(field.List(&e)) == min(len(v.([]any)), MaxValues)
				for i, got := range field.List(&e) {
					same = same && got == clipped(v.([]any)[i], field)
				}
			case Timestamp:
				want, err := time.Parse(time.RFC3339Nano, v.(string))
				same = err == nil && field.Time(&e).Equal(want)
			}
			if !same {
				t.Fatalf("%s: encoding/json reads %#v\n%q", key, v, s)
			}
		}
		if unknown != 0 {
			t.Fatalf("the count of unknown keys is off by %d\n%q", unknown, s)
		}
		written := string(e.Append(nil))
		var again Event
		if unknown, err := again.Decode(written); err != nil || unknown != 0 {
			t.Fatalf("our own line: %d unknown keys, %v\n%s", unknown, err, written)
		}
		if third := string(again.Append(nil)); third != written {
			t.Fatalf("not stable\n%s\n%s", written, third)
		}
	})
}

// FuzzAppend writes any text into the fields that an attacker fills: the line
// stays one line of printable JSON.
func FuzzAppend(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b]0;\a\r\n\u2028\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		e := Event{Time: time.Unix(1, 0), Kind: VerificationFailed, KeyID: s, ClaimedSubject: s, UserAgent: s, Audience: []string{s, s}}
		l := e.Append(nil)
		if !json.Valid(l) {
			t.Fatalf("not JSON: %q", l)
		}
		for _, r := range string(l) {
			if r < 0x20 || r == 0x7f || r >= 0x80 && !Printable(r) {
				t.Fatalf("%U is left in %q", r, l)
			}
		}
		var got Event
		if _, err := got.Decode(string(l)); err != nil || !reflect.DeepEqual(got.KeyID, written(s, MaxClaim)) {
			t.Fatalf("got %q, %v, want %q", got.KeyID, err, written(s, MaxClaim))
		}
	})
}
