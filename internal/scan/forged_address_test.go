package scan

import (
	"slices"
	"testing"
)

// TestBelievedAddress tells a header that is shown from one that is believed.
func TestBelievedAddress(t *testing.T) {
	forged := map[string]string{"X-Forwarded-For": "203.0.113.7", "X-Real-Ip": "198.51.100.9"}
	for _, tt := range []struct {
		text string
		want []string
	}{
		{`{"client.address":"127.1.1.1","request_id":"a0123456789abcde"}`, nil},
		{`{"client.address":"203.0.113.7","request_id":"a0123456789abcde"}`, []string{"X-Forwarded-For"}},
		{`{"remote_addr":"127.1.1.1:80","x_forwarded_for":"203.0.113.7"}`, nil},
		{`{"client":{"ip":"203.0.113.7, 127.1.1.1"}}`, []string{"X-Forwarded-For"}},
		{`{"client.address":"203.0.113.77"}`, nil},
		{`198.51.100.9 - - [02/Jan/2026:03:04:05 +0000] "GET /me HTTP/1.1" 401 1 "-" "jotsight/a0123456789abcde"`, []string{"X-Real-Ip"}},
		{`127.1.1.1 - - [02/Jan/2026:03:04:05 +0000] "GET /me HTTP/1.1" 401 1 "-" "-" "203.0.113.7"`, nil},
		{`refused, forwarded for 203.0.113.7`, nil},
	} {
		b := &book{logs: []LogSource{{Format: "auto"}}}
		a := &attempt{marker: marker{canaries: []string{"a0123456789abcde"}}}
		if got := a.believed(b.records([]line{{text: tt.text}}), forged); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.text, got, tt.want)
		}
	}
}
