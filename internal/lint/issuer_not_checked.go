package lint

import (
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID:     catalog.IssuerNotChecked,
	Strict: true, // a key that one service alone has makes it needless
	Counts: "No option of the verification names the issuer, and nothing around it looks at iss. Where a key signs for one service alone " +
		"that is no fault; where several share a key or an issuer, it is.",
	Run: func(p *pass) {
		p.unchecked(func(r *library.Row) []string { return r.Issuer }, "issuer", "iss", "Issuer")
	},
})
