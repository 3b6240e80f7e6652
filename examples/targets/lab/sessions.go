package main

import (
	"crypto/sha256"
	"sync"
	"time"
)

// A session is one login: its family of refresh tokens, and whether it lives.
type session struct {
	id, user string
	alive    bool   // access tokens of it are taken
	renews   bool   // refresh tokens of it are taken
	newest   string // hash of the newest refresh token
	refresh  string // its text, for refresh-static
}

// sessions keeps who is logged in. What ended stays known, so that a token of it
// is told from one that never was.
type sessions struct {
	mu      sync.Mutex
	all     map[string]*session // by id
	tokens  map[string]*session // by hash of every refresh token ever given
	used    map[string]time.Time
	opaque  map[string]opaque // access tokens that are no JWTs, by hash
	revoked map[string]bool   // access tokens, by jti; by text with denylist-raw
	locked  map[string]int    // wrong passwords in a row, by user
}

type opaque struct {
	session string
	exp     time.Time
}

func newSessions() *sessions {
	return &sessions{all: map[string]*session{}, tokens: map[string]*session{}, used: map[string]time.Time{},
		opaque: map[string]opaque{}, revoked: map[string]bool{}, locked: map[string]int{}}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

// A pair is what login and refresh give.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token,omitempty"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`

	session string
}

// open begins a session.
func (s *server) open(user string) pair {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.on("one-session") {
		s.end(func(x *session) bool { return x.user == user })
	}
	x := &session{id: random(12), user: user, alive: true, renews: true}
	s.all[x.id] = x
	return s.give(x)
}

// give makes the next pair of a session.
func (s *server) give(x *session) pair {
	p := pair{Type: "Bearer", Expires: int(s.life().Seconds()), session: x.id}
	p.Access = s.access(x)
	switch {
	case s.on("stateless"):
		return p
	case s.on("refresh-static") && x.refresh != "":
		p.Refresh = x.refresh
	case s.on("jwt-refresh") || s.on("refresh-as-access") || s.on("access-as-refresh"):
		now := time.Now().Unix()
		p.Refresh = s.k.token(refreshTyp, map[string]any{"iss": issuer, "aud": audience, "sub": userID(x.user), "sid": x.id,
			"iat": now, "exp": now + 3600, "jti": random(12)})
	default:
		p.Refresh = random(32)
	}
	x.refresh, x.newest = p.Refresh, digest(p.Refresh)
	s.tokens[x.newest] = x
	return p
}

func (s *server) life() time.Duration {
	switch {
	case s.on("short-life"):
		return 8 * time.Second
	case s.on("life-long"):
		return 30 * 24 * time.Hour
	}
	return life
}

// access makes an access token.
func (s *server) access(x *session) string {
	now := time.Now()
	exp := now.Add(s.life())
	if s.on("opaque") {
		t := random(32)
		s.opaque[digest(t)] = opaque{x.id, exp}
		return t
	}
	c := map[string]any{"sub": userID(x.user), "iat": now.Unix(), "exp": exp.Unix()}
	if s.on("bare-claims") {
		return s.k.token("JWT", c)
	}
	c["iss"], c["aud"], c["nbf"], c["jti"], c["sid"], c["scope"] = issuer, audience, now.Unix(), random(12), x.id, "profile"
	switch {
	case s.on("exp-millis"):
		c["exp"] = exp.UnixMilli()
	case s.on("life-endless"):
		delete(c, "exp")
	case s.on("sensitive-claims"):
		c["email"], c["birthdate"] = x.user+"@lab.test", "1990-04-01"
	}
	return s.k.token(accessTyp, c)
}

// end ends sessions. s.mu is held.
func (s *server) end(which func(*session) bool) {
	for _, x := range s.all {
		if which(x) {
			x.alive, x.renews = x.alive && s.on("access-survives"), x.renews && s.on("refresh-survives")
		}
	}
}

// sessionOf judges the session of a verified access token, and gives its user.
func (s *server) sessionOf(t *token) (user string, why *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := t.text(t.claims, "sub")
	if s.on("stateless") || s.on("bare-claims") {
		for _, u := range users {
			if userID(u) == sub || s.on("no-verification") {
				return u, nil
			}
		}
		return "", refuse("user_disabled", "no such user")
	}
	jti := t.text(t.claims, "jti")
	x := s.all[t.text(t.claims, "sid")]
	switch {
	case x == nil:
		return "", refuse("session_ended", "no such session")
	case s.on("denylist-raw"):
		if s.revoked[t.raw] {
			return "", refuse("revoked", "the token was revoked")
		}
	case !x.alive:
		return "", refuse("session_ended", "the session has ended")
	case jti != "" && s.revoked[jti]:
		return "", refuse("revoked", "the token was revoked")
	}
	if userID(x.user) != sub && !s.on("no-verification") {
		return "", refuse("bad_claim", "sub is not the session's")
	}
	return x.user, nil
}

// logout ends the session of an access token.
func (s *server) logout(raw, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.all[id]
	if s.on("denylist-raw") {
		s.revoked[raw] = true
		x.renews = false
		return
	}
	s.end(func(y *session) bool { return y == x || s.on("logout-all") && y.user == x.user })
}

// renew exchanges a refresh token. t is what could be read of one that is a JWT, x
// whose it is, if that is known.
func (s *server) renew(raw string) (p pair, t *token, x *session, why *refusal) {
	if raw == "" {
		return p, nil, nil, refuse("missing", "no refresh token")
	}
	isJWT := s.on("jwt-refresh") || s.on("refresh-as-access") || s.on("access-as-refresh")
	if isJWT {
		if t, why = s.verify(raw, refreshTyp); why != nil {
			return p, t, nil, why
		}
		if t.text(t.header, "typ") == accessTyp { // access-as-refresh
			s.mu.Lock()
			defer s.mu.Unlock()
			if x = s.all[t.text(t.claims, "sid")]; x == nil || !x.renews {
				return p, t, x, refuse("session_ended", "the session has ended")
			}
			return s.give(x), t, x, nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := digest(raw)
	if x = s.tokens[key]; x == nil {
		return p, t, nil, refuse("unknown_token", "no such refresh token")
	}
	rotated, isUsed := s.used[key]
	switch {
	case !x.renews:
		return p, t, x, refuse("session_ended", "the session has ended")
	case s.limited("refresh", x.id, 10, "unlimited-refresh"):
		return p, t, x, refuse("rate_limited", "too many refreshes")
	case s.on("refresh-static") || s.on("refresh-reuse"):
	case isUsed && s.on("grace") && time.Since(rotated) < time.Second:
	case isUsed:
		if !s.on("family-survives") {
			x.alive, x.renews = false, false
		}
		return p, t, x, refuse("refresh_reuse", "a used refresh token")
	default:
		s.used[key] = time.Now()
	}
	return s.give(x), t, x, nil
}
