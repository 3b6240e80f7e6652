package cli

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"jotsight": func() { os.Exit(Main()) },
	})
}

// TestScripts runs every page of testdata/script: commands as a user types them,
// with what they print and how they exit.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
	})
}

// TestRunGivesTheExitCode holds that a mistake of the user's exits with 2.
func TestRunGivesTheExitCode(t *testing.T) {
	for _, args := range [][]string{{"no-such-command"}, {"version", "--no-such-flag"}, {"version", "surplus"}} {
		if got := Run(context.Background(), args, nil, os.Stderr, os.Stderr); got != ExitUsage {
			t.Errorf("jotsight %q: exit %d, want %d", args, got, ExitUsage)
		}
	}
}
