package main

import "os"

// memory is not told of an ended process here.
func memory(*os.ProcessState) float64 { return 0 }
