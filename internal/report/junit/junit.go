// Package junit writes reports as JUnit XML, which every CI shows: a test case
// for each check, and one for each weakness that no check of its own found.
package junit

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	counts
	Time   string  `xml:"time,attr"`
	Suites []suite `xml:"testsuite"`
}

type suite struct {
	Name string `xml:"name,attr"`
	counts
	Time       string     `xml:"time,attr"`
	Timestamp  string     `xml:"timestamp,attr"`
	Properties []property `xml:"properties>property"`
	Cases      []testcase `xml:"testcase"`
}

type counts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Time    string   `xml:"time,attr"`
	Failure *outcome `xml:"failure"`
	Error   *outcome `xml:"error"`
	Skipped *outcome `xml:"skipped"`
}

type outcome struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// Write writes r. What is inconclusive is an error, what could not run is
// skipped, and so is what is suppressed, with the reason. A partial report has a
// test case of its own that is an error.
func Write(w io.Writer, r *finding.Report) error {
	checks := suite{Name: "jotsight " + finding.Escape(r.Command) + ": checks"}
	covered := map[catalog.ID]bool{}
	for _, run := range r.Runs {
		c := testcase{Name: finding.Escape(run.Name()), Class: class(r, run.Check)}
		why := finding.Escape(run.Why)
		switch run.Verdict {
		case finding.Fail:
			covered[run.Weakness] = true
			c.fail(r, run, why)
		case finding.Inconclusive:
			c.Error = &outcome{Type: "inconclusive", Message: why}
		case finding.Skipped:
			c.Skipped = &outcome{Message: why}
		}
		checks.add(c)
	}
	if r.Partial != "" {
		checks.add(testcase{Name: "the report is whole", Class: class(r, "whole"), Error: &outcome{Type: "partial", Message: finding.Escape(r.Partial)}})
	}
	found := suite{Name: "jotsight " + finding.Escape(r.Command) + ": findings"}
	for _, f := range finding.Sorted(r.Findings) {
		if covered[f.ID] {
			continue
		}
		c := testcase{Name: finding.Escape(strings.TrimSpace(string(f.ID) + " " + f.Location.String())), Class: class(r, string(f.ID))}
		switch {
		case f.Suppressed != nil:
			c.Skipped = suppressed(f)
		case f.Implied != "":
			c.Skipped = &outcome{Message: "follows from " + finding.Escape(string(f.Implied))}
		default:
			c.Failure = &outcome{Type: f.Severity.String(), Message: finding.Escape(f.Message), Text: details([]finding.Finding{f})}
		}
		found.add(c)
	}
	all := suites{Name: "jotsight " + finding.Escape(r.Command) + " " + finding.Escape(r.Target), Time: seconds(r.Stats.DurationMS)}
	for _, s := range []suite{checks, found} {
		if s.Tests == 0 {
			continue
		}
		s.Time, s.Timestamp = "0", r.Started.UTC().Format(time.RFC3339)
		if len(all.Suites) == 0 {
			s.Time, s.Properties = all.Time, properties(r)
		}
		all.Suites = append(all.Suites, s)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("report of %s: %w", r.Command, err)
	}
	// The only line ends are ours, between the lines of a failure's text.
	text = bytes.ReplaceAll(text, []byte("&#xA;"), []byte("\n"))
	_, err = w.Write(append([]byte(xml.Header), append(text, '\n')...))
	return err
}

func class(r *finding.Report, name string) string {
	return finding.Escape("jotsight." + r.Command + "." + name)
}

// fail makes c a failure, or skipped where all that the check found is suppressed.
func (c *testcase) fail(r *finding.Report, run finding.Run, why string) {
	list := slices.DeleteFunc(finding.Sorted(r.Findings), func(f finding.Finding) bool { return f.ID != run.Weakness })
	if len(list) > 0 && !slices.ContainsFunc(list, func(f finding.Finding) bool { return f.Suppressed == nil }) {
		c.Skipped = suppressed(list[0])
		return
	}
	w, _ := catalog.WeaknessOf(run.Weakness)
	c.Failure = &outcome{Type: w.Severity.String(), Message: why, Text: details(list)}
}

func suppressed(f finding.Finding) *outcome {
	return &outcome{Message: finding.Escape("suppressed by " + f.Suppressed.By + ": " + f.Suppressed.Reason)}
}

// details are the text of a failure: findings of one weakness with their
// evidence, then the fix.
func details(list []finding.Finding) string {
	var b strings.Builder
	line := func(s string) { b.WriteString("\n" + finding.Escape(s)) }
	for _, f := range list {
		line(f.Severity.String() + " " + string(f.ID) + " " + f.Location.String())
		line(f.Message)
		for _, e := range f.Evidence {
			line("evidence: " + e)
		}
	}
	if len(list) > 0 {
		if w, ok := catalog.WeaknessOf(list[0].ID); ok {
			anybody, ours := w.Fixes()
			line("fix: " + anybody)
			if ours != "" {
				line("with " + finding.Ours(ours) + ": " + ours)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (s *suite) add(c testcase) {
	c.Time = "0"
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func properties(r *finding.Report) (list []property) {
	grade := func(g finding.Grade) string {
		if !g.Assessed {
			return "not assessed: " + finding.Escape(g.Why)
		}
		return fmt.Sprintf("%s %d", g.Letter, g.Score)
	}
	return []property{
		{"version", finding.Escape(r.Version)},
		{"target", finding.Escape(r.Target)},
		{"protection", grade(r.Grades.Protection)},
		{"visibility", grade(r.Grades.Visibility)},
	}
}

func seconds(ms int64) string { return fmt.Sprintf("%.3f", float64(ms)/1000) }
