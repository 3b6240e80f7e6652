// Package stream is the durable log of events: whatever was acknowledged stands
// in it, in one order, and everything else (alerts, history) can be made from it
// again.
//
// The log is NATS JetStream, by default a server inside this process without a
// port. Events are packed into messages, because every message costs one sync of
// the disk whatever its size. Each message carries the SHA-256 digest of the one
// before it, and the server is told to refuse a message whose predecessor is not
// the last one stored: the log is a chain, in the order in which it was written,
// without a hole, also after refusals and retries.
//
// One process writes a log, and any number of [Reader] read it. A reader that is
// current gets records from memory, as Append has left them; one that is behind
// reads them back. Both give the same records in the same order.
package stream
