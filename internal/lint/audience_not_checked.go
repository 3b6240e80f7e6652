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
		p.unchecked(func(r *library.Row) []string { return r.Audience }, "audience", "aud", "Audience")
	},
})

// unchecked reports the verifications whose library has options for a claim, of which
// none is set, and around which nothing mentions the claim by one of its names.
func (p *pass) unchecked(options func(*library.Row) []string, claim string, names ...string) {
	for _, op := range p.Ops {
		if op.Kind != library.Verify || op.Row == nil || len(options(op.Row)) == 0 {
			continue
		}
		p.looks()
		o := p.options(op)
		if _, ok := o.get(options(op.Row)...); ok || o.open || op.Guessed || p.mentions(op.Func, names...) {
			continue
		}
		p.report(fault{
			at: op.Span, fn: op.Func, what: op.Name, confidence: finding.Firm,
			related: []place{{op.Span, op.Func, does(op)}},
			message: fmt.Sprintf("%s: %s does not check the %s", name(op.Func), op.Name, claim),
		})
	}
}
