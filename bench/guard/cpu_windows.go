package main

import (
	"syscall"
	"time"
)

// processorTime is what the whole process has used so far, in user and kernel.
func processorTime() time.Duration {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		panic(err)
	}
	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(self, &created, &exited, &kernel, &user); err != nil {
		panic(err)
	}
	return ticks(kernel) + ticks(user)
}

// ticks are 100 ns each, and count a duration here; Filetime.Nanoseconds would
// take them for a date.
func ticks(f syscall.Filetime) time.Duration {
	return 100 * time.Duration(int64(f.HighDateTime)<<32|int64(f.LowDateTime))
}
