//go:build race

package chiguard_test

const raceDetector = true
