package scan

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"html"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
)

// A door is a service whose resource opens to the tokens that it gave out,
// however it gives them out.
type door struct {
	*http.ServeMux
	mu   sync.Mutex
	live map[string]bool   // access tokens
	next map[string]bool   // refresh tokens
	kin  map[string]string // of each token, used ones too: its family
	seen []string          // requests, as method and path
}

func emptyDoor() *door {
	return &door{ServeMux: http.NewServeMux(), live: map[string]bool{}, next: map[string]bool{}, kin: map[string]string{}}
}

func newDoor() *door {
	d := emptyDoor()
	d.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		d.open(w, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	})
	return d
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.seen = append(d.seen, r.Method+" "+r.URL.Path)
	d.mu.Unlock()
	d.ServeMux.ServeHTTP(w, r)
}

func (d *door) open(w http.ResponseWriter, token string) {
	d.mu.Lock()
	ok := d.live[token]
	d.mu.Unlock()
	if !ok {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	fmt.Fprint(w, `{"id":"alice","mail":"alice@example.test"}`)
}

// issue gives a pair of opaque tokens, the first of a family.
func (d *door) issue() (access, refresh string) { return d.issueTo(rand.Text()) }

func (d *door) issueTo(family string) (access, refresh string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	access, refresh = "access-"+rand.Text(), "refresh-"+rand.Text()
	d.live[access], d.next[refresh] = true, true
	d.kin[access], d.kin[refresh] = family, family
	return access, refresh
}

// end ends the family of a token.
func (d *door) end(token string) {
	for t, f := range d.kin {
		if f == d.kin[token] {
			delete(d.live, t)
			delete(d.next, t)
		}
	}
}

func (d *door) serve(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(d)
	t.Cleanup(srv.Close)
	return srv.URL
}

// scanDoor scans with a recipe, and holds that nothing that a door is sound in
// is found, that the plan covers what was sent, and that no report holds a token.
func scanDoor(t *testing.T, d *door, recipe string, env map[string]string) *finding.Report {
	t.Helper()
	r, err := Parse("r.yaml", []byte(recipe+"limits: {rps: 0, burst: 20, refreshes: 5, logins_per_minute: 0}\n"), func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, most := report.Stats.Requests, PlanOf(r).Requests(); got > most {
		t.Errorf("%d requests were sent, and the plan says at most %d", got, most)
	}
	out, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for token := range d.live {
		if strings.Contains(string(out), token) {
			t.Error("the report holds a token")
		}
	}
	for _, v := range env {
		if strings.Contains(string(out), v) {
			t.Error("the report holds a secret of the recipe")
		}
	}
	for _, f := range report.Findings {
		if f.Severity.String() == "critical" || f.Severity.String() == "high" && !strings.HasSuffix(string(f.ID), "-rate-limit") {
			t.Errorf("%s: %s %v", f.ID, f.Message, f.Evidence)
		}
	}
	return report
}

// TestLoginInSteps logs in as a browser does: a page with a token against
// cross-site requests, a form, redirects, and a ticket that is exchanged.
func TestLoginInSteps(t *testing.T) {
	t.Parallel()
	d := newDoor()
	d.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "pre", Value: "p-1"})
		fmt.Fprint(w, `<html><meta name="other" content="x"><form method=post><input type=hidden name=csrf value="a&amp;b"><input name=user><input type=password name=pw></form>`)
	})
	d.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("pre")
		if err != nil || c.Value != "p-1" || r.FormValue("csrf") != "a&b" || r.FormValue("user") != "alice" || r.FormValue("pw") != testPassword {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "s-" + rand.Text()})
		http.Redirect(w, r, "/hop?x=1", http.StatusFound)
	})
	d.HandleFunc("GET /hop", func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("sid"); err != nil {
			http.Error(w, "no session", http.StatusForbidden)
			return
		}
		w.Header().Set("X-Page", "page=42;")
		http.Redirect(w, r, "/app#ticket=t%2F7", http.StatusSeeOther)
	})
	d.HandleFunc("POST /exchange", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Ticket, Page string }
		json.NewDecoder(r.Body).Decode(&in)
		if in.Ticket != "t/7" || in.Page != "42" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		access, _ := d.issue()
		fmt.Fprintf(w, "token: <%s>", access)
	})
	report := scanDoor(t, d, `
target: `+d.serve(t)+`
vars: {user: alice, password: "${PASSWORD}"}
login:
  - {request: GET /login, take: {csrf: "input:csrf"}}
  - {request: POST /login, follow: 1, form: {csrf: "{{csrf}}", user: "{{user}}", pw: "{{password}}"}, take: {ticket: "location:ticket", page: 'header:X-Page:page=(\d+)'}}
  - {request: POST /exchange, json: {ticket: "{{ticket}}", page: "{{page}}"}, take: {access: "body:<(.+)>"}}
protected: {request: GET /me, proof: $.id}
`, map[string]string{"PASSWORD": testPassword})
	if v := verdicts(report); v["missing"] != "" {
		t.Errorf("missing: %s", v["missing"])
	}
}

