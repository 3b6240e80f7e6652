package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
)

var _ = add(Check{
	ID: catalog.TokenPrefixAsID,
	Counts: "A piece of a token is written to a log, or used as a key or name. The first characters of a JWT are its header, the same for " +
		"all of them; of an opaque token they are a part of the secret. A hash of the whole token, or its jti, is right.",
	Run: func(p *pass) {
		if p.logged() {
			p.looks()
		}
		for _, l := range p.leaks(flow.Prefix, "log", "key", "identity") {
			verb, does := "is written to the log as if it named the token", "writes it to the log"
			if l.Into != "log" {
				verb, does = "is used as if it named the token", "uses it as a name"
			}
			p.report(fault{
				at: l.Span, fn: l.Func, what: l.Into, related: carried(l, does),
				message: fmt.Sprintf("%s: a piece of a token %s", name(l.Func), verb),
			})
		}
	},
})
