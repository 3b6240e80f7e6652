package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// lintText runs the linter on one file.
func lintText(t testing.TB, name, text string, strict bool) *finding.Report {
	t.Helper()
	r, err := Run(t.Context(), Options{FS: fstest.MapFS{name: {Data: []byte(text)}}, Config: Config{Strict: strict}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var want = regexp.MustCompile(`(?://|;;) want ([a-z, -]+)`)

// wants gives the lines of a fixture on which a finding must stand.
func wants(text string, id catalog.ID) (lines []string) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if m := want.FindStringSubmatch(line); m != nil && slices.Contains(strings.Split(strings.TrimSpace(m[1]), ", "), string(id)) {
			lines = append(lines, fmt.Sprint(n))
		}
	}
	return lines
}

// TestFixtures holds each check to its examples: bad ones have a finding of it on
// each line that wants one and on no other, good ones have none of any check.
func TestFixtures(t *testing.T) {
	for _, c := range Checks() {
		t.Run(string(c.ID), func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join("testdata", string(c.ID), "*"))
			if err != nil {
				t.Fatal(err)
			}
			bad, good := 0, 0
			for _, file := range files {
				base := filepath.Base(file)
				t.Run(base, func(t *testing.T) {
					b, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					text := string(b)
					expected := wants(text, c.ID)
					if strings.HasPrefix(base, "bad_") {
						bad++
						if len(expected) == 0 {
							t.Fatalf("wants nothing: write // want %s on a line", c.ID)
						}
					} else {
						good++
						if len(expected) > 0 {
							t.Fatal("a good example that wants a finding")
						}
						for _, f := range lintText(t, base, text, false).Findings {
							t.Errorf("%s:%d: %s: %s", base, f.Location.Line, f.ID, f.Message)
						}
					}
					var got []string
					for _, f := range lintText(t, base, text, c.Strict).Findings {
						if f.ID == c.ID {
							got = append(got, fmt.Sprint(f.Location.Line))
						}
					}
					slices.Sort(got)
					slices.Sort(expected)
					if !slices.Equal(got, expected) {
						t.Errorf("%s on lines %v, want %v", c.ID, got, expected)
					}
				})
			}
			if bad == 0 || good == 0 {
				t.Errorf("%d bad examples and %d good ones; testdata/%s must hold both", bad, good, c.ID)
			}
		})
	}
}

// TestEveryWeaknessHasItsCheck holds that what the catalogue says lint sees, lint
// looks for, and no more.
func TestEveryWeaknessHasItsCheck(t *testing.T) {
	for _, w := range catalog.Weaknesses() {
		_, ok := CheckOf(w.ID)
		if seen := w.Sides&catalog.Lint != 0; ok != seen {
			t.Errorf("%s: check %v, in the catalogue %v", w.ID, ok, seen)
		}
	}
}
