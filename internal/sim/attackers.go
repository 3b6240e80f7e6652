package sim

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// How much the attackers do; each figure is above what the catalogue's
// detection of it allows, and not by much.
const (
	guesses = 28 // signature-bruteforce: 20 in 60 s
	bursts  = 15 // refresh-abuse: more than 10 in 60 s
)

// Attackers plays one attack after the other, each from an address of its own:
// guessed signatures, tokens with alg none, a token that outlived its session,
// a stolen refresh token, refreshing without pause, and looking for doors that
// a scope does not open. Whether they get in is for the Tally to say.
func Attackers(ctx context.Context, c Config) (Tally, error) {
	if len(c.Users) < 2 {
		return nil, fmt.Errorf("users: %d, and two are needed", len(c.Users))
	}
	tally := Tally{}
	for _, attack := range []func(context.Context, Config, Tally) error{
		guessSignatures, sendUnsigned, outliveLogout, stealRefresh, refreshInHaste, tryDoors,
	} {
		if err := attack(ctx, c, tally); err != nil {
			return tally, err
		}
	}
	return tally, nil
}

func guessSignatures(ctx context.Context, c Config, tally Tally) error {
	a := c.actor(guesser, "python-requests/2.32", tally)
	t, err := a.login(ctx, c.Users[0])
	if err != nil {
		return err
	}
	body := t.Access[:strings.LastIndexByte(t.Access, '.')+1]
	for range guesses {
		sig := make([]byte, 32)
		for i := range sig {
			sig[i] = byte(a.rand.Uint32())
		}
		if _, err := a.do(ctx, "guessed signature", http.MethodGet, "/me", body+encode(sig), nil, nil); err != nil {
			return err
		}
	}
	return nil
}

func sendUnsigned(ctx context.Context, c Config, tally Tally) error {
	a := c.actor(prober, "curl/8.11", tally)
	t, err := a.login(ctx, c.Users[1])
	if err != nil {
		return err
	}
	payload := strings.Split(t.Access, ".")[1]
	for _, alg := range []string{"none", "None", "nOnE"} {
		unsigned := encode([]byte(`{"alg":"`+alg+`","typ":"JWT"}`)) + "." + payload + "."
		if _, err := a.do(ctx, "alg none", http.MethodGet, "/me", unsigned, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// outliveLogout: the victim logs out; the thief has kept a copy.
func outliveLogout(ctx context.Context, c Config, tally Tally) error {
	victim := c.actor(usersNetwork+"10", agents[0], tally)
	t, err := victim.login(ctx, c.Users[0])
	if err != nil {
		return err
	}
	if _, err := victim.do(ctx, "logout", http.MethodPost, "/logout", t.Access, nil, nil); err != nil {
		return err
	}
	a := c.actor(thief, agents[2], tally)
	for range 3 {
		if _, err := a.do(ctx, "token after logout", http.MethodGet, "/accounts/"+c.Users[0].Account, t.Access, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// stealRefresh: the victim refreshes; the thief comes twice too late.
func stealRefresh(ctx context.Context, c Config, tally Tally) error {
	victim := c.actor(usersNetwork+"11", agents[1], tally)
	stolen, err := victim.login(ctx, c.Users[1])
	if err != nil {
		return err
	}
	t := stolen
	for range 2 {
		if t, err = victim.refresh(ctx, "refresh", t); err != nil {
			return err
		}
	}
	_, err = c.actor(thief, agents[2], tally).refresh(ctx, "stolen refresh token", stolen)
	return err
}

func refreshInHaste(ctx context.Context, c Config, tally Tally) error {
	a := c.actor(hasty, "okhttp/5.0", tally)
	t, err := a.login(ctx, c.Users[1])
	if err != nil {
		return err
	}
	for range bursts {
		if t, err = a.refresh(ctx, "hasty refresh", t); err != nil {
			return err
		}
	}
	return nil
}

// tryDoors: a good token, on routes that it has no business with.
func tryDoors(ctx context.Context, c Config, tally Tally) error {
	u := c.Users[len(c.Users)-1]
	a := c.actor(prober, "curl/8.11", tally)
	t, err := a.login(ctx, u)
	if err != nil {
		return err
	}
	for _, door := range []struct{ method, path string }{
		{http.MethodGet, "/admin/users"},
		{http.MethodGet, "/admin/accounts"},
		{http.MethodGet, "/admin/transfers"},
		{http.MethodPost, "/admin/accounts/" + u.Account + "/freeze"},
		{http.MethodPost, "/admin/accounts/" + u.Account + "/thaw"},
	} {
		if _, err := a.do(ctx, "scope not granted", door.method, door.path, t.Access, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
