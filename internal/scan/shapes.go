package scan

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"slices"
	"strings"
)

// A shape is one way in which a login may want its user and password.
type shape struct {
	path   string
	form   bool
	fields []pair
	page   string // that is asked for before, because its form has hidden fields
	hidden []pair // of that form: variable and name
}

// steps writes the shape as a login.
func (h shape) steps() (list []draftStep) {
	last := draftStep{method: "POST", path: h.path, form: h.form, body: slices.Clone(h.fields)}
	if len(h.hidden) > 0 {
		first := draftStep{method: "GET", path: h.page}
		for _, p := range h.hidden {
			first.take = append(first.take, pair{p.name, "input:" + p.value})
			last.body = append(last.body, pair{p.value, "{{" + p.name + "}}"})
		}
		list = append(list, first)
	}
	return append(list, last)
}

// shapeOf reads the shape out of an OpenAPI operation.
func shapeOf(o operation) shape {
	h := shape{path: o.path, form: o.form}
	if user := o.userField(); user != "" {
		h.fields = append(h.fields, pair{user, "{{user}}"})
	}
	h.fields = append(h.fields, pair{o.passwordField(), "{{password}}"})
	if slices.Contains(o.fields, "grant_type") {
		h.fields = append(h.fields, pair{"grant_type", "password"})
	}
	return h
}

func passwordGrant(path string) shape {
	return shape{path: path, form: true, fields: []pair{{"grant_type", "password"}, {"username", "{{user}}"}, {"password", "{{password}}"}}}
}

// An outcome is what a login said.
type outcome int

const (
	unknown  outcome = iota // what it says to anything, an empty request included
	rejected                // something else: it read user and password, and refused
	entered
)

// login looks for the login: where the document or the metadata names one, then
// in forms of pages, then at the usual paths.
func (s *scout) login(ctx context.Context) (*shape, []spot) {
	var stated []shape
	if s.api != nil {
		for _, o := range s.api.logins() {
			stated = append(stated, shapeOf(o))
		}
		if s.api.tokenURL != "" {
			stated = append(stated, passwordGrant(s.api.tokenURL))
		}
	}
	if path := s.own(s.meta.Token); path != "" && slices.Contains(s.meta.GrantTypes, "password") {
		stated = append(stated, passwordGrant(path))
	}
	refusals := 0
	for _, h := range append(stated, s.pages(ctx)...) {
		switch got, spots := s.try(ctx, h, nil); got {
		case entered:
			return &h, spots
		case rejected:
			refusals++
		}
		if refusals >= 2 || s.spent() {
			break
		}
	}
	seen := map[string]bool{}
	for _, h := range stated {
		seen[h.path] = true
	}
	for _, path := range loginPaths {
		if refusals >= 2 || s.spent() {
			break
		}
		if seen[path] {
			continue
		}
		h, spots, got := s.at(ctx, path)
		if got == entered {
			return h, spots
		}
		if got == rejected {
			refusals++
		}
	}
	switch {
	case s.limited:
		s.lack("login: a limiter or a lock answered after %d attempts; nothing more was tried", s.attempts)
	case refusals > 0:
		s.lack("login: it refuses this user and password (%d attempts)", s.attempts)
	default:
		s.lack("login: none of the usual shapes (%d attempts); describe it under login", s.attempts)
	}
	return nil, nil
}

// spent reports whether nothing more may be tried with the user's password.
func (s *scout) spent() bool { return s.limited || s.attempts >= maxAttempts }

// pages reads the sign-in forms of the usual pages.
func (s *scout) pages(ctx context.Context) (list []shape) {
	for _, path := range loginPages {
		res, err := s.get(ctx, path, "")
		if err != nil || res.status != http.StatusOK || !markup(res) {
			continue
		}
		if path == "/" {
			s.root = res
		}
		for _, f := range forms(res.body) {
			password, user := f.input("password"), f.input("email", "text")
			action := path
			if f.action != "" {
				action = s.own(f.action)
			}
			if f.method != "POST" || password == "" || user == "" || action == "" || !plainWord.MatchString(password) || !plainWord.MatchString(user) {
				continue
			}
			h := shape{path: action, form: true, page: path, fields: []pair{{user, "{{user}}"}, {password, "{{password}}"}}}
			for _, in := range f.inputs {
				if in.kind == "hidden" && plainWord.MatchString(in.name) && len(h.hidden) < 8 {
					h.hidden = append(h.hidden, pair{"hidden" + string(rune('1'+len(h.hidden))), in.name})
				}
			}
			if !slices.ContainsFunc(list, func(x shape) bool { return x.path == h.path }) {
				list = append(list, h)
			}
		}
	}
	return list
}

var (
	asksFor     = regexp.MustCompile(`(?i)\b(user_?name|e-?mail|login|user|identifier|account|password|passwd|pwd)\b`)
	usualUser   = []string{"username", "user", "email", "login"}
	missingPath = []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusGone}
)

