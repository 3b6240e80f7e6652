package reporttest

import (
	"bytes"
	"os"
	"testing"

	"github.com/jotsight/jotsight/internal/finding"
)

// TestRich holds that the report of the golden files is one that jotsight itself
// would write, and how it reads at a terminal, wide and narrow.
func TestRich(t *testing.T) {
	r := Rich(t, "../testdata/rich.json")
	var b bytes.Buffer
	if err := finding.WriteJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("../testdata/rich.json", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("../testdata/rich.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Error("rich.json is not as it would be written; go test -update writes it")
	}
	for name, o := range map[string]finding.TextOptions{
		"rich.txt": {Width: 110}, "rich-narrow.txt": {Width: 40, ASCII: true}, "rich-colour.txt": {Width: 80, Colour: true},
	} {
		var b bytes.Buffer
		if err := finding.WriteText(&b, r, o); err != nil {
			t.Fatal(err)
		}
		Golden(t, name, b.Bytes())
	}
}

// TestHostileIs holds that Spoil reaches what the formats show.
func TestHostileIs(t *testing.T) {
	r := Rich(t, "../testdata/rich.json")
	Spoil(r)
	var b bytes.Buffer
	if err := finding.WriteText(&b, r, finding.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b.Bytes(), []byte("evil.example")); n < 50 {
		t.Errorf("the hostile text stands in the report %d times", n)
	}
	if c, bad := Unprintable([]byte(Hostile)); !bad {
		t.Errorf("%U", c)
	}
}
