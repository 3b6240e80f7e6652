package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Parse reads a recipe from text; name stands in its errors, and files that the
// recipe names are relative to name's folder. See Load.
func Parse(name string, text []byte, env func(string) (string, bool)) (*Recipe, error) {
	var doc, more yaml.Node
	in := yaml.NewDecoder(bytes.NewReader(text))
	if err := in.Decode(&doc); err != nil && err != io.EOF {
		return nil, yamlError(name, err)
	}
	switch err := in.Decode(&more); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second document; a recipe describes one target", name, more.Line)
	case err != io.EOF:
		return nil, yamlError(name, err)
	}
	d := &decoder{name: name, env: env}
	r := &Recipe{Name: name, Dir: filepath.Dir(name), Limits: defaultLimits, Carrier: bearer}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("%s:1: target: missing", name)
	}
	root := doc.Content[0]
	d.aliases(root)
	if len(d.errs) == 0 {
		d.recipe(root, r)
	}
	if len(d.errs) > 0 {
		return nil, errors.Join(d.errs...)
	}
	r.secrets = slices.DeleteFunc(d.secrets, func(s string) bool {
		if s != "" && r.harmless(s) {
			r.unsought = true
		}
		return len(s) < 6 || r.harmless(s)
	})
	return r, nil
}

// harmless reports whether a would-be secret is also the value of a variable
// that is none: a password that equals the user name would be "found" in any log.
func (r *Recipe) harmless(secret string) bool {
	for name, v := range r.Vars {
		if v == secret && !secretName.MatchString(name) {
			return true
		}
	}
	return false
}

var (
	secretName = regexp.MustCompile(`(?i)pass|secret|pin|key|token|pwd|otp`)
	variable   = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	yamlLine   = regexp.MustCompile(`line (\d+): `)
)

func yamlError(name string, err error) error {
	line, text := "1", strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, text = m[1], strings.Replace(text, m[0], "", 1)
	}
	return fmt.Errorf("%s:%s: yaml: %s", name, line, text)
}

// decoder reads YAML nodes into a Recipe. It goes on after an error, so that one
// start shows all of them.
type decoder struct {
	name    string
	env     func(string) (string, bool)
	errs    []error
	secrets []string
	uses    []use
	byOAuth []use // steps that say oauth instead of a request
}

// A use is a {{name}} and where it stands.
type use struct {
	n           *yaml.Node
	field, name string
}

func (d *decoder) fail(n *yaml.Node, field, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("%s:%d: %s: %s", d.name, n.Line, field, fmt.Sprintf(format, args...)))
}

// aliases refuses what YAML can say but a reader of a recipe would have to look
// up: every value stands where it is used.
func (d *decoder) aliases(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		d.fail(n, "*"+n.Value, "a reference; write the value itself")
	}
	for _, c := range n.Content {
		d.aliases(c)
	}
}

// fields are the members that an object may have, each with its reader.
type fields map[string]func(n *yaml.Node, field string)

func (d *decoder) object(n *yaml.Node, field string, known fields) (seen map[string]bool) {
	seen = map[string]bool{}
	if n.Kind != yaml.MappingNode {
		d.fail(n, cmpField(field, "recipe"), "not a mapping of %s", names(known))
		return seen
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(field, key.Value)
		read, ok := known[key.Value]
		switch {
		case !ok:
			d.fail(key, at, "unknown field, not one of %s", names(known))
		case seen[key.Value]:
			d.fail(key, at, "stated twice")
		default:
			read(value, at)
		}
		seen[key.Value] = true
	}
	return seen
}

func names(known fields) string {
	return strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}

func join(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

func cmpField(field, other string) string {
	if field == "" {
		return other
	}
	return field
}

// text reads a scalar and puts in the values of ${NAME}.
func (d *decoder) text(n *yaml.Node, field string) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		d.fail(n, field, "not a text")
		return ""
	}
	for _, m := range placeholder.FindAllStringSubmatch(n.Value, -1) {
		d.uses = append(d.uses, use{n, field, m[1]})
	}
	return variable.ReplaceAllStringFunc(n.Value, func(m string) string {
		v, ok := d.env(m[2 : len(m)-1])
		if !ok {
			d.fail(n, field, "variable %s is not set", m[2:len(m)-1])
		}
		return v
	})
}

func (d *decoder) secret(n *yaml.Node, field string) string {
	s := d.text(n, field)
	d.secrets = append(d.secrets, s)
	return s
}

