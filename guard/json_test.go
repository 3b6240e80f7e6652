package guard

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzMembers compares our reading of a JSON object with encoding/json's: ours
// takes the same texts, less those that it refuses on purpose, and finds the
// same members in them.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{
		`{}`, ` { "a" : 1 , "b":[{"c":null}], "d":"\u00e9\"\\" } `, `{"a":-0.5e+3,"b":true}`, `{"a":01}`, `{"a":1,}`, `{"a":1}}`,
		`{"a":"\x"}`, `{"a":1 "b":2}`, `{"a":[1,]}`, `{"a":{"b"}}`, `{"a":.5}`, `[1]`, `{"a":tru}`, `{"\u0061":1,"a":2}`, "{\"a\":\"\x01\"}", "{\"\xff\":1}",
		`{"\ud83d\ude00":"\ud83d\ude00","\ud83d":"\ude00\ud83dx","\ud83d\n":"\/\b\f\t\r\u0000\uFFFF"}`, wide(30), wide(300),
		`{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := map[string]string{}
		fault := eachMember(text, func(name, value string) { got[name] = value })
		var want map[string]json.RawMessage
		object := json.Unmarshal([]byte(text), &want) == nil && want != nil && utf8.ValidString(text)
		switch fault {
		case sound:
			if !object {
				t.Fatalf("taken, and encoding/json refuses it: %q", text)
			}
			if len(got) != len(want) {
				t.Fatalf("%d members, encoding/json finds %d: %q", len(got), len(want), text)
			}
			for name, value := range want {
				if strings.TrimSpace(string(value)) != got[name] {
					t.Fatalf("member %q is %q, encoding/json finds %q", name, got[name], value)
				}
			}
		case notObject:
			if object && strings.Count(text, "[")+strings.Count(text, "{") < maxDepth {
				t.Fatalf("refused, and encoding/json takes it: %q", text)
			}
		}
	})
}

// wide is an object of n members whose names all look alike.
func wide(n int) string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf(`"\u006eame%04d":0`, i))
	}
	return "{" + strings.Join(names, ",") + "}"
}

// The time for an object grows with its length, not with its square: a member in
// an object of 255 costs no more than a few times one in an object of 20.
func TestMembersInLinearTime(t *testing.T) {
	per := func(n int) time.Duration {
		text := wide(n)
		least := time.Hour
		for range 200 {
			start := time.Now()
			if f := eachMember(text, func(string, string) {}); f != sound {
				t.Fatalf("%d members: fault %d", n, f)
			}
			least = min(least, time.Since(start)/time.Duration(n))
		}
		return least
	}
	if few, many := per(20), per(255); many > 5*few+time.Microsecond/5 {
		t.Errorf("a member costs %v among 255 and %v among 20", many, few)
	}
}
