package scan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
)

// reasonWords are the words by which services that do not speak jotsight's own
// vocabulary tell why a token was refused. They are looked for only in what a
// record says beyond the baseline.
var reasonWords = []struct {
	words   *regexp.Regexp
	reasons []event.Reason
}{
	{regexp.MustCompile(`(?i)expir`), []event.Reason{event.ReasonExpired}},
	{regexp.MustCompile(`(?i)not (?:yet )?(?:valid|active)(?: yet)?|\bnbf\b`), []event.Reason{event.ReasonNotYetValid}},
	{regexp.MustCompile(`(?i)malformed|segment|pars(?:e|ing)|decod|unexpected token|no header in signature|illegal base64|not a jwt|compact form|wrong number of`),
		[]event.Reason{event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonTooManyParts}},
	{regexp.MustCompile(`(?i)\baud(?:ience)?\b`), []event.Reason{event.ReasonBadAudience}},
	{regexp.MustCompile(`(?i)\biss(?:uer)?\b`), []event.Reason{event.ReasonBadIssuer}},
	{regexp.MustCompile(`(?i)\balg(?:orithm)?\b|signing method|unsecured|unsigned|\bnone\b`),
		[]event.Reason{event.ReasonAlgNone, event.ReasonAlgNotAllowed, event.ReasonAlgKeyMismatch}},
	{regexp.MustCompile(`(?i)signature|tamper|\bhmac\b`), []event.Reason{event.ReasonBadSignature}},
	{regexp.MustCompile(`(?i)re-?us(?:e|ed)\b|replay|already (?:used|rotated|redeemed)|\brotated\b|\btheft\b`), []event.Reason{event.ReasonRefreshReuse, event.ReasonReplayed}},
	{regexp.MustCompile(`(?i)revoked|revocation|blacklist|denylist|blocklist|logged.?out|session (?:ended|closed|terminated)|invalidated`),
		[]event.Reason{event.ReasonRevoked, event.ReasonFamilyRevoked, event.ReasonSessionEnded}},
	{regexp.MustCompile(`(?i)rate.?limit|too many|throttl|limit exceeded`), []event.Reason{event.ReasonRateLimited}},
	{regexp.MustCompile(`(?i)unknown (?:kid|key)|no (?:such|matching) key|key (?:id )?not found`), []event.Reason{event.ReasonUnknownKID}},
	{regexp.MustCompile(`(?i)missing|no (?:auth\w*|token|bearer|credentials?)\b|not (?:provided|present|supplied)|without (?:a )?token|token (?:is )?required`),
		[]event.Reason{event.ReasonMissing, event.ReasonMissingClaim}},
}

// reason gives what the record says about why, in its own words, and whether
// that is one of the truths. known is false when it names no reason at all.
func (r *record) reason(truth []event.Reason, ours *marker) (said string, right, known bool) {
	if r.event != nil {
		e := r.event
		if e.Reason == 0 {
			if e.Kind == event.Missing {
				return e.Kind.String(), slices.Contains(truth, event.ReasonMissing), true
			}
			if e.Kind == event.RateLimited {
				return e.Kind.String(), slices.Contains(truth, event.ReasonRateLimited), true
			}
			return "", false, false
		}
		return e.Reason.String(), slices.Contains(truth, e.Reason), true
	}
	if v, ok := r.field("error.type", "reason", "error_code", "errorCode"); ok {
		if e, ok := event.ParseReason(v); ok {
			return v, slices.Contains(truth, e), true
		}
	}
	text := r.about()
	text = addressLike.ReplaceAllString(ours.strip(text), " ")
	for _, w := range reasonWords {
		if !w.words.MatchString(text) {
			continue
		}
		known = true
		for _, t := range truth {
			right = right || slices.Contains(w.reasons, t)
		}
	}
	if known {
		return clip(strings.TrimSpace(text), 80), right, true
	}
	return "", false, false
}

// about is the part of a record in which a reason stands: the members that speak
// of it, or the first line of a text. Stack traces name packages, not reasons.
func (r *record) about() string {
	if r.fields == nil {
		first, _, _ := strings.Cut(r.text, "\n")
		return first
	}
	var parts []string
	for _, k := range []string{"error", "err", "reason", "cause", "error.type", "error.message", "err.message", "message", "msg", "detail", "description", "event", "code", "type"} {
		if v, ok := r.field(k); ok && !slices.Contains(parts, v) {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, " ")
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return event.Clip(s, n-3) + "..."
}
