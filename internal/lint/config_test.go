package lint

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

func TestConfig(t *testing.T) {
	c, err := ParseConfig(".jotsight.yaml", []byte(`
serve: {somebody: else's}
lint:
  profile: strict
  throttled-upstream: true
  exclude: [legacy/api/, tools]
  suppress:
    - {id: wrong-level, path: cmd/, reason: "a tool for us", until: 2027-01-31}
    - {id: silent-issuance, route: POST /login, reason: the gateway records it}
  rows:
    - {match: "go:example.com/house/audit.Record", does: audit}
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rows) != 1 || !c.Strict || !c.ThrottledUpstream {
		t.Errorf("got %+v", c)
	}
	c.Rows = nil
	want := Config{Strict: true, ThrottledUpstream: true, Exclude: []string{"legacy/api", "tools"}, Suppress: []finding.Rule{
		{ID: catalog.WrongLevel, Path: "cmd", Reason: "a tool for us", Until: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Where: ".jotsight.yaml:8"},
		{ID: catalog.SilentIssuance, Route: "POST /login", Reason: "the gateway records it", Where: ".jotsight.yaml:9"},
	}}
	if diff := cmp.Diff(c, want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
}

// A mistake names file, line and field, and all of them are told at once.
func TestConfigMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"comments", "# nothing yet\n", ""},
		{"others", "scan: {target: x}\n", ""},
		{"not YAML", "lint: [", ".jotsight.yaml: line 1"},
		{"not a mapping", "- lint", ".jotsight.yaml:1: "},
		{"unknown field", "lint:\n  profil: strict\n", ".jotsight.yaml:2: lint.profil: not a field; there are exclude, profile, rows, suppress, throttled-upstream"},
		{"twice", "lint:\n  exclude: []\n  exclude: []\n", ".jotsight.yaml:3: lint.exclude: stands here twice"},
		{"profile", "lint: {profile: audit}", `.jotsight.yaml:1: lint.profile: "audit": neither default nor strict`},
		{"flag", "lint: {throttled-upstream: maybe}", "lint.throttled-upstream: neither true nor false"},
		{"way out", "lint:\n  exclude:\n  - ../other\n", ".jotsight.yaml:3: lint.exclude[0]: \"../other\": not a file or folder below the root"},
		{"everything", "lint: {exclude: [.]}", "lint.exclude[0]"},
		{"not a list", "lint: {exclude: legacy}", "lint.exclude: not a list"},
		{"unknown check", "lint: {suppress: [{id: no-such, reason: x}]}", `lint.suppress[0].id: "no-such": lint has no such check`},
		{"no reason", "lint: {suppress: [{id: wrong-level}]}", "lint.suppress[0]: needs id and reason"},
		{"day", "lint: {suppress: [{id: wrong-level, reason: x, until: tomorrow}]}", `lint.suppress[0].until: "tomorrow": not a day`},
		{"row", "lint:\n  rows:\n  - {match: 'go:x.Y', does: log, levle: warn}\n", ".jotsight.yaml:3"},
		{"two", "lint:\n  profile: x\n  exclude: 7\n", "lint.exclude: not a list"},
	} {
		_, err := ParseConfig(".jotsight.yaml", []byte(c.text))
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte("lint: {profile: strict, exclude: [a], suppress: [{id: wrong-level, reason: x}], rows: [{match: 'go:x.Y', does: log}]}"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) { ParseConfig("f", text) })
}
