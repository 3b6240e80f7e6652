package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.RawTokenDenylist,
	Counts: "A denylist of tokens is kept, or asked, by the text of a signed token. The same token has other spellings (unused bits at the end of " +
		"its signature), so a revoked one passes under another. The jti, or a hash of header and payload after verification, is right. A table that says which " +
		"refresh tokens stand is no denylist: another spelling is not in it.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind == library.Check || op.Kind == library.Revoke {
				p.looks()
			}
		}
		for _, l := range p.leaks(flow.Token, "denylist") {
			p.report(fault{
				at: l.Span, fn: l.Func, what: "denylist", related: carried(l, "is the key of the denylist"),
				message: fmt.Sprintf("%s: revocation goes by the text of the token, and another spelling of it passes", name(l.Func)),
			})
		}
	},
})
