package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/detect"
)

// TestEmptyPages: nothing to show has four meanings, and the page says which.
func TestEmptyPages(t *testing.T) {
	const never, quiet, silent, narrow = "Waiting for the first event", "Quiet:", "Gone silent:", "No event matches"
	for _, c := range []struct {
		name     string
		services []Service
		path     string
		want     string
	}{
		{"never connected", nil, "/", never},
		{"only the monitor itself", []Service{{ownName, noon}}, "/", never},
		{"quiet", []Service{{"orders", noon.Add(-silentAfter)}}, "/", quiet},
		{"silent", []Service{{"orders", noon.Add(-silentAfter - time.Second)}}, "/", silent},
		{"one of two silent", []Service{{"orders", noon}, {"users", noon.Add(-time.Hour)}}, "/", silent},
		{"filtered away", []Service{{"orders", noon}}, "/?reason=expired", narrow},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			v := s.member()
			s.history.services = c.services
			if c.services != nil && c.services[0].Name == ownName { // the login of the person who looks
				s.history.events = []event.Event{{Time: noon, ID: event.NewIDs([32]byte{5}).Next(noon), Kind: event.UILogin, Outcome: event.Success, ServiceName: ownName}}
			}
			text := v.page(c.path)
			for _, phrase := range []string{never, quiet, silent, narrow} {
				if got := strings.Contains(text, phrase); got != (phrase == c.want) {
					t.Errorf("%q on the page: %v", phrase, got)
				}
			}
		})
	}
}

func TestTheSnippetNamesThisMonitor(t *testing.T) {
	s := newSite(t, func(c *Config) { c.BaseURL = "https://jotsight.example.com/" })
	link := s.SetupURL()
	if !strings.HasPrefix(link, "https://jotsight.example.com/setup/") {
		t.Errorf("set-up link %s", link)
	}
	v := s.visitor()
	v.post(strings.TrimPrefix(link, "https://jotsight.example.com"), "name", "ada", "password", goodPassword, "again", goodPassword)
	text := v.page("/")
	for _, want := range []string{`URL: "https://jotsight.example.com"`, "curl https://jotsight.example.com/v1/events", "url: https://jotsight.example.com\n"} {
		if !strings.Contains(strings.ReplaceAll(text, "&#34;", `"`), want) {
			t.Errorf("the page does not say %s", want)
		}
	}
}

// TestPagesAreLight: all that the fullest page needs, without compression.
func TestPagesAreLight(t *testing.T) {
	s := newSite(t)
	v := s.member()
	s.scene(noon)
	for path, most := range map[string]int{"/": 150 << 10, "/alerts/a-brute": 150 << 10, "/events/" + s.history.alerts[0].Events[0]: 150 << 10} {
		text := v.page(path)
		size := len(text)
		for _, m := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(text, -1) {
			size += len(v.page(m))
		}
		if size > most {
			t.Errorf("%s weighs %d bytes, want at most %d", path, size, most)
		}
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		fmt.Fprint(w, text)
		w.Close()
		t.Logf("%s: %d bytes with its files; the page alone %d, gzipped %d", path, size, len(text), z.Len())
	}
}

// TestFragmentsAreTheSectionsOfThePage: what the script puts in is what a reload
// would show.
func TestFragmentsAreTheSectionsOfThePage(t *testing.T) {
	s := newSite(t)
	v := s.member()
	s.scene(noon)
	for _, query := range []string{"", "?tz=utc&reason=expired&alerts=all"} {
		text := v.page("/" + query)
		for _, name := range []string{"status", "alerts", "scans", "events"} {
			got := v.page("/fragments/" + name + query)
			if !strings.HasPrefix(got, `<section id="`+name+`"`) || !strings.Contains(text, got) {
				t.Errorf("fragment %s%s is not part of the page", name, query)
			}
		}
	}
	if r := v.get("/fragments/layout"); r.StatusCode != http.StatusNotFound {
		t.Errorf("fragment layout: %d", r.StatusCode)
	}
}

func TestOverviewShowsEverything(t *testing.T) {
	s := newSite(t)
	v := s.member()
	s.scene(noon)
	text := strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(v.page("/"), " ")), " ")
	for _, want := range []string{
		"critical A rotated refresh token", "refresh-reuse jwt.family= 01KDM5Q3FAMILY", "firing", "acknowledged", // alerts
		"scope_denied scope_insufficient policy", "DELETE /transfers/{id} 403", "verified ×", "unverified", // events
		"http://127.0.0.1:8081", "F Protection 21 of 100", "F Visibility 8 of 100", "critical revoked-token-accepted", "and 2 more", // scans
		"– Visibility not assessed: no log source", "expired pass yes partial unauthorized (wrong) no",
		"accounts-api reporting",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Index(text, "revoked-token-accepted") > strings.Index(text, "silent-verify-failure") {
		t.Error("a high finding stands before a critical one")
	}
}

