package scan

import (
	"errors"
	"regexp"
	"strings"
)

// A Carrier is the place of the access token in a request.
type Carrier struct {
	kind   string // header, cookie, json, form or query
	name   string
	before string // of a header: the text before the token, such as "Bearer "
	after  string
}

var bearer = Carrier{kind: "header", name: "Authorization", before: "Bearer "}

var carrierForm = regexp.MustCompile(`^(cookie|json|form|query) ([\w.-]+)$`)

// parseCarrier reads "header Authorization: Bearer {t}", "cookie NAME",
// "json FIELD", "form FIELD" or "query NAME".
func parseCarrier(s string) (Carrier, error) {
	if rest, ok := strings.CutPrefix(s, "header "); ok {
		name, value, ok := strings.Cut(rest, ":")
		before, after, has := strings.Cut(strings.TrimSpace(value), "{t}")
		if ok && has && name != "" && !strings.ContainsAny(name, " \t") {
			return Carrier{kind: "header", name: name, before: before, after: after}, nil
		}
		return bearer, errors.New("not a header with {t} in it, such as: header Authorization: Bearer {t}")
	}
	if m := carrierForm.FindStringSubmatch(s); m != nil {
		return Carrier{kind: m[1], name: m[2]}, nil
	}
	return bearer, errors.New("not header NAME: {t}, cookie NAME, json FIELD, form FIELD or query NAME")
}

// String writes the carrier as a recipe does.
func (c Carrier) String() string {
	if c.kind == "header" {
		return "header " + c.name + ": " + c.before + "{t}" + c.after
	}
	return c.kind + " " + c.name
}

// put adds the token to a request.
func (c Carrier) put(r *request, token string) {
	switch c.kind {
	case "header":
		r.headers[c.name] = c.before + token + c.after
	case "cookie":
		r.cookies[c.name] = token
	case "json":
		body, _ := r.json.(map[string]any)
		with := map[string]any{c.name: token}
		for k, v := range body {
			if k != c.name {
				with[k] = v
			}
		}
		r.json = with
	case "form":
		r.form[c.name] = token
	case "query":
		r.query[c.name] = token
	}
}