func (d *decoder) texts(n *yaml.Node, field string) map[string]string {
	m := map[string]string{}
	if n.Kind != yaml.MappingNode {
		d.fail(n, field, "not a mapping of names to texts")
		return m
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		at := join(field, name)
		if _, twice := m[name]; twice {
			d.fail(n.Content[i], at, "stated twice")
		}
		m[name] = d.text(n.Content[i+1], at)
		if strings.ContainsAny(m[name], "\r\n") && strings.HasSuffix(field, "headers") {
			d.fail(n.Content[i+1], at, "more than one line")
		}
		if secretName.MatchString(name) && !strings.Contains(m[name], "{{") {
			d.secrets = append(d.secrets, m[name])
		}
	}
	return m
}

func (d *decoder) list(n *yaml.Node, field string, read func(n *yaml.Node, field string)) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, field, "not a list")
		return
	}
	for i, item := range n.Content {
		read(item, fmt.Sprintf("%s[%d]", field, i))
	}
}

func (d *decoder) duration(n *yaml.Node, field string) time.Duration {
	v, err := time.ParseDuration(d.text(n, field))
	if err != nil || v < 0 {
		d.fail(n, field, "not a duration such as 10s")
	}
	return v
}

func (d *decoder) count(n *yaml.Node, field string, least int) int {
	v, err := strconv.Atoi(d.text(n, field))
	if err != nil || v < least {
		d.fail(n, field, "not a whole number of at least %d", least)
	}
	return v
}

func (d *decoder) flag(n *yaml.Node, field string) bool {
	switch d.text(n, field) {
	case "true":
		return true
	case "false":
	default:
		d.fail(n, field, "neither true nor false")
	}
	return false
}

func (d *decoder) pattern(n *yaml.Node, field string) *regexp.Regexp {
	re, err := regexp.Compile(d.text(n, field))
	if err != nil {
		d.fail(n, field, "not a regular expression")
		return nil
	}
	return re
}

func (d *decoder) later(hint string) func(*yaml.Node, string) {
	return func(n *yaml.Node, field string) { d.fail(n, field, "not supported yet; %s", hint) }
}

