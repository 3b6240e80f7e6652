package scan

import (
	"context"
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "format-confusion",
	Weakness: catalog.SignatureNotVerified,
	Title:    "tokens that are compact to one reader and JSON to the other, and headers that state alg twice",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(2*4 + 2),
	Truth:    []event.Reason{event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonTooManyParts, event.ReasonDuplicateMember, event.ReasonAlgNone, event.ReasonAlgNotAllowed, event.ReasonBadSignature},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		if r.anySignature {
			a.skip("no signature is checked at all")
			return
		}
		t := r.token
		protected, signed, _ := strings.Cut(t.Signing, ".")
		encoded := func(c string) string { return forge.Encode(r.fresh().Set("jti", c).Bytes()) }
		// CVE-2022-39227: the verifier reads the members of a JSON object, the reader
		// of the claims splits the same text at its dots.
		// The first letter is escaped: a log that shows it shows no beginning of a token.
		escaped := func(segment string) string { return fmt.Sprintf(`\u%04x`, segment[0]) + segment[1:] }
		polyglot := func(payload, signature string) string {
			return `{"` + protected + "." + payload + `.":"","protected":"` + escaped(protected) + `","payload":"` + escaped(signed) + `","signature":"` + signature + `"}`
		}
		twice := func(first, last string) func(string) string {
			return func(c string) string {
				alg := func(v string) forge.Member { return forge.Member{Name: "alg", Value: []byte(`"` + v + `"`)} }
				header := append(forge.Object{alg(first)}, t.Header.Delete("alg")...)
				return forge.Unsigned(append(header, alg(last)), r.fresh().Set("jti", c)) + "."
			}
		}
		variants := []variant{
			{"alg twice, none last", twice(r.alg(), "none")},
			{"alg twice, none first", twice("none", r.alg())},
		}
		const both = "compact and JSON at once"
		if r.recipe.Carrier.kind != "cookie" { // whose values hold no quotes
			variants = append(variants,
				// A loop over no signatures finds none that is wrong.
				variant{"JSON with an empty list of signatures", func(c string) string { return `{"payload":"` + encoded(c) + `","signatures":[]}` }},
				variant{both, func(c string) string { return polyglot(encoded(c), t.Signature) }})
		}
		accepted, doubt := a.admits(ctx, variants...)
		if len(accepted) > 0 && accepted[len(accepted)-1] == both {
			// Where the signed half is read, and it is sound, all is well; and where no
			// signature is needed, the two forms are not to blame.
			a.seal(ctx)
			for _, control := range []string{polyglot("AAAA", t.Signature), polyglot(encoded(newCanary()), forge.Encode(randomKey()))} {
				got, err := a.control(ctx, control)
				if err == nil && (got == refused || got == broken) {
					continue
				}
				if err != nil || got != took {
					doubt = "the control of a token in two forms cannot be judged"
				}
				accepted = accepted[:len(accepted)-1]
				break
			}
			a.result.Accepted = len(accepted) > 0
		}
		a.judge(accepted, doubt, "a token that two readers read differently")
		if len(accepted) == 0 {
			return
		}
		if strings.HasPrefix(accepted[0], "alg twice") {
			a.find(catalog.AlgNoneAccepted, finding.Certain, "unsigned tokens are accepted, if their header states alg twice", a.result.Why)
		}
		if !strings.HasPrefix(accepted[len(accepted)-1], "alg twice") {
			a.find(catalog.SignatureNotVerified, finding.Certain, "the claims that are used are not those that were signed", a.result.Why)
		}
	},
})
