package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
)

const (
	maxOpenAPI    = 4 << 20 // bytes of a document
	maxOperations = 2000
)

// An api is what we read of an OpenAPI document: its operations, and where a
// token goes. It is written by others, so that every text of it is checked
// before it becomes part of a request or of a recipe.
type api struct {
	version    string
	operations []operation
	tokenURL   string // of the OAuth password flow
	carriers   []Carrier
}

// An operation is one method on one path.
type operation struct {
	method, path string
	template     string   // the path as the document has it
	name         string   // its id, tags and summary in lower case, and its path
	fields       []string // of the request body
	form         bool     // the body is a form, not JSON
	secured      bool     // asks for a token
	stated       bool     // says so itself, not the document as a whole
	open         string   // why it cannot be sent as it is; empty: it can
	line         int      // in the document; 0: unknown
}

// parseOpenAPI reads a document of version 2, 3.0 or 3.1, in JSON or YAML. It
// follows no reference out of the document.
func parseOpenAPI(text []byte) (a *api, err error) {
	if len(text) > maxOpenAPI {
		return nil, fmt.Errorf("larger than %d MiB", maxOpenAPI>>20)
	}
	defer func() { // the document is hostile and its reader is not ours
		if p := recover(); p != nil {
			a, err = nil, errors.New("cannot be read")
		}
	}()
	js, err := asJSON(text)
	if err != nil {
		return nil, err
	}
	var head struct{ Swagger, OpenAPI string }
	if err := json.Unmarshal(js, &head); err != nil || head.Swagger == "" && head.OpenAPI == "" {
		return nil, errors.New("no OpenAPI document")
	}
	var doc *openapi3.T
	if head.Swagger != "" {
		var old openapi2.T
		if err := json.Unmarshal(js, &old); err != nil {
			return nil, errors.New("not a document of version 2")
		}
		if doc, err = openapi2conv.ToV3(&old); err != nil {
			return nil, errors.New("not a document of version 2")
		}
	} else {
		loader := openapi3.NewLoader()
		loader.IsExternalRefsAllowed = false
		if doc, err = loader.LoadFromData(js); err != nil {
			return nil, errors.New("a reference leads out of it, or to nothing")
		}
	}
	a = &api{version: clip(head.Swagger+head.OpenAPI, 8)}
	a.read(doc)
	if len(a.operations) == 0 {
		return nil, errors.New("no operation in it")
	}
	a.lines(text)
	return a, nil
}

func asJSON(text []byte) ([]byte, error) {
	if t := bytes.TrimSpace(text); len(t) > 0 && t[0] == '{' && json.Valid(t) {
		return t, nil
	}
	var v map[string]any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return nil, errors.New("neither JSON nor YAML")
	}
	return json.Marshal(v)
}

func (a *api) read(doc *openapi3.T) {
	base := ""
	if len(doc.Servers) > 0 && doc.Servers[0] != nil {
		// The host that a document names is not asked: the user named the target.
		if u, err := url.Parse(doc.Servers[0].URL); err == nil {
			base = strings.TrimSuffix(u.Path, "/")
		}
	}
	if doc.Components != nil {
		a.schemes(doc.Components.SecuritySchemes)
	}
	if doc.Paths == nil {
		return
	}
	paths := doc.Paths.Map()
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := paths[path]
		if item == nil {
			continue
		}
		methods := item.Operations()
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			if len(a.operations) >= maxOperations {
				return
			}
			a.operations = append(a.operations, describeOperation(doc, item, methods[method], method, base, path))
		}
	}
}

