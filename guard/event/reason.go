package event

// A Reason says why a token was refused: the closed set of error.type. It goes
// to the event only, never to the client.
type Reason uint8

// The reasons, class by class.
const (
	_ Reason = iota

	// Benign, most of the time.
	ReasonMissing     // no token where one is required
	ReasonExpired     // exp is past (RFC 7519 section 4.1.4)
	ReasonNotYetValid // nbf is ahead (section 4.1.5)
	ReasonTooOld      // iat is older than the policy allows
	ReasonBadScheme   // an Authorization header of another scheme

	// A matter of configuration, most of the time.
	ReasonUnknownKID     // no key of that kid
	ReasonKeyUnavailable // the keys could not be had
	ReasonBadIssuer      // iss is not one of ours
	ReasonBadAudience    // aud does not name us
	ReasonBadType        // typ is not what the route takes
	ReasonMissingClaim   // a required claim is absent
	ReasonBadClaim       // a claim has the wrong type or value
	ReasonClockSkew      // the times disagree by little more than the leeway

	// Probing.
	ReasonMalformed       // not a compact JWS at all
	ReasonBadEncoding     // a byte or a spelling that base64url does not allow
	ReasonOversized       // longer than the limit
	ReasonTooManyParts    // more than three segments; a JWE has five
	ReasonDuplicateMember // a header or claim stated twice
	ReasonMultipleTokens  // more than one token in one request
	ReasonTokenInQuery    // a token in the URL
	ReasonBadSignature    // the signature does not hold
	ReasonBadCrit         // a critical header that is not understood (RFC 7515 section 4.1.11)
	ReasonIssuedInFuture  // iat is ahead
	ReasonLifetimeTooLong // exp - iat is beyond the policy

	// An attack, serious at the first one.
	ReasonAlgNone            // an unsigned token
	ReasonAlgNotAllowed      // an algorithm that is not on the list
	ReasonAlgKeyMismatch     // an algorithm that does not go with the key: RS256 turned into HS256
	ReasonUntrustedKeyHeader // jku, x5u, jwk or x5c brought along
	ReasonKIDInjection       // a kid that reaches for a file, a query or a command
	ReasonPsychicSignature   // an all-zero ECDSA signature (CVE-2022-21449)
	ReasonCanary             // a planted token
	ReasonCrossTokenUse      // a refresh or id token where an access token belongs, or the reverse
	ReasonBindingMismatch    // bound to another client or key (RFC 8705, RFC 9449)

	// The state of the token or its session.
	ReasonRevoked       // revoked
	ReasonFamilyRevoked // its refresh family was revoked
	ReasonSessionEnded  // its session has ended
	ReasonUserDisabled  // its user is disabled
	ReasonRefreshReuse  // a refresh token that was rotated already
	ReasonReplayed      // single use, used twice
	ReasonUnknownToken  // well formed, but nobody knows it

	// Policy.
	ReasonScopeInsufficient // the scope does not cover the route
	ReasonRateLimited       // too many

	// Ours.
	ReasonInternalError    // the verifier broke
	ReasonVerifierTimeout  // the verifier did not answer in time
	ReasonStoreUnavailable // the revocation store could not be asked
	reasons
)

// A Class groups reasons by what they usually mean. It decides the severity of
// an event and how much noise is made about it.
type Class uint8

const (
	_                  Class = iota
	ClassBenign              // happens to honest clients every day
	ClassConfiguration       // usually a deployment that went wrong
	ClassProbe               // somebody, or something broken, is trying
	ClassAttack              // no honest client does this
	ClassState               // a token that once was good
	ClassPolicy              // refused by a rule, not by the token
	ClassInternal            // our own failure
	classes
)

var (
	classNames  = [classes]string{ClassBenign: "benign", ClassConfiguration: "configuration", ClassProbe: "probe", ClassAttack: "attack", ClassState: "state", ClassPolicy: "policy", ClassInternal: "internal"}
	classByName = names[Class](classNames[:])
)

// String gives the name by which rules know the class, empty for the zero Class.
func (c Class) String() string { return nameOf(classNames[:], int(c)) }

// ParseClass reads a name such as "attack".
func ParseClass(s string) (Class, bool) { c, ok := classByName[s]; return c, ok }

var reasonNames = [reasons]string{
	ReasonMissing: "missing", ReasonExpired: "expired", ReasonNotYetValid: "not_yet_valid",
	ReasonTooOld: "too_old", ReasonBadScheme: "bad_scheme",
	ReasonUnknownKID: "unknown_kid", ReasonKeyUnavailable: "key_unavailable", ReasonBadIssuer: "bad_issuer",
	ReasonBadAudience: "bad_audience", ReasonBadType: "bad_type", ReasonMissingClaim: "missing_claim",
	ReasonBadClaim: "bad_claim", ReasonClockSkew: "clock_skew",
	ReasonMalformed: "malformed", ReasonBadEncoding: "bad_encoding", ReasonOversized: "oversized",
	ReasonTooManyParts: "too_many_parts", ReasonDuplicateMember: "duplicate_member",
	ReasonMultipleTokens: "multiple_tokens", ReasonTokenInQuery: "token_in_query",
	ReasonBadSignature: "bad_signature", ReasonBadCrit: "bad_crit",
	ReasonIssuedInFuture: "issued_in_future", ReasonLifetimeTooLong: "lifetime_too_long",
	ReasonAlgNone: "alg_none", ReasonAlgNotAllowed: "alg_not_allowed", ReasonAlgKeyMismatch: "alg_key_mismatch",
	ReasonUntrustedKeyHeader: "untrusted_key_header", ReasonKIDInjection: "kid_injection",
	ReasonPsychicSignature: "psychic_signature", ReasonCanary: "canary",
	ReasonCrossTokenUse: "cross_token_use", ReasonBindingMismatch: "binding_mismatch",
	ReasonRevoked: "revoked", ReasonFamilyRevoked: "family_revoked", ReasonSessionEnded: "session_ended",
	ReasonUserDisabled: "user_disabled", ReasonRefreshReuse: "refresh_reuse", ReasonReplayed: "replayed",
	ReasonUnknownToken: "unknown_token", ReasonScopeInsufficient: "scope_insufficient",
	ReasonRateLimited: "rate_limited", ReasonInternalError: "internal_error",
	ReasonVerifierTimeout: "verifier_timeout", ReasonStoreUnavailable: "store_unavailable",
}

var reasonByName = names[Reason](reasonNames[:])

// String gives the wire name, "bad_signature" for [ReasonBadSignature], and an
// empty string for the zero Reason.
func (r Reason) String() string { return nameOf(reasonNames[:], int(r)) }

// ParseReason reads a wire name such as "bad_signature".
func ParseReason(s string) (Reason, bool) { r, ok := reasonByName[s]; return r, ok }

// Reasons lists every reason in the order of the catalogue.
func Reasons() []Reason { return all[Reason](int(reasons)) }

// Class says what the reason usually means. The zero Reason has no class.
func (r Reason) Class() Class {
	switch {
	case r == 0 || r >= reasons:
		return 0
	case r <= ReasonBadScheme:
		return ClassBenign
	case r <= ReasonClockSkew:
		return ClassConfiguration
	case r <= ReasonLifetimeTooLong:
		return ClassProbe
	case r <= ReasonBindingMismatch:
		return ClassAttack
	case r <= ReasonUnknownToken:
		return ClassState
	case r <= ReasonRateLimited:
		return ClassPolicy
	default:
		return ClassInternal
	}
}

// Severity is the OpenTelemetry severity number of a failure for this reason.
func (r Reason) Severity() Severity {
	switch r.Class() {
	case ClassBenign:
		return Info
	case ClassConfiguration, ClassProbe, ClassPolicy:
		return Warn
	default:
		return Error
	}
}

// A Severity is an OpenTelemetry severity number, 1 to 24; zero means unset.
type Severity uint8

// The first number of each range of OpenTelemetry's, and Critical, which is its
// FATAL: the catalogue uses it for what must wake somebody.
const (
	Trace    Severity = 1
	Debug    Severity = 5
	Info     Severity = 9
	Warn     Severity = 13
	Error    Severity = 17
	Critical Severity = 21
)
