package jotsight_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	mdLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdPath = regexp.MustCompile("`((?:internal|guard|rules|docs|examples|cmd|adapters|bench|scripts)/[\\w./-]+|\\w+_test\\.go)`")
	mdTest = regexp.MustCompile("`((?:Test|Fuzz|Example)[A-Z]\\w*)`")
	anchor = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// TestDocsLeadSomewhere follows every relative link of our Markdown, its anchor
// included, and looks for every path that it quotes.
func TestDocsLeadSomewhere(t *testing.T) {
	var pages []string
	for _, root := range []string{".", "docs"} {
		err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && root == "." && file != ".":
				return filepath.SkipDir
			case strings.HasSuffix(file, ".md"):
				pages = append(pages, filepath.ToSlash(file))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(pages) < 10 {
		t.Fatalf("%d pages found", len(pages))
	}
	anchors := map[string]map[string]bool{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		anchors[page] = map[string]bool{}
		for _, m := range anchor.FindAllStringSubmatch(string(text), -1) {
			anchors[page][slug(m[1])] = true
		}
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, m := range mdLink.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], ":") {
				continue // another site
			}
			file, fragment, _ := strings.Cut(m[1], "#")
			target := page
			if file != "" {
				target = path.Join(path.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link to %s: not there", page, m[1])
			} else if known, read := anchors[target]; fragment != "" && read && !known[fragment] {
				t.Errorf("%s: link to %s: no such heading", page, m[1])
			}
		}
		for _, m := range mdPath.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s: quotes %s, which is not there", page, m[1])
			}
		}
	}
}

// TestDocsNameTestsThatExist looks for every test that our Markdown says holds
// something.
func TestDocsNameTestsThatExist(t *testing.T) {
	var code strings.Builder
	named := 0
	var pages []string
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case strings.HasSuffix(file, "_test.go"):
			b, err := os.ReadFile(file)
			code.Write(b)
			return err
		case strings.HasSuffix(file, ".md"):
			pages = append(pages, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mdTest.FindAllStringSubmatch(string(text), -1) {
			named++
			if !strings.Contains(code.String(), "\nfunc "+m[1]+"(") {
				t.Errorf("%s: names %s, which is not there", page, m[1])
			}
		}
	}
	if named < 20 {
		t.Fatalf("only %d tests are named", named)
	}
}

// slug is how renderers make an anchor of a heading.
func slug(heading string) string {
	heading = strings.ToLower(strings.NewReplacer("`", "", "[", "", "]", "").Replace(heading))
	var b strings.Builder
	for _, r := range heading {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// The threat model names the test that holds each line. A test that was renamed
// or removed takes its line with it.
func TestThreatModelIsHeld(t *testing.T) {
	text, err := os.ReadFile("docs/guard/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, dir := range []string{"guard", "guard/event", "adapters/redisstore", "bench/guard"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range testFunc.FindAllSubmatch(b, -1) {
				known[string(m[1])] = true
			}
		}
	}
	named := testName.FindAllSubmatch(text, -1)
	if len(named) < 30 {
		t.Errorf("%d tests named, want at least 30", len(named))
	}
	for _, m := range named {
		if !known[string(m[1])] {
			t.Errorf("%s is named and not there", m[1])
		}
	}
}

var (
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	testName = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
)
