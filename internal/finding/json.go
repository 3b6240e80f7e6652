package finding

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
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
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}

// escapeJSON escapes what encoding/json leaves as it is although it does not
// print: DEL, C1 controls, bidirectional and zero-width marks. Outside strings
// JSON is ASCII, so every such rune stands in a string.
func escapeJSON(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); {
		r, n := utf8.DecodeRune(in[i:])
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out = append(out, in[i:i+n]...)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		}
		i += n
	}
	return out
}
