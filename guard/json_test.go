package guard

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzMembers compares our reading of a JSON object with encoding/json's: ours
// takes the same texts, less those that it refuses on purpose, and finds the
// same members in them.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{
		`{}`, ` { "a" : 1 , "b":[{"c":null}], "d":"\u00e9\"\\" } `, `{"a":-0.5e+3,"b":true}`, `{"a":01}`, `{"a":1,}`, `{"a":1}}`,
		`{"a":"\x"}`, `{"a":1 "b":2}`, `{"a":[1,]}`, `{"a":{"b"}}`, `{"a":.5}`, `[1]`, `{"a":tru}`, `{"\u0061":1,"a":2}`, "{\"a\":\"\x01\"}", "{\"\xff\":1}",
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
