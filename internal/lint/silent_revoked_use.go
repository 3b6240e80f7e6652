package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
)

var _ = add(Check{
	ID: catalog.SilentRevokedUse,
	Counts: "A token is known to be revoked where a look-up by the token, its hash, its id, session or family ends in a refusal: a denylist " +
		"that holds it, or a table of refresh tokens or keys that does not hold it any more. A record must stand on that way. A look-up by " +
		"user is none.",
	Run: func(p *pass) {
		for _, w := range worst(p.Ways, func(w *flow.Way) bool {
			if w.Outcome != flow.Hit {
				return false
			}
			p.looks()
			return ends(w) && silent(w)
		}) {
			p.report(fault{
				at: answers(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: a token that does not stand any more leaves by %s %s", where(w.Root, w.Func), by(w), unseen(w)),
			})
		}
	},
})
