package scan

import "testing"

// Forgeries made of one token share its jti, so that only the canary of the
// request says which of them a record is about.
func TestSentIn(t *testing.T) {
	a := &attempt{sent: []sent{{raw: "one", canary: "c-one", jti: "own-jti"}, {raw: "two", canary: "c-two", jti: "own-jti"}}}
	tests := []struct{ record, want string }{
		{`{"jti":"own-jti","request_id":"c-two"}`, "two"},
		{`{"jti":"own-jti","request_id":"c-one"}`, "one"},
		{`{"jti":"own-jti"}`, "one"},
	}
	for _, test := range tests {
		if got := a.sentIn(&record{raw: test.record}); len(got) != 1 || got[0].raw != test.want {
			t.Errorf("%s: got %+v, want %s", test.record, got, test.want)
		}
	}
	if got := a.sentIn(&record{raw: "nothing of ours"}); len(got) != 2 {
		t.Errorf("a record of none: got %d", len(got))
	}
}
