// Package scan attacks a running service with broken tokens and says, attack by
// attack, whether it was refused, whether it was recorded, with which reason and
// fields, and whether anybody was alerted.
//
// A Recipe says how the service is spoken to; Run does the rest and returns a
// finding.Report. One probe is one file: it registers itself with add, sends its
// requests through the run and gives its verdict. The oracles that judge are
// shared: acceptance.go (was the token taken?), seen.go (what did the log hold?)
// and alerts.go (did an alert arrive?).
//
// Three promises hold for every probe. It sends nothing but requests to the
// target, at the rate of the recipe. It never ends a session that it did not
// open. And nothing that it sends or finds leaves the process but as a
// fingerprint: the report is scrubbed as a whole before Run returns it.
package scan