func (d *decoder) recipe(n *yaml.Node, r *Recipe) {
	seen := d.object(n, "", fields{
		"target": func(n *yaml.Node, f string) {
			u, err := parseTarget(d.text(n, f))
			if err != nil {
				d.fail(n, f, "%v", err)
				return
			}
			if u.Path = strings.TrimSuffix(u.Path, "/"); u.RawQuery != "" || u.Fragment != "" {
				d.fail(n, f, "has a query or a fragment")
			}
			r.Target = u
		},
		"tls": func(n *yaml.Node, f string) {
			seen := d.object(n, f, fields{
				"ca": func(n *yaml.Node, f string) {
					r.TLS.CA, r.TLS.where = d.text(n, f), fmt.Sprintf("%s:%d: %s", d.name, n.Line, f)
				},
				"cert":     func(n *yaml.Node, f string) { r.TLS.Cert = d.text(n, f) },
				"key":      func(n *yaml.Node, f string) { r.TLS.Key = d.text(n, f) },
				"insecure": func(n *yaml.Node, f string) { r.TLS.Insecure = d.flag(n, f) },
			})
			if seen["cert"] != seen["key"] {
				d.fail(n, f, "cert and key belong together")
			}
		},
		"vars":      func(n *yaml.Node, f string) { r.Vars = d.texts(n, f) },
		"login":     func(n *yaml.Node, f string) { r.Login = d.login(n, f) },
		"token":     func(n *yaml.Node, f string) { r.Token = d.token(n, f) },
		"carrier":   func(n *yaml.Node, f string) { r.Carrier = d.carrier(n, f) },
		"mint":      func(n *yaml.Node, f string) { r.Mint = d.mint(n, f) },
		"protected": func(n *yaml.Node, f string) { r.Protected, r.Also = d.routes(n, f) },
		"refresh": func(n *yaml.Node, f string) {
			r.Refresh = &Refresh{}
			if d.asOAuth(n, f) {
				return
			}
			extra := fields{"grace": func(n *yaml.Node, f string) { r.Refresh.Grace = d.duration(n, f) }}
			r.Refresh.Step = d.step(n, f, extra)
			if len(d.errs) == 0 && r.Refresh.Take == nil {
				d.fail(n, f, "take: missing; it says where the new tokens stand")
			}
		},
		"password_change": func(n *yaml.Node, f string) { s := d.step(n, f, nil); r.PasswordChange = &s },
		"forbidden": func(n *yaml.Node, f string) {
			r.Forbidden = &Forbidden{Status: http.StatusForbidden}
			r.Forbidden.Step = d.step(n, f, fields{"status": func(n *yaml.Node, f string) {
				if r.Forbidden.Status = d.count(n, f, 400); r.Forbidden.Status > 499 {
					d.fail(n, f, "not the status of a refusal, 400 to 499")
				}
			}})
		},
		"logout": func(n *yaml.Node, f string) { s := d.step(n, f, nil); r.Logout = &s },
		"revoke": func(n *yaml.Node, f string) {
			s := Step{Method: "POST"}
			if !d.asOAuth(n, f) {
				s = d.step(n, f, nil)
			}
			r.Revoke = &s
		},
		"keys": func(n *yaml.Node, f string) {
			d.object(n, f, fields{
				"secret": func(n *yaml.Node, f string) { r.Keys.Secret = d.secret(n, f) },
				"pem":    func(n *yaml.Node, f string) { r.Keys.PEM = d.text(n, f) },
				"jwks":   func(n *yaml.Node, f string) { r.Keys.JWKS = d.text(n, f) },
				"public": func(n *yaml.Node, f string) { r.Keys.Public = d.text(n, f) },
			})
		},
		"callback": func(n *yaml.Node, f string) {
			if err := r.SetCallback(d.text(n, f)); err != nil {
				d.fail(n, f, "%v", err)
			}
		},
		"claims": func(n *yaml.Node, f string) {
			d.object(n, f, fields{
				"subject": func(n *yaml.Node, f string) { r.Claims.Subject = d.text(n, f) },
				"session": func(n *yaml.Node, f string) { r.Claims.Session = d.text(n, f) },
				"aud":     func(n *yaml.Node, f string) { r.Claims.Audience = d.text(n, f) },
			})
		},
		"logs": func(n *yaml.Node, f string) {
			d.list(n, f, func(n *yaml.Node, f string) { r.Logs = append(r.Logs, d.log(n, f, len(r.Logs))) })
		},
		"alerts": func(n *yaml.Node, f string) { r.Alerts = d.alerts(n, f) },
		"monitor": func(n *yaml.Node, f string) {
			r.Monitor = &Monitor{}
			seen := d.object(n, f, fields{
				"url": func(n *yaml.Node, f string) {
					u, err := parseTarget(d.text(n, f))
					if err != nil {
						d.fail(n, f, "%v", err)
						return
					}
					r.Monitor.URL = strings.TrimSuffix(u.String(), "/")
				},
				"key": func(n *yaml.Node, f string) { r.Monitor.Key = d.secret(n, f) },
			})
			for _, name := range []string{"url", "key"} {
				if !seen[name] {
					d.fail(n, join(f, name), "missing")
				}
			}
		},
		"suppress": func(n *yaml.Node, f string) {
			d.list(n, f, func(n *yaml.Node, f string) { r.Suppress = append(r.Suppress, d.suppress(n, f)) })
		},
		"limits": func(n *yaml.Node, f string) {
			l := &r.Limits
			seen := d.object(n, f, fields{
				"rps": func(n *yaml.Node, f string) {
					v, err := strconv.ParseFloat(d.text(n, f), 64)
					if err != nil || !(v >= 0 && v <= maxRPS) {
						d.fail(n, f, "not a number of requests a second; 0 means no limit")
					}
					l.RPS = v
				},
				"burst":             func(n *yaml.Node, f string) { l.Burst = d.count(n, f, 1) },
				"refreshes":         func(n *yaml.Node, f string) { l.Refreshes = d.count(n, f, 2) },
				"logins_per_minute": func(n *yaml.Node, f string) { l.LoginsPerMinute = d.count(n, f, 0) },
				"timeout":           func(n *yaml.Node, f string) { l.Timeout = d.duration(n, f) },
				"brute":             func(n *yaml.Node, f string) { l.Brute = d.count(n, f, 0) },
				"lockout_ok":        func(n *yaml.Node, f string) { l.LockoutOK = d.flag(n, f) },
				"throwaway":         func(n *yaml.Node, f string) { l.Throwaway = d.text(n, f) },
				"patience":          func(n *yaml.Node, f string) { l.Patience = d.duration(n, f) },
			})
			l.loginsNamed = seen["logins_per_minute"]
		},
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	d.unknown(r)
	for _, name := range []string{"target", "protected"} {
		if !seen[name] {
			d.fail(n, name, "missing")
		}
	}
	switch {
	case seen["login"] && seen["token"]:
		d.fail(n, "token", "stands beside login; a recipe has one of them")
	case seen["mint"] && (seen["login"] || seen["token"]):
		d.fail(n, "mint", "stands beside login or token; a recipe has one of them")
	case !seen["login"] && !seen["token"] && !seen["mint"]:
		d.fail(n, "login", "missing, and there is no token either")
	case seen["password_change"] && !seen["login"]:
		d.fail(n, "password_change", "needs login")
	case !seen["login"] && (seen["logout"] || seen["revoke"] || seen["refresh"]):
		d.fail(n, map[bool]string{true: "token", false: "mint"}[seen["token"]], "a supplied token is never refreshed or revoked; logout, revoke and refresh need login")
	}
	d.settle(r)
}

// asOAuth reads the word oauth in the place of a step: the endpoint and the
// form of the grant that logs in.
func (d *decoder) asOAuth(n *yaml.Node, f string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return false
	}
	if d.text(n, f) != "oauth" {
		d.fail(n, f, "neither a request nor the word oauth")
	}
	d.byOAuth = append(d.byOAuth, use{n, f, ""})
	return true
}

// settle fills in what one part of the recipe says about another.
func (d *decoder) settle(r *Recipe) {
	if i := slices.IndexFunc(r.Login, func(s Step) bool { return s.OAuth != nil }); i < 0 {
		for _, u := range d.byOAuth {
			d.fail(u.n, u.field, "needs a login with oauth")
		}
	} else if r.Login[i].OAuth.Grant == "client" {
		for _, u := range d.byOAuth {
			d.fail(u.n, u.field, "the grant client gives no refresh token (RFC 6749 section 4.4.3)")
		}
	}
	if m := r.Mint; m != nil && r.Keys.Secret == "" && r.Keys.PEM == "" {
		r.Keys.Secret, r.Keys.PEM = m.Secret, m.PEM
	}
}

// unknown finds every {{name}} that would be sent as nothing.
func (d *decoder) unknown(r *Recipe) {
	known := map[string]bool{"access": true, "refresh": true, "id": true}
	if r.PasswordChange != nil {
		known["new_password"] = true
	}
	for name := range r.Vars {
		known[name] = true
	}
	steps := r.Login
	if r.Refresh != nil {
		steps = append(slices.Clone(steps), r.Refresh.Step)
	}
	for _, s := range steps {
		for name := range s.Take {
			known[name] = true
		}
	}
	for _, u := range d.uses {
		if !known[u.name] {
			d.fail(u.n, u.field, "{{%s}} is neither in vars nor taken by a step", u.name)
		}
	}
}

func (d *decoder) login(n *yaml.Node, f string) (steps []Step) {
	d.list(n, f, func(n *yaml.Node, f string) {
		if n.Kind == yaml.MappingNode && len(n.Content) > 0 && slices.ContainsFunc(n.Content, func(k *yaml.Node) bool { return k.Value == "oauth" && k.Kind == yaml.ScalarNode }) {
			steps = append(steps, d.oauthStep(n, f))
			return
		}
		steps = append(steps, d.step(n, f, nil))
	})
	if n.Kind == yaml.SequenceNode && !slices.ContainsFunc(steps, func(s Step) bool { _, ok := s.Take["access"]; return ok || s.OAuth != nil }) {
		d.fail(n, f, "no step takes access, the access token")
	}
	return steps
}

// isPath reports whether s is a path on the target, or a whole address.
func isPath(s string) bool {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return false
	}
	if strings.HasPrefix(s, "/") {
		return true
	}
	_, err := parseTarget(s)
	return err == nil && !strings.Contains(s, "{{")
}

