package catalog

import (
	"slices"
)

// A Word is one name of the event vocabulary: a kind of event, or a reason for
// which a token is refused. Package guard/event has the same names as Go
// constants; a test holds that both agree, because words do not import each other.
type Word struct {
	Name     string // on the wire: "jwt.refresh_reuse", "bad_signature"
	Title    string // a sentence without full stop
	Meaning  string // what it says, when it is written, what to make of it
	Class    string // of a reason: benign, configuration, probe, attack, state, policy, internal
	Severity int    // OpenTelemetry severity number; 0 for a kind whose reason decides
	OWASP    string // nearest term of the OWASP Logging Vocabulary, for a kind that has one
}

// Kinds lists the kinds of events in the order of the vocabulary.
func Kinds() []Word { return slices.Clone(kinds) }

// Reasons lists the reasons in the order of the vocabulary, class by class.
func Reasons() []Word { return slices.Clone(reasons) }

// ClassOf says what a class of reasons has in common, in a sentence; empty for
// an unknown class.
func ClassOf(class string) string { return classes[class] }

var classes = map[string]string{
	"benign":        "Happens to honest clients every day; only its amount can tell anything.",
	"configuration": "Usually a deployment, a key rotation or a clock that went wrong.",
	"probe":         "Somebody, or something broken, is trying. It counts towards limits and towards signature-bruteforce.",
	"attack":        "No honest client does this. The first one raises forged-algorithm.",
	"state":         "The token was good once. Somebody uses it after its end, so there may be a copy.",
	"policy":        "The token is good; a rule refuses the request.",
	"internal":      "Our own failure. The request is refused all the same.",
}

// Severity numbers of OpenTelemetry, as the events of this vocabulary use them.
const (
	debug = 5
	info  = 9
	warn  = 13
	bad   = 17
	fatal = 21
)

