package scan

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/jotsight/jotsight/internal/finding"
)

// An OAuth is one grant of OAuth 2 as a single step of a login. It takes access,
// refresh and id. The authorization code grant needs no browser: the sign-in
// form is filled in as long as it is plain HTML, and the code is read from the
// redirect, which is not followed.
type OAuth struct {
	Grant string // code (RFC 6749 section 4.1 with PKCE), password (4.3) or client (4.4)
	// Issuer is the path or address whose metadata (OpenID Connect Discovery 1.0,
	// RFC 8414) names the endpoints that are not given.
	Issuer                   string
	Authorize, Token, Revoke string
	Client, Secret           string
	Auth                     string // of the client: basic, post or none
	Scope                    string
	Redirect                 string
	User, Password           string
	Params                   map[string]string // sent along with the first request, such as audience
	Inputs                   map[string]string // of the sign-in form, where they are not found by themselves
}

const (
	oauthMetadata = 3 // requests for metadata, once in a scan
	oauthPages    = 8 // pages and redirects between the first request and the code
)

// requests is how many the grant sends at most, metadata apart.
func (o *OAuth) requests() int {
	if o.Grant == "code" {
		return 1 + oauthPages + 1
	}
	return 1
}

// wantsMetadata reports whether an endpoint is not given.
func (o *OAuth) wantsMetadata() bool {
	return o.Token == "" || o.Grant == "code" && o.Authorize == ""
}