// step reads a request. extra are further fields of the same object.
func (d *decoder) step(n *yaml.Node, field string, extra fields) (s Step) {
	known := fields{
		"request": func(n *yaml.Node, f string) {
			method, path, ok := strings.Cut(d.text(n, f), " ")
			if s.Method, s.Path = method, strings.TrimSpace(path); !ok || method != strings.ToUpper(method) || !isPath(s.Path) {
				d.fail(n, f, "not a method and a path, such as POST /login")
			}
		},
		"follow": func(n *yaml.Node, f string) {
			if s.Follow = d.count(n, f, 0); s.Follow > 10 {
				d.fail(n, f, "more than 10 redirects")
			}
		},
		"json":    func(n *yaml.Node, f string) { s.JSON = d.tree(n, f) },
		"form":    func(n *yaml.Node, f string) { s.Form = d.texts(n, f) },
		"headers": func(n *yaml.Node, f string) { s.Headers = d.texts(n, f) },
		"cookies": func(n *yaml.Node, f string) { s.Cookies = d.texts(n, f) },
		"take": func(n *yaml.Node, f string) {
			s.Take = map[string]Extract{}
			if n.Kind != yaml.MappingNode {
				d.fail(n, f, "not a mapping of names to places")
				return
			}
			for i := 0; i+1 < len(n.Content); i += 2 {
				name := n.Content[i].Value
				if _, twice := s.Take[name]; twice {
					d.fail(n.Content[i], join(f, name), "stated twice")
				}
				s.Take[name] = d.extract(n.Content[i+1], join(f, name))
			}
		},
	}
	maps.Copy(known, extra)
	s.File, s.Line = d.name, n.Line
	seen := d.object(n, field, known)
	if n.Kind == yaml.MappingNode && !seen["request"] {
		d.fail(n, join(field, "request"), "missing")
	}
	if seen["json"] && seen["form"] {
		d.fail(n, join(field, "form"), "stands beside json; a request has one body")
	}
	return s
}

