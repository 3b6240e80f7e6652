package main

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// A server is the lab: one small service, sound but for its switches.
type server struct {
	choice
	*sessions
	k         *keys
	keyDir    string // holds a file for each key id
	db        *sql.DB
	log       *recorder
	alerts    *alerts
	minute    limits
	second    limits
	passwords map[string]string
}

var users = []string{"alice", "bob"}

// userID is the pseudonym of a user in tokens.
func userID(user string) string {
	sum := sha256.Sum256([]byte("lab user " + user))
	return "u-" + hex.EncodeToString(sum[:4])
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /password", s.password)
	mux.HandleFunc("POST /logout", s.logoutHandler)
	mux.HandleFunc("POST /revoke", s.logoutHandler)
	mux.HandleFunc("/me", s.protect("/me", "", s.me))
	mux.HandleFunc("/admin", s.protect("/admin", "admin", s.me))
	mux.HandleFunc("GET /sign-in", func(w http.ResponseWriter, r *http.Request) { s.page(w, r, 200, signIn) })
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, nil, 200, s.k.jwks()) })
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, nil, 200, s.document()) })
	if !s.on("stateless") {
		mux.HandleFunc("POST /refresh", s.refresh)
	}
	if s.on("issue-endpoint") {
		mux.HandleFunc("POST /token", s.issue)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, nil, 404, map[string]any{"error": "not found"})
	})
	return mux
}

const signIn = "<!doctype html><title>Sign in</title><h1>Sign in</h1><form method=post action=/login><input name=user><input name=password type=password></form>"

func address(r *http.Request) string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host
}

// answer writes JSON, and the line that every request gets.
func (s *server) answer(w http.ResponseWriter, r *http.Request, t *token, status int, v map[string]any) {
	if s.on("unstable") && v != nil {
		v["now"], v["request"], v["tip"] = time.Now().UnixNano(), random(24), mrand.IntN(1000)
	}
	s.log.access(r, t, status)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if v != nil {
		json.NewEncoder(w).Encode(v)
	}
}

func (s *server) page(w http.ResponseWriter, r *http.Request, status int, html string) {
	s.log.access(r, nil, status)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, html)
}

func input(r *http.Request) map[string]string {
	m := map[string]string{}
	json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<16)).Decode(&m)
	return m
}

// slowHash is what a password costs.
func slowHash(password string, rounds int) string {
	key, _ := pbkdf2.Key(sha256.New, password, []byte("lab"), rounds, 32)
	return string(key)
}

const rounds = 2_000

func (s *server) login(w http.ResponseWriter, r *http.Request) {
	in := input(r)
	user, password := in["user"], in["password"]
	_, given := in["password"]
	fail := func(status int, reason, text string) {
		s.log.event(r, entry{kind: "issue_failed", reason: reason, detail: text, user: user, password: password, status: status})
		s.answer(w, r, nil, status, map[string]any{"error": text})
	}
	s.mu.Lock()
	right, exists := s.passwords[user]
	locked := s.locked[user] >= 5
	s.mu.Unlock()
	switch {
	case s.on("lockout") && locked:
		fail(403, "rate_limited", "account locked")
		return
	case s.minute.sum("login "+user+address(r), time.Minute) > 10 && !s.on("unlimited-login"), s.minute.sum("login-user "+user, time.Minute) > 60 && !s.on("unlimited-login"):
		fail(429, "rate_limited", "too many attempts")
		return
	}
	good := false
	if exists || !s.on("login-timing") {
		n := rounds
		if s.on("login-timing") {
			n = 40_000
		}
		good = sameText(slowHash(password, n), slowHash(right, n)) && exists
	}
	if exists && (s.on("issue-any-password") || s.on("issue-no-password") && !given) {
		good = true
	}
	if !good {
		s.minute.hit("login "+user+address(r), time.Minute)
		s.minute.hit("login-user "+user, time.Minute)
		s.mu.Lock()
		s.locked[user]++
		s.mu.Unlock()
		text := "wrong user or password"
		if s.on("login-response") && !exists {
			text = "no such user"
		}
		fail(401, "bad_credentials", text)
		return
	}
	s.mu.Lock()
	s.locked[user] = 0
	s.mu.Unlock()
	s.hand(w, r, "issued", user, password, "", s.open(user))
}

