package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
)

var _ = add(Check{
	ID: catalog.TokenInLog,
	Counts: "The value of a token, of an Authorization header or token cookie, of all headers or cookies together, or of a signing key gets into a log " +
		"line, a span or an error report, whatever its variable is called. A hash of it does not count, nor the word token in a message, nor the token's " +
		"id. A piece of a token is token-prefix-as-id.",
	Run: func(p *pass) {
		if p.logged() {
			p.looks()
		}
		for _, l := range p.leaks(flow.Token|flow.Key|flow.Headers, "log") {
			what := "a token"
			switch {
			case l.What&flow.Key != 0:
				what = "a signing key"
			case l.What&flow.Token == 0:
				what = "all headers or cookies of a request, tokens among them,"
			}
			p.report(fault{
				at: l.Span, fn: l.Func, what: "log", related: carried(l, "writes it to the log"),
				message: fmt.Sprintf("%s: %s is written to the log", name(l.Func), what),
			})
		}
	},
})
