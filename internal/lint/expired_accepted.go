package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.ExpiredAccepted,
	Counts: "An option switches off the check of exp, or of all claims. A function that looks at exp or iat itself is right. To read an access token that has run " +
		"out, while a refresh token is verified beside it, is a use that may be right: the finding is then low in confidence.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind != library.Verify || op.Row == nil {
				continue
			}
			p.looks()
			set, ok := p.options(op).get(op.Row.NoExpiry...)
			if !ok || op.Guessed || p.isFalse(set.value) || p.mentions(op.Func, expiries...) || p.mentions(op.Func, "iat", "IssuedAt", "Validate", "Valid") {
				continue
			}
			confidence := finding.Firm
			for _, other := range p.Ops {
				if other.Use == "refresh" {
					confidence = finding.Tentative
				}
			}
			p.report(fault{
				at: op.Span, fn: op.Func, what: op.Name, confidence: confidence,
				related: []place{{set.Span, p.around(set.Span), "switches the check off"}, {op.Span, op.Func, does(op)}},
				message: fmt.Sprintf("%s: %s accepts tokens that have run out (%s)", name(op.Func), op.Name, set.name),
			})
		}
	},
})

// isFalse reports whether a value is false for certain.
func (s *subject) isFalse(e ir.Expr) bool {
	if e == nil {
		return false
	}
	list := s.consts(e)
	for _, c := range list {
		if c.Kind != ir.Bool || c.Text != "false" {
			return false
		}
	}
	return len(list) > 0
}

// isTrue reports whether a value is true for certain.
func (s *subject) isTrue(e ir.Expr) bool {
	if e == nil {
		return false
	}
	list := s.consts(e)
	for _, c := range list {
		if c.Kind != ir.Bool || c.Text != "true" {
			return false
		}
	}
	return len(list) > 0
}
