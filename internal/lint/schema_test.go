package lint

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/jotsight/jotsight/internal/finding"
)

// TestReportKeepsTheSchema holds that a report with findings, suppressions, notes and
// files of every kind is what the published schema promises.
func TestReportKeepsTheSchema(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(filepath.Join("..", "..", "docs", "jotsight-report-1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	bad, err := os.ReadFile(filepath.Join("testdata", "silent-verify-failure", "bad_express.js"))
	if err != nil {
		t.Fatal(err)
	}
	with := bytes.Replace(bad, []byte("} catch (err) {"), []byte("} catch (err) { //jotsight:ignore silent-verify-failure until=2099-01-31 -- because\n //jotsight:ignore x"), 1)
	r, err := Run(t.Context(), Options{Root: "x", Version: "1", Config: Config{Strict: true}, FS: fstest.MapFS{
		"a.js": {Data: with}, "b.js": {Data: bad}, "c.min.js": {Data: []byte("a")}, "d.go": {Data: []byte("package d\n")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) == 0 || len(r.Notes) == 0 || len(r.Stats.Code.Skipped) == 0 {
		t.Fatalf("%d findings, %d notes, %v skipped: the report shows too little", len(r.Findings), len(r.Notes), r.Stats.Code.Skipped)
	}
	var b bytes.Buffer
	if err := finding.WriteJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Error(err)
	}
}
