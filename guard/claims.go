package guard

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// latest is the last second of the year 9999. A later time is no time: most
// often it was written in milliseconds, and the token would live for millennia.
const latest = 253402300799

// skew is how far a time may be ahead beyond the leeway and still be called a
// clock that is wrong rather than a token that is.
const skew = time.Minute

// decode reads the claims of a token whose signature held. kind is the use that
// the claims themselves state, zero when they state none. What is usual is not
// copied: p's own names stand for equal ones.
func (e *entry) decode(payload string, p *policy) (kind event.Use, why event.Reason) {
	var kept [textCount]string
	var azp, scp string
	bad := false
	str := func(to *string, value string) {
		s, ok := stringOf(value)
		*to, bad = s, bad || !ok
	}
	sec := func(to *int64, value string) {
		n, ok := numericDate(value)
		*to, bad = n, bad || !ok
	}
	words := func(to *string, value string) {
		if s, ok := stringOf(value); ok {
			*to = s
			return
		}
		list, ok := stringsOf(value)
		*to, bad = strings.Join(list, " "), bad || !ok
	}
	switch eachMember(payload, func(name, value string) {
		switch name {
		case "iss":
			str(&e.issuer, value)
		case "sub":
			str(&kept[textSubject], value)
		case "aud":
			list, ok := p.audiences(value)
			e.audience, bad = list, bad || !ok
		case "exp":
			sec(&e.expires, value)
		case "nbf":
			sec(&e.notBefore, value)
		case "iat":
			sec(&e.issued, value)
		case "jti":
			str(&kept[textID], value)
		case "sid":
			str(&kept[textSession], value)
		case "client_id":
			str(&kept[textClient], value)
		case "azp":
			str(&azp, value)
		case "scope":
			words(&kept[textScope], value)
		case "scp":
			words(&scp, value)
		case "cnf":
			c, ok := readConfirm(value)
			e.bound, bad = c.methods, bad || !ok
		case "token_use", "token_type", "type", "typ":
			if s, ok := stringOf(value); ok {
				kind = max(kind, statedUse(s))
			}
		case "at_hash", "c_hash":
			kind = event.IDToken // OpenID Connect Core section 3.3.2.11: only an id token has them
		case "events":
			eachMember(value, func(name, _ string) {
				if name == "http://schemas.openid.net/event/backchannel-logout" {
					kind = event.LogoutToken
				}
			})
		}
	}) {
	case sound:
	case stated2:
		return 0, event.ReasonDuplicateMember
	default:
		return 0, event.ReasonMalformed
	}
	if kept[textClient] == "" {
		kept[textClient] = azp
	}
	if kept[textScope] == "" {
		kept[textScope] = scp
	}
	e.keep(&kept)
	e.issuer = p.known(e.issuer)
	if bad {
		return kind, event.ReasonBadClaim
	}
	return kind, 0
}

// known gives the name of an issuer, p's own where it is one of them, so that
// the payload is not kept for it.
func (p *policy) known(iss string) string {
	for _, s := range p.issuers {
		if s == iss {
			return s
		}
	}
	return strings.Clone(iss)
}

// audiences reads aud. A single one that is ours is not copied.
func (p *policy) audiences(value string) ([]string, bool) {
	if s, ok := stringOf(value); ok {
		for i, a := range p.audience {
			if a == s {
				return p.audience[i : i+1 : i+1], true
			}
		}
	}
	list, ok := stringsOf(value)
	for i, s := range list {
		list[i] = strings.Clone(s)
	}
	return list, ok
}

// statedUse reads the words by which issuers mark a token that is not for
// access: Keycloak's typ, Cognito's token_use, and the type and token_type of
// many home-made ones.
func statedUse(s string) event.Use {
	switch strings.ToLower(s) {
	case "refresh", "refresh_token", "offline":
		return event.Refresh
	case "id", "id_token":
		return event.IDToken
	case "logout", "logout_token":
		return event.LogoutToken
	}
	return 0
}

