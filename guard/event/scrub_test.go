package event

import (
	"strings"
	"testing"
)

func TestScrub(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
	refresh := strings.Repeat("Ab0-", 18) + "_xy"
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"/orders/4711", "/orders/4711"},
		{"f1:3q2-7wAAAAAAAAAAAAAAAA", "f1:3q2-7wAAAAAAAAAAAAAAAA"},
		{"/me?t=" + jwt + "&x=1", "/me?t=[token]&x=1"},
		{"Bearer " + jwt, "Bearer [token]"},
		{jwt + " " + jwt, "[token] [token]"},
		{"refresh " + refresh + " refused", "refresh [token] refused"},
		{"0190d5ab-7c1b-7e9a-8f00-1234567890ab", "0190d5ab-7c1b-7e9a-8f00-1234567890ab"},
		{"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"}, // an RFC 7638 thumbprint
		{"eyJhbGciOiJIUzI1NiJ9.", "[token]"},
	} {
		if got := Scrub(c.in); got != c.want {
			t.Errorf("Scrub(%q) = %q, want %q", c.in, got, c.want)
		}
	}

	shared := []string{"orders", jwt}
	e := Event{Message: "said " + jwt, Path: "/a/" + jwt, Scope: shared}
	e.Scrub()
	if line := string(e.Append(nil)); strings.Contains(line, "eyJ") || strings.Contains(line, "c2lnbm") {
		t.Errorf("a token is left in %s", line)
	}
	if shared[1] != jwt {
		t.Error("a shared list was changed")
	}
}
