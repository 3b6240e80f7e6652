// Package sarif writes reports as SARIF 2.1.0 in the form that GitHub code
// scanning accepts: one run with an automation id, and every result on a line of
// a file of the repository, because a result without one, or with the address of
// a service in its place, makes the whole upload fail.
package sarif

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

const (
	home = "https://github.com/jotsight/jotsight"
	// anchor is where a finding stands that has no place in any file: a scan of a
	// bare address would be described in this recipe.
	anchor = "jotsight.yaml"
	// maxTags is what GitHub takes of one rule.
	maxTags = 20
	// maxResults is how many results GitHub shows; of the rest it keeps a part, and
	// refuses an upload of five times as many.
	maxResults = 5000
)

// Write writes r. Paths are made relative to root, the folder of the repository;
// empty means the working directory. What lies outside it keeps its name alone.
func Write(w io.Writer, r *finding.Report, root string) error {
	if root == "" {
		var err error
		if root, err = os.Getwd(); err != nil {
			return err
		}
	}
	findings := finding.Sorted(r.Findings)
	run := sarif.NewRunWithInformationURI("jotsight", home)
	run.Tool.Driver.WithVersion(r.Version)
	if v := strings.TrimPrefix(r.Version, "v"); semantic.MatchString(v) {
		run.Tool.Driver.WithSemanticVersion(v)
	}
	run.WithAutomationDetails(sarif.NewRunAutomationDetails().WithID("jotsight-" + finding.Escape(r.Command) + "/"))
	run.WithProperties(about(r))
	index := map[catalog.ID]int{}
	if left := len(findings) - maxResults; left > 0 {
		run.Properties.Add("left-out", left) // the least severe
		findings = findings[:maxResults]
	}
	for _, f := range findings {
		if _, ok := index[f.ID]; !ok {
			index[f.ID] = len(index)
			run.Tool.Driver.AddRule(rule(f))
		}
		run.AddResult(result(r, f, root).WithRuleIndex(index[f.ID]))
	}
	text, err := json.MarshalIndent(sarif.NewReport().AddRun(run), "", "  ")
	if err != nil {
		return fmt.Errorf("report of %s: %w", r.Command, err)
	}
	_, err = w.Write(append(finding.EscapeJSON(text), '\n'))
	return err
}

var semantic = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)

// about says what the results alone do not: what was looked at, how much of it,
// and the grades. It takes the place of an invocation, whose arguments could hold
// a token.
func about(r *finding.Report) *sarif.PropertyBag {
	p := sarif.NewPropertyBag().Add("target", finding.Escape(r.Target)).Add("grades", r.Grades)
	counts := map[finding.Verdict]int{}
	for _, run := range r.Runs {
		counts[run.Verdict]++
	}
	p.Add("checks", counts)
	if r.Partial != "" {
		p.Add("partial", r.Partial)
	}
	return p
}

// level and score are how bad a finding is, in the two scales that GitHub reads.
var (
	level = map[catalog.Severity]string{catalog.Critical: "error", catalog.High: "error", catalog.Medium: "warning", catalog.Low: "note"}
	score = map[catalog.Severity]string{catalog.Critical: "9.5", catalog.High: "8.0", catalog.Medium: "5.5", catalog.Low: "3.0"}
)

func levelOf(s catalog.Severity) string {
	if l := level[s]; l != "" {
		return l
	}
	return "note"
}

func rule(f finding.Finding) *sarif.ReportingDescriptor {
	id := finding.Escape(string(f.ID))
	w, known := catalog.WeaknessOf(f.ID)
	if !known {
		w = catalog.Weakness{ID: f.ID, Title: id, Severity: f.Severity}
	}
	p := sarif.NewPropertyBag().Add("precision", "high")
	if s := score[w.Severity]; s != "" {
		p.Add("security-severity", s)
	}
	p.AddTag("security")
	for _, n := range w.CWE {
		p.AddTag(fmt.Sprintf("external/cwe/cwe-%d", n))
	}
	for _, s := range w.Standards() {
		if !strings.HasPrefix(s, "CWE-") && len(p.Tags) < maxTags {
			p.AddTag(s)
		}
	}
	text := func(s string) *sarif.MultiformatMessageString {
		return sarif.NewMultiformatMessageString().WithText(s)
	}
	d := sarif.NewRule(id).WithName(id).WithShortDescription(text(w.Title)).WithFullDescription(text(strings.TrimSpace(w.Title + ". " + w.Why))).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(levelOf(w.Severity))).WithProperties(p)
	if known {
		d.WithHelpURI(home + "/blob/main/docs/reference/weaknesses.md#" + string(w.ID)).WithHelp(help(w))
	}
	return d
}

