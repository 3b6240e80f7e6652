//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// memory is the most that a process, or one of its children, held at once, in MiB.
func memory(s *os.ProcessState) float64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(u.Maxrss) / (1 << 20) // bytes there, KiB elsewhere
	}
	return float64(u.Maxrss) / 1024
}
