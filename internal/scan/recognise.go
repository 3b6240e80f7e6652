package scan

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// A spot is a place in an answer where a token seems to stand.
type spot struct {
	place string // as a recipe says it: $.a.b, cookie:NAME or header:NAME:RE
	name  string // of the member, cookie or header
	value string
	jwt   bool
	role  string // access, refresh or id
}

var (
	wholeJWT   = regexp.MustCompile(`^eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$`)
	opaqueName = regexp.MustCompile(`(?i)token|jwt|ticket|refresh|^(sid|session|session_?id|auth|bearer|access|connect\.sid)$`)
	notToken   = regexp.MustCompile(`(?i)csrf|xsrf|type|expires|scope|device|push|reset|verif|lang|theme`)
	idName     = regexp.MustCompile(`(?i)^id_?token$`)
	ticketText = regexp.MustCompile(`^[A-Za-z0-9._~+/=:%-]{16,}$`)
)

// tokensIn finds tokens by their shape, wherever a login may put them: JWTs
// anywhere, opaque ones where a name says so.
func tokensIn(res *response) (spots []spot) {
	add := func(s spot) {
		s.jwt = wholeJWT.MatchString(s.value)
		if notToken.MatchString(s.name) || !s.jwt && !(opaqueName.MatchString(s.name) && ticketText.MatchString(s.value)) {
			return
		}
		switch {
		case refreshKey.MatchString(s.name) || s.name == "rt" || s.jwt && kindOf(s.value) == "refresh":
			s.role = "refresh"
		case idName.MatchString(s.name) || s.jwt && kindOf(s.value) == "id":
			s.role = "id"
		default:
			s.role = "access"
		}
		spots = append(spots, s)
	}
	for _, v := range jsonValues(res.body) {
		walk(v, "$", "", 0, func(place, name, value string) { add(spot{place: place, name: name, value: value}) })
		break
	}
	if m := wholeJWT.FindString(strings.TrimSpace(string(res.body))); m != "" {
		add(spot{place: `body:(eyJ[\w.-]+)`, name: "body", value: m})
	}
	for _, name := range slices.Sorted(maps.Keys(res.header)) {
		if !plainWord.MatchString(strings.ReplaceAll(name, "-", "_")) || name == "Set-Cookie" {
			continue
		}
		value := res.header.Get(name)
		before, token, ok := strings.Cut(value, " ")
		if ok && strings.EqualFold(before, "bearer") {
			add(spot{place: "header:" + name + `:(?i)^bearer (.+)`, name: "token", value: token})
			continue
		}
		add(spot{place: "header:" + name, name: name, value: value})
	}
	for _, c := range (&http.Response{Header: res.header}).Cookies() {
		if plainWord.MatchString(c.Name) && c.MaxAge >= 0 {
			add(spot{place: "cookie:" + c.Name, name: c.Name, value: c.Value})
		}
	}
	slices.SortStableFunc(spots, func(a, b spot) int { return b.worth() - a.worth() })
	return spots
}

// worth orders what could be the access token: a JWT before an opaque one, a
// body before a cookie that may be no more than a session of the framework.
func (s spot) worth() (n int) {
	if s.jwt {
		n += 4
	}
	if !strings.HasPrefix(s.place, "cookie:") {
		n += 2
	}
	if strings.Contains(strings.ToLower(s.name), "access") {
		n++
	}
	return n
}

// pick gives the place of a role's best token; nil: there is none.
func pick(spots []spot, role string) *spot {
	for i := range spots {
		if spots[i].role == role {
			return &spots[i]
		}
	}
	return nil
}

// walk visits the texts of a JSON document, with their places as a recipe writes them.
func walk(v any, place, name string, depth int, visit func(place, name, value string)) {
	if depth > 6 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if plainWord.MatchString(k) {
				step := "." + k
				if strings.Contains(k, ".") {
					step = `["` + k + `"]`
				}
				walk(v[k], place+step, k, depth+1, visit)
			}
		}
	case []any:
		if len(v) > 0 {
			walk(v[0], place+"[0]", name, depth+1, visit)
		}
	case string:
		visit(place, name, v)
	case json.Number:
		visit(place, name, v.String())
	}
}

// kindOf reads what a JWT says that it is, where it says so.
func kindOf(token string) string {
	parts := strings.Split(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Typ  any `json:"typ"`
		Type any `json:"type"`
		Use  any `json:"token_use"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return ""
	}
	for _, v := range []any{claims.Typ, claims.Type, claims.Use} {
		s, _ := v.(string)
		switch s = strings.ToLower(s); {
		case strings.Contains(s, "refresh"):
			return "refresh"
		case s == "id" || s == "id_token":
			return "id"
		}
	}
	return ""
}
