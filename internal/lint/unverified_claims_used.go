package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.UnverifiedClaimsUsed,
	Counts: "A claim of a token that was decoded and not verified decides something: it becomes the user of the request, a key of a look-up, or a part of " +
		"the answer. Reading kid or alg to find the key, looking at exp alone, logging the claim, and decoding a token that is verified as well, before or after, are right.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind == library.Decode {
				p.looks()
			}
		}
		for _, l := range p.leaks(flow.Claimed, "identity", "key", "answer", "claim") {
			does := map[string]string{
				"identity": "becomes the user of the request", "key": "looks something up by it",
				"answer": "answers with it", "claim": "goes into a new token",
			}[l.Into]
			f := fault{
				at: l.Span, fn: l.Func, what: l.Into, related: carried(l, does),
				message: fmt.Sprintf("%s: a claim that nobody has verified %s", name(l.Func), map[string]string{
					"identity": "becomes the user of the request", "key": "decides what is looked up",
					"answer": "decides what is answered", "claim": "goes into a new token",
				}[l.Into]),
			}
			if l.Op != nil { // it stands at the decode: that is the line to mend
				f.at, f.fn, f.what = l.Op.Span, l.Op.Func, l.Op.Name
			}
			p.report(f)
		}
	},
})
