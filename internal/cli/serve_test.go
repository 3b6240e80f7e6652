package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jotsight/jotsight/internal/monitor"
)

// TestReadServeConfig reads every field of a configuration.
func TestReadServeConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "serve.yaml")
	if err := os.WriteFile(path, []byte(`
listen: 127.0.0.1:9000
data: /var/lib/jotsight
base_url: https://jotsight.example
plain: true
keep:
  log: 7d
  log_bytes: 500MiB
  history: 36h
webhooks:
  - name: ops
    url: https://ops.example/${ROOM}
    secret: ${OPS_SECRET}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"ROOM": "b", "OPS_SECRET": "whsec_x"}
	var got monitor.Config
	if err := readServeConfig(path, func(k string) (string, bool) { v, ok := env[k]; return v, ok }, &got); err != nil {
		t.Fatal(err)
	}
	want := monitor.Config{
		Listen: "127.0.0.1:9000", Data: "/var/lib/jotsight", BaseURL: "https://jotsight.example", Plain: true,
		LogAge: 7 * 24 * time.Hour, LogBytes: 500 << 20, KeepFor: 36 * time.Hour,
		Webhooks: []monitor.Webhook{{Name: "ops", URL: "https://ops.example/b", Secret: "whsec_x"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(monitor.Config{}, "Rules", "TLS")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
