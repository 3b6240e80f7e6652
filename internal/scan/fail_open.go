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
	Name:     "fail-open",
	Weakness: catalog.FailOpen,
	Title:    "headers and payloads over which a verifier stumbles, all with a random signature",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(2 * 8),
	Truth: []event.Reason{event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonBadSignature, event.ReasonAlgNotAllowed, event.ReasonAlgKeyMismatch,
		event.ReasonUnknownKID, event.ReasonKeyUnavailable, event.ReasonOversized, event.ReasonBadClaim, event.ReasonMissingClaim},
	Silent: catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		if r.anySignature {
			a.skip("no signature is checked at all, so that no error is needed")
			return
		}
		t := r.token
		random := func() string { return "." + forge.Encode(randomKey()) }
		payload := func(c string) string { return forge.Encode(r.fresh().Set("jti", c).Bytes()) }
		header := func(change func(forge.Object) forge.Object) func(string) string {
			return func(c string) string { return forge.Encode(change(t.Header).Bytes()) + "." + payload(c) + random() }
		}
		text := func(header string) func(string) string {
			return func(c string) string { return forge.Encode([]byte(header)) + "." + payload(c) + random() }
		}
		const unknown = "an algorithm that nobody knows"
		variants := []variant{
			{unknown, header(func(h forge.Object) forge.Object { return h.Set("alg", "XX999") })},
			{"a kid that nobody knows", header(func(h forge.Object) forge.Object { return h.Set("kid", newCanary()) })},
			{"a header that is no JSON", text(`{"alg":"` + r.alg() + `",`)},
			{"a header of 4,000 bytes", header(func(h forge.Object) forge.Object { return h.Set("pad", strings.Repeat("x", 4000)) })},
			{"a signature that is no base64", func(c string) string { return forge.Unsigned(t.Header, r.fresh().Set("jti", c)) + ".!!!!" }},
			{"a payload that is no JSON", func(c string) string {
				return forge.Encode(t.Header.Bytes()) + "." + forge.Encode([]byte(`{"jti":"`+c+`",`)) + random()
			}},
			{"the own token with a kid that nobody knows", func(string) string {
				return forge.Unsigned(t.Header.Set("kid", newCanary()), t.Payload) + "." + t.Signature
			}},
		}
		// Where no alg is as good as none, a header that holds nothing is no news.
		if !slices.ContainsFunc(r.found, func(f found) bool { return f.id == catalog.AlgNoneAccepted || f.id == catalog.FailOpen }) {
			variants = append(variants, variant{"a header that is null", text("null")})
		}
		accepted, doubt := a.admits(ctx, variants...)
		a.judge(accepted, doubt, "a token over which the verifier stumbles")
		if len(accepted) == 0 {
			return
		}
		a.find(catalog.FailOpen, finding.Certain, "an error on the way to the signature lets the token pass", a.result.Why)
		for i := range r.found {
			// A verifier that lets any unknown algorithm pass lets none pass, too.
			if f := &r.found[i]; f.id == catalog.AlgNoneAccepted && accepted[0] == unknown {
				f.implied = catalog.FailOpen
			}
		}
	},
})
