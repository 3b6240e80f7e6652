package scan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
)

// A phrase is a way of telling why a token was refused, with the reasons that it
// can stand for. Phrases without reasons name none, although they hold its word.
type phrase struct {
	words   *regexp.Regexp
	reasons []event.Reason
}

func says(words string, reasons ...event.Reason) phrase {
	return phrase{regexp.MustCompile(`(?i)` + words), reasons}
}

// phrases are what verifiers write, as their sources have it: golang-jwt,
// jsonwebtoken, express-jwt, jose, fast-jwt, Nimbus, Spring Security, jjwt,
// java-jwt, PyJWT, python-jose, ruby-jwt, buddy, IdentityModel, php-jwt, lcobucci,
// jsonwebtoken of Rust, Envoy. They come before the words below: a record that
// says "Signature has expired" does not speak of a signature.
var phrases = []phrase{
	says(`invalid(?:,| or|/) ?(?:has |have )?(?:been )?expired|expired(?:,| or|/) ?(?:is )?invalid|missing(?:,| or|/) ?invalid|invalid(?:,| or|/) ?missing|malformed(?:,| or|/) ?expired`),
	says(`missing or malformed`, event.ReasonMissing, event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonTooManyParts),

	says(`expired_?(?:jwt_?)?signature|signature has expired|jwt[ _]?(?:is )?expired|expired[ _]?(?:jwt|token)|token[ _]?(?:is |has |was )?expired|"?exp"? claim timestamp|IDX10223|lifetime validation failed\W+the token is expired|maxage exceeded|:cause :exp\b|no longer valid|past its exp`, event.ReasonExpired, event.ReasonTooOld),
	says(`used before issued|not yet valid \(iat\)|issued in the future|prior to \d|immature ?iat|iat claim (?:is )?in the future`, event.ReasonIssuedInFuture, event.ReasonNotYetValid, event.ReasonClockSkew),
	says(`not (?:yet )?(?:valid|active) yet|not yet (?:valid|active)|jwt not active|"?nbf"? claim timestamp|immature|premature|before use time|used before|jwt early|must not be accepted before|can(?:no|')t be used (?:yet|before)|nbf (?:has not been reached|prior)|IDX10222|:cause :nbf\b`, event.ReasonNotYetValid, event.ReasonIssuedInFuture),

	says(`another algorithm expected, or no matching key`, event.ReasonAlgNone, event.ReasonAlgNotAllowed, event.ReasonAlgKeyMismatch, event.ReasonUnknownKID, event.ReasonBadSignature),
	says(`jwt signature is required|does not have a signature|IDX10504|signature (?:is )?(?:missing|empty)|missing signature|no signature`, event.ReasonAlgNone, event.ReasonAlgNotAllowed, event.ReasonBadSignature, event.ReasonMalformed),
	says(`'?none'? signature type|unsecured|unsigned|unsupported algorithm of none|signing method:? '?none|alg(?:orithm)?:? ?'?"?none\b`, event.ReasonAlgNone, event.ReasonAlgNotAllowed),
	says(`signing method|alg(?:orithm)?"? (?:value |header |parameter |\(algorithm\) )*(?:is |was )?(?:not (?:allowed|supported|recognized|permitted|accepted)|invalid|mismatch)|invalid[ _]?alg|(?:unexpected|wrong|incorrect|different|unsupported|disallowed|empty)[ _]?alg|alg_?not_?allowed|algorithm doesn.?t match|algorithm_?mismatch|incorrect key for this algorithm|key is of invalid type|unexpected key type|IDX10696|IDX10697|IDX10634|IDX10652`,
		event.ReasonAlgNone, event.ReasonAlgNotAllowed, event.ReasonAlgKeyMismatch),

	says(`no (?:applicable|matching|such|suitable|verification|public) key|unknown (?:kid|key)|(?:kid|key(?: id)?)"? (?:was |is )?(?:not found|unknown|invalid|empty)|unable to (?:match|find|locate)[^.]{0,40} key|could not find (?:public )?key|signature key was not found|doesn.?t have key|IDX10501|IDX10503|IDX10517|IDX10516|error while executing keyfunc|unverifiable`,
		event.ReasonUnknownKID, event.ReasonKeyUnavailable, event.ReasonKIDInjection, event.ReasonUntrustedKeyHeader, event.ReasonBadSignature),
	says(`(?:extension )?header parameter "?[\w-]+"? is not recognized|unsupported crit|\bcrit(?:ical)?\b[^.]{0,30}(?:not|un)`, event.ReasonBadCrit),

	says(`aud(?:ience)?s?"? (?:claim )?(?:value )?(?:is |was |in jwt are )?(?:invalid|not (?:allowed|valid)|rejected|doesn.?t|does not|mismatch)|(?:invalid|unexpected|bad|wrong)[ _]?"?aud|IDX1020[68]|IDX10214|not allowed to be used by this audience|:cause :aud\b`, event.ReasonBadAudience),
	says(`iss(?:uer)?"? (?:claim )?(?:value )?(?:is |was )?(?:invalid|not (?:allowed|valid|configured|trusted)|rejected|doesn.?t|does not|mismatch)|(?:invalid|unexpected|bad|wrong|unknown|untrusted)[ _]?"?iss(?:uer)?\b|IDX10205|IDX10211|not issued by|no credentials found for given 'iss'|:cause :iss\b`, event.ReasonBadIssuer),
	says(`missing (?:the )?(?:required )?"?(?:exp|sub|iat|aud|iss|jti|nbf)?"? ?claim|required claim|IDX10225|claim (?:is )?(?:required|missing)`, event.ReasonMissingClaim, event.ReasonBadClaim),

	says(`(?:not enough|too many|wrong number of|invalid number of|three|exactly \w+) (?:or too many )?(?:segment|part|period|dot)|expected to have 3 parts|jwt malformed|malformed ?(?:jwt|token)|token is malformed|invalid (?:compact|jwt serialization|serialized|segment|header|payload|claims|crypto|token structure)(?: (?:jws|encoding|padding|string))?|not in the form|not well formed|error decoding|could not (?:base64|json)? ?decode|couldn.?t (?:de|par)|no header in signature|signature encoding|improperly formatted|IDX10508|IDX12\d\d\d|IDX14\d\d\d|unexpected token .{1,20} in json|illegal base64|jwtdecode|bad token; invalid|invalid base64|json_?parse`,
		event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonTooManyParts, event.ReasonDuplicateMember, event.ReasonOversized),

	says(`signature[ _](?:is |was |could not be |resulted )?(?:invalid|verif\w*[ _]?fail\w*|verification (?:failed|raised)|mismatch|error|not valid|verified|does not match|validation failed)|invalid[ _]?signature|bad[ _]?signature|wrong signature|verification ?(?:error|exception)|jwt verification fails|corrupt or modified|IDX10500|IDX10511|:cause :signature|signature ?exception|hmac.{0,12}mismatch|jwt signature does not match`,
		event.ReasonBadSignature, event.ReasonPsychicSignature),

	says(`re-?us(?:e|ed)\b|replay|already (?:been )?(?:used|rotated|redeemed|consumed)|\brotated\b|\btheft\b|stolen`, event.ReasonRefreshReuse, event.ReasonReplayed, event.ReasonFamilyRevoked),
	says(`revoked|revocation|black_?list|deny_?list|block_?list|logged.?out|session (?:was |has |is )?(?:ended|closed|terminated|expired|not found)|no (?:such|active) session|invalidated`,
		event.ReasonRevoked, event.ReasonFamilyRevoked, event.ReasonSessionEnded, event.ReasonUserDisabled),
	says(`rate.?limit|\blimited\b|\blocked.?out\b|too many (?:requests|attempts|tokens|bad|failed|invalid|logins)|throttl|limit (?:exceeded|reached)|slow down`, event.ReasonRateLimited),

	says(`no (?:auth\w*|token|bearer|credentials?|jwt)(?: \w+){0,2}(?: was| were)? ?(?:found|given|present|provided|in request)?|(?:token|jwt|credentials?|authorization|header)(?: header)? (?:is |was |not )?(?:missing|required|absent|provided)|jwt must be provided|jwt is missing|missing (?:authorization|auth|bearer|token|jwt|credential)|without (?:a )?(?:token|credential)|full authentication is required|authentication object was not found|requires an authenticated user|nil json web token|anonymous`,
		event.ReasonMissing, event.ReasonBadScheme),
}