var kinds = []Word{
	{Name: "jwt.issued", Title: "A token was issued", Severity: info, OWASP: "authn_token_created",
		Meaning: "Written with the token's id, subject, scopes and lifetime, and with jwt.actor where it is known who asked. A token in use that has no such record came from elsewhere."},
	{Name: "jwt.issue_failed", Title: "Issuing a token failed", Severity: warn, OWASP: "authn_login_fail",
		Meaning: "The grant was refused or the signing failed; error.type says why."},
	{Name: "jwt.verified", Title: "A token was verified", Severity: debug,
		Meaning: "The signature held and every check passed. Uses of one token may be folded into one record with jwt.count."},
	{Name: "jwt.verification_failed", Title: "A token was refused", OWASP: "authn_login_fail",
		Meaning: "error.type says why and decides the severity. Every claim in the record is the sender's word, and jwt.verified is false."},
	{Name: "jwt.missing", Title: "A request that needs a token had none", Severity: info,
		Meaning: "One is nothing. Many from one address are a search for routes without a check."},
	{Name: "jwt.request", Title: "A request with a token was answered", Severity: debug,
		Meaning: "Written behind the handler, with status and route. From Observe, jwt.outcome follows from the status alone, because nothing was verified."},
	{Name: "jwt.request_failed", Title: "A request with a token ended in an error of the service", Severity: bad,
		Meaning: "A 5xx or a panic. A panic is turned into 500 and recorded, so that a token which breaks the handler leaves a trace."},
	{Name: "jwt.slow_verification", Title: "Verifying took longer than it should", Severity: warn,
		Meaning: "jwt.duration says how long. Large tokens and slow key sources do this, and so does somebody who wants to cost you time."},
	{Name: "jwt.refresh_ok", Title: "A refresh token was exchanged for its successor", Severity: info, OWASP: "session_renewed",
		Meaning: "Written with family and generation, by which the life of a session can be followed."},
	{Name: "jwt.refresh_failed", Title: "A refresh token was refused",
		Meaning: "error.type says why and decides the severity, which is a warning at least."},
	{Name: "jwt.refresh_retry", Title: "The same client repeated a refresh within the grace time", Severity: info,
		Meaning: "The answer was lost on its way, and the client got the same successor again. Outside the grace time this is jwt.refresh_reuse."},
	{Name: "jwt.refresh_reuse", Title: "A rotated refresh token came back", Severity: bad, OWASP: "authn_token_reuse",
		Meaning: "Two parties hold tokens of one family: theft, or a badly broken client. The family is revoked (RFC 9700 section 4.14.2)."},
	{Name: "jwt.family_revoked", Title: "A refresh family was revoked", Severity: warn,
		Meaning: "Its refresh tokens and the access tokens that came from it are refused from now on. jwt.revocation.reason says why."},
	{Name: "jwt.revoked", Title: "A token, session, subject or key was revoked", Severity: info, OWASP: "authn_token_revoked",
		Meaning: "Uses after this time are jwt.revoked_use. jwt.revocation.actor says who asked for it."},
	{Name: "jwt.revocation_failed", Title: "Revoking failed", Severity: bad,
		Meaning: "The store could not be reached or refused. The token is still good, and somebody believes that it is not."},
	{Name: "jwt.revoked_use", Title: "A revoked token was used, and refused", Severity: bad, OWASP: "authn_token_reuse",
		Meaning: "Somebody holds a copy of a token whose session ended: a slow client at best, a thief at worst."},
	{Name: "jwt.revoked_accepted", Title: "A revoked token was used, and accepted", Severity: fatal, OWASP: "authn_token_reuse",
		Meaning: "Revocation does not work at this service. Concluded from the record of the revocation and a later success."},
	{Name: "jwt.replayed", Title: "A single-use token was used again", Severity: bad, OWASP: "authn_token_reuse",
		Meaning: "Such as a DPoP proof or a logout token whose id was seen before."},
	{Name: "jwt.canary_used", Title: "A planted token was used", Severity: fatal,
		Meaning: "Nobody has a reason to use it, so the place where it was planted has been read."},
	{Name: "jwt.scope_denied", Title: "A valid token did not carry what the route requires", Severity: warn, OWASP: "authz_fail",
		Meaning: "The sender is known. jwt.scope_required and jwt.scope say what was missing."},
	{Name: "jwt.rate_limited", Title: "A limiter refused", Severity: warn, OWASP: "excess_rate_limit_exceeded",
		Meaning: "jwt.rate.limit and jwt.rate.window say what the limit is; further refusals are counted in jwt.count."},
	{Name: "jwt.logout", Title: "A session ended at its user's wish", Severity: info,
		Meaning: "The revocation that belongs to it is an event of its own."},
	{Name: "jwt.introspected", Title: "A token was introspected", Severity: debug,
		Meaning: "A resource server asked whether the token is good (RFC 7662)."},
	{Name: "jwt.key_rotated", Title: "A signing key was rotated", Severity: info,
		Meaning: "Tokens of the old key stay good for as long as the overlap lasts. A rise of unknown_kid behind it means that somebody did not hear of it."},
	{Name: "jwt.keys_refreshed", Title: "A key set was fetched", Severity: debug,
		Meaning: "The verifier asked its source for keys, and got them."},
	{Name: "jwt.keys_failed", Title: "Fetching a key set failed", Severity: bad,
		Meaning: "The keys at hand go on to be used. Tokens of newer keys are refused as unknown_kid or key_unavailable."},
	{Name: "jwt.guard_started", Title: "A guard began to watch", Severity: info,
		Meaning: "The service is observed from here on."},
	{Name: "jwt.guard_stopped", Title: "A guard stopped", Severity: warn,
		Meaning: "In order, with its buffers written. Silence without this event is a crash or a cut wire."},
	{Name: "jwt.heartbeat", Title: "A guard is alive", Severity: debug,
		Meaning: "Written at a steady pace, with jwt.count events in jwt.window seconds. Its absence raises telemetry-silence."},
	{Name: "jwt.events_dropped", Title: "Events were lost", Severity: bad,
		Meaning: "jwt.count says how many. Folding is not loss: a folded record is an event of its own kind with a count."},
	{Name: "jotsight.ui_login", Title: "Somebody logged in to the dashboard", Severity: info,
		Meaning: "The monitor audits itself: this and the following kinds are its own."},
	{Name: "jotsight.ui_login_failed", Title: "Somebody failed to log in to the dashboard", Severity: warn,
		Meaning: "The monitor holds what an attacker would like to know, so its own door is watched too."},
	{Name: "jotsight.pii_revealed", Title: "Personal data was unmasked", Severity: warn,
		Meaning: "Somebody asked to see what a pseudonym stands for."},
	{Name: "jotsight.exported", Title: "Data was exported", Severity: info,
		Meaning: "Events or findings left the monitor as a file."},
	{Name: "jotsight.alert_acknowledged", Title: "An alert was acknowledged", Severity: info,
		Meaning: "Somebody took it on."},
	{Name: "jotsight.silence_changed", Title: "A silence was made, changed or ended", Severity: info,
		Meaning: "Alerts that a silence covers reach nobody while it lasts, so who made it is on record."},
	{Name: "jotsight.response_applied", Title: "An alert acted", Severity: info,
		Meaning: "It revoked a family or blocked an address, as it was configured to."},
	{Name: "jotsight.config_changed", Title: "The configuration changed", Severity: info,
		Meaning: "Rules, channels or limits are not what they were."},
	{Name: "jotsight.key_created", Title: "An ingest key was created", Severity: info,
		Meaning: "A source may write events with it, and read none."},
	{Name: "jotsight.key_revoked", Title: "An ingest key was revoked", Severity: info,
		Meaning: "Events that come with it are refused from now on."},
}

