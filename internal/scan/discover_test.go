package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const documentV3 = `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"https://prod.example.test/base"}],
"security":[{"key":[]}],
"components":{"securitySchemes":{"key":{"type":"apiKey","in":"header","name":"X-Door-Token"}},
 "schemas":{"Credentials":{"type":"object","properties":{"mailAddress":{"type":"string"},"login":{"type":"string"},"passwd":{"type":"string"}}}}},
"paths":{
 "/v9/door/sign-in":{"post":{"operationId":"openDoor","tags":["login"],"security":[],"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Credentials"}}}},"responses":{"200":{"description":"ok"}}}},
 "/v9/door/renewal":{"post":{"operationId":"renewToken","requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"refreshTicket":{"type":"string"}}}}}},"responses":{"200":{"description":"ok"}}}},
 "/v9/door":{"delete":{"operationId":"logout","responses":{"204":{"description":"ok"}}}},
 "/v9/door/password-reset":{"post":{"operationId":"resetPassword","tags":["auth"],"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Credentials"}}}},"responses":{"200":{"description":"ok"}}}},
 "/v9/logout-now":{"get":{"operationId":"logoutByGet","responses":{"204":{"description":"ok"}}}},
 "/v9/things/{id}":{"get":{"operationId":"thing","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"integer","example":7}}],"security":[{"key":[]}],"responses":{"200":{"description":"ok"}}}},
 "/v9/others/{id}":{"get":{"operationId":"other","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"integer"}}],"responses":{"200":{"description":"ok"}}}},
 "/v9/health":{"get":{"operationId":"health","security":[],"responses":{"200":{"description":"ok"}}}}}}`

const documentV2 = `
swagger: "2.0"
info: {title: t, version: "1"}
basePath: /base
securityDefinitions: {key: {type: apiKey, in: header, name: X-Door-Token}}
security: [{key: []}]
paths:
  /v9/door/sign-in:
    post:
      operationId: login
      consumes: [application/json]
      parameters: [{name: body, in: body, schema: {type: object, properties: {login: {type: string}, passwd: {type: string}}}}]
      responses: {"200": {description: ok}}
  /v9/door/renewal:
    post:
      operationId: refresh
      consumes: [application/json]
      parameters: [{name: body, in: body, schema: {type: object, properties: {refreshTicket: {type: string}}}}]
      responses: {"200": {description: ok}}
  /v9/door: {delete: {operationId: logout, responses: {"204": {description: ok}}}}
  /v9/things/{id}:
    get:
      operationId: thing
      parameters: [{name: id, in: path, required: true, type: integer, default: 7}]
      responses: {"200": {description: ok}}
`

// describedDoor is a service that nobody would guess, and that has a document.
func describedDoor(document, kind string) *door {
	d := newDoor()
	d.HandleFunc("GET /v3/api-docs", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		fmt.Fprint(w, document)
	})
	give := func(w http.ResponseWriter) {
		access, refresh := d.issue()
		fmt.Fprintf(w, `{"data":{"attributes":{"accessToken":%q},"refreshTicket":%q,"csrfToken":"0123456789abcdef0123"}}`, access, refresh)
	}
	d.HandleFunc("POST /base/v9/door/sign-in", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Login, Passwd string }
		if json.NewDecoder(r.Body).Decode(&in); in.Login != "alice" || in.Passwd != testPassword {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		give(w)
	})
	d.HandleFunc("POST /base/v9/door/renewal", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ RefreshTicket string }
		json.NewDecoder(r.Body).Decode(&in)
		d.mu.Lock()
		ok := d.next[in.RefreshTicket]
		delete(d.next, in.RefreshTicket)
		d.mu.Unlock()
		if !ok {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		give(w)
	})
	d.HandleFunc("GET /base/v9/things/7", func(w http.ResponseWriter, r *http.Request) { d.open(w, r.Header.Get("X-Door-Token")) })
	return d
}

