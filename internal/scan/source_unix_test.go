//go:build unix

package scan

import "syscall"

// gone reports whether there is no such process.
func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH }
