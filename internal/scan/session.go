package scan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// A session is one login: its cookies, its tokens and a visitor of its own.
type session struct {
	run      *run
	v        *visitor
	jar      http.CookieJar
	vars     map[string]string // the recipe's, and what the steps took
	supplied bool              // the user gave the token: it must not be revoked
	login    *response         // the answer that held the access token; nil if supplied
}

func (s *session) access() string  { return s.vars["access"] }
func (s *session) refresh() string { return s.vars["refresh"] }

// open logs in, or takes the token that the user supplied. Logins wait for their
// budget: a login limit that the scan itself trips says nothing.
func (r *run) open(ctx context.Context) (*session, error) { return r.openWith(ctx, nil) }

// openWith is open with other values of some variables.
func (r *run) openWith(ctx context.Context, vars map[string]string) (*session, error) {
	s, err := r.newSession(vars)
	if err != nil {
		return nil, err
	}
	if !r.recipe.Token.IsZero() {
		s.supplied = true
		token, err := r.supplied(ctx)
		if err != nil {
			return nil, err
		}
		s.vars["access"] = token
		r.know("the supplied token", token, live)
		return s, nil
	}
	if r.recipe.Mint != nil {
		return s, s.mint()
	}
	if err := r.logins.Wait(ctx); err != nil {
		return nil, err
	}
	if _, err := s.logIn(ctx, r.recipe.Login); err != nil {
		return nil, err
	}
	return s, nil
}

// newSession is one that is not logged in.
func (r *run) newSession(vars map[string]string) (*session, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	s := &session{run: r, v: r.client.visitor(), jar: jar, vars: map[string]string{}}
	maps.Copy(s.vars, r.recipe.Vars)
	maps.Copy(s.vars, vars)
	return s, nil
}

// logIn goes through the steps of a login. The answer is that of the step at
// which it ended, well or not; nil when there was none.
func (s *session) logIn(ctx context.Context, steps []Step) (res *response, err error) {
	for i, step := range steps {
		if step.OAuth != nil {
			if res, err = s.oauth(ctx, step.OAuth); err != nil {
				return res, fmt.Errorf("login[%d].oauth: %w", i, err)
			}
			s.login = res
			continue
		}
		if res, err = s.step(ctx, step); err != nil {
			return nil, fmt.Errorf("login[%d]: %w", i, err)
		}
		if res.status >= 400 {
			return res, fmt.Errorf("login[%d]: %s %s answered %d", i, step.Method, step.Path, res.status)
		}
		for name := range step.Take {
			if s.vars[name] == "" {
				return res, fmt.Errorf("login[%d]: %s %s answered %d, and take.%s is not in the answer", i, step.Method, step.Path, res.status, name)
			}
		}
		if _, ok := step.Take["access"]; ok {
			s.login = res
		}
	}
	return res, nil
}

// step sends one step of the recipe from the session's own address, follows as
// many redirects as the step allows, and keeps what it takes of every answer. A value that the answer does not hold is left as it was.
func (s *session) step(ctx context.Context, step Step) (*response, error) {
	req := s.request(step)
	for hop := 0; ; hop++ {
		res, err := s.v.do(ctx, req)
		if err != nil {
			return nil, err
		}
		s.keep(ctx, step, res)
		to := res.header.Get("Location")
		if hop >= step.Follow || to == "" || res.status < 300 || res.status >= 400 {
			return res, nil
		}
		at, err := res.url.Parse(to)
		if err != nil {
			return nil, fmt.Errorf("%s %s: redirects to no address", step.Method, step.Path)
		}
		at.Fragment = ""
		req = plainGet(at.String())
		req.jar, req.keep = s.jar, true
	}
}

// request writes a step as a request of this session.
func (s *session) request(step Step) *request {
	req := newRequest(step, s.expand)
	req.jar, req.keep = s.jar, true
	return req
}

// keep takes from an answer what the step asks for, and gives the names of it.
func (s *session) keep(ctx context.Context, step Step, res *response) (taken []string) {
	for name, e := range step.Take {
		value := e.from(res.header, res.body)
		if e.kind == "log" {
			value = s.run.book.await(ctx, e.re)
		}
		if value == "" {
			continue
		}
		s.vars[name] = value
		s.run.know("the "+name+" token", value, live)
		taken = append(taken, name)
	}
	return taken
}

var placeholder = regexp.MustCompile(`\{\{\s*([\w-]+)\s*\}\}`)

func (s *session) expand(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(m string) string {
		return s.vars[placeholder.FindStringSubmatch(m)[1]]
	})
}

// with gives a copy of the session in which a variable has another value; the
// cookie jar is shared. Probes replay an old refresh token with it.
func (s *session) with(name, value string) *session {
	c := *s
	c.vars = map[string]string{}
	for k, v := range s.vars {
		c.vars[k] = v
	}
	c.vars[name] = value
	return &c
}

// supplied reads the token that the user gave.
func (r *run) supplied(ctx context.Context) (string, error) {
	src := r.recipe.Token
	var token string
	switch src.kind {
	case "value":
		token = src.text
	case "file":
		text, err := os.ReadFile(r.recipe.file(src.text))
		if err != nil {
			return "", fmt.Errorf("token: %w", err)
		}
		token = string(text)
	case "cmd":
		ctx, stop := context.WithTimeout(ctx, 30*time.Second)
		defer stop()
		cmd := exec.CommandContext(ctx, "sh", "-c", src.text)
		cmd.Dir = r.recipe.Dir
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("token: command: %w", err)
		}
		token = string(out)
	case "log":
		token = r.book.await(ctx, src.re)
		if token == "" {
			return "", errors.New("token: its expression matches nothing in the log")
		}
	}
	token = strings.TrimSpace(token)
	if token == "" || strings.ContainsAny(token, "\r\n") {
		return "", errors.New("token: empty, or more than one line")
	}
	return token, nil
}
