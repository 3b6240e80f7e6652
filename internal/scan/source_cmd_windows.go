package scan

import (
	"os/exec"
	"strconv"
)

// group lets a command end together with its children.
func group(cmd *exec.Cmd) {
	cmd.Cancel = func() error {
		return exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run()
	}
}

func reap(*exec.Cmd) {} // taskkill took the children along
