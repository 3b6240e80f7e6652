package scan

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
)

// A siren takes the target's webhooks and shows them as an Alertmanager, a jotsight
// monitor and a file would.
type siren struct {
	mu     sync.Mutex
	alerts []map[string]any // as jotsight sends them
	file   string
	rename func(rule string) (name string, address bool)
}

func (s *siren) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, pass, basic := r.BasicAuth()
	cookie, _ := r.Cookie("jotsight")
	switch r.Method + " " + r.URL.Path {
	case "POST /":
		body, _ := io.ReadAll(r.Body)
		var m struct{ Data map[string]any }
		json.Unmarshal(body, &m)
		s.alerts = append(s.alerts, m.Data)
		if s.file != "" {
			f, _ := os.OpenFile(s.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			f.Write(append(body, '\n'))
			f.Close()
		}
	case "GET /api/v2/alerts":
		if !basic || pass != "hush-hush" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		list := []any{map[string]any{"labels": map[string]string{"alertname": "forged-algorithm"}, "status": map[string]string{"state": "suppressed"}}}
		for _, a := range s.alerts {
			name, address := s.rename(a["rule"].(string))
			labels := map[string]any{"alertname": name}
			if address {
				labels["client"] = a["group"].(map[string]any)["client.address"]
			}
			list = append(list, map[string]any{"labels": labels, "fingerprint": a["id"], "startsAt": "2026-01-02T03:04:05Z",
				"annotations": map[string]string{"summary": "too many bad tokens"}, "generatorURL": "http://127.0.0.1:9090/graph", "status": map[string]string{"state": "active"}})
		}
		reply(w, 200, list)
	case "POST /login":
		if r.FormValue("name") == "reader" && r.FormValue("password") == "hush-hush" {
			http.SetCookie(w, &http.Cookie{Name: "jotsight", Value: "in", Path: "/"})
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	case "GET /v1/alerts":
		if cookie == nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		list := []any{}
		for _, a := range s.alerts {
			a["state"] = "firing"
			list = append(list, a)
		}
		slices.Reverse(list)
		reply(w, 200, map[string]any{"alerts": list})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// TestAlertSources finds the same alerts wherever they are kept. An alert that was
// there before proves nothing, and one that says too little is not judged.
func TestAlertSources(t *testing.T) {
	t.Parallel()
	asIs := func(rule string) (string, bool) { return rule, true }
	mustAlert := []string{"alg-none", "bad-token-burst", "refresh-burst", "refresh-reuse", "use-after-logout"}
	const manager = "alerts: {alertmanager: URL, user: reader, password: hush-hush, within: 1s"
	for _, tt := range []struct {
		name, alerts string
		rename       func(string) (string, bool)
		old          bool // an alert of each rule was firing before
		deaf         bool
		unjudged     string // what Why says
		want         []string
	}{
		{name: "alertmanager", alerts: manager + "}", rename: asIs},
		{name: "monitor", alerts: "alerts: {monitor: URL, user: reader, password: hush-hush, within: 1s}"},
		{name: "file", alerts: "alerts: {file: FILE, within: 1s}"},
		{name: "own names with an address", alerts: manager + "}", rename: func(string) (string, bool) { return "TooManyBadTokens", true }},
		{name: "own names without", alerts: manager + "}", rename: func(string) (string, bool) { return "TooManyBadTokens", false }, unjudged: "name its rule in alerts.rules"},
		{name: "own names, known to the recipe", rename: func(rule string) (string, bool) { return "Our" + rule, false },
			alerts: manager + ", rules: {forged-algorithm: Ourforged-algorithm, signature-bruteforce: [Oursignature-bruteforce], refresh-abuse: Ourrefresh-abuse, refresh-reuse: Ourrefresh-reuse, revoked-use: Ourrevoked-use}}"},
		{name: "firing already", alerts: manager + "}", rename: func(rule string) (string, bool) { return rule, false }, old: true, deaf: true, unjudged: "was firing already"},
		{name: "deaf", alerts: manager + "}", rename: asIs, deaf: true, want: []string{"no-alert"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &siren{rename: tt.rename, file: filepath.Join(t.TempDir(), "alerts.jsonl")}
			write(t, s.file, "", 0)
			srv := httptest.NewServer(s)
			t.Cleanup(srv.Close)
			if tt.old {
				for _, rule := range []string{"forged-algorithm", "signature-bruteforce", "refresh-abuse", "refresh-reuse", "revoked-use"} {
					s.alerts = append(s.alerts, map[string]any{"id": "before " + rule, "rule": rule})
				}
			}
			sw := switches{alerting: "right", limit: 40, refreshLimit: 12, logging: "full"}
			if tt.deaf {
				sw.alerting = "deaf"
			}
			g := newTarget(t, sw)
			g.alerts = strings.TrimPrefix(srv.URL, "http://")
			r := runTarget(t, g, strings.NewReplacer("URL", srv.URL, "FILE", s.file).Replace(tt.alerts)+"\n")
			for _, run := range r.Runs {
				if !slices.Contains(mustAlert, run.Check) {
					continue
				}
				switch a := run.Alerted; {
				case tt.unjudged != "":
					if a.Assessed || !strings.Contains(a.Why, tt.unjudged) {
						t.Errorf("%s: assessed %v, fired %v, %q; want %q", run.Check, a.Assessed, a.Fired, a.Why, tt.unjudged)
					}
				case !a.Assessed || a.Fired == tt.deaf:
					t.Errorf("%s: assessed %v, fired %v, %q", run.Check, a.Assessed, a.Fired, a.Why)
				}
			}
			if got := standingIDs(r); !slices.Equal(got, tt.want) {
				t.Errorf("findings %v, want %v", got, tt.want)
				for _, f := range r.Findings {
					t.Logf("%s: %q", f.ID, f.Evidence)
				}
			}
		})
	}
}

// TestAlertSourceFails ends a scan whose source of alerts goes away.
func TestAlertSourceFails(t *testing.T) {
	t.Parallel()
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n++; n > 1 {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		reply(w, 200, []any{})
	}))
	defer srv.Close()
	r := newTarget(t, switches{}).parse("alerts: {alertmanager: \"" + srv.URL + "\"}\n")
	b, err := openBell(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	eventually(t, "the error", func() bool { return b.err() != nil })
	if got := b.err().Error(); got != "GET /api/v2/alerts answered 403" {
		t.Errorf("error %q", got)
	}
}

// TestNegativeControl holds that an alert which was there before is not blamed on
// the controls, and that one of the controls is.
func TestNegativeControl(t *testing.T) {
	a := &attempt{run: &run{recipe: &Recipe{Alerts: &Alerts{}}}, marker: marker{canaries: []string{"a0123456789abcde"}}, probe: Probe{Alert: catalog.SignatureBruteforce}, first: time.Now()}
	if got := a.ours([]arrival{{rule: "x", text: "a0123456789abcde", old: true}}); got != nil {
		t.Errorf("an old alert is taken for one of ours")
	}
	if got := a.ours([]arrival{{rule: "x", text: "a0123456789abcde", at: time.Now()}}); len(got) != 1 {
		t.Errorf("%d alerts, want 1", len(got))
	}
	if got := a.ours([]arrival{{rule: "signature-bruteforce", text: "from 127.9.9.9", at: time.Now()}}); len(got) != 1 {
		t.Errorf("without an address of our own every alert of the rule may be ours: %d", len(got))
	}
}

// FuzzAlertAnswers reads whatever a source of alerts may answer.
func FuzzAlertAnswers(f *testing.F) {
	f.Add(`[{"labels":{"alertname":"x"},"fingerprint":"1","startsAt":"y","status":{"state":"active"}}]`)
	f.Add(`{"alerts":[{"id":"1","rule":"x","state":"firing"},null,1]}`)
	f.Fuzz(func(t *testing.T, text string) {
		readAlertmanager([]byte(text))
		readMonitorAlerts([]byte(text))
		readAlerts([]byte(text))
	})
}
