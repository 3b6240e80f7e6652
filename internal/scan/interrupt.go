package scan

import (
	"context"
	"fmt"
	"time"
)

// parting is how long an interrupted scan may still read what it asked for.
const parting = 3 * time.Second

// interrupted ends the probes early. What the probe under way found is dropped,
// because a request that was cut short proves nothing; the others never ran.
// found and unseen are how much was known before it began.
func (r *run) interrupted(rest []Probe, found, unseen int) {
	r.found, r.unseen = r.found[:found], r.unseen[:unseen]
	total := len(rest) + len(r.attempts)
	r.report.Partial = fmt.Sprintf("interrupted after %d of %d probes", len(r.attempts), total)
	for i, p := range rest {
		a := &attempt{run: r, probe: p}
		a.result.Check, a.result.Weakness, a.result.Title = p.Name, p.Weakness, p.Title
		if i == 0 {
			a.inconclusive("interrupted while it ran")
		} else {
			a.skip("the scan was interrupted before it")
		}
		a.result.Seen.Why, a.result.Alerted.Why = "interrupted", "interrupted"
		r.attempts = append(r.attempts, a)
	}
}

// last gives the context in which the report is drawn up: after an interruption
// one of its own, so that the log is read to the end all the same.
func (r *run) last(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.report.Partial == "" {
		return ctx, func() {}
	}
	return context.WithTimeout(context.WithoutCancel(ctx), parting)
}