func describeOperation(doc *openapi3.T, item *openapi3.PathItem, op *openapi3.Operation, method, base, path string) operation {
	o := operation{method: method, template: path}
	o.name = strings.ToLower(strings.Join(append([]string{spaced(op.OperationID), spaced(path)}, op.Tags...), " "))
	security := doc.Security
	if op.Security != nil {
		security, o.stated = *op.Security, true
	}
	o.secured = len(security) > 0 && !slices.ContainsFunc(security, func(s openapi3.SecurityRequirement) bool { return len(s) == 0 })

	values, query := map[string]string{}, url.Values{}
	for _, ref := range append(slices.Clone(item.Parameters), op.Parameters...) {
		if ref == nil || ref.Value == nil {
			continue
		}
		p := ref.Value
		v := exampleOf(p)
		switch {
		case p.In == "path":
			values[p.Name] = v
		case p.In == "query" && p.Required && v != "":
			query.Set(p.Name, v)
		case p.Required && p.In != "cookie" && !strings.EqualFold(p.Name, "authorization"):
			o.open = "needs " + clip(p.Name, 40)
		}
	}
	full := braces.ReplaceAllStringFunc(path, func(m string) string {
		v := values[m[1:len(m)-1]]
		if v == "" {
			o.open = "needs " + clip(m, 40)
		}
		return url.PathEscape(v)
	})
	o.path = base + full
	if len(query) > 0 {
		o.path += "?" + query.Encode()
	}
	if !plainPath(o.path) {
		o.open = "its path is odd"
	}
	if op.RequestBody != nil && op.RequestBody.Value != nil {
		content := op.RequestBody.Value.Content
		for _, kind := range []string{"application/json", "application/x-www-form-urlencoded"} {
			for have, media := range content {
				if strings.HasPrefix(have, kind) && media != nil && len(o.fields) == 0 {
					o.fields = properties(media.Schema, 0)
					o.form = kind != "application/json"
				}
			}
		}
	}
	return o
}

var (
	braces    = regexp.MustCompile(`\{[^{}]*\}`)
	camel     = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	safePath  = regexp.MustCompile(`^/[A-Za-z0-9._~!'()*,;:@%/+-]*(\?[A-Za-z0-9._~%=&+-]*)?$`)
	plainWord = regexp.MustCompile(`^[A-Za-z_][\w.-]{0,63}$`)
)

// plainPath reports whether a path that a service gave can be sent, and written
// into a recipe: nothing in it may be taken for a variable there.
func plainPath(path string) bool { return len(path) < 200 && safePath.MatchString(path) }

// spaced splits an identifier, so that refreshToken, refresh_token and
// refresh-token read the same.
func spaced(s string) string {
	return strings.NewReplacer("_", " ", "-", " ", "/", " ", ".", " ").Replace(camel.ReplaceAllString(s, "$1 $2"))
}

func exampleOf(p *openapi3.Parameter) string {
	candidates := []any{p.Example}
	for _, name := range slices.Sorted(maps.Keys(p.Examples)) {
		if e := p.Examples[name]; e != nil && e.Value != nil {
			candidates = append(candidates, e.Value.Value)
		}
	}
	if p.Schema != nil && p.Schema.Value != nil {
		candidates = append(candidates, p.Schema.Value.Example, p.Schema.Value.Default)
		candidates = append(candidates, p.Schema.Value.Enum...)
	}
	for _, c := range candidates {
		switch c.(type) {
		case string, float64, int, int64, bool:
			return fmt.Sprint(c)
		}
	}
	return ""
}

// properties names the members of an object, those of allOf included.
func properties(ref *openapi3.SchemaRef, depth int) (names []string) {
	if ref == nil || ref.Value == nil || depth > 4 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(ref.Value.Properties)) {
		if plainWord.MatchString(name) && len(names) < 40 {
			names = append(names, name)
		}
	}
	for _, part := range ref.Value.AllOf {
		names = append(names, properties(part, depth+1)...)
	}
	return names
}

// schemes reads where tokens go and where they come from.
func (a *api) schemes(all openapi3.SecuritySchemes) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] == nil || all[name].Value == nil {
			continue
		}
		s := all[name].Value
		switch {
		case s.Type == "http" && strings.EqualFold(s.Scheme, "bearer"), s.Type == "oauth2", s.Type == "openIdConnect":
			a.carriers = append(a.carriers, bearer)
		case s.Type == "apiKey" && s.In == "cookie" && plainWord.MatchString(s.Name):
			a.carriers = append(a.carriers, Carrier{kind: "cookie", name: s.Name})
		case s.Type == "apiKey" && s.In == "header" && plainWord.MatchString(s.Name):
			c := Carrier{kind: "header", name: s.Name}
			if strings.EqualFold(s.Name, "Authorization") {
				a.carriers = append(a.carriers, bearer) // the usual meaning, though the document cannot say it
			}
			a.carriers = append(a.carriers, c)
		}
		if s.Flows != nil && s.Flows.Password != nil {
			if u, err := url.Parse(s.Flows.Password.TokenURL); err == nil {
				if path := "/" + strings.TrimPrefix(u.Path, "/"); plainPath(path) {
					a.tokenURL = path
				}
			}
		}
	}
}

