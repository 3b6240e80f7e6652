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
	if e.Status == http.StatusUnauthorized && e.algs == "" && (isDPoP(r) || g.binding.required) {
		e = g.binding.challenge(e)
	}
	g.deny(w, r, e)
}

// Deny answers a refused request as RFC 6750 section 3 and RFC 9449 section 7.1
// want it, with a problem document (RFC 9457). All tokens that are refused get the same answer: why one
// was is for the event alone.
func Deny(w http.ResponseWriter, _ *http.Request, e *Error) { denyScope(w, e, nil) }

func denyScope(w http.ResponseWriter, e *Error, scope []string) {
	h := w.Header()
	switch e.Status {
	case http.StatusBadRequest:
		h["Www-Authenticate"] = challengeRequest
	case http.StatusUnauthorized:
		if e.algs != "" {
			h.Set("WWW-Authenticate", e.challenge())
		} else if e.Reason == event.ReasonMissing || e.Reason == event.ReasonBadScheme {
			h["Www-Authenticate"] = challenge // no code where no token was tried: section 3.1
		} else {
			h["Www-Authenticate"] = challengeToken
		}
	case http.StatusForbidden:
		c := `Bearer error="insufficient_scope"`
		if e.algs != "" {
			c = `DPoP error="insufficient_scope"`
		}
		if s := strings.Join(scope, " "); quotable(s) && s != "" {
			c += `, scope="` + s + `"`
		}
		if e.algs != "" {
			c += `, algs="` + e.algs + `"`
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
	h["Content-Type"], h["Cache-Control"], h["X-Content-Type-Options"] = headProblem, headNoStore, headNoSniff
	h.Del("Content-Length")
	w.WriteHeader(status)
	w.Write(problems[status])
}

// Values of headers, shared: appending to one copies it.
var (
	challenge        = []string{"Bearer"}
	challengeRequest = []string{`Bearer error="invalid_request"`}
	challengeToken   = []string{`Bearer error="invalid_token"`}

	headProblem = []string{"application/problem+json"}
	headNoStore = []string{"no-store"}
	headNoSniff = []string{"nosniff"}
)

// problems holds the body of each answer, made in advance.
var problems = func() map[int][]byte {
	m := make(map[int][]byte)
	for _, status := range []int{400, 401, 403, 429, 500, 503} {
		body, _ := json.Marshal(struct {
			Type   string `json:"type"`
			Title  string `json:"title"`
			Status int    `json:"status"`
		}{"about:blank", http.StatusText(status), status})
		m[status] = append(body, '\n')
	}
	return m
}()

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
