package event

import (
	"time"
)

// Schema names the version of the wire form. Lines that name another are refused.
const Schema = "jotsight/1"

// Bounds in bytes. A text that is longer is cut at a rune, when encoding as
// well as when decoding.
const (
	MaxLine   = 64 << 10 // one encoded event
	MaxClaim  = 128      // a claim or header parameter
	MaxText   = 512      // Detail, UserAgent, Message, Path
	MaxValues = 32       // members of a list
)

// An Event is one fact about one token, or about Count alike ones. A zero field
// means absent. An Event is a plain value: whoever holds it may change it, and
// one that is shared must not be changed.
type Event struct {
	Time     time.Time // when it happened
	Observed time.Time // when the monitor took it in
	ID       ID        // unique; a repeat is dropped at ingest
	Kind     Kind
	Severity Severity
	Message  string // for people, never parsed

	TraceID   string // W3C trace context, hex
	SpanID    string
	RequestID string

	Outcome Outcome
	Reason  Reason
	Detail  string // free text about Reason

	ServiceName     string
	ServiceVersion  string
	ServiceInstance string
	Environment     string
	ServerAddress   string

	ClientAddress string // from the configured resolver, never from a header at face value
	ClientPort    int
	UserAgent     string
	Method        string
	Route         string // the template: /orders/{id}
	Path          string // without the query
	Status        int

	// Verified says that the signature held. While it is false every claim here
	// is attacker input, and UserID and UserHash stay empty.
	Verified       bool
	UserID         string
	UserHash       string // a pseudonym, "p1:…"
	ClaimedSubject string // the subject of a token that was not verified

	TokenID         string // jti
	Family          string // the refresh family
	Parent          string // the fingerprint of the refresh token before this one
	Generation      int64  // how often the family was rotated
	Fingerprint     string // of the whole token, see Fingerprinter
	BodyFingerprint string // of header.payload

	Use       Use
	Source    Source
	Issuer    string
	Audience  []string
	ClientID  string
	Scope     []string
	Algorithm string
	KeyID     string
	Type      string

	IssuedAt  int64 // Unix seconds
	NotBefore int64
	Expires   int64
	Duration  time.Duration // how long verifying took

	Actor            string // who asked for issuance, where that was authenticated
	ScopeRequired    []string
	RateLimit        int64
	RateWindow       int64 // seconds
	RevocationReason string
	RevocationActor  string

	Count  int64 // how many alike this one stands for; 0 and 1 mean itself alone
	Window int64 // seconds over which Count happened

	Country             string // ISO 3166-1 alpha-2
	Located             bool   // Latitude and Longitude are set
	Latitude, Longitude float64
	ASN                 int64

	Attack       []string // MITRE ATT&CK technique ids
	Origin       string   // guard, http, file, …
	Trust        string   // trusted or forwarded
	ClockClamped bool     // Time was ahead of Observed beyond belief and was set back

	// Features that the engine's enrichers add before rules look.
	FailRatio  float64 // the failed share of the service's last FailSample verifications
	FailSample int64
}

// Weight is how many facts the event stands for, at least 1.
func (e *Event) Weight() int64 { return max(e.Count, 1) }

// OWASP is the nearest term of the OWASP Logging Vocabulary, or empty. It rides
// along as jwt.owasp and always follows from Kind.
func (e *Event) OWASP() string {
	switch e.Kind {
	case Issued:
		return "authn_token_created"
	case Revoked:
		return "authn_token_revoked"
	case RefreshReuse, RevokedUse, RevokedAccepted, Replayed:
		return "authn_token_reuse"
	case RefreshOK:
		return "session_renewed"
	case ScopeDenied:
		return "authz_fail"
	case RateLimited:
		return "excess_rate_limit_exceeded"
	case VerificationFailed, IssueFailed:
		return "authn_login_fail"
	}
	return ""
}

// DefaultSeverity is the severity that the catalogue gives an event of kind k
// that was refused for r.
func DefaultSeverity(k Kind, r Reason) Severity {
	switch k {
	case VerificationFailed:
		return r.Severity()
	case RefreshFailed:
		return max(r.Severity(), Warn)
	case RefreshReuse, RevokedUse, RevocationFailed, Replayed, RequestFailed, KeysFailed, EventsDropped:
		return Error
	case RevokedAccepted, CanaryUsed:
		return Critical
	case IssueFailed, SlowVerification, FamilyRevoked, ScopeDenied, RateLimited, GuardStopped, UILoginFailed, PIIRevealed:
		return Warn
	case Verified, Request, Introspected, KeysRefreshed, Heartbeat:
		return Debug
	}
	return Info
}

// aboutToken says whether an event of this kind speaks of one token, so that
// jwt.verified is written even when it is false.
func (k Kind) aboutToken() bool { return k != Missing && k <= Introspected }
