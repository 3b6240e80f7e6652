//go:build unix

package main

import (
	"syscall"
	"time"
)

// processorTime is what the whole process has used so far, in user and system.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // only for arguments other than these
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
