package scan

import (
	"context"
	"net/http"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "method-bypass",
	Weakness: catalog.UnauthenticatedAccess,
	Title:    "no token, under methods that filters forget",
	Stage:    StageRefusal,
	Requests: requests(2 * len(forgottenMethods)),
	To: func(r *Recipe) (list []Step) {
		for _, method := range forgottenMethods {
			list = append(list, Step{Method: method, Path: r.Protected.Path})
		}
		return list
	},
	Truth: []event.Reason{event.ReasonMissing, event.ReasonBadScheme},
	Run:   methodBypass,
})

// forgottenMethods change nothing: two that RFC 9110 and RFC 4918 call safe, and
// one that does not exist, which some routers hand to the handler of GET. An
// answer to HEAD has no body to know the data by.
var forgottenMethods = []string{http.MethodOptions, "PROPFIND", "PEEK"}

// methodBypass looks for the data in answers without a token to other methods. A
// server that does not know a method says so with 400, 405 or 501, and any answer
// that does not hold the data is a refusal here.
func methodBypass(ctx context.Context, a *attempt) {
	c := a.run.controls
	own := a.run.recipe.Protected.Method
	switch {
	case c.open():
		a.skip("the resource answers %s without a token, as missing says", own)
		return
	case c.proof.IsZero() && len(c.stable) == 0:
		a.skip("the valid answer holds nothing to know it by")
		return
	}
	var open []string
	for _, method := range forgottenMethods {
		if method == own {
			continue
		}
		got, err := a.twice(ctx, func(r *request) { r.method = method })
		switch {
		case got == took && err == nil:
			open = append(open, method)
		case err != nil && ctx.Err() != nil, got == limited:
			a.inconclusive("%s without a token is %s", method, orError(got, err))
			return
		}
	}
	if len(open) == 0 {
		a.pass("no other method opens the resource")
		return
	}
	a.result.Accepted = true
	a.fail("without a token %s is refused, and %s is served", own, strings.Join(open, ", "))
	a.find(catalog.UnauthenticatedAccess, finding.Certain, "the protected resource answers without a token to another method", a.probe.Name+": "+a.result.Why)
}
