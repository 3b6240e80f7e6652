package finding

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/jotsight/jotsight/guard/event"
)

// WriteJSON writes r in the form that its Schema promises, indented by two
// spaces: findings in the order of Sorted, runs as they ran, empty lists as [].
// What a terminal could take for a command is escaped, as in WriteText.
func WriteJSON(w io.Writer, r *Report) error {
	sorted := *r
	sorted.Findings = Sorted(r.Findings)
	if sorted.Findings == nil {
		sorted.Findings = []Finding{}
	}
	if sorted.Runs == nil {
		sorted.Runs = []Run{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(&sorted); err != nil {
		return fmt.Errorf("report of %s: %w", r.Command, err)
	}
	_, err := w.Write(EscapeJSON(b.Bytes()))
	return err
}

// EscapeJSON escapes what encoding/json leaves as it is although it does not
// print: DEL, C1 controls, bidirectional and zero-width marks. Outside strings
// JSON is ASCII, so every such rune stands in a string. Without any it gives in
// itself.
func EscapeJSON(in []byte) []byte {
	odd := func(r rune) bool { return r >= 0x7f && !event.Printable(r) }
	if !bytes.ContainsFunc(in, odd) {
		return in
	}
	out := make([]byte, 0, len(in)+16)
	for len(in) > 0 {
		r, n := utf8.DecodeRune(in)
		if odd(r) {
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		} else {
			out = append(out, in[:n]...)
		}
		in = in[n:]
	}
	return out
}
