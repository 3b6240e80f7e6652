package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
)

var _ = add(Check{
	ID: catalog.LogInjection,
	Counts: "A header or claim of a token that nobody has verified becomes part of a line of plain text. Structured loggers escape their " +
		"attributes, and a quoting verb such as %q does, too. The strict profile also names other text of a request, such as a header or a name.",
	Run: func(p *pass) {
		if p.logged() {
			p.looks()
		}
		marks := flow.Claimed
		if p.strict {
			marks |= flow.User
		}
		for _, l := range p.leaks(marks, "log") {
			if l.Obs == nil || !l.Obs.Print {
				continue
			}
			what := "a claim that nobody has verified"
			if l.What&flow.Claimed == 0 {
				what = "text of the request"
			}
			p.report(fault{
				at: l.Span, fn: l.Func, what: "log", related: carried(l, "writes it as plain text"),
				message: fmt.Sprintf("%s: %s is written into a line of plain text, and may forge others", name(l.Func), what),
			})
		}
	},
})
