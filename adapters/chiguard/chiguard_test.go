package chiguard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/jotsight/jotsight/adapters/chiguard"
	_ "github.com/jotsight/jotsight/guard" // so that the test cache knows that the programs use it
)

// versions of chi: the first and the last of each habit. v5.2.0 knows no pattern,
// v5.2.3 a wrong one, v5.3.0 the right one.
var versions = []string{"v5.0.0", "v5.0.7", "v5.0.12", "v5.1.0", "v5.2.0", "v5.2.3", "v5.2.5", "v5.3.0", "v5.5.0"}

// Every version names the same routes, for refused and for admitted requests.
// Each runs in a module of its own that requires exactly that version; the go
// command gets it from the module proxy once.
func TestVersionsOfChi(t *testing.T) {
	source, err := os.ReadFile("chiguard.go")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("testdata/versions/main.go")
	if err != nil {
		t.Fatal(err)
	}
	lib, err := filepath.Abs("../../guard")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(lib, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{
				"chiguard/chiguard.go": string(source), "main.go": string(program), "go.sum": string(sums),
				"go.mod": fmt.Sprintf("module versions\n\ngo 1.26\n\nrequire (\n\tgithub.com/go-chi/chi/v5 %s\n\tgithub.com/jotsight/jotsight/guard v0.0.0\n)\n\nreplace github.com/jotsight/jotsight/guard => %s\n", version, lib),
			} {
				file := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			run := func(args ...string) string {
				t.Helper()
				cmd := exec.CommandContext(t.Context(), "go", args...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("go %v: %v\n%s", args, err, out)
				}
				return string(out)
			}
			out := run("run", ".")
			if !regexp.MustCompile(`\A(go: .*\n)*\d{2,} requests\n\z`).MatchString(out) {
				t.Errorf("got %q, want only the number of requests", out)
			}
			if got := run("list", "-m", "-f", "{{.Version}}", "github.com/go-chi/chi/v5"); got != version+"\n" {
				t.Errorf("it ran with chi %s", got)
			}
		})
	}
}

func ok(http.ResponseWriter, *http.Request) {}

// Looking a route up before routing, which every refusal does, allocates nothing;
// a template put together of two routers costs its own text, and chi two more.
func TestRouteIsCheap(t *testing.T) {
	r := chi.NewRouter()
	r.Get("/orders/{id}", ok)
	r.Route("/api", func(r chi.Router) { r.Get("/u/{id}", ok) })
	route := chiguard.Of(r)
	for _, test := range []struct {
		path, want string
		allocs     float64
	}{
		{"/orders/7", "/orders/{id}", 0},
		{"/nope", "", 0},
		{"/api/u/3", "/api/u/{id}", 3},
	} {
		q := httptest.NewRequest("GET", test.path, nil)
		if got := route(q); got != test.want {
			t.Errorf("%s: %q, want %q", test.path, got, test.want)
		}
		if raceDetector {
			continue // it drops what a sync.Pool holds, at random
		}
		if n := testing.AllocsPerRun(1000, func() { route(q) }); n > test.allocs {
			t.Errorf("%s: %v allocations, want %v", test.path, n, test.allocs)
		}
	}
}

// Outside of any router there is no route, and nobody panics.
func TestRouteWithoutRouter(t *testing.T) {
	if got := chiguard.Route(httptest.NewRequest("GET", "/orders/7", nil)); got != "" {
		t.Errorf("%q, want nothing", got)
	}
}

func BenchmarkOf(b *testing.B) {
	r := chi.NewRouter()
	r.Get("/accounts/{id}", ok)
	route, q := chiguard.Of(r), httptest.NewRequest("GET", "/accounts/7", nil)
	b.ReportAllocs()
	for b.Loop() {
		route(q)
	}
}

// BenchmarkFresh is the same without a pool, to compare.
func BenchmarkFresh(b *testing.B) {
	r := chi.NewRouter()
	r.Get("/accounts/{id}", ok)
	q := httptest.NewRequest("GET", "/accounts/7", nil)
	b.ReportAllocs()
	for b.Loop() {
		at := chi.NewRouteContext()
		r.Match(at, q.Method, q.URL.Path)
		_ = at.RoutePattern()
	}
}
