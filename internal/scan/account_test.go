package scan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/finding"
)

// TestAccount holds what is said of logins, password changes and denied scopes,
// and that nobody is locked out who was not named.
func TestAccount(t *testing.T) {
	const (
		lockable = "limits: {rps: 0, logins_per_minute: 600, lockout_ok: true}\n"
		change   = "password_change: {request: POST /password, json: {old: \"{{password}}\", new: \"{{new_password}}\"}, headers: {Authorization: \"Bearer {{access}}\"}}\n"
		admin    = "forbidden: {request: GET /admin}\n"
	)
	for _, tt := range []struct {
		name    string
		s       switches
		recipe  string
		want    string // findings that stand
		check   string
		verdict finding.Verdict
		why     string // a part of it
	}{
		{"a limit", switches{limit: 20}, "", "", "login-burst", finding.Pass, "limited from wrong password 6 of 20 on, for a user who does not exist"},
		{"no limit", switches{limit: 1000}, "", "no-login-rate-limit no-verify-rate-limit", "login-burst", finding.Fail, "20 wrong passwords in a row for a user who does not exist, each answered 401"},
		{"a lockout that nobody may try", switches{limit: 1000, lockout: 5}, "", "no-login-rate-limit no-verify-rate-limit", "login-burst", finding.Fail, "a user who does not exist"},
		{"a lockout", switches{limit: 1000, lockout: 5}, lockable, "no-verify-rate-limit", "login-burst", finding.Pass, "the right password is refused after 20 wrong ones"},
		{"a throw-away user", switches{limit: 20}, "limits: {rps: 0, logins_per_minute: 600, throwaway: bob}\n", "", "login-burst", finding.Pass, "the throw-away user"},
		{"none wanted", switches{limit: 20}, "limits: {rps: 0, logins_per_minute: 600, brute: 0}\n", "", "login-burst", finding.Skipped, "limits.brute is 0"},
		{"any password", switches{limit: 20, anyPassword: true}, "", "unauthenticated-issuance", "unauthenticated-issuance", finding.Fail, "a login without password (as the recipe's own user), a login with a wrong password (as the recipe's own user): "},
		{"no password", switches{limit: 20, noPassword: true}, "", "unauthenticated-issuance", "unauthenticated-issuance", finding.Fail, "a login without user and password (as the recipe's own user)"},
		{"no refresh token", switches{limit: 20, anonRefresh: true}, "", "unauthenticated-issuance", "unauthenticated-issuance", finding.Fail, "a refresh without token"},
		{"a route that gives tokens", switches{limit: 20, tokenRoute: true}, "", "unauthenticated-issuance", "published-issuance", finding.Fail, "POST /tokens (as the recipe's own user)"},
		{"a route that gives tokens that open nothing", switches{limit: 20, published: true}, "", "", "published-issuance", finding.Pass, "1 operations"},
		{"no document", switches{limit: 20}, "", "", "published-issuance", finding.Skipped, "no OpenAPI document"},
		{"sound", switches{limit: 20}, "", "", "unauthenticated-issuance", finding.Pass, "nothing is issued"},
		{"a password change", switches{limit: 20}, change, "", "password-change", finding.Pass, "refused"},
		{"a password change that spares sessions", switches{limit: 20, changeSpares: true}, change, "revoked-token-accepted", "password-change", finding.Fail, "the access token, the refresh token"},
		{"a denied scope", switches{limit: 20}, admin, "", "scope-denial", finding.Pass, "refused with 403"},
		{"a denied scope in silence", switches{limit: 20, scopeSilent: true}, admin, "silent-scope-denial", "scope-denial", finding.Pass, "refused with 403"},
		{"a scope that is not denied", switches{limit: 20}, "forbidden: {request: GET /me}\n", "", "scope-denial", finding.Inconclusive, "GET /me answered 200"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.refreshLimit, tt.s.logging = 10, "full"
			g := newTarget(t, tt.s)
			text := strings.Replace(g.recipe(tt.recipe), "vars: {", "vars: {new_password: another-Horse-8-staple, ", 1)
			if strings.Contains(tt.recipe, "limits:") {
				text = strings.Replace(text, "limits: {rps: 0, burst: 60, logins_per_minute: 600}\n", "", 1)
			}
			r := runRecipe(t, g, text)
			if got := standingIDs(r); !slices.Equal(got, strings.Fields(tt.want)) {
				t.Errorf("findings %v, want %s", got, tt.want)
				for _, f := range r.Findings {
					t.Logf("%s: %q", f.ID, f.Evidence)
				}
			}
			if run := runOf(t, r, tt.check); run.Verdict != tt.verdict || !strings.Contains(run.Why, tt.why) {
				t.Errorf("%s: %s, %q; want %s, %q", tt.check, run.Verdict, run.Why, tt.verdict, tt.why)
			}
			if g.password != testPassword {
				t.Error("the password is not what it was")
			}
			if locked := g.wrong >= 5; locked != (tt.s.lockout > 0 && strings.Contains(tt.recipe, "lockout_ok")) {
				t.Errorf("locked out %v: %d wrong passwords for the recipe's own user", locked, g.wrong)
			}
		})
	}
}

// TestPasswordLogin finds the password in every usual form of a login.
func TestPasswordLogin(t *testing.T) {
	const rest = "target: http://127.0.0.1:1\nvars: {user: alice, password: \"${PASSWORD}\"}\nprotected: {request: GET /}\nlogin:\n"
	for _, tt := range []struct{ login, want string }{
		{"  - {request: POST /l, json: {user: '{{user}}', password: '{{password}}'}, take: {access: $.a}}", "0 user password map[password:new user:bob]"},
		{"  - {request: POST /l, json: {session: {email: '{{user}}', password: '{{password}}'}}, take: {access: $.a}}", "0 email password map[session:map[email:bob password:new]]"},
		{"  - {request: POST /l, form: {j_username: alice, j_password: '${PASSWORD}'}, take: {access: $.a}}", "0 j_username j_password map[j_password:new j_username:bob]"},
		{"  - {request: GET /csrf, take: {csrf: $.c}}\n  - {request: POST /l, json: {csrf: '{{csrf}}', login: '{{user}}', pin: '{{password}}'}, take: {access: $.a}}", "1 login pin map[csrf:{{csrf}} login:bob pin:new]"},
		{"  - {request: POST /token, form: {grant_type: client_credentials, client_id: a, client_secret: '${PASSWORD}'}, take: {access: $.a}}", "0 client_id client_secret map[client_id:bob client_secret:new grant_type:client_credentials]"},
		{"  - {request: POST /l, json: {api_key: '${PASSWORD}'}, take: {access: $.a}}", "none"},
	} {
		r, err := Parse("r.yaml", []byte(rest+tt.login), testEnv)
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if in, ok := r.passwordLogin(); ok {
			user, password := "bob", "new"
			s := in.with(&user, &password)[in.at]
			body := any(s.JSON)
			if body == nil {
				body = s.Form
			}
			got = fmt.Sprint(in.at, " ", in.user, " ", in.password, " ", body)
			if s := in.with(nil, nil)[in.at]; len(members(s)) != len(members(in.place()))-2 {
				t.Errorf("%s: without credentials %v %v", tt.login, s.JSON, s.Form)
			}
		}
		if got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.login, got, tt.want)
		}
	}
}
