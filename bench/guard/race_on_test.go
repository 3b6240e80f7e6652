//go:build race

package main

// raceDetector: sync.Pool drops what it holds, on purpose, so bytes cannot be counted.
const raceDetector = true
