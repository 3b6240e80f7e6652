package scan

import (
	"maps"
	"slices"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// maxLifetime is the longest life of an access token that is nobody's mistake.
const maxLifetime = 24 * time.Hour

// passive looks at what the service gave without being attacked: its own token
// and the words of its refusals.
func (r *run) passive() {
	r.verbose()
	step := r.recipe.Protected.Step
	for _, t := range r.ownTokens() {
		r.inspect(step, t.name, t.token)
	}
}

// An ownToken is a JWT that the login gave.
type ownToken struct {
	name  string
	token *forge.Token
}

// ownTokens gives the access token, then every other JWT that the login took.
func (r *run) ownTokens() (list []ownToken) {
	if r.token != nil {
		list = append(list, ownToken{"access", r.token})
	}
	for _, name := range slices.Sorted(maps.Keys(r.main.vars)) {
		if r.main.vars[name] == r.main.access() {
			continue
		}
		if t, err := forge.Parse(r.main.vars[name]); err == nil {
			list = append(list, ownToken{name, t})
		}
	}
	return list
}

// inspect reads one token as whoever steals it can.
func (r *run) inspect(step Step, name string, t *forge.Token) {
	tell := func(id catalog.ID, sure finding.Confidence, message string, evidence ...string) {
		r.find(found{id: id, confidence: sure, step: step, message: message, evidence: evidence})
	}
	what := "the service's own " + r.vault.quote(name) + " token"
	millis := false
	for _, claim := range []string{"exp", "iat", "nbf"} {
		if inMillis(t.Payload, claim) {
			millis = true
			tell(catalog.NumericdateMillis, finding.Certain, "times are in milliseconds, so that a token lives for thousands of years", what+": "+claim+" has 13 digits or more")
		}
	}
	switch life := lifetime(t); {
	case name != "access" || millis: // a refresh token may live for long
	case !t.Payload.Has("exp"):
		tell(catalog.UnboundedLifetime, finding.Certain, "the service's own access token never expires", "no exp claim")
	case life > maxLifetime:
		tell(catalog.UnboundedLifetime, finding.Certain, "the service's own access token lives longer than a day", "it lives "+life.String())
	}
	list := exposures(t.Payload)
	if name == "id" || name == "id_token" { // whose purpose it is to tell who the user is
		list = slices.DeleteFunc(list, func(e exposure) bool { return e.confidence != finding.Certain })
	}
	if len(list) == 0 {
		return
	}
	sure := finding.Firm
	var evidence []string
	for _, e := range list {
		if e.confidence == finding.Certain {
			sure = finding.Certain
		}
		evidence = append(evidence, what+": claim "+r.vault.quote(e.path)+", "+e.what)
	}
	tell(catalog.SensitiveClaims, sure, "the payload, which anybody can read, holds personal data or a secret", evidence...)
}
