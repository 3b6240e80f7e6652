package guard

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A recorder turns facts into events. It owns the path to the sink: what the
// sink does not take goes back into the fold, so that it is written as a count
// when the sink is there again.
type recorder struct {
	sink    Sink
	base    event.Event
	ids     *event.IDs
	metrics Metrics
	prints  *event.Fingerprinter
	fold    *fold
	records sync.Pool

	details [256]atomic.Int32 // by reason: forged tokens that were read since the last turn
	written atomic.Int64      // records since the last heartbeat
	stalled atomic.Bool       // the sink refused, and turn has not got through since
	delayed atomic.Int64      // records that were folded because of it
}

// A record is an event on its way to the sink.
type record struct {
	event.Event
	key  foldKey
	slot foldSlot // where it is to be kept as a sample; zero when it is to be written
}

func (r *recorder) get(kind event.Kind, reason event.Reason, now time.Time) *record {
	rec, _ := r.records.Get().(*record)
	if rec == nil {
		rec = new(record)
	}
	rec.Event = r.base
	rec.key, rec.slot = foldKey{kind: kind, reason: reason}, foldSlot{}
	rec.Time, rec.Kind, rec.Reason = now, kind, reason
	rec.Severity = event.DefaultSeverity(kind, reason)
	rec.Message = messages[kind]
	switch {
	case kind == event.Verified, kind == event.Request && reason == 0, kind == event.Issued, kind == event.RefreshOK,
		kind == event.Revoked, kind == event.Introspected, kind == event.Logout, kind == event.RefreshRetry:
		rec.Outcome = event.Success
	case reason != 0, kind == event.RequestFailed, kind == event.RevokedUse, kind == event.RefreshReuse:
		rec.Outcome = event.Failure
	}
	return rec
}

// fact counts a fact and opens its record, to be described and then sent.
func (r *recorder) fact(kind event.Kind, reason event.Reason, now time.Time) *record {
	r.metrics.Count(kind, reason)
	return r.get(kind, reason, now)
}

// flood is fact for what a stranger can cause at will. It returns nil when the
// fact was only counted, because its address has had its share of records: the
// caller then saves itself the description too.
func (r *recorder) flood(kind event.Kind, reason event.Reason, addr netip.Addr, now time.Time) *record {
	r.metrics.Count(kind, reason)
	full := foldFull
	if kind == event.RateLimited {
		full = 1 // the first says it all
	}
	k := foldKey{network(addr), kind, reason}
	v, slot := r.fold.admit(k, full)
	if v == countOnly {
		return nil
	}
	rec := r.get(kind, reason, now)
	rec.key, rec.slot = k, slot
	return rec
}

// maxDetailed is how many forged tokens of one reason are read between two turns.
const maxDetailed = 500

// detailed reports whether one more is to be. Reading, fingerprinting and writing
// what a stranger invented costs more than refusing it, so beyond that a record
// says who, where, when and why, and no more: a flood from many addresses must
// not become a flood of work.
func (r *recorder) detailed(why event.Reason) bool {
	n := &r.details[uint8(why)]
	return n.Load() < maxDetailed && n.Add(1) <= maxDetailed
}

// send passes the record on and takes it back.
func (r *recorder) send(rec *record) {
	if rec.slot.shard != nil {
		rec.slot.keep(&rec.Event)
	} else {
		r.pass(rec.key, &rec.Event, false)
	}
	r.records.Put(rec)
}

func (r *recorder) pass(k foldKey, e *event.Event, try bool) bool {
	if e.ID.IsZero() {
		e.ID = r.ids.Next(e.Time)
	}
	if try || !r.stalled.Load() {
		if offer(r.sink, e) {
			r.written.Add(1)
			return true
		}
		r.stalled.Store(true)
	}
	r.delayed.Add(1)
	r.fold.add(k, e)
	return false
}

// turn writes what was folded since the last turn.
func (r *recorder) turn(now time.Time, window time.Duration) {
	for i := range r.details {
		r.details[i].Store(0)
	}
	refused := false
	r.fold.turn(window, func(k foldKey, e *event.Event) {
		if e.Time.IsZero() {
			bare := r.get(k.kind, k.reason, now)
			bare.Count, bare.Window = e.Count, e.Window
			if k.addr.IsValid() {
				bare.ClientAddress = k.addr.String()
			}
			*e = bare.Event
			r.records.Put(bare)
		}
		if refused { // one refusal a turn is enough waiting
			r.fold.add(k, e)
			return
		}
		refused = !r.pass(k, e, true)
	})
	if refused || !r.stalled.Load() {
		return
	}
	r.stalled.Store(false)
	if n := r.delayed.Swap(0); n > 0 {
		rec := r.fact(event.EventsDropped, 0, now)
		rec.Count, rec.Window = n, int64(max(window/time.Second, 1))
		rec.Detail = "the sink did not take these in time; they were counted and written folded"
		r.send(rec)
	}
}

// messages are for people. They are constant: text from outside stands in the
// fields.
var messages = map[event.Kind]string{
	event.Issued: "token issued", event.IssueFailed: "issuing a token failed", event.Verified: "token verified",
	event.VerificationFailed: "token refused", event.Missing: "no token", event.Request: "request answered",
	event.RequestFailed: "request failed", event.SlowVerification: "verification was slow",
	event.RefreshOK: "refresh token rotated", event.RefreshFailed: "refresh refused",
	event.RefreshRetry: "refresh repeated within the grace time", event.RefreshReuse: "rotated refresh token used again",
	event.FamilyRevoked: "token family revoked", event.Revoked: "revoked", event.RevocationFailed: "revocation failed",
	event.RevokedUse: "revoked token used", event.Replayed: "proof used twice", event.CanaryUsed: "planted token used", event.ScopeDenied: "scope does not cover the route",
	event.RateLimited: "too many failures", event.Logout: "session ended", event.Introspected: "token introspected",
	event.GuardStarted: "guard started", event.GuardStopped: "guard stopped", event.Heartbeat: "guard is alive",
	event.EventsDropped: "events lost detail", event.KeyRotated: "key rotated", event.KeysRefreshed: "key set loaded",
	event.KeysFailed: "key set not loaded",
}
