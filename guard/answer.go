package guard

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// answer refuses a request.
func (g *Guard) answer(w http.ResponseWriter, r *http.Request, e *Error, wait time.Duration) {
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	} else if e.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	g.deny(w, r, e)
}

// Deny answers a refused request as RFC 6750 section 3 wants it, with a problem
// document (RFC 9457). All tokens that are refused get the same answer: why one
// was is for the event alone.
func Deny(w http.ResponseWriter, _ *http.Request, e *Error) { denyScope(w, e, nil) }

func denyScope(w http.ResponseWriter, e *Error, scope []string) {
	h := w.Header()
	switch e.Status {
	case http.StatusBadRequest:
		h.Set("WWW-Authenticate", `Bearer error="invalid_request"`)
	case http.StatusUnauthorized:
		if e.Reason == event.ReasonMissing || e.Reason == event.ReasonBadScheme {
			h.Set("WWW-Authenticate", "Bearer") // no code where no token was tried: section 3.1
		} else {
			h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		}
	case http.StatusForbidden:
		c := `Bearer error="insufficient_scope"`
		if s := strings.Join(scope, " "); quotable(s) && s != "" {
			c += `, scope="` + s + `"`
		}
		h.Set("WWW-Authenticate", c)
	}
	problem(w, e.Status)
}

// quotable reports whether s consists of scope-tokens (RFC 6749 section 3.3).
func quotable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' })
}

// problem writes a problem document that says no more than the status.
func problem(w http.ResponseWriter, status int) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Del("Content-Length")
	w.WriteHeader(status)
	body, _ := json.Marshal(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
	}{"about:blank", http.StatusText(status), status})
	w.Write(append(body, '\n'))
}

// reasonOf reads the reason of an Extractor's error.
func reasonOf(err error) event.Reason {
	var e *Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.Reason
	}
	return event.ReasonMalformed
}
