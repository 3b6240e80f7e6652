package scan

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A target is a small service with one weakness a switch. It is written without
// the scanner's own packages: what verifies here has never met what forges there.
type target struct {
	switches
	t   *testing.T
	url string
	log string

	mu       sync.Mutex
	file     *os.File
	sessions map[string]bool   // sid: alive
	refresh  map[string]string // refresh token: sid; the newest of each session
	used     map[string]string // rotated refresh tokens
	bad      map[string]int    // refusals by address
	renewals map[string]int
	pending  sync.WaitGroup
	issued   map[string]bool      // every jti
	next     map[string]string    // rotated refresh token: its successor
	usedAt   map[string]time.Time // and when it was rotated
	denied   map[string]bool      // tokens by their very text
	alerts   string               // where alerts go
	password string
	wrong    int // passwords in a row
	alerted  map[string]bool
}

const (
	strongSecret = "Zr8#kq-2vN+4wYt6LpXs9dGhJmBcFe7QaUo3" // for the test server alone
	testPassword = "correct-Horse-7-staple"
)

// switches make the service weak, odd or talkative. The zero value is a service
// without weakness that logs nothing.
type switches struct {
	secret string // empty: a strong one

	// What it lets through.
	none, noverify, expired, aud, iss, inURL, open bool
	serves                                         bool // refuses, then serves
	noRotation, reuse, survives, noRevoke, noExp   bool

	// What it makes of claims.
	nbf, endless               bool          // ignores nbf; takes no exp
	leeway                     time.Duration // takes a token for so long after exp
	life                       time.Duration // of its tokens; 0: five minutes
	millis, mail               bool          // its times are in milliseconds; its tokens hold an e-mail address
	anyMethod                  bool          // asks for a token in GET alone
	noAud, noIss, partIss      bool          // takes a token without the claim, or with a part of it
	typed, anyType             bool          // its tokens say their type; and any other is taken
	crashes, knowsUsers, ownID bool          // 500 for what does not decode; refuses unknown users; and ids that it did not give

	// What it makes of refresh tokens and of the end of a session.
	racy, parent, sameNext  bool          // exchanges twice at once; takes the last but one; a retry gets the same successor
	grace                   time.Duration // in which a retry is legal
	accessLives             bool          // a replay ends the refresh tokens of the family alone
	accessRenews, refreshIn bool          // one token passes for the other
	rawDeny                 bool          // logout remembers the token as it was written

	// What it makes of logins.
	anyPassword, noPassword bool // whatever the password is; without one
	anonRefresh             bool // a refresh without token gives a new session
	published               bool // it has an OpenAPI document
	tokenRoute              bool // which names a route that gives tokens to anybody
	lockout                 int  // wrong passwords, then the user is locked out
	changeSpares            bool // a password change ends no session
	scopeSilent             bool // a denied scope leaves no record

	// How it refuses.
	soft, redirect, guest, verbose bool
	limit                          int // refusals by address, then 429; negative: counted over all addresses
	refreshLimit                   int

	// What else is odd about it.
	unstable   bool // no two answers are alike
	cookies    bool // tokens come and go in cookies, and a bad one is cleared
	logsOutAll bool // logout ends every session of the user

	slow  bool   // what parses takes time, before it is verified
	users string // what a wrong password tells of its user: word, status or time; empty: nothing

	logging     string  // see record and access; empty: silent
	keys        keyring // how tokens are signed, and which foreign keys are taken
	alerting    string  // right, noisy or deaf; empty: none
	alertSecret string
}

