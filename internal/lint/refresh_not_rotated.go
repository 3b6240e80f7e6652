package lint

import "github.com/jotsight/jotsight/internal/catalog"

var _ = add(Check{
	ID:     catalog.RefreshNotRotated,
	Strict: true, // a sender-constrained token needs no rotation, and that is not seen here
	Counts: "A route verifies a refresh token and hands out an access token alone, and no store is asked or told: the same refresh token " +
		"works until it runs out, whoever has it.",
	Run: func(p *pass) { p.rotation(false) },
})
