package scan

import (
	"fmt"
	"strings"
	"testing"
)

// TestRecorded counts the attacks that a log holds, however it folds them.
func TestRecorded(t *testing.T) {
	const n = 60
	canary := func(i int) string { return fmt.Sprintf("a%015x", i) }
	each := func(from, to int, format string) (text string) {
		for i := from; i < to; i++ {
			text += strings.ReplaceAll(format, "ID", canary(i)) + "\n"
		}
		return text
	}
	const one = `{"level":"warn","msg":"token refused","request_id":"ID"}`
	for _, tt := range []struct {
		name, text string
		want       int64
	}{
		{"all", each(0, n, one), n},
		{"two lines each", each(0, 30, one+"\nfilter chain ends for ID"), 30},
		{"sampled", each(0, 10, one) + each(59, 60, one), 11},
		{"a folded record in JSON", each(0, 5, one) + `{"level":"warn","msg":"token refused","count":55}`, n},
		{"two of them", each(0, 2, one) + `{"level":"warn","msg":"token refused","count":29}` + "\n" + `{"level":"warn","msg":"token refused","repeated":29}`, n},
		{"our names, and a count that is not ours", each(0, 5, one) + `{"time":"2026-01-02T03:04:05Z","event":"jwt.verification_failed","error.type":"bad_signature","count":55}`, n},
		{"a counter", each(0, 1, `{"msg":"token refused","count":20,"request_id":"ID"}`) + each(1, 2, `{"msg":"token refused","count":40,"request_id":"ID"}`) + each(2, 3, `{"msg":"token refused","count":60,"request_id":"ID"}`), n},
		{"a counter that stops", each(0, 1, `{"msg":"token refused","count":2,"request_id":"ID"}`) + each(1, 2, `{"msg":"token refused","count":3,"request_id":"ID"}`) + each(2, 3, `{"msg":"token refused","count":4,"request_id":"ID"}`), 4},
		{"syslog", each(0, 3, "token refused ID") + "last message repeated 57 times", n},
		{"journald", each(0, 3, "token refused ID") + "Suppressed 57 messages from app.service", n},
		{"in brackets", "token refused ID\n" + "token refused (59 times)", n},
		{"similar ones", each(0, 1, "token refused ID") + "59 similar messages suppressed", n},
		{"a number that is none", each(0, 3, "token refused ID after 57 ms"), 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &book{logs: []LogSource{{Format: "auto"}}}
			good := &marker{}
			base := newBaseline(b.records([]line{{text: `{"level":"info","msg":"request","request_id":"x"}`}, {text: "request served"}}), good)
			a := &attempt{run: &run{book: b, base: base}}
			for i := range n {
				a.canaries = append(a.canaries, canary(i))
			}
			var lines []line
			for l := range strings.Lines(strings.ReplaceAll(tt.text, "refused ID\n", "refused "+canary(0)+"\n")) {
				lines = append(lines, line{text: strings.TrimSuffix(l, "\n")})
			}
			records := b.records(lines)
			if got := a.recorded(records, base.look(records, &a.marker).attacks); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}
