package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint"
)

var _ = add(func() *cobra.Command {
	l := &lintCommand{}
	c := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Find the code that handles tokens badly, or fails in silence",
		Long: `Lint reads Go, JavaScript, TypeScript and Clojure, and finds the places where a
bad, missing or revoked token is refused and nothing records it, where tokens
are issued or refreshed unseen, where nothing limits guessing, and where a token
is verified badly or given away. It runs nothing of what it reads, and needs
neither a build nor a network.

A PATH is a file or folder, and the default is the working directory. Of a PATH
in the working directory all of that is read, because what records a failure may
stand anywhere, and the findings of the PATH are reported.

//jotsight:ignore ID -- reason suppresses a finding: on its line, on the line
before, or before a function for all of it.

Exit status: 0 clean, 1 findings at or above --fail-on, 2 usage, 3 nothing could
be analysed.`,
		Example: `  jotsight lint
  jotsight lint ./internal/auth --format sarif --output lint.sarif
  jotsight lint --new-from origin/main --format github
  jotsight lint --diff
  jotsight lint --map --format html --output map.html
  jotsight lint --profile strict --fail-on none`,
		RunE: func(c *cobra.Command, args []string) error { return l.run(c, args) },
	}
	f := c.Flags()
	f.StringVar(&l.profile, "profile", "default", "`PROFILE`: default reports what is certain, strict also what needs your judgement")
	f.StringVar(&l.newFrom, "new-from", "", "fail for what is not in the git revision `REV`, such as origin/main")
	l.reporting.flags(f)
	f.BoolVar(&l.inventory, "map", false, "print no findings but every token operation, with what is recorded of it (text, json or html)")
	f.BoolVar(&l.fix, "fix", false, "write the missing record into Go and JavaScript, where a second run proves that it closes the finding")
	f.BoolVar(&l.diff, "diff", false, "print what --fix would write, and change nothing")
	f.BoolVar(&l.quiet, "quiet", false, "say nothing while it runs")
	return c
})

// lintCommand holds the flags of lint.
type lintCommand struct {
	reporting
	profile, newFrom string
	quiet, inventory bool
	fix, diff        bool
}

// lintMemory is how much a run takes before garbage is collected at any price.
const lintMemory = 380 << 20

func (l *lintCommand) run(c *cobra.Command, args []string) error {
	defer l.tidy()
	if err := l.check(); err != nil {
		return err
	}
	if l.profile != "default" && l.profile != "strict" {
		return usage(fmt.Errorf("--profile %q: neither default nor strict", l.profile), "")
	}
	if l.inventory {
		if inventories[l.format] == nil {
			return usage(fmt.Errorf("--map --format %q: not one of text, json or html", l.format), "")
		}
		if len(l.reports) > 0 || l.baseline != "" || l.newFrom != "" {
			return usage(errors.New("--map: prints no findings, so --report, --baseline and --new-from have no meaning"), "")
		}
	}
	if l.fix && l.diff || l.inventory && (l.fix || l.diff) {
		return usage(errors.New("--fix, --diff and --map: one of them"), "")
	}
	if l.diff && (l.output != "" || len(l.reports) > 0 || l.format != "text" || l.baseline != "") {
		return usage(errors.New("--diff: prints a patch, so --format, --output, --report and --baseline have no meaning"), "")
	}
	root, only, err := roots(args)
	if err != nil {
		return err
	}
	// A run is short, and most of what it allocates lives to its end: collecting
	// garbage at the usual pace takes as long as the work.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(lintMemory))
	m := newMeter(c.ErrOrStderr(), l.quiet)
	options := lint.Options{Root: root, Only: only, Version: Version(), Progress: m.stage}
	if options.Config, err = lint.LoadConfig(root); err != nil {
		return usage(err, "docs/lint/config.md has every field")
	}
	if c.Flags().Changed("profile") {
		options.Strict = l.profile == "strict"
	}
	defer m.end()
	if l.newFrom != "" {
		if err := l.before(c.Context(), options); err != nil {
			return err
		}
	}
	analysis, err := lint.Analyze(c.Context(), options)
	m.end()
	switch {
	case errors.Is(err, lint.ErrNothing):
		return inconclusive(fmt.Errorf("%s: %w", root, err), "name the folder that holds the source")
	case err != nil && c.Context().Err() != nil:
		return err
	case err != nil:
		return inconclusive(err, "")
	}
	if l.fix || l.diff {
		return l.mend(c, analysis, options)
	}
	if l.inventory {
		return l.write(c.OutOrStdout(), analysis.Inventory())
	}
	return l.finish(c.OutOrStdout(), c.ErrOrStderr(), analysis.Report)
}

