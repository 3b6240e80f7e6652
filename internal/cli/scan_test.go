package cli

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
)

const scanPassword, scanSecret = "a-Password-of-the-test-9", "a-Secret-of-the-test-that-nobody-guesses-4711"

// shop is a service that verifies well, limits nothing and logs its tokens.
func shop(t *testing.T, log string) string {
	t.Helper()
	f, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	b64 := base64.RawURLEncoding.EncodeToString
	mac := func(s string) []byte {
		m := hmac.New(sha256.New, []byte(scanSecret))
		m.Write([]byte(s))
		return m.Sum(nil)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		if json.NewDecoder(r.Body).Decode(&in) != nil || in["password"] != scanPassword {
			w.WriteHeader(401)
			return
		}
		signing := b64([]byte(`{"alg":"HS256"}`)) + "." + b64(fmt.Appendf(nil, `{"sub":"alice","iat":%d,"exp":%d}`, time.Now().Unix(), time.Now().Unix()+60))
		fmt.Fprintf(w, `{"token":%q}`, signing+"."+b64(mac(signing)))
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		raw := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		i := strings.LastIndexByte(raw, '.')
		if i < 0 || !hmac.Equal([]byte(raw[i+1:]), []byte(b64(mac(raw[:i])))) {
			fmt.Fprintf(f, "refused %q, password hint %s\n", raw, scanPassword)
			w.WriteHeader(401)
			return
		}
		fmt.Fprint(w, `{"id":1}`)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestScanEndToEnd runs the command as a user does: exit status, both formats,
// the rights of its file, talk on stderr alone, and not one secret anywhere.
func TestScanEndToEnd(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "app.log")
	url := shop(t, log)
	recipe := filepath.Join(dir, "jotsight.yaml")
	text := fmt.Sprintf(`
target: %s
vars: {user: alice, password: "${SCAN_PASSWORD}"}
login: [{request: POST /login, json: {user: "{{user}}", password: "{{password}}"}, take: {access: $.token}}]
protected: {request: GET /me, proof: $.id}
keys: {secret: "${SCAN_SECRET}"}
logs: [{file: app.log, flush: 20ms}]
limits: {rps: 0}
`, url)
	if err := os.WriteFile(recipe, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SCAN_PASSWORD", scanPassword)
	t.Setenv("SCAN_SECRET", scanSecret)
	output := filepath.Join(dir, "report.json")
	if err := os.WriteFile(output, []byte("an old report that anybody can read"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, talk bytes.Buffer
	for _, run := range []struct {
		args []string
		exit int
	}{
		{[]string{"--config", recipe}, ExitFindings},
		{[]string{"--config", recipe, "--format", "json", "--output", output}, ExitFindings},
		{[]string{"--config", recipe, "--fail-on", "critical", "--format", "json", "--output", output}, ExitClean},
		{[]string{"--config", recipe, "--plan"}, ExitClean},
	} {
		if got := Run(t.Context(), append([]string{"scan"}, run.args...), nil, &out, &talk); got != run.exit {
			t.Errorf("scan %q: exit %d, want %d\n%s", run.args, got, run.exit, talk.String())
		}
	}
	file, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(output); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("report has mode %v, want 0600", info.Mode().Perm())
	}
	var report finding.Report
	if err := json.Unmarshal(file, &report); err != nil {
		t.Fatal(err)
	}
	if report.Schema != finding.Schema || report.Command != "scan" || len(report.Runs) != 16 || report.Stats.Requests == 0 {
		t.Errorf("report %s of %s with %d runs and %d requests", report.Schema, report.Command, len(report.Runs), report.Stats.Requests)
	}
	if !strings.Contains(talk.String(), "jotsight: 16/16 ") || strings.Contains(out.String(), "16/16") {
		t.Error("progress does not stand on stderr alone")
	}
	for name, text := range map[string]string{"stdout": out.String(), "stderr": talk.String(), "file": string(file)} {
		flat := strings.Join(strings.Fields(text), "")
		for _, secret := range []string{scanPassword, scanSecret, "eyJhbGciOiJIUzI1NiJ9."} {
			if strings.Contains(flat, secret) {
				t.Errorf("%s holds a secret", name)
			}
		}
	}
	if !strings.Contains(string(file), `"token-in-log"`) {
		t.Error("the tokens and the password in the log are not found")
	}
}
