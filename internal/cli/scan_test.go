package cli

import (
	"bytes"
	"context"
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
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan"
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
	t.Setenv("GITHUB_OUTPUT", filepath.Join(dir, "github"))
	output := filepath.Join(dir, "report.json")
	baseline := filepath.Join(dir, "known.json")
	all := []string{"--config", recipe, "--quiet", "--baseline", baseline, "--write-baseline"}
	files := map[string]string{"json": output, "baseline": baseline, "outputs": filepath.Join(dir, "github")}
	for format := range formats {
		if format != "json" {
			files[format] = filepath.Join(dir, "report."+format)
			all = append(all, "--report", format+"="+files[format])
		}
	}
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
		{all, ExitClean},
		{[]string{"--config", recipe, "--quiet", "--format", "junit", "--baseline", baseline}, ExitClean},
		{[]string{"--config", recipe, "--plan"}, ExitClean},
	} {
		if got := Run(t.Context(), append([]string{"scan"}, run.args...), nil, &out, &talk); got != run.exit {
			t.Errorf("scan %q: exit %d, want %d\n%s", run.args, got, run.exit, talk.String())
		}
	}
	texts := map[string]string{"stdout": out.String(), "stderr": talk.String()}
	for format, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, info.Mode().Perm())
		}
		if !bytes.Contains(text, []byte("token-in-log")) && format != "outputs" && format != "github" { // an annotation is of what is new
			t.Errorf("%s: the tokens and the password in the log are not found", format)
		}
		texts[format] = string(text)
	}
	var report finding.Report
	if err := json.Unmarshal([]byte(texts["json"]), &report); err != nil {
		t.Fatal(err)
	}
	probes := len(scan.Probes())
	if report.Schema != finding.Schema || report.Command != "scan" || len(report.Runs) != probes || report.Stats.Requests == 0 {
		t.Errorf("report %s of %s with %d runs and %d requests", report.Schema, report.Command, len(report.Runs), report.Stats.Requests)
	}
	last := fmt.Sprintf("%d/%d ", probes, probes)
	if strings.Count(talk.String(), "jotsight: "+last) != 3 || strings.Contains(out.String(), last) {
		t.Error("progress does not stand on stderr alone, or not where it was asked to be quiet")
	}
	for _, want := range []string{"protection-grade=", "findings-count=0\nnew-count=0\nsarif-file=" + files["sarif"]} {
		if !strings.Contains(texts["outputs"], want) {
			t.Errorf("the outputs of the job lack %q: %s", want, texts["outputs"])
		}
	}
	// A secret that is wrapped, or spelled as the format spells it, is a secret.
	plain := strings.NewReplacer("&#58;", ":", "&#45;", "-", "&amp;", "&", "&#34;", `"`)
	for name, text := range texts {
		flat := strings.Join(strings.Fields(plain.Replace(text)), "")
		for _, secret := range []string{scanPassword, scanSecret, "eyJhbGciOiJIUzI1NiJ9."} {
			if strings.Contains(flat, secret) {
				t.Errorf("%s holds a secret", name)
			}
		}
	}
}

// TestScanInterrupted holds what Ctrl-C leaves: a whole report in every format
// that says it is partial, the status of what is inconclusive, and no baseline.
func TestScanInterrupted(t *testing.T) {
	dir := t.TempDir()
	url := shop(t, filepath.Join(dir, "app.log"))
	recipe := filepath.Join(dir, "jotsight.yaml")
	text := fmt.Sprintf("target: %s\nvars: {user: alice, password: %q}\nlogin: [{request: POST /login, json: {user: \"{{user}}\", password: \"{{password}}\"}, take: {access: $.token}}]\n"+
		"protected: {request: GET /me, proof: $.id}\nlogs: [{file: app.log, flush: 20ms}]\nlimits: {rps: 0}\n", url, scanPassword)
	if err := os.WriteFile(recipe, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	talk := &stopper{after: "jotsight:  4/", stop: stop}
	var out bytes.Buffer
	sarif, baseline := filepath.Join(dir, "out.sarif"), filepath.Join(dir, "known.json")
	got := Run(ctx, []string{"scan", "--config", recipe, "--report", "sarif=" + sarif, "--baseline", baseline, "--write-baseline"}, nil, &out, talk)
	if got != ExitInconclusive {
		t.Errorf("exit %d, want %d", got, ExitInconclusive)
	}
	for _, want := range []string{"not whole: interrupted after ", "interrupted while it ran", "Next"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q\n%s", want, out.String())
		}
	}
	if text, err := os.ReadFile(sarif); err != nil || !bytes.Contains(text, []byte(`"partial": "interrupted after `)) {
		t.Errorf("the SARIF file does not say that it is partial (%v)", err)
	}
	if _, err := os.Stat(baseline); err == nil {
		t.Error("a partial report became the baseline")
	}
	out.Reset()
	if got := Run(ctx, []string{"scan", "--config", recipe}, nil, &out, talk); got != ExitInconclusive || out.Len() > 0 {
		t.Errorf("interrupted before the first probe: exit %d, want %d, and no report\n%s", got, ExitInconclusive, out.String())
	}
}

// A stopper calls stop when a text was written.
type stopper struct {
	mu    sync.Mutex
	text  bytes.Buffer
	after string
	stop  func()
}

func (s *stopper) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(b)
	if strings.Contains(s.text.String(), s.after) {
		s.stop()
	}
	return len(b), nil
}

// TestBarFitsTheLine holds that the bar never wraps, whatever the width.
func TestBarFitsTheLine(t *testing.T) {
	p := scan.Progress{Done: 7, Total: 31, Probe: "algorithm-confusion"}
	if got, want := bar(p, 80), "[#####...................] 7/31 algorithm-confusion"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for width := 1; width < 60; width++ {
		if got := bar(p, width); len(got) >= width && got != "" {
			t.Errorf("%d columns for a width of %d", len(got), width)
		}
	}
}
