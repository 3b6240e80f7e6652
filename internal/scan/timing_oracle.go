package scan

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

const (
	tokenRounds = 5
	// leastToken is the least difference that is called one for tokens. Hashing and
	// checking a signature takes some hundred microseconds at most; what takes
	// milliseconds is a look into a store, a file or the network.
	leastToken = 2 * time.Millisecond
	// mostFloor is the noise above which nothing can be said at all.
	mostFloor = 50 * time.Millisecond
)

var _ = add(Probe{
	Name:     "timing-oracle",
	Weakness: catalog.TimingOracle,
	Title:    "the time that refusals take, by their reason",
	Stage:    StageLifecycle, // after what is refused for good
	Needs:    []Need{NeedJWT},
	Requests: requests(2 * tokenRounds * 4),
	Run: func(ctx context.Context, a *attempt) {
		first, ok := a.timeRefusals(ctx)
		if !ok {
			return
		}
		var noise time.Duration
		var slow []string
		for i, kind := range first.kinds {
			c := first.compare(i)
			noise = max(noise, c.floor)
			if c.clear {
				slow = append(slow, kind.name)
			}
		}
		if len(slow) == 0 {
			if noise > mostFloor {
				a.skip("needs a quieter machine or network: a difference would be below the noise floor of %s", micros(noise))
				return
			}
			a.pass("no difference above the noise floor of %s", micros(noise))
			return
		}
		// A single run proves nothing.
		second, ok := a.timeRefusals(ctx)
		if !ok {
			return
		}
		var evidence []string
		for i, kind := range second.kinds {
			was, is := first.compare(i), second.compare(i)
			if was.clear && is.clear && (was.difference > 0) == (is.difference > 0) {
				evidence = append(evidence, fmt.Sprintf("%s against a bad signature: %+d µs and %+d µs, noise floor %s and %s",
					kind.name, was.difference.Microseconds(), is.difference.Microseconds(), micros(was.floor), micros(is.floor)))
			}
		}
		if len(evidence) == 0 {
			a.pass("a difference for %s did not come again", strings.Join(slow, ", "))
			return
		}
		a.fail("%s", strings.Join(evidence, "; "))
		a.find(catalog.TimingOracle, finding.Firm, "the time of a refusal tells its reason", evidence...)
	},
})

// A timedKind is one kind of bad token and how long its refusals took.
type timedKind struct {
	name  string
	token func() string
	took  []time.Duration
}

// refusalTimes are kinds of bad tokens, timed in turns with bad signatures, of
// which there are two series.
type refusalTimes struct {
	signature, again timedKind
	kinds            []*timedKind
}

func (t *refusalTimes) compare(kind int) comparison {
	return compare(t.signature.took, t.again.took, t.kinds[kind].took, leastToken)
}

// timeRefusals sends every kind a few times, each time in another order. It gives
// the verdict itself when that cannot be done.
func (a *attempt) timeRefusals(ctx context.Context) (t *refusalTimes, ok bool) {
	token := a.run.token
	bad := func() string { return garbled(token) }
	t = &refusalTimes{signature: timedKind{token: bad}, again: timedKind{token: bad}}
	t.kinds = append(t.kinds, &timedKind{name: "what is no token", token: garbage})
	if token.Header.Has("kid") {
		t.kinds = append(t.kinds, &timedKind{name: "an unknown kid", token: func() string {
			return forge.Unsigned(token.Header.Set("kid", newCanary()), token.Payload) + "." + forge.Encode(randomKey())
		}})
	}
	all := append([]*timedKind{&t.signature, &t.again}, t.kinds...)
	for round := range tokenRounds {
		for i := range all {
			kind := all[(i+round)%len(all)]
			res, got, err := a.send(ctx, kind.token())
			if got == took {
				a.skip("bad tokens are accepted, so that there is no refusal to time")
				return nil, false
			}
			if err != nil || got == limited {
				a.inconclusive("a bad token is %s", orError(got, err))
				return nil, false
			}
			kind.took = append(kind.took, res.took)
		}
	}
	return t, true
}
