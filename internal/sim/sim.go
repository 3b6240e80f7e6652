// Package sim plays the people around a bank API: customers who go about their
// business, and attackers who go about theirs. They send real HTTP requests to
// a real address. Everything that they decide follows from a seed, so that two
// services that are given the same seed are given the same day; everything that
// they do is bounded in count, and ends early when the context does.
package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// A User is somebody with an account at the bank.
type User struct {
	Name, Password, Account string
}

// A Config says whom to play, and where. URL and at least two Users are
// required: somebody must be the victim, and somebody must be paid.
type Config struct {
	URL   string // of the bank, without a path
	Users []User
	Seed  uint64
	// Client sends the requests; nil means one with a timeout of 5 s. Redirects
	// are followed as it is told to.
	Client *http.Client
	// Pace is the pause between two requests of one actor; zero means none.
	Pace time.Duration
}

// A Tally counts answers by what was tried and by status.
type Tally map[string]map[int]int

func (t Tally) add(what string, status int) {
	if t[what] == nil {
		t[what] = map[int]int{}
	}
	t[what][status]++
}

// Total counts all answers.
func (t Tally) Total() (n int) {
	for _, by := range t {
		for _, times := range by {
			n += times
		}
	}
	return n
}

// Actors tell their requests apart by address, as behind any proxy.
const (
	usersNetwork = "198.51.100." // RFC 5737: nobody's
	thief        = "203.0.113.66"
	guesser      = "203.0.113.7"
	hasty        = "203.0.113.21"
	prober       = "203.0.113.44"
)

// An actor sends requests from one address.
type actor struct {
	Config
	from, agent string
	tally       Tally
	rand        *rand.Rand
}

// tokens are what login and refresh answer with.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (c Config) actor(from, agent string, tally Tally) *actor {
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 5 * time.Second}
	}
	// A stream of its own: what one actor does moves nobody else's dice.
	var salt uint64
	for _, b := range []byte(from) {
		salt = salt*31 + uint64(b)
	}
	return &actor{c, from, agent, tally, rand.New(rand.NewPCG(c.Seed, salt))}
}

// do sends one request and counts its answer. A status is not an error; only an
// answer that never came is.
func (a *actor) do(ctx context.Context, what, method, path, token string, body, into any) (status int, err error) {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		sent = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, a.URL+path, sent)
	if err != nil {
		return 0, err
	}
	r.Header.Set("User-Agent", a.agent)
	r.Header.Set("X-Forwarded-For", a.from)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.Client.Do(r)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, fmt.Errorf("%s: answer: %w", what, err)
	}
	a.tally.add(what, resp.StatusCode)
	if into != nil && resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(answer, into); err != nil {
			return 0, fmt.Errorf("%s: answer: %w", what, err)
		}
	}
	return resp.StatusCode, a.rest(ctx)
}

// rest waits for the pace.
func (a *actor) rest(ctx context.Context) error {
	if a.Pace <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(a.Pace):
		return nil
	}
}

func (a *actor) login(ctx context.Context, u User) (t tokens, err error) {
	status, err := a.do(ctx, "login", http.MethodPost, "/login", "", map[string]string{"user": u.Name, "password": u.Password}, &t)
	if err == nil && (status != http.StatusOK || t.Access == "" || t.Refresh == "") {
		err = fmt.Errorf("login of %s: status %d, no pair of tokens", u.Name, status)
	}
	return t, err
}

// refresh gives the old pair back when there is no new one.
func (a *actor) refresh(ctx context.Context, what string, t tokens) (tokens, error) {
	next := t
	_, err := a.do(ctx, what, http.MethodPost, "/token/refresh", "", map[string]string{"refresh_token": t.Refresh}, &next)
	return next, err
}