var reasons = []Word{
	{Name: "missing", Class: "benign", Severity: info, Title: "No token where one is required",
		Meaning: "The request had none in any place where the service looks."},
	{Name: "expired", Class: "benign", Severity: info, Title: "The token has expired",
		Meaning: "exp is past, beyond the leeway (RFC 7519 section 4.1.4)."},
	{Name: "not_yet_valid", Class: "benign", Severity: info, Title: "The token is not valid yet",
		Meaning: "nbf is ahead, beyond the leeway (RFC 7519 section 4.1.5)."},
	{Name: "too_old", Class: "benign", Severity: info, Title: "The token is older than the policy allows",
		Meaning: "Not expired, but issued longer ago than this service takes."},
	{Name: "bad_scheme", Class: "benign", Severity: info, Title: "The Authorization header is of another scheme",
		Meaning: "Basic or something else where Bearer is expected."},
	{Name: "unknown_kid", Class: "configuration", Severity: warn, Title: "No key has the id that the token names",
		Meaning: "After a key rotation this is a verifier that lags behind; in numbers and with ever new ids it is somebody trying."},
	{Name: "key_unavailable", Class: "configuration", Severity: warn, Title: "The keys could not be had",
		Meaning: "The key source failed, so that nothing can be said about the token."},
	{Name: "bad_issuer", Class: "configuration", Severity: warn, Title: "The issuer is not one of ours",
		Meaning: "A token of another environment or tenant, or of somebody else's issuer."},
	{Name: "bad_audience", Class: "configuration", Severity: warn, Title: "The audience does not name this service",
		Meaning: "A good token for somebody else. At several services in a row it is a token that was collected and is being tried."},
	{Name: "bad_type", Class: "configuration", Severity: warn, Title: "The type is not what the route takes",
		Meaning: "typ says something else; where that is known to be another kind of token, the reason is cross_token_use."},
	{Name: "missing_claim", Class: "configuration", Severity: warn, Title: "A required claim is absent",
		Meaning: "The issuer does not write what this service needs."},
	{Name: "bad_claim", Class: "configuration", Severity: warn, Title: "A claim has the wrong type or value",
		Meaning: "Such as a time that is a text."},
	{Name: "clock_skew", Class: "configuration", Severity: warn, Title: "The clocks disagree by little more than the leeway",
		Meaning: "The token would be good in a moment, or was until just now: check the time on both machines."},
	{Name: "malformed", Class: "probe", Severity: warn, Title: "Not a token at all",
		Meaning: "Not three parts of base64url around JSON."},
	{Name: "bad_encoding", Class: "probe", Severity: warn, Title: "A spelling that base64url does not allow",
		Meaning: "Such as unused bits that are set: another spelling of a good token, by which a list of raw tokens would be evaded."},
	{Name: "oversized", Class: "probe", Severity: warn, Title: "The token is longer than the limit",
		Meaning: "Refused before it is read."},
	{Name: "too_many_parts", Class: "probe", Severity: warn, Title: "The token has more than three parts",
		Meaning: "An encrypted token has five; anything else is made up."},
	{Name: "duplicate_member", Class: "probe", Severity: warn, Title: "A header or claim is stated twice",
		Meaning: "Two readers may take different ones, which is the point of sending it (RFC 7515 section 4)."},
	{Name: "multiple_tokens", Class: "probe", Severity: warn, Title: "The request carries more than one token",
		Meaning: "Two places of the service may look at different ones."},
	{Name: "token_in_query", Class: "probe", Severity: warn, Title: "The token stands in the URL",
		Meaning: "It is in access logs by now, so it should be revoked (RFC 6750 section 2.3)."},
	{Name: "bad_signature", Class: "probe", Severity: warn, Title: "The signature does not hold",
		Meaning: "The token was changed, or signed with another key. Many under one jwt.body_fp are guesses."},
	{Name: "bad_crit", Class: "probe", Severity: warn, Title: "A critical header is not understood",
		Meaning: "The token says that it must not be accepted without it (RFC 7515 section 4.1.11)."},
	{Name: "issued_in_future", Class: "probe", Severity: warn, Title: "The token was issued in the future",
		Meaning: "iat is ahead, beyond the leeway."},
	{Name: "lifetime_too_long", Class: "probe", Severity: warn, Title: "The token lives longer than the policy allows",
		Meaning: "exp - iat is beyond the bound. Thousands of years are milliseconds where seconds belong."},
	{Name: "alg_none", Class: "attack", Severity: bad, Title: "An unsigned token",
		Meaning: "alg is none, in whatever spelling (RFC 8725 section 2.1)."},
	{Name: "alg_not_allowed", Class: "attack", Severity: bad, Title: "An algorithm that is not on the list",
		Meaning: "The sender chose one that this service never issues."},
	{Name: "alg_key_mismatch", Class: "attack", Severity: bad, Title: "An algorithm that does not go with the key",
		Meaning: "Such as HS256 where the key is an RSA key: an attempt to have the public key taken for a secret."},
	{Name: "untrusted_key_header", Class: "attack", Severity: bad, Title: "The token brings its own key, or an address of one",
		Meaning: "jwk, x5c, jku or x5u. None of them is ever followed."},
	{Name: "kid_injection", Class: "attack", Severity: bad, Title: "A key id that reaches for a file, a query or a command",
		Meaning: "Path separators, quotes or shell characters in kid."},
	{Name: "psychic_signature", Class: "attack", Severity: bad, Title: "An all-zero ECDSA signature",
		Meaning: "Valid under every key in some versions of Java (CVE-2022-21449), and tried everywhere since."},
	{Name: "canary", Class: "attack", Severity: bad, Title: "A planted token",
		Meaning: "Nobody has a reason to use it."},
	{Name: "cross_token_use", Class: "attack", Severity: bad, Title: "A token of another kind",
		Meaning: "A refresh or id token where an access token belongs, or the reverse (RFC 8725 section 3.12)."},
	{Name: "binding_mismatch", Class: "attack", Severity: bad, Title: "The token is bound to another client or key",
		Meaning: "The proof of possession is missing or of another key (RFC 8705, RFC 9449): a copied token."},
	{Name: "revoked", Class: "state", Severity: bad, Title: "The token was revoked",
		Meaning: "By its id, subject or key."},
	{Name: "family_revoked", Class: "state", Severity: bad, Title: "The refresh family of the token was revoked",
		Meaning: "Because one of its refresh tokens came back, or because the session was ended."},
	{Name: "session_ended", Class: "state", Severity: bad, Title: "The session of the token has ended",
		Meaning: "By logout, or by its longest lifetime."},
	{Name: "user_disabled", Class: "state", Severity: bad, Title: "The user of the token is disabled",
		Meaning: "The account was closed or locked after the token was issued."},
	{Name: "refresh_reuse", Class: "state", Severity: bad, Title: "The refresh token was rotated already",
		Meaning: "It has a successor, and the grace time for a lost answer is over (RFC 9700 section 4.14.2)."},
	{Name: "replayed", Class: "state", Severity: bad, Title: "A single-use token was used twice",
		Meaning: "Its id was seen before."},
	{Name: "unknown_token", Class: "state", Severity: bad, Title: "Nobody knows the token",
		Meaning: "Well formed, but the store has no record of it: invented, or from before the store was emptied."},
	{Name: "scope_insufficient", Class: "policy", Severity: warn, Title: "The scope does not cover the route",
		Meaning: "The token is good; its rights end before this route."},
	{Name: "rate_limited", Class: "policy", Severity: warn, Title: "Too many",
		Meaning: "Refused before the token was looked at, so nothing is known about it."},
	{Name: "internal_error", Class: "internal", Severity: bad, Title: "The verifier broke",
		Meaning: "The request was refused, and somebody must look at the cause."},
	{Name: "verifier_timeout", Class: "internal", Severity: bad, Title: "The verifier did not answer in time",
		Meaning: "The request was refused."},
	{Name: "store_unavailable", Class: "internal", Severity: bad, Title: "The revocation store could not be asked",
		Meaning: "The request was refused with 503, unless the configuration says FailOpen."},
}
