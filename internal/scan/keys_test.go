package scan

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/finding"
)

// TestKeys holds the probes of signatures, keys and headers against services
// that take a foreign key in one way each, and against sound ones of every
// algorithm, which must stay without a finding.
func TestKeys(t *testing.T) {
	for _, tt := range []struct {
		name    string
		k       keyring
		extra   string // of the recipe
		want    string // findings
		by      string // the check that finds them
		onLinux bool
	}{
		{name: "sound RS256", k: keyring{alg: "RS256", publish: "jwks", kid: "k1"}},
		{name: "sound RS384", k: keyring{alg: "RS384", publish: "pem"}, extra: "keys: {public: /key.pub}\n"},
		{name: "sound PS256", k: keyring{alg: "PS256", publish: "discovery", kid: "k1"}},
		{name: "sound ES256", k: keyring{alg: "ES256", publish: "jwks", kid: "k1"}},
		{name: "sound ES384", k: keyring{alg: "ES384"}},
		{name: "sound EdDSA", k: keyring{alg: "EdDSA", publish: "discovery", kid: "k1"}},
		{name: "sound HS256 by kid", k: keyring{kid: "k1", lookups: "a parameter"}},

		{name: "confusion, PEM as served", k: keyring{alg: "RS256", publish: "pem", takes: "the PEM as a secret"}, extra: "keys: {public: /key.pub}\n", want: "algorithm-confusion", by: "algorithm-confusion"},
		{name: "confusion, PKCS 1 PEM as served", k: keyring{alg: "RS256", publish: "pkcs1", takes: "the PEM as a secret"}, extra: "keys: {public: /key.pub}\n", want: "algorithm-confusion", by: "algorithm-confusion"},
		{name: "confusion, PEM of a JWK Set", k: keyring{alg: "RS256", publish: "jwks", kid: "k1", takes: "the PEM as a secret"}, want: "algorithm-confusion", by: "algorithm-confusion"},
		{name: "confusion, by discovery", k: keyring{alg: "PS256", publish: "discovery", kid: "k1", takes: "the PEM as a secret, trimmed"}, want: "algorithm-confusion", by: "algorithm-confusion"},
		{name: "confusion, DER", k: keyring{alg: "ES256", publish: "jwks", takes: "the DER as a secret"}, want: "algorithm-confusion", by: "algorithm-confusion"},
		{name: "confusion, EdDSA", k: keyring{alg: "EdDSA", publish: "jwks", kid: "k1", takes: "the PEM as a secret"}, want: "algorithm-confusion", by: "algorithm-confusion"},
		{name: "an empty secret beside the key", k: keyring{alg: "RS256", takes: "an empty key"}, want: "weak-secret", by: "weak-secret"},
		{name: "an empty secret beside the secret", k: keyring{kid: "k1", takes: "an empty key"}, want: "weak-secret", by: "kid-path"},

		{name: "psychic", k: keyring{alg: "ES256", takes: "psychic"}, want: "psychic-signature", by: "psychic-signature"},
		{name: "psychic, P-384", k: keyring{alg: "ES384", takes: "psychic"}, want: "psychic-signature", by: "psychic-signature"},

		{name: "jwk", k: keyring{alg: "RS256", takes: "jwk"}, want: "untrusted-key-header", by: "embedded-key"},
		{name: "jwk, EC", k: keyring{alg: "ES256", kid: "k1", takes: "jwk"}, want: "untrusted-key-header", by: "embedded-key"},
		{name: "jwk, OKP", k: keyring{alg: "EdDSA", takes: "jwk"}, want: "untrusted-key-header", by: "embedded-key"},
		{name: "jwk, beside HS256", k: keyring{takes: "jwk"}, want: "untrusted-key-header", by: "embedded-key"},
		{name: "jwk of an unknown kid", k: keyring{alg: "ES256", kid: "k1", takes: "jwk of an unknown kid"}, want: "untrusted-key-header", by: "embedded-key"},
		{name: "x5c", k: keyring{alg: "RS256", kid: "k1", takes: "x5c"}, want: "untrusted-key-header", by: "embedded-key"},
		{name: "jku", k: keyring{alg: "RS256", kid: "k1", takes: "jku"}, want: "untrusted-key-header", by: "key-url"},
		{name: "jku, beside HS256", k: keyring{takes: "jku"}, want: "untrusted-key-header", by: "key-url"},
		{name: "jku with the right beginning", k: keyring{alg: "ES256", kid: "k1", takes: "jku with the right beginning"}, want: "untrusted-key-header", by: "key-url"},
		{name: "jku with the right end", k: keyring{alg: "ES256", takes: "jku with the right end"}, want: "untrusted-key-header", by: "key-url"},
		{name: "x5u", k: keyring{alg: "ES256", kid: "k1", takes: "x5u"}, want: "untrusted-key-header", by: "key-url"},
		{name: "jku fetched and thrown away", k: keyring{alg: "ES256", fetching: "jku"}, want: "untrusted-key-header", by: "key-url"},
		{name: "x5u fetched and thrown away", k: keyring{fetching: "x5u"}, want: "untrusted-key-header", by: "key-url"},

		{name: "kid in a folder", k: keyring{kid: "k1", lookups: "folder"}, want: "kid-injection", by: "kid-path", onLinux: true},
		{name: "kid in a folder, trimmed", k: keyring{kid: "k1", lookups: "folder trimmed"}, want: "kid-injection", by: "kid-path", onLinux: true},
		{name: "kid in a query", k: keyring{kid: "k1", lookups: "one column"}, want: "kid-injection", by: "kid-sql"},
		{name: "kid in a query of two columns", k: keyring{kid: "k1", lookups: "two columns"}, want: "kid-injection", by: "kid-sql"},
		{name: "kid in brackets", k: keyring{kid: "k1", lookups: "brackets"}, want: "kid-injection", by: "kid-sql"},
		{name: "kid in a shell", k: keyring{kid: "k1", lookups: "shell", takes: "a kid that is a command"}, want: "kid-injection", by: "kid-command", onLinux: true},

		{name: "fails open on an unknown algorithm", k: keyring{takes: "an unknown algorithm"}, want: "fail-open", by: "fail-open"},
		{name: "fails open on an unknown kid", k: keyring{kid: "k1", takes: "an unknown kid"}, want: "fail-open", by: "fail-open"},
		{name: "fails open on a broken header", k: keyring{takes: "broken header"}, want: "fail-open", by: "fail-open"},
		{name: "fails open on a broken signature", k: keyring{takes: "an undecodable signature"}, want: "fail-open", by: "fail-open"},
		{name: "no alg", k: keyring{takes: "no alg"}, want: "alg-none-accepted", by: "alg-odd"},
		{name: "fails open on an alg that is no text", k: keyring{takes: "an alg that is no text"}, want: "fail-open", by: "alg-odd"},
		{name: "two formats at once", k: keyring{takes: "two formats"}, want: "signature-not-verified", by: "format-confusion"},
		{name: "two formats at once, the signed half read", k: keyring{takes: "the signed half of two formats"}},
		{name: "a list of no signatures", k: keyring{takes: "no signatures at all"}, want: "signature-not-verified", by: "format-confusion"},
		{name: "alg twice", k: keyring{takes: "the first of two algs"}, want: "alg-none-accepted", by: "format-confusion"},
		{name: "a second secret", k: keyring{takes: "a second secret"}, want: "weak-secret", by: "weak-secret"},
		{name: "confusion, n of the JWK", k: keyring{alg: "RS256", publish: "jwks", takes: "n as a secret"}, want: "algorithm-confusion", by: "algorithm-confusion"},
		{name: "as far as the signature goes", k: keyring{takes: "a beginning of the signature"}, want: "signature-not-verified", by: "signature-garbled"},
		{name: "crit", k: keyring{takes: "any crit"}, want: "crit-ignored", by: "crit-ignored"},

		{name: "a private key is published", k: keyring{alg: "ES256", kid: "k1", publish: "private"}, want: "weak-secret", by: "published-keys"},
		{name: "the secret is published", k: keyring{kid: "k1", publish: "oct"}, want: "weak-secret", by: "published-keys"},
		{name: "a short key", k: keyring{alg: "RS256", publish: "jwks", bits: 1024}, want: "weak-secret", by: "published-keys"},
		{name: "a short key that nobody shows", k: keyring{alg: "RS256", bits: 1024}, want: "weak-secret", by: "published-keys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.onLinux && runtime.GOOS != "linux" {
				t.Skip("its files and commands are those of Linux")
			}
			t.Parallel()
			g := newTarget(t, switches{limit: 40, refreshLimit: 10, keys: tt.k})
			recipe := g.recipe(tt.extra)
			if tt.k.alg != "" { // the secret of the recipe is not the service's
				recipe = strings.Replace(recipe, `keys: {secret: "${SECRET}"}`, "", 1)
			}
			r := runRecipe(t, g, recipe)
			if got, want := protection(r), strings.Fields(tt.want); !slices.Equal(got, want) {
				t.Errorf("findings %v, want %v", got, want)
				for _, f := range r.Findings {
					t.Logf("%s %s: %s %q", f.ID, f.Severity, f.Message, f.Evidence)
				}
			}
			for _, body := range g.keys.fetched { // nothing private is offered
				if strings.Contains(body, `"d":`) || strings.Contains(body, "PRIVATE") {
					t.Error("the scan offers a private key")
				}
			}
			for _, run := range r.Runs {
				if run.Verdict == finding.Inconclusive && tt.want != "fail-open" { // what lets bad tokens in cannot be timed
					t.Errorf("%s is inconclusive: %s", run.Check, run.Why)
				}
				if run.Check == tt.by && run.Verdict != finding.Fail {
					t.Errorf("%s: %s: %s", run.Check, run.Verdict, run.Why)
				}
			}
		})
	}
}

// TestBreaksClosed holds that a service that answers 500 to what it cannot read
// lets nobody in by that, while a gateway's 503 decides nothing.
func TestBreaksClosed(t *testing.T) {
	t.Parallel()
	r := runTarget(t, newTarget(t, switches{limit: 40, refreshLimit: 10, crashes: true}), "")
	for _, check := range []string{"fail-open", "format-confusion", "alg-odd", "embedded-key"} {
		if run := runOf(t, r, check); run.Verdict != finding.Pass {
			t.Errorf("%s: %s: %s", check, run.Verdict, run.Why)
		}
	}
	for status, want := range map[int]bool{500: true, 501: true, 502: false, 503: false, 504: false} {
		a := attempt{result: finding.Run{Status: status}}
		if got := a.closed(broken); got != want {
			t.Errorf("%d: closed %v, want %v", status, got, want)
		}
	}
}
