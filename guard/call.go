package guard

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// maxBody bounds the body of a request to a token endpoint.
const maxBody = 16 << 10

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
	c.i.failed(c.kind, refuse(why), &c.m, c.now, func(e *event.Event) { e.Detail = detail })
}

// record is fail without the charge.
func (c *call) record(why event.Reason, detail string) {
	c.i.recordFailure(c.kind, refuse(why), &c.m, c.now, func(e *event.Event) { e.Detail = detail })
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
	case refuse(why).Status >= http.StatusInternalServerError, why == event.ReasonRateLimited: // of a ClientAuth of the user's own
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
