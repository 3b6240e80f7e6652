package sarif

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/report/reporttest"
)

func write(t *testing.T, r *finding.Report, root string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, root); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func rich(t *testing.T) *finding.Report { return reporttest.Rich(t, "../testdata/rich.json") }

func TestGolden(t *testing.T) { reporttest.Golden(t, "rich.sarif", write(t, rich(t), "")) }

// TestGitHubTakesIt holds what the schema demands and what GitHub demands beyond
// it, also of a report whose every text is hostile.
func TestGitHubTakesIt(t *testing.T) {
	hostile := rich(t)
	reporttest.Spoil(hostile)
	bare := rich(t)
	for i := range bare.Findings {
		bare.Findings[i].Location.Path, bare.Findings[i].Location.Line = "", 0
	}
	for name, r := range map[string]*finding.Report{"rich": rich(t), "hostile": hostile, "bare": bare, "empty": {Command: "lint"}} {
		t.Run(name, func(t *testing.T) {
			text := write(t, r, "")
			if c, bad := reporttest.Unprintable(text); bad {
				t.Errorf("%U stands in the file", c)
			}
			if bytes.Contains(text, []byte(": null")) {
				t.Error("a list is null")
			}
			d := json.NewDecoder(bytes.NewReader(text))
			doc := new(sarif.Report)
			if err := d.Decode(doc); err != nil {
				t.Fatal(err)
			}
			if err := doc.Validate(); err != nil {
				t.Fatal(err)
			}
			if len(doc.Runs) != 1 {
				t.Fatalf("%d runs, want one", len(doc.Runs))
			}
			run := doc.Runs[0]
			if id := *run.AutomationDetails.ID; id != "jotsight-"+r.Command+"/" {
				t.Errorf("automation id %q", id)
			}
			if len(run.Invocations) != 0 {
				t.Error("an invocation, whose arguments could hold a token")
			}
			if len(run.Results) != len(r.Findings) {
				t.Errorf("%d results, want %d", len(run.Results), len(r.Findings))
			}
			for _, res := range run.Results {
				if res.RuleIndex < 0 || *run.Tool.Driver.Rules[res.RuleIndex].ID != *res.RuleID {
					t.Errorf("%s: rule index %d", *res.RuleID, res.RuleIndex)
				}
				if len(res.Locations) != 1 || res.Locations[0].PhysicalLocation == nil {
					t.Fatalf("%s: no physical location", *res.RuleID)
				}
				p := res.Locations[0].PhysicalLocation
				if uri := *p.ArtifactLocation.URI; uri == "" || strings.Contains(uri, "://") || strings.HasPrefix(uri, "/") || strings.HasPrefix(uri, "..") {
					t.Errorf("%s: stands at %q, which is no file of the repository", *res.RuleID, uri)
				}
				if *p.Region.StartLine < 1 {
					t.Errorf("%s: line %d", *res.RuleID, *p.Region.StartLine)
				}
				if res.PartialFingerprints["primaryLocationLineHash"] == "" || res.PartialFingerprints["jotsight/v1"] == "" {
					t.Errorf("%s: no fingerprint", *res.RuleID)
				}
				if strings.Contains(*res.Message.Text, "](http") && !strings.Contains(*res.Message.Text, `\](http`) {
					t.Errorf("%s: a text of the target is a link", *res.RuleID)
				}
			}
			for _, rule := range run.Tool.Driver.Rules {
				tags := rule.Properties.Tags
				if *rule.Help.Markdown == "" || *rule.HelpURI == "" || len(tags) < 2 || len(tags) > maxTags || tags[0] != "security" || !strings.HasPrefix(tags[1], "external/cwe/cwe-") {
					t.Errorf("rule %s: help or tags %q", *rule.ID, tags)
				}
				if rule.Properties.Properties["security-severity"] == "" || rule.DefaultConfiguration.Level == "" {
					t.Errorf("rule %s: no severity", *rule.ID)
				}
			}
		})
	}
}

func TestSuppressionsStay(t *testing.T) {
	var doc struct {
		Runs []struct {
			Results []struct {
				RuleID       string
				Level        string
				Suppressions []struct{ Kind, Status, Justification string }
			}
		}
	}
	if err := json.Unmarshal(write(t, rich(t), ""), &doc); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range doc.Runs[0].Results {
		for _, s := range r.Suppressions {
			n++
			if s.Kind != "external" || s.Status != "accepted" || s.Justification == "" {
				t.Errorf("%s: %+v", r.RuleID, s)
			}
		}
	}
	if n != 2 {
		t.Errorf("%d suppressions, want 2", n)
	}
}

// TestNoMoreThanIsShown holds that a file of any number of findings is taken, and
// that the worst are in it.
func TestNoMoreThanIsShown(t *testing.T) {
	worst := finding.Finding{ID: catalog.AlgNoneAccepted, Severity: catalog.Critical, Fingerprint: "worst"}
	r := &finding.Report{Command: "lint", Findings: append(slices.Repeat([]finding.Finding{{ID: catalog.VerboseError, Severity: catalog.Low}}, maxResults+6), worst)}
	text := write(t, r, "")
	if n := bytes.Count(text, []byte(`"ruleId"`)); n != maxResults {
		t.Errorf("%d results, want %d", n, maxResults)
	}
	if !bytes.Contains(text, []byte(`"left-out": 7`)) || !bytes.Contains(text, []byte(`"jotsight/v1": "worst"`)) {
		t.Error("what is left out is not counted, or is the worst")
	}
}

func TestRelative(t *testing.T) {
	root := t.TempDir()
	for path, want := range map[string]string{
		"":                                     anchor,
		filepath.Join(root, "a b", "c.yaml"):   "a%20b/c.yaml",
		filepath.Join(root, "..", "else.yaml"): "else.yaml",
	} {
		if got := relative(path, root); got != want {
			t.Errorf("%q is %q, want %q", path, got, want)
		}
	}
}
