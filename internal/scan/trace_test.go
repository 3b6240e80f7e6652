package scan

import "testing"

// An answer that shows the code that failed tells too much; one that only has
// words of a stack trace in it does not.
func TestTrace(t *testing.T) {
	tests := []struct {
		body string
		want bool
	}{
		{"runtime error: index out of range\ngoroutine 34 [running]:\nmain.verify()", true},
		{"panic\n\t/src/app/verify.go:71 +0x1d", true},
		{"Traceback (most recent call last):\n  File \"app.py\", line 3", true},
		{"java.lang.NullPointerException\n\tat com.shop.Jwt.verify(Jwt.java:71)", true},
		{"   at Shop.Jwt.Verify(String token) in C:\\src\\Jwt.cs:line 71", true},
		{"JsonWebTokenError\n    at verify (/app/node_modules/jsonwebtoken/verify.js:71:13)", true},
		{"Meet us at the station (platform 3), at 10:30", false},
		{`{"error":"internal error","at":"2026-11-22T02:00:00Z"}`, false},
		{"see https://example.test/app.js?v=71:13 for help", false},
	}
	for _, test := range tests {
		if got := stackTrace.MatchString(test.body); got != test.want {
			t.Errorf("%q: got %v, want %v", test.body, got, test.want)
		}
	}
}
