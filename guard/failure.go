package guard

import (
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// failed leaves the one record of an act of the issuer that failed, and charges
// the address. describe adds what is known of the token, and may be nil.
func (i *Issuer) failed(kind event.Kind, e *Error, m *Meta, now time.Time, describe func(*event.Event)) *Error {
	i.g.charge(m.Address.Unmap(), e, now)
	i.recordFailure(kind, e, m, now, describe)
	return e
}

func (i *Issuer) recordFailure(kind event.Kind, e *Error, m *Meta, now time.Time, describe func(*event.Event)) {
	var rec *record
	if e.Reason == event.ReasonCanary {
		kind = event.CanaryUsed
		rec = i.g.rec.fact(kind, e.Reason, now) // never folded
	} else if rec = i.g.rec.flood(kind, e.Reason, m.Address, now); rec == nil {
		return
	}
	m.describe(&rec.Event)
	rec.ClientID, rec.Detail = event.Scrub(m.ClientID), e.detail
	if describe != nil {
		describe(&rec.Event)
	}
	rec.Outcome = event.Failure
	if kind == event.CanaryUsed {
		rec.Use = event.Canary
	}
	if kind == event.RevocationFailed || kind == event.Introspected {
		// An unknown token is no failure of ours: it is as serious as its reason.
		rec.Severity = e.Reason.Severity()
	}
	i.g.rec.send(rec)
}
