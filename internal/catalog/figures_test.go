package catalog_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/rule"
	"github.com/jotsight/jotsight/rules"
)

// TestFiguresAreThoseOfTheRules holds that When names the threshold and the window
// of each shipped rule: "20 … in 60 s", "more than 10 … in 10 min", "the first".
func TestFiguresAreThoseOfTheRules(t *testing.T) {
	list, err := rule.Load(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`(?i)(more than )?\b([\d,]+)\b`)
	for _, r := range list {
		if r.Silent {
			continue
		}
		d, ok := catalog.DetectionOf(catalog.ID(r.Detection))
		if !ok {
			t.Errorf("%s: no detection %s", r.Name, r.Detection)
			continue
		}
		c := r.Correlation
		if c == nil {
			if !regexp.MustCompile(`(?i)^the first |of the last `).MatchString(d.When) {
				t.Errorf("%s fires on the first one, explain says %q", r.Name, d.When)
			}
			continue
		}
		var counts []string
		for _, m := range number.FindAllStringSubmatch(d.When, -1) {
			n := m[2]
			if m[1] != "" {
				var v int
				fmt.Sscan(n, &v)
				n = fmt.Sprint(v + 1)
			}
			counts = append(counts, n)
		}
		window := fmt.Sprintf("%d min", c.Window/time.Minute)
		if c.Window == time.Minute {
			window = "60 s"
		}
		if !slices.Contains(counts, fmt.Sprint(c.Min)) || !regexp.MustCompile(`\b`+window+`\b`).MatchString(d.When) {
			t.Errorf("%s counts %d in %s, explain says %q", r.Name, c.Min, window, d.When)
		}
	}
}
