package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// TestDirectives writes a directive into a handler that is silent, and looks at what
// becomes of the finding and what is noted.
func TestDirectives(t *testing.T) {
	const page = `const express = require('express');
const jwt = require('jsonwebtoken');
const app = express();
%s
app.get('/me', (req, res) => {
  try {
    res.json(jwt.verify(req.headers.authorization, process.env.KEY, { algorithms: ['HS256'] }));
%s
  } catch (err) {%s
    res.sendStatus(401);
  }
});
`
	for _, c := range []struct {
		name, function, above, behind string
		suppressed                    string // the reason; empty: it counts
		note                          string // a part of the only note; empty: none
	}{
		{name: "none"},
		{name: "behind", behind: " //jotsight:ignore silent-verify-failure -- the proxy records it", suppressed: "the proxy records it"},
		{name: "with a blank", behind: " // jotsight:ignore silent-verify-failure -- the proxy records it", suppressed: "the proxy records it"},
		{name: "above", above: "    //jotsight:ignore silent-verify-failure -- the proxy records it", suppressed: "the proxy records it"},
		{name: "block", above: "    /* jotsight:ignore silent-verify-failure -- the proxy records it */", suppressed: "the proxy records it"},
		{name: "function", function: "//jotsight:ignore silent-verify-failure -- the proxy records it", suppressed: "the proxy records it"},
		{name: "two ids", behind: " //jotsight:ignore silent-refresh, silent-verify-failure -- both", suppressed: "both"},
		{name: "until", behind: " //jotsight:ignore silent-verify-failure until=2027-01-31 -- soon", suppressed: "soon"},
		{name: "ended", behind: " //jotsight:ignore silent-verify-failure until=2026-01-31 -- soon", note: "app.js:9: jotsight:ignore ended on 2026-01-31, and the finding counts again"},
		{name: "no reason", behind: " //jotsight:ignore silent-verify-failure", note: "app.js:9: jotsight:ignore: without a reason"},
		{name: "no id", behind: " //jotsight:ignore -- because", note: "names no weakness"},
		{name: "unknown id", behind: " //jotsight:ignore silent-verify -- because", note: "silent-verify: not in the catalogue"},
		{name: "bad day", behind: " //jotsight:ignore silent-verify-failure until=soon -- because", note: "until=soon: not a day"},
		{name: "another id", behind: " //jotsight:ignore silent-refresh -- because", note: "jotsight:ignore silent-refresh matches no finding"},
		{name: "another line", function: "\n//jotsight:ignore silent-verify-failure -- because\nconst x = 1;\n", note: "matches no finding"},
		{name: "strict alone", behind: " //jotsight:ignore audience-not-checked -- one service has the key"},
		{name: "nolint", behind: " //nolint:jotsight // the proxy records it", suppressed: "the proxy records it"},
		{name: "nolint of others", behind: " //nolint:errcheck"},
		{name: "no such directive", behind: " //jotsight:disable", note: "jotsight:disable: not a directive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := fmt.Sprintf(page, c.function, c.above, c.behind)
			r, err := Run(t.Context(), Options{
				FS:  fstest.MapFS{"app.js": {Data: []byte(text)}},
				Now: func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
			})
			if err != nil {
				t.Fatal(err)
			}
			got := "no finding"
			for _, f := range r.Findings {
				if f.ID == "silent-verify-failure" {
					if got = ""; f.Suppressed != nil {
						got = f.Suppressed.Reason
						if f.Suppressed.By != "directive" {
							t.Errorf("by %s", f.Suppressed.By)
						}
					}
				}
			}
			if got != c.suppressed {
				t.Errorf("suppressed %q, want %q", got, c.suppressed)
			}
			if c.note == "" && len(r.Notes) > 0 || c.note != "" && (len(r.Notes) != 1 || !strings.Contains(r.Notes[0], c.note)) {
				t.Errorf("notes %q, want one with %q", r.Notes, c.note)
			}
		})
	}
}

// TestTeach holds that a directive on a function of which nothing is known makes it
// a record, or a limiter.
func TestTeach(t *testing.T) {
	const page = `package main

import (
	"net/http"
	"os"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"
)

%s
func tell(err error) { sink <- err }

var sink = make(chan error)

%s
func slow(next http.HandlerFunc) http.HandlerFunc { return func(w http.ResponseWriter, r *http.Request) { gate(); next(w, r) } }

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("K")), nil }

func me(w http.ResponseWriter, r *http.Request) {
	if _, err := jwt.Parse(r.Header.Get("Authorization"), key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		tell(err)
		w.WriteHeader(401)
		return
	}
	w.Write(nil)
}

func login(w http.ResponseWriter, r *http.Request) {
	if bcrypt.CompareHashAndPassword(nil, []byte(r.FormValue("password"))) != nil {
		w.WriteHeader(401)
	}
}

func main() {
	http.HandleFunc("GET /me", me)
	http.HandleFunc("POST /login", slow(login))
}
`
	ids := func(text string) (list []string) {
		for _, f := range lintText(t, "main.go", text, false).Findings {
			list = append(list, string(f.ID))
		}
		slices.Sort(list)
		return list
	}
	if got, want := ids(fmt.Sprintf(page, "", "")), []string{"no-login-rate-limit", "silent-verify-failure"}; !slices.Equal(got, want) {
		t.Errorf("untaught: %v, want %v", got, want)
	}
	if got := ids(fmt.Sprintf(page, "//jotsight:observes", "//jotsight:ratelimits")); len(got) > 0 {
		t.Errorf("taught: %v, want nothing", got)
	}
}