// lines finds where each operation stands in the document.
func (a *api) lines(text []byte) {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return
	}
	member := func(n *yaml.Node, visit func(key, value *yaml.Node)) {
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			visit(n.Content[i], n.Content[i+1])
		}
	}
	at := map[string]int{}
	member(doc.Content[0], func(k, paths *yaml.Node) {
		if k.Value != "paths" {
			return
		}
		member(paths, func(path, item *yaml.Node) {
			member(item, func(method, _ *yaml.Node) {
				at[strings.ToUpper(method.Value)+" "+path.Value] = method.Line
			})
		})
	})
	for i, o := range a.operations {
		a.operations[i].line = at[o.method+" "+o.template]
	}
}

var (
	loginName   = regexp.MustCompile(`\b(log ?in|sign ?in|authenticate|auth|session|sessions|token|tokens)\b`)
	refreshName = regexp.MustCompile(`\b(refresh|renew)`)
	logoutName  = regexp.MustCompile(`\b(log ?out|log ?off|sign ?out|sign ?off|revoke)`)
	otherName   = regexp.MustCompile(`\b(register|sign ?up|reset|forgot|verify|verification|confirm|introspect|callback|invite|delete|remove|send|impersonate|mfa|otp|change|unlock)`)
	riskyGet    = regexp.MustCompile(`\b(delete|remove|reset|send|export|download|stream|events|verify|confirm|callback|unsubscribe|authorize|oauth|redirect|destroy|stop|restart|shutdown)`)
	passwordKey = regexp.MustCompile(`(?i)^(pass|password|passwd|pwd|passphrase|secret|pin)$`)
	userKey     = regexp.MustCompile(`(?i)^(user|username|user_?name|login|email|e-?mail|mail|account|identifier|user_?id|name|handle|phone)$`)
	refreshKey  = regexp.MustCompile(`(?i)refresh`)
)

// logins are the operations that look like a login, those with a password first.
func (a *api) logins() (list []operation) {
	for _, o := range a.operations {
		if o.method == "POST" && o.open == "" && loginName.MatchString(o.name) && !otherName.MatchString(o.name) && !refreshName.MatchString(o.name) && !logoutName.MatchString(o.name) && o.passwordField() != "" {
			list = append(list, o)
		}
	}
	return list
}

func (o operation) passwordField() string { return o.field(passwordKey) }
func (o operation) userField() string     { return o.field(userKey) }

func (o operation) field(re *regexp.Regexp) string {
	for _, f := range o.fields {
		if re.MatchString(f) {
			return f
		}
	}
	return ""
}

// named gives the first operation of a name that is sent to change something.
func (a *api) named(re *regexp.Regexp, methods ...string) *operation {
	for i, o := range a.operations {
		if slices.Contains(methods, o.method) && o.open == "" && re.MatchString(o.name) && !otherName.MatchString(o.name) {
			return &a.operations[i]
		}
	}
	return nil
}

// readable are the operations that can be asked for without changing anything,
// the likeliest to be about the caller first.
func (a *api) readable() (list []operation) {
	for _, o := range a.operations {
		if o.method == "GET" && o.open == "" && !riskyGet.MatchString(o.name) && !logoutName.MatchString(o.name) && !refreshName.MatchString(o.name) {
			list = append(list, o)
		}
	}
	slices.SortStableFunc(list, func(x, y operation) int { return y.likelihood() - x.likelihood() })
	return list
}

var aboutCaller = regexp.MustCompile(`\b(me|self|profile|whoami|userinfo|current|account|my)\b`)

func (o operation) likelihood() (n int) {
	if o.secured {
		n += 4
	}
	if aboutCaller.MatchString(o.name) {
		n += 2
	}
	if o.stated {
		n++
	}
	return n
}
