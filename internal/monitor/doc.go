// Package monitor is serve: it wires ingest, the log, the engine, the history,
// the deliveries and the page, and owns their life.
//
//	POST /v1/events ─► ingest ─► log ─┬─► detector ─► alerts, outbox ─► courier ─► channels
//	                 answer ◄─ on disk └─► historian ─► history ─► page
//
// The detector and the historian are readers of the log, each with its own
// place, so that neither delays an answer and both go on where they were. What
// is written is in an order that survives a crash at any point: events are on
// the disk before they are acknowledged, alerts and what is owed because of them
// before the detector's place moves. A crash in between repeats work, and
// repeated work makes the same ids, which are kept once.
//
// Time enters through the log as well: a tick is written every second while
// there are events, so that a replay sees time pass as the detector did.
package monitor