// A server of authorization, as RFC 6749 and RFC 7636 have it: exact redirect
// URI, state, PKCE with S256, a code that works once, rotation, revocation.
type authServer struct {
	*door
	url      string
	codes    map[string]url.Values // code: the request that it answers
	postBack bool                  // response_mode=form_post, without being asked
	consent  bool
}

func newAuthServer(t *testing.T) *authServer {
	t.Helper()
	s := &authServer{door: newDoor(), codes: map[string]url.Values{}}
	s.HandleFunc("GET /realm/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"revocation_endpoint":%q}`, s.url+"/realm", s.url+"/realm/auth?kept=1", s.url+"/realm/token", s.url+"/realm/revoke")
	})
	s.HandleFunc("GET /realm/auth", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("kept") != "1" || q.Get("client_id") != "app" || q.Get("redirect_uri") != "http://127.0.0.1/callback" || q.Get("code_challenge_method") != "S256" || len(q.Get("state")) < 8 || q.Get("scope") != "openid" || q.Get("audience") != "api" {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		page := `<form action="/search"><input name=q></form><form method="POST" action="sign-in?q=` + url.QueryEscape(q.Encode()) + `">
			<input type="hidden" name="csrf" value="c1"><input name="username"><input type="password" name="credential"><button name="go" value="login">Sign in</button></form>`
		fmt.Fprint(w, page)
	})
	s.HandleFunc("POST /realm/sign-in", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("csrf") != "c1" || r.PostFormValue("username") != "alice" || r.PostFormValue("credential") != testPassword || r.PostFormValue("go") != "login" {
			fmt.Fprint(w, `Wrong.<form method=post><input name=username><input type=password name=credential></form>`)
			return
		}
		if s.consent {
			fmt.Fprintf(w, `<form method=post action="/realm/consent"><input type=hidden name=q value="%s"><button name=ok value=no>Deny</button><button name=ok value=allow>Allow</button></form>`, html.EscapeString(r.URL.Query().Get("q")))
			return
		}
		s.finish(w, r, r.URL.Query().Get("q"))
	})
	s.HandleFunc("POST /realm/consent", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("ok") != "allow" {
			http.Redirect(w, r, "http://127.0.0.1/callback?error=access_denied", http.StatusFound)
			return
		}
		s.finish(w, r, r.PostFormValue("q"))
	})
	s.HandleFunc("POST /realm/token", s.token)
	s.HandleFunc("POST /realm/revoke", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.end(r.FormValue("token"))
	})
	s.url = s.serve(t)
	return s
}

