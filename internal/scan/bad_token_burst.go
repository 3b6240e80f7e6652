package scan

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "bad-token-burst",
	Weakness: catalog.NoVerifyRateLimit,
	Title:    "a burst of bad tokens from one address",
	Stage:    StageBurst,
	Needs:    []Need{NeedJWT},
	Requests: func(r *Recipe) int { return r.Limits.Burst + 3 },
	Truth:    []event.Reason{event.ReasonBadSignature},
	Silent:   catalog.SilentVerifyFailure,
	Alert:    catalog.SignatureBruteforce,
	Run:      badTokenBurst,
})

func badTokenBurst(ctx context.Context, a *attempt) {
	r := a.run
	n := r.recipe.Limits.Burst
	first, sent, limitedAt := 0, 0, 0
	for sent < n {
		token := garbled(r.token)
		res, err := a.once(ctx, a.v, token, func(q *request) { r.recipe.Carrier.put(q, token) })
		sent++
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			if limitedAt = sent; sent > 3 {
				break // the address was shut out
			}
			a.inconclusive("%v", err)
			return
		}
		got := r.controls.judge(res)
		if got == broken && a.breaksAnyway(ctx, token, res) {
			got = refused
		}
		a.count(got)
		if first == 0 {
			first = res.status
		}
		switch {
		case got == took:
			a.inconclusive("bad tokens are accepted")
			return
		case limitedAt == 0 && (got == limited || sent > 3 && res.status != first && res.status < 500):
			limitedAt = sent
		case got == broken && sent <= 3:
			a.inconclusive("bad tokens are %s", got)
			return
		}
	}
	shut, doubt := false, ""
	if limitedAt == 0 {
		shut, doubt = a.shutOut(ctx)
	}
	switch {
	case limitedAt > 0:
		a.pass("limited from bad token %d of %d on", limitedAt, n)
	case shut:
		a.pass("after %d bad tokens the valid one is refused from the same address", n)
	case doubt != "":
		a.inconclusive("%s", doubt)
	default:
		a.fail("%d bad tokens in a row, each answered %d", n, first)
		a.find(catalog.NoVerifyRateLimit, finding.Certain, "bad tokens can be tried without limit", a.probe.Name+": "+a.result.Why)
	}
	if r.base != nil {
		a.complete(ctx, sent)
	}
}

// shutOut asks whether a limiter that answers as the verifier does has shut the
// attempt's address out: the valid token tells, from there and from elsewhere.
func (a *attempt) shutOut(ctx context.Context) (shut bool, doubt string) {
	r := a.run
	if r.controls.open() {
		return false, ""
	}
	res, got, err := r.valid(ctx, a.v)
	if err == nil && got == took {
		return false, ""
	}
	v := r.client.visitor()
	defer v.close()
	if _, elsewhere, err := r.valid(ctx, v); r.client.net != 0 && err == nil && elsewhere == took {
		return true, ""
	}
	if err != nil {
		return false, "after the bad tokens the valid one gets no answer"
	}
	return false, fmt.Sprintf("after the bad tokens the valid one is answered %d: by a limiter that does not say so, or the session has ended", res.status)
}

// complete holds the log to the burst: as many records as attacks, or a count of
// what was folded; and a record of the limiter, if there is one.
func (a *attempt) complete(ctx context.Context, sent int) {
	r := a.run
	r.book.settle(ctx)
	var recorded, needed int64
	var limits bool
	count := func(lines []line) bool {
		records := r.book.records(lines)
		s := r.base.look(records, &a.marker)
		recorded, limits = a.recorded(records, s.attacks), false
		for _, rec := range s.attacks {
			_, is, known := rec.reason([]event.Reason{event.ReasonRateLimited}, &a.marker)
			limits = limits || known && is
		}
		// What the limiter answered is owed a record by the limiter.
		if needed = int64(sent); !limits {
			needed -= int64(a.limits)
		}
		return len(s.attacks) == 0 || recorded >= needed && (limits || a.limits == 0)
	}
	if !count(r.book.since(a.mark)) {
		r.book.waitFor(ctx, a.mark, r.opts.FoldWait, count)
	}
	if recorded > 0 && recorded < needed {
		a.find(catalog.LostEvents, finding.Certain, "under a burst the log holds fewer records than attacks, and no count of the rest",
			fmt.Sprintf("%s: %d attacks, %d recorded", a.probe.Name, needed, recorded))
	}
	if a.limits > 0 && !limits {
		a.find(catalog.SilentRateLimit, finding.Certain, "a limiter refuses, and nothing records it",
			fmt.Sprintf("%s: %d answers of %d", a.probe.Name, a.limits, http.StatusTooManyRequests))
	}
}

// recorded is how many attacks the records stand for. Several records of one
// attack count once, as far as they carry its canary; a summary that says how
// often something was repeated need not carry any.
func (a *attempt) recorded(all, attacks []*record) int64 {
	marked := map[string]bool{}
	var folded, unmarked int64
	var counts []int64
	for _, rec := range all {
		n := rec.weight()
		if !slices.Contains(attacks, rec) && (n == 1 || a.marker.foreign(rec) || a.run.base.plain(rec, &a.marker)) {
			continue
		}
		own := int64(0)
		for _, c := range a.canaries {
			if strings.Contains(rec.raw, c) {
				own = 1
				marked[c] = true
			}
		}
		if n > 1 {
			counts = append(counts, n)
			folded += n - own
		}
		if own == 0 {
			unmarked += n
		}
	}
	if len(counts) > 2 && slices.IsSorted(counts) && len(slices.Compact(slices.Clone(counts))) == len(counts) {
		// A number that only grows is that of all attacks so far, not of those folded.
		return max(int64(len(marked)), counts[len(counts)-1])
	}
	return max(int64(len(marked))+folded, unmarked)
}
