package scan

import (
	"context"

	"github.com/jotsight/jotsight/internal/catalog"
)

// A token that is right in all else reaches the code behind the verifier, which
// trusts what it prints of it.
var _ = add(Probe{
	Name:     "log-forging-signed",
	Weakness: catalog.LogInjection,
	Title:    "line breaks, colours and quotes in claims of a well signed token",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey, NeedLog},
	Requests: requests(2),
	Run: func(ctx context.Context, a *attempt) {
		var all forgeries
		p := a.run.token.Payload
		for _, name := range []string{"jti", "name", "client_id"} {
			p = p.Set(name, all.in(a, name).text())
		}
		token, err := a.run.signer.sign(a.run.token.Header, p)
		if err != nil {
			a.inconclusive("%v", err)
			return
		}
		if _, _, err := a.send(ctx, token); err != nil {
			a.inconclusive("%v", err)
			return
		}
		a.judgeForgeries(ctx, all, "nothing in a claim forges, splits or colours a line")
	},
})
