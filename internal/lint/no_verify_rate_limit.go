package lint

import "github.com/jotsight/jotsight/internal/catalog"

var _ = add(Check{
	ID:     catalog.NoVerifyRateLimit,
	Limits: true,
	Counts: "A route that is there to say whether a token is good: its handler verifies one, and its path or name says verify, validate, introspect " +
		"or the like. Routes behind a middleware that verifies are not meant: their tokens are tried at all of them. " + limits,
	Run: func(p *pass) { p.unlimited(verifying, "tokens can be tried") },
})
