package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/jotsight/jotsight/internal/finding"
)

// A draft is a recipe that a discovery writes. Whatever a service said stands in
// it between quotes, and was checked before: a recipe has variables, and no
// service may name one.
type draft struct {
	target, user, env, token string
	steps                    []draftStep
	untried                  *shape
	carrier                  string
	routes                   []draftRoute
	refresh, logout, revoke  *draftStep
	jwks                     string
}

type draftStep struct {
	method, path string
	form         bool
	body         []pair
	headers      []pair
	cookies      []pair
	take         []pair
	vars         map[string]string // what an earlier step took
}

type draftRoute struct {
	path  string
	ok    int
	proof string
}

type pair struct{ name, value string }

// step is a draft as it is sent.
func (d draftStep) step() Step {
	s := Step{Method: d.method, Path: d.path, Headers: pairs(d.headers), Cookies: pairs(d.cookies)}
	switch {
	case d.form:
		s.Form = pairs(d.body)
	case len(d.body) > 0:
		body := map[string]any{}
		for _, p := range d.body {
			body[p.name] = p.value
		}
		s.JSON = body
	}
	return s
}

func pairs(list []pair) map[string]string {
	m := map[string]string{}
	for _, p := range list {
		m[p.name] = p.value
	}
	return m
}

// yaml writes the recipe, with comments where somebody has to go on.
func (d *draft) yaml() []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# A recipe of jotsight scan, found by asking the service. docs/scan/recipe.md has")
	line("# every field. Lines that begin with # are suggestions that nobody has tried.")
	line("target: %s", quoted(d.target))
	if d.user != "" {
		line("vars: {user: %s, password: %s} # the password stays in the environment", quotedUser(d.user), quoted("${"+d.env+"}"))
	}
	switch {
	case d.token != "":
		line("token: %s", quoted(d.token))
	case len(d.steps) > 0:
		line("login:")
		for _, s := range d.steps {
			s.write(&b, "  - ", "    ")
		}
	default:
		var t bytes.Buffer
		if d.untried != nil {
			steps := d.untried.steps()
			last := &steps[len(steps)-1]
			last.take = append(last.take, pair{"access", "$.access_token"}, pair{"refresh", "$.refresh_token"})
			for _, s := range steps {
				s.write(&t, "  - ", "    ")
			}
		} else {
			draftStep{method: "POST", path: "/login", body: []pair{{"username", "{{user}}"}, {"password", "{{password}}"}},
				take: []pair{{"access", "$.access_token"}, {"refresh", "$.refresh_token"}}}.write(&t, "  - ", "    ")
		}
		line(`# vars: {user: alice, password: "${SCAN_PASSWORD}"}`)
		line("# login:")
		for l := range strings.Lines(t.String()) {
			b.WriteString("# " + l)
		}
		line(`# or a token: "${JOTSIGHT_TOKEN}", or file:PATH, or cmd:COMMAND, or log:REGEX`)
	}
	line("carrier: %s", quoted(d.carrier))
	switch {
	case len(d.routes) == 0:
		line("# protected: {request: GET /me, ok: 200, proof: $.id} # something that only a user may read")
	case len(d.routes) == 1:
		line("protected: %s", d.routes[0])
	default:
		line("protected: # the first is the one with which most probes work")
		for _, r := range d.routes {
			line("  - %s", r)
		}
	}
	if len(d.routes) > 0 && d.routes[0].proof == "" {
		line("# proof: name something that only a real user's answer holds, such as proof: $.id")
	}
	for _, x := range []struct {
		name  string
		step  *draftStep
		else_ string
	}{
		{"refresh", d.refresh, `{request: POST /refresh, json: {refresh_token: "{{refresh}}"}, take: {access: $.access_token, refresh: $.refresh_token}}`},
		{"logout", d.logout, `{request: POST /logout, headers: {Authorization: "Bearer {{access}}"}}`},
		{"revoke", d.revoke, ""},
	} {
		if x.step != nil {
			line("%s:", x.name)
			x.step.write(&b, "  ", "  ")
		} else if x.else_ != "" && d.token == "" {
			line("# %s: %s", x.name, x.else_)
		}
	}
	if d.jwks != "" {
		line("keys: {jwks: %s}", quoted(d.jwks))
	} else {
		line(`# keys: {secret: "${JWT_SECRET}"} # or pem: key.pem; unlocks the probes that sign`)
	}
	line("# logs: [{id: app, file: run/app.log}] # without a log nobody can say what was recorded")
	return b.Bytes()
}

func (r draftRoute) String() string {
	s := "{request: " + quoted("GET "+r.path)
	if r.ok != 0 {
		s += fmt.Sprintf(", ok: %d", r.ok)
	}
	if r.proof != "" {
		s += ", proof: " + quoted(r.proof)
	}
	return s + "}"
}

func (d draftStep) write(b *bytes.Buffer, begin, indent string) {
	fmt.Fprintf(b, "%srequest: %s\n", begin, quoted(d.method+" "+d.path))
	body := "json"
	if d.form {
		body = "form"
	}
	for _, x := range []struct {
		name string
		list []pair
	}{{body, d.body}, {"headers", d.headers}, {"cookies", d.cookies}, {"take", d.take}} {
		if len(x.list) == 0 {
			continue
		}
		var parts []string
		for _, p := range x.list {
			parts = append(parts, memberName(p.name)+": "+quoted(p.value))
		}
		fmt.Fprintf(b, "%s%s: {%s}\n", indent, x.name, strings.Join(parts, ", "))
	}
}

// memberName writes a name: bare, unless YAML would take it for something else.
func memberName(name string) string {
	if bareName.MatchString(name) && !yamlWord.MatchString(name) {
		return name
	}
	return quoted(name)
}

var (
	bareName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	yamlWord = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf)$`)
)

// quoted writes a text as YAML reads it: a JSON string is one.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSpace(b.String())
}

// quotedUser quotes the user's name, which the user gave, without escapes that
// YAML would read otherwise.
func quotedUser(s string) string { return quoted(finding.Escape(s)) }
