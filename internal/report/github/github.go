// Package github writes findings as workflow commands of GitHub Actions: printed
// in a job, each becomes an annotation on its line of the change.
package github

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// GitHub shows ten annotations of each kind for a step, so the worst come first.
var kind = map[catalog.Severity]string{catalog.Critical: "error", catalog.High: "error", catalog.Medium: "warning"}

// Write writes one command a finding, and a last line for the log of the job. What
// is suppressed or follows from another has no command. Paths are made relative to root, the folder of the repository, whose
// paths GitHub knows; empty leaves them as they are.
func Write(w io.Writer, r *finding.Report, root string) error {
	b := bufio.NewWriter(w)
	for _, f := range finding.Sorted(r.Findings) {
		if f.Suppressed != nil || f.Implied != "" {
			continue
		}
		command := kind[f.Severity]
		if command == "" {
			command = "notice"
		}
		var at []string
		if l := f.Location; l.Path != "" {
			at = append(at, "file="+property(relative(l.Path, root)))
			if l.Line > 0 {
				at = append(at, fmt.Sprintf("line=%d", l.Line))
			}
			if l.Column > 0 {
				at = append(at, fmt.Sprintf("col=%d", l.Column))
			}
		}
		at = append(at, "title="+property(string(f.ID)+" ("+f.Severity.String()+")"))
		text := f.Message
		if f.Location.Route != "" {
			text = strings.TrimSpace(f.Location.Method+" "+f.Location.Route) + ": " + text
		}
		var path strings.Builder
		for _, r := range f.Related {
			fmt.Fprintf(&path, "\n%s: %s", finding.Escape(r.Location.String()), finding.Escape(r.Message))
		}
		fmt.Fprintf(b, "::%s %s::%s\n", command, strings.Join(at, ","), data(finding.Escape(text)+path.String()))
	}
	fmt.Fprintf(b, "jotsight %s: findings: %s\n", finding.Escape(r.Command), finding.Tally(r))
	return b.Flush()
}

func relative(path, root string) string {
	if root == "" {
		return path
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(root, full); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return path
}

// data and property escape as the runner unescapes: an unescaped line end would
// end the command and let the text of a target begin one of its own.
var (
	inData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	inProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func data(s string) string     { return inData.Replace(s) }
func property(s string) string { return inProperty.Replace(finding.Escape(s)) }
