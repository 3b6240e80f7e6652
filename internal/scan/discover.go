package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/finding"
)

// Hints are what a user can say about a service without writing a recipe. All
// are optional.
type Hints struct {
	Authorized bool
	// OpenAPI is a file or an address. Empty: the usual places are tried.
	OpenAPI string
	// User and Password are tried with about ten shapes of a login, and only if
	// both are there. PasswordEnv is the variable that the recipe then names.
	User, Password, PasswordEnv string
	// Token is one that the user supplied, and TokenField how a recipe says so. No
	// login is tried then.
	Token, TokenField string
	// Rate is how many requests are sent a second: 0 means the usual rate, less
	// than 0 as many as can be.
	Rate float64
}

func (h Hints) limits() Limits {
	l := defaultLimits
	if h.Rate != 0 {
		l.RPS = max(h.Rate, 0)
	}
	return l
}

// A Discovery is what Discover learned.
type Discovery struct {
	Text     []byte   // a recipe in YAML, with comments for whoever goes on with it
	Found    []string // for people
	Missing  []string
	Requests int
	steps    map[string]int // "METHOD /path": its line in the OpenAPI document
	document string         // file with the OpenAPI document, if the user gave one
	complete bool
}

// The bounds of a discovery.
const (
	maxDiscovery = 120 // requests in all
	maxAttempts  = 10  // with the user's password
	maxAlso      = 6   // further routes in the recipe
)

// Where things usually are.
var (
	openAPIPaths = []string{"/openapi.json", "/openapi.yaml", "/swagger.json", "/v3/api-docs", "/api-docs", "/swagger/v1/swagger.json", "/api/openapi.json", "/api-docs.json", "/docs/openapi.json", "/swagger/doc.json", "/v2/api-docs", "/api/swagger.json", "/openapi.yml", "/api-json"}
	jwksPaths    = []string{"/.well-known/jwks.json", "/jwks.json", "/.well-known/jwks"}
	loginPages   = []string{"/", "/login", "/signin"}
	loginPaths   = []string{"/login", "/api/login", "/auth/login", "/api/auth/login", "/api/v1/auth/login", "/api/v1/login", "/signin", "/auth/signin", "/users/login", "/api/users/login", "/session", "/sessions", "/token", "/auth/token", "/authenticate", "/auth"}
	refreshPaths = []string{"/refresh", "/token/refresh", "/auth/refresh", "/api/auth/refresh", "/refresh-token", "/api/refresh"}
	logoutPaths  = []string{"/logout", "/auth/logout", "/api/auth/logout", "/api/logout", "/signout"}
	callerPaths  = []string{"/me", "/api/me", "/users/me", "/api/users/me", "/profile", "/api/profile", "/auth/me", "/api/auth/me", "/api/v1/me", "/api/v1/users/me", "/user", "/api/user", "/userinfo", "/account", "/accounts", "/whoami", "/protected", "/api/protected", "/private", "/dashboard", "/admin", "/api/users", "/users", "/orders", "/api/orders", "/todos", "/tasks", "/notes", "/items", "/posts", "/messages"}
)

