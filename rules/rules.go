// Package rules holds the detections that jotsight ships, as Sigma files. Each
// is named after its slug in the catalogue and has a page of events and expected
// alerts beside it, which the tests of this package run.
package rules

import "embed"

// FS holds the rule files.
//
//go:embed *.yml
var FS embed.FS
