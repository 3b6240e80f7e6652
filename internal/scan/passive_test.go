package scan

import (
	"fmt"
	"testing"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// TestExposures tells what anybody may read in a token from what nobody should.
func TestExposures(t *testing.T) {
	for _, tt := range []struct {
		payload string
		want    string // path, what and confidence of each; empty: nothing
	}{
		{`{"sub":"248289761001","iss":"https://id.test","aud":"shop","exp":1700000000,"iat":1690000000,"jti":"2f1b8f5e-9d2b-4a8e-8a70-1f1f2f3f4f5f","scope":"read write","roles":["admin"]}`, ""},
		{`{"user_id":"4111111111111111","order_ref":"5500005555555559","tenant":"acme","name":"orders","version":"2024-01-01"}`, ""},
		{`{"tenant":4532015112830367,"account":"1234567890123452","ts":1700000000000,"h":"d41d8cd98f00b204e9800998ecf8427e"}`, ""},
		{`{"sub":"alice@example.com"}`, "sub: an e-mail address (medium)"},
		{`{"email":"a@example.com","email_verified":true}`, "email: an e-mail address (medium)"},
		{`{"user":{"profile":{"phone_number":"+44 20 7946 0000"}}}`, "user.profile.phone_number: a telephone number (medium)"},
		{`{"given_name":"Ada","birthdate":"1815-12-10"}`, "given_name: the name of a person (medium); birthdate: a date of birth (medium)"},
		{`{"address":{"street_address":"1 Main St","country":"GB"}}`, "address: an address (medium)"},
		{`{"address":"0x52908400098527886E0F7030069857D2E4169EE7"}`, ""},
		{`{"password":"hunter2"}`, "password: a password or secret (high)"},
		{`{"user_password":"","reset":false}`, ""},
		{`{"h":"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"}`, "h: the hash of a password (high)"},
		{`{"payment":"4111 1111 1111 1111"}`, "payment: a card number (high)"},
		{`{"payment":"4111 1111 1111 1112"}`, ""},
		{`{"payment":378282246310005}`, "payment: a card number (high)"},
		{`{"pay":["GB82 WEST 1234 5698 7654 32"]}`, "pay: a bank account (high)"},
		{`{"pay":"GB82 WEST 1234 5698 7654 33"}`, ""},
		{`{"ssn":"078-05-1120"}`, "ssn: an official or bank number (high)"},
		{`{"client_secret":"abc","at_hash":"x"}`, "client_secret: a password or secret (high)"},
		{`{"token_use":"access","secret_version":3,"pin_set":true}`, ""},
	} {
		payload, err := forge.ParseObject([]byte(tt.payload))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for i, e := range exposures(payload) {
			if i > 0 {
				got += "; "
			}
			got += fmt.Sprintf("%s: %s (%s)", e.path, e.what, e.confidence)
		}
		if got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.payload, got, tt.want)
		}
	}
}

func FuzzExposures(f *testing.F) {
	f.Add(`{"a":{"b":[1,"x@y.zz",null]},"c":"4111111111111111"}`)
	f.Add(`{"iban":"GB82WEST12345698765432"}`)
	f.Fuzz(func(t *testing.T, text string) {
		payload, err := forge.ParseObject([]byte(text))
		if err != nil {
			return
		}
		if n := len(exposures(payload)); n > maxEvidence {
			t.Errorf("%d exposures", n)
		}
	})
}

// TestOwnTokens holds what is said of a service's own tokens without an attack.
func TestOwnTokens(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    switches
		want string
	}{
		{"times in milliseconds", switches{millis: true}, "numericdate-millis"},
		{"times in milliseconds, read as seconds", switches{millis: true, expired: true}, "numericdate-millis"},
		{"an e-mail address", switches{mail: true}, "sensitive-claims"},
		{"two days", switches{life: 48 * 3600e9}, "unbounded-lifetime"},
		{"a method that nobody thought of", switches{anyMethod: true}, "unauthenticated-access"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.limit, tt.s.refreshLimit, tt.s.logging = 20, 10, "full"
			r := runTarget(t, newTarget(t, tt.s), "")
			if got := fmt.Sprint(protection(r)); got != "["+tt.want+"]" {
				t.Errorf("findings %s, want [%s]", got, tt.want)
			}
			for check, v := range verdicts(r) {
				if v == finding.Inconclusive {
					t.Errorf("%s is inconclusive: %s", check, why(r, check))
				}
			}
		})
	}
}
