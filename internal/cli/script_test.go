package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
// In $SHOP listens a service to scan, whose user alice has the password $SHOP_PASSWORD.
func TestScripts(t *testing.T) {
	url := shop(t, filepath.Join(t.TempDir(), "shop.log"))
	testscript.Run(t, testscript.Params{
		Setup: func(e *testscript.Env) error {
			e.Setenv("SHOP", url)
			e.Setenv("SHOP_PASSWORD", scanPassword)
			return nil
		},
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a command and holds its exit status: "exits 2 jotsight scan".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARGUMENT...")
	}
	got := 0
	var e *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &e):
		got = e.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	}
	if want := args[0]; strconv.Itoa(got) != want {
		ts.Fatalf("exit status %d, want %s", got, want)
	}
}

// TestRunGivesTheExitCode holds that a mistake of the user's exits with 2.
func TestRunGivesTheExitCode(t *testing.T) {
	for _, args := range [][]string{{"no-such-command"}, {"version", "--no-such-flag"}, {"version", "surplus"}} {
		if got := Run(context.Background(), args, nil, os.Stderr, os.Stderr); got != ExitUsage {
			t.Errorf("jotsight %q: exit %d, want %d", args, got, ExitUsage)
		}
	}
}
