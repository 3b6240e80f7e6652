package scan

import (
	"context"
	"regexp"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "wrong-type",
	Weakness: catalog.TokenTypeConfusion,
	Title:    "a token that says that it is of another type",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(9),
	Truth:    []event.Reason{event.ReasonBadType, event.ReasonCrossTokenUse, event.ReasonBadClaim, event.ReasonMalformed},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		list := otherTypes(a.run.token)
		if len(list) == 0 {
			a.skip("the service's own tokens do not say of which type they are")
			return
		}
		if len(a.altered(ctx, "a token of another type", list...)) > 0 {
			a.find(catalog.TokenTypeConfusion, finding.Certain, "a token that says it is no access token is accepted as one", a.result.Why)
		}
	},
})

var (
	typeClaims = []string{"token_use", "token_type", "use", "typ", "type"}
	// Only these values speak of a type of token: "type": "customer" does not.
	accessType = regexp.MustCompile(`(?i)^(?:access|bearer|at|access[_-]?token)$`)
	accessTyp  = regexp.MustCompile(`(?i)^(?:application/)?at\+jwt$`)
)

// otherTypes gives the alterations of every place in which a token says its
// type: the header typ of RFC 9068, and the claims that services invented. At
// most four. JWT is not among them: many services whose own tokens say at+jwt
// take it for access tokens of older issuers, and it names no other type.
func otherTypes(t *forge.Token) (list []alteration) {
	if accessTyp.MatchString(t.Header.Text("typ")) {
		for _, typ := range []string{"logout+jwt", "refresh+jwt"} {
			list = append(list, alteration{name: "typ " + typ, header: func(h forge.Object) forge.Object { return h.Set("typ", typ) }})
		}
	}
	for _, name := range typeClaims {
		own := t.Payload.Text(name)
		if !accessType.MatchString(own) || len(list) > 2 {
			continue
		}
		for _, other := range []string{"refresh", "id"} {
			other = spelledLike(own, other)
			list = append(list, alteration{name: name + " " + other, payload: func(p forge.Object) forge.Object { return p.Set(name, other) }})
		}
	}
	return list
}

// spelledLike writes a type of token as the service would: access_token, Bearer, ACCESS.
func spelledLike(own, other string) string {
	if i := strings.IndexAny(own, "_-"); i > 0 {
		other += own[i:]
	}
	switch {
	case own == strings.ToUpper(own):
		return strings.ToUpper(other)
	case own[:1] == strings.ToUpper(own[:1]):
		return strings.ToUpper(other[:1]) + other[1:]
	}
	return other
}
