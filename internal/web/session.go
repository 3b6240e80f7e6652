package web

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Lifetimes of a session: without use, and in all.
const (
	sessionIdle = 8 * time.Hour
	sessionMost = 7 * 24 * time.Hour
	// touchEvery spares Accounts a write for each request.
	touchEvery = time.Minute
)

// cookieName has the __Host- prefix where TLS allows it: browsers then take the
// cookie from this host only, over TLS only (RFC 6265bis section 4.1.3.2).
func (w *Web) cookieName() string {
	if w.c.Secure {
		return "__Host-jotsight"
	}
	return "jotsight"
}

// setCookie gives the browser its session id, or takes it away if id is empty.
// SameSite is Lax so that a link in an alert message opens the page; whatever
// changes something is a POST, which needs more than Lax.
func (w *Web) setCookie(rw http.ResponseWriter, id string) {
	c := &http.Cookie{
		Name: w.cookieName(), Value: id, Path: "/",
		HttpOnly: true, Secure: w.c.Secure, SameSite: http.SameSiteLaxMode,
		MaxAge: int(sessionMost / time.Second),
	}
	if id == "" {
		c.MaxAge = -1
	}
	http.SetCookie(rw, c)
}

// begin makes a session with a new id, whatever id the browser came with, and
// ends the one that it had.
func (w *Web) begin(rw http.ResponseWriter, r *http.Request, user string) error {
	w.end(r)
	id, now := secretText(32), w.c.Now()
	s := Session{Hash: hashText(id), User: user, Created: now, Seen: now}
	if err := w.c.Accounts.AddSession(r.Context(), s, now.Add(-sessionMost)); err != nil {
		return err
	}
	w.setCookie(rw, id)
	return nil
}

// end forgets the session of the request on our side.
func (w *Web) end(r *http.Request) {
	if c, err := r.Cookie(w.cookieName()); err == nil {
		if err := w.c.Accounts.EndSession(r.Context(), hashText(c.Value)); err != nil {
			w.c.Log.ErrorContext(r.Context(), "session not ended", "error", err)
		}
	}
}

// session finds the session of the request. Using it keeps it alive.
func (w *Web) session(r *http.Request) (Session, bool, error) {
	c, err := r.Cookie(w.cookieName())
	if err != nil || c.Value == "" {
		return Session{}, false, nil
	}
	s, found, err := w.c.Accounts.Session(r.Context(), hashText(c.Value))
	now := w.c.Now()
	if err != nil || !found || !s.alive(now) {
		return Session{}, false, err
	}
	if now.Sub(s.Seen) >= touchEvery {
		s.Seen = now
		if err := w.c.Accounts.TouchSession(r.Context(), s.Hash, now); err != nil {
			return Session{}, false, err
		}
	}
	return s, true, nil
}

func (s Session) alive(now time.Time) bool {
	return now.Before(s.Created.Add(sessionMost)) && now.Before(s.Seen.Add(sessionIdle))
}

type sessionKey struct{}

// userOf names the user of a request that members has let in.
func userOf(r *http.Request) string {
	s, _ := r.Context().Value(sessionKey{}).(Session)
	return s.User
}

// members lets requests with a session through, and leaves others to stranger.
func (w *Web) members(next http.Handler, stranger http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s, ok, err := w.session(r)
		switch {
		case err != nil:
			w.fail(rw, r, err)
		case !ok:
			stranger(rw, r)
		default:
			next.ServeHTTP(rw, r.WithContext(context.WithValue(r.Context(), sessionKey{}, s)))
		}
	})
}

// askLogin sends a browser to the login page, and remembers where it wanted to go.
func (w *Web) askLogin(rw http.ResponseWriter, r *http.Request) {
	to := "/login"
	if r.Method == http.MethodGet && r.URL.RequestURI() != "/" {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(rw, r, to, http.StatusSeeOther)
}

func refuseJSON(rw http.ResponseWriter, _ *http.Request) {
	refuse(rw, http.StatusUnauthorized, "log in first")
}

// local gives a place of ours to go to after login: a path that a browser
// cannot read as another host's.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || len(next) > 2048 || len(next) < 2 || next[0] != '/' ||
		next[1] == '/' || next[1] == '\\' {
		return "/"
	}
	for _, c := range []byte(next) {
		if c <= ' ' || c == '\\' || c >= 0x7f {
			return "/"
		}
	}
	return next
}
