package bank

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// claims are what the hand-written bank puts into a token.
type claims struct {
	jwt.RegisteredClaims
	Scope   string `json:"scope,omitempty"`
	Session string `json:"sid"`
	Use     string `json:"use"` // access or refresh
}

func (c *claims) caller() caller { return caller{c.Subject, strings.Fields(c.Scope)} }

// A pair is what login and refresh answer with.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"` // seconds
}

var (
	errReused   = errors.New("refresh token was used before")
	errEnded    = errors.New("session has ended")
	errWrongUse = errors.New("token is for another use")
)

// parserOptions says what is checked besides the signature.
func parserOptions(sw Switches, now func() time.Time) []jwt.ParserOption {
	opts := []jwt.ParserOption{jwt.WithTimeFunc(now), jwt.WithExpirationRequired()}
	if !sw.AlgNoneAccepted {
		opts = append(opts, jwt.WithValidMethods([]string{"HS256"}))
	}
	if !sw.AudienceNotChecked {
		opts = append(opts, jwt.WithAudience(Audience))
	}
	if !sw.IssuerNotChecked {
		opts = append(opts, jwt.WithIssuer(Issuer))
	}
	if sw.ExpiredAccepted {
		opts = append(opts, jwt.WithLeeway(10*365*24*time.Hour)) // "the clocks in the branches are off"
	}
	return opts
}

// key is the key function of the parser.
func (h *handwritten) key(t *jwt.Token) (any, error) {
	if h.sw.AlgNoneAccepted && t.Method == jwt.SigningMethodNone {
		return jwt.UnsafeAllowNoneSignatureType, nil
	}
	return h.secret, nil
}

// parse reads a token and checks what the switches leave to check. Token and
// claims are given even with an error, as far as they could be read: they are
// then whatever the sender made up.
func (h *handwritten) parse(raw, use string) (*jwt.Token, *claims, error) {
	c := new(claims)
	if h.sw.TokenInLog {
		h.printer.Printf("DEBUG token %s", raw)
	}
	if h.sw.SignatureNotVerified {
		t, _, err := h.parser.ParseUnverified(raw, c)
		return t, c, err
	}
	t, err := h.parser.ParseWithClaims(raw, c, h.key)
	if err == nil && c.Use != use {
		err = errWrongUse
	}
	return t, c, err
}

// sign makes one token of a session.
func (h *handwritten) sign(use, session string, who caller, lifetime time.Duration) (raw, id string, err error) {
	now := h.now()
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    Issuer,
			Subject:   who.Name,
			Audience:  jwt.ClaimStrings{Audience},
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
			ID:        rand.Text(),
		},
		Scope:   strings.Join(who.Scopes, " "),
		Session: session,
		Use:     use,
	}
	raw, err = jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(h.secret)
	return raw, c.ID, err
}

// issue makes the pair of a session, and the id of its refresh token.
func (h *handwritten) issue(session string, who caller) (p pair, refreshID string, err error) {
	access, _, err := h.sign("access", session, who, accessLifetime)
	if err != nil {
		return pair{}, "", err
	}
	refresh, id, err := h.sign("refresh", session, who, refreshLifetime)
	return pair{access, refresh, "Bearer", int(accessLifetime.Seconds())}, id, err
}

// why is what the client is told.
func (h *handwritten) why(err error) string {
	if h.sw.VerboseError {
		return err.Error()
	}
	return http.StatusText(http.StatusUnauthorized)
}
