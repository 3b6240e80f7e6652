package scan

import (
	"io"
	"strings"
	"testing"
	"time"
)

func testEnv(name string) (string, bool) {
	v, ok := map[string]string{"PASSWORD": "a-long-Password-1", "USER": "alice", "SECRET": "0123456789abcdef0123456789abcdef"}[name]
	return v, ok
}

// TestParseNamesLineAndField holds that what is wrong in a recipe is named by
// file, line and field, all of it at once, and that no value is repeated.
func TestParseNamesLineAndField(t *testing.T) {
	const good = "target: http://127.0.0.1:1\ntoken: file:token\nprotected: {request: GET /me}\n"
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{"r.yaml:1: target: missing"}},
		{"not YAML", "target: [", []string{"r.yaml:1: yaml: "}},
		{"not YAML further down", "target: a\n\tb: c", []string{"r.yaml:2: yaml: "}},
		{"not a mapping", "- a", []string{"r.yaml:1: recipe: not a mapping of alerts, callback, carrier, "}},
		{"nothing but a target", "target: http://127.0.0.1:1\n", []string{"r.yaml:1: protected: missing", "r.yaml:1: login: missing, and there is no token either"}},
		{"a target without scheme", "target: localhost\nprotected: {request: GET /}\ntoken: file:t", []string{"r.yaml:1: target: not an http or https address"}},
		{"a target with a password", "target: http://a:hunter2hunter2@localhost\nprotected: {request: GET /}\ntoken: file:t", []string{"r.yaml:1: target: user and password do not belong into an address"}},
		{"unknown field", good + "logz: []", []string{"r.yaml:4: logz: unknown field, not one of alerts, "}},
		{"unknown field deep down", good + "logs:\n  - file: a\n    flash: 1s", []string{"r.yaml:6: logs[0].flash: unknown field, not one of cmd, cursor, elastic, file, flush, "}},
		{"field twice", good + "limits:\n  rps: 1\n  rps: 2", []string{"r.yaml:6: limits.rps: stated twice"}},
		{"a list for a text", good + "carrier: [a]", []string{"r.yaml:4: carrier: not a text", "r.yaml:4: carrier: not header NAME: {t}, "}},
		{"missing variable", good + "keys: {secret: \"${NO_SUCH}\"}", []string{"r.yaml:4: keys.secret: variable NO_SUCH is not set"}},
		{"a token in the file", "target: http://127.0.0.1:1\nprotected: {request: GET /}\ntoken: eyJhbGciOiJIUzI1NiJ9", []string{"r.yaml:3: token: a token does not stand in a file; "}},
		{"token beside login", good + "login: [{request: POST /login, take: {access: $.a}}]", []string{"r.yaml:1: token: stands beside login"}},
		{"supplied token with logout", good + "logout: {request: POST /logout}", []string{"r.yaml:1: token: a supplied token is never refreshed or revoked"}},
		{"login takes nothing", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{request: POST /login}]", []string{"r.yaml:3: login: no step takes access"}},
		{"request without method", good + "limits: {}\nlogs:\n  - {file: a}\nprotected2: 1", []string{"r.yaml:7: protected2: unknown field"}},
		{"a bad request", "target: http://127.0.0.1:1\ntoken: file:t\nprotected: {request: /me}", []string{"r.yaml:3: protected.request: not a method and a path"}},
		{"two bodies", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{request: POST /l, json: {}, form: {}, take: {access: $.a}}]", []string{"r.yaml:3: login[0].form: stands beside json"}},
		{"a bad place", "target: http://127.0.0.1:1\nprotected: {request: GET /, proof: id}\ntoken: file:t", []string{"r.yaml:2: protected.proof: not a place: "}},
		{"a bad path", "target: http://127.0.0.1:1\nprotected: {request: GET /, proof: \"$.a[b]\"}\ntoken: file:t", []string{"r.yaml:2: protected.proof: not a path such as "}},
		{"a bad expression", good + "logs: [{file: a, join: '('}]", []string{"r.yaml:4: logs[0].join: not a regular expression"}},
		{"a bad duration", good + "logs: [{file: a, flush: soon}]", []string{"r.yaml:4: logs[0].flush: not a duration"}},
		{"a bad format", good + "logs: [{file: a, format: xml}]", []string{"r.yaml:4: logs[0].format: not one of auto, "}},
		{"a log without file", good + "logs: [{id: a}]", []string{"r.yaml:4: logs[0].file: missing"}},
		{"two places", good + "logs: [{file: a, cmd: b}]", []string{"r.yaml:4: logs[0].file: stands beside cmd; a log is one of them"}},
		{"a level that is none", good + "logs: [{file: a, level: {20: loud}}]", []string{"r.yaml:4: logs[0].level.20: not one of trace, debug, "}},
		{"fewer than no passwords", good + "limits: {brute: -1}", []string{"r.yaml:4: limits.brute: not a whole number of at least 0"}},
		{"a password change without login", good + "password_change: {request: POST /password}", []string{"r.yaml:1: password_change: needs login"}},
		{"a refusal that is none", good + "forbidden: {request: GET /admin, status: 200}", []string{"r.yaml:4: forbidden.status: not a whole number of at least 400"}},
		{"a cursor in a file", good + "logs: [{file: a, cursor: $.id}]", []string{"r.yaml:4: logs[0].cursor: belongs to cmd"}},
		{"minted tokens without key", "target: http://127.0.0.1:1\nmint: {alg: HS256}\nprotected: {request: GET /}", []string{"r.yaml:2: mint.secret: missing; HS256 signs with one"}},
		{"minted tokens of the wrong key", "target: http://127.0.0.1:1\nmint: {alg: RS256, secret: abc, lifetime: 1ms}\nprotected: {request: GET /}", []string{"r.yaml:2: mint.pem: missing; RS256 signs with a private key", "r.yaml:2: mint.lifetime: less than a second"}},
		{"minted tokens of no algorithm", "target: http://127.0.0.1:1\nmint: {alg: none, claims: []}\nprotected: {request: GET /}", []string{"r.yaml:2: mint.alg: not one of HS256, ", "r.yaml:2: mint.claims: not a mapping"}},
		{"mint beside token", good + "mint: {alg: HS256, secret: abc}", []string{"r.yaml:1: mint: stands beside login or token"}},
		{"mint with logout", "target: http://127.0.0.1:1\nmint: {alg: HS256, secret: abc}\nlogout: {request: POST /logout}\nprotected: {request: GET /}", []string{"r.yaml:1: mint: a supplied token is never "}},
		{"a certificate without key", good + "tls: {cert: a.pem}", []string{"r.yaml:4: tls: cert and key belong together"}},
		{"no routes", "target: http://127.0.0.1:1\ntoken: file:token\nprotected: []", []string{"r.yaml:3: protected: an empty list"}},
		{"a bad route further down", "target: http://127.0.0.1:1\ntoken: file:token\nprotected:\n  - request: GET /\n  - request: /b", []string{"r.yaml:5: protected[1].request: not a method and a path"}},
		{"oauth of nothing", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{oauth: {}}]", []string{"r.yaml:3: login[0].oauth.grant: missing", "r.yaml:3: login[0].oauth.issuer: missing", "r.yaml:3: login[0].oauth.client: missing"}},
		{"oauth without user", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{oauth: {grant: password, token: /token}}]", []string{"r.yaml:3: login[0].oauth.user: {{user}} is neither in vars nor taken by a step", "r.yaml:3: login[0].oauth.password: {{password}} is neither"}},
		{"oauth with odd fields", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{oauth: {grant: implicit, token: token, auth: digest, redirect: nowhere, inputs: {pin: a}}}]",
			[]string{"r.yaml:3: login[0].oauth.grant: not one of code, ", "r.yaml:3: login[0].oauth.token: neither a path on the target nor an address", "r.yaml:3: login[0].oauth.auth: not one of basic, ", "r.yaml:3: login[0].oauth.redirect: not an address", "r.yaml:3: login[0].oauth.inputs.pin: unknown field", "r.yaml:3: login[0].oauth.client: missing", "r.yaml:3: login[0].oauth.auth: digest, which goes with a secret"}},
		{"oauth refresh without oauth", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{request: POST /l, take: {access: $.a}}]\nrefresh: oauth\nrevoke: outh", []string{"r.yaml:5: revoke: neither a request nor the word oauth", "r.yaml:4: refresh: needs a login with oauth", "r.yaml:5: revoke: needs a login with oauth"}},
		{"oauth refresh of a client", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{oauth: {grant: client, client: a, token: /t}}]\nrefresh: oauth", []string{"r.yaml:4: refresh: the grant client gives no refresh token"}},
		{"too many redirects", "target: http://127.0.0.1:1\nprotected: {request: GET /, follow: 1}\nlogin: [{request: POST /l, follow: 11, take: {access: $.a}}]", []string{"r.yaml:2: protected.follow: not supported yet; a redirect is a refusal", "r.yaml:3: login[0].follow: more than 10 redirects"}},
		{"two documents", good + "---\n" + good, []string{"r.yaml:4: a second document; "}},
		{"a reference", good + "vars: {a: &a alice, b: *a}", []string{"r.yaml:4: *a: a reference; write the value itself"}},
		{"a reference to itself", good + "vars: &v {a: *v}", []string{"r.yaml:4: *v: a reference; "}},
		{"an unknown name", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{request: POST /l, json: {u: ['{{usr}}', '{{access}}']}, take: {access: $.a}}]", []string{"r.yaml:3: login[0].json.u[0]: {{usr}} is neither in vars nor taken by a step"}},
		{"a member of a body twice", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{request: POST /l, json: {u: a, u: b}, take: {access: $.a}}]", []string{"r.yaml:3: login[0].json.u: stated twice"}},
		{"a place twice", "target: http://127.0.0.1:1\nprotected: {request: GET /}\nlogin: [{request: POST /l, take: {access: $.a, access: $.b}}]", []string{"r.yaml:3: login[0].take.access: stated twice"}},
		{"a path of two lines", "target: http://127.0.0.1:1\ntoken: file:t\nprotected: {request: \"GET /a\\nb\"}", []string{"r.yaml:3: protected.request: not a method and a path"}},
		{"a header of two lines", "target: http://127.0.0.1:1\ntoken: file:t\nprotected: {request: GET /, headers: {A: \"a\\nb\"}}", []string{"r.yaml:3: protected.headers.A: more than one line"}},
		{"alerts nowhere", good + "alerts: {within: 3s}", []string{"r.yaml:4: alerts.webhook: missing"}},
		{"alerts at no port", good + "alerts: {webhook: localhost}", []string{"r.yaml:4: alerts.webhook: not host:port"}},
		{"monitor without key", good + "monitor: {url: http://127.0.0.1:7460}", []string{"r.yaml:4: monitor.key: missing"}},
		{"several at once", "target: x\nprotected: {request: GET /, ok: 20}\ntoken: file:t\nlimits: {burst: 0}",
			[]string{"r.yaml:1: target: ", "r.yaml:2: protected.ok: not a whole number of at least 100", "r.yaml:4: limits.burst: not a whole number of at least 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("r.yaml", []byte(tt.text), testEnv)
			if err == nil {
				t.Fatal("accepted")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("errors\n%v\nwant %d", err, len(tt.want))
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("error %q, want %q", lines[i], want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "eyJ") {
				t.Errorf("an error repeats a secret: %v", err)
			}
		})
	}
}

