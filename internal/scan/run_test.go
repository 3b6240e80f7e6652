package scan

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
)

// TestUnusable holds that a scan that cannot be done says why, in one line that
// names the thing, and gives no report.
func TestUnusable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(g *target, r *Recipe)
		want  string
	}{
		{"nobody listens", func(_ *target, r *Recipe) { r.Target.Host = "127.0.0.1:1" }, "target 127.0.0.1:1: login[0]: POST /login: dial tcp"},
		{"wrong password", func(_ *target, r *Recipe) { r.Vars["password"] = "wrong" }, "login[0]: POST /login answered 401"},
		{"the token is elsewhere", func(_ *target, r *Recipe) { r.Login[0].Take["access"] = Extract{kind: "cookie", name: "x"} }, "take.access is not in the answer"},
		{"the resource is elsewhere", func(_ *target, r *Recipe) { r.Protected.Path = "/nowhere" }, "the valid token is answered 404"},
		{"the proof is elsewhere", func(_ *target, r *Recipe) { r.Protected.Proof.path = []step{{name: "nobody"}} }, "the proof is not in the answer"},
		{"the log is elsewhere", func(g *target, r *Recipe) { r.Logs[0].File = g.log + ".none" }, ".none: no such file"},
		{"the key is another", func(_ *target, r *Recipe) { r.Keys.Secret = "another" }, "keys.secret: does not sign the service's own token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.name == "the log is elsewhere" && runtime.GOOS == "windows" {
				tt.want = ".none: "
			}
			g := newTarget(t, switches{})
			recipe := g.parse("")
			tt.spoil(g, recipe)
			report, err := Run(t.Context(), recipe, Options{})
			var u *Unusable
			if !errors.As(err, &u) || report != nil {
				t.Fatalf("error %v, report %v", err, report != nil)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), testPassword) {
				t.Errorf("error %q, want %q", err, tt.want)
			}
		})
	}
}

// TestNotAuthorized sends nothing to a machine that is not this one.
func TestNotAuthorized(t *testing.T) {
	recipe, err := ForURL("http://192.0.2.1/me", "a-token")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), recipe, Options{}); !errors.Is(err, ErrNotAuthorized) {
		t.Errorf("error %v, want ErrNotAuthorized", err)
	}
}

// TestRateIsHonoured counts what arrives: never more than the burst and the rate
// allow, in any span of time.
func TestRateIsHonoured(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]Limits{
		"a narrow one": {RPS: 50, Burst: 5, Timeout: 10 * time.Second},
		"the default":  defaultLimits,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkRate(t, l, l.Burst+20)
		})
	}
}

// checkRate sends n requests from four goroutines.
func checkRate(t *testing.T, l Limits, n int) {
	var mu sync.Mutex
	var at []time.Time
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		at = append(at, time.Now())
	}))
	defer srv.Close()
	recipe, err := ForURL(srv.URL+"/", "a-token")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Limits = l
	c, err := newClient(recipe)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			v := c.visitor()
			for range n / 4 {
				if _, err := v.do(t.Context(), newRequest(recipe.Protected.Step, func(s string) string { return s })); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if len(at) != n/4*4 {
		t.Fatalf("%d requests arrived, want %d", len(at), n/4*4)
	}
	for i := range at {
		for j := i + 1; j < len(at); j++ {
			// What waits on its way arrives closer together than it was sent; 50 ms are allowed for that.
			if most := float64(l.Burst) + l.RPS*(at[j].Sub(at[i])+50*time.Millisecond).Seconds() + 1; float64(j-i+1) > most {
				t.Fatalf("%d requests within %s, and at most %.1f are allowed", j-i+1, at[j].Sub(at[i]), most)
			}
		}
	}
}

// TestEveryVisitorHasAnAddress holds the isolation of probes on loopback, where
// the system lends more than one address.
func TestEveryVisitorHasAnAddress(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		mu.Lock()
		defer mu.Unlock()
		seen[host] = true
	}))
	defer srv.Close()
	recipe, err := ForURL(srv.URL, "a-token")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Limits.RPS = 0
	c, err := newClient(recipe)
	if err != nil {
		t.Fatal(err)
	}
	c.isolate(t.Context())
	const visitors = 300
	for range visitors {
		v := c.visitor()
		if _, err := v.do(t.Context(), newRequest(recipe.Protected.Step, func(s string) string { return s })); err != nil {
			t.Fatal(err)
		}
		v.close()
	}
	want := 1
	if runtime.GOOS == "linux" {
		want = visitors
	}
	if len(seen) != want {
		t.Errorf("%d addresses, want %d", len(seen), want)
	}
}

// TestReportIsPosted hands the finished report to a monitor.
func TestReportIsPosted(t *testing.T) {
	t.Parallel()
	var got finding.Report
	monitor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/scans" || r.Header.Get("Authorization") != "Bearer an-ingest-key" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		json.NewDecoder(r.Body).Decode(&got)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer monitor.Close()
	g := newTarget(t, switches{})
	recipe := g.parse("")
	recipe.Monitor = &Monitor{URL: monitor.URL, Key: "an-ingest-key"}
	report, err := Run(t.Context(), recipe, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Runs) != len(report.Runs) || got.Grades.Protection.Letter != report.Grades.Protection.Letter {
		t.Errorf("the monitor got %d runs and grade %q, want %d and %q", len(got.Runs), got.Grades.Protection.Letter, len(report.Runs), report.Grades.Protection.Letter)
	}
}