func newTarget(t *testing.T, s switches) *target {
	t.Helper()
	g := &target{switches: s, t: t, password: testPassword, sessions: map[string]bool{}, refresh: map[string]string{}, used: map[string]string{},
		bad: map[string]int{}, renewals: map[string]int{}, alerted: map[string]bool{}, issued: map[string]bool{},
		next: map[string]string{}, usedAt: map[string]time.Time{}, denied: map[string]bool{}}
	if g.secret == "" {
		g.secret = strongSecret
	}
	g.log = filepath.Join(t.TempDir(), "app.log")
	f, err := os.Create(g.log)
	if err != nil {
		t.Fatal(err)
	}
	g.file = f
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", g.login)
	mux.HandleFunc("POST /refresh", g.renew)
	mux.HandleFunc("POST /logout", g.logout)
	mux.HandleFunc("POST /revoke", g.revoke)
	mux.HandleFunc("GET /me", g.me)
	g.keys.open(g, mux)
	if g.published || g.tokenRoute {
		mux.HandleFunc("GET /swagger.json", g.document)
		mux.HandleFunc("POST /tokens", func(w http.ResponseWriter, r *http.Request) {
			sid := token()
			if g.mu.Lock(); g.tokenRoute {
				g.sessions[sid] = true
			}
			g.mu.Unlock()
			reply(w, 200, map[string]any{"data": map[string]any{"jwt": g.mint(sid)}})
		})
	}
	if g.anyMethod {
		mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 200, map[string]any{"id": "alice", "name": "Alice", "roles": []string{"user"}, "balance": 12.5})
		})
	}
	mux.HandleFunc("GET /admin", g.admin)
	mux.HandleFunc("POST /password", g.change)
	srv := httptest.NewServer(mux)
	g.url = srv.URL
	t.Cleanup(func() { srv.Close(); g.pending.Wait(); f.Close() })
	return g
}

// recipe describes the service. Anything in extra is added to it.
func (g *target) recipe(extra string) string {
	if g.cookies {
		return fmt.Sprintf(`
target: %s
vars: {user: alice, password: "${PASSWORD}"}
login:
  - request: POST /login
    json: {user: "{{user}}", password: "{{password}}"}
    take: {access: "cookie:at", refresh: "cookie:rt"}
carrier: cookie at
protected: {request: GET /me, ok: 200, proof: $.id}
refresh: {request: POST /refresh, take: {access: "cookie:at", refresh: "cookie:rt"}}
logout: {request: POST /logout, cookies: {at: "{{access}}"}}
keys: {secret: "${SECRET}"}
logs: [{id: app, file: %q, flush: 20ms}]
limits: {rps: 0, logins_per_minute: 0}
`, g.url, g.log) + extra
	}
	r := fmt.Sprintf(`
target: %s
vars: {user: alice, password: "${PASSWORD}"}
login:
  - request: POST /login
    json: {user: "{{user}}", password: "{{password}}"}
    take: {access: $.access, refresh: $.refresh}
protected: {request: GET /me, ok: 200, proof: $.id}
refresh: {request: POST /refresh, json: {refresh: "{{refresh}}"}, take: {access: $.access, refresh: $.refresh}}
logout: {request: POST /logout, headers: {Authorization: "Bearer {{access}}"}}
keys: {secret: "${SECRET}"}
logs: [{id: app, file: %q, flush: 20ms}]
limits: {rps: 0, burst: 60, logins_per_minute: 600}
`, g.url, g.log)
	return r + extra
}

func (g *target) parse(extra string) *Recipe {
	g.t.Helper()
	r, err := Parse("jotsight.yaml", []byte(g.recipe(extra)), g.env)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

func (g *target) env(name string) (string, bool) {
	v, ok := map[string]string{"PASSWORD": testPassword, "SECRET": g.secret, "ALERT_SECRET": g.alertSecret}[name]
	return v, ok
}

// refusal is why a token was refused, in the words of the catalogue.
type refusal string

func (g *target) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ User, Password string }
	json.NewDecoder(r.Body).Decode(&in)
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	g.mu.Lock()
	good := in.User == "alice" && in.Password == g.password || g.anyPassword && in.User == "alice" || g.noPassword && in.Password == ""
	who := "login " + addr
	if g.limit < 0 {
		who = "login of anybody"
	}
	if !good {
		g.bad[who]++
	}
	if !good && in.User == "alice" {
		g.wrong++
	}
	locked := g.lockout > 0 && g.wrong >= g.lockout
	if good && !locked {
		g.wrong = 0
	}
	limited := !good && g.limit != 0 && g.bad[who] > max(1, g.limit/4)
	g.mu.Unlock()
	switch {
	case limited:
		g.access(r, 429)
		g.record(r, "", "rate_limited")
		w.WriteHeader(429)
		return
	case !good || locked:
		g.wrongPassword(w, r, in.User)
		return
	}
	sid := token()
	g.mu.Lock()
	g.sessions[sid] = true
	rt := token()
	g.refresh[rt] = sid
	g.mu.Unlock()
	g.access(r, 200)
	if g.talks() {
		g.event(r, "jwt.issued", "", "", "INFO")
	}
	g.hand(w, g.mint(sid), rt)
}