// TestParse reads a recipe that says everything that it can say.
func TestParse(t *testing.T) {
	r, err := Parse("dir/r.yaml", []byte(`
target: https://127.0.0.1:8443/api/
tls: {insecure: true}
vars: {user: "${USER}", password: "${PASSWORD}"}
login:
  - {request: GET /csrf, take: {csrf: 'header:X-Csrf:token=(\w+)', sid: cookie:sid}}
  - request: POST /login
    form: {u: "{{user}}", p: "{{password}}", c: "{{csrf}}"}
    headers: {X-Csrf: "{{csrf}}"}
    cookies: {seen: "1"}
    take: {access: '$.data["the token"][0].value', refresh: cookie:rt}
carrier: "header X-Auth: {t}"
protected: {request: POST /me, json: {deep: [1, {a: "{{user}}"}]}, ok: 202, proof: 'body:id=(\d+)', headers: {Accept: text/plain}}
refresh: {request: POST /refresh, cookies: {rt: "{{refresh}}"}, take: {access: $.t, refresh: cookie:rt}, grace: 10s}
logout: {request: POST /logout}
revoke: {request: POST /revoke, form: {token: "{{refresh}}"}}
keys: {secret: "${SECRET}", public: /key.pem}
claims: {subject: uid, session: sid, aud: shop}
logs:
  - {id: app, file: run/app.log, format: logfmt, join: '^\s', flush: 1s}
alerts: {webhook: "127.0.0.1:9000", within: 3s}
monitor: {url: "http://127.0.0.1:7460/", key: "${SECRET}"}
limits: {rps: 2.5, burst: 30, refreshes: 5, logins_per_minute: 3, timeout: 2s}
`), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want any }{
		{r.Target.String(), "https://127.0.0.1:8443/api"},
		{r.Dir, "dir"},
		{r.file("a.log"), "dir/a.log"},
		{r.Vars["password"], "a-long-Password-1"},
		{len(r.Login), 2},
		{r.Login[0].Take["csrf"].from(map[string][]string{"X-Csrf": {"token=abc; x"}}, nil), "abc"},
		{r.Login[1].Take["access"].from(nil, []byte(`{"data":{"the token":[{"value":"T"}]}}`)), "T"},
		{r.Login[1].Take["refresh"].from(map[string][]string{"Set-Cookie": {"rt=R; HttpOnly"}}, nil), "R"},
		{r.Carrier, Carrier{kind: "header", name: "X-Auth"}},
		{r.Protected.OK, 202},
		{r.Protected.Proof.from(nil, []byte("id=77;")), "77"},
		{r.Refresh.Grace, 10 * time.Second},
		{r.Logs[0].Flush, time.Second},
		{r.Alerts.Within, 3 * time.Second},
		{r.Monitor.URL, "http://127.0.0.1:7460"},
		{r.Limits, Limits{RPS: 2.5, Burst: 30, Refreshes: 5, LoginsPerMinute: 3, Timeout: 2 * time.Second, Brute: 20, loginsNamed: true}},
		{strings.Join(r.secrets, " "), "a-long-Password-1 0123456789abcdef0123456789abcdef 0123456789abcdef0123456789abcdef"},
	} {
		if c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	req := newRequest(r.Protected.Step, func(s string) string { return strings.ReplaceAll(s, "{{user}}", "alice") })
	h, err := req.build(t.Context(), r.Target)
	if err != nil {
		t.Fatal(err)
	}
	if h.URL.Path != "/api/me" || h.ContentLength == 0 || h.Header.Get("Accept") != "text/plain" {
		t.Errorf("request %s, %d bytes, %v", h.URL.Path, h.ContentLength, h.Header)
	}
}

// TestCarriers puts a token into every place that a recipe can name.
func TestCarriers(t *testing.T) {
	u, err := parseTarget("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ carrier, where, want string }{
		{"header Authorization: Bearer {t}", "Authorization", "Bearer T"},
		{"header X-Token: {t}", "X-Token", "T"},
		{"cookie jwt", "Cookie", "jwt=T"},
		{"json token", "body", `{"a":1,"token":"T"}`},
		{"form token", "body", "token=T"},
		{"query token", "query", "T"},
	} {
		c, err := parseCarrier(tt.carrier)
		if err != nil {
			t.Fatal(err)
		}
		s := Step{Method: "POST", Path: "/x"}
		if c.kind == "json" {
			s.JSON = map[string]any{"a": 1}
		}
		req := newRequest(s, func(s string) string { return s })
		c.put(req, "T")
		h, err := req.build(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		got := h.Header.Get(tt.where)
		switch tt.where {
		case "body":
			b := make([]byte, h.ContentLength)
			h.Body.Read(b)
			got = string(b)
		case "query":
			got = h.URL.Query().Get("token")
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.carrier, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("target: http://127.0.0.1:1\ntoken: file:token\nprotected: {request: GET /me, proof: $.a[0]}\n")
	f.Add("target: &a [*a]\nlogin: *a")
	f.Add("a: {b: [c, {d: e}]}\n---\n")
	f.Add("target: http://127.0.0.1:1\nlogin: [{oauth: {grant: code, issuer: /, client: a, user: u, password: p, params: {a: b}, inputs: {user: c}}}]\nrefresh: oauth\nrevoke: oauth\nprotected: [{request: GET /me}, {request: GET /you}]\n")
	f.Add("target: http://127.0.0.1:1\nmint: {alg: HS256, secret: abc, header: {kid: [1, {a: b}]}, claims: {sub: 1}, lifetime: 1s, one_time: true}\nprotected: {request: GET http://127.0.0.1:2/me}\ntls: {cert: a, key: b}\n")
	f.Add("target: http://127.0.0.1:1\nlogin: [{request: GET /, follow: 3, take: {a: 'input:b', access: 'location:c'}}]\nprotected: {request: GET /me}\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse("r.yaml", []byte(text), testEnv)
		if (r == nil) == (err == nil) {
			t.Fatal("neither a recipe nor an error, or both")
		}
		if err == nil {
			if err := WritePlan(io.Discard, r); err != nil {
				t.Error(err)
			}
			r.hosts()
			if r.Mint != nil && r.Mint.PEM == "" {
				r.Mint.token(r, time.Now())
			}
			return
		}
		for line := range strings.Lines(err.Error()) {
			if !strings.HasPrefix(line, "r.yaml:") && !strings.Contains(err.Error(), "\n") {
				t.Errorf("error without a place: %q", line)
			}
		}
	})
}

// Who lets go of the rate lets go of the logins too, unless the recipe names them.
func TestLoginsFollowTheRate(t *testing.T) {
	for _, tt := range []struct {
		limits string
		rate   float64
		want   int
	}{
		{"", 10, 8},
		{"", 0, 0},
		{"limits: {rps: 0}", 0, 0},
		{"limits: {logins_per_minute: 3}", 0, 3},
		{"limits: {logins_per_minute: 0}", 10, 0},
	} {
		r, err := Parse("r.yaml", []byte("target: http://127.0.0.1:1\ntoken: \"file:token\"\nprotected: {request: GET /}\n"+tt.limits), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.SetRate(tt.rate); err != nil {
			t.Fatal(err)
		}
		if got := r.Limits.logins(); got != tt.want {
			t.Errorf("%q at rate %g: %d logins a minute, want %d", tt.limits, tt.rate, got, tt.want)
		}
	}
}
