package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// go vet takes the program for a tool of its own: it asks for version and flags,
// hands over packages, and shows what is found in them.
func TestVetTool(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tool := filepath.Join(dir, "jotsight") // the name makes the test binary the program: see TestMain
	if err := os.Symlink(exe, tool); err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod": "module example.com/api\n\ngo 1.26\n\nrequire github.com/golang-jwt/jwt/v5 v5.3.1\n",
		"go.sum": string(sums),
		"main.go": `package main

import (
	"net/http"

	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return nil, nil }

func me(w http.ResponseWriter, r *http.Request) {
	_, err := jwt.Parse(r.FormValue("t"), key, jwt.WithValidMethods([]string{"HS256"}))
	if err != nil {
		w.WriteHeader(401)
	}
}

func main() {
	http.HandleFunc("GET /me", me)
}
`,
		"none/none.go":      "package none\n",
		"none/none_test.go": "package none\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "vet", "-vettool="+tool, "./...")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("go vet is content:\n%s", out)
	}
	if !strings.Contains(string(out), "main.go:13:1: silent-verify-failure (high): GET /me: a bad token leaves by line 14 (401)") {
		t.Errorf("go vet prints\n%s", out)
	}
}
