package lint

import (
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.SilentRevocation,
	Counts: "A token is revoked where it, its id, session or family is put on a denylist or taken out of the store that says what stands, " +
		"logout included. A record is any log line, metric, audit row or span on the way on which that goes well.",
	Run: func(p *pass) { p.succeeded(library.Revoke, "a token is revoked") },
})
