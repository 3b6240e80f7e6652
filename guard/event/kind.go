package event

import "fmt"

// A Kind says what happened. The zero Kind means that none was set, and an
// event without one cannot be encoded.
type Kind uint8

// The kinds, in the order of the catalogue.
const (
	_                  Kind = iota
	Issued                  // a token was issued
	IssueFailed             // issuing a token failed
	Verified                // a token was verified
	VerificationFailed      // a token was refused; Reason says why
	Missing                 // a request that needs a token had none
	Request                 // a request with a token was answered
	RequestFailed           // a request with a token ended in a 5xx or a panic
	SlowVerification        // verifying took longer than it should
	RefreshOK               // a refresh token was exchanged for its successor
	RefreshFailed           // a refresh token was refused
	RefreshRetry            // the same client repeated a refresh within the grace time
	RefreshReuse            // a rotated refresh token came back: theft, or a badly broken client
	FamilyRevoked           // a refresh family and its access tokens were revoked
	Revoked                 // a token, session, subject or key was revoked
	RevocationFailed        // revoking failed
	RevokedUse              // a revoked token was used, and refused
	RevokedAccepted         // a revoked token was used, and accepted
	Replayed                // a single-use token was used again
	CanaryUsed              // a planted token was used
	ScopeDenied             // a valid token did not carry what the route requires
	RateLimited             // a limiter refused
	Logout                  // a session ended at its user's wish
	Introspected            // a token was introspected (RFC 7662)
	KeyRotated              // a signing key was rotated
	KeysRefreshed           // a key set was fetched
	KeysFailed              // fetching a key set failed
	GuardStarted            // a guard began to watch
	GuardStopped            // a guard stopped
	Heartbeat               // a guard is alive; Count events in Window
	EventsDropped           // events were lost; Count says how many
	UILogin                 // the monitor audits itself: these ten are jotsight.<kind>
	UILoginFailed           // somebody failed to log in to the dashboard
	PIIRevealed             // personal data was unmasked
	Exported                // data was exported
	AlertAcknowledged       // an alert was acknowledged
	SilenceChanged          // a silence was made, changed or ended
	ResponseApplied         // an alert acted: revoked, blocked
	ConfigChanged           // the configuration changed
	KeyCreated              // an ingest key was created
	KeyRevoked              // an ingest key was revoked
	kinds                   // how many there are, the zero Kind included
)

// kindNames holds the wire names, prefix included, so that encoding is a copy.
var kindNames = [kinds]string{
	Issued: "jwt.issued", IssueFailed: "jwt.issue_failed", Verified: "jwt.verified",
	VerificationFailed: "jwt.verification_failed", Missing: "jwt.missing", Request: "jwt.request",
	RequestFailed: "jwt.request_failed", SlowVerification: "jwt.slow_verification",
	RefreshOK: "jwt.refresh_ok", RefreshFailed: "jwt.refresh_failed", RefreshRetry: "jwt.refresh_retry",
	RefreshReuse: "jwt.refresh_reuse", FamilyRevoked: "jwt.family_revoked", Revoked: "jwt.revoked",
	RevocationFailed: "jwt.revocation_failed", RevokedUse: "jwt.revoked_use",
	RevokedAccepted: "jwt.revoked_accepted", Replayed: "jwt.replayed", CanaryUsed: "jwt.canary_used",
	ScopeDenied: "jwt.scope_denied", RateLimited: "jwt.rate_limited", Logout: "jwt.logout",
	Introspected: "jwt.introspected", KeyRotated: "jwt.key_rotated", KeysRefreshed: "jwt.keys_refreshed",
	KeysFailed: "jwt.keys_failed", GuardStarted: "jwt.guard_started", GuardStopped: "jwt.guard_stopped",
	Heartbeat: "jwt.heartbeat", EventsDropped: "jwt.events_dropped",
	UILogin: "jotsight.ui_login", UILoginFailed: "jotsight.ui_login_failed",
	PIIRevealed: "jotsight.pii_revealed", Exported: "jotsight.exported",
	AlertAcknowledged: "jotsight.alert_acknowledged", SilenceChanged: "jotsight.silence_changed",
	ResponseApplied: "jotsight.response_applied", ConfigChanged: "jotsight.config_changed",
	KeyCreated: "jotsight.key_created", KeyRevoked: "jotsight.key_revoked",
}

var kindByName = names[Kind](kindNames[:])

// String gives the wire name, "jwt.verified" for [Verified].
func (k Kind) String() string {
	if k == 0 || k >= kinds {
		return fmt.Sprintf("Kind(%d)", k)
	}
	return kindNames[k]
}

// Audit reports whether k is the monitor's record of itself, jotsight.<kind>.
func (k Kind) Audit() bool { return k >= UILogin && k < kinds }

// ParseKind reads a wire name such as "jwt.verified".
func ParseKind(s string) (Kind, bool) { k, ok := kindByName[s]; return k, ok }

// Kinds lists every kind in the order of the catalogue.
func Kinds() []Kind { return all[Kind](int(kinds)) }

// An Outcome says whether the act succeeded.
type Outcome uint8

const (
	_              Outcome = iota
	Success                // the act succeeded
	Failure                // the act failed or was refused
	UnknownOutcome         // nobody can tell: the record comes from an observer that does not verify
	outcomes
)

var (
	outcomeNames  = [outcomes]string{Success: "success", Failure: "failure", UnknownOutcome: "unknown"}
	outcomeByName = names[Outcome](outcomeNames[:])
)

// String gives the wire name, empty for the zero Outcome.
func (o Outcome) String() string { return nameOf(outcomeNames[:], int(o)) }

// A Use says what a token is for.
type Use uint8

const (
	_           Use = iota
	Access          // an access token (RFC 6749, RFC 9068)
	Refresh         // a refresh token
	IDToken         // an OpenID Connect id token
	LogoutToken     // an OpenID Connect logout token
	DPoP            // a DPoP proof (RFC 9449)
	Canary          // a planted token that nobody may use
	UnknownUse      // it cannot be told
	uses
)

var (
	useNames  = [uses]string{Access: "access", Refresh: "refresh", IDToken: "id", LogoutToken: "logout", DPoP: "dpop", Canary: "canary", UnknownUse: "unknown"}
	useByName = names[Use](useNames[:])
)

// String gives the wire name, empty for the zero Use.
func (u Use) String() string { return nameOf(useNames[:], int(u)) }

// A Source says where in the request a token was found.
type Source uint8

const (
	_           Source = iota
	Header             // a request header
	Cookie             // a cookie
	Query              // the query string, where a token must not be (RFC 6750 section 2.3)
	Body               // the request body
	Subprotocol        // a WebSocket subprotocol
	sources
)

var (
	sourceNames  = [sources]string{Header: "header", Cookie: "cookie", Query: "query", Body: "body", Subprotocol: "subprotocol"}
	sourceByName = names[Source](sourceNames[:])
)

// String gives the wire name, empty for the zero Source.
func (s Source) String() string { return nameOf(sourceNames[:], int(s)) }

func names[T ~uint8](list []string) map[string]T {
	m := make(map[string]T, len(list))
	for i, name := range list {
		if i == 0 {
			continue
		}
		if _, twice := m[name]; twice || name == "" {
			panic(fmt.Sprintf("event: name %q of value %d is empty or taken", name, i))
		}
		m[name] = T(i)
	}
	return m
}

func all[T ~uint8](n int) []T {
	list := make([]T, 0, n-1)
	for i := 1; i < n; i++ {
		list = append(list, T(i))
	}
	return list
}

func nameOf(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}
