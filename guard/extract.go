package guard

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
)

// An Extractor finds the token of a request and says where it was. When there is
// none, or it cannot be taken, it returns an *Error made by Refuse; the reason
// missing means that the request brought no token at all.
type Extractor func(r *http.Request) (token string, from event.Source, err error)

// Refuse gives the Error of a reason, for Extractors and rules of your own.
func Refuse(r event.Reason) *Error { return refuse(r) }

// Bearer takes the token from the Authorization header: of the scheme Bearer (RFC
// 6750 section 2.1), or of DPoP (RFC 9449 section 7.1), under which only tokens
// that are bound to a key are good. There must be exactly one such header, with
// exactly one token.
func Bearer(r *http.Request) (string, event.Source, error) {
	token, from, _, err := authorization(r)
	return token, from, err
}

func authorization(r *http.Request) (token string, from event.Source, dpop bool, err error) {
	values := r.Header["Authorization"]
	switch len(values) {
	case 0:
		return "", 0, false, refuse(event.ReasonMissing)
	case 1:
	default:
		return "", event.Header, false, refuse(event.ReasonMultipleTokens)
	}
	const usual = "Bearer "
	scheme, token := "", ""
	if v := values[0]; len(v) > len(usual) && v[:len(usual)] == usual {
		scheme, token = usual[:len(usual)-1], v[len(usual):]
	} else {
		scheme, token, _ = strings.Cut(v, " ")
	}
	dpop = isScheme(scheme, "DPoP")
	if !dpop && !isScheme(scheme, "Bearer") {
		if strings.TrimSpace(values[0]) == "" {
			return "", 0, false, refuse(event.ReasonMissing)
		}
		return "", event.Header, false, refuse(event.ReasonBadScheme)
	}
	token = strings.Trim(token, " ")
	switch {
	case token == "":
		return "", 0, dpop, refuse(event.ReasonMissing)
	case strings.IndexByte(token, ' ') >= 0, strings.IndexByte(token, ',') >= 0:
		return "", event.Header, dpop, refuse(event.ReasonMultipleTokens)
	}
	return token, event.Header, dpop, nil
}

func isScheme(s, scheme string) bool { return len(s) == len(scheme) && strings.EqualFold(s, scheme) }

// isDPoP reports whether a request has an Authorization header of the scheme
// DPoP.
func isDPoP(r *http.Request) bool {
	for _, v := range r.Header["Authorization"] {
		if scheme, _, _ := strings.Cut(v, " "); isScheme(scheme, "DPoP") {
			return true
		}
	}
	return false
}

// Cookie takes the token from a cookie. A cookie is sent along by the browser:
// protect the routes against cross-site requests (http.CrossOriginProtection).
func Cookie(name string) Extractor {
	return func(r *http.Request) (string, event.Source, error) {
		found := r.CookiesNamed(name)
		switch {
		case !slices.ContainsFunc(found, func(c *http.Cookie) bool { return c.Value != "" }):
			return "", 0, refuse(event.ReasonMissing)
		case len(found) > 1:
			return "", event.Cookie, refuse(event.ReasonMultipleTokens)
		}
		return found[0].Value, event.Cookie, nil
	}
}

// Query takes the token from the URL, where proxies, logs and histories keep it
// (RFC 6750 section 5.3). For what cannot set a header, and for nothing else.
func Query(name string) Extractor {
	return func(r *http.Request) (string, event.Source, error) {
		values := r.URL.Query()[name]
		switch {
		case strings.Join(values, "") == "":
			return "", 0, refuse(event.ReasonMissing)
		case len(values) > 1:
			return "", event.Query, refuse(event.ReasonMultipleTokens)
		}
		return values[0], event.Query, nil
	}
}

// OneOf looks in several places, of which exactly one may hold a token.
func OneOf(places ...Extractor) Extractor {
	return func(r *http.Request) (token string, from event.Source, err error) {
		err = refuse(event.ReasonMissing)
		for _, place := range places {
			t, f, e := place(r)
			switch {
			case reasonOf(e) == event.ReasonMissing:
			case e != nil:
				return "", f, e
			case err == nil:
				return "", f, refuse(event.ReasonMultipleTokens)
			default:
				token, from, err = t, f, nil
			}
		}
		return token, from, err
	}
}

// queryToken reports whether the URL carries a token where nobody asked for one.
func queryToken(r *http.Request) bool {
	for q := r.URL.RawQuery; q != ""; {
		var name string
		name, q, _ = strings.Cut(q, "&")
		name, _, _ = strings.Cut(name, "=")
		if strings.IndexByte(name, '%') >= 0 {
			name, _ = url.QueryUnescape(name)
		}
		if name == "access_token" {
			return true
		}
	}
	return false
}
