package lint

import (
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.SilentIssuance,
	Counts: "A record is any log line, metric, audit row or span in the handler that hands the token out, or in what it calls, before or after " +
		"the token is signed, as long as it is written when all goes well. A row in a table of users or sessions is state, and no record.",
	Run: func(p *pass) { p.succeeded(library.Issue, "a token is issued") },
})
