package guard

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
)

// A ClientAuth says which client asks, by whatever it uses to show that (RFC 6749
// section 2.3); Clients has ready ones. It is called with the form parsed
// (Request.PostForm, from the body alone). The id stands in the event as the
// actor. An error made by Refuse names its reason in the event; one with a status
// of 500 and more, such as store_unavailable, is answered as such.
type ClientAuth func(*http.Request) (clientID string, err error)

// RefreshHandler answers POST with a new pair of tokens for a refresh token
// (RFC 6749 section 6). The body is a form, or a JSON object of the same names:
// refresh_token, scope where the access token is to have less of it, and
// client_id where the family has one and IssuerConfig.Clients is not set;
// grant_type may be left out. Whatever is wrong with a token, the answer is the
// same invalid_grant.
//
// With IssuerConfig.Cookie, a request of the same origin may bring the refresh
// token in the cookie instead, and gets the next one there.
func (i *Issuer) RefreshHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := i.receive(w, r, event.RefreshFailed)
		if c == nil {
			return
		}
		if t := c.form.Get("grant_type"); t != "" && t != "refresh_token" {
			c.record(event.ReasonBadClaim, "the grant_type is not refresh_token")
			oauthError(w, http.StatusBadRequest, "unsupported_grant_type")
			return
		}
		raw, ok := c.refreshToken()
		if !ok {
			return
		}
		cookie := c.m.Source == event.Cookie
		pair, err := i.Refresh(r.Context(), raw, c.m, strings.Fields(c.form.Get("scope"))...)
		switch {
		case err != nil:
			if cookie && lost(err) {
				i.cookie.clear(w)
			}
			i.refused(w, err, "invalid_grant")
		case cookie:
			_ = i.RespondCookie(w, pair) // the client is gone; it may retry within the grace time
		default:
			_ = pair.Respond(w)
		}
	})
}

// RevocationHandler answers POST by revoking the token in the body (RFC 7009):
// an access token by itself, a refresh token with its family. An unknown token
// is answered 200, as the RFC wants, an unknown client 401, and 503 says that
// nothing was revoked. A client can revoke what was issued to it, and tokens that
// name no client: a service whose tokens have none leaves Grant.ClientID empty,
// and everybody whom auth knows can revoke what he holds. Public clients may take
// part (Clients.Identify). A nil auth panics.
func (i *Issuer) RevocationHandler(auth ClientAuth) http.Handler {
	mustAuthenticate("RevocationHandler", auth)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := i.receive(w, r, event.RevocationFailed)
		if c == nil || !c.authenticate(auth) {
			return
		}
		raw := c.form.Get("token")
		if raw == "" {
			c.invalid("no token")
			return
		}
		// token_type_hint would only say what the token's form says already, and a
		// wrong one must not be believed (RFC 7009 section 2.1).
		switch err := i.RevokeToken(r.Context(), raw, "revocation request", c.m); reasonOf(err) {
		case 0:
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusOK)
		case event.ReasonCrossTokenUse:
			i.refused(w, err, "unsupported_token_type") // RFC 7009 section 2.2.1
		default:
			i.refused(w, err, "invalid_grant") // "issued to another client": RFC 6749 section 5.2
		}
	})
}

// LogoutHandler ends the session of the request's token and answers 204. It
// stands behind Verify, or verifies by itself. With IssuerConfig.Cookie, a POST
// of the same origin that brings the cookie ends the session of the cookie, so
// that a browser whose access token has expired can log out; the cookie is
// cleared.
func (i *Issuer) LogoutHandler() http.Handler {
	byToken := i.g.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, _ := FromContext(r.Context())
		if err := i.Logout(r.Context(), t, i.g.Meta(r)); err != nil {
			i.refused(w, err, "invalid_request")
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	}))
	if i.cookie == nil {
		return byToken
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, err := i.cookie.extract(r); reasonOf(err) == event.ReasonMissing {
			byToken.ServeHTTP(w, r)
			return
		}
		c := i.receive(w, r, event.RevocationFailed)
		if c == nil {
			return
		}
		raw, ok := c.refreshToken()
		if !ok {
			return
		}
		err := i.logoutFamily(r.Context(), raw, c.m)
		if statusIn(err) < http.StatusInternalServerError {
			i.cookie.clear(w)
		}
		if err != nil {
			i.refused(w, err, "invalid_grant")
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	})
}

// lost reports whether a refresh token that was refused will never be good again.
// One that lacks the proof of a key may be.
func lost(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusUnauthorized && e.Reason != event.ReasonBindingMismatch && e.code == ""
}

// statusIn gives the status of an Error, zero where there is none.
func statusIn(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// refused answers an error of the issuer; code is what stands for all that is
// wrong with a token.
func (i *Issuer) refused(w http.ResponseWriter, err error, code string) {
	var e *Error
	status := http.StatusBadRequest
	if errors.As(err, &e) {
		switch e.Status {
		case http.StatusTooManyRequests:
			w.Header().Set("Retry-After", "60")
			status, code = e.Status, "slow_down"
		case http.StatusServiceUnavailable:
			w.Header().Set("Retry-After", "5")
			status, code = e.Status, "temporarily_unavailable"
		case http.StatusInternalServerError:
			status, code = e.Status, "server_error"
		case http.StatusForbidden:
			code = "invalid_scope" // RFC 6749 section 5.2
		}
	}
	if c, ok := proofError(w, err); ok {
		code = c
	}
	oauthError(w, status, code)
}

func oauthError(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]string{"error": code})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone
}
