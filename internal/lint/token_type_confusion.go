package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID:     catalog.TokenTypeConfusion,
	Strict: true, // what tells tokens apart may be a claim of another name
	Counts: "Access and refresh tokens are signed with the same key, and no function that verifies one looks at a claim that tells them apart (typ, type, use, scope, " +
		"audience). Two keys, or such a claim that is checked, are right.",
	Run: func(p *pass) {
		var access, refresh []*flow.Op
		for _, op := range p.Ops {
			if op.Kind != library.Verify || op.Row == nil || op.Guessed {
				continue
			}
			if op.Use == "refresh" {
				refresh = append(refresh, op)
			} else {
				access = append(access, op)
			}
		}
		for _, op := range refresh {
			p.looks()
			for _, other := range access {
				if !p.sameKey(op, other) || p.tellsApart(op) || p.tellsApart(other) {
					continue
				}
				p.report(fault{
					at: op.Span, fn: op.Func, what: op.Name, confidence: finding.Firm,
					related: []place{{op.Span, op.Func, "verifies refresh tokens"}, {other.Span, other.Func, "verifies access tokens with the same key"}},
					message: fmt.Sprintf("%s: a refresh token works as an access token, and the reverse: one key, and no claim that tells them apart", name(op.Func)),
				})
				break
			}
		}
	},
})

// sameKey reports whether two operations go by the same key: the same variable,
// member or name in the environment.
func (s *subject) sameKey(a, b *flow.Op) bool {
	for _, x := range s.keys(a) {
		for _, y := range s.keys(b) {
			if kx := keyName(x); kx != "" && kx == keyName(y) {
				return true
			}
		}
	}
	return false
}

// keyName is the text of the expression of a key, without what conversions add.
func keyName(e ir.Expr) string {
	switch x := e.(type) {
	case *ir.Convert:
		return keyName(x.X)
	case *ir.Call:
		if len(x.Args) == 1 {
			if inner := keyName(x.Args[0]); inner != "" {
				return inner
			}
		}
	case *ir.Name:
		if x.Var.Param >= 0 {
			return "" // of another function, another thing
		}
	}
	return e.At().Text()
}

// tellsApart reports whether the functions around a verification look at a claim that
// says what a token is for.
func (s *subject) tellsApart(op *flow.Op) bool {
	words := []string{"typ", "type", "token_type", "tokenType", "TokenType", "Type", "use", "token_use", "Use", "scope", "aud", "Audience", "audience"}
	if s.mentions(op.Func, words...) {
		return true
	}
	for _, c := range s.resolver.Callers(op.Func) {
		s.deeds()
		if s.mentions(s.calls[c], words...) {
			return true
		}
	}
	return false
}