// hand gives a pair to the client.
func (s *server) hand(w http.ResponseWriter, r *http.Request, kind, user, password, used string, p pair) {
	raw := p.Access
	if used != "" {
		raw = used
	}
	s.log.event(r, entry{kind: kind, user: user, password: password, sub: userID(user), raw: raw, family: p.session, status: 200, verified: true})
	if !s.on("cookies") {
		s.answer(w, r, nil, 200, map[string]any{"access_token": p.Access, "refresh_token": p.Refresh, "token_type": p.Type, "expires_in": p.Expires})
		return
	}
	for name, value := range map[string]string{"at": p.Access, "rt": p.Refresh} {
		http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	}
	s.answer(w, r, nil, 200, map[string]any{"ok": true})
}

// issue gives tokens to anybody: the weakness itself.
func (s *server) issue(w http.ResponseWriter, r *http.Request) {
	user := input(r)["user"]
	if !slices.Contains(users, user) {
		user = users[0]
	}
	s.hand(w, r, "issued", user, "", "", s.open(user))
}

func (s *server) refresh(w http.ResponseWriter, r *http.Request) {
	raw := input(r)["refresh_token"]
	if c, err := r.Cookie("rt"); s.on("cookies") && err == nil {
		raw = c.Value
	}
	p, t, x, why := s.renew(raw)
	if why == nil {
		s.hand(w, r, "refresh_ok", x.user, "", raw, p)
		return
	}
	kind := "refresh_failed"
	switch {
	case why.reason == "refresh_reuse":
		kind = "refresh_reuse"
	case why.reason == "rate_limited":
		kind = "rate_limited"
	}
	e := entry{kind: kind, reason: why.reason, detail: why.detail, token: t, raw: raw, status: 401}
	if x != nil {
		e.sub, e.family, e.verified = userID(x.user), x.id, true
	}
	if why.reason == "rate_limited" {
		e.status = 429
	}
	s.log.event(r, e)
	s.alerts.saw(r, e)
	s.answer(w, r, nil, e.status, map[string]any{"error": "unauthorized"})
}

// bearer finds the access token of a request.
func (s *server) bearer(r *http.Request) string {
	switch {
	case s.on("cookies"):
		if c, err := r.Cookie("at"); err == nil {
			return c.Value
		}
		return ""
	case s.on("raw-header"):
		return r.Header.Get("X-Token")
	}
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(raw)
	}
	for name, param := range map[string]string{"url-access-token": "access_token", "url-token": "token"} {
		if s.on(name) && r.URL.Query().Get(param) != "" {
			return r.URL.Query().Get(param)
		}
	}
	return ""
}

// who verifies the access token of a request.
func (s *server) who(r *http.Request) (t *token, user string, why *refusal) {
	raw := s.bearer(r)
	if s.on("opaque") {
		t = &token{raw: raw}
		s.mu.Lock()
		defer s.mu.Unlock()
		o, has := s.sessions.opaque[digest(raw)]
		x := s.all[o.session]
		switch {
		case raw == "":
			return t, "", refuse("missing", "no token")
		case !has:
			return t, "", refuse("unknown_token", "no such token")
		case time.Now().After(o.exp):
			return t, "", refuse("expired", "its time is over")
		case !x.alive:
			return t, "", refuse("session_ended", "the session has ended")
		}
		return t, x.user, nil
	}
	t, _ = read(raw)
	if s.on("fail-open-panic") {
		defer func() {
			if recover() != nil {
				user, why = users[0], nil
			}
		}()
	}
	if t, why = s.verify(raw, accessTyp); why != nil {
		if why.reason == open {
			return t, users[0], nil
		}
		return t, "", why
	}
	user, why = s.sessionOf(t)
	return t, user, why
}

