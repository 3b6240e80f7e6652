package web

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/finding"
)

// hostileText breaks out of attributes and elements, runs as a template, turns
// the direction of text, colours a terminal and forges a line.
const hostileText = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>{{.}}${7*7}\u202eevil\u2066\x1b[31m\u009b31m\r\n</td></table>javascript:alert(1)\u200b"

// hostile puts hostileText into every place of the history that takes a text,
// and gives the id of the event.
func (s *site) hostile() string {
	s.t.Helper()
	now := s.clock()
	line := map[string]any{"time": now.Format(time.RFC3339Nano), "event": "jwt.verification_failed", "jwt.outcome": "failure", "error.type": "bad_signature",
		"id": event.NewIDs([32]byte{3}).Next(now).String()}
	for _, k := range event.Keys() {
		switch {
		case k.Derived:
		case k.Type == event.Text:
			line[k.Key] = hostileText
		case k.Type == event.List:
			line[k.Key] = []string{hostileText}
		}
	}
	b, err := json.Marshal(line)
	if err != nil {
		s.t.Fatal(err)
	}
	var e event.Event
	if unknown, err := e.Decode(string(b)); err != nil || unknown > 0 {
		s.t.Fatalf("%d keys unknown, %v", unknown, err)
	}
	s.history.mu.Lock()
	defer s.history.mu.Unlock()
	s.history.events = append(s.history.events, e)
	s.history.services = append(s.history.services, Service{hostileText, now})
	s.history.alerts = append(s.history.alerts, AlertView{State: hostileText, Alert: detect.Alert{ID: hostileText, Rule: hostileText, Title: hostileText, Severity: hostileText,
		Group: detect.Labels{{Key: hostileText, Value: hostileText}}, First: now, Last: now, Count: 1, Events: []string{e.ID.String(), hostileText}, Attack: []string{hostileText}}})
	s.history.scans = append(s.history.scans, finding.Report{Command: hostileText, Target: hostileText, Ended: now,
		Grades:   finding.Grades{Protection: finding.Grade{Assessed: true, Letter: hostileText}, Visibility: finding.Grade{Why: hostileText}},
		Findings: []finding.Finding{{ID: hostileText, Message: hostileText}},
		Runs:     []finding.Run{{Check: hostileText, Verdict: hostileText, Seen: finding.Seen{Assessed: true, Tier: hostileText, Reason: hostileText}}}})
	return e.ID.String()
}

// TestHostileTextIsInert holds that no text of an attacker becomes markup, moves
// other text, or reaches a terminal as a control sequence, on any page and in
// any answer.
func TestHostileTextIsInert(t *testing.T) {
	s := newSite(t)
	v := s.member()
	id := s.hostile()
	q := url.QueryEscape(hostileText[:100])
	paths := map[string]string{ // to the kind of answer
		"/": "html", "/?tz=utc": "html", "/events/" + id: "html", "/alerts/" + pathEscape(hostileText): "html",
		"/?address=" + q + "&service=" + q: "html", "/login?next=" + q: "redirect",
		"/fragments/status": "html", "/fragments/alerts": "html", "/fragments/events": "html", "/fragments/scans": "html",
		"/v1/events": "json", "/v1/alerts": "json", "/v1/scans": "json",
		"/?kind=" + q: "400", "/nowhere/" + pathEscape(hostileText): "404", "/v1/events?kind=" + q: "400",
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		r := v.get(path)
		text := v.text(r)
		kind := r.Header.Get("Content-Type")
		switch paths[path] {
		case "html":
			if r.StatusCode != 200 || !strings.HasPrefix(kind, "text/html") {
				t.Errorf("%s: %d %s", path, r.StatusCode, kind)
			}
			if !strings.Contains(path, "address") && !strings.Contains(text, "onerror=alert(1)") {
				t.Errorf("%s does not show the text at all: the test proves nothing", path)
			}
		case "json":
			if r.StatusCode != 200 || kind != "application/json" || !json.Valid([]byte(text)) {
				t.Errorf("%s: %d %s, valid JSON: %v", path, r.StatusCode, kind, json.Valid([]byte(text)))
			}
		}
		for _, bad := range []string{"<img", "<script>", "</td></table>javascript"} {
			if strings.HasPrefix(kind, "text/html") && strings.Contains(text, bad) {
				t.Errorf("%s holds %s", path, bad)
			}
		}
		for _, c := range text {
			if c != '\n' && c != '\t' && !unicode.IsPrint(c) {
				t.Errorf("%s holds the character %U", path, c)
				break
			}
		}
	}
}

// TestClaimsAreMarked holds that the subject of an unverified token is never
// shown as if it were known.
func TestClaimsAreMarked(t *testing.T) {
	s := newSite(t)
	v := s.member()
	ids := event.NewIDs([32]byte{4})
	claimed := event.Event{Time: noon, ID: ids.Next(noon), Kind: event.VerificationFailed, Reason: event.ReasonBadSignature, ClaimedSubject: "mallory", Issuer: "https://evil.example"}
	known := event.Event{Time: noon, ID: ids.Next(noon), Kind: event.Verified, Verified: true, UserID: "alice", Issuer: "https://id.example"}
	s.history.events = []event.Event{claimed, known}
	row := func(id event.ID) string {
		_, after, _ := strings.Cut(v.page("/fragments/events"), `data-key="`+id.String()+`"`)
		row, _, _ := strings.Cut(after, "</tr>")
		return row
	}
	const mark = `class="claim"`
	if got := row(claimed.ID); !strings.Contains(got, "mallory") || !strings.Contains(got, mark) {
		t.Errorf("the claimed subject is not marked: %s", got)
	}
	if got := row(known.ID); !strings.Contains(got, "alice") || strings.Contains(got, mark) {
		t.Errorf("the verified subject is marked: %s", got)
	}
	// Once in the foot of every page; twice more for subject and issuer.
	if got := strings.Count(v.page("/events/"+claimed.ID.String()), mark); got != 3 {
		t.Errorf("%d marks on the page of the claim, want 3", got)
	}
	if got := strings.Count(v.page("/events/"+known.ID.String()), mark); got != 1 {
		t.Errorf("%d marks on the page of the verified event, want 1", got)
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		"Zoë 東京 😀":       "Zoë 東京 😀",
		"a\u202eb":       `a\u{202e}b`,
		"\x1b[31mred":    `\u{001b}[31mred`,
		"one\ntwo\ttab":  `one\u{000a}two\u{0009}tab`,
		"bad \xff bytes": `bad \u{fffd} bytes`,
		"no\u00a0break":  `no\u{00a0}break`,
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}
