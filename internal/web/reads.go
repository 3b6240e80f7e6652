package web

import (
	"context"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/finding"
)

// History is what the pages show. Its methods are called from many goroutines
// at once, once or a few times a request, with the request's context. What they
// return belongs to the caller. An error becomes a 500 page and is logged, so it
// must not hold a secret.
type History interface {
	// Events gives the events that match q, newest first: by Time, then by ID,
	// both descending. It gives at most q.Limit.
	Events(ctx context.Context, q EventQuery) ([]event.Event, error)

	// Alerts gives the alerts that match q, the most recent Last first, then by
	// ID descending. It gives at most q.Limit.
	Alerts(ctx context.Context, q AlertQuery) ([]AlertView, error)

	// Scans gives the last limit reports, newest first by Ended.
	Scans(ctx context.Context, limit int) ([]finding.Report, error)

	// Summary counts the events of [from, to) in bins of step, and says who has
	// ever reported. from is a multiple of step since the Unix epoch.
	Summary(ctx context.Context, from, to time.Time, step time.Duration) (Summary, error)
}

// An EventQuery narrows a list of events. A zero field does not narrow; the set
// ones all have to hold.
type EventQuery struct {
	IDs     []event.ID // only these; unknown ids are left out of the answer
	Kind    event.Kind
	Reason  event.Reason
	Outcome event.Outcome
	Address string // client.address, exactly
	Service string // service.name, exactly
	Before  Cursor // only what comes after this place in the order of Events, so older
	Limit   int    // above zero
}

// A Cursor is a place in the list of events: that of the event with this time
// and id. The zero Cursor is the top.
type Cursor struct {
	Time time.Time
	ID   event.ID
}

// An AlertQuery narrows a list of alerts. A zero field does not narrow.
type AlertQuery struct {
	ID    string
	Limit int // above zero
}

// An AlertView is an alert as the pages show it. Its Title may be empty: the
// catalogue's is shown then. The values of its Group are attacker input.
type AlertView struct {
	detect.Alert
	State string `json:"state"` // pending, firing, acknowledged or resolved
}

// A Summary is what the head of a page needs.
type Summary struct {
	Bins     []Bin     // in order of time; bins without events may be left out
	Services []Service // everyone who ever reported but the monitor itself, by name
	Firing   int64     // alerts that are pending or firing now
}

// A Bin counts the events of one step of time. A folded event counts as many as
// it stands for (event.Event.Weight), also where History keeps no more of it than
// this count. Heartbeats and the monitor's own audit are not counted.
type Bin struct {
	Start   time.Time
	Success int64
	Failure int64
	Unknown int64
}

// A Service is one source of events.
type Service struct {
	Name string    // service.name
	Last time.Time // when the monitor last took in anything from it, heartbeats included
}

// Accounts keeps users and sessions. Its methods are called from many goroutines
// at once.
type Accounts interface {
	// HasUser reports whether there is any user.
	HasUser(ctx context.Context) (bool, error)

	// AddFirstUser adds u if there is no user at all and reports whether it did.
	// The test and the addition are one step: of two callers one wins.
	AddFirstUser(ctx context.Context, u User) (added bool, err error)

	// User finds a user by name, exactly as it was added.
	User(ctx context.Context, name string) (u User, found bool, err error)

	// AddSession keeps s, and forgets every session that was made at or before
	// stale: that one is past its absolute lifetime whoever owns it.
	AddSession(ctx context.Context, s Session, stale time.Time) error

	// Session finds a session by the hash of its id.
	Session(ctx context.Context, hash [32]byte) (s Session, found bool, err error)

	// TouchSession sets Seen; an unknown session is no error.
	TouchSession(ctx context.Context, hash [32]byte, seen time.Time) error

	// EndSession forgets a session; an unknown session is no error.
	EndSession(ctx context.Context, hash [32]byte) error
}

// A User is a person who may log in.
type User struct {
	Name     string
	Role     string // RoleAdmin; further roles come with the whole dashboard
	Password string // its argon2id hash as a PHC string: never the password
	Created  time.Time
}

// RoleAdmin is the role of the first user.
const RoleAdmin = "admin"

// A Session is one login of one browser. Its id is known to that browser alone.
type Session struct {
	Hash    [32]byte // SHA-256 of the id
	User    string   // name
	Created time.Time
	Seen    time.Time
}

// Live tells open pages that History has grown. [Hub] is one.
type Live interface {
	// Totals gives how much was ever added.
	Totals() Totals

	// Subscribe gives a channel that receives the totals when they have changed,
	// and a function that ends the subscription. A reader that is slow misses
	// what is in between and gets the newest; nobody waits for it.
	Subscribe() (changes <-chan Totals, cancel func())
}

// Totals count what was added since the process started. They only grow.
type Totals struct {
	Events, Alerts, Scans uint64
}
