package lint

import (
	"fmt"
	"slices"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

var _ = add(Check{
	ID: catalog.SignatureNotVerified,
	Counts: "A call that could verify is told not to: an option switches the signature off, none is among the algorithms that it takes, or the " +
		"key is the library's constant for unsigned tokens. To decode and use the claims is unverified-claims-used.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind != library.Verify || op.Row == nil {
				continue
			}
			p.looks()
			if op.Guessed {
				continue
			}
			o := p.options(op)
			at, why := p.unsigned(op, o)
			if why == "" {
				continue
			}
			p.report(fault{
				at: op.Span, fn: op.Func, what: op.Name,
				related: []place{{at, p.around(at), why}, {op.Span, op.Func, does(op)}},
				message: fmt.Sprintf("%s: %s takes tokens without a signature: %s", name(op.Func), op.Name, why),
			})
		}
	},
})

// unsigned tells what makes an operation take tokens that nobody signed, if
// anything does.
func (s *subject) unsigned(op *flow.Op, o settings) (at ir.Span, why string) {
	if set, ok := o.get(op.Row.NoVerify...); ok && !s.isTrue(set.value) && s.reached(op) {
		return set.Span, set.name + " switches the check off"
	}
	if set, ok := o.get(op.Row.Pin...); ok && set.value != nil {
		for _, c := range s.consts(set.value) {
			if c.Text == "none" {
				return set.Span, "none is among the algorithms"
			}
		}
	}
	for _, key := range s.keys(op) {
		for _, v := range s.resolver.Values(key) {
			if noneKey(v) {
				return key.At(), "the key is the one for unsigned tokens"
			}
		}
	}
	return ir.Span{}, ""
}

// reached reports whether a request comes to an operation. A client that reads its own
// token need not verify it.
func (s *subject) reached(op *flow.Op) bool {
	return slices.ContainsFunc(s.served(), func(v served) bool { return slices.Contains(v.ops, op) })
}

// noneKey recognises the constants that libraries have for unsigned tokens.
func noneKey(v resolve.Value) bool {
	switch last(v.Symbol) {
	case "UnsafeAllowNoneSignatureType", "NoSignature", "AllowNone":
		return true
	}
	return false
}