func (s *authServer) finish(w http.ResponseWriter, r *http.Request, query string) {
	q, _ := url.ParseQuery(query)
	s.mu.Lock()
	code := "code-" + rand.Text()
	s.codes[code] = q
	s.mu.Unlock()
	if s.postBack {
		fmt.Fprintf(w, `<body onload="document.forms[0].submit()"><form method=post action="%s"><input type=hidden name=code value="%s"><input type=hidden name=state value="%s"></form>`, q.Get("redirect_uri"), code, q.Get("state"))
		return
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?code="+code+"&state="+q.Get("state"), http.StatusFound)
}

func (s *authServer) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(code string) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":%q}`, code)
	}
	id, secret, ok := r.BasicAuth()
	public := r.FormValue("client_id") == "app" && !ok
	if !public && (id != "app" || secret != "s3cret-of-the-client") {
		refuse("invalid_client")
		return
	}
	switch r.FormValue("grant_type") {
	case "authorization_code":
		s.mu.Lock()
		q := s.codes[r.FormValue("code")]
		delete(s.codes, r.FormValue("code"))
		s.mu.Unlock()
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if q == nil || len(r.FormValue("code_verifier")) < 43 || base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge") || r.FormValue("redirect_uri") != q.Get("redirect_uri") {
			refuse("invalid_grant")
			return
		}
	case "password":
		if r.FormValue("username") != "alice" || r.FormValue("password") != testPassword {
			refuse("invalid_grant")
			return
		}
	case "client_credentials":
		access, _ := s.issue()
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer"}`, access)
		return
	case "refresh_token":
		s.mu.Lock()
		ok := s.next[r.FormValue("refresh_token")]
		delete(s.next, r.FormValue("refresh_token"))
		family := s.kin[r.FormValue("refresh_token")]
		if !ok {
			s.end(r.FormValue("refresh_token"))
		}
		s.mu.Unlock()
		if !ok {
			refuse("invalid_grant")
			return
		}
		access, refresh := s.issueTo(family)
		fmt.Fprintf(w, `{"access_token":%q,"refresh_token":%q}`, access, refresh)
		return
	default:
		refuse("unsupported_grant_type")
		return
	}
	access, refresh := s.issue()
	fmt.Fprintf(w, `{"access_token":%q,"refresh_token":%q,"id_token":"id-token-1"}`, access, refresh)
}