// wrongPassword answers a login that failed.
func (g *target) wrongPassword(w http.ResponseWriter, r *http.Request, user string) {
	status, text := 401, "no user "+user+" with this password"
	switch known := user == "alice"; {
	case g.users == "word" && known:
		text = "this is not the password of " + user
	case g.users == "status" && !known:
		status = 404
	case g.users == "time" && known:
		time.Sleep(150 * time.Millisecond)
	}
	g.access(r, status)
	reply(w, status, map[string]any{"error": text, "request": token()})
}

// hand gives a pair to the client.
func (g *target) hand(w http.ResponseWriter, access, refresh string) {
	if !g.cookies {
		reply(w, 200, map[string]any{"access": access, "refresh": refresh})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "at", Value: access, Path: "/", HttpOnly: true})
	http.SetCookie(w, &http.Cookie{Name: "rt", Value: refresh, Path: "/", HttpOnly: true})
	w.WriteHeader(200)
}

// bearer gives the access token of a request.
func (g *target) bearer(r *http.Request) string {
	if !g.cookies {
		raw, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return raw
	}
	if c, err := r.Cookie("at"); err == nil {
		return c.Value
	}
	return ""
}

func (g *target) mint(sid string) string {
	now := time.Now().Unix()
	claims := map[string]any{"sub": "alice", "iss": "https://issuer.test", "aud": "shop", "iat": now, "exp": now + int64(cmp.Or(g.life, 5*time.Minute).Seconds()), "jti": token(), "sid": sid}
	if g.noExp {
		delete(claims, "exp")
	}
	if g.typed {
		claims["token_use"] = "access"
	}
	if g.millis {
		claims["iat"], claims["exp"] = now*1000, claims["exp"].(int64)*1000
	}
	if g.mail {
		claims["email"] = "alice@example.test"
	}
	g.mu.Lock()
	g.issued[claims["jti"].(string)] = true
	g.mu.Unlock()
	body, _ := json.Marshal(claims)
	return g.keys.sign(g.secret, body)
}

func (g *target) me(w http.ResponseWriter, r *http.Request) {
	raw := g.bearer(r)
	if raw == "" && g.inURL {
		raw = r.URL.Query().Get("access_token")
	}
	sub, why := g.verify(raw)
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	if why != "" && !g.open {
		g.refuse(w, r, raw, why, addr)
		if !g.serves {
			return
		}
	} else {
		g.access(r, 200)
	}
	body := map[string]any{"id": sub, "name": "Alice", "roles": []string{"user"}, "balance": 12.5}
	if g.open && sub == "" || g.serves {
		body["id"] = "alice"
	}
	if g.unstable {
		body["now"], body["request"] = time.Now().UnixNano(), token()
	}
	if why == "" || g.open {
		reply(w, 200, body)
		return
	}
	json.NewEncoder(w).Encode(body)
}

