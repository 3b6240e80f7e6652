// Package jotsight_test holds the house to its plan: who may import whom, what
// the library may require, and who must not look at a clock.
package jotsight_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/jotsight/jotsight"

// arrows says which packages of ours each package may import, tests apart. Arrows
// run one way, in three storeys. A package that is not listed is an error: say
// here where it stands. One that is listed and not there yet is none.
const arrows = `
# Words: what everybody speaks. They know nobody, and not each other.
guard/event:
internal/catalog:
internal/catalog/reference: guard/event internal/catalog    # pages for people about both words
internal/catalog/gen: internal/catalog/reference            # a program: writes docs/reference
rules:                                                      # data: the rules that we ship

# The library. It imports nothing of internal, because users pay for it.
guard: guard/event
guard/guardtest: guard guard/event
adapters/*: guard guard/event

# Machines. They know words, and each other only as said here.
internal/finding: guard/event internal/catalog              # from event: which runes print
internal/report/*: internal/catalog internal/finding          # one format each
internal/report/reporttest: internal/finding                  # what the tests of formats share
internal/scan: guard/event internal/catalog internal/finding internal/scan/forge
internal/scan/forge:                                        # makes hostile tokens; knows nothing but tokens
internal/lint: guard/event internal/catalog internal/finding internal/lint/*
internal/lint/ir:                                           # the small language that all frontends speak
internal/lint/mutate: internal/lint                        # a program: deletes records, and sees whether lint notices
internal/lint/ecma:                                         # parses JavaScript and TypeScript; knows nothing of tokens
internal/lint/golang: internal/lint/ir                      # one frontend a language: source to ir
internal/lint/javascript: internal/lint/ir internal/lint/ecma
internal/lint/clojure: internal/lint/ir
internal/lint/library:                                      # what functions of libraries do, as data
internal/lint/resolve: internal/lint/ir internal/lint/library
internal/lint/flow: internal/lint/ir internal/lint/library internal/lint/resolve
internal/rule: guard/event internal/catalog
internal/detect: guard/event internal/catalog internal/rule # runs compiled rules
internal/ingest: guard/event
internal/stream: guard/event
internal/store: guard/event internal/catalog internal/finding internal/detect # keeps alerts and reports
internal/alert: guard/event internal/catalog internal/detect                  # delivers detect's Alert
internal/respond: guard/event internal/finding internal/detect                # acts on alerts
internal/web: guard/event internal/catalog internal/finding internal/detect   # shows all of them
internal/sim: guard/event

# Assembly: wires machines, and holds no logic of its own.
internal/monitor: guard/event internal/catalog internal/finding internal/rule internal/detect internal/ingest internal/stream internal/store internal/alert internal/respond internal/web rules
internal/demo: guard guard/event internal/catalog internal/finding internal/scan internal/detect internal/sim internal/monitor examples/*
internal/cli: guard guard/event internal/catalog internal/catalog/reference internal/finding internal/report/* internal/scan internal/lint internal/rule internal/detect internal/ingest internal/stream internal/store internal/alert internal/sim internal/monitor internal/demo rules
cmd/jotsight: internal/cli

# Programs that use us as a user would.
examples/targets/run: internal/catalog internal/finding internal/scan        # compares scans with the truth
examples/*: guard guard/event examples/*
bench/*: guard guard/event
`

var assembly = []string{"internal/monitor", "internal/demo", "internal/cli"}

// clockless packages move by the time that stands in events. What they must not
// import or call, so that a replay is the same as the live run:
var clockless = []string{"guard/event", "internal/rule", "internal/detect"}

var (
	clocks  = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	outside = []string{"net", "net/http", "os", "database/sql", "math/rand"}
)

// lightest is all that guard may ever require: its users pay for each entry.
var lightest = []string{"github.com/golang-jwt/jwt/v5", "github.com/go-jose/go-jose/v4", "github.com/maypok86/otter/v2"}

// A source is one Go file of the repository.
type source struct {
	file string // from the root, with slashes
	pkg  string // its directory
	test bool
	ast  *ast.File
	fset *token.FileSet
}

func (s source) at(p token.Pos) string { return fmt.Sprintf("%s:%d", s.file, s.fset.Position(p).Line) }

func (s source) imports() (list []string) {
	for _, i := range s.ast.Imports {
		list = append(list, strings.Trim(i.Path.Value, "`\""))
	}
	return list
}

