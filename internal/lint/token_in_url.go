package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.TokenInURL,
	Counts: "An access or refresh token is read from the query or path of a request, or put into a URL. Proxies, histories and Referer headers keep URLs. " +
		"A link that is sent by mail and works once is another matter, and not meant.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind != library.Extract {
				continue
			}
			p.looks()
			if op.Row != nil && (op.Row.From == "query" || op.Row.From == "param") && !op.Guessed {
				p.report(fault{
					at: op.Span, fn: op.Func, what: op.Name, confidence: "medium", related: []place{{op.Span, op.Func, does(op)}},
					message: fmt.Sprintf("%s: a token is read from the URL of the request", name(op.Func)),
				})
			}
		}
		for _, l := range p.leaks(flow.Token, "url") {
			p.report(fault{
				at: l.Span, fn: l.Func, what: "url", related: carried(l, "puts it into a URL"),
				message: fmt.Sprintf("%s: a token is put into a URL", name(l.Func)),
			})
		}
	},
})