// at tries a usual path. An empty request says whether anybody is there, and
// often which fields are missing; it costs no attempt. Then all usual names are
// sent at once; which of them was meant is found out when that has worked.
func (s *scout) at(ctx context.Context, path string) (*shape, []spot, outcome) {
	empty := newRequest(Step{Method: "POST", Path: path, JSON: map[string]any{}}, func(t string) string { return t })
	res, err := s.do(ctx, empty)
	if err != nil || slices.Contains(missingPath, res.status) || res.status < 300 && markup(res) || res.status >= 500 && res.status != http.StatusInternalServerError {
		return nil, nil, unknown
	}
	if s.checkLimit(res) {
		return nil, nil, unknown
	}
	users := slices.Clone(usualUser)
	if strings.Contains(s.hints.User, "@") {
		users = []string{"email", "username", "user", "login"}
	}
	asked := map[string]bool{}
	for _, m := range asksFor.FindAllString(string(res.body), 20) {
		asked[strings.ToLower(m)] = true
	}
	slices.SortStableFunc(users, func(a, b string) int { return rank(asked[b]) - rank(asked[a]) })
	password := "password"
	for _, p := range []string{"passwd", "pwd"} {
		if asked[p] && !asked[password] {
			password = p
		}
	}
	all := []pair{{password, "{{password}}"}}
	for _, u := range users {
		all = append(all, pair{u, "{{user}}"})
	}
	kinds := []bool{false, true} // JSON, then a form
	if res.status == http.StatusUnsupportedMediaType || markup(res) {
		kinds = []bool{true, false}
	}
	worst := unknown
	for _, form := range kinds {
		h := shape{path: path, form: form, fields: all}
		got, spots := s.try(ctx, h, res)
		if got != entered && (asked["username"] || asked["email"] || asked["user"] || asked["login"]) && got != rejected && !s.spent() {
			// It names what it wants, and may take nothing else.
			h.fields = []pair{{users[0], "{{user}}"}, {password, "{{password}}"}}
			got, spots = s.try(ctx, h, res)
		}
		if got == entered {
			if len(h.fields) > 2 {
				return s.reduce(ctx, h, users, password, spots, res)
			}
			return &h, spots, entered
		}
		if got == rejected {
			worst = rejected
			break // in the other kind it would be refused again
		}
		if s.spent() {
			break
		}
	}
	return nil, nil, worst
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// reduce finds the one name of the user that the login wants.
func (s *scout) reduce(ctx context.Context, h shape, users []string, password string, spots []spot, empty *response) (*shape, []spot, outcome) {
	for _, u := range users {
		if s.spent() {
			break
		}
		one := h
		one.fields = []pair{{u, "{{user}}"}, {password, "{{password}}"}}
		if got, more := s.try(ctx, one, empty); got == entered {
			return &one, more, entered
		}
	}
	return &h, spots, entered // all names at once work as well
}

// try logs in, in a jar of its own, and compares the answer with the one to an
// empty request, if that is known.
func (s *scout) try(ctx context.Context, h shape, empty *response) (outcome, []spot) {
	if s.spent() {
		return unknown, nil
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return unknown, nil
	}
	s.jar = jar
	vars := map[string]string{}
	var res *response
	var spots []spot
	for _, step := range h.steps() {
		if step.method == "POST" {
			s.attempts++
		}
		step.vars = vars
		if res, spots, err = s.send(ctx, step); err != nil {
			return unknown, nil
		}
		for _, p := range step.take {
			if e, err := parseExtract(p.value); err == nil {
				vars[p.name] = e.from(res.header, res.body)
			}
		}
	}
	if s.checkLimit(res) {
		return rejected, nil
	}
	if empty != nil {
		// What an empty request gets as well is no proof of a login.
		have := map[string]bool{}
		for _, x := range tokensIn(empty) {
			have[x.place] = true
		}
		spots = slices.DeleteFunc(spots, func(x spot) bool { return have[x.place] })
	}
	switch {
	case comesBack(res):
		return rejected, nil
	case res.status < 400 && (pick(spots, "access") != nil || pick(spots, "id") != nil):
		return entered, spots
	case empty != nil && res.status == empty.status && string(res.body) == string(empty.body):
		return unknown, nil
	case res.status == http.StatusUnauthorized || res.status == http.StatusForbidden:
		return rejected, nil
	}
	return unknown, nil
}

// comesBack reports whether a form sends the user back to sign in once more.
func comesBack(res *response) bool {
	if to := res.header.Get("Location"); res.status >= 300 && res.status < 400 {
		return backToLogin.MatchString(to)
	}
	return markup(res) && slices.ContainsFunc(forms(res.body), func(f form) bool { return f.input("password") != "" })
}

var backToLogin = regexp.MustCompile(`(?i)login|signin|sign-in|error|fail|denied`)

// checkLimit notices a limiter or a lock. Nothing is tried against one.
func (s *scout) checkLimit(res *response) bool {
	if res.status == http.StatusTooManyRequests || res.status == http.StatusLocked {
		s.limited = true
	}
	return s.limited
}
