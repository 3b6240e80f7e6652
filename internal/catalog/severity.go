package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// ParseSeverity reads a lower-case name.
func ParseSeverity(s string) (Severity, error) {
	if i := slices.Index(severityNames, s); i >= 0 {
		return Severity(i), nil
	}
	return None, fmt.Errorf("severity %q: not one of %s", s, strings.Join(severityNames, ", "))
}
