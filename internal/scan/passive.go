package scan

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// maxLifetime is the longest life of an access token that is nobody's mistake.
const maxLifetime = 24 * time.Hour

var (
	mailText = regexp.MustCompile(`^[^@\s]{1,64}@[^@\s]+\.[a-zA-Z]{2,}$`)
	personal = regexp.MustCompile(`(?i)^(?:e?mail|email_address|phone(?:_number)?|mobile|address|birth_?date|dob|ssn|social_security.*|passport.*|iban|card_?number|password|passwd|pwd|secret|hash)$`)
	detailed = regexp.MustCompile(`(?i)signature is invalid|invalid signature|signature verification failed|jwt malformed|jwt expired|token is expired|no header in signature|signing method|illegal base64|hmac|unexpected token|token contains an invalid number of segments|invalid algorithm`)
)

// passive looks at what the service gave without being attacked: its own token
// and the words of its refusals.
func (r *run) passive() {
	step := r.recipe.Protected.Step
	if r.told != "" {
		r.find(found{id: catalog.VerboseError, confidence: finding.Firm, step: step,
			message: "the answer tells why the token was refused", evidence: []string{"answer: " + r.vault.quote(r.told)}})
	}
	if r.token == nil {
		return
	}
	var exp, iat float64
	switch {
	case !r.token.Payload.Value("exp", &exp):
		r.find(found{id: catalog.UnboundedLifetime, confidence: finding.Certain, step: step, message: "the service's own access token never expires", evidence: []string{"no exp claim"}})
	case exp > 1e11:
		r.find(found{id: catalog.NumericdateMillis, confidence: finding.Certain, step: step, message: "exp is in milliseconds, and the token lives for thousands of years", evidence: []string{fmt.Sprintf("exp has %d digits", len(fmt.Sprintf("%.0f", exp)))}})
	default:
		if !r.token.Payload.Value("iat", &iat) {
			iat = float64(r.report.Started.Unix())
		}
		if life := time.Duration(exp-iat) * time.Second; life > maxLifetime {
			r.find(found{id: catalog.UnboundedLifetime, confidence: finding.Certain, step: step, message: "the service's own access token lives longer than a day", evidence: []string{"it lives " + life.String()}})
		}
	}
	var claims []string
	for _, m := range r.token.Payload {
		value := strings.Trim(string(m.Value), `"`)
		if personal.MatchString(m.Name) || mailText.MatchString(value) {
			claims = append(claims, "claim "+r.vault.quote(m.Name))
		}
	}
	if len(claims) > 0 {
		r.find(found{id: catalog.SensitiveClaims, confidence: finding.Firm, step: step, message: "the payload, which anybody can read, holds personal data", evidence: claims})
	}
}

// listen keeps the first refusal that tells its reason.
func (r *run) listen(res *response) {
	if r.told == "" && res.status >= 400 {
		r.told = string(detailed.Find(res.body))
	}
}
