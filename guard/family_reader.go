package guard

import (
	"context"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A FamilyReader is a Store that tells how a refresh family stands without moving
// it on. Introspection of refresh tokens needs it. Without it a RevocationHandler
// cannot see whose refresh token it is given, and revokes it whoever asks; and a
// refresh that asks for more scope than it may have is refused only after the
// token was rotated.
type FamilyReader interface {
	// Family gives the family as the last Create, Advance or Revoke left it; the
	// caller may change what it gets. found is false where there is none, or none
	// any more. An error means that the Store cannot be asked.
	Family(ctx context.Context, id string) (f Family, found bool, err error)
}

// peek says what an Advance by the family's own client would find, and changes
// nothing.
func (f Family) peek(counter uint64, now time.Time) State {
	return Advance{Counter: counter, ClientID: f.ClientID, Confirm: []string{f.Confirm}, Now: now}.Judge(&f)
}

// reason is why a refresh token of that state is no longer good.
func (s State) reason() event.Reason {
	switch s {
	case Reused:
		return event.ReasonRefreshReuse
	case Revoked:
		return event.ReasonFamilyRevoked
	case Expired:
		return event.ReasonExpired
	case Mismatched:
		return event.ReasonBindingMismatch
	}
	return event.ReasonUnknownToken // Unknown, Ahead
}

// ends is when the family's current refresh token expires by itself.
func (f *Family) ends() time.Time {
	idle := f.since().Add(f.Idle)
	if f.Idle > 0 && idle.Before(f.Expires) {
		return idle
	}
	return f.Expires
}

// since is when the family's current refresh token was made.
func (f *Family) since() time.Time {
	if f.Rotated.IsZero() {
		return f.Created
	}
	return f.Rotated
}

// lapse says which of its two lifetimes ended an expired family.
func (f *Family) lapse(now time.Time) string {
	if now.Before(f.Expires) {
		return "idle: not refreshed for longer than IdleLifetime"
	}
	return "too old: RefreshLifetime is over"
}