// TestOAuth signs in with each grant, without a browser.
func TestOAuth(t *testing.T) {
	t.Parallel()
	const code = "{grant: code, issuer: /realm, client: app, scope: openid, params: {audience: api}"
	for _, tt := range []struct {
		name, step, extra string
		change            func(*authServer)
		elsewhere         bool // the service is another host than the authorization server
	}{
		{name: "code", step: code + "}", extra: "refresh: oauth\nrevoke: oauth\n"},
		{name: "code, confidential client", step: code + `, secret: "${SECRET}"}`, extra: "refresh: oauth\n"},
		{name: "code, form_post", step: code + "}", change: func(s *authServer) { s.postBack = true }},
		{name: "code, consent", step: code + "}", change: func(s *authServer) { s.consent = true }},
		{name: "code, endpoints by hand", step: `{grant: code, authorize: "/realm/auth?kept=1", token: /realm/token, client: app, scope: openid, params: {audience: api}}`},
		{name: "code, another host", step: strings.Replace(code, "/realm", "AUTH/realm", 1) + "}", elsewhere: true, extra: "refresh: oauth\n"},
		{name: "password", step: `{grant: password, token: /realm/token, client: app, secret: "${SECRET}"}`, extra: "refresh: oauth\n"},
		{name: "client", step: `{grant: client, token: /realm/token, client: app, secret: "${SECRET}"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newAuthServer(t)
			if tt.change != nil {
				tt.change(s)
			}
			target := s.url
			if tt.elsewhere {
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					s.open(w, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
				}))
				defer srv.Close()
				target = srv.URL
			}
			report := scanDoor(t, s.door, "target: "+target+"\nvars: {user: alice, password: \"${PASSWORD}\"}\nlogin: [{oauth: "+
				strings.ReplaceAll(tt.step, "AUTH", s.url)+"}]\nprotected: {request: GET /me, ok: 200, proof: $.id}\n"+tt.extra,
				map[string]string{"PASSWORD": testPassword, "SECRET": "s3cret-of-the-client"})
			for check, v := range verdicts(report) {
				if v == finding.Inconclusive {
					t.Errorf("%s: %s", check, why(report, check))
				}
			}
			if strings.Contains(tt.extra, "refresh") && verdicts(report)["refresh-reuse"] == finding.Skipped {
				t.Errorf("refresh-reuse: %s", why(report, "refresh-reuse"))
			}
		})
	}
}

// TestOAuthSaysWhy holds the errors of a sign-in that does not work.
func TestOAuthSaysWhy(t *testing.T) {
	t.Parallel()
	s := newAuthServer(t)
	for _, tt := range []struct{ step, want string }{
		{"{grant: code, issuer: /realm, client: app, scope: openid, params: {audience: api}, password: wrong}", "the sign-in form comes back; user or password is wrong"},
		{"{grant: code, issuer: /realm, client: other}", "/realm/auth answered 400 without redirect or sign-in form"},
		{"{grant: code, issuer: /nowhere, client: app}", "issuer /nowhere: no metadata"},
		{"{grant: password, token: /realm/token, client: app, password: wrong}", "/realm/token answered 400: invalid_grant"},
		{"{grant: client, token: /me, client: app}", "/me answered 405: no access_token in the answer"},
	} {
		r, err := Parse("r.yaml", []byte("target: "+s.url+"\nvars: {user: alice, password: \""+testPassword+"\"}\nlogin: [{oauth: "+tt.step+"}]\nprotected: {request: GET /me}\n"), testEnv)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Run(t.Context(), r, Options{})
		var u *Unusable
		if !errors.As(err, &u) || !strings.Contains(err.Error(), "login[0].oauth: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.step, err, tt.want)
		}
	}
}

// TestNothingIsSentElsewhere holds that no answer of a service makes the scan
// send anything to a host that the recipe does not name.
func TestNothingIsSentElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent elsewhere", r.Method, r.URL.Path)
	}))
	defer elsewhere.Close()
	d := newDoor()
	d.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"authorization_endpoint":"%s/auth","token_endpoint":"%[1]s/token"}`, elsewhere.URL)
	})
	d.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/login", http.StatusFound)
	})
	d.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<form method=post action="%s/x"><input type=password name=p></form>`, elsewhere.URL)
	})
	target := d.serve(t)
	for _, step := range []string{
		"oauth: {grant: code, issuer: /, client: app}",
		"oauth: {grant: password, issuer: /, client: app}",
		"oauth: {grant: code, authorize: /away, token: /token, client: app}",
		"oauth: {grant: code, authorize: /page, token: /token, client: app}",
		"request: GET /away, follow: 3, take: {access: $.t}",
	} {
		r, err := Parse("r.yaml", []byte("target: "+target+"\nvars: {user: alice, password: \""+testPassword+"\"}\nlogin: [{"+step+"}]\nprotected: {request: GET /me}\n"), testEnv)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = Run(t.Context(), r, Options{Authorized: true}); err == nil || !strings.Contains(err.Error(), "the recipe does not name this host") {
			t.Errorf("%s: error %v", step, err)
		}
	}
	r, err := Parse("r.yaml", []byte("target: "+target+"\nlogin: [{request: GET http://192.0.2.1/login, take: {access: $.t}}]\nprotected: {request: GET /me}\n"), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), r, Options{}); !errors.Is(err, ErrNotAuthorized) {
		t.Errorf("a login elsewhere: error %v, want ErrNotAuthorized", err)
	}
}

// TestMint scans a service whose clients sign their own tokens, each for one use.
func TestMint(t *testing.T) {
	t.Parallel()
	for _, weak := range []bool{false, true} {
		var mu sync.Mutex
		used := map[string]bool{}
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			parts := strings.Split(r.Header.Get("X-Signed"), ".")
			var claims struct {
				JTI, Sub string
				Exp      int64
				Scope    []string
			}
			var header struct{ Kid, Alg string }
			ok := len(parts) == 3 && decode(parts[0], &header) == nil && decode(parts[1], &claims) == nil
			if ok && !weak {
				ok = header.Alg == "HS256" && header.Kid == "k7" && segment(mac(strongSecret, parts[0]+"."+parts[1])) == parts[2]
			}
			mu.Lock()
			defer mu.Unlock()
			if !ok || used[claims.JTI] || claims.Exp < time.Now().Unix() || claims.Sub != "robot" || !slices.Contains(claims.Scope, "read") {
				http.Error(w, "no", http.StatusUnauthorized)
				return
			}
			used[claims.JTI] = true
			fmt.Fprint(w, `{"id":"robot"}`)
		}))
		defer srv.Close()
		r, err := Parse("r.yaml", []byte(`
