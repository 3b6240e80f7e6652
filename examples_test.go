package jotsight_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unexampled are the exported functions and methods that need no Example of their
// own, each with the reason. A name that ends in a dot stands for the methods of a
// type, one that begins with a dot for the methods of that name.
var unexampled = map[string]string{
	".Format":         "fmt calls it; ExampleToken and ExampleNewRaw print",
	".String":         "fmt calls it",
	".LogValue":       "log/slog calls it",
	".MarshalText":    "encoding/json and log/slog call it",
	".UnmarshalText":  "encoding/json calls it",
	".MarshalXMLAttr": "encoding/xml calls it",
	".GobEncode":      "encoding/gob calls it",
	".GobDecode":      "encoding/gob calls it",
	".Error":          "whoever prints an error calls it",
	".Is":             "errors.Is calls it, in ExampleRefuse",
	".Unwrap":         "errors.Is calls it, in ExampleGuard_Check",
	".IsZero":         "one word; encoding/json calls it for omitzero",

	"guard.Token.":                       "ExampleToken prints what each of them gives",
	"guard.LineSink.":                    "what a Guard calls of a Sink; ExampleTee and ExampleGuard_Close",
	"guard.MonitorLink.":                 "what a Guard calls of a Sink; ExampleMonitorSink",
	"guard.KeySet.Keys":                  "a Guard calls it; ExampleJWKS",
	"guard.KeySet.Generation":            "a Guard calls it; ExampleJWKS",
	"guard.Keyring.Keys":                 "a Guard calls it; ExampleKeyring",
	"guard.Keyring.Generation":           "a Guard calls it; ExampleKeyring",
	"guard.Issuer.RespondError":          "ExampleIssuer_Confirm",
	"guard.Enforce":                      "ExampleGuard_Attempt",
	"guard.Verdict":                      "ExampleGuard_Attempt",
	"guard.NewContext":                   "ExampleGuard_Allow",
	"guard.Guard.ValidateToken":          "ExampleGuard_Carry",
	"guard.Guard.ParseWithClaimsContext": "ExampleGuard_ParseWithClaims, with a context",
	"guard.Clients.Identify":             "ExampleClients_Authenticate",
	"promguard.Metrics.":                 "what a Guard calls; ExampleNew",
	"otelguard.Metrics.":                 "what a Guard calls; ExampleNew",
	"redisstore.Store.":                  "what a Guard and an Issuer call; Example",

	"event.Field.":              "ExampleField_Text has all types, ExampleKeys the rest",
	"event.IDs.Next":            "ExampleNewIDs",
	"event.Kind.Audit":          "ExampleKinds",
	"event.Reason.":             "ExampleReasons and ExampleParseReason",
	"event.Fingerprinter.Sum":   "for the cache of package guard",
	"event.Fingerprinter.Whole": "for the cache of package guard",
	"event.Fingerprinter.Print": "for the cache of package guard",
	"event.MAC.":                "for the cache of package guard",

	"guardtest.Sink":  "needs a *testing.T, which no Example has; TestSinks calls it as a user would",
	"guardtest.Store": "needs a *testing.T, which no Example has; TestMemoryStore calls it as a user would",
}

// Gate: "Examples (Example...) that compile and run for every public entry point".
// An entry point is an exported function, or a method of an exported type, of
// package guard, those below it, and the adapters. An Example without an output is compiled and not run, and does
// not count.
func TestEveryEntryPointHasAnExample(t *testing.T) {
	used := make(map[string]bool)
	adapters, err := filepath.Glob("adapters/*/*_test.go")
	if err != nil || len(adapters) == 0 {
		t.Fatalf("%d adapters, %v", len(adapters), err)
	}
	dirs := []string{"guard", "guard/event", "guard/guardtest"}
	for _, file := range adapters {
		dirs = append(dirs, filepath.ToSlash(filepath.Dir(file)))
	}
	for _, dir := range slices.Compact(dirs) {
		name := path.Base(dir)
		fset := token.NewFileSet()
		var code, tests []*ast.File
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			f, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") {
				tests = append(tests, f)
			} else {
				code = append(code, f)
			}
		}
		has := make(map[string]bool)
		for _, x := range doc.Examples(tests...) {
			if x.Output == "" && !x.EmptyOutput {
				t.Errorf("%s: Example%s has no output: it is compiled and never run", name, x.Name)
				continue
			}
			if strings.HasPrefix(dir, "adapters/") { // small packages: one Example may show all that there is
				ast.Inspect(x.Code, func(n ast.Node) bool {
					if s, ok := n.(*ast.SelectorExpr); ok {
						has[s.Sel.Name] = true
					}
					return true
				})
			}
			base, _, _ := strings.Cut(x.Name, "_")
			has[x.Name] = true
			if parts := strings.Split(x.Name, "_"); len(parts) > 1 {
				has[base+"_"+parts[1]] = true
			}
			has[base] = true
		}
		p, err := doc.NewFromFiles(fset, code, "github.com/jotsight/jotsight/"+dir)
		if err != nil {
			t.Fatal(err)
		}
		entries := 0
		look := func(entry string) {
			entries++
			full := name + "." + strings.Replace(entry, "_", ".", 1)
			dot := strings.LastIndexByte(full, '.')
			exempt := false
			for _, rule := range []string{full, full[:dot+1], full[dot:]} {
				why, ok := unexampled[rule]
				if !ok {
					continue
				}
				used[rule], exempt = true, true
				switch {
				case why == "":
					t.Errorf("%s needs no Example, without a reason", rule)
				case rule == full && has[entry]:
					t.Errorf("%s has an Example, and stands among those that need none", full)
				}
			}
			if !has[entry] && !has[full[dot+1:]] && !exempt {
				t.Errorf("%s has no Example%s", full, entry)
			}
		}
		for _, f := range p.Funcs {
			look(f.Name)
		}
		for _, typ := range p.Types {
			for _, f := range slices.Concat(typ.Funcs) {
				look(f.Name)
			}
			for _, m := range typ.Methods {
				look(typ.Name + "_" + m.Name)
			}
		}
		if entries == 0 {
			t.Errorf("%s: no entry points", name)
		}
	}
	for full := range unexampled {
		if !used[full] {
			t.Errorf("%s needs no Example, and does not exist", full)
		}
	}
}