// Discover asks a service for what it publishes about itself, and writes a
// recipe of it. It sends GET and OPTIONS alone, apart from the user's own password
// to what looks like a login and the refresh of the session that it thereby
// opened; it never logs out. The error is ErrNotAuthorized, an *Unusable, or about a hint.
func Discover(ctx context.Context, target string, h Hints) (*Discovery, error) {
	u, err := parseTarget(target)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	path := u.RequestURI()
	u.Path, u.RawPath, u.RawQuery, u.Fragment = "", "", "", ""
	r := &Recipe{Dir: ".", Target: u, Limits: h.limits(), Carrier: bearer}
	if err := r.allowed(ctx, h.Authorized); err != nil {
		return nil, err
	}
	c, err := newClient(r)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	s := &scout{c: c, v: c.visitor(), jar: jar, hints: h, draft: draft{target: u.String(), carrier: bearer.String()}}
	defer s.v.close()
	if path != "/" {
		s.given = path
	}
	if s.nowhere, err = s.get(ctx, "/"+newCanary(), ""); err != nil {
		return nil, &Unusable{"target " + u.Host, err}
	}
	if err := s.document(ctx); err != nil {
		return nil, err
	}
	s.metadata(ctx)
	s.session(ctx)
	s.protected(ctx)
	s.lifecycle(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d := &Discovery{Text: s.draft.yaml(), Found: s.found, Missing: s.missing, Requests: int(c.sent.Load()), steps: s.lines,
		complete: len(s.draft.routes) > 0 && (s.draft.token != "" || len(s.draft.steps) > 0)}
	if s.lines != nil {
		d.document = h.OpenAPI
	}
	return d, nil
}

// Complete reports whether the recipe can be scanned with as it is.
func (d *Discovery) Complete() bool { return d.complete }

// Recipe reads the recipe that was found; name stands in its errors. env is as for Load.
func (d *Discovery) Recipe(name string, env func(string) (string, bool)) (*Recipe, error) {
	r, err := Parse(name, d.Text, env)
	if err != nil {
		return nil, err
	}
	place := func(s *Step) {
		s.File, s.Line = "", 0
		if line := d.steps[s.Method+" "+s.Path]; line > 0 {
			s.File, s.Line = d.document, line
		}
	}
	for i := range r.Login {
		place(&r.Login[i])
	}
	for i := range r.Also {
		place(&r.Also[i].Step)
	}
	place(&r.Protected.Step)
	if r.Refresh != nil {
		place(&r.Refresh.Step)
	}
	for _, s := range []*Step{r.Logout, r.Revoke} {
		if s != nil {
			place(s)
		}
	}
	return r, nil
}

// A scout is one discovery under way.
type scout struct {
	c        *client
	v        *visitor
	jar      http.CookieJar
	hints    Hints
	given    string // the path that the user named
	nowhere  *response
	root     *response
	api      *api
	meta     metadata
	draft    draft
	attempts int
	access   *spot
	refresh  *spot
	limited  bool // a limiter answered: nothing more is tried with a password
	found    []string
	missing  []string
	lines    map[string]int
}

var errBudget = errors.New("the budget of the discovery is used up")

func (s *scout) find(format string, args ...any) { s.found = append(s.found, sayable(format, args)) }
func (s *scout) lack(format string, args ...any) {
	s.missing = append(s.missing, sayable(format, args))
}

func sayable(format string, args []any) string {
	return finding.Escape(clip(fmt.Sprintf(format, args...), 200))
}

func (s *scout) do(ctx context.Context, q *request) (*response, error) {
	if s.c.sent.Load() >= maxDiscovery {
		return nil, errBudget
	}
	return s.v.do(ctx, q)
}

// get asks for a path, with a token if there is one.
func (s *scout) get(ctx context.Context, path, token string) (*response, error) {
	q := plainGet(path)
	if token != "" {
		carrier, err := parseCarrier(s.draft.carrier)
		if err != nil {
			return nil, err
		}
		q.jar, q.without = s.jar, []string{carrier.name}
		carrier.put(q, token)
	}
	return s.do(ctx, q)
}

func markup(res *response) bool {
	return strings.Contains(res.header.Get("Content-Type"), "html")
}

// published reports whether an answer can be a document: some programs answer
// every path with 200 and a page.
func (s *scout) published(res *response, err error) bool {
	return err == nil && res.status == http.StatusOK && !markup(res) && len(res.body) > 0 &&
		(s.nowhere.status != http.StatusOK || string(res.body) != string(s.nowhere.body))
}

// document looks for an OpenAPI document.
func (s *scout) document(ctx context.Context) error {
	switch given := s.hints.OpenAPI; {
	case given == "":
	case strings.HasPrefix(given, "http://") || strings.HasPrefix(given, "https://"):
		u, err := parseTarget(given)
		if err != nil {
			return fmt.Errorf("--openapi: %w", err)
		}
		if !s.hints.Authorized && !isLoopback(ctx, u.Hostname()) {
			return fmt.Errorf("--openapi %s: %w", u.Host, ErrNotAuthorized)
		}
		known := s.c.hosts[u.Host]
		s.c.hosts[u.Host] = true // for the document alone
		res, err := s.get(ctx, u.String(), "")
		s.c.hosts[u.Host] = known
		if err != nil {
			return &Unusable{"--openapi", err}
		}
		if s.api, err = parseOpenAPI(res.body); err != nil {
			return &Unusable{"--openapi " + withoutQuery(given), err}
		}
		s.described(withoutQuery(given))
		return nil
	default:
		info, err := os.Stat(given)
		if err == nil && info.Size() > maxOpenAPI {
			err = fmt.Errorf("larger than %d MiB", maxOpenAPI>>20)
		}
		var text []byte
		if err == nil {
			text, err = os.ReadFile(given)
		}
		if err != nil {
			return &Unusable{"--openapi " + given, plainError(err)}
		}
		if s.api, err = parseOpenAPI(text); err != nil {
			return &Unusable{"--openapi " + given, err}
		}
		s.lines = map[string]int{}
		for _, o := range s.api.operations {
			s.lines[o.method+" "+o.path] = o.line
		}
		s.described(given)
		return nil
	}
	for _, path := range openAPIPaths {
		res, err := s.get(ctx, path, "")
		if !s.published(res, err) {
			continue
		}
		if a, err := parseOpenAPI(res.body); err == nil {
			s.api = a
			s.described(path)
			return nil
		}
	}
	s.lack("OpenAPI document: at none of %d usual paths; name one with --openapi", len(openAPIPaths))
	return nil
}

func (s *scout) described(where string) {
	s.find("OpenAPI %s with %d operations: %s", s.api.version, len(s.api.operations), where)
}

// metadata looks for what an authorization server says of itself, and for keys.
func (s *scout) metadata(ctx context.Context) {
	for _, path := range metadataPaths("") {
		res, err := s.get(ctx, path, "")
		if !s.published(res, err) {
			continue
		}
		if m, ok := parseMetadata(res); ok {
			s.meta = m
			s.find("metadata of an authorization server: %s", path)
			break
		}
	}
	paths := jwksPaths
	if own := s.own(s.meta.JWKS); own != "" {
		paths = []string{own}
	} else if s.meta.JWKS != "" {
		s.lack("keys: the metadata names them on another host, which is not asked")
	}
	for _, path := range paths {
		res, err := s.get(ctx, path, "")
		if s.published(res, err) && len(jsonValues(res.body)) == 1 && keySet.Match(res.body) {
			s.draft.jwks = path
			s.find("public keys: %s", path)
			return
		}
	}
}

var keySet = regexp.MustCompile(`"keys"\s*:\s*\[\s*\{[^]]*"kty"`)

// own gives the path of an address on the target; empty: it is elsewhere, or odd.
func (s *scout) own(address string) string {
	u, err := s.c.target.Parse(address)
	if err != nil || address == "" || u.Host != s.c.target.Host || !plainPath(u.EscapedPath()) {
		return ""
	}
	return u.EscapedPath()
}

// session takes the user's token, or looks for a login.
func (s *scout) session(ctx context.Context) {
	s.draft.user, s.draft.env = s.hints.User, s.hints.PasswordEnv
	switch {
	case s.hints.Token != "":
		s.draft.token = s.hints.TokenField
		s.access = &spot{value: s.hints.Token, role: "access", jwt: wholeJWT.MatchString(s.hints.Token)}
		return
	case s.hints.User == "" || s.hints.Password == "":
		s.lack("session: neither a token nor --user with --password-env")
		if s.api != nil {
			if list := s.api.logins(); len(list) > 0 {
				s.lack("login: %s looks like one, and was not tried", list[0].path)
				shape := shapeOf(list[0])
				s.draft.untried = &shape
			}
		}
		return
	}
	shape, spots := s.login(ctx)
	if shape == nil {
		return
	}
	s.access, s.refresh = pick(spots, "access"), pick(spots, "refresh")
	if s.access == nil {
		s.access = pick(spots, "id")
	}
	s.draft.steps = shape.steps()
	last := &s.draft.steps[len(s.draft.steps)-1]
	last.take = append(last.take, pair{"access", s.access.place})
	what := "an opaque token"
	if s.access.jwt {
		what = "a JWT"
	}
	s.find("login: POST %s, which gives %s at %s", shape.path, what, s.access.place)
	if s.refresh != nil {
		last.take = append(last.take, pair{"refresh", s.refresh.place})
		s.find("refresh token: at %s", s.refresh.place)
	}
}

// protected looks for a resource that opens to the token and to nothing else.
func (s *scout) protected(ctx context.Context) {
	if s.access == nil {
		if s.given != "" {
			s.draft.routes = []draftRoute{{path: s.given}}
		}
		return
	}
	carriers := s.carriers()
	s.draft.carrier = carriers[0].String()
	closed := ""
	for _, path := range s.candidates(ctx) {
		if len(s.draft.routes) > maxAlso {
			break
		}
		main := len(s.draft.routes) == 0
		route, refused := s.route(ctx, path, main)
		if route == nil && refused && closed == "" && main {
			closed = path
			for _, c := range carriers[1:] {
				was := s.draft.carrier
				s.draft.carrier = c.String()
				if route, _ = s.route(ctx, path, true); route != nil {
					break
				}
				s.draft.carrier = was
			}
		}
		if route != nil {
			s.draft.routes = append(s.draft.routes, *route)
			if s.given == path {
				break
			}
		}
	}
	switch {
	case len(s.draft.routes) > 0:
		main := s.draft.routes[0]
		proof := ""
		if main.proof != "" {
			proof = ", proof " + main.proof
		}
		s.find("protected: GET %s, token in %s%s", main.path, s.draft.carrier, proof)
		for _, x := range s.draft.routes[1:] {
			s.find("protected too: GET %s", x.path)
		}
	case s.given != "":
		s.draft.routes = []draftRoute{{path: s.given}}
		s.lack("proof: GET %s does not tell the token from none", s.given)
	case closed != "":
		s.lack("protected resource: GET %s refuses, with the token too, in whatever header it is sent", closed)
	default:
		s.lack("protected resource: nothing that opens to the token alone; scan its whole address instead")
	}
}

// carriers are the ways in which the token may have to be sent, the likeliest first.
func (s *scout) carriers() (list []Carrier) {
	add := func(more ...Carrier) {
		for _, c := range more {
			if !slices.Contains(list, c) && len(list) < 6 {
				list = append(list, c)
			}
		}
	}
	kind, rest, _ := strings.Cut(s.access.place, ":")
	name, _, _ := strings.Cut(rest, ":")
	if kind == "cookie" {
		add(Carrier{kind: "cookie", name: name})
	}
	if s.api != nil {
		add(s.api.carriers...)
	}
	add(bearer)
	if kind == "header" {
		add(Carrier{kind: "header", name: name})
	}
	for _, text := range []string{"Authorization: {t}", "x-access-token: {t}", "Authorization: Token {t}", "Authorization: JWT {t}", "X-Auth-Token: {t}"} {
		c, err := parseCarrier("header " + text)
		if err == nil {
			add(c)
		}
	}
	return list
}

var (
	linked  = regexp.MustCompile(`(?:href=|action=|src=|[\s"'(>])["']?(/[A-Za-z0-9_/-]{1,60})["'?\s)<]`)
	noRoute = regexp.MustCompile(`(?i)\.(js|css|png|ico|svg)$|log-?out|sign-?out|login|signin|register|signup|static|assets|docs|swagger|health`)
)

// candidates are paths that may be protected, the likeliest first.
func (s *scout) candidates(ctx context.Context) (list []string) {
	add := func(path string) {
		if path != "" && plainPath(path) && !slices.Contains(list, path) && len(list) < 40 {
			list = append(list, path)
		}
	}
	if s.given != "" {
		return []string{s.given}
	}
	if s.api != nil {
		for _, o := range s.api.readable()[:min(15, len(s.api.readable()))] {
			add(o.path)
		}
	}
	add(s.own(s.meta.UserInfo))
	for _, p := range callerPaths[:8] {
		add(p)
	}
	if root, err := s.front(ctx); err == nil {
		for _, m := range linked.FindAllSubmatch(root.body, 60) {
			if p := string(m[1]); !noRoute.MatchString(p) && !riskyGet.MatchString(spaced(strings.ToLower(p))) {
				add(p)
			}
		}
	}
	for _, p := range callerPaths[8:] {
		add(p)
	}
	return list
}

// front is the answer to GET /, asked for once.
func (s *scout) front(ctx context.Context) (*response, error) {
	if s.root != nil {
		return s.root, nil
	}
	res, err := s.get(ctx, "/", "")
	s.root = res
	return res, err
}

// route compares a path's answers with the token, twice, and without. refused
// says that it asks for a token, but not for this one.
func (s *scout) route(ctx context.Context, path string, main bool) (r *draftRoute, refused bool) {
	none, err := s.get(ctx, path, "")
	if err != nil || none.status == http.StatusNotFound || none.status == http.StatusMethodNotAllowed || none.status >= 500 || none.status == http.StatusTooManyRequests {
		return nil, false
	}
	stated := s.stated(path)
	open := none.status < 300
	if open && (markup(none) || !stated && s.given == "") {
		return nil, false
	}
	valid, err := s.get(ctx, path, s.access.value)
	if err != nil || valid.status >= 300 {
		return nil, err == nil && !open && (valid.status == http.StatusUnauthorized || valid.status == http.StatusForbidden || valid.status < 400)
	}
	again, err := s.get(ctx, path, s.access.value)
	if err != nil {
		return nil, false
	}
	if !main {
		// A route that says itself that it wants a token belongs into the recipe above
		// all when it answers without.
		if open && !stated {
			return nil, false
		}
		return &draftRoute{path: path, ok: valid.status, proof: proofOf(valid, again, s.hints.User, none)}, false
	}
	bad, err := s.get(ctx, path, garbage())
	if err != nil {
		return nil, false
	}
	c := controls{valid: [3]*response{valid, again, again}, none: none, garbage: bad}
	if c.learn() != nil || c.open() {
		return nil, false
	}
	return &draftRoute{path: path, ok: valid.status, proof: proofOf(valid, again, s.hints.User, none, bad)}, false
}

// stated reports whether the document says of this very route that it wants a token.
func (s *scout) stated(path string) bool {
	return s.api != nil && slices.ContainsFunc(s.api.operations, func(o operation) bool {
		return o.method == "GET" && o.path == path && o.secured && o.stated
	})
}

var proofName = regexp.MustCompile(`(?i)^(sub|id|user_?id|uid|username|user_?name|user|login|email|mail|name)$`)

// proofOf chooses a place whose value stands in both valid answers, and not in
// a refusal: the user's own name, then what is named like an id.
func proofOf(valid, again *response, user string, refusals ...*response) (place string) {
	best := 0
	values := jsonValues(valid.body)
	if len(values) == 0 {
		return ""
	}
	walk(values[0], "$", "", 0, func(at, name, value string) {
		e, err := parseExtract(at)
		if err != nil || value == "" || wholeJWT.MatchString(value) || e.from(again.header, again.body) != value ||
			slices.ContainsFunc(refusals, func(no *response) bool { return e.from(no.header, no.body) != "" }) {
			return
		}
		worth := 1
		if proofName.MatchString(name) {
			worth = 3
		}
		if user != "" && strings.EqualFold(value, user) {
			worth += 3
		}
		if worth = worth*8 - min(7, strings.Count(at, ".")+strings.Count(at, "[")); worth > best {
			best, place = worth, at
		}
	})
	return place
}

// lifecycle looks for refresh, logout and revocation, by name and metadata. Only
// the refresh is tried, with the session that the discovery itself opened.
func (s *scout) lifecycle(ctx context.Context) {
	if len(s.draft.steps) == 0 {
		return
	}
	if s.refresh != nil {
		s.findRefresh(ctx)
	}
	var op *operation
	if s.api != nil {
		op = s.api.named(logoutName, "POST", "DELETE", "GET")
	}
	if op != nil {
		step := draftStep{method: op.method, path: op.path}
		if name := op.field(refreshKey); name != "" && s.refresh != nil {
			step.form, step.body = op.form, []pair{{name, "{{refresh}}"}}
		}
		s.carry(&step)
		s.draft.logout = &step
		s.find("logout: %s %s (not tried)", op.method, op.path)
	} else if path := s.exists(ctx, logoutPaths); path != "" {
		step := draftStep{method: "POST", path: path}
		s.carry(&step)
		s.draft.logout = &step
		s.find("logout: POST %s (not tried)", path)
	}
	if path := s.own(s.meta.Revoke); path != "" && s.refresh != nil {
		s.draft.revoke = &draftStep{method: "POST", path: path, form: true, body: []pair{{"token", "{{refresh}}"}}}
		s.find("revocation: POST %s (not tried)", path)
	}
	if s.draft.logout == nil && s.draft.revoke == nil {
		s.lack("logout: nothing that is named so; add logout to the recipe, if there is one")
	}
}

// exists asks with OPTIONS, which changes nothing, and without any token, which
// of the paths takes POST.
func (s *scout) exists(ctx context.Context, paths []string) string {
	for _, path := range append([]string{"/" + newCanary()}, paths...) {
		q := plainGet(path)
		q.method = http.MethodOptions
		res, err := s.do(ctx, q)
		if err != nil {
			return ""
		}
		post := res.status != http.StatusNotFound && slices.ContainsFunc(strings.Split(strings.Join(res.header.Values("Allow"), ","), ","), func(m string) bool {
			return strings.EqualFold(strings.TrimSpace(m), "post")
		})
		switch known := slices.Contains(paths, path); {
		case post && !known:
			return "" // it says so of everything
		case post:
			return path
		}
	}
	return ""
}

// carry puts the access token into a step as the resource wants it.
func (s *scout) carry(step *draftStep) {
	c, err := parseCarrier(s.draft.carrier)
	if err != nil {
		return
	}
	switch c.kind {
	case "header":
		step.headers = append(step.headers, pair{c.name, c.before + "{{access}}" + c.after})
	case "cookie":
		step.cookies = append(step.cookies, pair{c.name, "{{access}}"})
	}
}

func (s *scout) findRefresh(ctx context.Context) {
	var steps []draftStep
	if s.api != nil {
		if op := s.api.named(refreshName, "POST", "PUT"); op != nil && !logoutName.MatchString(op.name) {
			step := draftStep{method: op.method, path: op.path, form: op.form}
			if kind, _, _ := strings.Cut(s.refresh.place, ":"); kind != "cookie" {
				step.body = []pair{{cmp.Or(op.field(refreshKey), s.refresh.name), "{{refresh}}"}}
			}
			if slices.Contains(op.fields, "grant_type") {
				step.body = append(step.body, pair{"grant_type", "refresh_token"})
			}
			steps = append(steps, step)
		}
	}
	if path := s.own(s.meta.Token); path != "" {
		steps = append(steps, draftStep{method: "POST", path: path, form: true, body: []pair{{"grant_type", "refresh_token"}, {"refresh_token", "{{refresh}}"}}})
	}
	if len(steps) == 0 {
		if path := s.exists(ctx, refreshPaths); path != "" {
			for _, name := range []string{s.refresh.name, "refresh_token", "refreshToken"} {
				step := draftStep{method: "POST", path: path, body: []pair{{name, "{{refresh}}"}}}
				if kind, _, _ := strings.Cut(s.refresh.place, ":"); kind == "cookie" {
					step.body = nil
				}
				if !slices.ContainsFunc(steps, func(x draftStep) bool { return slices.Equal(x.body, step.body) }) {
					steps = append(steps, step)
				}
			}
		}
	}
	for _, step := range steps {
		res, spots, err := s.send(ctx, step)
		if err != nil || res.status >= 300 || pick(spots, "access") == nil {
			continue
		}
		step.take = []pair{{"access", pick(spots, "access").place}}
		if next := pick(spots, "refresh"); next != nil {
			step.take = append(step.take, pair{"refresh", next.place})
			s.refresh = next
		}
		s.access = pick(spots, "access")
		s.draft.refresh = &step
		s.find("refresh: %s %s", step.method, step.path)
		return
	}
	if len(steps) > 0 {
		s.lack("refresh: %s %s looks like it, and gave no token", steps[0].method, steps[0].path)
		return
	}
	s.lack("refresh: nothing that is named so; add refresh to the recipe, if there is one")
}

// send sends a step of the draft as the recipe would.
func (s *scout) send(ctx context.Context, d draftStep) (*response, []spot, error) {
	vars := map[string]string{"user": s.hints.User, "password": s.hints.Password}
	if s.access != nil {
		vars["access"] = s.access.value
	}
	if s.refresh != nil {
		vars["refresh"] = s.refresh.value
	}
	for k, v := range d.vars {
		vars[k] = v
	}
	q := newRequest(d.step(), func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(m string) string { return vars[placeholder.FindStringSubmatch(m)[1]] })
	})
	q.jar, q.keep = s.jar, true
	res, err := s.do(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	return res, tokensIn(res), nil
}