// TestReportSurvivesTheMonitor keeps the report when the monitor does not take
// it, and sends neither it nor the key to wherever the monitor points.
func TestReportSurvivesTheMonitor(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the report was sent elsewhere")
	}))
	defer elsewhere.Close()
	redirects := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/v1/scans", http.StatusTemporaryRedirect))
	defer redirects.Close()
	for url, want := range map[string]string{
		redirects.URL:        "POST /v1/scans answered 307",
		"http://127.0.0.1:1": "dial tcp 127.0.0.1:1: ",
	} {
		recipe := newTarget(t, switches{}).parse("")
		recipe.Monitor = &Monitor{URL: url, Key: "an-ingest-key"}
		report, err := Run(t.Context(), recipe, Options{})
		var u *Unusable
		if !errors.As(err, &u) || !strings.HasPrefix(err.Error(), "monitor "+url+": "+want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if report == nil || report.Grades.Protection.Letter == "" {
			t.Errorf("%s: the report is lost", url)
		}
	}
}

// TestInterrupted ends at once and reports what was done: what came before the
// interruption stands, what came after is no verdict, and the report says so.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	g := newTarget(t, switches{none: true})
	ctx, stop := context.WithCancel(t.Context())
	done := map[string]bool{}
	report, err := Run(ctx, g.parse(""), Options{Progress: func(p Progress) {
		if p.Verdict != "" {
			done[p.Probe] = true
		} else if len(done) == 5 {
			stop()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(report.Partial, "interrupted after 5 of ") || len(report.Runs) != len(Probes()) {
		t.Errorf("partial %q with %d runs, want 5 done of %d", report.Partial, len(report.Runs), len(Probes()))
	}
	if report.Grades.Visibility.Assessed {
		t.Errorf("an interrupted scan has the grade %+v", report.Grades.Visibility)
	}
	for _, run := range report.Runs {
		verdict := run.Verdict == finding.Pass || run.Verdict == finding.Fail
		if verdict && !done[run.Check] {
			t.Errorf("%s: %s, although it never ended", run.Check, run.Verdict)
		}
	}
	checkNoSecret(t, g, report)

	cancelled, now := context.WithCancel(t.Context())
	now()
	if report, err := Run(cancelled, g.parse(""), Options{}); report != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted before the first probe: %v, want context.Canceled and no report", err)
	}
}

// TestLeavesNoFile holds that a scan writes nothing by itself.
func TestLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Chdir(dir)
	g := newTarget(t, switches{secret: "secret"})
	if _, err := Run(t.Context(), g.parse(""), Options{}); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if !strings.HasPrefix(f.Name(), "TestLeavesNoFile") {
			t.Errorf("the scan left %s", f.Name())
		}
	}
}

// TestRevokedRefreshToken leaves it to a service what a revoked refresh token
// does to access tokens (RFC 7009 section 2.1).
func TestRevokedRefreshToken(t *testing.T) {
	t.Parallel()
	for _, spares := range []bool{false, true} {
		g := newTarget(t, switches{limit: 20, refreshLimit: 10, logging: "full", accessLives: spares})
		text := strings.Replace(g.recipe(""), "logout: {request: POST /logout, headers: {Authorization: \"Bearer {{access}}\"}}", "revoke: {request: POST /revoke, form: {token: \"{{refresh}}\"}}", 1)
		r := runRecipe(t, g, text)
		if run := runOf(t, r, "use-after-logout"); run.Verdict != finding.Pass || strings.Contains(run.Why, "lives on") != spares {
			t.Errorf("spares %v: %s, %s", spares, run.Verdict, run.Why)
		}
		if got := protection(r); len(got) > 0 {
			t.Errorf("spares %v: findings %v", spares, got)
		}
	}
}

// TestLogoutAndRevoke tries both ends of a session, each with its own.
func TestLogoutAndRevoke(t *testing.T) {
	t.Parallel()
	for _, weak := range []bool{false, true} {
		g := newTarget(t, switches{limit: 20, refreshLimit: 10, logging: "full", noRevoke: weak})
		r := runTarget(t, g, "revoke: {request: POST /logout, headers: {Authorization: \"Bearer {{access}}\"}}\n")
		for _, run := range r.Runs {
			if run.Check != "use-after-logout" {
				continue
			}
			want, tier := finding.Pass, finding.TierComplete
			if weak {
				want, tier = finding.Fail, finding.TierNone
			}
			if run.Verdict != want || run.Seen.Tier != tier {
				t.Errorf("weak %v: %s, tier %s, want %s, %s: %s", weak, run.Verdict, run.Seen.Tier, want, tier, run.Why)
			}
		}
	}
}
