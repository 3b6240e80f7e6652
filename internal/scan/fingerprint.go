package scan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// fingerprintKeys are the members that name a token by what it looks like. A jti
// is not one of them: forgeries carry that of the token that they are made of.
var fingerprintKeys = []string{"jwt.fp", "token_fp", "token.fp", "token_hash", "tokenHash", "token_fingerprint", "tokenFingerprint", "fingerprint", "token_id", "tokenId"}

// fingerprints holds the log to what a fingerprint is for: one token has one, and
// two tokens have two. Without that nobody can tell a replay from an accident.
func (r *run) fingerprints() {
	ofToken := map[string][]string{} // the fingerprints of a token
	bodies := map[string][]string{}  // headers and payloads that have one fingerprint
	var order []string
	for _, a := range r.attempts {
		for _, rec := range a.sight.attacks {
			raw := a.tokenOf(rec)
			i := slices.IndexFunc(fingerprintKeys, func(k string) bool { v, ok := rec.field(k); return ok && len(v) >= 4 })
			if i < 0 || raw == "" || rec.weight() > 1 {
				continue
			}
			value, _ := rec.field(fingerprintKeys[i])
			value = fingerprintKeys[i] + "=" + value // two members may name a token in two ways
			if !slices.Contains(ofToken[raw], value) {
				ofToken[raw] = append(ofToken[raw], value)
			}
			body := raw
			if i := strings.LastIndexByte(raw, '.'); i > 0 {
				body = raw[:i]
			}
			if bodies[value] == nil {
				order = append(order, value)
			}
			if !slices.Contains(bodies[value], body) {
				bodies[value] = append(bodies[value], body)
			}
		}
	}
	f := found{id: catalog.IncompleteEvent, confidence: finding.Firm, step: r.recipe.Protected.Step, message: "a record of an attack does not say which token it was"}
	for _, value := range order {
		if n := len(bodies[value]); n > 1 {
			f.evidence = append(f.evidence, fmt.Sprintf("%d different tokens have the fingerprint %s", n, r.vault.quote(clip(value, 48))))
			break
		}
	}
	for _, values := range ofToken {
		if len(values) > 1 {
			f.evidence = append(f.evidence, fmt.Sprintf("one token has %d fingerprints, so that its use cannot be followed", len(values)))
			break
		}
	}
	if len(f.evidence) > 0 {
		r.find(f)
	}
}

// tokenOf gives the token of the one request whose canary a record carries. A jti
// does not tell: forgeries share it.
func (a *attempt) tokenOf(rec *record) (raw string) {
	for _, s := range a.sent {
		if strings.Contains(rec.raw, s.canary) {
			if raw != "" && raw != s.raw {
				return ""
			}
			raw = s.raw
		}
	}
	return raw
}
