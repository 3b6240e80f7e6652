package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint"
)

// mend does what --fix and --diff ask for. With --fix the report that follows is of
// the code as it stands then.
func (l *lintCommand) mend(c *cobra.Command, a *lint.Analysis, o lint.Options) error {
	m := newMeter(c.ErrOrStderr(), l.quiet)
	m.stage("proving fixes")
	fixed, left, err := a.Fix(c.Context(), o)
	m.end()
	if err != nil {
		return inconclusive(err, "")
	}
	closed := 0
	for _, f := range fixed {
		closed += len(f.Findings)
		if l.diff {
			if _, err := c.OutOrStdout().Write(diff.Diff("a/"+finding.Escape(f.Path), f.Before, "b/"+finding.Escape(f.Path), f.After)); err != nil {
				return err
			}
			continue
		}
		if err := rewrite(filepath.Join(o.Root, filepath.FromSlash(f.Path)), f.Before, f.After); err != nil {
			return inconclusive(fmt.Errorf("--fix: %w", err), "what was written before it stays")
		}
	}
	verb := "closes"
	if l.fix {
		verb = "closed"
	}
	m.say("%s %d of %d silent findings in %d files; each was linted again", verb, closed, closed+len(left), len(fixed))
	if len(left) > 0 {
		m.say("for the other %d it is not clear where or how to record: see the report", len(left))
	}
	if l.diff {
		return nil
	}
	report, err := lint.Run(c.Context(), o)
	if err != nil {
		return inconclusive(err, "")
	}
	return l.finish(c.OutOrStdout(), c.ErrOrStderr(), report)
}

// rewrite puts a new text into a file that still holds the old one, whole or not
// at all, with the rights that it has.
func rewrite(name string, before, after []byte) error {
	now, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, before) {
		return fmt.Errorf("%s: changed while it was linted", name)
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(name), ".jotsight-*")
	if err != nil {
		return err
	}
	_, err = part.Write(after)
	if err = errors.Join(err, part.Chmod(info.Mode().Perm()), part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}
