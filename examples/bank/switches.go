package bank

import (
	"fmt"
	"slices"
	"strings"
)

// Switches are the weaknesses of the hand-written bank; a field that is set is a
// hole. Each is named as in jotsight's catalogue, which [Switches.Set] reads.
type Switches struct {
	WeakSecret           bool // weak-secret: the key is a word that everybody tries
	AlgNoneAccepted      bool // alg-none-accepted: unsigned tokens pass
	SignatureNotVerified bool // signature-not-verified: tokens are decoded, never verified
	ExpiredAccepted      bool // expired-accepted: a leeway of ten years
	AudienceNotChecked   bool // audience-not-checked
	IssuerNotChecked     bool // issuer-not-checked
	TokenInURL           bool // token-in-url: ?access_token= works too
	RefreshNotRotated    bool // refresh-not-rotated: one refresh token for the whole session
	RefreshReuseAccepted bool // refresh-reuse-accepted: rotated, and the old ones still work
	RevokedTokenAccepted bool // revoked-token-accepted: logout tells the client to forget
	NoVerifyRateLimit    bool // no-verify-rate-limit
	NoRefreshRateLimit   bool // no-refresh-rate-limit
	NoLoginRateLimit     bool // no-login-rate-limit

	SilentVerifyFailure bool // silent-verify-failure
	SilentMissingToken  bool // silent-missing-token
	SilentRefresh       bool // silent-refresh
	SilentRevokedUse    bool // silent-revoked-use
	SilentIssuance      bool // silent-issuance
	SilentRevocation    bool // silent-revocation
	SilentScopeDenial   bool // silent-scope-denial
	SilentRateLimit     bool // silent-rate-limit

	TokenInLog   bool // token-in-log: a line left over from debugging
	LogInjection bool // log-injection: records are printed, not encoded
	VerboseError bool // verbose-error: the client is told why
}

// WeakSecret is the key that the switch of that name makes the bank sign with.
const WeakSecret = "secret"

// Blind is the usual story: it works, so nobody has looked again.
func Blind() Switches {
	return Switches{
		WeakSecret:           true,
		AudienceNotChecked:   true,
		IssuerNotChecked:     true,
		TokenInURL:           true,
		RefreshNotRotated:    true,
		RevokedTokenAccepted: true,
		NoVerifyRateLimit:    true,
		NoRefreshRateLimit:   true,
		NoLoginRateLimit:     true,
		SilentVerifyFailure:  true,
		SilentMissingToken:   true,
		SilentRefresh:        true,
		SilentRevokedUse:     true,
		SilentIssuance:       true,
		SilentRevocation:     true,
		SilentScopeDenial:    true,
		SilentRateLimit:      true,
	}
}

// bySlug is the one list of the switches' names.
func (s *Switches) bySlug() map[string]*bool {
	return map[string]*bool{
		"weak-secret":            &s.WeakSecret,
		"alg-none-accepted":      &s.AlgNoneAccepted,
		"signature-not-verified": &s.SignatureNotVerified,
		"expired-accepted":       &s.ExpiredAccepted,
		"audience-not-checked":   &s.AudienceNotChecked,
		"issuer-not-checked":     &s.IssuerNotChecked,
		"token-in-url":           &s.TokenInURL,
		"refresh-not-rotated":    &s.RefreshNotRotated,
		"refresh-reuse-accepted": &s.RefreshReuseAccepted,
		"revoked-token-accepted": &s.RevokedTokenAccepted,
		"no-verify-rate-limit":   &s.NoVerifyRateLimit,
		"no-refresh-rate-limit":  &s.NoRefreshRateLimit,
		"no-login-rate-limit":    &s.NoLoginRateLimit,
		"silent-verify-failure":  &s.SilentVerifyFailure,
		"silent-missing-token":   &s.SilentMissingToken,
		"silent-refresh":         &s.SilentRefresh,
		"silent-revoked-use":     &s.SilentRevokedUse,
		"silent-issuance":        &s.SilentIssuance,
		"silent-revocation":      &s.SilentRevocation,
		"silent-scope-denial":    &s.SilentScopeDenial,
		"silent-rate-limit":      &s.SilentRateLimit,
		"token-in-log":           &s.TokenInLog,
		"log-injection":          &s.LogInjection,
		"verbose-error":          &s.VerboseError,
	}
}

// Set turns the switch of a weakness on or off.
func (s *Switches) Set(weakness string, on bool) error {
	all := s.bySlug()
	to, ok := all[weakness]
	if !ok {
		names := make([]string, 0, len(all))
		for name := range all {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Errorf("switch %q: there is none; the switches are %s", weakness, strings.Join(names, ", "))
	}
	*to = on
	return nil
}
