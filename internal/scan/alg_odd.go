package scan

import (
	"context"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "alg-odd",
	Weakness: catalog.AlgNoneAccepted,
	Title:    "no alg, null, a number, a list; none with a space, with a signature, in two segments",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(2*8 + 1),
	Truth: []event.Reason{event.ReasonAlgNone, event.ReasonAlgNotAllowed, event.ReasonMalformed, event.ReasonBadEncoding,
		event.ReasonTooManyParts, event.ReasonBadSignature},
	Silent: catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		if a.run.anySignature {
			a.skip("no signature is checked at all")
			return
		}
		t := a.run.token
		unsigned := func(name string, header forge.Object, end string) variant {
			return variant{name, func(c string) string { return forge.Unsigned(header, a.run.fresh().Set("jti", c)) + end }}
		}
		const empty, number = "alg empty", "alg a number"
		accepted, doubt := a.admits(ctx,
			unsigned("no alg", t.Header.Delete("alg"), "."),
			unsigned("alg null", t.Header.Set("alg", nil), "."),
			unsigned(empty, t.Header.Set("alg", ""), "."),
			unsigned(number, t.Header.Set("alg", 256), "."),
			unsigned("alg a list of none", t.Header.Set("alg", []string{"none"}), "."),
			unsigned("none and a space", t.Header.Set("alg", "none "), "."),
			unsigned("none, with a signature", t.Header.Set("alg", "none"), "."+t.Signature),
			unsigned("none, in two segments", t.Header.Set("alg", "none"), ""))
		if len(accepted) > 0 {
			// Who takes the right algorithm without a signature does not care for alg.
			a.seal(ctx)
			if got, err := a.control(ctx, forge.Unsigned(t.Header, a.run.fresh())+"."); err == nil && got == took {
				a.fail("accepted, as is a token with the right alg and no signature")
				a.find(catalog.SignatureNotVerified, finding.Certain, "a token with an empty signature is accepted", a.result.Why)
				return
			}
		}
		a.judge(accepted, doubt, "an odd alg")
		if slices.Contains(accepted, number) && !slices.Contains(accepted, empty) {
			// It is not the missing algorithm that passes, but the error over its type.
			a.find(catalog.FailOpen, finding.Certain, "an error over the type of alg lets the token pass", a.result.Why)
			accepted = slices.DeleteFunc(accepted, func(name string) bool { return !strings.HasPrefix(name, "none") })
		}
		if len(accepted) > 0 {
			a.find(catalog.AlgNoneAccepted, finding.Certain, "unsigned tokens are accepted", a.probe.Name+": accepted ("+strings.Join(accepted, ", ")+")")
		}
	},
})
