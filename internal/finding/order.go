package finding

import (
	"cmp"
	"slices"
)

// Sorted gives the findings worst first: by what counts, severity, confidence,
// id and place. The order does not depend on that of the input.
func Sorted(findings []Finding) []Finding {
	list := slices.Clone(findings)
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(aside(a), aside(b)),
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(sureness[b.Confidence], sureness[a.Confidence]),
			cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.Location.Path, b.Location.Path),
			cmp.Compare(a.Location.Line, b.Location.Line),
			cmp.Compare(a.Location.Column, b.Location.Column),
			cmp.Compare(a.Location.Route, b.Location.Route),
			cmp.Compare(a.Location.Method, b.Location.Method),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Fingerprint, b.Fingerprint),
		)
	})
	return list
}

var sureness = map[Confidence]int{Certain: 3, Firm: 2, Tentative: 1}

// aside puts findings that do not count behind those that do.
func aside(f Finding) int {
	switch {
	case f.Suppressed != nil:
		return 2
	case f.Implied != "":
		return 1
	}
	return 0
}
