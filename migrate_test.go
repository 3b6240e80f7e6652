package jotsight_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// where finds the import of each package that the page names.
var where = map[string]string{
	"auth0compat":   "github.com/jotsight/jotsight/adapters/auth0compat",
	"chi":           "github.com/go-chi/chi/v5",
	"chiguard":      "github.com/jotsight/jotsight/adapters/chiguard",
	"context":       "context",
	"gorillamux":    "github.com/gorilla/mux",
	"guard":         "github.com/jotsight/jotsight/guard",
	"http":          "net/http",
	"httprate":      "github.com/go-chi/httprate",
	"jwt":           "github.com/golang-jwt/jwt/v5",
	"jwtauth":       "github.com/go-chi/jwtauth/v5",
	"jwtauthcompat": "github.com/jotsight/jotsight/adapters/jwtauthcompat",
	"jwtmiddleware": "github.com/auth0/go-jwt-middleware/v2",
	"os":            "os",
	"time":          "time",
	"validator":     "github.com/auth0/go-jwt-middleware/v2/validator",
}

// around is what the reader has already: the names that a block may use without
// declaring them.
const around = `
var (
	secret        []byte
	raw           string
	login, order  http.HandlerFunc
	yourService   http.Handler
	claims        jwt.RegisteredClaims
	mux           *http.ServeMux
	gorillaRouter *gorillamux.Router
	keyFunc       = %s
)

var _ = chi.NewRouter

func block(g *guard.Guard, r %s) error {
%s
	return nil
}
`

// Every block of Go on the page about migration compiles, in a module as a reader
// would have it: with the peers, and guard and the adapters beside it. Tests of
// the adapters run the same lines.
func TestMigrationPageCompiles(t *testing.T) {
	sources(t) // reads the code too, so that the test cache knows what the go command will
	page, err := os.ReadFile("docs/guard/migrate.md")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 10 {
		t.Fatalf("%d blocks of Go on the page", len(blocks))
	}
	for i, b := range blocks {
		write(fmt.Sprintf("block%02d/block.go", i), program(b[1]))
	}
	const module = "github.com/jotsight/jotsight/"
	write("go.mod", fmt.Sprintf("module reader\n\ngo 1.26\n\nrequire (\n\t%sguard v0.0.0\n\t%sadapters v0.0.0\n\tgithub.com/go-chi/httprate v0.16.1\n\tgithub.com/gorilla/mux v1.8.1\n)\n\nreplace (\n\t%sguard => %s/guard\n\t%sadapters => %s/adapters\n)\n",
		module, module, module, root, module, root))
	sums, err := os.ReadFile("adapters/go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write("go.sum", string(sums))
	cmd := exec.CommandContext(t.Context(), "go", "vet", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
		for i, b := range blocks {
			if strings.Contains(string(out), fmt.Sprintf("block%02d", i)) {
				t.Logf("block %d:\n%s", i, b[1])
			}
		}
	}
}

var (
	declared = regexp.MustCompile(`(?m)^(\w+(?:, \w+)*) := `)
	named    = regexp.MustCompile(`\b([a-z]\w*)\.[A-Z]`)
)

// program makes a package of a block.
func program(block string) string {
	body := block
	for _, m := range declared.FindAllStringSubmatch(block, -1) { // what a block declares, its reader uses
		for name := range strings.SplitSeq(m[1], ", ") {
			body += fmt.Sprintf("\t_ = %s\n", name)
		}
	}
	// A return in the middle of a block ends the page's example, not the function.
	body = regexp.MustCompile(`(?m)^return (http\..*)$`).ReplaceAllString(body, "if err := $1; err != nil {\n\treturn err\n}")
	key, request := "func(*jwt.Token) (any, error) { return secret, nil }", "chi.Router"
	if strings.Contains(block, "validator.New") {
		key = "func(context.Context) (any, error) { return secret, nil }"
	}
	if strings.Contains(block, "r.Context()") {
		request = "*http.Request"
	}
	text := fmt.Sprintf(around, key, request, body)
	var imports []string
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		path, ok := where[m[1]]
		if ok && !slices.Contains(imports, m[1]+" "+fmt.Sprintf("%q", path)) {
			imports = append(imports, m[1]+" "+fmt.Sprintf("%q", path))
		}
	}
	return "package block\n\nimport (\n\t" + strings.Join(imports, "\n\t") + "\n)\n" + text
}