// help is what a developer reads beside the alert: why, and the fix in two parts.
func help(w catalog.Weakness) *sarif.MultiformatMessageString {
	anybody, ours := w.Fixes()
	plain := []string{w.Why, "Fix: " + anybody}
	marked := []string{"# " + w.Title, w.Why, "**Fix.** " + anybody}
	if ours != "" {
		plain = append(plain, "With "+finding.Ours(ours)+": "+ours)
		marked = append(marked, "**With "+finding.Ours(ours)+".** "+ours)
	}
	supports := "A fix supports: " + strings.Join(w.Standards(), ", ") + "."
	return sarif.NewMultiformatMessageString().
		WithText(strings.Join(append(plain, supports), "\n\n")).
		WithMarkdown(strings.Join(append(marked, supports), "\n\n"))
}

func result(r *finding.Report, f finding.Finding, root string) *sarif.Result {
	p := sarif.NewPropertyBag().Add("severity", f.Severity.String()).Add("confidence", finding.Escape(string(f.Confidence)))
	if f.Location.Route != "" {
		p.Add("route", finding.Escape(strings.TrimSpace(f.Location.Method+" "+f.Location.Route))).Add("target", finding.Escape(r.Target))
	}
	if f.Implied != "" {
		p.Add("implied-by", finding.Escape(string(f.Implied)))
	}
	own := levelOf(f.Severity)
	if f.Implied != "" {
		own = "note" // the cause is a result of its own
	}
	res := sarif.NewRuleResult(finding.Escape(string(f.ID))).WithLevel(own).WithMessage(message(r, f)).WithProperties(p).
		AddLocation(place(f.Location, root)).
		WithPartialFingerprints(map[string]string{"primaryLocationLineHash": f.Fingerprint + ":1", "jotsight/v1": f.Fingerprint})
	flow := sarif.NewThreadFlow()
	for i, related := range f.Related {
		l := place(related.Location, root).WithMessage(plain(finding.Escape(related.Message)))
		res.AddRelatedLocation(l.WithID(i + 1))
		flow.AddLocation(sarif.NewThreadFlowLocation().WithLocation(place(related.Location, root).WithMessage(plain(finding.Escape(related.Message)))))
	}
	if len(f.Related) > 0 {
		res.WithCodeFlows([]*sarif.CodeFlow{sarif.NewCodeFlow().WithThreadFlows([]*sarif.ThreadFlow{flow})})
	}
	suppressions := []*sarif.Suppression{} // empty: looked at, and not suppressed
	if s := f.Suppressed; s != nil {
		kind := "external"
		if s.By == "directive" {
			kind = "inSource"
		}
		suppressions = append(suppressions, sarif.NewSuppression().WithKind(kind).WithStatus("accepted").WithJustification(finding.Escape(s.Reason)))
	}
	return res.WithSuppressions(suppressions)
}

// message is one plain text: what, where, and the evidence.
func message(r *finding.Report, f finding.Finding) *sarif.Message {
	text := finding.Escape(f.Message)
	if f.Location.Route != "" {
		text += fmt.Sprintf(" (%s of %s)", finding.Escape(strings.TrimSpace(f.Location.Method+" "+f.Location.Route)), finding.Escape(r.Target))
	}
	text += "."
	if f.Implied != "" {
		text += " It follows from " + finding.Escape(string(f.Implied)) + "."
	}
	for _, e := range f.Evidence {
		text += " Evidence: " + finding.Escape(e) + "."
	}
	return plain(text)
}

// plain makes a message of a text in which nothing is a link, though SARIF would
// take [text](target) for one (section 3.11.6).
func plain(text string) *sarif.Message {
	return sarif.NewTextMessage(strings.NewReplacer(`[`, `\[`, `]`, `\]`).Replace(text))
}

func place(l finding.Location, root string) *sarif.Location {
	uri, line := relative(l.Path, root), max(l.Line, 1)
	region := sarif.NewSimpleRegion(line, line)
	if l.Column > 0 {
		region.WithStartColumn(l.Column)
	}
	at := sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(uri).WithURIBaseID("%SRCROOT%")).WithRegion(region))
	var logical []*sarif.LogicalLocation
	if l.Function != "" {
		logical = append(logical, sarif.NewLogicalLocation().WithFullyQualifiedName(finding.Escape(l.Function)).WithKind("function"))
	}
	if l.Route != "" {
		logical = append(logical, sarif.NewLogicalLocation().WithFullyQualifiedName(finding.Escape(strings.TrimSpace(l.Method+" "+l.Route))).WithKind("resource"))
	}
	return at.WithLogicalLocations(slices.Clip(append([]*sarif.LogicalLocation{}, logical...)))
}

// relative gives the URI of a file under root, with slashes and escapes.
func relative(path, root string) string {
	if path == "" {
		path = filepath.Join(root, anchor)
	}
	rel := filepath.Base(path)
	if abs, err := filepath.Abs(path); err == nil {
		if in, err := filepath.Rel(root, abs); err == nil && filepath.IsLocal(in) {
			rel = in
		}
	}
	return (&url.URL{Path: filepath.ToSlash(rel)}).EscapedPath()
}
