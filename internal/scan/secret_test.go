package scan

import (
	"bytes"
	"crypto/ecdsa"
	"fmt"
	entities "html"
	"io"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/report/html"
	"github.com/jotsight/jotsight/internal/report/junit"
	"github.com/jotsight/jotsight/internal/report/markdown"
	"github.com/jotsight/jotsight/internal/report/sarif"
)

// checkNoSecret searches every form of a report for what went over the wire:
// tokens of the service, its password, its secret.
func checkNoSecret(t *testing.T, g *target, r *finding.Report) {
	t.Helper()
	outs := []string{fmt.Sprintf("%+v", r)}
	for _, write := range []func(io.Writer, *finding.Report) error{
		func(w io.Writer, r *finding.Report) error {
			return finding.WriteText(w, r, finding.TextOptions{Width: 120})
		},
		func(w io.Writer, r *finding.Report) error { return sarif.Write(w, r, "") },
		finding.WriteJSON, html.Write, junit.Write, markdown.Write,
	} {
		var b bytes.Buffer
		if err := write(&b, r); err != nil {
			t.Fatal(err)
		}
		// A secret that is wrapped, or spelled as markup spells it, is a secret.
		text := entities.UnescapeString(b.String())
		outs = append(outs, b.String(), text, strings.Join(strings.Fields(text), ""))
	}
	g.mu.Lock()
	secrets := []string{testPassword, strongSecret}
	for token := range g.refresh {
		secrets = append(secrets, token)
	}
	for token := range g.used {
		secrets = append(secrets, token)
	}
	if k, ok := g.keys.private.(*ecdsa.PrivateKey); ok {
		d, _ := k.Bytes()
		secrets = append(secrets, segment(d))
	}
	g.mu.Unlock()
	for _, out := range outs {
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
