package guard

import (
	"fmt"
	"net/http"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard/event"
)

// An Error says why a request was refused. Reason is for events, metrics and
// the caller's own decisions; it must not reach the client, and the default
// answer keeps it back. Unwrap gives what golang-jwt says of the same failure, so
// that errors.Is(err, jwt.ErrTokenExpired) keeps working.
//
// An Error is shared and must not be changed.
type Error struct {
	Reason event.Reason
	Status int   // the status of the answer
	Err    error // golang-jwt's sentinels, or nil

	detail string // which check it was, for the event: a constant
	code   string // of the challenge, where it is not the usual one (RFC 9449)
	nonce  string // that the client is to use, where code asks for one
	algs   string // of a challenge for DPoP; empty where the challenge is for Bearer
}

// Error names the reason and nothing of the token.
func (e *Error) Error() string { return "token refused: " + e.Reason.String() }

// Unwrap gives the sentinel of golang-jwt that stands for the reason.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an Error of the same reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason
}

// refusals holds one Error a reason, so that refusing allocates nothing.
var refusals = func() []*Error {
	list := make([]*Error, len(event.Reasons())+1)
	for i := range list {
		r := event.Reason(i)
		list[i] = &Error{Reason: r, Status: statusOf(r), Err: sentinelOf(r)}
	}
	return list
}()

// refuse gives the Error of r.
func refuse(r event.Reason) *Error { return refusals[r] }

func statusOf(r event.Reason) int {
	switch r {
	case event.ReasonMultipleTokens, event.ReasonTokenInQuery: // RFC 6750 section 3.1, invalid_request
		return http.StatusBadRequest
	case event.ReasonScopeInsufficient:
		return http.StatusForbidden
	case event.ReasonRateLimited:
		return http.StatusTooManyRequests
	case event.ReasonKeyUnavailable, event.ReasonStoreUnavailable, event.ReasonVerifierTimeout:
		return http.StatusServiceUnavailable // not 401: a client would throw a good token away
	case event.ReasonInternalError:
		return http.StatusInternalServerError
	}
	return http.StatusUnauthorized
}

func sentinelOf(r event.Reason) error {
	switch r {
	case event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonOversized, event.ReasonTooManyParts,
		event.ReasonDuplicateMember:
		return jwt.ErrTokenMalformed
	case event.ReasonUnknownKID, event.ReasonKeyUnavailable, event.ReasonVerifierTimeout, event.ReasonBadCrit,
		event.ReasonUntrustedKeyHeader, event.ReasonKIDInjection:
		return jwt.ErrTokenUnverifiable
	case event.ReasonBadSignature, event.ReasonAlgNone, event.ReasonAlgNotAllowed, event.ReasonAlgKeyMismatch,
		event.ReasonPsychicSignature:
		return jwt.ErrTokenSignatureInvalid
	case event.ReasonExpired:
		return invalidClaims(jwt.ErrTokenExpired)
	case event.ReasonNotYetValid:
		return invalidClaims(jwt.ErrTokenNotValidYet)
	case event.ReasonIssuedInFuture:
		return invalidClaims(jwt.ErrTokenUsedBeforeIssued)
	case event.ReasonBadIssuer:
		return invalidClaims(jwt.ErrTokenInvalidIssuer)
	case event.ReasonBadAudience:
		return invalidClaims(jwt.ErrTokenInvalidAudience)
	case event.ReasonMissingClaim:
		return invalidClaims(jwt.ErrTokenRequiredClaimMissing)
	case event.ReasonBadClaim, event.ReasonBadType, event.ReasonCrossTokenUse, event.ReasonTooOld,
		event.ReasonClockSkew, event.ReasonLifetimeTooLong:
		return jwt.ErrTokenInvalidClaims
	}
	return nil
}

// invalidClaims puts err into golang-jwt's sentinel for all faults of claims, as
// golang-jwt does: errors.Is finds both.
func invalidClaims(err error) error { return fmt.Errorf("%w: %w", jwt.ErrTokenInvalidClaims, err) }
