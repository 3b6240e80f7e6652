package lint

import (
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.WeakSecret,
	Counts: "The secret that signs or verifies tokens is written in the source, as it is or as what is taken where nothing is configured. Public keys " +
		"and certificates may stand there. How good a secret is that comes from the environment cannot be seen.",
	Run: func(p *pass) {
		seen := map[*ir.Const]bool{}
		for _, op := range p.Ops {
			if op.Kind != library.Verify && op.Kind != library.Issue || op.Guessed {
				continue
			}
			keys := p.keys(op)
			if len(keys) > 0 {
				p.looks()
			}
			for _, e := range keys {
				for _, c := range p.consts(e) {
					if seen[c] || !isSecret(c) {
						continue
					}
					seen[c] = true
					verb := "verifies"
					if op.Kind == library.Issue {
						verb = "signs"
					}
					fn := p.around(c.Span)
					p.report(fault{
						at: c.Span, fn: fn, what: op.Name,
						related: []place{{c.Span, fn, "the secret stands here"}, {op.Span, op.Func, does(op)}},
						message: fmt.Sprintf("%s: the secret that %s tokens at %s is written in the source", name(op.Func), verb, line(op.Span, c.Span)),
					})
				}
			}
		}
	},
})

// isSecret reports whether a literal that is used as a key is a secret: neither a
// public key, nor the address or file of one.
func isSecret(c *ir.Const) bool {
	if c.Kind != ir.String || c.Text == "" { // what is empty is refused by most libraries, or means that nothing is set
		return false
	}
	for _, public := range []string{"BEGIN PUBLIC KEY", "BEGIN RSA PUBLIC KEY", "BEGIN CERTIFICATE", "://", ".pem", ".key", ".pub"} {
		if strings.Contains(c.Text, public) {
			return false
		}
	}
	return true
}
