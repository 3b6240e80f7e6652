package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
)

// Fingerprint identifies f across runs: the same weakness in the same place has
// the same one, also after lines moved. detail tells findings of one weakness in
// one function or route apart, such as the name of the check or the text of the
// line; it must not hold what changes from run to run (a canary, a time).
func Fingerprint(f *Finding, detail string) string {
	h := sha256.New()
	l := f.Location
	for _, part := range []string{string(f.ID), l.Path, l.Function, l.Method, l.Route, detail} {
		// The length keeps "a"+"bc" from "ab"+"c".
		io.WriteString(h, strconv.Itoa(len(part))+":"+part)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