// verify gives the subject, or why not.
func (g *target) verify(raw string) (sub string, why refusal) {
	if raw == "" {
		return "", "missing"
	}
	g.mu.Lock()
	_, isRefresh := g.refresh[raw]
	isDenied := g.denied[raw]
	g.mu.Unlock()
	switch {
	case isRefresh && g.refreshIn:
		return "alice", ""
	case isDenied && g.rawDeny:
		return "alice", "revoked"
	}
	raw, verified := g.keys.unfold(g, raw)
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return "", "malformed"
	}
	if g.slow && strings.HasPrefix(parts[0], "eyJ") {
		time.Sleep(80 * time.Millisecond) // it looks the user up before it knows who asks
	}
	var header struct {
		Alg  any
		Crit []string
	}
	var claims struct {
		Sub, Iss, Aud, Sid, Jti string
		Exp, Nbf                int64
		Use                     string `json:"token_use"`
	}
	if decode(parts[0], &header) != nil && g.keys.takes != "broken header" || decode(parts[1], &claims) != nil {
		if g.crashes {
			return "", "internal_error"
		}
		return "", "malformed"
	}
	alg, _ := header.Alg.(string)
	switch {
	case g.noverify, verified:
	case strings.EqualFold(alg, "none") && g.keys.takes != "the first of two algs":
		if !g.none {
			return claims.Sub, "alg_none"
		}
	case !g.keys.signed(g, parts):
		if alg != cmp.Or(g.keys.alg, "HS256") {
			return claims.Sub, "alg_not_allowed"
		}
		return claims.Sub, "bad_signature"
	case len(header.Crit) > 0 && g.keys.takes != "any crit":
		return claims.Sub, "bad_crit"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.millis && !g.expired {
		claims.Exp /= 1000
	}
	exp, now := time.Unix(claims.Exp, 0).Add(g.leeway), time.Now()
	switch {
	case claims.Exp == 0 && !g.noExp && !g.endless:
		return claims.Sub, "missing_claim"
	case !g.expired && claims.Exp != 0 && exp.Before(now):
		return claims.Sub, "expired"
	case !g.nbf && time.Unix(claims.Nbf, 0).After(now):
		return claims.Sub, "not_yet_valid"
	case !g.aud && claims.Aud != "shop" && !(g.noAud && claims.Aud == ""):
		return claims.Sub, "bad_audience"
	case !g.iss && claims.Iss != "https://issuer.test" && !(g.noIss && claims.Iss == "") && !(g.partIss && strings.Contains("https://issuer.test", claims.Iss)):
		return claims.Sub, "bad_issuer"
	case g.typed && !g.anyType && claims.Use != "access":
		return claims.Sub, "bad_type"
	case g.knowsUsers && claims.Sub != "alice":
		return claims.Sub, "user_disabled"
	case g.ownID && !g.issued[claims.Jti]:
		return claims.Sub, "unknown_token"
	case !g.noRevoke && !g.sessions[claims.Sid]:
		return claims.Sub, "revoked"
	}
	return claims.Sub, ""
}

func (g *target) refuse(w http.ResponseWriter, r *http.Request, raw string, why refusal, addr string) {
	g.mu.Lock()
	who := addr
	if g.limit < 0 {
		who = "everybody"
	}
	g.bad[who]++
	n := g.bad[who]
	g.mu.Unlock()
	most := max(g.limit, -g.limit)
	status := 401
	switch {
	case most > 0 && n > most:
		status, why = 429, "rate_limited"
	case why == "internal_error":
		status = 500
	case g.redirect:
		status = 302
		w.Header().Set("Location", "/sign-in")
	case g.soft, g.guest:
		status = 200
	}
	g.access(r, status)
	g.record(r, raw, why)
	g.alert(r, raw, why, n)
	if g.cookies {
		http.SetCookie(w, &http.Cookie{Name: "at", Path: "/", MaxAge: -1})
	}
	switch {
	case g.guest && status == 200:
		reply(w, 200, map[string]any{"id": "guest", "name": "Guest", "roles": []string{}, "balance": 0})
	case g.soft && status == 200:
		reply(w, 200, map[string]any{"ok": false})
	case g.verbose:
		reply(w, status, map[string]any{"error": "signature is invalid: " + string(why)})
	default:
		reply(w, status, map[string]any{"error": "unauthorized"})
	}
}

