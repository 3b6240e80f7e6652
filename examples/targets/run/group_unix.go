//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the start script lead a process group, so that what it starts
// ends with it.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func endGroup(c *exec.Cmd) { syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
