package bank

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
)

// The life of a session: login, refresh, logout. As in verify.go, each is
// written as one finds it and as it ought to be.

type sessionKey struct{}

func withSession(ctx context.Context, c *claims) context.Context {
	return context.WithValue(ctx, sessionKey{}, c)
}

func sessionOf(r *http.Request) *claims { return r.Context().Value(sessionKey{}).(*claims) }

func (h *handwritten) loginSilently(w http.ResponseWriter, r *http.Request) {
	u, ok := h.authenticate(w, r)
	if !ok {
		return
	}
	p, err := h.begin(u)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "token could not be signed")
		return
	}
	answer(w, http.StatusOK, p)
}

func (h *handwritten) loginRecorded(w http.ResponseWriter, r *http.Request) {
	u, ok := h.authenticate(w, r)
	if !ok {
		h.record(r, "jwt.issue_failed", nil)
		return
	}
	p, err := h.begin(u)
	if err != nil {
		h.log.ErrorContext(r.Context(), "token could not be signed", slog.Any("error", err))
		refuse(w, http.StatusInternalServerError, "token could not be signed")
		return
	}
	h.record(r, "jwt.issued", nil, slog.String("user.id", u.Name))
	answer(w, http.StatusOK, p)
}

// authenticate reads the credentials, or answers why not.
func (h *handwritten) authenticate(w http.ResponseWriter, r *http.Request) (User, bool) {
	var c credentials
	if !read(w, r, &c) {
		return User{}, false
	}
	if !h.sw.NoLoginRateLimit && !h.guesses.free(clientAddress(r)) {
		refuse(w, http.StatusTooManyRequests, http.StatusText(http.StatusTooManyRequests))
		return User{}, false
	}
	u, ok := h.ledger.authenticate(c)
	if !ok {
		h.guesses.add(clientAddress(r))
		refuse(w, http.StatusUnauthorized, "wrong user or password")
	}
	return u, ok
}

// begin opens a session.
func (h *handwritten) begin(u User) (pair, error) {
	session := rand.Text()
	p, id, err := h.issue(session, caller{u.Name, u.Scopes})
	if err == nil {
		h.sessions.open(session, id, h.now())
	}
	return p, err
}

type refreshBody struct {
	Refresh string `json:"refresh_token"`
}

func (h *handwritten) refreshSilently(w http.ResponseWriter, r *http.Request) {
	if h.tooManyRenewals(r) {
		refuse(w, http.StatusTooManyRequests, http.StatusText(http.StatusTooManyRequests))
		return
	}
	var body refreshBody
	if !read(w, r, &body) {
		return
	}
	p, _, err := h.renew(body.Refresh)
	if err != nil {
		refuse(w, http.StatusUnauthorized, h.why(err))
		return
	}
	answer(w, http.StatusOK, p)
}

func (h *handwritten) refreshRecorded(w http.ResponseWriter, r *http.Request) {
	if h.tooManyRenewals(r) {
		h.record(r, "jwt.rate_limited", nil, slog.String("error.type", "rate_limited"))
		refuse(w, http.StatusTooManyRequests, http.StatusText(http.StatusTooManyRequests))
		return
	}
	var body refreshBody
	if !read(w, r, &body) {
		return
	}
	p, c, err := h.renew(body.Refresh)
	switch err {
	case nil:
		h.record(r, "jwt.refresh_ok", c)
		answer(w, http.StatusOK, p)
	case errReused:
		h.record(r, "jwt.refresh_reuse", c, slog.String("error.type", "refresh_reuse"))
		refuse(w, http.StatusUnauthorized, h.why(err))
	default:
		h.record(r, "jwt.refresh_failed", c, slog.String("error.type", reason(nil, err)))
		refuse(w, http.StatusUnauthorized, h.why(err))
	}
}

func (h *handwritten) tooManyRenewals(r *http.Request) bool {
	return !h.sw.NoRefreshRateLimit && !h.renewals.add(clientAddress(r))
}

// renew exchanges a refresh token.
func (h *handwritten) renew(raw string) (pair, *claims, error) {
	_, c, err := h.parse(raw, "refresh")
	if err != nil {
		return pair{}, c, err
	}
	if h.ended(c.Session) {
		return pair{}, c, errEnded
	}
	p, id, err := h.issue(c.Session, c.caller())
	if err != nil {
		return pair{}, c, err
	}
	switch {
	case h.sw.RefreshNotRotated:
		p.Refresh = raw
	case h.sw.RefreshReuseAccepted: // nobody remembers which one was the newest
	default:
		err = h.sessions.rotate(c.Session, c.ID, id, h.now())
	}
	return p, c, err
}

func (h *handwritten) logoutSilently(w http.ResponseWriter, r *http.Request) {
	h.endSession(sessionOf(r).Session)
	w.WriteHeader(http.StatusNoContent)
}

func (h *handwritten) logoutRecorded(w http.ResponseWriter, r *http.Request) {
	h.endSession(sessionOf(r).Session)
	h.record(r, "jwt.revoked", sessionOf(r), slog.String("jwt.revocation.reason", "logout"))
	w.WriteHeader(http.StatusNoContent)
}

func (h *handwritten) endSession(id string) {
	if h.sw.RevokedTokenAccepted {
		return // the client deletes its copy, does it not?
	}
	h.sessions.end(id)
}
