package detect

import "github.com/jotsight/jotsight/guard/event"

// ratioSpan is how many verifications of a service rate.fail_ratio is about.
const ratioSpan = 1000

// maxSources bounds the services that are told apart. Sources have ingest keys,
// so that more than this is a mistake and no attack; the rest share one entry
// and get no ratio.
const maxSources = 4096

// A source is what is known of one service.
type source struct {
	name   string
	newest int64 // its clock, in event time
	shared bool
	ratio  ring
}

// A ring holds the outcomes of the last ratioSpan verifications, a bit each.
type ring struct {
	Bits  [(ratioSpan + 63) / 64]uint64
	Next  int
	Size  int
	Fails int
}

// sound reports whether a ring that was read back can be used.
func (r *ring) sound() bool {
	return r.Next >= 0 && r.Next < ratioSpan && r.Size >= 0 && r.Size <= ratioSpan && r.Fails >= 0 && r.Fails <= r.Size
}

func (r *ring) push(fail bool, times int64) {
	for range min(times, ratioSpan) {
		word, bit := &r.Bits[r.Next/64], uint64(1)<<(r.Next%64)
		if r.Size == ratioSpan {
			if *word&bit != 0 {
				r.Fails--
			}
		} else {
			r.Size++
		}
		*word &^= bit
		if fail {
			*word |= bit
			r.Fails++
		}
		r.Next = (r.Next + 1) % ratioSpan
	}
}

// enrich adds the features that depend on the source, and clears those that the
// event brought along: nobody but the engine states them.
func (s *source) enrich(e *event.Event) {
	e.FailRatio, e.FailSample = 0, 0
	if s.shared || e.Kind != event.Verified && e.Kind != event.VerificationFailed {
		return
	}
	s.ratio.push(e.Kind == event.VerificationFailed, e.Weight())
	e.FailRatio, e.FailSample = float64(s.ratio.Fails)/float64(s.ratio.Size), int64(s.ratio.Size)
}
