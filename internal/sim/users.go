package sim

import (
	"context"
	"fmt"
	"net/http"
)

// Users plays rounds of ordinary sessions: log in, look around, pay somebody,
// refresh now and then, log out. They make no mistakes, so whatever is refused
// here is refused wrongly; a bank is free to refuse a payment.
func Users(ctx context.Context, c Config, rounds int) (Tally, error) {
	if len(c.Users) < 2 {
		return nil, fmt.Errorf("users: %d, and two are needed", len(c.Users))
	}
	tally := Tally{}
	var actors []*actor
	for i := range c.Users {
		actors = append(actors, c.actor(fmt.Sprint(usersNetwork, 10+i), agents[i%len(agents)], tally))
	}
	for range rounds {
		for i, u := range c.Users {
			if err := actors[i].session(ctx, u); err != nil {
				return tally, err
			}
		}
	}
	return tally, nil
}

var agents = []string{
	"BankApp/5.2 (iOS 19.1)",
	"BankApp/5.2 (Android 16)",
	"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}

func (a *actor) session(ctx context.Context, u User) error {
	t, err := a.login(ctx, u)
	if err != nil {
		return err
	}
	for range 3 + a.rand.IntN(4) {
		switch a.rand.IntN(6) {
		case 0:
			to := a.Users[a.rand.IntN(len(a.Users))].Account
			_, err = a.do(ctx, "transfer", http.MethodPost, "/transfers", t.Access,
				map[string]any{"from": u.Account, "to": to, "cents": 100 + a.rand.IntN(5000)}, nil)
		case 1:
			t, err = a.refresh(ctx, "refresh", t)
		case 2, 3:
			_, err = a.do(ctx, "account", http.MethodGet, "/accounts/"+u.Account, t.Access, nil, nil)
		default:
			_, err = a.do(ctx, "me", http.MethodGet, "/me", t.Access, nil, nil)
		}
		if err != nil {
			return err
		}
	}
	_, err = a.do(ctx, "logout", http.MethodPost, "/logout", t.Access, nil, nil)
	return err
}
