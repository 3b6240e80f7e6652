package guard

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A RefreshCookie keeps the refresh tokens of browser apps in a cookie that no
// script can read (HttpOnly), that no other host can set (the prefix of its
// name), and that no request of another site brings along (SameSite=Strict).
// Requests that bring it are taken from the same origin alone, besides: browsers
// say where a request comes from in Sec-Fetch-Site and Origin.
type RefreshCookie struct {
	// Name is the cookie's. The default is __Host-refresh, or __Secure-refresh
	// where Path is not "/": browsers take a __Host- cookie for all paths alone.
	Name string
	// Path narrows which requests bring the cookie, to the handlers that need it,
	// /auth for instance. The default is "/": better than a narrow path is that
	// no subdomain can plant a cookie of its own, which the prefix __Host- sees to.
	Path string
	// ClientID is the client that browsers are, as in Grant.ClientID: only
	// families of this client are refreshed by cookie.
	ClientID string
	// Origins are other origins whose requests are taken, "https://app.example":
	// of the same site, or the browser will not send the cookie. What they may
	// read is for your CORS headers to say.
	Origins []string
}

// A refreshCookie is a RefreshCookie that was found to be in order.
type refreshCookie struct {
	name, path, client string
	extract            Extractor
	sameOrigin         *http.CrossOriginProtection
}

// open checks c and names every field that cannot be right.
func (c RefreshCookie) open(bad func(field, format string, args ...any)) *refreshCookie {
	orDefault(&c.Path, "/")
	if c.Path == "/" {
		orDefault(&c.Name, "__Host-refresh")
	}
	orDefault(&c.Name, "__Secure-refresh")
	switch {
	case !strings.HasPrefix(c.Name, "__Host-") && !strings.HasPrefix(c.Name, "__Secure-"):
		bad("Cookie.Name", "%q begins neither with __Host- nor with __Secure-", c.Name)
	case strings.HasPrefix(c.Name, "__Host-") && c.Path != "/":
		bad("Cookie.Path", "%q does not go with a __Host- name, which is for all paths", c.Path)
	}
	rc := &refreshCookie{
		name: c.Name, path: c.Path, client: c.ClientID, extract: Cookie(c.Name),
		sameOrigin: http.NewCrossOriginProtection(),
	}
	if err := rc.cookie("x", time.Minute).Valid(); err != nil {
		bad("Cookie", "%w", err)
	} else if !strings.HasPrefix(c.Path, "/") {
		bad("Cookie.Path", "%q does not begin with a slash", c.Path)
	}
	for _, o := range c.Origins {
		if err := rc.sameOrigin.AddTrustedOrigin(o); err != nil {
			bad("Cookie.Origins", "%w", err)
		}
	}
	return rc
}

func (c *refreshCookie) cookie(value string, age time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: c.name, Value: value, Path: c.path, MaxAge: int(age / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

func (c *refreshCookie) clear(w http.ResponseWriter) {
	http.SetCookie(w, c.cookie("", -time.Second))
}

// RespondCookie writes p as Pair.Respond does, with the refresh token in the
// cookie and not in the body: for the login of a browser app. It needs
// IssuerConfig.Cookie, and a p that was issued to its client; the error is also
// that of writing. Nothing is written when p does not fit.
func (i *Issuer) RespondCookie(w http.ResponseWriter, p Pair) error {
	switch {
	case i.cookie == nil:
		return errors.New("respond: IssuerConfig.Cookie: missing")
	case p.Refresh.IsZero():
		return errors.New("respond: the pair has no refresh token")
	case p.client != i.cookie.client:
		return fmt.Errorf("respond: the pair was issued to client %q, and Cookie.ClientID is %q", p.client, i.cookie.client)
	}
	http.SetCookie(w, i.cookie.cookie(p.Refresh.Reveal(), p.ends.Sub(i.g.now())))
	p.Refresh = event.Raw{}
	return p.Respond(w)
}