// protect lets who has a valid token, and the role, through.
func (s *server) protect(route, role string, next func(http.ResponseWriter, *http.Request, *token, string, int)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.on("slow") {
			time.Sleep(50*time.Millisecond + mrand.N(100*time.Millisecond))
		}
		if s.shutOut(address(r)) {
			s.deny(w, r, &token{raw: s.bearer(r)}, route, "rate_limited", refuse("rate_limited", "too many bad tokens"), 429)
			return
		}
		t, user, why := s.who(r)
		switch {
		case s.on("open"), s.on("open-method") && r.Method != http.MethodGet && r.Method != http.MethodHead:
			next(w, r, t, users[0], 200)
		case why != nil:
			kind, status := "verification_failed", 401
			switch why.reason {
			case "missing":
				kind = "missing"
			case "revoked", "session_ended":
				kind = "revoked_use"
			}
			if why.reason != "missing" && s.bad(address(r)) {
				kind, status, why = "rate_limited", 429, refuse("rate_limited", "too many bad tokens")
			}
			s.deny(w, r, t, route, kind, why, status)
		case role != "":
			s.log.event(r, entry{kind: "scope_denied", reason: "scope_insufficient", detail: "needs " + role, token: t, raw: t.raw, sub: userID(user), route: route, status: 403, verified: true})
			s.answer(w, r, t, 403, map[string]any{"error": "forbidden"})
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			s.answer(w, r, t, 405, map[string]any{"error": "method not allowed"})
		default:
			next(w, r, t, user, 200)
		}
	}
}

// deny records a refusal and answers it, in whichever way the service refuses.
func (s *server) deny(w http.ResponseWriter, r *http.Request, t *token, route, kind string, why *refusal, status int) {
	malformed := why.reason == "malformed" || why.reason == "bad_encoding"
	if status == 401 {
		for name, code := range map[string]int{"refuse-403": 403, "refuse-404": 404, "refuse-400": 400, "redirect": 302, "serve-302": 302, "soft-json": 200, "soft-html": 200, "guest": 200} {
			if s.on(name) {
				status = code
			}
		}
		if malformed && (s.on("fail-500") || s.on("verbose-stack")) {
			status = 500
		}
	}
	e := entry{kind: kind, reason: why.reason, detail: why.detail, token: t, raw: t.raw, route: route, status: status}
	s.log.event(r, e)
	s.alerts.saw(r, e)
	if s.on("cookies") {
		http.SetCookie(w, &http.Cookie{Name: "at", Path: "/", MaxAge: -1})
	}
	body := map[string]any{"error": "unauthorized"}
	switch {
	case status == 429:
		w.Header().Set("Retry-After", "60")
		body["error"] = "too many requests"
	case status == 302:
		w.Header().Set("Location", "/sign-in")
		if s.on("serve-302") {
			s.me(w, r, t, users[0], 302)
			return
		}
	case status == 500 && s.on("verbose-stack"):
		s.page(w, r, 500, "<pre>runtime error: "+why.detail+"\n"+string(debug.Stack())+"</pre>")
		return
	case s.on("serve-401"):
		s.me(w, r, t, users[0], status)
		return
	case s.on("soft-html"):
		s.page(w, r, 200, signIn)
		return
	case s.on("soft-json"):
		body = map[string]any{"ok": false, "error": "please sign in"}
	case s.on("guest"):
		body = s.profile("guest")
	case s.on("html"):
		s.page(w, r, status, "<!doctype html><title>Sign in</title><h1>Please sign in</h1>")
		return
	case s.on("verbose"):
		body["error"] = map[string]string{"bad_signature": "signature is invalid: " + s.k.alg + " mismatch", "expired": "token is expired"}[why.reason]
		if body["error"] == "" {
			body["error"] = "token verification failed: " + why.detail
		}
	}
	s.answer(w, r, t, status, body)
}

func (s *server) profile(user string) map[string]any {
	if user == "guest" {
		return map[string]any{"id": "guest", "name": "Guest", "plan": "none", "roles": []string{}, "balance": 0}
	}
	return map[string]any{"id": userID(user), "name": strings.ToUpper(user[:1]) + user[1:], "plan": "standard", "roles": []string{"user"}, "balance": 12.5}
}