// TestDiscover finds the way into services that nobody described, or that
// describe themselves, and never ends a session on the way.
func TestDiscover(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		door func() *door
		want []string // lines of the recipe
		not  []string
	}{
		{"JSON at a usual path", func() *door {
			d := newDoor()
			d.HandleFunc("POST /api/auth/login", func(w http.ResponseWriter, r *http.Request) {
				var in struct{ Email, Password string }
				in.Email = "-"
				if json.NewDecoder(r.Body).Decode(&in); in.Email != "alice" || in.Password != testPassword {
					w.WriteHeader(http.StatusUnprocessableEntity)
					fmt.Fprint(w, `{"errors":["email is required","password is required"]}`)
					return
				}
				access, _ := d.issue()
				fmt.Fprintf(w, `{"user":{"token":%q},"csrf_token":"aaaaaaaaaaaaaaaaaaaaaaa"}`, access)
			})
			d.HandleFunc("POST /api/auth/logout", func(http.ResponseWriter, *http.Request) {})
			return d
		}, []string{"logout:\n  request: \"POST /api/auth/logout\"", `request: "POST /api/auth/login"`, `json: {email: "{{user}}", password: "{{password}}"}`, `take: {access: "$.user.token"}`, `protected: {request: "GET /me", ok: 200, proof: "$.id"}`}, []string{"\nrefresh:\n"}},
		{"a form of a page, and a cookie", func() *door {
			d := emptyDoor()
			d.HandleFunc("GET /signin", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, `<form method=post action="/do"><input name=who><input type=password name=pw><input type=hidden name=_token value=t5></form>`)
			})
			d.HandleFunc("POST /do", func(w http.ResponseWriter, r *http.Request) {
				if r.FormValue("_token") != "t5" || r.FormValue("who") != "alice" || r.FormValue("pw") != testPassword {
					http.Redirect(w, r, "/signin?error", http.StatusFound)
					return
				}
				access, _ := d.issue()
				http.SetCookie(w, &http.Cookie{Name: "app_session", Value: "deadbeef"})
				http.SetCookie(w, &http.Cookie{Name: "auth_token", Value: access})
				http.Redirect(w, r, "/home", http.StatusFound)
			})
			d.HandleFunc("GET /profile", func(w http.ResponseWriter, r *http.Request) {
				c, err := r.Cookie("auth_token")
				if err != nil {
					http.Redirect(w, r, "/signin", http.StatusFound)
					return
				}
				d.open(w, c.Value)
			})
			return d
		}, []string{`take: {hidden1: "input:_token"}`, `form: {who: "{{user}}", pw: "{{password}}", _token: "{{hidden1}}"}`, `take: {access: "cookie:auth_token"}`, `carrier: "cookie auth_token"`, `{request: "GET /profile", ok: 200, proof: "$.id"}`}, nil},
		{"a form alone, token in a header, carried without scheme", func() *door {
			d := emptyDoor()
			d.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
					http.Error(w, "a form, please", http.StatusUnsupportedMediaType)
					return
				}
				if r.FormValue("user") != "alice" || r.FormValue("password") != testPassword {
					http.Error(w, "no", http.StatusUnauthorized)
					return
				}
				access, _ := d.issue()
				w.Header().Set("X-Auth-Token", access)
			})
			d.HandleFunc("GET /account", func(w http.ResponseWriter, r *http.Request) { d.open(w, r.Header.Get("X-Auth-Token")) })
			return d
		}, []string{`form: {user: "{{user}}", password: "{{password}}"}`, `take: {access: "header:X-Auth-Token"}`, `carrier: "header X-Auth-Token: {t}"`, `"GET /account"`}, nil},
		{"OpenAPI 3.0", func() *door { return describedDoor(documentV3, "application/json") }, []string{
			`"POST /base/v9/door/sign-in"`, `json: {login: "{{user}}", passwd: "{{password}}"}`, `take: {access: "$.data.attributes.accessToken", refresh: "$.data.refreshTicket"}`,
			`carrier: "header X-Door-Token: {t}"`, `"GET /base/v9/things/7"`, `"POST /base/v9/door/renewal"`, `json: {refreshTicket: "{{refresh}}"}`,
			`"DELETE /base/v9/door"`, `headers: {X-Door-Token: "{{access}}"}`}, nil},
		{"OpenAPI 3.1", func() *door {
			return describedDoor(strings.Replace(strings.Replace(documentV3, "3.0.3", "3.1.0", 1), `"type":"string"`, `"type":["string","null"]`, 1), "application/vnd.oai.openapi+json")
		}, []string{`"POST /base/v9/door/sign-in"`, `"GET /base/v9/things/7"`, `"POST /base/v9/door/renewal"`}, nil},
		{"Swagger 2 in YAML", func() *door { return describedDoor(documentV2, "application/yaml") }, []string{
			`"POST /base/v9/door/sign-in"`, `"GET /base/v9/things/7"`, `"POST /base/v9/door/renewal"`, `"DELETE /base/v9/door"`}, nil},
		{"a page for everything", func() *door {
			d := newDoor()
			d.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, `<html><a href="/api/me">me</a> "keys":[{"kty":"RSA"}] {"openapi":"3.0.0"}</html>`)
			})
			d.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
				var in map[string]string
				if json.NewDecoder(r.Body).Decode(&in); in["username"] != "alice" || in["password"] != testPassword {
					http.Error(w, `{"message":"bad credentials"}`, http.StatusUnauthorized)
					return
				}
				access, _ := d.issue()
				fmt.Fprintf(w, `{"jwt":%q}`, access)
			})
			d.HandleFunc("GET /api/me", func(w http.ResponseWriter, r *http.Request) {
				d.open(w, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
			})
			return d
		}, []string{`json: {username: "{{user}}", password: "{{password}}"}`, `take: {access: "$.jwt"}`}, []string{"jwks:"}},
		{"a JSON error with 200 for everything", func() *door {
			d := newDoor()
			d.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"error","token_type":"none"}`) })
			return d
		}, []string{"# login:", "# protected:"}, []string{"jwks:"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := tt.door()
			found, err := Discover(t.Context(), d.serve(t), Hints{User: "alice", Password: testPassword, PasswordEnv: "PASSWORD", Rate: -1})
			if err != nil {
				t.Fatal(err)
			}
			text := string(found.Text)
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("the recipe lacks %s", want)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(text, not) {
					t.Errorf("the recipe has %s", not)
				}
			}
			if found.Requests > maxDiscovery || found.Requests != len(d.seen) {
				t.Errorf("%d requests, %d arrived, at most %d", found.Requests, len(d.seen), maxDiscovery)
			}
			for _, r := range d.seen {
				if strings.HasPrefix(r, "DELETE") || strings.Contains(r, "logout") && !strings.HasPrefix(r, "OPTIONS") || strings.Contains(r, "reset") {
					t.Errorf("%s was sent", r)
				}
			}
			checkDiscovery(t, d, found)
			if t.Failed() {
				t.Logf("%s\nfound %q\nmissing %q", text, found.Found, found.Missing)
			}
			if !found.Complete() {
				return
			}
			recipe, err := found.Recipe("r.yaml", func(string) (string, bool) { return testPassword, true })
			if err != nil {
				t.Fatal(err)
			}
			recipe.Limits = Limits{Burst: 10, Refreshes: 4, Timeout: defaultLimits.Timeout}
			report, err := Run(t.Context(), recipe, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if v := verdicts(report); v["missing"] != "" {
				t.Errorf("missing: %s, %s", v["missing"], why(report, "missing"))
			}
		})
	}
}

// checkDiscovery holds that nothing of what the scan knows leaves it.
func checkDiscovery(t *testing.T, d *door, found *Discovery) {
	t.Helper()
	all := string(found.Text) + strings.Join(found.Found, "\n") + strings.Join(found.Missing, "\n")
	for token := range d.live {
		if strings.Contains(all, token) {
			t.Error("a token is written down")
		}
	}
	if strings.Contains(all, testPassword) {
		t.Error("the password is written down")
	}
}

// TestDiscoverRespectsLimits counts what is tried with a password that is wrong,
// or against a service that defends itself.
func TestDiscoverRespectsLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(attempt int, w http.ResponseWriter)
		most   int
		want   string
	}{
		{"wrong", func(n int, w http.ResponseWriter) { http.Error(w, "no", http.StatusUnauthorized) }, maxAttempts, "login: none of the usual shapes"},
		{"limited", func(n int, w http.ResponseWriter) {
			http.Error(w, "later", map[bool]int{true: http.StatusUnauthorized, false: http.StatusTooManyRequests}[n < 2])
		}, 2, "login: a limiter or a lock answered after 2 attempts"},
		{"locked", func(n int, w http.ResponseWriter) { http.Error(w, "locked", http.StatusLocked) }, 1, "login: a limiter or a lock answered after 1 attempts"},
		{"told apart", func(n int, w http.ResponseWriter) {
			http.Error(w, fmt.Sprint("wrong password for alice ", n), http.StatusUnauthorized)
		}, 2, "login: it refuses this user and password"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, attempts := newDoor(), 0
			for _, path := range []string{"/login", "/auth/login", "/session", "/token"} {
				d.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
					var b bytes.Buffer
					b.ReadFrom(r.Body)
					if strings.Contains(b.String(), "correct-Horse") {
						attempts++
						tt.answer(attempts, w)
						return
					}
					http.Error(w, "no", http.StatusUnauthorized)
				})
			}
			found, err := Discover(t.Context(), d.serve(t), Hints{User: "alice", Password: testPassword, PasswordEnv: "PASSWORD", Rate: -1})
			if err != nil {
				t.Fatal(err)
			}
			if attempts > tt.most || attempts == 0 {
				t.Errorf("%d attempts, want 1 to %d", attempts, tt.most)
			}
			if all := strings.Join(found.Missing, "\n"); !strings.Contains(all, tt.want) {
				t.Errorf("missing %q, want %q", all, tt.want)
			}
		})
	}
}

// TestDiscoverWithToken sends nothing but GET with a token that the user gave.
func TestDiscoverWithToken(t *testing.T) {
	t.Parallel()
	d := newDoor()
	token, _ := d.issue()
	found, err := Discover(t.Context(), d.serve(t), Hints{Token: token, TokenField: "${JOTSIGHT_TOKEN}", Rate: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range d.seen {
		if !strings.HasPrefix(r, "GET ") {
			t.Errorf("%s was sent", r)
		}
	}
	checkDiscovery(t, d, found)
	if text := string(found.Text); !found.Complete() || !strings.Contains(text, `token: "${JOTSIGHT_TOKEN}"`) || !strings.Contains(text, "GET /me") {
		t.Errorf("recipe\n%s", text)
	}
}

// TestDiscoverTrustsNobody holds that no document and no metadata makes the scan
// send anything elsewhere, read a file, or put a variable into a recipe.
func TestDiscoverTrustsNobody(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent elsewhere", r.Method, r.URL.Path)
	}))
	defer elsewhere.Close()
	for name, document := range map[string]string{
		"variables": `{"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{
			"/x/${SECRET}":{"get":{"operationId":"me","responses":{"200":{"description":"ok"}}}},
			"/y/{{password}}":{"get":{"operationId":"me","responses":{"200":{"description":"ok"}}}},
			"/login\"]":{"post":{"operationId":"login","requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"password":{},"user":{}}}}}},"responses":{"200":{"description":"ok"}}}},
			"/login":{"post":{"operationId":"login","requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"password":{},"us${SECRET}er":{},"user\nname":{}}}}}},"responses":{"200":{"description":"ok"}}}}}}`,
		"references": `{"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{"/a":{"$ref":"` + elsewhere.URL + `/a.json"},"/b":{"get":{"parameters":[{"$ref":"/etc/passwd"}],"responses":{"200":{"description":"ok"}}}}}}`,
		"servers":    `{"openapi":"3.0.0","info":{"title":"t","version":"1"},"servers":[{"url":"` + elsewhere.URL + `"}],"paths":{"/a":{"get":{"operationId":"me","responses":{"200":{"description":"ok"}}}}}}`,
		"a bomb":     "openapi: 3.0.0\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f]\npaths: {}\n",
	} {
		d := newDoor()
		d.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, document) })
		d.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"issuer":"x","token_endpoint":"%[1]s/token","jwks_uri":"%[1]s/keys","userinfo_endpoint":"%[1]s/me","revocation_endpoint":"%[1]s/revoke","grant_types_supported":["password"]}`, elsewhere.URL)
		})
		d.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
			access, refresh := d.issue()
			fmt.Fprintf(w, `{"access_token":%q,"refresh_token":%q,"a${SECRET}token":"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."}`, access, refresh)
		})
		found, err := Discover(t.Context(), d.serve(t), Hints{User: "alice", Password: testPassword, PasswordEnv: "PASSWORD", Rate: -1})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(found.Text), "SECRET}") && !strings.Contains(string(found.Text), "# keys: {secret: \"${JWT_SECRET}\"}") || strings.Contains(string(found.Text), "${SECRET}") {
			t.Errorf("%s: a variable is in the recipe\n%s", name, found.Text)
		}
		checkDiscovery(t, d, found)
		if found.Complete() {
			if _, err := found.Recipe("r.yaml", func(name string) (string, bool) {
				if name != "PASSWORD" {
					t.Errorf("the recipe asks for %s", name)
				}
				return testPassword, true
			}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, h := range []Hints{{}, {OpenAPI: "http://192.0.2.1/openapi.json"}} {
		target := "http://192.0.2.1/"
		if h.OpenAPI != "" {
			target = newDoor().serve(t)
		}
		if _, err := Discover(t.Context(), target, h); !errors.Is(err, ErrNotAuthorized) {
			t.Errorf("%s: error %v, want ErrNotAuthorized", target, err)
		}
	}
}

// TestDiscoverNamesTheLine anchors the steps of a scan in the document that the
// user gave.
func TestDiscoverNamesTheLine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "api.yaml")
	if err := os.WriteFile(file, []byte(documentV2), 0o600); err != nil {
		t.Fatal(err)
	}
	d := describedDoor("", "text/plain")
	found, err := Discover(t.Context(), d.serve(t), Hints{User: "alice", Password: testPassword, PasswordEnv: "PASSWORD", OpenAPI: file, Rate: -1})
	if err != nil {
		t.Fatal(err)
	}
	r, err := found.Recipe("r.yaml", func(string) (string, bool) { return testPassword, true })
	if err != nil {
		t.Fatal(err)
	}
	if r.Protected.File != file || r.Protected.Line != 22 || r.Login[0].Line != 9 {
		t.Errorf("protected %s:%d, login :%d, want :22 and :9", r.Protected.File, r.Protected.Line, r.Login[0].Line)
	}
	if _, err := Discover(t.Context(), d.serve(t), Hints{OpenAPI: file + ".none", Rate: -1}); err == nil || !strings.Contains(err.Error(), "api.yaml.none: no such file") {
		t.Errorf("error %v", err)
	}
}

func FuzzOpenAPI(f *testing.F) {
	f.Add([]byte(documentV3))
	f.Add([]byte(documentV2))
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"/a":{"get":{"parameters":[null],"responses":null}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := parseOpenAPI(text)
		if (a == nil) == (err == nil) {
			t.Fatal("neither a document nor an error, or both")
		}
		if a == nil {
			return
		}
		for _, o := range append(a.logins(), a.readable()...) {
			if !plainPath(o.path) || strings.ContainsAny(o.path, "{}$\"\n") {
				t.Errorf("path %q", o.path)
			}
			for _, field := range o.fields {
				if strings.ContainsAny(field, "{}$\"\n ") {
					t.Errorf("field %q", field)
				}
			}
		}
	})
}

// FuzzRecognise holds that every place that is recognised can be written into a
// recipe, and finds the same token again.
func FuzzRecognise(f *testing.F) {
	f.Add(`{"a":{"access_token":"0123456789abcdef"},"x.y":{"token":"eyJhbGciOiJub25lIn0.eyJ0eXAiOiJyZWZyZXNoIn0."}}`, "sid=0123456789abcdef; Path=/")
	f.Add(`<form method=post><input name=a type=password><meta name=b content=c>`, "")
	f.Fuzz(func(t *testing.T, body, cookie string) {
		res := &response{status: 200, header: http.Header{"Set-Cookie": {cookie}, "X-Auth-Token": {cookie}}, body: []byte(body)}
		for _, s := range tokensIn(res) {
			e, err := parseExtract(s.place)
			if err != nil {
				t.Fatalf("place %q: %v", s.place, err)
			}
			if got := e.from(res.header, res.body); got != s.value {
				t.Errorf("place %q holds %q, not %q", s.place, got, s.value)
			}
			if strings.Contains(s.place, "${") || strings.Contains(s.place, "{{") {
				t.Errorf("place %q", s.place)
			}
		}
		for _, f := range forms(res.body) {
			f.values()
		}
	})
}
