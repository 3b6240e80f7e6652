package lint

import "github.com/jotsight/jotsight/internal/catalog"

var _ = add(Check{
	ID:     catalog.NoRefreshRateLimit,
	Limits: true,
	Counts: "A refresh is a route that takes a refresh token and hands out a new token. " + limits,
	Run:    func(p *pass) { p.unlimited(refreshing, "refresh tokens can be used and tried") },
})
