package scan

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// renew exchanges the session's refresh token and keeps the new pair. note is
// told of the canary before it is sent. Success is an answer of 2xx that holds
// what the recipe takes: a soft 200 has no token in it.
func (s *session) renew(ctx context.Context, v *visitor, note func(canary string, v *visitor)) (*response, answer, error) {
	req := s.renewal()
	note(req.canary, v)
	res, err := v.do(ctx, req)
	if err != nil {
		return nil, unclear, err
	}
	return res, s.renewed(ctx, res), nil
}

// renewal is the request that exchanges the session's refresh token.
func (s *session) renewal() *request {
	step := s.run.recipe.Refresh.Step
	req := s.request(step)
	if e := step.Take["refresh"]; e.kind == "cookie" {
		req.cookies[e.name] = s.refresh()
	}
	return req
}

// renewed judges the answer to a renewal and keeps what it gives.
func (s *session) renewed(ctx context.Context, res *response) answer {
	step := s.run.recipe.Refresh.Step
	switch {
	case res.status == http.StatusTooManyRequests:
		return limited
	case res.status >= 500:
		return broken
	case res.status >= 300:
		return refused
	}
	taken := s.keep(ctx, step, res)
	if slices.Contains(taken, "access") || len(step.Take) > 0 && len(taken) == len(step.Take) {
		return took
	}
	return refused
}

// noteRefresh gives the note of a renewal that is part of the attack.
func (a *attempt) noteRefresh(token string) func(string, *visitor) {
	return func(canary string, v *visitor) { a.note(token, canary, a.run.recipe.Refresh.Path, v) }
}

func (a *attempt) evidence(res *response) string {
	return fmt.Sprintf("%s: %s %s answered %d", a.probe.Name, a.run.recipe.Refresh.Method, a.run.recipe.Refresh.Path, res.status)
}

func orError(got answer, err error) string {
	if err != nil {
		return err.Error()
	}
	return got.String()
}
