package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// line tells of one scan.
func (v verdict) line() string {
	var b strings.Builder
	mark := "ok  "
	if v.err != nil || len(v.missed)+len(v.wrong) > 0 {
		mark = "BAD "
	}
	fmt.Fprintf(&b, "%s%-42s %4d requests %6.1f s %4d MiB", mark, v.name(), v.requests, v.seconds, v.memory>>20)
	if v.err != nil {
		fmt.Fprintf(&b, "\n      %v", v.err)
	}
	for _, id := range v.missed {
		fmt.Fprintf(&b, "\n      missed %s", id)
	}
	for _, f := range v.wrong {
		fmt.Fprintf(&b, "\n      false  %s (%s): %s %q", f.ID, f.Severity, f.Message, f.Evidence)
	}
	return b.String()
}

// table is the section of bench/README.md.
func table(s summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d labs scanned: %d single switches, and combinations. %d of %d switches had every finding reported;\n", s.Cases, s.Switches, s.SwitchesFound, s.Switches)
	fmt.Fprintf(&b, "recall %.1f %%, precision %.1f %%, false critical or high: %d on sound services, %d on weak ones.\n", 100*s.Recall, 100*s.Precision, s.Severe, s.SevereWeak)
	fmt.Fprintf(&b, "One scan: %d requests (median %d), %.1f s (median %.1f s), at most %.0f MiB.\n\n", s.Requests, s.Median, s.Seconds, s.MedianSec, s.MemoryMiB)
	b.WriteString("| finding | in labs | found | false | recall | precision |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, id := range slices.Sorted(maps.Keys(s.Findings)) {
		f := s.Findings[id]
		fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %s | %s |\n", id, f.Expected, f.Found, f.False, percent(f.Recall), percent(f.Precise))
	}
	for _, l := range []struct {
		title string
		rows  []string
	}{{"Missed", s.Missed}, {"Reported and not true", s.Wrong}} {
		if len(l.rows) > 0 {
			fmt.Fprintf(&b, "\n%s:\n\n", l.title)
			for _, r := range l.rows {
				fmt.Fprintf(&b, "- %s\n", r)
			}
		}
	}
	return b.String()
}

func percent(f float64) string { return fmt.Sprintf("%.0f %%", 100*f) }

const (
	beginMark = "<!-- begin scan: written by go run -C bench ./scan -write -->\n"
	endMark   = "<!-- end scan -->\n"
)

// writeSection puts the table between the marks of bench/README.md.
func writeSection(text string) error {
	_, file, _, _ := runtime.Caller(0)
	name := filepath.Join(filepath.Dir(filepath.Dir(file)), "README.md")
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(old, []byte(beginMark))
	_, after, ok2 := bytes.Cut(rest, []byte(endMark))
	if !ok || !ok2 {
		return errors.New(name + ": the marks of the section are missing")
	}
	return os.WriteFile(name, slices.Concat(before, []byte(beginMark+"\n"+text+"\n"+endMark), after), 0o644)
}