// words are what is left where nothing above fits.
var words = []phrase{
	says(`expir`, event.ReasonExpired),
	says(`\bnbf\b`, event.ReasonNotYetValid),
	says(`malformed|segment|pars(?:e|ing)|decod|not a jwt|compact form`, event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonTooManyParts),
	says(`\baud(?:ience)?\b`, event.ReasonBadAudience),
	says(`\biss(?:uer)?\b`, event.ReasonBadIssuer),
	says(`\balg(?:orithm)?\b|\bnone\b`, event.ReasonAlgNone, event.ReasonAlgNotAllowed, event.ReasonAlgKeyMismatch),
	says(`signature|tamper|\bhmac\b`, event.ReasonBadSignature),
	says(`missing|not (?:provided|present|supplied)`, event.ReasonMissing),
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
	text := addressLike.ReplaceAllString(ours.strip(r.about()), " ")
	matched := catalogued(text)
	if matched == nil {
		matched = matching(phrases, text)
	}
	if matched == nil {
		matched = matching(words, text)
	}
	for _, p := range matched {
		for _, reason := range p.reasons {
			known = true
			right = right || slices.Contains(truth, reason)
		}
	}
	if known {
		return clip(strings.TrimSpace(text), 80), right, true
	}
	return "", false, false
}