target: `+srv.URL+`
mint: {alg: HS256, secret: "`+strongSecret+`", header: {kid: k7}, claims: {sub: robot, scope: [read]}, lifetime: 1m, one_time: true}
carrier: "header X-Signed: {t}"
protected: {request: GET /, proof: $.id}
limits: {rps: 0, burst: 20}
`), testEnv)
		if err != nil {
			t.Fatal(err)
		}
		report, err := Run(t.Context(), r, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := verdicts(report)["signature-garbled"]
		if weak && got != finding.Fail || !weak && got != "" {
			t.Errorf("weak %v: signature-garbled %q: %s", weak, got, why(report, "signature-garbled"))
		}
		if v := verdicts(report)["expired"]; v != "" {
			t.Errorf("weak %v: expired %q: %s", weak, v, why(report, "expired"))
		}
	}
}

// TestClientCertificate reaches a service that wants to see one.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "scan"}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor()
	token, _ := d.issue()
	srv := httptest.NewUnstartedServer(d)
	srv.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	srv.TLS.ClientCAs.AddCert(cert)
	srv.StartTLS()
	defer srv.Close()
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}, "cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	recipe := func(tls string) *Recipe {
		r, err := Parse(filepath.Join(dir, "r.yaml"), []byte("target: "+srv.URL+"\ntls: "+tls+"\ntoken: ${TOKEN}\nprotected: {request: GET /me, proof: $.id}\nlimits: {rps: 0, burst: 10}\n"), func(string) (string, bool) { return token, true })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if _, err := Run(t.Context(), recipe("{ca: ca.pem, cert: cert.pem, key: key.pem}"), Options{}); err != nil {
		t.Error(err)
	}
	for tls, want := range map[string]string{
		"{ca: ca.pem}": "certificate required",
		"{ca: ca.pem, cert: none.pem, key: key.pem}": "tls.cert: none.pem: ",
		"{ca: key.pem}": "tls.ca: key.pem: no certificate in it",
	} {
		if _, err := Run(t.Context(), recipe(tls), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", tls, err, want)
		}
	}
}

// TestFurtherRoutes finds the one route among many that somebody forgot.
func TestFurtherRoutes(t *testing.T) {
	t.Parallel()
	g := newTarget(t, switches{})
	forgetful := http.NewServeMux()
	forgetful.HandleFunc("GET /open", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"id":"alice"}`) })
	forgetful.HandleFunc("GET /decoded", func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.Header.Get("Authorization"), ".")
		var claims struct{ Sub string }
		if len(parts) != 3 || decode(parts[1], &claims) != nil || claims.Sub == "" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"id":%q}`, claims.Sub)
	})
	forgetful.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		u, _ := url.Parse(g.url)
		r.URL.Host, r.URL.Scheme, r.RequestURI = u.Host, u.Scheme, ""
		if r.URL.Path == "/sound" {
			r.URL.Path = "/me"
		}
		res, err := http.DefaultTransport.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		w.WriteHeader(res.StatusCode)
		var body json.RawMessage
		json.NewDecoder(res.Body).Decode(&body)
		w.Write(body)
	})
	srv := httptest.NewServer(forgetful)
	defer srv.Close()
	text := strings.Replace(g.recipe(""), "protected: {request: GET /me, ok: 200, proof: $.id}", `protected:
  - {request: GET /me, ok: 200, proof: $.id}
  - {request: GET /sound, proof: $.id}
  - {request: GET /open, proof: $.id}
  - {request: GET /decoded, proof: $.id}`, 1)
	recipe, err := Parse("r.yaml", []byte(text), func(name string) (string, bool) {
		return map[string]string{"PASSWORD": testPassword, "SECRET": strongSecret}[name], true
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := recipe.SetTarget(srv.URL); err != nil {
		t.Fatal(err)
	}
	recipe.Logs = nil
	report, err := Run(t.Context(), recipe, Options{FoldWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if got, most := report.Stats.Requests, PlanOf(recipe).Requests(); got > most {
		t.Errorf("%d requests were sent, and the plan says at most %d", got, most)
	}
	var got []string
	for _, f := range report.Findings {
		if !slices.Contains([]string{"/me", "/refresh", "/login", "/logout"}, f.Location.Route) {
			got = append(got, string(f.ID)+" "+f.Location.Route)
		}
	}
	slices.Sort(got)
	if want := []string{"signature-not-verified /decoded", "unauthenticated-access /open"}; !slices.Equal(got, want) {
		t.Errorf("findings %v, want %v: %s", got, want, why(report, "further-routes"))
	}
}
