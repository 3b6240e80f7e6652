package reference

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// TestDocsAreFresh holds that docs/reference is what the catalogue says.
func TestDocsAreFresh(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "docs", "reference")
	want := Files()
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != text {
			t.Errorf("docs/reference/%s is stale (%v); make it anew: %s", name, err, Command)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			t.Errorf("docs/reference/%s is not made by %s: take it away, or put it elsewhere in docs", e.Name(), Command)
		}
	}
}

func TestEveryEntryHasItsPage(t *testing.T) {
	counts := map[Sort]int{}
	for _, p := range Pages() {
		counts[p.Sort]++
		if p.Name == "" || p.Title == "" || len(p.Facts) == 0 || p.Sort != Key && len(p.Sections) == 0 {
			t.Errorf("%s %q is not filled in", p.Sort.One(), p.Name)
		}
		if !slices.ContainsFunc(Lookup(p.Name), func(q Page) bool { return q.Sort == p.Sort }) {
			t.Errorf("%s %s is not found", p.Sort.One(), p.Name)
		}
		for _, s := range p.Sections {
			for _, item := range s.List {
				if item.Name != "" && !slices.ContainsFunc(Lookup(item.Name), func(q Page) bool { return q.Sort == item.Sort }) {
					t.Errorf("%s %s leads to %s, which is not there", p.Sort.One(), p.Name, item.Name)
				}
			}
		}
	}
	for sort, want := range map[Sort]int{Weakness: len(catalog.Weaknesses()), Detection: len(catalog.Detections()), Kind: len(event.Kinds()), Reason: len(event.Reasons()), Key: len(event.Keys())} {
		if counts[sort] != want {
			t.Errorf("%s: %d pages, want %d", sort, counts[sort], want)
		}
	}
}

func TestLookup(t *testing.T) {
	for name, want := range map[string][]Sort{
		"silent-refresh":          {Weakness},
		"refresh-reuse":           {Detection},
		"telemetry-silence":       {Weakness, Detection},
		"refresh_reuse":           {Kind, Reason},
		"jwt.refresh_reuse":       {Kind},
		"bad_signature":           {Reason},
		"jwt.verified":            {Kind, Key}, // an event, and the key that says whether the signature held
		"jotsight.config_changed": {Kind},
		"config_changed":          {Kind},
		"jwt.fp":                  {Key},
		"fp":                      nil,
		"":                        nil,
		"no-such-thing":           nil,
	} {
		var got []Sort
		for _, p := range Lookup(name) {
			got = append(got, p.Sort)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"slient-refresh": "silent-refresh", "Bad-Signature": "bad_signature", "alg-none": "alg_none", "bruteforce": "signature-bruteforce",
		"jwt.refresh-reuse": "refresh-reuse", "weaksecret": "weak-secret", "client.adress": "client.address",
		"slient": "silent-issuance",
	} {
		if got := Nearest(name, 5); !slices.Contains(got, want) {
			t.Errorf("%q: got %q, want %s among them", name, got, want)
		}
	}
	for _, name := range []string{"", "x", "xylophone-concerto", strings.Repeat("z", 1<<20)} {
		if got := Nearest(name, 3); len(got) > 3 {
			t.Errorf("%.20q: %d guesses", name, len(got))
		}
	}
	if got := Nearest("xylophone-concerto", 3); len(got) != 0 {
		t.Errorf("nothing is near, got %q", got)
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