func (g *target) renew(w http.ResponseWriter, r *http.Request) {
	var in struct{ Refresh string }
	json.NewDecoder(r.Body).Decode(&in)
	if c, err := r.Cookie("rt"); g.cookies && err == nil {
		in.Refresh = c.Value
	}
	if in.Refresh == "" && g.anonRefresh {
		sid := token()
		g.mu.Lock()
		g.sessions[sid] = true
		g.mu.Unlock()
		g.access(r, 200)
		g.hand(w, g.mint(sid), token())
		return
	}
	if sid, ok := g.sidOf(in.Refresh); ok && g.accessRenews {
		g.access(r, 200)
		g.event(r, "jwt.refresh_ok", in.Refresh, "", "INFO")
		g.hand(w, g.mint(sid), token())
		return
	}
	g.mu.Lock()
	sid, good := g.refresh[in.Refresh]
	old, reused := g.used[in.Refresh]
	if g.racy && good {
		g.mu.Unlock()
		time.Sleep(100 * time.Millisecond)
		g.mu.Lock()
	}
	_, newest := g.refresh[g.next[in.Refresh]]
	again := g.reuse || newest && (g.parent || time.Since(g.usedAt[in.Refresh]) < g.grace)
	why := refusal("")
	next := in.Refresh
	switch {
	case good || reused && again:
		if !good {
			sid = old
		}
		if g.renewals[sid]++; g.refreshLimit > 0 && g.renewals[sid] > g.refreshLimit {
			why = "rate_limited"
			break
		}
		if !g.noRevoke && !g.sessions[sid] {
			why = "revoked"
			break
		}
		if reused && newest && g.sameNext {
			next = g.next[in.Refresh]
			break
		}
		if !g.noRotation {
			next = token()
			delete(g.refresh, in.Refresh)
			g.used[in.Refresh] = sid
			g.refresh[next] = sid
			if !reused {
				g.usedAt[in.Refresh] = time.Now()
			}
			g.next[in.Refresh] = next
		}
	case reused:
		why = "refresh_reuse"
		switch {
		case g.accessLives:
			for t, sid := range g.refresh {
				if sid == old {
					delete(g.refresh, t)
				}
			}
		case !g.survives:
			delete(g.sessions, old)
		}
	default:
		why = "unknown_token"
	}
	g.mu.Unlock()
	if why != "" {
		status := 401
		if why == "rate_limited" {
			status = 429
		}
		g.access(r, status)
		g.record(r, in.Refresh, why)
		g.alert(r, in.Refresh, why, g.renewals[sid])
		reply(w, status, map[string]any{"error": "unauthorized"})
		return
	}
	g.access(r, 200)
	if g.talks() {
		g.event(r, "jwt.refresh_ok", in.Refresh, "", "INFO")
	}
	g.alert(r, in.Refresh, "", g.renewals[sid])
	g.hand(w, g.mint(sid), next)
}

func (g *target) logout(w http.ResponseWriter, r *http.Request) {
	raw := g.bearer(r)
	sid, _ := g.sidOf(raw)
	g.mu.Lock()
	if !g.rawDeny {
		delete(g.sessions, sid)
	}
	g.denied[raw] = true
	for t, of := range g.refresh {
		if of == sid && !g.noRevoke {
			delete(g.refresh, t)
		}
	}
	if g.logsOutAll {
		clear(g.sessions)
	}
	g.mu.Unlock()
	g.access(r, 204)
	if g.talks() {
		g.event(r, "jwt.revoked", raw, "", "INFO")
	}
	w.WriteHeader(204)
}

// revoke ends a refresh token, and with it the session unless access tokens are
// left to themselves (RFC 7009 section 2.1 allows both).
func (g *target) revoke(w http.ResponseWriter, r *http.Request) {
	t := r.FormValue("token")
	g.mu.Lock()
	if sid, ok := g.refresh[t]; ok && !g.accessLives {
		delete(g.sessions, sid)
	}
	delete(g.refresh, t)
	g.mu.Unlock()
	g.access(r, 200)
	if g.talks() {
		g.event(r, "jwt.revoked", t, "", "INFO")
	}
}

// sidOf gives the session of an access token, whoever signed it.
func (g *target) sidOf(raw string) (string, bool) {
	var claims struct{ Sid string }
	parts := strings.Split(raw, ".")
	ok := len(parts) == 3 && decode(parts[1], &claims) == nil
	return claims.Sid, ok
}

// document describes a route that gives tokens, and one that only seems to.
func (g *target) document(w http.ResponseWriter, r *http.Request) {
	body := map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": map[string]any{"type": "object",
		"properties": map[string]any{"user": map[string]any{"type": "string"}, "note": map[string]any{"type": "string"}}}}}}
	op := func(id string) map[string]any {
		return map[string]any{"post": map[string]any{"operationId": id, "requestBody": body, "responses": map[string]any{"200": map[string]any{"description": "ok"}}}}
	}
	reply(w, 200, map[string]any{"openapi": "3.0.3", "info": map[string]any{"title": "t", "version": "1"},
		"paths": map[string]any{"/tokens": op("issueToken"), "/tokens/revoke": op("revokeToken"), "/orders": op("placeOrder")}})
}