// inventories are the forms of --map.
var inventories = map[string]func(*lint.Inventory, io.Writer) error{
	"text": (*lint.Inventory).WriteText, "json": (*lint.Inventory).WriteJSON, "html": (*lint.Inventory).WriteHTML,
}

// write writes the map to where the report would go. It is an inventory, not a
// judgement: it fails no run.
func (l *lintCommand) write(out io.Writer, v *lint.Inventory) error {
	var b bytes.Buffer
	if err := inventories[l.format](v, &b); err != nil {
		return err
	}
	if l.output == "" {
		_, err := out.Write(b.Bytes())
		return err
	}
	if err := writePrivate(l.output, b.Bytes()); err != nil {
		return usage(fmt.Errorf("--output %w", err), "")
	}
	return nil
}

// before lints the revision of --new-from, and takes what it finds there for a
// baseline: what a change brought is what was not found before it, wherever the
// lines went that it moved.
func (l *lintCommand) before(ctx context.Context, o lint.Options) error {
	if l.baseline != "" {
		return usage(errors.New("--new-from and --baseline: one of them says what is known"), "")
	}
	dir, err := os.MkdirTemp("", "jotsight-lint-")
	if err != nil {
		return inconclusive(err, "")
	}
	defer os.RemoveAll(dir)
	if err := revision(ctx, o.Root, l.newFrom, dir); err != nil {
		return usage(fmt.Errorf("--new-from %w", err), "in a clone without history: git fetch --depth=1 origin REV")
	}
	o.Root = dir
	old, err := lint.Run(ctx, o)
	if errors.Is(err, lint.ErrNothing) {
		old, err = &finding.Report{}, nil // all is new
	}
	if err != nil {
		return inconclusive(fmt.Errorf("--new-from %q: %w", l.newFrom, err), "")
	}
	l.known = finding.BaselineOf(old, nil)
	for i := range l.known.Findings {
		l.known.Findings[i].Reason = "there already in " + l.newFrom
	}
	return nil
}

// roots tells which folder to read, and of which paths within it to report the
// findings: none for all. dir/... is dir, as for the go command.
func roots(args []string) (root string, only []string, err error) {
	var outside []string
	for _, a := range args {
		name := strings.TrimSuffix(a, "...")
		if name = filepath.Clean(name); a == "..." || name == "." {
			return ".", nil, nil
		}
		if _, err := os.Stat(name); err != nil {
			return "", nil, usage(err, "")
		}
		if filepath.IsLocal(name) {
			only = append(only, filepath.ToSlash(name))
		} else {
			outside = append(outside, name)
		}
	}
	switch {
	case len(outside) == 0 && (len(only) != 1 || isProject(".")):
		return ".", only, nil
	case len(outside) == 0:
		outside, only = only, nil
		fallthrough
	case len(outside) == 1 && len(only) == 0:
		root = outside[0]
		if info, err := os.Stat(root); err == nil && !info.IsDir() {
			return filepath.Dir(root), []string{filepath.Base(root)}, nil
		}
		return root, nil, nil
	}
	return "", nil, usage(fmt.Errorf("path %s: not in the working directory, and not the only one", outside[0]), "change to a folder that holds all of them")
}

// isProject reports whether a folder is the top of somebody's work, and not one
// that merely holds such folders.
func isProject(dir string) bool {
	for _, mark := range []string{".git", "go.mod", "go.work", "package.json", "deps.edn", "project.clj", ".jotsight.yaml"} {
		if _, err := os.Stat(filepath.Join(dir, mark)); err == nil {
			return true
		}
	}
	return false
}