// metadata is what we read of an authorization server's description.
type metadata struct {
	Authorize   string   `json:"authorization_endpoint"`
	Token       string   `json:"token_endpoint"`
	Revoke      string   `json:"revocation_endpoint"`
	UserInfo    string   `json:"userinfo_endpoint"`
	JWKS        string   `json:"jwks_uri"`
	GrantTypes  []string `json:"grant_types_supported"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
}

// metadataPaths are where an issuer may describe itself: OpenID Connect appends,
// RFC 8414 section 3.1 inserts.
func metadataPaths(issuer string) []string {
	host, path := "", strings.TrimSuffix(issuer, "/")
	if u, err := url.Parse(issuer); err == nil && u.Host != "" {
		host, path = u.Scheme+"://"+u.Host, strings.TrimSuffix(u.Path, "/")
	}
	list := []string{host + path + "/.well-known/openid-configuration", host + "/.well-known/oauth-authorization-server" + path}
	if path != "" {
		list = append(list, host+path+"/.well-known/oauth-authorization-server")
	}
	return list
}

func parseMetadata(res *response) (m metadata, ok bool) {
	if res.status != http.StatusOK || json.Unmarshal(res.body, &m) != nil {
		return m, false
	}
	return m, m.Token != "" || m.JWKS != ""
}

// resolve gives the recipe with the endpoints that a server's metadata names.
// The given recipe stays as it is.
func (r *Recipe) resolve(ctx context.Context, v *visitor) (*Recipe, error) {
	if len(r.Login) == 0 {
		return r, nil
	}
	with := *r
	with.Login = append([]Step(nil), r.Login...)
	for i, step := range with.Login {
		if step.OAuth == nil {
			continue
		}
		o := *step.OAuth
		if o.wantsMetadata() {
			m, err := readMetadata(ctx, v, o.Issuer)
			if err != nil {
				return nil, fmt.Errorf("login[%d].oauth: %w", i, err)
			}
			o.Authorize, o.Token, o.Revoke = cmp.Or(o.Authorize, m.Authorize), cmp.Or(o.Token, m.Token), cmp.Or(o.Revoke, m.Revoke)
			if o.wantsMetadata() {
				return nil, fmt.Errorf("login[%d].oauth: the metadata of issuer %s names no endpoint for grant %s", i, o.Issuer, o.Grant)
			}
		}
		with.Login[i].OAuth, with.Login[i].Path = &o, o.Token
		if with.Refresh != nil && with.Refresh.Path == "" {
			renewed := *with.Refresh
			renewed.Step = o.tokenStep(map[string]string{"grant_type": "refresh_token", "refresh_token": "{{refresh}}"})
			renewed.Take = oauthTake
			with.Refresh = &renewed
		}
		if with.Revoke != nil && with.Revoke.Path == "" {
			if o.Revoke == "" {
				return nil, fmt.Errorf("revoke: neither the recipe nor the metadata of issuer %s names the endpoint", o.Issuer)
			}
			step := o.tokenStep(map[string]string{"token": "{{refresh}}", "token_type_hint": "refresh_token"})
			step.Path = o.Revoke
			with.Revoke = &step
		}
	}
	return &with, nil
}

func readMetadata(ctx context.Context, v *visitor, issuer string) (metadata, error) {
	for _, path := range metadataPaths(issuer) {
		res, err := v.do(ctx, plainGet(path))
		if err != nil {
			return metadata{}, err
		}
		if m, ok := parseMetadata(res); ok {
			return m, nil
		}
	}
	return metadata{}, fmt.Errorf("issuer %s: no metadata; give authorize and token", issuer)
}

// plainGet asks for a page as any client does.
func plainGet(path string) *request {
	q := newRequest(Step{Method: "GET", Path: path}, func(s string) string { return s })
	q.plain = true
	return q
}

var oauthTake = map[string]Extract{
	"access":  {kind: "json", path: []step{{name: "access_token"}}},
	"refresh": {kind: "json", path: []step{{name: "refresh_token"}}},
}

// tokenStep is a request to the token endpoint, with the client's own proof
// (RFC 6749 section 2.3.1).
func (o *OAuth) tokenStep(form map[string]string) Step {
	s := Step{Method: "POST", Path: o.Token, Form: form}
	switch o.Auth {
	case "basic":
		s.Headers = map[string]string{"Authorization": o.basic()}
	case "post":
		form["client_id"], form["client_secret"] = o.Client, o.Secret
	default:
		if o.Client != "" {
			form["client_id"] = o.Client
		}
	}
	return s
}

func (o *OAuth) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(o.Client)+":"+url.QueryEscape(o.Secret)))
}

// oauth runs the grant and keeps its tokens.
func (s *session) oauth(ctx context.Context, o *OAuth) (*response, error) {
	if o.Auth == "basic" {
		s.run.know("the client's credentials", strings.TrimPrefix(o.basic(), "Basic "), standing)
	}
	form := map[string]string{}
	switch o.Grant {
	case "client":
		form["grant_type"] = "client_credentials"
	case "password":
		form["grant_type"], form["username"], form["password"] = "password", o.User, o.Password
	case "code":
		code, verifier, err := s.authorize(ctx, o)
		if err != nil {
			return nil, err
		}
		form["grant_type"], form["code"], form["code_verifier"], form["redirect_uri"] = "authorization_code", code, verifier, o.Redirect
	}
	if o.Grant != "code" {
		form = o.grantForm(form)
	}
	grant := o.tokenStep(form)
	grant.Take = map[string]Extract{"id": {kind: "json", path: []step{{name: "id_token"}}}}
	for name, e := range oauthTake {
		grant.Take[name] = e
	}
	res, err := s.step(ctx, grant)
	if err != nil {
		return nil, err
	}
	if res.status >= 400 || s.access() == "" {
		why := "no access_token in the answer"
		if e := at(first(jsonValues(res.body)), []step{{name: "error"}}); e != "" {
			why = finding.Escape(clip(e, 60))
		}
		return nil, fmt.Errorf("%s answered %d: %s", withoutQuery(o.Token), res.status, why)
	}
	return res, nil
}

// grantForm adds what goes with every grant that is one request.
func (o *OAuth) grantForm(form map[string]string) map[string]string {
	if o.Scope != "" {
		form["scope"] = o.Scope
	}
	for k, v := range o.Params {
		form[k] = v
	}
	return form
}

// authorize walks from the authorization endpoint to the redirect that holds
// the code, and fills in the sign-in form on the way.
func (s *session) authorize(ctx context.Context, o *OAuth) (code, verifier string, err error) {
	state := newCanary()
	verifier = rand.Text() + rand.Text() // 52 characters of base32: RFC 7636 asks for 43 to 128
	sum := sha256.Sum256([]byte(verifier))
	s.run.know("the PKCE verifier", verifier, standing)
	req := newRequest(Step{Method: "GET", Path: o.Authorize}, s.expand)
	req.plain = true
	for k, v := range map[string]string{
		"response_type": "code", "client_id": o.Client, "redirect_uri": o.Redirect, "scope": o.Scope, "state": state,
		"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method": "S256",
	} {
		if v != "" {
			req.query[k] = v
		}
	}
	for k, v := range o.Params {
		req.query[k] = s.expand(v)
	}
	here, err := s.v.c.target.Parse(cmp.Or(absolute(o.Authorize), s.v.c.target.Path+o.Authorize))
	if err != nil {
		return "", "", errors.New("authorize: not an address")
	}
	signedIn := false
	for range 1 + oauthPages {
		req.jar, req.keep = s.jar, true
		res, err := s.v.do(ctx, req)
		if err != nil {
			return "", "", err
		}
		next, fields := res.header.Get("Location"), url.Values(nil)
		var page *form
		if res.status < 300 || res.status >= 400 || next == "" {
			if page = signIn(forms(res.body), o); page == nil {
				return "", "", fmt.Errorf("%s answered %d without redirect or sign-in form; a page that needs scripts cannot be filled in", here.Path, res.status)
			}
			next = page.action
		}
		to, err := here.Parse(next)
		if err != nil {
			return "", "", fmt.Errorf("%s points to no address", here.Path)
		}
		if page != nil {
			if fields, err = s.fill(page, o, &signedIn); err != nil {
				return "", "", fmt.Errorf("%s: %w", here.Path, err)
			}
		}
		if sameCallback(to, o.Redirect) {
			q := to.Query()
			for k := range fields { // response_mode=form_post
				q.Set(k, fields.Get(k))
			}
			code, err := callback(q, state)
			if err == nil {
				s.run.know("the authorization code", code, live)
			}
			return code, verifier, err
		}
		here = to
		req = plainGet(here.Scheme + "://" + here.Host + here.EscapedPath() + question(here.RawQuery))
		if page != nil && page.method == "POST" {
			req.method = "POST"
		}
		for k := range fields {
			if req.method == "POST" {
				req.form[k] = fields.Get(k)
			} else {
				req.query[k] = fields.Get(k)
			}
		}
	}
	return "", "", fmt.Errorf("no code after %d pages", oauthPages)
}

func absolute(path string) string {
	if strings.HasPrefix(path, "/") {
		return ""
	}
	return path
}

func question(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

// sameCallback reports whether an address is the client's redirect URI, apart
// from the parameters that the server adds.
func sameCallback(to *url.URL, redirect string) bool {
	want, err := url.Parse(redirect)
	return err == nil && to.Scheme == want.Scheme && to.Host == want.Host && to.Path == want.Path
}

func callback(q url.Values, state string) (string, error) {
	switch {
	case q.Get("error") != "":
		return "", fmt.Errorf("authorize: refused with %s", finding.Escape(clip(q.Get("error"), 60)))
	case q.Get("state") != state:
		return "", errors.New("authorize: the redirect does not return the state that was sent")
	case q.Get("code") == "":
		return "", errors.New("authorize: no code in the redirect")
	}
	return q.Get("code"), nil
}

// signIn chooses the form to go on with: the one with a password, then one that
// names a user, then one that posts hidden fields or asks for consent.
func signIn(list []form, o *OAuth) *form {
	for _, fits := range []func(form) bool{
		func(f form) bool { return f.input("password") != "" },
		func(f form) bool { return f.method == "POST" && f.input("text", "email") != "" },
		func(f form) bool { return f.method == "POST" && len(f.inputs) > 0 },
		func(f form) bool { return sameAction(f, o.Redirect) },
	} {
		for i := range list {
			if fits(list[i]) {
				return &list[i]
			}
		}
	}
	return nil
}

func sameAction(f form, redirect string) bool { return strings.HasPrefix(f.action, redirect) }

var consent = regexp.MustCompile(`(?i)allow|approve|accept|authori[sz]e|consent|continue|grant|yes|log ?in|sign ?in|submit`)

// fill puts the user's credentials into a form, each of them once: a form that
// comes back has refused them.
func (s *session) fill(f *form, o *OAuth, signedIn *bool) (url.Values, error) {
	v := url.Values{}
	for k, x := range f.values() {
		v.Set(k, x)
	}
	password, user := cmp.Or(o.Inputs["password"], f.input("password")), cmp.Or(o.Inputs["user"], f.input("email", "text"))
	if password != "" || user != "" {
		if *signedIn {
			return nil, errors.New("the sign-in form comes back; user or password is wrong, or the form wants more than them")
		}
		if user != "" {
			v.Set(user, s.expand(o.User))
		}
		if password != "" {
			v.Set(password, s.expand(o.Password))
			*signedIn = true
		}
	}
	for _, in := range f.inputs {
		if in.kind == "submit" && in.name != "" && consent.MatchString(in.name+" "+in.value) {
			v.Set(in.name, in.value)
			break
		}
	}
	return v, nil
}

func first(values []any) any {
	if len(values) == 0 {
		return nil
	}
	return values[0]
}
