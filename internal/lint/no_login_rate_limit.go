package lint

import "github.com/jotsight/jotsight/internal/catalog"

var _ = add(Check{
	ID:     catalog.NoLoginRateLimit,
	Limits: true,
	Counts: "A login is a route that compares a password, or hands out a token to somebody who had none. " + limits,
	Run:    func(p *pass) { p.unlimited(login, "passwords can be tried") },
})
