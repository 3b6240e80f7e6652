package scan

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/finding"
)

// checkNoSecret searches every form of a report for what went over the wire:
// tokens of the service, its password, its secret.
func checkNoSecret(t *testing.T, g *target, r *finding.Report) {
	t.Helper()
	var text, js bytes.Buffer
	if err := finding.WriteText(&text, r, finding.TextOptions{Width: 120}); err != nil {
		t.Fatal(err)
	}
	if err := finding.WriteJSON(&js, r); err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	secrets := []string{testPassword, strongSecret}
	for token := range g.refresh {
		secrets = append(secrets, token)
	}
	for token := range g.used {
		secrets = append(secrets, token)
	}
	g.mu.Unlock()
	flat := strings.Join(strings.Fields(text.String()), "") // a wrapped token is a token
	for _, out := range []string{text.String(), flat, js.String(), fmt.Sprintf("%+v", r)} {
		for _, s := range secrets {
			if strings.Contains(out, s) {
				t.Errorf("a report holds a secret")
			}
		}
		if m := jwtShape.FindString(out); m != "" {
			t.Errorf("a report holds a token")
		}
	}
}
