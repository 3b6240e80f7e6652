package sim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/examples/bank"
	"github.com/jotsight/jotsight/internal/sim"
)

// people are the bank's users who hold an account; the last of them may only
// look.
func people() (users []sim.User) {
	for _, u := range bank.Users() {
		if len(u.Accounts) > 0 {
			users = append(users, sim.User{Name: u.Name, Password: u.Password, Account: u.Accounts[0]})
		}
	}
	return users
}

// A diary writes down every request, and answers as a bank that lets everybody
// in would.
type diary struct {
	mu    sync.Mutex
	pages []string
}

func (d *diary) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pages = append(d.pages, fmt.Sprintln(r.Method, r.URL, r.Header.Get("X-Forwarded-For"), r.UserAgent(), r.Header.Get("Authorization"), string(body)))
	json.NewEncoder(w).Encode(map[string]string{"access_token": "h.p.s", "refresh_token": "r"})
}

func day(t *testing.T, seed uint64) []string {
	t.Helper()
	d := new(diary)
	s := httptest.NewServer(d)
	defer s.Close()
	c := sim.Config{URL: s.URL, Users: people(), Seed: seed}
	if _, err := sim.Users(t.Context(), c, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Attackers(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return d.pages
}

// TestSeedDecidesTheDay holds that a seed decides every byte that is sent, and
// that another seed sends other ones.
func TestSeedDecidesTheDay(t *testing.T) {
	first := day(t, 1)
	if diff := cmp.Diff(first, day(t, 1)); diff != "" {
		t.Errorf("the same seed, two days (-first +second):\n%s", diff)
	}
	if slices.Equal(first, day(t, 2)) {
		t.Error("seeds 1 and 2 send the same")
	}
	if len(first) < 100 || len(first) > 300 {
		t.Errorf("%d requests, want between 100 and 300", len(first))
	}
}

// TestBanksAnswer plays the day at a bank with every hole and at one with none.
func TestBanksAnswer(t *testing.T) {
	// For the wide open one everything works; for the careful one what is
	// refused is refused by a limit (429) where there is one.
	wide := bank.Blind()
	wide.AlgNoneAccepted, wide.SignatureNotVerified = true, true
	for _, test := range []struct {
		name string
		sw   bank.Switches
		want map[string][]int
	}{
		{"wide open", wide, map[string][]int{
			"guessed signature": {200}, "alg none": {200, 401}, "token after logout": {200},
			"stolen refresh token": {200}, "hasty refresh": {200}, "scope not granted": {403}}},
		{"careful", bank.Switches{}, map[string][]int{
			"guessed signature": {401}, "alg none": {401}, "token after logout": {401},
			"stolen refresh token": {401}, "hasty refresh": {200, 429}, "scope not granted": {403}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := bank.New(bank.Config{Switches: test.sw})
			if err != nil {
				t.Fatal(err)
			}
			s := httptest.NewServer(b)
			defer s.Close()
			c := sim.Config{URL: s.URL, Users: people(), Seed: 7}
			users, err := sim.Users(t.Context(), c, 2)
			if err != nil {
				t.Fatal(err)
			}
			for what, by := range users {
				for status := range by {
					if status >= 400 && (what != "transfer" || status == http.StatusUnauthorized) {
						t.Errorf("users: %s was answered %d", what, status)
					}
				}
			}
			attackers, err := sim.Attackers(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			for what, want := range test.want {
				var got []int
				for status := range attackers[what] {
					got = append(got, status)
				}
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: statuses (-want +got):\n%s", what, diff)
				}
			}
			if got := attackers.Total(); got < 50 || got > 100 {
				t.Errorf("attackers sent %d requests, want between 50 and 100", got)
			}
		})
	}
}

// TestErrorsSayWhat holds what a caller is told about a bank that is not there,
// one that lets nobody in, one user alone, and a day that is over.
func TestErrorsSayWhat(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	defer closed.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		ctx  context.Context
		c    sim.Config
		want string
	}{
		{t.Context(), sim.Config{URL: closed.URL, Users: people()}, "login of alice: status 404"},
		{t.Context(), sim.Config{URL: gone.URL, Users: people()}, "login: "},
		{t.Context(), sim.Config{URL: closed.URL, Users: people()[:1]}, "users: 1"},
		{over, sim.Config{URL: closed.URL, Users: people()}, context.Canceled.Error()},
	} {
		_, err := sim.Users(test.ctx, test.c, 1)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("users: error %v, want %q in it", err, test.want)
		}
		_, err = sim.Attackers(test.ctx, test.c)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("attackers: error %v, want %q in it", err, test.want)
		}
		if test.ctx == over && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v is not a cancellation", err)
		}
	}
}