// admin is the page that alice may not open.
func (g *target) admin(w http.ResponseWriter, r *http.Request) {
	raw := g.bearer(r)
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	if _, why := g.verify(raw); why != "" {
		g.refuse(w, r, raw, why, addr)
		return
	}
	g.access(r, 403)
	if !g.scopeSilent {
		g.record(r, raw, "scope_insufficient")
	}
	reply(w, 403, map[string]any{"error": "forbidden"})
}

// change gives alice another password and ends her other sessions.
func (g *target) change(w http.ResponseWriter, r *http.Request) {
	var in struct{ Old, New string }
	json.NewDecoder(r.Body).Decode(&in)
	raw := g.bearer(r)
	_, why := g.verify(raw)
	sid, _ := g.sidOf(raw)
	g.mu.Lock()
	defer g.mu.Unlock()
	if why != "" || in.Old != g.password || in.New == "" {
		w.WriteHeader(403)
		return
	}
	g.password = in.New
	if !g.changeSpares {
		clear(g.sessions)
		g.sessions[sid] = true
	}
	w.WriteHeader(204)
}

// talks reports whether the service writes events about lifecycles.
func (g *target) talks() bool {
	switch g.logging {
	case "", "silent", "access", "accessjson":
		return false
	}
	return true
}

func (g *target) print(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	write := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.file.WriteString(text)
	}
	switch {
	case g.logging == "batch": // written every half second, all at once
		g.pending.Go(func() {
			time.Sleep(time.Until(time.Now().Truncate(500 * time.Millisecond).Add(500 * time.Millisecond)))
			write()
		})
		return
	case g.logging == "late":
		g.pending.Go(func() { time.Sleep(50 * time.Millisecond); write() })
		return
	case g.logging == "hesitant" && strings.Contains(text, "reason=bad_issuer"):
		g.pending.Go(func() { time.Sleep(1200 * time.Millisecond); write() })
		return
	}
	write()
}

// access writes the line that every request gets.
func (g *target) access(r *http.Request, status int) {
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	switch g.logging {
	case "", "silent", "full", "batch":
	case "accessjson":
		level := "INFO"
		if status >= 400 {
			level = "WARN"
		}
		b, _ := json.Marshal(map[string]any{"time": time.Now(), "level": level, "msg": "request", "method": r.Method, "path": r.URL.Path, "status": status, "remote_addr": r.RemoteAddr, "request_id": r.Header.Get("X-Request-Id")})
		g.print("%s\n", b)
	case "generic", "typed", "wrong", "debug", "prefix", "lossy", "late", "hesitant":
		g.print("%s \x1b[32m%s\x1b[0m %s %d in %s\n", time.Now().Format("2006/01/02 15:04:05"), r.Method, r.URL.RequestURI(), status, time.Duration(status)*time.Microsecond)
	default:
		g.print("%s - - [%s] %q %d 12 \"-\" %q\n", addr, time.Now().Format("02/Jan/2006:15:04:05 -0700"), r.Method+" "+r.URL.Path+" HTTP/1.1", status, r.UserAgent())
	}
}

