package scan

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/finding"
)

// TestKeyFile unlocks the probes of claims by a key in a file: a secret with the
// line end of an editor, the same in base64, and a private key in PEM. A key
// that is another is named, and what it is stays unsaid.
func TestKeyFile(t *testing.T) {
	t.Parallel()
	der, err := x509.MarshalPKCS8PrivateKey(keyPair("ES256", 0))
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, tt := range []struct {
		name, file, alg, fails string
	}{
		{name: "secret", file: strongSecret + "\n"},
		{name: "secret in base64", file: base64.StdEncoding.EncodeToString([]byte(strongSecret))},
		{name: "PEM", file: string(text), alg: "ES256"},
		{name: "another secret", file: "another-secret-than-the-service", fails: "keys.secret: does not sign the service's own token"},
		{name: "PEM of another", file: string(text), alg: "ES384", fails: "does not sign the service's own token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newTarget(t, switches{limit: 40, refreshLimit: 10, keys: keyring{alg: tt.alg}})
			name := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(name, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			recipe, err := Parse("jotsight.yaml", []byte(strings.Replace(g.recipe(""), `keys: {secret: "${SECRET}"}`, "", 1)), g.env)
			if err != nil {
				t.Fatal(err)
			}
			if err := recipe.SetKeyFile(name); err != nil {
				t.Fatal(err)
			}
			r, err := Run(t.Context(), recipe, Options{})
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) || strings.Contains(err.Error(), strings.TrimSpace(tt.file)) {
					t.Errorf("error %v, want %s", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkNoSecret(t, g, r)
			for _, check := range []string{"expired", "crit-ignored"} {
				if run := runOf(t, r, check); run.Verdict != finding.Pass {
					t.Errorf("%s: %s: %s", check, run.Verdict, run.Why)
				}
			}
		})
	}
}