var slug = regexp.MustCompile(`\b[a-z]+(?:_[a-z]+)+\b`)

// catalogued finds reasons under our own names of several words, which nobody
// writes by chance.
func catalogued(text string) (matched []phrase) {
	for _, s := range slug.FindAllString(text, -1) {
		if reason, ok := event.ParseReason(s); ok {
			matched = append(matched, phrase{reasons: []event.Reason{reason}})
		}
	}
	return matched
}

func matching(list []phrase, text string) (matched []phrase) {
	for _, p := range list {
		if p.words.MatchString(text) {
			matched = append(matched, p)
			text = p.words.ReplaceAllString(text, " | ") // said once
		}
	}
	return matched
}

// about is the part of a record in which a reason stands: the members that speak
// of it, or the first line of a text, with the names and messages of exceptions.
// The frames of a stack trace name packages, not reasons.
func (r *record) about() string {
	if r.fields == nil {
		return gist(r.text)
	}
	var parts []string
	tell := func(text string) {
		if text = gist(text); text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	tell(r.fields[textBeside])
	for _, k := range reasonKeys {
		if v, ok := r.field(k); ok {
			tell(v)
		}
	}
	if _, trace, ok := strings.Cut(r.text, "\n"); ok { // below the line with the members
		tell("\n" + trace)
	}
	return strings.Join(parts, " ")
}

var reasonKeys = []string{"error", "err", "reason", "cause", "error.type", "error.message", "err.message", "err.type", "err.name", "error.name", "error_description",
	"exception", "exc_info", "exception.message", "exception.type", "error.stack_trace", "stack", "err.stack", "message", "msg", "@m", "@mt", "@x", "body",
	"short_message", "detail", "description", "event", "code", "type"}

var thrown = regexp.MustCompile(`^(?:Caused by: |panic: )?(?:[\w$]+(?:\.|::))*([A-Z][\w$]*(?:Exception|Error|Throwable|Signature)(?:[:(].*)?)$`)

var dotnet = regexp.MustCompile(`^(?:trce|dbug|info|warn|fail|crit): \S+\[\d+\]\s*$`)

// gist gives the first line of a text and the exceptions named below it, each
// without its package.
func gist(text string) string {
	first, rest, more := strings.Cut(text, "\n")
	if strings.HasPrefix(first, "Traceback ") {
		first = ""
	}
	if !more {
		return first
	}
	parts := []string{first}
	indented := dotnet.MatchString(first) // its message stands on the next lines
	for l := range strings.SplitSeq(rest, "\n") {
		if t := strings.TrimSpace(l); indented && len(parts) < 4 && !strings.HasPrefix(t, "at ") {
			parts = append(parts, t)
			continue
		}
		if m := thrown.FindStringSubmatch(strings.TrimRight(l, "\r")); m != nil && len(parts) < 8 {
			parts = append(parts, m[1])
		}
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return event.Clip(s, n-3) + "..."
}
