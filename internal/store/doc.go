// Package store keeps the history that people ask questions of: events, counts,
// alerts and their deliveries, reports, users, sessions and ingest keys, in one
// SQLite file.
//
// The history of events is made from the log and may lag behind it: [Store.Take]
// writes them together with the place up to which they were taken, so that after
// a crash the writer goes on exactly there. Whatever has an id is kept once,
// however often it is given.
//
// Plain successes are counted by the minute and not kept: see [Relevant].
package store
