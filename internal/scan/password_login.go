package scan

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"time"
)

// A passwordLogin is a login with a step that sends a password, so that the scan can
// send another, or none.
type passwordLogin struct {
	steps          []Step
	at             int    // the step that sends it
	user, password string // names of the members of its body
}

var (
	passwordNames = []*regexp.Regexp{ // the likelier first: a grant may send a client_secret too
		regexp.MustCompile(`(?i)^(?:j_)?(?:pass(?:word|wd|phrase|code)?|pwd|pin)$`),
		regexp.MustCompile(`(?i)password|passwd|passphrase|passcode|pwd`),
		regexp.MustCompile(`(?i)^client_?secret$|^secret$`),
	}
	userName = regexp.MustCompile(`(?i)^(?:j_)?(?:user(?:_?name|_?id|_?email)?|e-?mail(?:_?address)?|login(?:_?name|_?id)?|account|identifier|phone|name|handle|uid|client_?id)$`)
)

// passwordLogin finds the step of the login that sends a password, in JSON or in a form.
func (r *Recipe) passwordLogin() (in passwordLogin, ok bool) {
	for at, step := range r.Login {
		if o := step.OAuth; o != nil {
			switch o.Grant {
			case "password":
				step = o.tokenStep(o.grantForm(map[string]string{"grant_type": "password", "username": o.User, "password": o.Password}))
			case "client":
				step = o.tokenStep(o.grantForm(map[string]string{"grant_type": "client_credentials"}))
			default:
				continue // a page asks for the password
			}
			step.Take = oauthTake
		}
		names := slices.Sorted(maps.Keys(members(step)))
		for _, like := range passwordNames {
			i := slices.IndexFunc(names, like.MatchString)
			if i < 0 {
				continue
			}
			in = passwordLogin{steps: slices.Clone(r.Login), at: at, password: names[i]}
			in.steps[at] = step
			if j := slices.IndexFunc(names, userName.MatchString); j >= 0 {
				in.user = names[j]
			}
			return in, true
		}
	}
	return in, false
}

// requests is how many one try sends at most.
func (in passwordLogin) requests() (n int) {
	for _, s := range in.steps {
		n += s.requests()
	}
	return n
}

// place is where the password goes.
func (in passwordLogin) place() Step { return in.steps[in.at] }

// name is the user that the recipe sends, empty when none is known.
func (in passwordLogin) name(s *session) string { return s.expand(members(in.place())[in.user]) }

// with gives the steps with other credentials; nil leaves a member out.
func (in passwordLogin) with(user, password *string) []Step {
	steps := slices.Clone(in.steps)
	to := &steps[in.at]
	for _, m := range []struct {
		name  string
		value *string
	}{{in.user, user}, {in.password, password}} {
		if m.name == "" {
			continue
		}
		to.JSON = setMember(to.JSON, m.name, m.value)
		if _, ok := to.Form[m.name]; ok {
			to.Form = maps.Clone(to.Form)
			if delete(to.Form, m.name); m.value != nil {
				to.Form[m.name] = *m.value
			}
		}
	}
	return steps
}

// members gives the texts of a body by their names, wherever they stand.
func members(s Step) map[string]string {
	m := maps.Clone(s.Form)
	if m == nil {
		m = map[string]string{}
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, x := range v {
				if text, ok := x.(string); ok {
					m[name] = text
				}
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(s.JSON)
	return m
}

// setMember gives a copy of a JSON tree in which every text of that name has
// another value, or is left out.
func setMember(v any, name string, value *string) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, x := range v {
			if _, text := x.(string); !text || k != name {
				m[k] = setMember(x, name, value)
			} else if value != nil {
				m[k] = *value
			}
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = setMember(x, name, value)
		}
		return list
	}
	return v
}

// A try is one login with other credentials than the recipe's.
type try struct {
	s    *session
	res  *response // of the step at which it ended; nil: none
	took time.Duration
	got  answer // took: an access token came back
}

// logIn tries a login from the attempt's own address. The attempt's log is
// searched for it by the canary of its last request.
func (a *attempt) logIn(ctx context.Context, in passwordLogin, user, password *string) (t try, err error) {
	if t.s, err = a.run.newSession(nil); err != nil {
		return t, err
	}
	t.s.v = a.v
	if a.first.IsZero() {
		a.first = time.Now()
	}
	began := time.Now()
	t.res, err = t.s.logIn(ctx, in.with(user, password))
	t.took, a.last = time.Since(began), time.Now()
	if t.res == nil {
		return t, err
	}
	a.marker.add(t.res.canary, a.v)
	a.result.Status = t.res.status
	switch {
	case t.res.status == 429:
		t.got = limited
	case t.res.status >= 500:
		t.got = broken
	case err == nil && t.s.access() != "":
		t.got = took
	}
	return t, nil
}
