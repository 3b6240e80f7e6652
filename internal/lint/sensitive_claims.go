package lint

import (
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.SensitiveClaims,
	Counts: "A claim holds, by its name or that of the field it is taken from, a password or its hash, a secret, a number of a card, an account or a person. " +
		"The strict profile also names mail address, telephone, address and date of birth. Anybody who holds a JWT can read its claims.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind != library.Issue {
				continue
			}
			p.looks()
			if op.Guessed {
				continue
			}
			claims, _ := p.fieldsOf(op)
			for _, c := range claims {
				what := p.sensitive(c.name)
				if m, ok := c.value.(*ir.Member); ok && what == "" {
					what = p.sensitive(m.Name)
				}
				if what == "" {
					continue
				}
				p.report(fault{
					at: c.Span, fn: p.around(c.Span), what: c.name,
					related: []place{{c.Span, p.around(c.Span), "the claim"}, {op.Span, op.Func, does(op)}},
					message: fmt.Sprintf("%s: %s is put into a token, whose claims anybody can read", name(op.Func), what),
				})
			}
		}
	},
})

// sensitive says what a field of that name holds, or nothing.
func (s *subject) sensitive(field string) string {
	n := plain(field)
	for _, k := range []struct {
		is   []string
		what string
	}{
		{[]string{"password", "passwd", "pwd", "passwordhash", "hashedpassword", "encryptedpassword", "passhash"}, "a password"},
		{[]string{"secret", "secretkey", "apikey", "privatekey", "clientsecret", "mfasecret", "totpsecret", "otpsecret"}, "a secret"},
		{[]string{"ssn", "socialsecuritynumber", "nationalid", "passportnumber", "taxid"}, "the number of a person"},
		{[]string{"creditcard", "cardnumber", "cvv", "cvc", "iban", "accountnumber"}, "the number of a card or account"},
	} {
		for _, w := range k.is {
			if n == w {
				return k.what
			}
		}
	}
	if s.strict {
		for _, w := range []string{"email", "mail", "phone", "telephone", "mobile", "birthday", "birthdate", "dateofbirth", "streetaddress"} {
			if n == w {
				return "personal data (" + strings.ToLower(field) + ")"
			}
		}
	}
	return ""
}
