package guardtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/guardtest"
)

// A defect is a store or a sink that breaks one rule, the test of the suite that
// finds it, and what that says.
type defect struct {
	name  string
	store func() guard.Store
	sink  func(*testing.T) guardtest.SinkTest
	in    string
	says  string
}

// The suites are tested in a child process, since a test cannot fail and pass.
func TestBrokenOnesFail(t *testing.T) {
	all := append(brokenStores(), brokenSinks()...)
	if name := os.Getenv("GUARDTEST_BROKEN"); name != "" {
		for _, d := range all {
			switch {
			case d.name != name:
			case d.store != nil:
				guardtest.Store(t, func(*testing.T) guard.Store { return d.store() })
			default:
				guardtest.Sink(t, d.sink)
			}
		}
		return
	}
	names := make(map[string]bool)
	for _, d := range all {
		if names[d.name] {
			t.Errorf("two defects are called %q", d.name)
		}
		names[d.name] = true
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBrokenOnesFail$/^"+strings.ReplaceAll(d.in, " ", "_")+"$")
			cmd.Env = append(os.Environ(), "GUARDTEST_BROKEN="+d.name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), d.says) {
				t.Errorf("%v, and the suite does not say %q:\n%s", err, d.says, out)
			}
		})
	}
}
