package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A bench is a place to work in: the built program and the folder of trees.
type bench struct {
	dir, program, root string
	talk               io.Writer
}

// A cost is what one run of a command took, its children included.
type cost struct {
	CPU   float64 `json:"seconds_cpu"`
	Wall  float64 `json:"seconds"`
	MiB   float64 `json:"mib"` // of the largest process
	exit  int
	out   []byte
	tails string
}

func build(ctx context.Context, dir string, talk io.Writer) (*bench, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "cmd", "jotsight")); err != nil {
		return nil, errors.New("run it with go run -C bench ./lint, from the root of the repository")
	}
	b := &bench{dir: dir, root: root, program: filepath.Join(dir, "jotsight"), talk: talk}
	c, err := b.time(ctx, root, nil, "go", "build", "-o", b.program, "./cmd/jotsight")
	if err == nil && c.exit != 0 {
		err = fmt.Errorf("go build: %s", c.tails)
	}
	return b, err
}

// time runs a command to its end. An exit status is no error: linters have findings.
func (b *bench) time(ctx context.Context, dir string, env []string, name string, args ...string) (cost, error) {
	var out, talk bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &out, &talk
	start := time.Now()
	err := cmd.Run()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		return cost{}, fmt.Errorf("%s: %w", name, err)
	}
	c := cost{Wall: time.Since(start).Seconds(), exit: cmd.ProcessState.ExitCode(), out: out.Bytes()}
	c.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	c.MiB = memory(cmd.ProcessState)
	c.tails = talk.String()
	if n := len(c.tails); n > 400 {
		c.tails = c.tails[n-400:]
	}
	return c, ctx.Err()
}

// A tree is the figures of one subject.
type tree struct {
	Name     string  `json:"name"`
	Why      string  `json:"why"`
	Files    int     `json:"files"` // of Go, or of JavaScript and TypeScript, without tests
	Lines    int     `json:"lines"`
	MB       float64 `json:"mb"`
	Findings int     `json:"findings"`
	cost
	dir     string
	js      bool
	peer    bool
	without bool // a token library
}

func (b *bench) trees(ctx context.Context, rounds int) (list []tree, err error) {
	for _, s := range subjects {
		t := tree{Name: s.name, Why: s.why, js: s.module == "", peer: s.peers, without: s.without}
		fmt.Fprintf(b.talk, "lint: %s\n", s.name)
		if t.dir, err = b.fetch(ctx, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		if err := t.count(); err != nil {
			return nil, err
		}
		for range rounds {
			c, err := b.time(ctx, t.dir, nil, b.program, "lint", "--format", "json", "--fail-on", "none", ".")
			if err != nil {
				return nil, err
			}
			var report struct {
				Findings []json.RawMessage
			}
			if err := json.Unmarshal(c.out, &report); err != nil {
				return nil, fmt.Errorf("%s: exit %d without a report: %s", s.name, c.exit, c.tails)
			}
			t.Findings = len(report.Findings)
			if t.CPU == 0 || c.CPU < t.CPU {
				t.CPU = c.CPU
			}
			if t.Wall == 0 || c.Wall < t.Wall {
				t.Wall = c.Wall
			}
			t.MiB = max(t.MiB, c.MiB)
		}
		list = append(list, t)
	}
	return list, nil
}

var sources = []string{".go", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"}

// count is about the sources that a linter is expected to read.
func (t *tree) count() error {
	return filepath.WalkDir(t.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		ext := filepath.Ext(path)
		if d.IsDir() || !slices.Contains(sources, ext) || (ext == ".go") == t.js ||
			strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".d.ts") || strings.Contains(path, "/vendor/") {
			return nil
		}
		text, err := os.ReadFile(path)
		t.Files++
		t.Lines += bytes.Count(text, []byte{'\n'})
		t.MB += float64(len(text)) / 1e6
		return err
	})
}

// fetch makes a copy of a subject that can be written to.
func (b *bench) fetch(ctx context.Context, s subject) (string, error) {
	dir := filepath.Join(b.dir, s.name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil // kept from a run before
	}
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	if s.module != "" {
		c, err := b.time(ctx, b.dir, []string{"GOWORK=off", "GO111MODULE=on"}, "go", "mod", "download", "-json", s.module)
		if err != nil {
			return "", err
		}
		var m struct{ Dir, Error string }
		if err := json.Unmarshal(c.out, &m); err != nil || m.Dir == "" {
			return "", fmt.Errorf("go mod download %s: %s %s", s.module, m.Error, c.tails)
		}
		if err := os.CopyFS(part, os.DirFS(m.Dir)); err != nil {
			return "", err
		}
	} else {
		src := filepath.Join(part, "src") // what stands in node_modules is somebody else's
		if err := os.MkdirAll(src, 0o700); err != nil {
			return "", err
		}
		for _, p := range s.npm {
			c, err := b.time(ctx, src, nil, "npm", "pack", "--silent", p)
			if err != nil {
				return "", err
			}
			archive := strings.TrimSpace(string(c.out))
			if c.exit != 0 || archive == "" {
				return "", fmt.Errorf("npm pack %s: %s", p, c.tails)
			}
			name := strings.NewReplacer("/", "+", "@", "").Replace(p)
			if err := os.Mkdir(filepath.Join(src, name), 0o700); err != nil {
				return "", err
			}
			if c, err := b.time(ctx, src, nil, "tar", "-xzf", archive, "-C", name, "--strip-components=1"); err != nil || c.exit != 0 {
				return "", fmt.Errorf("tar %s: %s %w", archive, c.tails, err)
			}
			if err := os.Remove(filepath.Join(src, archive)); err != nil {
				return "", err
			}
		}
	}
	return dir, os.Rename(part, dir)
}