// numericDate reads seconds since 1970 (RFC 7519 section 2). Fractions are cut,
// as golang-jwt cuts them.
func numericDate(value string) (int64, bool) {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return n, n >= 0 && n <= latest
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || !(f >= 0 && f <= latest) {
		return 0, false
	}
	return int64(math.Floor(f)), true
}

// A policy is what the claims of a good token must say.
type policy struct {
	issuers, audience []string
	types             []string // lower case, "application/" cut off; nil is the default
	require           []string
	noExpiry          bool
	leeway            time.Duration
	maxLifetime       time.Duration
	maxAge            time.Duration
}

// check looks at the parties first and at the times last, so that a token of a
// stranger is not called expired.
func (p *policy) check(e *entry, payload string, stated event.Use, now time.Time) event.Reason {
	switch {
	case len(p.issuers) > 0 && e.issuer == "", len(p.audience) > 0 && len(e.audience) == 0:
		return event.ReasonMissingClaim
	case len(p.issuers) > 0 && !slices.Contains(p.issuers, e.issuer):
		return event.ReasonBadIssuer
	}
	if why := p.checkType(e, stated); why != 0 {
		return why
	}
	if len(p.audience) > 0 && !slices.ContainsFunc(e.audience, func(a string) bool { return slices.Contains(p.audience, a) }) {
		return event.ReasonBadAudience
	}
	for _, name := range p.require {
		if _, ok := member(payload, name); !ok {
			return event.ReasonMissingClaim
		}
	}
	return p.checkTimes(e, now)
}

func (p *policy) checkType(e *entry, stated event.Use) event.Reason {
	typ := strings.TrimPrefix(strings.ToLower(e.head.typ), "application/")
	if p.types != nil {
		if !slices.Contains(p.types, typ) {
			return otherType(typ)
		}
	} else if typ != "" && typ != "jwt" && typ != "at+jwt" {
		return otherType(typ)
	}
	if stated != 0 {
		return event.ReasonCrossTokenUse
	}
	return 0
}

// otherType tells a token that was made for something else from one whose type
// nobody knows.
func otherType(typ string) event.Reason {
	switch typ {
	case "logout+jwt", "dpop+jwt", "secevent+jwt", "refresh+jwt", "rt+jwt", "id+jwt", "id_token", "refresh",
		"oauth-authz-req+jwt", "token-introspection+jwt", "client-authentication+jwt", "at+jwt":
		return event.ReasonCrossTokenUse
	}
	return event.ReasonBadType
}

func (p *policy) checkTimes(e *entry, now time.Time) event.Reason {
	switch {
	case e.expires == 0 && !p.noExpiry, e.issued == 0 && (p.maxLifetime > 0 || p.maxAge > 0):
		return event.ReasonMissingClaim
	case e.expires != 0 && !now.Before(time.Unix(e.expires, 0).Add(p.leeway)):
		return event.ReasonExpired
	case ahead(now, e.notBefore, p.leeway+skew):
		return event.ReasonNotYetValid
	case ahead(now, e.issued, p.leeway+skew):
		return event.ReasonIssuedInFuture
	case ahead(now, e.notBefore, p.leeway), ahead(now, e.issued, p.leeway):
		return event.ReasonClockSkew
	case p.maxAge > 0 && now.Sub(time.Unix(e.issued, 0)) > p.maxAge+p.leeway:
		return event.ReasonTooOld
	case p.maxLifetime > 0 && (e.expires == 0 || e.expires-e.issued > int64(p.maxLifetime/time.Second)):
		return event.ReasonLifetimeTooLong
	}
	return 0
}

// ahead reports whether sec, when it is set, is further ahead of now than by.
func ahead(now time.Time, sec int64, by time.Duration) bool {
	return sec != 0 && now.Before(time.Unix(sec, 0).Add(-by))
}
