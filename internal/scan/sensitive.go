package scan

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// An exposure is one member of a payload that anybody who holds the token can read
// and should not.
type exposure struct {
	path       string // of the member, joined with dots
	what       string
	confidence finding.Confidence
}

// secretClaims and personalClaims judge by the name of a member. What is not on
// the lists is no finding: ids, roles and the names of things are what a token
// is for.
var (
	secretClaims   = regexp.MustCompile(`(?i)^(?:.*_)?(?:pass(?:word|wd|phrase|code)|pwd|password_?hash|secret|client_?secret|api_?key|private_?key|security_?answer|cvv2?|cvc)$`)
	personalClaims = []struct {
		name       *regexp.Regexp
		what       string
		confidence finding.Confidence
	}{
		{regexp.MustCompile(`(?i)^(?:ssn|social_?security(?:_?(?:no|number))?|passport(?:_?(?:no|number))?|national_?id(?:_?number)?|tax_?id|cpf|aadhaar|nino|pesel|bsn|personnummer|driving_?licen[cs]e.*|credit_?card.*|card_?number|iban)$`), "an official or bank number", finding.Certain},
		{regexp.MustCompile(`(?i)^(?:(?:user_?|primary_?|contact_?)?e?-?mail(?:_?address)?)$`), "an e-mail address", finding.Firm},
		{regexp.MustCompile(`(?i)^(?:phone(?:_?(?:no|number))?|mobile(?:_?(?:no|number))?|telephone|msisdn)$`), "a telephone number", finding.Firm},
		{regexp.MustCompile(`(?i)^(?:birth_?(?:date|day)|date_?of_?birth|dob)$`), "a date of birth", finding.Firm},
		{regexp.MustCompile(`(?i)^(?:given_?name|family_?name|first_?name|last_?name|middle_?name|sur_?name|full_?name|maiden_?name)$`), "the name of a person", finding.Firm},
		{regexp.MustCompile(`(?i)^(?:(?:home_?|street_?|postal_?)address|street|zip_?code|post_?code|postal_?code)$`), "an address", finding.Firm},
		{regexp.MustCompile(`(?i)^(?:salary|religion|ethnicity|health.*|diagnosis|blood_?type|sexual.*|gender)$`), "a fact about a person", finding.Firm},
	}
	mailText  = regexp.MustCompile(`^[^@\s"<>]{1,64}@[^@\s"<>]+\.[a-zA-Z]{2,}$`)
	phoneText = regexp.MustCompile(`^\+[1-9][\d \-()]{7,20}$`)
	hashText  = regexp.MustCompile(`^(?:\$2[aby]\$\d\d\$|\$argon2|\$scrypt\$|\$6\$|\$5\$|pbkdf2)`)
	keyText   = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----|^(?:AKIA|ASIA)[0-9A-Z]{16}$|^sk_live_[0-9a-zA-Z]{16,}$|^gh[pousr]_[A-Za-z0-9]{36,}$`)
	idClaims  = regexp.MustCompile(`(?i)(?:^|_)(?:id|jti|sid|sub|nonce|code|at|exp|iat|nbf|time|ts|hash|version|ref)$`)
	ssnText   = regexp.MustCompile(`^[0-8]\d\d-\d\d-\d{4}$`)
)

// exposures looks through a payload, members of members included.
func exposures(payload forge.Object) (list []exposure) {
	var walk func(path, name string, v any, depth int)
	walk = func(path, name string, v any, depth int) {
		if depth > 6 || len(list) >= maxEvidence {
			return
		}
		switch v := v.(type) {
		case map[string]any:
			// OpenID Connect's address is an object.
			if strings.EqualFold(name, "address") {
				list = append(list, exposure{path, "an address", finding.Firm})
				return
			}
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(join(path, k), k, v[k], depth+1)
			}
		case []any:
			for _, x := range v {
				walk(path, name, x, depth+1)
			}
		case string:
			if what, sure := exposed(name, v); what != "" {
				list = append(list, exposure{path, what, sure})
			}
		case json.Number:
			if what, sure := exposed(name, v.String()); what != "" {
				list = append(list, exposure{path, what, sure})
			}
		}
	}
	for _, m := range payload {
		d := json.NewDecoder(strings.NewReader(string(m.Value)))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil {
			walk(m.Name, m.Name, v, 0)
		}
	}
	// The same member of a list is told once.
	return slices.CompactFunc(list, func(a, b exposure) bool { return a.path == b.path })
}

// exposed judges one text. A value that speaks for itself counts under any name.
func exposed(name, v string) (what string, sure finding.Confidence) {
	if v == "" {
		return "", ""
	}
	switch {
	case keyText.MatchString(v):
		return "a private key", finding.Certain
	case hashText.MatchString(v):
		return "the hash of a password", finding.Certain
	case secretClaims.MatchString(name):
		return "a password or secret", finding.Certain
	case isCard(name, v):
		return "a card number", finding.Certain
	case isIBAN(v):
		return "a bank account", finding.Certain
	}
	for _, p := range personalClaims {
		if p.name.MatchString(name) {
			return p.what, p.confidence
		}
	}
	switch {
	case mailText.MatchString(v):
		return "an e-mail address", finding.Firm
	case phoneText.MatchString(v):
		return "a telephone number", finding.Firm
	case ssnText.MatchString(v):
		return "an official number", finding.Firm
	}
	return "", ""
}

// cards are the beginnings and lengths of the numbers that issuers give out: a
// sum that holds alone would take one number in ten for a card.
var cards = regexp.MustCompile(`^(?:4\d{15}|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12}|35\d{14}|3(?:0[0-5]|[68]\d)\d{11})$`)

func isCard(name, v string) bool {
	if idClaims.MatchString(name) {
		return false
	}
	digits := strings.NewReplacer(" ", "", "-", "").Replace(v)
	if !cards.MatchString(digits) {
		return false
	}
	sum := 0
	for i := range len(digits) { // Luhn, from the right
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			n *= 2
		}
		sum += n/10 + n%10
	}
	return sum%10 == 0
}

var iban = regexp.MustCompile(`^[A-Z]{2}\d\d[A-Z0-9]{11,30}$`)

// isIBAN holds the check digits of ISO 13616.
func isIBAN(v string) bool {
	v = strings.ReplaceAll(v, " ", "")
	if !iban.MatchString(v) {
		return false
	}
	var b strings.Builder
	for _, c := range v[4:] + v[:4] {
		if c >= 'A' {
			fmt.Fprintf(&b, "%d", c-'A'+10)
			continue
		}
		b.WriteRune(c)
	}
	n, ok := new(big.Int).SetString(b.String(), 10)
	return ok && n.Mod(n, big.NewInt(97)).Int64() == 1
}
