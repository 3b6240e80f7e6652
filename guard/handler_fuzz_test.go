package guard

import (
	"encoding/json"
	"mime"
	"net/url"
	"testing"
	"unicode/utf8"
)

// FuzzParameters reads the body of a request to a token endpoint: each parameter
// once, as the one reader and the other read it, or nothing at all.
func FuzzParameters(f *testing.F) {
	for _, s := range []string{
		"refresh_token=x&client_id=y", "refresh_token=x&refresh_token=y", "a=%zz", "a;b", "", "=", "&&", "refresh_token=a+b%20c", "%61=1&a=2",
		`{"refresh_token":"x"}`, `{"refresh_token":"x","refresh_token":"y"}`, `{"a":1}`, `{"a":null}`, `[]`, `{}`, `{"\u0061":"1","a":"2"}`, "{\"a\":\"\xff\"}",
	} {
		f.Add("application/x-www-form-urlencoded", s)
		f.Add("application/json; charset=utf-8", s)
		f.Add("", s)
	}
	f.Fuzz(func(t *testing.T, contentType, text string) {
		form, ok := parameters(contentType, text)
		if !ok {
			return
		}
		for name, values := range form {
			if len(values) != 1 {
				t.Fatalf("%q has %d values", name, len(values))
			}
		}
		if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/json" {
			var want map[string]string
			if err := json.Unmarshal([]byte(text), &want); err != nil || !utf8.ValidString(text) {
				t.Fatalf("taken, and encoding/json says %v: %q", err, text)
			}
			if len(want) != len(form) {
				t.Fatalf("%d parameters, encoding/json reads %d: %q", len(form), len(want), text)
			}
			for name, value := range want {
				if form.Get(name) != value {
					t.Fatalf("%q is %q, encoding/json reads %q", name, form.Get(name), value)
				}
			}
			return
		}
		want, err := url.ParseQuery(text)
		if err != nil || want.Encode() != form.Encode() {
			t.Fatalf("read %q, url.ParseQuery %q, %v: %q", form, want, err, text)
		}
	})
}
