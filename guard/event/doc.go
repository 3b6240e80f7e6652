// Package event is the vocabulary of jotsight: what can happen to a JSON Web
// Token, why a token is refused, and how both are written down.
//
// An [Event] is one fact about one token (or, when Count is above 1, about many
// alike). Its wire form is one flat JSON object on one line whose keys are
// OpenTelemetry attribute names; jwt.* and jotsight.* are ours, because
// OpenTelemetry has no such namespaces. The list of keys is [Keys]; kinds and
// reasons are closed sets. All three are promises: a name is never reused and
// never renamed, and an old line decodes for ever.
//
// The package does no I/O and never reads a clock. Everything in it may be used
// from many goroutines at once unless its comment says otherwise.
//
// # What an event must never hold
//
// A raw token, a signature, a secret, or a part of one. [Raw] holds an encoded
// token and cannot be printed; [Fingerprinter] gives the keyed fingerprints by
// which tokens are compared instead.
//
// # Claims of an unverified token are attacker input
//
// Only a token whose signature held may fill UserID or UserHash. The subject of
// any other goes to ClaimedSubject, Verified stays false, and nobody may be
// accused or locked out by it.
package event
