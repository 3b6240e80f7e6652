package guard

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// maxBody bounds the body of a request to a token endpoint.
const maxBody = 16 << 10

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
			if cookie && statusIn(err) == http.StatusUnauthorized {
				i.cookie.clear(w) // it will never be good again
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

// A call is a POST to an endpoint of the issuer. Each that goes wrong leaves one
// record.
type call struct {
	i    *Issuer
	w    http.ResponseWriter
	r    *http.Request
	kind event.Kind // under which it is recorded when it goes wrong
	now  time.Time
	m    Meta
	form url.Values
}

// receive reads a call. It answers by itself, and returns nil, when it cannot, or
// when the address has failed too often.
func (i *Issuer) receive(w http.ResponseWriter, r *http.Request, kind event.Kind) *call {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		oauthError(w, http.StatusMethodNotAllowed, "invalid_request")
		return nil
	}
	c := &call{i: i, w: w, r: r, kind: kind, now: i.g.now(), m: i.g.Meta(r)}
	c.m.Source = event.Body
	if i.g.blocked(c.m.Address, c.now) > 0 {
		i.g.recordLimited(&origin{meta: &c.m, addr: c.m.Address}, c.now)
		i.refused(w, refuse(event.ReasonRateLimited), "")
		return nil
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		c.fail(event.ReasonOversized, "the body cannot be read, or is too long")
		oauthError(w, http.StatusRequestEntityTooLarge, "invalid_request")
		return nil
	}
	form, ok := parameters(r.Header.Get("Content-Type"), string(text))
	if !ok {
		c.fail(event.ReasonMalformed, "the body is not a form with each parameter once")
		oauthError(w, http.StatusBadRequest, "invalid_request")
		return nil
	}
	c.form = form
	return c
}

// fail records what went wrong before there was a token to judge, and charges the
// address.
func (c *call) fail(why event.Reason, detail string) {
	c.i.g.charge(c.m.Address, refuse(why), c.now)
	c.record(why, detail)
}

func (c *call) record(why event.Reason, detail string) {
	rec := c.i.g.rec.flood(c.kind, why, c.m.Address, c.now)
	if rec == nil {
		return
	}
	c.m.describe(&rec.Event)
	rec.Outcome, rec.Detail, rec.ClientID = event.Failure, detail, event.Scrub(c.m.ClientID)
	if c.kind == event.Introspected {
		rec.Severity = why.Severity()
	}
	c.i.g.rec.send(rec)
}

// invalid answers a call that lacks something.
func (c *call) invalid(detail string) {
	c.fail(event.ReasonMissing, detail)
	oauthError(c.w, http.StatusBadRequest, "invalid_request")
}

func mustAuthenticate(handler string, auth ClientAuth) {
	if auth == nil {
		panic("guard: " + handler + ": nil ClientAuth")
	}
}

// authenticate finds out which client calls (RFC 6749 section 2.3), and answers
// one that does not show it (section 5.2).
func (c *call) authenticate(auth ClientAuth) bool {
	c.r.PostForm, c.r.Form = c.form, c.form
	id, err := auth(c.r)
	if err == nil && id != "" {
		c.m.ClientID, c.m.Actor = id, id
		return true
	}
	why, detail := event.ReasonBindingMismatch, "the client is not authenticated"
	if e := (*clientError)(nil); errors.As(err, &e) {
		why, detail, c.m.ClientID = e.refusal.Reason, e.detail, e.id
	} else if e := (*Error)(nil); errors.As(err, &e) {
		why = e.Reason
	}
	c.fail(why, detail)
	switch {
	case refuse(why).Status >= http.StatusInternalServerError, why == event.ReasonRateLimited:
		c.i.refused(c.w, refuse(why), "")
	case why == event.ReasonMultipleTokens, why == event.ReasonTokenInQuery:
		oauthError(c.w, http.StatusBadRequest, "invalid_request")
	default:
		c.w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
		oauthError(c.w, http.StatusUnauthorized, "invalid_client")
	}
	return false
}

// refreshToken finds the refresh token of a call, and who brings it.
func (c *call) refreshToken() (raw string, ok bool) {
	raw = c.form.Get("refresh_token")
	if c.i.cookie != nil {
		value, _, err := c.i.cookie.extract(c.r)
		switch why := reasonOf(err); {
		case why == event.ReasonMissing:
		case why != 0 || raw != "":
			c.fail(event.ReasonMultipleTokens, "more than one refresh token")
			oauthError(c.w, http.StatusBadRequest, "invalid_request")
			return "", false
		case c.i.cookie.sameOrigin.Check(c.r) != nil:
			// Not charged to the address: it is the victim's.
			c.m.Source = event.Cookie
			c.record(event.ReasonBindingMismatch, "the cookie came with a request of another origin")
			oauthError(c.w, http.StatusForbidden, "invalid_request")
			return "", false
		default:
			// Only families of this one client are refreshed by cookie. Otherwise
			// the stolen token of a client with a secret would do without it here.
			c.m.Source, c.m.ClientID = event.Cookie, c.i.cookie.client
			return value, true
		}
	}
	if c.i.clients != nil {
		return raw, c.authenticate(c.i.clients)
	}
	c.m.ClientID = c.form.Get("client_id")
	return raw, true
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

// parameters reads the parameters of a token endpoint: from the body alone, each
// at most once (RFC 6749 section 3.2).
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