func TestAlertPageExplains(t *testing.T) {
	s := newSite(t)
	v := s.member()
	s.scene(noon)
	text := v.page("/alerts/a-brute")
	d, _ := catalog.DetectionOf(catalog.SignatureBruteforce)
	for _, want := range append([]string{sentence(d.When), d.Playbook, "jotsight explain signature-bruteforce", "T1110", "203.0.113.7"}, d.Benign...) {
		for _, line := range paragraphs(want) {
			if !strings.Contains(plain(text), plain(line)) {
				t.Errorf("the page does not say %q", line)
			}
		}
	}
	if got := strings.Count(text, `<tr data-key="`); got != 20 {
		t.Errorf("%d events of evidence, want 20", got)
	}
	s.history.events = nil
	if text := v.page("/alerts/a-brute"); !strings.Contains(text, "20 further events of the evidence are no longer kept") {
		t.Error("the page does not say that the evidence is gone")
	}
	for _, path := range []string{"/alerts/none", "/events/none", "/events/01ARZ3NDEKTSV4RRFFQ69G5FAV"} {
		if r := v.get(path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

// plain undoes what html/template escapes in words.
func plain(s string) string {
	return strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&", "&#43;", "+").Replace(s)
}

func TestTimeline(t *testing.T) {
	from, to := hour(noon)
	if got := to.Sub(from); got != time.Hour || !to.Equal(noon.Truncate(time.Minute).Add(time.Minute)) {
		t.Fatalf("hour of %v: %v to %v", noon, from, to)
	}
	bins := []Bin{
		{Start: from.Add(-time.Minute), Success: 999},
		{Start: from, Success: 100, Failure: 1},
		{Start: from.Add(59 * time.Minute), Success: 50, Failure: 4, Unknown: 50},
		{Start: to, Failure: 999},
	}
	got := drawTimeline(bins, []AlertView{{Alert: detect.Alert{Rule: "x", First: from.Add(30 * time.Minute)}}, {Alert: detect.Alert{Rule: "old", First: from.Add(-1)}}}, noon)
	if got.Success != 150 || got.Fail != 5 || got.Unknown != 50 || got.MaxSuccess != 100 || got.MaxFail != 4 {
		t.Errorf("sums: %+v", got)
	}
	heights := [][]float64{}
	for _, b := range got.Bars {
		heights = append(heights, []float64{b.X, b.SuccessY, b.SuccessH, b.UnknownY, b.UnknownH, b.FailY, b.FailH})
	}
	want := [][]float64{
		{1.25, 0, 44, 0, 0, 46, 11},
		{709.25, 22, 22, 0, 22, 46, 44},
	}
	if diff := cmp.Diff(heights, want); diff != "" {
		t.Errorf("bars (-got +want):\n%s", diff)
	}
	if len(got.Marks) != 1 || got.Marks[0].X != 360 {
		t.Errorf("marks: %+v", got.Marks)
	}
	if h := height(1, 1_000_000); h < 1 {
		t.Errorf("one of a million is %v high: not to be seen", h)
	}
}

func TestAPI(t *testing.T) {
	s := newSite(t)
	v := s.member()
	s.scene(noon)
	var page struct {
		Events []json.RawMessage
		Next   string
	}
	read := func(path string) {
		t.Helper()
		if err := json.Unmarshal([]byte(v.page(path)), &page); err != nil {
			t.Fatal(err)
		}
	}
	read("/v1/events?reason=bad_signature&limit=20")
	if len(page.Events) != 20 || page.Next == "" {
		t.Fatalf("%d events, next %q", len(page.Events), page.Next)
	}
	var e event.Event
	if _, err := e.Decode(string(page.Events[0])); err != nil || e.Reason != event.ReasonBadSignature {
		t.Errorf("event %s: %v", page.Events[0], err)
	}
	read("/v1/events?reason=bad_signature&limit=20&before=" + page.Next)
	if len(page.Events) != 4 || page.Next != "" {
		t.Errorf("second page: %d events, next %q; want 4 and none", len(page.Events), page.Next)
	}
	var alerts struct {
		Alerts []struct {
			ID, Rule, Severity, State string
			Group                     map[string]string
			Count                     int
		}
	}
	if err := json.Unmarshal([]byte(v.page("/v1/alerts?id=a-brute")), &alerts); err != nil || len(alerts.Alerts) != 1 ||
		alerts.Alerts[0].Group["client.address"] != "203.0.113.7" || alerts.Alerts[0].Count != 24 {
		t.Errorf("alerts: %+v, %v", alerts, err)
	}
	if got := v.page("/v1/alerts?id=none"); got != `{"alerts":[]}`+"\n" {
		t.Errorf("no alert: %s", got)
	}
	if got := v.page("/v1/scans?limit=1"); !strings.Contains(got, `"schema":""`) && !strings.Contains(got, `"target":"http://127.0.0.1:8082"`) {
		t.Errorf("scans: %s", got)
	}
	for _, bad := range []string{"/v1/events?limit=0", "/v1/events?limit=501", "/v1/alerts?limit=x", "/v1/scans?limit=-1", "/v1/events?kind=x"} {
		if r := v.get(bad); r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, r.StatusCode)
		}
	}
}
