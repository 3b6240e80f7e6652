package guard

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A Client is registered to ask an Issuer for something, and how it shows that it
// is the one (RFC 6749 section 2.3). Several ways may be set while a client moves
// from one to another; one request may use only one.
type Client struct {
	ID string
	// Secrets are those of client_secret_basic and client_secret_post. Two serve
	// while one is exchanged for the other.
	Secrets []SecretHash
	// Keys and Algorithms verify what the client signs: private_key_jwt (RFC 7523).
	// The keys are public ones, and the algorithms are named as in Config.
	Keys       KeySource
	Algorithms []string
	// Certificates are the SHA-256 thumbprints, in base64url, of the certificates
	// that the client shows in mutual TLS (RFC 8705 section 2.2). Your server must
	// ask for them (tls.RequestClientCert at least) and end the connection itself.
	Certificates []string
	// Public says that the client can keep no secret: its name is all there is, and
	// Clients.Identify alone takes that.
	Public bool
}

// ClientsConfig is everything that NewClients can be told.
type ClientsConfig struct {
	Clients []Client
	// Audience is what aud of a signed assertion must be, and it alone: the
	// identifier of this issuer. Required where a client has Keys. An assertion
	// that names others too could be passed on by them.
	Audience []string
	// Leeway forgives clocks that differ. The default is 30 s; a negative value
	// means none.
	Leeway time.Duration
	// Now is the clock. The default is time.Now.
	Now func() time.Time
}

// Clients are the clients of an issuer. Their methods are ClientAuths and may be
// called from many goroutines at once.
type Clients struct {
	byID   map[string]*client
	nobody *client // compared with in place of a client that does not exist
	now    func() time.Time
}

// A client is a Client that was found to be in order.
type client struct {
	id           string
	secrets      [][sha256.Size]byte
	certificates [][sha256.Size]byte
	public       bool
	assertions   *assertions // nil without Keys
}

// NewClients checks c as a whole and names the client and the field of whatever
// cannot be right. No secret stands in the error.
func NewClients(c ClientsConfig) (*Clients, error) {
	orDefault(&c.Leeway, defaultLeeway)
	if c.Now == nil {
		c.Now = time.Now
	}
	known := &Clients{byID: make(map[string]*client), nobody: &client{secrets: make([][sha256.Size]byte, 1)}, now: c.Now}
	rand.Read(known.nobody.secrets[0][:])
	var wrong []error
	if len(c.Clients) == 0 {
		wrong = append(wrong, errors.New("Clients: empty"))
	}
	for n, one := range c.Clients {
		bad := func(field, format string, args ...any) {
			wrong = append(wrong, fmt.Errorf("client %q: %s: %w", one.ID, field, fmt.Errorf(format, args...)))
		}
		switch {
		case one.ID == "":
			wrong = append(wrong, fmt.Errorf("Clients[%d]: ID: missing", n))
		case known.byID[one.ID] != nil:
			bad("ID", "stands there twice")
		}
		known.byID[one.ID] = one.open(c, bad)
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("guard: clients: %w", errors.Join(wrong...))
	}
	return known, nil
}

func (one Client) open(c ClientsConfig, bad func(field, format string, args ...any)) *client {
	k := &client{id: one.ID, public: one.Public}
	for n, s := range one.Secrets {
		sum, err := s.sum()
		if err != nil {
			bad(fmt.Sprintf("Secrets[%d]", n), "%w", err)
		}
		k.secrets = append(k.secrets, sum)
	}
	for n, s := range one.Certificates {
		sum, err := strict.DecodeString(s)
		if err != nil || len(sum) != sha256.Size {
			bad(fmt.Sprintf("Certificates[%d]", n), "not a SHA-256 thumbprint in base64url")
			continue
		}
		k.certificates = append(k.certificates, [sha256.Size]byte(sum))
	}
	if one.Keys != nil {
		k.assertions = newAssertions(one, c, bad)
	} else if len(one.Algorithms) > 0 {
		bad("Algorithms", "there are no Keys for them")
	}
	ways := len(one.Secrets) + len(one.Certificates)
	switch {
	case one.Public && (ways > 0 || one.Keys != nil):
		bad("Public", "contradicts what the client can show")
	case !one.Public && ways == 0 && one.Keys == nil:
		bad("Secrets", "empty; give it a secret, Keys or Certificates, or say that it is Public")
	}
	return k
}

// A SecretHash stands for the secret of a client: "sha256:" and the SHA-256 of
// the secret in base64url. It may be printed, and may stand in a configuration file. A
// quick hash is enough for a secret that a machine made at random, and for no
// other: do not take one that somebody thought of.
type SecretHash string

const (
	hashPrefix  = "sha256:"
	shortPrefix = "short:"
	// minClientSecret is what 128 random bits take in base64url (RFC 6749 section
	// 10.10 asks for them).
	minClientSecret = 22
)

// HashSecret gives the hash of a secret of at least 22 characters. Of a shorter
// one it gives a text that NewClients refuses.
func HashSecret(secret string) SecretHash {
	if n := len(secret); n < minClientSecret {
		return SecretHash(shortPrefix + strconv.Itoa(n))
	}
	sum := sha256.Sum256([]byte(secret))
	return SecretHash(hashPrefix + base64.RawURLEncoding.EncodeToString(sum[:]))
}

// sum reads the hash. What is not one may be the secret itself, and stays out of
// the error.
func (h SecretHash) sum() (sum [sha256.Size]byte, err error) {
	if text, ok := strings.CutPrefix(string(h), shortPrefix); ok {
		if n, err := strconv.Atoi(text); err == nil {
			return sum, fmt.Errorf("%d characters; at least %d are needed", n, minClientSecret)
		}
	}
	text, ok := strings.CutPrefix(string(h), hashPrefix)
	b, err := strict.DecodeString(text)
	if !ok || err != nil || len(b) != len(sum) {
		return sum, errors.New("not made by HashSecret")
	}
	return [sha256.Size]byte(b), nil
}

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
	switch {
	case k == nil:
		return nil, event.ReasonBindingMismatch, "unknown client"
	case len(k.certificates) == 0 || r.TLS == nil || len(r.TLS.PeerCertificates) == 0:
		return k, event.ReasonMissing, "the client shows nothing"
	}
	if !slices.Contains(k.certificates, sha256.Sum256(r.TLS.PeerCertificates[0].Raw)) {
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
