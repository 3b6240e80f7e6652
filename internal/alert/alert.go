// Package alert carries alerts to those who must know of them: a durable outbox,
// one worker for each channel, retries that neither give up early nor hammer,
// and a list of what could not be delivered.
//
// Delivery is at least once. Every delivery has an id that is the same for every
// attempt and after every restart, and goes to the receiver, which can tell a
// repeat by it.
package alert

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jotsight/jotsight/internal/detect"
)

// The types of a delivery.
const (
	Firing    = "alert.firing"    // for the first time
	Escalated = "alert.escalated" // it is more severe than when it fired
)

// A Delivery is one message that one channel owes to its receiver.
type Delivery struct {
	ID       string // the same for every attempt; unique within Channel
	Channel  string
	Type     string
	Alert    detect.Alert
	Evidence []json.RawMessage // events in wire form: escaped JSON, attacker text included
	Created  time.Time

	Attempts int       // how often it was tried
	Next     time.Time // when to try again
	Problem  string    // why the last attempt failed; never holds a secret
}

// Deliveries gives what the channels named owe for a, now that the engine has
// given it. A repeat of an alert that has not become more severe owes nothing
// new: the ids are those of the deliveries that are in the outbox already.
func Deliveries(a detect.Alert, evidence []json.RawMessage, channels []string, now time.Time) []Delivery {
	kind := Firing
	if a.Escalated {
		kind = Escalated
	}
	list := make([]Delivery, 0, len(channels))
	for _, c := range channels {
		list = append(list, Delivery{
			ID: a.ID + "." + kind[len("alert."):], Channel: c, Type: kind,
			Alert: a, Evidence: evidence, Created: now, Next: now,
		})
	}
	return list
}

// An Outbox keeps deliveries until they are done with. The worker of a channel
// calls it from one goroutine and never for another channel's deliveries. Every
// method must be durable when it returns.
type Outbox interface {
	// Due gives the deliveries of a channel whose Next is not after now, in the
	// order of Next, limit at most; and when the first of the others is due,
	// zero if there is none.
	Due(ctx context.Context, channel string, now time.Time, limit int) (due []Delivery, next time.Time, err error)
	// Delivered marks d as done.
	Delivered(ctx context.Context, d Delivery) error
	// Retry keeps Attempts, Next and Problem of d.
	Retry(ctx context.Context, d Delivery) error
	// Bury moves d to the dead letters, where people find it with its Problem.
	Bury(ctx context.Context, d Delivery) error
}

// A Channel is a way to a receiver. Send is called by one goroutine at a time,
// with a context that bounds it. It returns nil only when the receiver has taken
// the delivery. An error that is, or wraps, a *Refusal may say when to come
// again; no error may hold a secret, and a URL can be one.
type Channel interface {
	Name() string
	Send(ctx context.Context, d Delivery) error
}

// A Refusal is a receiver's answer that is not a yes.
type Refusal struct {
	Answer string        // "429 Too Many Requests"
	After  time.Duration // do not come again earlier
	Gone   bool          // never come again
}

func (r *Refusal) Error() string { return "answered " + r.Answer }