// record writes what the service says about a refused token.
func (g *target) record(r *http.Request, raw string, why refusal) {
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	var header struct {
		Alg any
		Kid string
	}
	if parts := strings.Split(raw, "."); len(parts) == 3 {
		decode(parts[0], &header)
	}
	id := strconv.QuoteToASCII(r.Header.Get("X-Request-Id"))
	switch g.logging {
	case "generic":
		g.print("authentication failed for request %s\n", id)
	case "typed", "late", "hesitant":
		g.print("time=%s level=WARN msg=\"token refused\" reason=%s request_id=%s\n", time.Now().Format(time.RFC3339Nano), why, id)
	case "debug":
		g.print("time=%s level=DEBUG msg=\"token refused\" reason=%s request_id=%s\n", time.Now().Format(time.RFC3339Nano), why, id)
	case "wrong":
		g.print("time=%s level=WARN msg=\"token refused\" reason=expired request_id=%s\n", time.Now().Format(time.RFC3339Nano), id)
	case "lossy":
		g.mu.Lock()
		n := g.bad[addr]
		g.mu.Unlock()
		if n < 10 {
			g.print("time=%s level=WARN msg=\"token refused\" reason=%s request_id=%s\n", time.Now().Format(time.RFC3339Nano), why, id)
		}
	case "leaking":
		g.print("token refused: %s: %s\n", why, raw)
	case "forgeable":
		g.print("token refused: %s: kid=%s request=%s\n", why, header.Kid, id)
	case "prefix":
		g.print("token refused: %s: %.16s...\n", why, raw)
	case "full", "batch":
		kind := "jwt.verification_failed"
		switch why {
		case "missing":
			kind = "jwt.missing"
		case "rate_limited":
			kind = "jwt.rate_limited"
		case "refresh_reuse":
			kind = "jwt.refresh_reuse"
		case "revoked":
			kind = "jwt.revoked_use"
		}
		g.event(r, kind, raw, why, "WARN")
	}
}

// event writes a complete record.
func (g *target) event(r *http.Request, kind, raw string, why refusal, level string) {
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	m := map[string]any{"time": time.Now(), "level": level, "event": kind, "client.address": addr, "http.route": r.URL.Path, "jotsight.request_id": r.Header.Get("X-Request-Id")}
	if why != "" {
		m["error.type"] = why
	}
	if raw != "" {
		sum := sha256.Sum256([]byte(raw))
		m["jwt.fp"] = hex.EncodeToString(sum[:8])
	}
	var header struct{ Alg any }
	var claims struct{ Sub, Iss string }
	if parts := strings.Split(raw, "."); len(parts) == 3 && decode(parts[0], &header) == nil && decode(parts[1], &claims) == nil {
		m["jwt.alg"], m["jwt.claimed_sub"], m["jwt.iss"] = header.Alg, claims.Sub, claims.Iss
	}
	b, _ := json.Marshal(m)
	g.print("%s\n", b)
}

// alert tells a webhook what a monitor would.
func (g *target) alert(r *http.Request, raw string, why refusal, n int) {
	addr, _, _ := net.SplitHostPort(r.RemoteAddr)
	rule := ""
	switch {
	case g.alerting == "" || g.alerting == "deaf":
		return
	case g.alerting == "noisy":
		rule = "anything-at-all"
	case why == "alg_none", why == "alg_not_allowed":
		rule = "forged-algorithm"
	case why == "refresh_reuse":
		rule = "refresh-reuse"
	case why == "revoked":
		rule = "revoked-use"
	case r.URL.Path == "/refresh" && n > 10:
		rule = "refresh-abuse"
	case n >= 20:
		rule = "signature-bruteforce"
	}
	g.mu.Lock()
	key := rule + " " + addr
	again := g.alerted[key]
	g.alerted[key] = true
	g.mu.Unlock()
	if rule == "" || again && g.alerting == "right" {
		return
	}
	body, _ := json.Marshal(map[string]any{"type": "alert.firing", "timestamp": time.Now(), "data": map[string]any{
		"id": token(), "rule": rule, "severity": "high", "group": map[string]string{"client.address": addr},
		"evidence": []any{map[string]any{"jotsight.request_id": r.Header.Get("X-Request-Id")}}}})
	g.pending.Go(func() { g.deliver(body) })
}

func (g *target) deliver(body []byte) {
	req, _ := http.NewRequestWithContext(context.Background(), "POST", "http://"+g.alerts+"/", strings.NewReader(string(body)))
	if g.alertSecret != "" {
		sign(req, g.alertSecret, body)
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func token() string {
	var b [18]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(part string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

func mac(secret, text string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// sign adds the headers of Standard Webhooks.
func sign(r *http.Request, secret string, body []byte) {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	id, at := "msg_"+token(), fmt.Sprint(time.Now().Unix())
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%s.%s", id, at, body)
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", at)
	r.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
}

// freeAddress gives a loopback address on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
