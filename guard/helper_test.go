package guard_test

import (
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// sample is an event with the fields that a usual record has.
func sample(now time.Time) *event.Event {
	return &event.Event{
		Time: now, Kind: event.VerificationFailed, Reason: event.ReasonBadSignature, Severity: event.Warn,
		Message: "token refused", Outcome: event.Failure, ServiceName: "orders", ClientAddress: "203.0.113.7",
		Method: "GET", Route: "/orders/{id}", Status: 401, Algorithm: "HS256", KeyID: "k1", ClaimedSubject: "user-4711",
		Fingerprint: "f1:AAAAAAAAAAAAAAAAAAAAAA", BodyFingerprint: "f1:BBBBBBBBBBBBBBBBBBBBBB", UserAgent: "curl/8.5.0",
	}
}
