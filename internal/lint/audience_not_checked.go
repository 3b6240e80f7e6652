package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID:     catalog.AudienceNotChecked,
	Strict: true, // a key that one service alone has makes it needless
	Counts: "No option of the verification names the audience, and nothing around it looks at aud. Where a key signs for one service alone " +
		"that is no fault; where several share a key or an issuer, it is.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind != library.Verify || op.Row == nil || len(op.Row.Audience) == 0 {
				continue
			}
			p.looks()
			o := p.options(op)
			if _, ok := o.get(op.Row.Audience...); ok || o.open || op.Guessed || p.mentions(op.Func, "aud", "Audience") {
				continue
			}
			p.report(fault{
				at: op.Span, fn: op.Func, what: op.Name, confidence: finding.Firm,
				related: []place{{op.Span, op.Func, does(op)}},
				message: fmt.Sprintf("%s: %s does not check the audience", name(op.Func), op.Name),
			})
		}
	},
})
