package lint

import (
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.TokenInURL,
	Counts: "An access or refresh token is read from the query or path of a request, or put into a URL. Proxies, histories and Referer headers keep URLs. " +
		"A link that is sent by mail and works once is another matter, and not meant; what is part of a path mostly is one, and the strict profile alone names it.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind != library.Extract {
				continue
			}
			p.looks()
			if op.Row != nil && (op.Row.From == "query" || op.Row.From == "param" && p.strict) && !op.Guessed && !onceOnly(op) {
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

// onceOnly goes by names: the token of a link in a mail, not one that says who asks.
func onceOnly(op *flow.Op) bool {
	text := strings.ToLower(op.Name + " " + name(op.Func))
	for _, word := range []string{"reset", "confirm", "activat", "invit", "verifyemail", "verify_email", "unsubscribe", "magic", "forgot", "csrf", "captcha"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