// me is the protected resource.
func (s *server) me(w http.ResponseWriter, r *http.Request, t *token, user string, status int) {
	p := s.profile(user)
	switch {
	case s.on("empty-body"):
		s.answer(w, r, t, 204, nil)
	case s.on("html"):
		s.log.access(r, t, status)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<!doctype html><title>Your account</title><h1>Welcome, %s</h1><dl><dt>Account<dd id=account>%s<dt>Plan<dd>%s<dt>Balance<dd>%v</dl><footer>%d</footer>", p["name"], p["id"], p["plan"], p["balance"], time.Now().UnixNano())
	default:
		s.answer(w, r, t, status, p)
	}
}

func (s *server) logoutHandler(w http.ResponseWriter, r *http.Request) {
	t, _, why := s.who(r)
	if why != nil {
		s.deny(w, r, t, r.URL.Path, "verification_failed", why, 401)
		return
	}
	id := t.text(t.claims, "sid")
	s.mu.Lock()
	if o, ok := s.sessions.opaque[digest(t.raw)]; ok {
		id = o.session
	}
	x := s.all[id]
	s.mu.Unlock()
	if x == nil {
		s.answer(w, r, t, 204, nil)
		return
	}
	s.logout(t.raw, id)
	s.log.event(r, entry{kind: "revoked", token: t, raw: t.raw, sub: userID(x.user), family: id, status: 204, verified: true, detail: strings.Trim(r.URL.Path, "/")})
	s.answer(w, r, t, 204, nil)
}

// password changes the password, and ends all sessions of the user.
func (s *server) password(w http.ResponseWriter, r *http.Request) {
	t, user, why := s.who(r)
	if why != nil {
		s.deny(w, r, t, "/password", "verification_failed", why, 401)
		return
	}
	in := input(r)
	s.mu.Lock()
	if !sameText(in["old"], s.passwords[user]) || len(in["new"]) < 8 {
		s.mu.Unlock()
		s.answer(w, r, t, 400, map[string]any{"error": "not changed"})
		return
	}
	s.passwords[user] = in["new"]
	if !s.on("password-change-survives") {
		s.end(func(x *session) bool { return x.user == user })
	}
	s.mu.Unlock()
	s.log.event(r, entry{kind: "revoked", token: t, raw: t.raw, sub: userID(user), status: 204, verified: true, detail: "password changed"})
	s.answer(w, r, t, 204, nil)
}

// document is the OpenAPI description.
func (s *server) document() map[string]any {
	op := func(id string, secured bool, fields ...string) map[string]any {
		o := map[string]any{"operationId": id, "responses": map[string]any{"200": map[string]any{"description": "done"}}}
		if secured {
			o["security"] = []any{map[string]any{"token": []any{}}}
		}
		if len(fields) > 0 {
			properties := map[string]any{}
			for _, f := range fields {
				properties[f] = map[string]any{"type": "string"}
			}
			o["requestBody"] = map[string]any{"required": true, "content": map[string]any{"application/json": map[string]any{
				"schema": map[string]any{"type": "object", "required": fields, "properties": properties}}}}
		}
		return o
	}
	paths := map[string]any{
		"/login":    map[string]any{"post": op("login", false, "user", "password")},
		"/me":       map[string]any{"get": op("me", true)},
		"/admin":    map[string]any{"get": op("admin", true)},
		"/logout":   map[string]any{"post": op("logout", true)},
		"/password": map[string]any{"post": op("changePassword", true, "old", "new")},
	}
	if !s.on("stateless") {
		paths["/refresh"] = map[string]any{"post": op("refresh", false, "refresh_token")}
	}
	if s.on("issue-endpoint") {
		paths["/token"] = map[string]any{"post": op("issueToken", false, "user")}
	}
	return map[string]any{"openapi": "3.1.0", "info": map[string]any{"title": "lab", "version": "1"}, "paths": paths,
		"components": map[string]any{"securitySchemes": map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}}}
}
