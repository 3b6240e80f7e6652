package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeSession runs the terminal session at the top of the README: cat makes
// the file, jotsight must print what stands there.
func TestReadmeSession(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```console\n")
	session, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("README.md has no console session")
	}
	if n := bytes.Count(readme, []byte("\n")); n > 150 {
		t.Errorf("README.md has %d lines, want 150 at most", n)
	}
	dir, ran := t.TempDir(), 0
	for _, step := range strings.Split("\n"+session, "\n$ ")[1:] {
		line, want, _ := strings.Cut(strings.TrimSuffix(step, "\n"), "\n")
		args := strings.Fields(line)
		switch args[0] {
		case "cat":
			if err := os.WriteFile(filepath.Join(dir, args[1]), []byte(want+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		case "jotsight":
			for i, a := range args {
				if file := filepath.Join(dir, a); i > 1 && !strings.HasPrefix(a, "-") {
					args[i] = file
				}
			}
			var out, talk bytes.Buffer
			if code := Run(t.Context(), args[1:], strings.NewReader(""), &out, &talk); code != ExitClean {
				t.Errorf("%s: exit %d: %s", line, code, &talk)
			}
			if got := strings.TrimSuffix(out.String(), "\n"); got != want {
				t.Errorf("%s\n got:\n%s\nwant:\n%s", line, got, want)
			}
			ran++
		}
	}
	if ran == 0 {
		t.Error("the session runs no command")
	}
}