// sources reads every Go file but fixtures. It parses instead of asking the go
// command, because the test cache cannot see what a child process reads.
func sources(t *testing.T) (list []source) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); file != "." && (strings.HasPrefix(n, ".") || strings.HasPrefix(n, "_") || n == "testdata" || n == "node_modules" || n == "vendor") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		file = filepath.ToSlash(file)
		list = append(list, source{file, path.Dir(file), strings.HasSuffix(file, "_test.go"), f, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 50 {
		t.Fatalf("%d Go files found: not the root of the repository", len(list))
	}
	return list
}

// parseArrows reads the text of arrows.
func parseArrows(t *testing.T) map[string][]string {
	t.Helper()
	graph := map[string][]string{}
	for line := range strings.Lines(arrows) {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		pkg, to, ok := strings.Cut(line, ":")
		if _, twice := graph[pkg]; !ok || twice {
			t.Fatalf("arrows: %q", line)
		}
		graph[pkg] = strings.Fields(to)
	}
	return graph
}

// match reports whether a package is meant by a pattern: its name, or a folder
// with everything under it.
func match(pattern, pkg string) bool {
	folder, deep := strings.CutSuffix(pattern, "/*")
	return pattern == pkg || deep && strings.HasPrefix(pkg, folder+"/")
}

// wrong says what is wrong with an import of ours, or nothing. Where several
// patterns mean the importer, the longest one counts.
func wrong(graph map[string][]string, from, to string) string {
	most := ""
	for pattern := range graph {
		if match(pattern, from) && len(pattern) > len(most) {
			most = pattern
		}
	}
	switch {
	case most == "":
		return fmt.Sprintf("%s is not in the arrows of deps_test.go: say there where it stands", from)
	case !slices.ContainsFunc(graph[most], func(p string) bool { return match(p, to) }):
		return fmt.Sprintf("%s must not import %s; the arrows stand in deps_test.go", from, to)
	}
	return ""
}

func TestArrows(t *testing.T) {
	graph := parseArrows(t)
	for _, s := range sources(t) {
		if s.test || s.pkg == "." {
			continue
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(graph)), func(p string) bool { return match(p, s.pkg) }) {
			t.Errorf("%s: %s", s.file, wrong(graph, s.pkg, ""))
		}
		for _, i := range s.imports() {
			if to, ours := strings.CutPrefix(i, module+"/"); ours {
				if problem := wrong(graph, s.pkg, to); problem != "" {
					t.Errorf("%s: %s", s.file, problem)
				}
			}
		}
	}
}

// TestArrowsRunOneWay holds that the text itself has no circle and that machines
// do not reach up into assembly.
func TestArrowsRunOneWay(t *testing.T) {
	graph := parseArrows(t)
	var visit func(pkg string, trail []string)
	visit = func(pkg string, trail []string) {
		if slices.Contains(trail, pkg) {
			t.Fatalf("a circle: %s", strings.Join(append(trail, pkg), " -> "))
		}
		for _, to := range graph[pkg] {
			if to != pkg { // a folder whose packages import each other
				visit(to, append(slices.Clone(trail), pkg))
			}
		}
	}
	for pkg, allowed := range graph {
		visit(pkg, nil)
		for _, to := range allowed {
			if slices.Contains(assembly, to) && !slices.Contains(assembly, pkg) && pkg != "cmd/jotsight" {
				t.Errorf("%s must not import %s, which is assembly", pkg, to)
			}
		}
	}
	for _, c := range []struct{ from, to string }{ // the test can fail
		{"guard", "internal/catalog"}, {"guard/event", "internal/catalog"}, {"internal/catalog", "guard/event"}, {"internal/detect", "internal/store"},
		{"internal/finding", "internal/scan"}, {"internal/lint", "internal/scan"}, {"internal/nowhere", "guard/event"}, {"examples/bank", "internal/catalog"},
		{"examples/bank", "internal/scan"}, {"examples/targets/run", "guard"},
	} {
		if wrong(graph, c.from, c.to) == "" {
			t.Errorf("%s may import %s", c.from, c.to)
		}
	}
}

// TestGuardIsLight holds that guard, its tests included, uses the standard library,
// itself and the three modules that it may require; and that it requires no other.
func TestGuardIsLight(t *testing.T) {
	for _, s := range sources(t) {
		if s.pkg != "guard" && !strings.HasPrefix(s.pkg, "guard/") {
			continue
		}
		for _, i := range s.imports() {
			first, _, _ := strings.Cut(i, "/")
			switch {
			case !strings.Contains(first, "."): // the standard library
			case i == module+"/guard", strings.HasPrefix(i, module+"/guard/"):
			case slices.ContainsFunc(lightest, func(m string) bool { return i == m || strings.HasPrefix(i, m+"/") }):
			default:
				t.Errorf("%s imports %s: guard stays light, because its users carry what it requires", s.file, i)
			}
		}
	}
	b, err := os.ReadFile("guard/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	required := regexp.MustCompile(`(?m)^(?:require)?\s+([a-z0-9.-]+\.[a-z]+/\S+) v\S+`).FindAllStringSubmatch(string(b), -1)
	if len(required) == 0 {
		t.Fatal("guard/go.mod: no requirement read")
	}
	for _, m := range required {
		if !slices.Contains(lightest, m[1]) {
			t.Errorf("guard/go.mod requires %s; it may require %s alone", m[1], strings.Join(lightest, ", "))
		}
	}
	if strings.Contains(string(b), "\nreplace ") {
		t.Error("guard/go.mod: a replace is not seen by users")
	}
}

// TestDetectorsHaveNoClock holds that time comes with the event: no clock, network,
// storage or chance in the packages that a replay must repeat.
func TestDetectorsHaveNoClock(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !slices.Contains(clockless, s.pkg) {
			continue
		}
		clock := ""
		for _, i := range s.ast.Imports {
			p := strings.Trim(i.Path.Value, "`\"")
			if slices.Contains(outside, p) {
				t.Errorf("%s: imports %s", s.at(i.Pos()), p)
			}
			if p == "time" {
				clock = "time"
				if i.Name != nil {
					clock = i.Name.Name
				}
			}
		}
		if clock == "." {
			t.Errorf("%s: imports time by dot, so that nobody sees who looks at the clock", s.file)
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && clock != "" && x.Name == clock && slices.Contains(clocks, sel.Sel.Name) {
					t.Errorf("%s: time.%s; time comes with the event", s.at(sel.Pos()), sel.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestNoInit holds that nothing happens by being imported but the filling of
// package-local registries.
func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init; a registry is `var _ = add(…)`", s.at(f.Pos()))
			}
		}
	}
}
