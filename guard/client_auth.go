package guard

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
)

// Authenticate is a ClientAuth that takes clients which show what they alone can
// show: a secret in the Authorization header or in the body, a signed assertion,
// a certificate. Public clients are refused.
func (c *Clients) Authenticate(r *http.Request) (clientID string, err error) {
	return c.find(r, false)
}

// Identify is Authenticate, and takes the word of public clients too: for
// refreshing and revoking, where the token is what counts (RFC 6749 section
// 3.2.1, RFC 7009 section 2.1), and not for introspection.
func (c *Clients) Identify(r *http.Request) (clientID string, err error) {
	return c.find(r, true)
}

// A clientError says why a client is refused, to the event. id is set only where
// it names a registered client: anything else may be a secret in the wrong place.
type clientError struct {
	refusal    *Error
	id, detail string
}

func (e *clientError) Error() string { return "client refused: " + e.detail }
func (e *clientError) Unwrap() error { return e.refusal }

func (c *Clients) find(r *http.Request, public bool) (string, error) {
	k, why, detail := c.shown(r)
	if why == event.ReasonMissing && k != nil && k.public && public {
		return k.id, nil
	}
	if why != 0 {
		e := &clientError{refusal: refuse(why), detail: detail}
		if k != nil {
			e.id = k.id
		}
		return "", e
	}
	return k.id, nil
}

// shown judges what a request shows. The reason missing means that it names a
// client and shows nothing else. The client is nil where there is none of the
// name.
func (c *Clients) shown(r *http.Request) (k *client, why event.Reason, detail string) {
	form, ok := clientForm(r)
	if !ok {
		return nil, event.ReasonMalformed, "the form cannot be read"
	}
	if q := r.URL.Query(); q.Has("client_secret") || q.Has("client_assertion") {
		// RFC 6749 section 2.3.1: never in the URL, where logs keep it.
		return nil, event.ReasonTokenInQuery, "client credentials in the URL"
	}
	id, secret, basic, ok := basicCredentials(r)
	if !ok {
		return nil, event.ReasonMalformed, "the Authorization header cannot be read"
	}
	post, assertion := form.Get("client_secret") != "", form.Has("client_assertion") || form.Has("client_assertion_type")
	if basic && post || basic && assertion || post && assertion {
		return nil, event.ReasonMultipleTokens, "more than one way of authentication (RFC 6749 section 2.3)"
	}
	named := form.Get("client_id")
	if basic && named != "" && named != id {
		return nil, event.ReasonBindingMismatch, "client_id names another client"
	}
	if post {
		id, secret = named, form.Get("client_secret")
	}
	switch {
	case basic, post:
		return c.bySecret(id, secret)
	case assertion:
		return c.byAssertion(r.Context(), form)
	case named == "":
		return nil, event.ReasonMissing, "no client named"
	}
	return c.byCertificate(r, named)
}

func (c *Clients) bySecret(id, secret string) (*client, event.Reason, string) {
	k := c.byID[id]
	compared := k
	if k == nil || len(k.secrets) == 0 {
		compared = c.nobody // so that a name alone costs as much as a wrong secret
	}
	sum, held := sha256.Sum256([]byte(secret)), 0
	for _, want := range compared.secrets {
		held |= subtle.ConstantTimeCompare(sum[:], want[:])
	}
	switch {
	case k == nil:
		return nil, event.ReasonBindingMismatch, "unknown client"
	case held == 0 || compared == c.nobody:
		return k, event.ReasonBindingMismatch, "wrong client secret"
	}
	return k, 0, ""
}

// byCertificate judges a request that names a client and brings no credentials
// of its own: the connection may have shown a certificate. One beside other
// credentials is left to whoever binds tokens to it (RFC 8705 section 3).
func (c *Clients) byCertificate(r *http.Request, id string) (*client, event.Reason, string) {
	k := c.byID[id]
	if k == nil {
		return nil, event.ReasonBindingMismatch, "unknown client"
	}
	shown := c.peer(r)
	switch {
	case len(k.certificates) == 0 || shown == nil:
		return k, event.ReasonMissing, "the client shows nothing"
	case !slices.Contains(k.certificates, sha256.Sum256(shown.Raw)):
		return k, event.ReasonBindingMismatch, "another certificate"
	}
	return k, 0, ""
}

// clientForm gives the parameters of the body, each at most once. Our handlers
// have parsed them; elsewhere they are parsed here and stay in Request.PostForm.
func clientForm(r *http.Request) (url.Values, bool) {
	if r.PostForm == nil {
		if r.Body != nil {
			r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
		}
		if r.ParseForm() != nil {
			return nil, false
		}
	}
	for _, name := range []string{"client_id", "client_secret", "client_assertion", "client_assertion_type"} {
		if len(r.PostForm[name]) > 1 {
			return nil, false
		}
	}
	return r.PostForm, true
}

// basicCredentials reads the Authorization header where it is Basic. Both parts
// are form-encoded before they are joined (RFC 6749 section 2.3.1), so that a
// colon in an id does no harm. Another scheme is none of ours.
func basicCredentials(r *http.Request) (id, secret string, found, ok bool) {
	values := r.Header["Authorization"]
	found = slices.ContainsFunc(values, func(v string) bool {
		scheme, _, _ := strings.Cut(v, " ")
		return strings.EqualFold(scheme, "Basic")
	})
	if !found {
		return "", "", false, true
	}
	if len(values) > 1 || len(values[0]) > maxBody {
		return "", "", true, false
	}
	id, secret, ok = r.BasicAuth()
	if !ok {
		return "", "", true, false
	}
	id, err := url.QueryUnescape(id)
	secret, err2 := url.QueryUnescape(secret)
	return id, secret, true, err == nil && err2 == nil
}
