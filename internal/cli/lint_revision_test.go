package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A revision is what was committed, below a folder, and nothing
// of the work tree.
func TestRevision(t *testing.T) {
	repo := t.TempDir()
	do := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		cmd.Dir = repo
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(repo, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	do("init", "-q")
	write("top.go", "package top\n")
	write("api/auth.go", "package api // old\n")
	write("api/größe und more/x\ty.js", "let x = 1\n")
	write("api/big.js", strings.Repeat("x", maxBlob+1))
	write("api/empty.js", "")
	if err := os.Symlink("/etc/passwd", filepath.Join(repo, "api/link.js")); err != nil {
		t.Fatal(err)
	}
	do("add", "-A")
	do("commit", "-qm", "one")
	write("api/auth.go", "package api // new\n")
	write("later/x.go", "package later\n")
	for _, c := range []struct {
		in, rev, want, err string
	}{
		{".", "HEAD", "api/auth.go=package api // old\n api/empty.js= api/größe und more/x\ty.js=let x = 1\n top.go=package top\n", ""},
		{"api", "HEAD", "auth.go=package api // old\n empty.js= größe und more/x\ty.js=let x = 1\n", ""},
		{"later", "HEAD", "", ""},
		{".", "nowhere", "", `"nowhere": no such revision here`},
		{".", "--output=x", "", "not a revision"},
	} {
		dir := t.TempDir()
		err := revision(t.Context(), filepath.Join(repo, c.in), c.rev, dir)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s %s: error %v, want %q", c.in, c.rev, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", c.in, c.rev, err)
			continue
		}
		var got []string
		filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			name, _ := filepath.Rel(dir, path)
			got = append(got, filepath.ToSlash(name)+"="+string(text))
			return err
		})
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s %s: got %q, want %q", c.in, c.rev, g, c.want)
		}
	}
}
