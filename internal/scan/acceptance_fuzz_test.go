package scan

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzJudge holds that no answer, whatever a target sends, makes the judge panic,
// blow up or contradict itself: an answer is alike to itself, the valid one is
// accepted, and nothing is accepted that a refusal says too.
func FuzzJudge(f *testing.F) {
	for _, s := range []string{
		`{"id":"alice","n":1}`, `[]`, `null`, `{"ok":false}{"id":"alice"}`, "Unauthorized\n{\"id\":\"alice\"}", "<html>Hello alice", "",
		strings.Repeat(`{"a":`, 200), strings.Repeat("[", 3000), `{"` + strings.Repeat("k", 500) + `":{"x":1}}`, "\xff\xfe{}", `{"a":1e999}`, `{"a = b":"c = d"}`,
	} {
		f.Add(200, `{"id":"alice","name":"Alice"}`, s, `{"error":"no"}`)
		f.Add(401, s, `{"id":"alice"}`, s)
	}
	f.Fuzz(func(t *testing.T, status int, valid, body, refusal string) {
		status = 100 + (status%500+500)%500
		answer := func(status int, body string) *response {
			return &response{status: status, header: http.Header{}, body: []byte(body)}
		}
		for _, proof := range []string{"", "$.id", "body:(alice)"} {
			c := controls{none: answer(401, refusal), garbage: answer(status, refusal), identity: []string{"alice"}}
			if proof != "" {
				c.proof, _ = parseExtract(proof)
			}
			for i := range c.valid {
				c.valid[i] = answer(200, valid)
			}
			if c.learn() != nil {
				continue
			}
			if got := c.judge(answer(200, valid)); got != accepted && !c.soft {
				t.Errorf("proof %q: the valid answer is %s", proof, got)
			}
			r := answer(status, body)
			got := c.judge(r)
			if got == accepted && !c.okStatus(status) {
				t.Errorf("proof %q: status %d is accepted", proof, status)
			}
			if c.serves(r) && c.okStatus(status) {
				t.Errorf("proof %q: a success serves what it denies", proof)
			}
			if !c.credulous() && !c.open() && c.okStatus(c.garbage.status) && c.judge(c.garbage) == accepted {
				t.Errorf("proof %q: a refusal is accepted", proof)
			}
			if !alike(r, r) {
				t.Error("an answer is not like itself")
			}
		}
		if m := marks(answer(200, body)); len(m) > 3*maxMarks {
			t.Errorf("%d marks", len(m))
		}
		heard(answer(200, body))
		reasons(answer(401, body))
	})
}
