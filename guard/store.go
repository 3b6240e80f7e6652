package guard

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// An identity names a token whatever its signature and spelling:
// SHA-256(header.payload). The raw text does not do, because several texts of
// one signature are accepted by one reader or another.
type identity [sha256.Size]byte

func identityOf(signed string) identity { return digest(signed) }

func digest(s string) [sha256.Size]byte { return sha256.Sum256(view(s)) }

// TokenIdentity gives the text by which a Revocation names a token that has no
// jti. It is no secret and no token, but neither is it for logs: events name
// tokens by keyed fingerprints. Text that is not a compact JWS gives "".
func TokenIdentity(raw string) string {
	header, payload, _, why := split(raw, defaultMaxBytes)
	if why != 0 {
		return ""
	}
	id := identityOf(raw[:len(header)+1+len(payload)])
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// A Store keeps refresh families and revocations. It is shared by all processes
// of a service; NewMemoryStore is for one process. Its methods are called from
// many goroutines and must return when ctx ends. An error means that the Store
// cannot be asked, never that the answer is no. guardtest.Store tests the
// contract.
type Store interface {
	// Create stores a new family, at counter zero. An id that is taken is an error.
	Create(ctx context.Context, f Family) error

	// Advance judges one refresh token and, when it is the current one, moves the
	// family on: in one atomic step, so that of any number of simultaneous calls
	// with one counter exactly one is told Rotated. See Advance.Judge for the rules.
	// A Reused family is revoked in the same step, its access tokens with it.
	Advance(ctx context.Context, a Advance) (Outcome, error)

	// Revoke stores a revocation until r.Until. Doing so twice is doing it once, and
	// a second one of the same name can only lengthen the first. A Session that is
	// a family takes its refresh tokens with it, a Subject those families that were
	// created up to r.Before, whenever the Store learns of them.
	Revoke(ctx context.Context, r Revocation) error

	// Changes gives the revocations stored since after, oldest first, and the
	// cursor for the next call. The zero Cursor asks for all that still live. It
	// may give one twice, and must not leave one out.
	Changes(ctx context.Context, after Cursor) ([]Revocation, Cursor, error)
}

// A Cursor is a place in a Store's sequence of revocations. Only the Store knows
// what it means.
type Cursor string

// A Watcher is a Store that tells at once of the revocations that pass through
// it in this process: before Revoke or Advance returns. A guard then refuses the
// token on the first request after Revoke returned, wherever it was revoked
// from in this process.
type Watcher interface {
	// Watch calls f for each new revocation, until stop is called.
	Watch(f func(Revocation)) (stop func())
}

// ErrFamilyExists is what Create returns for an id that is taken.
var ErrFamilyExists = errors.New("refresh family exists")

// A Family is a chain of refresh tokens that goes back to one login.
type Family struct {
	ID       string // 32 hex digits; also the sid of the access tokens
	Subject  string
	ClientID string
	Audience []string
	Scope    []string
	Extra    []byte        // further claims, a JSON object or empty
	Created  time.Time     // the login
	Expires  time.Time     // the end of the family, however often it is refreshed
	Idle     time.Duration // the longest time between two refreshes, zero for any
	Access   time.Duration // the lifetime of its access tokens: how long its revocation must be kept
	// Confirm is what a client must show to refresh: one of the words in
	// Advance.Confirm, or empty for nothing. A Store keeps and compares the text
	// as it is.
	Confirm string

	// Kept by the Store.
	Counter uint64    // of the current refresh token
	Rotated time.Time // when that became current
	Client  string    // who made it so: Advance.Client
	Revoked bool
}

// An Advance asks a Store to exchange a refresh token.
type Advance struct {
	Family   string
	Counter  uint64        // of the token that was presented
	ClientID string        // compared with Family.ClientID
	Confirm  []string      // what the client has shown: Family.Confirm must be among it, where that is set
	Client   string        // tells apart whoever may retry: opaque, not secret
	Grace    time.Duration // how long the parent may be presented again; not at all when it is not positive
	Now      time.Time
}

// A State is what a Store found out about a refresh token.
type State uint8

const (
	Unknown    State = iota // there is no such family
	Rotated                 // it was current; the family has moved on
	Retried                 // its successor is current and the same client asks again within the grace time
	Reused                  // it was rotated away; the family is now revoked
	Revoked                 // the family was revoked before
	Expired                 // the family is too old, or was idle for too long
	Mismatched              // it was issued to another client, or is bound to a key that was not shown
	Ahead                   // its counter is beyond the family's: the Store has lost steps
)

// An Outcome is a State with the family as it stands after the step.
type Outcome struct {
	State  State
	Family Family
}

// Judge is the rule of Store.Advance for a family that exists: it gives the state
// of the token, and changes f to what has to be stored. A Store calls it inside
// its atomic step; one that cannot, such as a script inside a database, follows
// it line by line.
func (a Advance) Judge(f *Family) State {
	last := f.Rotated
	if last.IsZero() {
		last = f.Created
	}
	switch {
	case f.Revoked:
		return Revoked
	case !a.Now.Before(f.Expires), f.Idle > 0 && a.Now.Sub(last) > f.Idle:
		return Expired
	case a.ClientID != f.ClientID, f.Confirm != "" && !slices.Contains(a.Confirm, f.Confirm):
		return Mismatched
	case a.Counter > f.Counter:
		return Ahead
	case a.Counter == f.Counter:
		f.Counter++
		f.Rotated, f.Client = a.Now, a.Client
		return Rotated
	case a.Counter+1 == f.Counter && a.Client == f.Client && a.Grace > 0 && a.Now.Sub(f.Rotated) < a.Grace:
		return Retried
	}
	f.Revoked = true
	return Reused
}

// A Revocation takes tokens back. Exactly one of Identity, JTI, Session, Subject
// and KeyID says which.
type Revocation struct {
	Identity string    // one token, by TokenIdentity
	JTI      string    // one token, by its id
	Session  string    // all tokens of a session: its access tokens by sid, and its refresh family
	Subject  string    // all tokens of a user that were issued up to Before
	Before   time.Time // for Subject; the zero time means Now of whoever stores it
	KeyID    string    // all tokens of a key

	// Issuer narrows JTI, Session, Subject and KeyID to one issuer, where a guard
	// accepts several. Empty means any.
	Issuer string
	// Until is when the last such token expires, and the revocation may be
	// forgotten. The zero time means never.
	Until time.Time
	// Cause is the reason with which the tokens are refused from now on. The
	// default is revoked, and family_revoked for a Session. With canary, tokens of
	// whatever issuer become planted ones: see Issuer.Canary.
	Cause event.Reason
	// Reason and Actor say why it was done and by whom, for the record.
	Reason string
	Actor  string
}

// errTarget is returned for a Revocation that names nothing, or too much.
var errTarget = errors.New("revocation: exactly one of Identity, JTI, Session, Subject and KeyID must be set")

// Check reports whether r can be stored.
func (r *Revocation) Check() error {
	n := 0
	for _, s := range []string{r.Identity, r.JTI, r.Session, r.Subject, r.KeyID} {
		if s != "" {
			n++
		}
	}
	switch {
	case n != 1:
		return errTarget
	case r.Cause != 0 && r.Cause != event.ReasonCanary && r.Cause.Class() != event.ClassState:
		return errors.New("revocation: Cause must be canary or a reason of the class state")
	}
	return nil
}

// A target is what a revocation names, with the issuer that it is narrowed to:
// the name under which it is stored.
type target struct {
	kind   byte // 'i' identity, 'j' jti, 's' session, 'u' subject, 'k' key
	issuer string
	name   string
}

func (r *Revocation) target() target {
	switch {
	case r.Identity != "":
		return target{'i', "", r.Identity} // a digest needs no issuer
	case r.JTI != "":
		return target{'j', r.Issuer, r.JTI}
	case r.Session != "":
		return target{'s', r.Issuer, r.Session}
	case r.Subject != "":
		return target{'u', r.Issuer, r.Subject}
	}
	return target{'k', r.Issuer, r.KeyID}
}

// lengthen gives r, which is to be stored where old of the same name is: nothing
// that old refuses is let through by it. It reports whether that says more than
// old did.
func (r Revocation) lengthen(old Revocation) (Revocation, bool) {
	if !r.Until.IsZero() && (old.Until.IsZero() || old.Until.After(r.Until)) {
		r.Until = old.Until
	}
	if old.Before.After(r.Before) {
		r.Before = old.Before
	}
	return r, !r.Until.Equal(old.Until) || !r.Before.Equal(old.Before)
}

// cause is the reason with which tokens are refused.
func (r *Revocation) cause() event.Reason {
	switch {
	case r.Cause != 0:
		return r.Cause
	case r.Session != "":
		return event.ReasonFamilyRevoked
	}
	return event.ReasonRevoked
}