// tree reads a JSON body, with the values of ${NAME} put into its texts.
func (d *decoder) tree(n *yaml.Node, field string) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := n.Content[i].Value
			if _, twice := m[name]; twice {
				d.fail(n.Content[i], join(field, name), "stated twice")
			}
			m[name] = d.tree(n.Content[i+1], join(field, name))
			if s, ok := m[name].(string); ok && secretName.MatchString(name) && !strings.Contains(s, "{{") {
				d.secrets = append(d.secrets, s)
			}
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for i, item := range n.Content {
			list = append(list, d.tree(item, fmt.Sprintf("%s[%d]", field, i)))
		}
		return list
	case yaml.ScalarNode:
		if n.Tag == "!!str" {
			return d.text(n, field)
		}
		var v any
		if err := n.Decode(&v); err != nil {
			d.fail(n, field, "not a JSON value")
		}
		return v
	}
	d.fail(n, field, "not a JSON value")
	return nil
}

func (d *decoder) token(n *yaml.Node, f string) TokenSource {
	s := d.text(n, f)
	kind, rest, ok := strings.Cut(s, ":")
	switch {
	case ok && (kind == "file" || kind == "cmd"):
		return TokenSource{kind: kind, text: strings.TrimSpace(rest)}
	case ok && kind == "log":
		re, err := regexp.Compile(rest)
		if err != nil || re.NumSubexp() != 1 {
			d.fail(n, f, "not a regular expression with one group")
		}
		return TokenSource{kind: kind, re: re}
	case !variable.MatchString(n.Value):
		d.fail(n, f, "a token does not stand in a file; use ${NAME}, file:PATH, cmd:COMMAND or log:REGEX")
	}
	d.secrets = append(d.secrets, s)
	return TokenSource{kind: "value", text: s}
}

func (d *decoder) carrier(n *yaml.Node, f string) Carrier {
	c, err := parseCarrier(d.text(n, f))
	if err != nil {
		d.fail(n, f, "%v", err)
	}
	return c
}

func (d *decoder) protected(n *yaml.Node, f string) (p Protected) {
	p.Step = d.step(n, f, fields{
		"ok": func(n *yaml.Node, f string) {
			if p.OK = d.count(n, f, 100); p.OK > 599 {
				d.fail(n, f, "not an HTTP status")
			}
		},
		"proof": func(n *yaml.Node, f string) {
			if p.Proof = d.extract(n, f); p.Proof.kind == "log" {
				d.fail(n, f, "stands in an answer, not in the log")
			}
		},
		"take":   d.later("take belongs to login and refresh"),
		"follow": d.later("a redirect is a refusal"),
	})
	return p
}

func (d *decoder) extract(n *yaml.Node, f string) Extract {
	e, err := parseExtract(d.text(n, f))
	if err != nil {
		d.fail(n, f, "%v", err)
	}
	return e
}
