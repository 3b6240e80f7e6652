package guard

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/jotsight/jotsight/guard/event"
)

// maxBody bounds the body of a request to a token endpoint.
const maxBody = 16 << 10

// RefreshHandler answers POST with a new pair of tokens for a refresh token
// (RFC 6749 section 6). The body is a form, or a JSON object of the same names:
// refresh_token, and client_id where the family has one; grant_type may be left
// out. Whatever is wrong with a token, the answer is the same invalid_grant.
func (i *Issuer) RefreshHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, ok := body(w, r)
		if !ok {
			return
		}
		if t := form.Get("grant_type"); t != "" && t != "refresh_token" {
			oauthError(w, http.StatusBadRequest, "unsupported_grant_type")
			return
		}
		m := i.g.Meta(r)
		m.Source, m.ClientID = event.Body, form.Get("client_id")
		pair, err := i.Refresh(r.Context(), form.Get("refresh_token"), m)
		if err == nil {
			_ = pair.Respond(w) // the client is gone; it may retry within the grace time
			return
		}
		i.refused(w, err, "invalid_grant")
	})
}

// A ClientAuth says which client asks, by whatever it uses to show that (RFC 6749
// section 2.3). The id stands in the event as the actor.
type ClientAuth func(*http.Request) (clientID string, err error)

// RevocationHandler answers POST by revoking the token in the body (RFC 7009):
// an access token by itself, a refresh token with its family. An unknown token
// is answered 200, as the RFC wants, an unknown client 401, and 503 says that
// nothing was revoked. Whoever is authenticated and holds a token may revoke it.
func (i *Issuer) RevocationHandler(auth ClientAuth) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, ok := body(w, r)
		if !ok {
			return
		}
		m := i.g.Meta(r)
		m.Source = event.Body
		now := i.g.now()
		if i.g.blocked(m.Address, now) > 0 {
			i.g.recordLimited(&origin{r: r, addr: m.Address, port: m.Port}, now)
			i.refused(w, refuse(event.ReasonRateLimited), "")
			return
		}
		client, err := auth(r)
		if err != nil || client == "" {
			i.g.charge(m.Address, refuse(event.ReasonBindingMismatch), now)
			if rec := i.g.rec.flood(event.RevocationFailed, event.ReasonBindingMismatch, m.Address, now); rec != nil {
				m.describe(&rec.Event)
				rec.Detail, rec.Status = "the client is not authenticated", http.StatusUnauthorized
				i.g.rec.send(rec)
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
			oauthError(w, http.StatusUnauthorized, "invalid_client")
			return
		}
		m.ClientID, m.Actor = client, client
		if form.Get("token") == "" {
			oauthError(w, http.StatusBadRequest, "invalid_request")
			return
		}
		if err := i.RevokeToken(r.Context(), form.Get("token"), "revocation request", m); err != nil {
			i.refused(w, err, "")
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
	})
}

// LogoutHandler ends the session of the request's token and answers 204. It
// stands behind Verify, or verifies by itself.
func (i *Issuer) LogoutHandler() http.Handler {
	return i.g.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, _ := FromContext(r.Context())
		if err := i.Logout(r.Context(), t, i.g.Meta(r)); err != nil {
			i.refused(w, err, "invalid_request")
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	}))
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
		}
	}
	if c, ok := proofError(w, err); ok {
		code = c
	}
	oauthError(w, status, code)
}

func oauthError(w http.ResponseWriter, status int, code string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code})
}

// body reads the parameters of a token endpoint: from the body alone, each at
// most once (RFC 6749 section 3.2). It answers by itself when it cannot.
func body(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		oauthError(w, http.StatusMethodNotAllowed, "invalid_request")
		return nil, false
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		oauthError(w, http.StatusRequestEntityTooLarge, "invalid_request")
		return nil, false
	}
	form, ok := parameters(r.Header.Get("Content-Type"), string(text))
	if !ok {
		oauthError(w, http.StatusBadRequest, "invalid_request")
		return nil, false
	}
	return form, true
}

func parameters(contentType, text string) (url.Values, bool) {
	form := url.Values{}
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/json" {
		ok := true
		f := eachMember(text, func(name, value string) {
			if s, isText := stringOf(value); isText {
				form.Set(name, s)
			} else {
				ok = false
			}
		})
		return form, ok && f == sound
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, false
	}
	for _, v := range form {
		if len(v) > 1 {
			return nil, false
		}
	}
	return form, true
}
