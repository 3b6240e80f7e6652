package lint

import (
	"cmp"
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A Check looks at the facts of a program for one weakness. Checks share nothing
// and change nothing; each gets the whole program.
type Check struct {
	ID catalog.ID
	// Strict checks need a judgement that no program can make, or see places that
	// are right in many services. They run in the strict profile alone.
	Strict bool
	// Limits says that something in front of the service may do what is missing.
	Limits bool
	// Counts says, for people, what is taken as a fault and what as a remedy.
	Counts string
	Run    func(*pass)
}

// checks is filled by the files of the checks.
var checks []Check

func add(c Check) struct{} {
	if slices.ContainsFunc(checks, func(d Check) bool { return d.ID == c.ID }) {
		panic("lint: check " + c.ID + " twice")
	}
	checks = append(checks, c)
	return struct{}{}
}

// Checks lists every check, by id.
func Checks() []Check {
	return slices.SortedFunc(slices.Values(checks), func(a, b Check) int { return cmp.Compare(a.ID, b.ID) })
}

// CheckOf finds the check of a weakness.
func CheckOf(id catalog.ID) (Check, bool) {
	i := slices.IndexFunc(checks, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return Check{}, false
	}
	return checks[i], true
}

// An Example is a piece of code that a check finds, or one that is right. It is a
// test of the check, too.
type Example struct {
	Name     string // bad_express.js
	Bad      bool
	Language ir.Language
	Source   string // without the marks of the test
}

//go:embed testdata/*/bad_* testdata/*/good_*
var fixtures embed.FS

// Examples lists those of a check, bad ones first.
func (c Check) Examples() []Example {
	dir := path.Join("testdata", string(c.ID))
	entries, err := fs.ReadDir(fixtures, dir)
	if err != nil {
		return nil
	}
	var list []Example
	for _, e := range entries { // bad before good, by name
		text, err := fs.ReadFile(fixtures, path.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		list = append(list, Example{
			Name: e.Name(), Bad: strings.HasPrefix(e.Name(), "bad_"),
			Language: languages[path.Ext(e.Name())], Source: unmarked(string(text)),
		})
	}
	return list
}

// Pair is one example of each sort to show beside each other: the shortest bad one
// that has a good one of the same framework, or else of the same language.
func (c Check) Pair() (bad, good Example) {
	framework := func(e Example) string {
		_, name, _ := strings.Cut(e.Name, "_")
		return name
	}
	list := c.Examples()
	best := -1
	for _, b := range list {
		for _, g := range list {
			if !b.Bad || g.Bad {
				continue
			}
			match := 0
			switch {
			case framework(b) == framework(g):
				match = 2
			case b.Language == g.Language:
				match = 1
			}
			if match > best || match == best && len(b.Source)+len(g.Source) < len(bad.Source)+len(good.Source) {
				bad, good, best = b, g, match
			}
		}
	}
	return bad, good
}

// unmarked takes the marks of tests out of a fixture: "// want silent-refresh".
func unmarked(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		for _, mark := range []string{" // want ", " ;; want "} {
			if i := strings.Index(line, mark); i >= 0 {
				line = strings.TrimRight(line[:i], " \t") + "\n"
			}
		}
		b.WriteString(line)
	}
	return b.String()
}
