package guard

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
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
	// that the client shows in mutual TLS (RFC 8705 section 2.2). The server must
	// ask for them: tls.RequestClientCert at least.
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
	// Memory remembers the assertions that were used, for several processes. The
	// default is the memory of this one: an assertion could be used once in each.
	Memory ProofMemory
	// Certificate finds the certificate of a request. The default is the one of the
	// TLS connection; see BindingConfig.Certificate for what stands behind a proxy.
	Certificate func(*http.Request) *x509.Certificate
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
	peer   func(*http.Request) *x509.Certificate
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
	if c.Certificate == nil {
		c.Certificate = peerCertificate
	}
	known := &Clients{
		byID: make(map[string]*client), nobody: &client{secrets: make([][sha256.Size]byte, 1)},
		peer: c.Certificate, now: c.Now,
	}
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
			wrong = append(wrong, fmt.Errorf("client %d: ID: missing", n))
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
